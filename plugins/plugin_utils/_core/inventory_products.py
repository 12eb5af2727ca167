# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates of an inventory that a product on the host has a part in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory_entries import InventoryEntry
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory_issuers import (
    find_order_words,
    find_signing_words,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory_words import NAMED_WORDS
from ansible_collections.certwright.tls.plugins.plugin_utils._core.products import (
    has_product,
    lacks_url,
    with_domain_uid,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import Preset


def with_product(entry: InventoryEntry, issuers: object, presets: Mapping[str, Preset]) -> InventoryEntry:
    """What a product on the host needs to be told, and whether it is to tell the names."""
    words = entry.words
    if not words.get("services") or not has_product(words, presets):
        return entry
    words = {**words, "services": with_domain_uid(words["services"], words.get("domain_uid"), presets)}
    is_order = any(find(words, issuers) is not None for find in (find_order_words, find_signing_words))
    asks = entry.known != NAMED_WORDS and lacks_url(entry.domain, words, presets, is_order=is_order)
    return replace(entry, words=words, asks_product=asks and not entry.is_absent)
