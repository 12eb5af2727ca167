# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an inventory says should be on a host, whoever issues it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import load_time
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory import Inventory
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory_words import find_choice_fault
from ansible_collections.certwright.tls.plugins.plugin_utils._core.names import load_name
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_words import KEY_TYPES, find_directory
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Problem
from ansible_collections.certwright.tls.plugins.plugin_utils._core.sharing import name_at_home

FILES, ACME, INTERNAL_CA, ADOPTED = "files", "acme", "internal_ca", "adopted"
_ABSENT = "absent"


@dataclass(frozen=True)
class Declared:
    """A certificate by its name in the store. `names` are those that it is to have, as certificates spell them.

    `issuer` is the inventory's word for who issues it, `directory` that of an ACME CA, `key_type` as certificates have
    it; each is empty where nobody said it. `ends` is when an internal CA is to issue no more.
    """

    name: str
    engine: str
    names: tuple[str, ...]
    issuer: str = ""
    directory: str = ""
    key_type: str = ""
    ends: datetime | None = None

    @property
    def is_renewed(self) -> bool:
        """By runs of this collection."""
        return self.engine in (ACME, INTERNAL_CA)

    def is_last(self, not_after: datetime | None) -> bool:
        """Whether there will be no other one: the end was said, and it is reached."""
        return self.ends is not None and not_after is not None and self.ends <= not_after


def list_declared(inventory: Inventory, *, host: str = "") -> tuple[Declared, ...]:
    """Without those that are to be absent. A shared one is kept at its home too, beside what services there have.

    Raises RefusedError.
    """
    problems = tuple(_find_faults((*inventory.orders, *inventory.signed)))
    if problems:
        raise RefusedError.from_problems(problems)
    return tuple(_list_all(inventory, host))


def _find_faults(orders: Sequence[Mapping[str, Any]]) -> Iterator[Problem]:
    """What a run of renewal refuses, and no certificate could be compared with."""
    for order in orders:
        fault = find_choice_fault(order.get("key_type") or None, tuple(KEY_TYPES))
        if fault:
            yield Problem(str(order["name"]), "inventory_invalid", f"`key_type` {fault}")


def _list_all(inventory: Inventory, host: str) -> Iterator[Declared]:
    for entry in inventory.entries:
        if entry.get("state") != _ABSENT:
            engine = ADOPTED if entry.get("state") == ADOPTED else FILES
            name = str(entry["domain"])
            yield Declared(name, engine, _list_names(entry), inventory.issuers.get(name, ""))
    for order in inventory.orders:
        ordered = replace(_load_order(order, ACME, inventory), directory=find_directory(order))
        yield ordered
        if host and (order.get("shared") or {}).get("home") == host:
            yield replace(ordered, name=name_at_home(ordered.name))
    yield from (_load_order(order, INTERNAL_CA, inventory) for order in inventory.signed)


def _load_order(order: Mapping[str, Any], engine: str, inventory: Inventory) -> Declared:
    name = str(order["name"])
    key_type = KEY_TYPES.get(str(order.get("key_type") or ""), "")
    ends = load_time(str(order.get("not_after") or ""))
    return Declared(name, engine, _list_names(order), inventory.issuers.get(name, ""), key_type=key_type, ends=ends)


def _list_names(entry: Mapping[str, Any]) -> tuple[str, ...]:
    names = (entry.get("external_url"), *(entry.get("other_urls") or ()))
    return tuple(dict.fromkeys(_spell(str(name)) for name in names if name))


def _spell(name: str) -> str:
    """What is no name is told where it is installed."""
    try:
        return load_name(name)[0]
    except UnusableError:
        return name
