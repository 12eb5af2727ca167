# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates that others look after on a host, and whether they are for the same names as ours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import Certificate, load_certificates
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import TlsError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.names import covers
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice


@dataclass(frozen=True)
class Neighbour:
    """One certificate of another renewer: of which kind, where, by which configuration, and what runs it (or "")."""

    kind: str
    certificate_path: str
    private_key_path: str
    configuration: str
    scheduled: str
    certificate: Certificate

    @property
    def title(self) -> str:
        by = f", run by {self.scheduled}" if self.scheduled else ""
        return f"{self.kind} ({self.configuration}{by})"


def load_neighbours(answer: Iterable[Mapping[str, Any]]) -> tuple[Neighbour, ...]:
    """What cannot be read as a certificate is nobody's."""
    return tuple(neighbour for item in answer for neighbour in _load(item))


def find_neighbours(names: Iterable[str], neighbours: Iterable[Neighbour]) -> Iterator[tuple[Neighbour, list[str]]]:
    """Those that are for any of these names, with the names."""
    names = tuple(names)
    for neighbour in neighbours:
        shared = [name for name in names if covers(neighbour.certificate.names, name)]
        if shared:
            yield neighbour, shared


# Of a kind that cannot be stopped like a timer.
_WAYS_OUT = {
    "bluemind": "when its engine there is Let's Encrypt, that job (at 07:00 UTC) writes a certificate of its own over "
    "{name} in the last 29 days of the one it knows; set the engine to Files once, which keeps it away: say "
    "`via: bm_cli` of the service, or run `bm-cli certificate file-cert` with the installed files"
}


def find_renewer_notices(
    name: str, names: Iterable[str], neighbours: Iterable[Neighbour], *, source: str = "", own: str = ""
) -> Iterator[Notice]:
    """`source` is the path on the host that the certificate is taken from, `own` the fingerprint that it is to have.

    A product that has taken our certificate looks after none of its own.
    """
    for neighbour, shared in find_neighbours(names, neighbours):
        if neighbour.kind in _WAYS_OUT and neighbour.certificate.fingerprint == own:
            continue
        fact = f"{neighbour.title} looks after {', '.join(shared)} too, at {neighbour.certificate_path}"
        way_out = f"stop it there once {name} is served from the store, or adopt its certificate instead"
        way_out = _WAYS_OUT.get(neighbour.kind, way_out).format(name=name)
        if source and source.rpartition("/")[0] == neighbour.certificate_path.rpartition("/")[0]:
            way_out = f"{name} is taken from there, so run this again after each of its renewals"
        yield Notice("other_renewer", f"{fact}; {way_out}")


def _load(item: Mapping[str, Any]) -> Iterator[Neighbour]:
    words = {word: str(item[word]) for word in ("kind", "certificate_path", "private_key_path", "configuration")}
    try:
        certificate = load_certificates(str(item["certificate"]).encode(), "certificate")[0]
    except TlsError:
        return
    yield Neighbour(**words, scheduled=str(item["scheduled"]), certificate=certificate)
