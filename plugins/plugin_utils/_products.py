# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One more look at a host, for certificates whose words leave something to a product that is there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.products import complete, find_question
from ansible_collections.certwright.tls.plugins.plugin_utils._remote import Host
from ansible_collections.certwright.tls.plugins.plugin_utils._services.presets import PRESETS


def complete_words(
    host: Host, entries: Iterable[Mapping[str, Any]], *, key: str, is_order: bool = False
) -> list[dict[str, Any]]:
    """The same entries, in their order. No execution when none of them leaves anything open."""
    words = [dict(entry) for entry in entries]
    asked = [find_question(str(entry.get(key)), entry, PRESETS, is_order=is_order) for entry in words]
    questions = [dict(pairs) for pairs in {tuple(sorted(item.items())) for item in asked if item is not None}]
    if not questions:
        return words
    answers = {tuple(sorted(item["question"].items())): item for item in host.look_at_products(questions)}
    return [
        entry
        if question is None
        else complete(str(entry[key]), entry, answers[tuple(sorted(question.items()))], PRESETS, is_order=is_order)
        for entry, question in zip(words, asked, strict=True)
    ]
