# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The commands, units and process files of a preset, with the operator's words in the place of placeholders."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import CommandPart

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


def fill_text(text: str, values: Mapping[str, str]) -> str:
    """A placeholder without a value stays."""
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)


def fill_command(parts: Iterable[CommandPart], values: Mapping[str, str]) -> tuple[str, ...]:
    """A group of words is left out when one of its placeholders has no value."""
    groups = [(part,) if isinstance(part, str) else part for part in parts]
    return tuple(fill_text(word, values) for group in groups if _has_values(group, values) for word in group)


def choose_alternatives(alternatives: str | None, values: Mapping[str, str]) -> str | None:
    """Those whose placeholders have values, else those without placeholders; which one it is the host knows."""
    plain = [word for word in _split(alternatives) if not _PLACEHOLDER.search(word)]
    return choose_special(alternatives, values) or "|".join(plain) or None


def choose_special(alternatives: str | None, values: Mapping[str, str]) -> str | None:
    """Those with placeholders that all have values."""
    words = [word for word in _split(alternatives) if _PLACEHOLDER.search(word) and _has_values((word,), values)]
    return "|".join(fill_text(word, values) for word in words) or None


def _split(alternatives: str | None) -> list[str]:
    return alternatives.split("|") if alternatives else []


def _has_values(group: Iterable[str], values: Mapping[str, str]) -> bool:
    return all(word in values for text in group for word in _PLACEHOLDER.findall(text))
