# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ports of a host serve, against what the store has live for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import Certificate, describe
from ansible_collections.certwright.tls.plugins.plugin_utils._core.finding import report_codes
from ansible_collections.certwright.tls.plugins.plugin_utils._core.names import covers
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Reason

_SERVED = "served"


@dataclass(frozen=True)
class Stored:
    """What the store knows of a name. `live` is the fingerprint of what its ports are to serve; empty when there is
    none. `asked` are the port and server name of each probe of its services."""

    name: str
    live: str
    generation: int | None
    fingerprints: frozenset[str]
    asked: frozenset[tuple[int, str | None]]

    @classmethod
    def from_answer(cls, name: str, states: Mapping[str, Any]) -> Stored:
        records = {state: found["record"] for state, found in states.items()}
        services = [service for record in records.values() for service in record.get("services") or ()]
        probes = [probe for service in services for probe in service.get("probes") or ()]
        return cls(
            name=name,
            live=records.get("live", {}).get("fingerprint", ""),
            generation=states["live"]["generation"] if "live" in states else None,
            fingerprints=frozenset(record["fingerprint"] for record in records.values() if record.get("fingerprint")),
            asked=frozenset((probe["port"], probe.get("server_name")) for probe in probes),
        )


@dataclass(frozen=True)
class FoundPort:
    """One answer of one address; `stored` is whose port or certificate it is, as far as the store knows.

    `asked` is true for a port that somebody named, and not only a service of the store.
    """

    port: int
    address: str
    server_name: str | None
    starttls: str | None
    state: str
    fingerprint: str
    detail: str
    asked: bool
    service: str | None
    stored: Stored | None

    @property
    def place(self) -> str:
        address = f"[{self.address}]" if ":" in self.address else self.address
        return f"{address}:{self.port}"

    @property
    def is_live(self) -> bool | None:
        """None when the store does not know what is to be served there."""
        if self.stored is None or not self.stored.live:
            return None
        return self.fingerprint == self.stored.live


def find_ports(answers: Iterable[Mapping[str, Any]], stored: Sequence[Stored]) -> Iterator[FoundPort]:
    """An answer for each certificate whose services have the port, else one."""
    by_name = {item.name: item for item in stored}
    for answer in answers:
        for owner in answer["owners"]:
            yield _load_port(answer, service=owner["service"], stored=by_name[owner["certificate"]])
        if not answer["owners"]:
            yield _load_port(answer, service=None, stored=_find_stored(answer, stored))


def _load_port(answer: Mapping[str, Any], *, service: str | None, stored: Stored | None) -> FoundPort:
    words = ("port", "address", "server_name", "starttls", "state", "fingerprint", "detail", "asked")
    return FoundPort(**{word: answer[word] for word in words}, service=service, stored=stored)


def _find_stored(answer: Mapping[str, Any], stored: Sequence[Stored]) -> Stored | None:
    """By what is served; else by the port, when only one certificate can be meant."""
    serving = [item for item in stored if answer["fingerprint"] and answer["fingerprint"] in item.fingerprints]
    if serving:
        return min(serving, key=lambda item: answer["fingerprint"] != item.live)
    port, server_name = answer["port"], answer["server_name"]
    meant = [item for item in stored if (port, server_name) in item.asked]
    if not meant and server_name is None:
        meant = [item for item in stored if port in {asked for asked, _name in item.asked}]
    return meant[0] if len(meant) == 1 else None


def report_port(port: FoundPort, certificate: Certificate | None, names: tuple[str, ...]) -> dict[str, Any]:
    """A row of the result: plain JSON. `names` are to be covered there."""
    shown = describe(certificate) if certificate else {}
    return {
        "port": port.port,
        "address": port.address,
        "server_name": port.server_name,
        "starttls": port.starttls,
        "state": port.state,
        "fingerprint_sha256": port.fingerprint or None,
        "not_after": shown.get("not_after"),
        "names": shown.get("names", []),
        "service": port.service,
        "certificate": port.stored.name if port.stored else None,
        "is_live": port.is_live,
        "problems": report_codes(_find_problems(port, certificate, names)),
    }


def _find_problems(port: FoundPort, certificate: Certificate | None, names: tuple[str, ...]) -> Iterator[Reason]:
    if port.state != _SERVED:
        yield Reason(port.state, port.detail)
        return
    title = certificate.title if certificate else f"sha256 {port.fingerprint[:16]}"
    if port.stored and port.is_live is False:
        wanted = f"generation {port.stored.generation} of {port.stored.name}"
        fact = f"Port {port.place} shows {title} instead of {wanted}"
        yield Reason("not_served", f"{fact}; activate it by certwright.tls.certificate_activate")
    wanted_names = dict.fromkeys((*names, *filter(None, [port.server_name])) if port.asked else ())
    missing = [name for name in wanted_names if certificate and not covers(certificate.names, name)]
    if missing:
        yield Reason("name_missing", f"Port {port.place} shows {title}, which does not cover {', '.join(missing)}")
