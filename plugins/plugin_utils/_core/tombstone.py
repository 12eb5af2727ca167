# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was removed on purpose stays removed, until somebody says something new of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import Certificate, load_certificates
from ansible_collections.certwright.tls.plugins.plugin_utils._core.extensions import printable
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Problem

# Why a certificate went: its inventory says so, an operator named it, or its whole host went.
DECLARED, NAMED, DECOMMISSIONED = "declared", "named", "decommissioned"
REMOVED = "removed"
_LIMIT = 200


@dataclass(frozen=True)
class Removed:
    """When, by which run and why it went, and what it was: who signed it, its names, and its last leaf."""

    when: str
    run: str
    why: str
    issuer: str = ""
    names: tuple[str, ...] = ()
    fingerprint: str = ""

    @classmethod
    def from_json(cls, words: Mapping[str, Any]) -> Removed:
        texts = {word: str(words.get(word) or "")[:_LIMIT] for word in ("when", "run", "why", "issuer", "fingerprint")}
        return cls(**texts, names=tuple(str(name) for name in words.get("names") or ()))

    def to_json(self) -> dict[str, Any]:
        return {**vars(self), "names": list(self.names)}

    def means(self, declared: Identity) -> bool:
        """Whether that is what is declared again. A CA that is silent does not say which one it is."""
        if set(self.names) != set(declared.names) or declared.fingerprint not in ("", self.fingerprint):
            return False
        return self.issuer == declared.issuer or (
            declared.issuer.endswith(":") and self.issuer.startswith(declared.issuer)
        )

    def describe(self) -> str:
        return f"at {printable(self.when)} by the run {printable(self.run) or 'without a name'}"


@dataclass(frozen=True)
class Identity:
    """What a declaration says of a certificate; a supplied one has a fingerprint before it is there."""

    issuer: str
    names: tuple[str, ...]
    fingerprint: str = ""


@dataclass(frozen=True)
class Tombstone:
    """`compromised` are leaves and `keys` are keys (SHA-256) that somebody else knows."""

    removed: Removed | None = None
    is_of_host: bool = False
    compromised: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()

    @classmethod
    def from_answer(cls, answer: Mapping[str, Any]) -> Tombstone:
        removed = answer.get("removed")
        return cls(
            Removed.from_json(removed) if removed else None,
            bool(answer.get("host")),
            frozenset(map(str, answer.get("compromised", ()))),
            frozenset(map(str, answer.get("keys", ()))),
        )

    def blocks(self, declared: Identity) -> bool:
        """One that the inventory itself took away comes back as soon as the inventory says so."""
        if self.removed is None or self.removed.why == DECLARED:
            return False
        return self.is_of_host or self.removed.means(declared)


NO_TOMBSTONE = Tombstone()


def find_tombstone(name: str, tombstone: Tombstone, declared: Identity, accepted: Iterable[str]) -> Iterator[Problem]:
    """Of a certificate that the host does not have: why it is not to come back by itself."""
    if tombstone.removed is None or REMOVED in accepted or not tombstone.blocks(declared):
        return
    if tombstone.is_of_host:
        fact = f"this host was decommissioned {tombstone.removed.describe()}"
        yield Problem(name, "tombstone", f"{fact}; take it out of the inventory, or say `tls_revive: true`")
        return
    fact = f"it was removed {tombstone.removed.describe()}, and the inventory declares it as it was then"
    way_out = f"take it out of the inventory, or say `tls_revive: [{name}]`; another declaration brings it back too"
    yield Problem(name, "tombstone", f"{fact}; {way_out}")


def find_leaked_key(name: str, tombstone: Tombstone, key: str) -> Iterator[Problem]:
    """Nothing lets it through: whoever has the key can be whoever it is for."""
    if key in tombstone.keys:
        fact = "its key was said to be compromised on this host"
        yield Problem(name, "key_compromised", f"{fact}; supply a certificate with a new key")


@dataclass(frozen=True)
class Leaf:
    """The public part of one generation. `key` is its digest, `home` the host that ordered it for this one.

    `names` are those that were declared, `certified` those that it is for. What is not `readable` is no certificate.
    """

    fingerprint: str
    key: str
    pem: str
    issuer: str
    names: tuple[str, ...]
    home: str
    serial: str
    not_after: str
    generation: int = 0
    is_compromised: bool = False
    is_revoked: bool = False
    certified: tuple[str, ...] = ()
    is_readable: bool = True

    @classmethod
    def from_answer(cls, answer: Mapping[str, Any]) -> Leaf:
        """A host may say anything: what a CA is told of the certificate is read from itself."""
        texts = ("fingerprint", "key", "pem", "issuer", "home", "serial", "not_after")
        told = {word: str(answer.get(word) or "") for word in texts}
        found = _read_certificate(told["pem"])
        return cls(
            **{**told, **(_word_certificate(found) if found else {})},
            certified=(found.names or (found.common_name or "",)) if found else (),
            is_readable=found is not None,
            names=tuple(str(name) for name in answer.get("names") or ()),
            generation=int(answer.get("generation") or 0),
            is_compromised=bool(answer.get("compromised")),
            is_revoked=bool(answer.get("revoked")),
        )

    def has_ended(self, now: datetime) -> bool:
        return bool(self.not_after) and self.not_after <= f"{now:%Y-%m-%dT%H:%M:%SZ}"


def _read_certificate(pem: str) -> Certificate | None:
    try:
        return load_certificates(pem.encode("utf-8", "replace"), "certificate")[0]
    except UnusableError:
        return None


def _word_certificate(certificate: Certificate) -> dict[str, str]:
    return {
        "fingerprint": certificate.fingerprint,
        "key": certificate.public_key.sha256,
        "pem": certificate.pem,
        "serial": certificate.serial,
        "not_after": f"{certificate.not_after:%Y-%m-%dT%H:%M:%SZ}",
    }
