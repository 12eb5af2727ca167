# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host is to hold and what it holds, as values: the two sides that a plan compares."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.bundle import Bundle, HostKey
from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import (
    Certificate,
    describe,
    load_certificates,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import TlsError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.host_source import HostSource
from ansible_collections.certwright.tls.plugins.plugin_utils._core.keystore import find_anchor, word_keystores
from ansible_collections.certwright.tls.plugins.plugin_utils._core.neighbours import Neighbour
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import Service
from ansible_collections.certwright.tls.plugins.plugin_utils._core.staging import is_test_issuer
from ansible_collections.certwright.tls.plugins.plugin_utils._core.tombstone import NO_TOMBSTONE, Tombstone
from ansible_collections.certwright.tls.plugins.plugin_utils._core.usage import NO_USAGE, Usage

RECORD_VERSION = 1


@dataclass(frozen=True)
class Desired:
    """One certificate as declared: material in order, the names it must cover, and the services that get it."""

    name: str
    names: tuple[str, ...]
    bundle: Bundle
    services: tuple[Service, ...]
    issuer: str = "files"
    accepted: frozenset[str] = frozenset()
    stage_only: bool = False
    order: dict[str, Any] = field(default_factory=dict)

    def to_record(self, *, run: str, now: datetime) -> dict[str, Any]:
        """Identity for later comparisons (never a DN) and everything an activation needs. No key material."""
        return {
            "version": RECORD_VERSION,
            "issuer": self.issuer,
            "declared_names": list(self.names),
            "certificate": {**describe(self.bundle.leaf), "test_issuer": is_test_issuer(self.bundle.leaf)},
            "fingerprint": self.bundle.leaf.fingerprint,
            "chain": [certificate.fingerprint for certificate in self.bundle.chain],
            "root": self.bundle.root.fingerprint if self.bundle.root else "",
            "root_certificate": self.bundle.root.pem if self.bundle.root else "",
            "services": [service.to_record() for service in self.services],
            "run": run,
            "stored": format_time(now),
            **({"order": self.order} if self.order else {}),
        }

    @property
    def services_digest(self) -> str:
        return digest_services(self.services)

    def to_material(self) -> dict[str, Any]:
        """Normalised PEM by part, for the request only: it holds the private key, unless that stays on the host.

        What is no PEM of parts is among `keystores`, with passphrases.
        """
        key = self.bundle.private_key
        keystores = self.to_keystores()
        return {
            **({"keystores": keystores} if keystores else {}),
            "leaf": self.bundle.leaf.pem,
            "chain": "".join(certificate.pem for certificate in self.bundle.chain),
            "root": self.bundle.root.pem if self.bundle.root else "",
            "key": "" if isinstance(key, HostKey) else key.pem,
        }

    def to_keystores(self) -> dict[str, dict[str, str]]:
        """By `service/file`, for the request only."""
        return word_keystores(self.services, alias=self.name, bundle=self.bundle, anchor=find_anchor(self.bundle))


def digest_services(services: tuple[Service, ...]) -> str:
    """As the host computes it over a record: without files, sorted keys, no blanks, SHA-256."""
    recorded = [replace(service, files=()).to_record() for service in services]
    text = json.dumps(recorded, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class ObservedGeneration:
    """A stored generation: its record's identity, files that are not as staged, and what its activation remembers."""

    number: int
    fingerprint: str
    chain: tuple[str, ...]
    root: str
    services: tuple[Service, ...]
    certificate: dict[str, Any]
    drift: tuple[tuple[str, str], ...] = ()
    reloaded_in_vain: dict[str, str] = field(default_factory=dict)
    failure: str = ""
    services_digest: str = ""
    restart_owed: dict[str, str] = field(default_factory=dict)
    follows: str = ""
    issuer: str = ""
    order: dict[str, Any] = field(default_factory=dict)
    anchor: Certificate | None = None

    @classmethod
    def from_answer(cls, answer: dict[str, Any]) -> ObservedGeneration:
        record, activation = answer["record"], answer["activation"]
        return cls(
            number=answer["generation"],
            fingerprint=record.get("fingerprint", ""),
            chain=tuple(record.get("chain", ())),
            root=record.get("root", ""),
            services=tuple(Service.from_record(item) for item in record.get("services", ())),
            certificate=record.get("certificate", {}),
            drift=tuple((item["file"], item["fact"]) for item in answer["drift"]),
            reloaded_in_vain=activation.get("reloaded_in_vain", {}),
            failure=activation.get("message", ""),
            services_digest=answer.get("services_digest", ""),
            restart_owed=activation.get("restart_owed", {}),
            follows=record.get("follows", ""),
            issuer=record.get("issuer", ""),
            order=record.get("order", {}),
            anchor=_load_public(answer.get("anchor", "")),
        )

    @property
    def not_after(self) -> datetime | None:
        return load_time(self.certificate.get("not_after", ""))

    @property
    def not_before(self) -> datetime | None:
        return load_time(self.certificate.get("not_before", ""))


@dataclass(frozen=True)
class Port:
    """What one address of one port shows now."""

    port: int
    address: str
    server_name: str
    state: str
    fingerprint: str
    detail: str


@dataclass(frozen=True)
class ObservedService:
    """Whether it is up, since which start, what its ports show, and (in check mode) whether its configuration holds."""

    running: bool
    start: str
    ports: tuple[Port, ...]
    broken: str = ""
    unreferenced: tuple[str, ...] = ()

    @classmethod
    def from_answer(cls, answer: dict[str, Any]) -> ObservedService:
        ports = tuple(
            Port(**{word: item[word] for word in ("port", "address", "server_name", "state", "fingerprint", "detail")})
            for item in answer["probes"]
        )
        return cls(answer["running"], answer["start"], ports, answer["broken"], tuple(answer["unreferenced"]))


@dataclass(frozen=True)
class ObservedPath:
    """A foreign path: its state (`missing`, `ours`, `file`, `link`, …) and the certificate that stands there.

    The file of a `product` is changed by a command of the product alone.
    """

    path: str
    state: str
    certificate: Certificate | None


@dataclass(frozen=True)
class Observed:
    """One certificate on one host. `digest` binds what is applied to what was seen."""

    digest: str
    live: ObservedGeneration | None
    pending: ObservedGeneration | None
    stored: tuple[int, ...]
    paths: tuple[ObservedPath, ...]
    services: dict[str, ObservedService]
    interrupted: str = ""
    refusals: tuple[str, ...] = ()
    source: HostSource | None = None
    usage: Usage = NO_USAGE
    neighbours: tuple[Neighbour, ...] = ()
    candidates: tuple[ObservedPath, ...] = ()
    adopted: dict[str, Any] = field(default_factory=dict)
    issuance: dict[str, Any] = field(default_factory=dict, repr=False)
    tombstone: Tombstone = NO_TOMBSTONE

    @property
    def recorded_services(self) -> tuple[Service, ...]:
        """As they were declared when the pending, else the live generation was stored."""
        generation = self.pending or self.live
        return generation.services if generation else ()

    @classmethod
    def from_answer(cls, answer: dict[str, Any], name: str, neighbours: tuple[Neighbour, ...] = ()) -> Observed:
        found = answer["certificates"][name]
        journal = answer["journal"]
        return cls(
            digest=found["digest"],
            live=ObservedGeneration.from_answer(found["live"]) if found["live"] else None,
            pending=ObservedGeneration.from_answer(found["pending"]) if found["pending"] else None,
            stored=tuple(found["stored"]),
            paths=tuple(_observed_path(item) for item in found["paths"]),
            candidates=tuple(_observed_path(item) for item in found.get("candidates", ())),
            services={key: ObservedService.from_answer(item) for key, item in answer["services"].get(name, {}).items()},
            refusals=tuple(found.get("refusals", ())),
            interrupted=f"{journal['run']} of {journal['started']}" if journal else "",
            source=HostSource.from_answer(found["source"]) if "source" in found else None,
            usage=Usage.from_answer(found["removal"]) if "removal" in found else NO_USAGE,
            neighbours=neighbours,
            adopted=found.get("adopted") or {},
            issuance=found.get("issuance") or {},
            tombstone=Tombstone.from_answer(found["tombstone"]) if "tombstone" in found else NO_TOMBSTONE,
        )


def _observed_path(answer: dict[str, Any]) -> ObservedPath:
    return ObservedPath(answer["path"], answer["state"], _load_public(answer["certificate"]))


def _load_public(text: str) -> Certificate | None:
    """Somebody else's file may hold anything: what cannot be read as a certificate is none."""
    try:
        return load_certificates(text.encode(), "certificate")[0] if text else None
    except TlsError:
        return None


def format_time(instant: datetime) -> str:
    return instant.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def load_time(text: str) -> datetime | None:
    """An instant as records spell it; None when the record has none."""
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    except ValueError:
        return None
