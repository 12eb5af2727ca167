# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The public state of a CA: its authorities, their phases, and the rules it keeps. No key is in here, only file names.

It is written whole into the ledger whenever it changes, so that the last such entry says everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import (
    Certificate,
    is_signed_by,
    load_certificates,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import format_time, load_time
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError

ROOT, ISSUING, BOTH = "root", "issuing", "both"
NEXT, ACTIVE, PREVIOUS, DISTRUSTED = "next", "active", "previous", "distrusted"
TRUST, SWITCHED = "trust", "switched"
_VERSION = 1
_ROOTS, _ISSUERS = (ROOT, BOTH), (ISSUING, BOTH)


@dataclass(frozen=True)
class HeldAuthority:
    """One CA certificate with its key's file, both as far as the directory has them.

    `id` is the SHA-256 of its public key, `chain` what is between it and its root, `cross` this root's key signed by
    the root before it, `key` a file of the directory or empty, `request` what waits for a signature from outside.
    """

    id: str
    role: str
    certificate: str = ""
    chain: tuple[str, ...] = ()
    cross: str = ""
    key: str = ""
    phase: str = ACTIVE
    request: str = ""

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> HeldAuthority:
        texts = {word: str(given[word]) for word in ("id", "role", "certificate", "cross", "key", "phase", "request")}
        return cls(**texts, chain=tuple(str(pem) for pem in given["chain"]))

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "role": self.role,
            "certificate": self.certificate,
            "chain": list(self.chain),
            "cross": self.cross,
            "key": self.key,
            "phase": self.phase,
            "request": self.request,
        }

    @cached_property
    def loaded(self) -> Certificate | None:
        """None while it waits for its certificate."""
        return load_pem(self.certificate) if self.certificate else None

    @cached_property
    def intermediates(self) -> tuple[Certificate, ...]:
        return tuple(load_pem(pem) for pem in self.chain)

    @property
    def is_root(self) -> bool:
        return self.role in _ROOTS

    @property
    def issues(self) -> bool:
        return self.role in _ISSUERS

    @property
    def title(self) -> str:
        return self.loaded.title if self.loaded else "the CA that waits for its certificate"


@dataclass(frozen=True)
class CrlRule:
    """Whether revocations are published, for how long one publication is good, and where clients find it."""

    enabled: bool = False
    life_days: int = 30
    url: str = ""


@dataclass(frozen=True)
class RollOver:
    """Empty, `trust` (hosts learn to trust the next root) or `switched` (all is issued anew), and since when."""

    phase: str = ""
    begun: datetime | None = None


@dataclass(frozen=True)
class Waiver:
    """A host, or a certificate by name, that a roll-over does not wait for; why, and until when."""

    host: str
    name: str
    reason: str
    until: datetime
    time: datetime

    def covers(self, host: str, name: str, now: datetime) -> bool:
        return now < self.until and self.host == host and self.name in ("", name)


