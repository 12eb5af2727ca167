# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an inventory says should be on a host, whoever issues it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory import Inventory

FILES, ACME, INTERNAL_CA, ADOPTED = "files", "acme", "internal_ca", "adopted"
_ABSENT = "absent"


@dataclass(frozen=True)
class Declared:
    """A certificate by its name in the store. `names` are those that it is to have, as they were written."""

    name: str
    engine: str
    names: tuple[str, ...]


def list_declared(inventory: Inventory) -> tuple[Declared, ...]:
    """Without those that are to be absent."""
    return tuple(_list_all(inventory))


def _list_all(inventory: Inventory) -> Iterator[Declared]:
    for entry in inventory.entries:
        if entry.get("state") != _ABSENT:
            engine = ADOPTED if entry.get("state") == ADOPTED else FILES
            yield Declared(str(entry["domain"]), engine, _list_names(entry))
    for engine, orders in ((ACME, inventory.orders), (INTERNAL_CA, inventory.signed)):
        yield from (Declared(str(order["name"]), engine, _list_names(order)) for order in orders)


def _list_names(entry: Mapping[str, Any]) -> tuple[str, ...]:
    names = (entry.get("external_url"), *(entry.get("other_urls") or ()))
    return tuple(str(name) for name in names if name)
