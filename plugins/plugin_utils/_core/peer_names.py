# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The distinguished names by which services of other hosts know a client, from what was told of these hosts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import TlsError


class SilentPeerError(TlsError):
    """Nothing was told of a host: without its name it would be locked out."""


def find_peer_names(results: Iterable[Mapping[str, Any]], service: str, certificates: Iterable[str] = ()) -> list[str]:
    """Each once, in the order of the results: also of what is stored and waits for its activation.

    `service` is the service's name in the inventory; `certificates` are names in the store, all when there are none.
    Raises SilentPeerError.
    """
    wanted = frozenset(certificates)
    names: list[str] = []
    for number, result in enumerate(results, 1):
        if not isinstance(result, Mapping) or "certificates" not in result:
            fact = f"The result {number} tells of no certificates: its host was not asked, or failed"
            raise SilentPeerError(f"{fact}; ask all of them by certificate_info")
        names.extend(_find_names(result["certificates"], service, wanted))
    return list(dict.fromkeys(names))


def _find_names(certificates: Any, service: str, wanted: frozenset[str]) -> Iterator[str]:
    """Of certificate_info (a list of rows) or of a module that installs (by certificate)."""
    for name, services, words in _list_rows(certificates):
        if service in services and words.get("distinguished_name") and (not wanted or name in wanted):
            yield str(words["distinguished_name"])


def _list_rows(certificates: Any) -> Iterator[tuple[str, Iterable[str], Mapping[str, Any]]]:
    if isinstance(certificates, Mapping):
        for name, shown in certificates.items():
            yield str(name), tuple(shown.get("paths") or ()), shown.get("certificate") or {}
        return
    for row in certificates:
        yield str(row.get("name") or ""), tuple(row.get("services") or ()), row
