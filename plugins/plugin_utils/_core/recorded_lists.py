# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lists of revocations that services of a host have, by what was recorded of their files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Reason
from ansible_collections.certwright.tls.plugins.plugin_utils._core.revocation_list import (
    RevocationList,
    describe_ending,
    load_recorded,
)


def find_list_faults(record: Mapping[str, Any], now: datetime) -> tuple[tuple[Reason, ...], tuple[Reason, ...]]:
    """Those that have ended, and those that soon will."""
    found = list(_find_lists(record))
    ended = [
        Reason("crl_ended", f"{place} holds {item.describe()}, has ended, and the service refuses every client by it")
        for place, item in found
        if item.has_ended(now)
    ]
    soon = [
        Reason("crl_ends_soon", f"{place} holds {describe_ending(item)}")
        for place, item in found
        if item.ends_soon(now)
    ]
    return tuple(ended), tuple(soon)


def _find_lists(record: Mapping[str, Any]) -> Iterator[tuple[str, RevocationList]]:
    for service in record.get("services") or ():
        for file in service.get("files") or ():
            for item in load_recorded(file.get("lists") or ()):
                yield f"The file {service['name']}/{file['name']}", item
