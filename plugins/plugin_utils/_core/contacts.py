# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whom each certificate of an inventory belongs to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory_entries import (
    InventoryEntry,
    load_domain,
    load_named,
    load_system,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory_words import LEVELS


def find_contacts(variables: Mapping[str, Any]) -> dict[str, str]:
    """By name in the store, of those that say one. The inventory is one that load_inventory() takes."""
    return {entry.domain: str(entry.words["email"]) for entry in _find_entries(variables) if entry.words.get("email")}


def _find_entries(variables: Mapping[str, Any]) -> Iterator[InventoryEntry]:
    """A later level replaces an earlier one."""
    if variables.get("tls_system"):
        yield load_system(variables["tls_system"])
    for words in variables.get("tls_domains") or ():
        yield load_domain("tls_domains", words)
    for level in LEVELS:
        for name, words in (variables.get(level) or {}).items():
            yield load_named(level, str(name), words)