@dataclass(frozen=True)
class CaState:
    """`id` stays through roll-overs: the SHA-256 of the first root's certificate; empty until there is one."""

    id: str
    authorities: tuple[HeldAuthority, ...]
    constraints: Mapping[str, Any] | None = None
    crl: CrlRule = CrlRule()
    rollover: RollOver = RollOver()
    waivers: tuple[Waiver, ...] = ()

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> CaState:
        """Raises UnusableError (ca_unknown) for a state of another release."""
        if given.get("version") != _VERSION:
            fact = "The CA's ledger was written by a release that this one does not know"
            raise UnusableError("ca_unknown", f"{fact}; use that release, or a later one")
        return cls(
            id=str(given["id"]),
            authorities=tuple(HeldAuthority.from_json(item) for item in given["authorities"]),
            constraints=dict(given["constraints"]) if given["constraints"] else None,
            crl=CrlRule(
                enabled=bool(given["crl"]["enabled"]),
                life_days=int(given["crl"]["life_days"]),
                url=str(given["crl"]["url"]),
            ),
            rollover=RollOver(str(given["rollover"]["phase"]), load_time(str(given["rollover"]["begun"]))),
            waivers=tuple(_load_waiver(item) for item in given["waivers"]),
        )

    def to_json(self) -> dict[str, Any]:
        begun = self.rollover.begun
        return {
            "version": _VERSION,
            "id": self.id,
            "authorities": [authority.to_json() for authority in self.authorities],
            "constraints": dict(self.constraints) if self.constraints else None,
            "crl": {"enabled": self.crl.enabled, "life_days": self.crl.life_days, "url": self.crl.url},
            "rollover": {"phase": self.rollover.phase, "begun": format_time(begun) if begun else ""},
            "waivers": [_describe_waiver(waiver) for waiver in self.waivers],
        }

    @property
    def issuing(self) -> HeldAuthority | None:
        """Who signs now; None while the first one waits for its certificate."""
        return self._first(phase=ACTIVE, among=self.issuers)

    @property
    def next_issuing(self) -> HeldAuthority | None:
        """Who signs after the next switch, waiting for its certificate or not."""
        return self._first(phase=NEXT, among=self.issuers)

    @property
    def issuers(self) -> tuple[HeldAuthority, ...]:
        return tuple(authority for authority in self.authorities if authority.issues)

    @property
    def roots(self) -> tuple[HeldAuthority, ...]:
        """What hosts are to trust, the next one of a roll-over and the previous one included."""
        return tuple(
            authority
            for authority in self.authorities
            if authority.is_root and authority.certificate and authority.phase != DISTRUSTED
        )

    @property
    def root(self) -> HeldAuthority | None:
        """The one that the issuing CA is below."""
        return self.root_of(self.issuing) if self.issuing else None

    @property
    def anchors(self) -> tuple[str, ...]:
        return tuple(root.certificate for root in self.roots)

    @property
    def key_files(self) -> tuple[str, ...]:
        return tuple(authority.key for authority in self.authorities if authority.key)

    def find(self, authority_id: str) -> HeldAuthority | None:
        """Its newest of that key: a certificate may have been renewed for the same one."""
        return next((found for found in reversed(self.authorities) if found.id == authority_id), None)

    def root_of(self, authority: HeldAuthority) -> HeldAuthority | None:
        """By signature, for two roots may have one name."""
        if authority.is_root or authority.loaded is None:
            return authority if authority.is_root else None
        top = (authority.loaded, *authority.intermediates)[-1]
        roots = (held for held in self.authorities if held.is_root)
        return next((root for root in roots if root.loaded and is_signed_by(top, root.loaded)), None)

    def chain_of(self, authority: HeldAuthority) -> tuple[str, ...]:
        """What goes with a certificate that it issued: itself first, up to the root and without it."""
        return () if authority.is_root else (authority.certificate, *authority.chain)

    @property
    def crosses(self) -> tuple[str, ...]:
        """What leads clients that trust an older root to the active one."""
        root = self.root
        if root is None or not root.cross:
            return ()
        return tuple(root.cross for older in self.roots if older != root and _signed_cross(root, older))

    def is_pinned(self, fingerprint: str) -> bool:
        """Whether this is the CA of that root (SHA-256, hex): it, or one that vouches for the active one."""
        reached = self.find_reached(fingerprint)
        return self.root in reached if self.issuing else bool(reached)

    def find_reached(self, fingerprint: str) -> tuple[HeldAuthority, ...]:
        """The root of that fingerprint, and those that it vouches for: they need nobody's word but their own."""
        wanted = normalize_fingerprint(fingerprint)
        pinned = next((root for root in self.roots if root.loaded and root.loaded.fingerprint == wanted), None)
        reached = [pinned] if pinned else []
        for older in reached:
            reached.extend(root for root in self.roots if root not in reached and _signed_cross(root, older))
        return tuple(reached)

    def with_authorities(self, authorities: Iterable[HeldAuthority]) -> CaState:
        return replace(self, authorities=tuple(authorities))

    def _first(self, *, phase: str, among: tuple[HeldAuthority, ...]) -> HeldAuthority | None:
        return next((authority for authority in among if authority.phase == phase), None)


def normalize_fingerprint(text: str) -> str:
    """64 digits, whether openssl, a browser or this collection wrote it."""
    return text.strip().lower().removeprefix("sha256:").replace(":", "").replace(" ", "")


def load_pem(text: str) -> Certificate:
    return load_certificates(text.encode("ascii"), "certificate")[0]


def _signed_cross(root: HeldAuthority, older: HeldAuthority) -> bool:
    if not root.cross or root.loaded is None or older.loaded is None:
        return False
    cross = load_pem(root.cross)
    vouches = cross.may_issue and older.loaded.may_issue and is_signed_by(cross, older.loaded)
    return vouches and cross.public_key == root.loaded.public_key


def _load_waiver(given: Mapping[str, Any]) -> Waiver:
    until, time = load_time(str(given["until"])), load_time(str(given["time"]))
    if until is None or time is None:
        fact = "The CA's ledger has a waiver without a date"
        raise UnusableError("ca_damaged", f"{fact}; restore the directory from its backup")
    return Waiver(str(given["host"]), str(given["name"]), str(given["reason"]), until, time)


def _describe_waiver(waiver: Waiver) -> dict[str, str]:
    return {
        "host": waiver.host,
        "name": waiver.name,
        "reason": waiver.reason,
        "until": format_time(waiver.until),
        "time": format_time(waiver.time),
    }
