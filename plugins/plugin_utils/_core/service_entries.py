# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Entries of `services`: a preset and its words, for one certificate, with whatever else the product consists of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import FILE_WORDS, Preset
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service_scopes import (
    choose_preset,
    find_scope,
    is_tagged,
    without_process,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service_words import SERVICE_KINDS
from ansible_collections.certwright.tls.plugins.plugin_utils._core.word_kinds import WordError

SHARED_WORDS = (
    *("name", "owner", "group", "mode", "seuser", "serole", "setype", "selevel", "unit", "pid_file", "paths"),
    *("replace_links", "ports", "probes", "probe_names", "starttls", "proxy_protocol", "restart", "restart_window"),
)


class UnknownPresetError(WordError):
    """A service of a kind that there is no preset for."""

    code = "unknown_service"


@dataclass(frozen=True)
class Declared:
    """One entry of `services`: the preset and the words that were given, read, and as they were said."""

    preset: Preset
    words: dict[str, Any]
    said: dict[str, Any]
    is_companion: bool = False


def read_entry(entry: object, presets: Mapping[str, Preset], certificate: str) -> Declared:
    """The preset for this certificate with its words. Raises WordError."""
    name, said = split_entry(entry)
    preset = presets.get(name)
    if preset is not None:
        return _scope(_read_words(preset, said), certificate)
    known = ", ".join(sorted(presets))
    way_out = f"known are {known}, and `custom` fits any service"
    raise UnknownPresetError(f"There is no service preset `{name}`; {way_out}")


def _read_words(preset: Preset, said: dict[str, Any]) -> Declared:
    words, faults = {}, []
    for word, value in said.items():
        if word not in SHARED_WORDS and word not in preset.words:
            known = ", ".join(sorted([*SHARED_WORDS, *preset.words]))
            faults.append(f"has the unknown word `{word}`; known are {known}")
            continue
        try:
            words[word] = SERVICE_KINDS[word](value)
        except WordError as error:
            faults.append(f"`{word}` {error}")
    if faults:
        raise WordError("\n".join(f"The service {preset.name}: {fault}" for fault in faults))
    return Declared(preset, words, said)


def _scope(declared: Declared, certificate: str) -> Declared:
    """The preset for this certificate, with the words that it comes to; they are recorded as if they were said."""
    if declared.preset.for_domain is None:
        return declared
    words = find_scope(declared.preset, declared.words, certificate)
    preset = choose_preset(declared.preset, {**declared.words, **words})
    return Declared(preset, {**declared.words, **words}, {**declared.said, **words})


def list_parts(declared: Declared) -> Iterator[Declared]:
    """Itself, where it runs, and its companions, where they do."""
    preset, words = declared.preset, declared.words
    if is_tagged(preset, words):
        yield declared
    else:
        kept = {word: value for word, value in words.items() if word in ("name", "root", *FILE_WORDS)}
        yield replace(declared, preset=without_process(preset), words=kept)
    for word, companion in preset.companions:
        if is_tagged(companion, words):
            said = words.get(word, {})
            name = said.get("name") or f"{words.get('name', preset.name)}-{word}"
            yield replace(_read_words(companion, {**said, "name": name}), is_companion=True)


def split_entry(entry: object) -> tuple[str, dict[str, Any]]:
    """The name of a preset and the words beside it. Raises WordError."""
    if isinstance(entry, str):
        return str(entry), {}
    if isinstance(entry, Mapping) and len(entry) == 1:
        ((name, words),) = entry.items()
        if words is None or isinstance(words, Mapping):
            return str(name), {str(word): value for word, value in (words or {}).items()}
    raise WordError(
        "An entry of `services` must be a preset's name, or one name with its words: `nginx: {ports: [8443]}`"
    )
