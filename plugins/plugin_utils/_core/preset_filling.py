# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A preset with the operator's words in the place of its placeholders."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.extensions import is_address
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import (
    PEM,
    PKCS12,
    Preset,
    ServiceFile,
    Setting,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service_commands import fill_text

_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*\Z")


def fill_preset(preset: Preset, words: Mapping[str, Any], names: tuple[str, ...]) -> Preset:
    """Its files are those of the `keystore` that was said; their alias is the short host name unless one was said."""
    values = {**dict(preset.defaults), **{key: str(value) for key, value in words.items()}}
    usage = find_usage(preset, words)
    chosen = dict(preset.uses).get(usage)
    alias = str(words.get("alias") or _shorten(names))
    files = tuple(_fill_file(file, values, words, alias) for file in preset.files if not chosen or file.name in chosen)
    return replace(
        preset,
        files=files,
        unit=fill_text(preset.unit, _find_usual(preset, values)) if preset.unit else None,
        prepare=tuple([tuple([fill_text(path, values) for path in way]) for way in preset.prepare]),
        private_files=tuple([fill_text(path, values) for path in preset.private_files]),
        product_file=fill_text(preset.product_file, values),
        hint=fill_text(preset.hint, {**values, "alias": alias}),
        settings=tuple(_fill_setting(item, values) for item in preset.settings if not chosen or item.file in chosen),
    )


def find_usage(preset: Preset, words: Mapping[str, Any]) -> str:
    """What the certificate of such a service has to be for; empty where any will do."""
    return str(words.get("keystore") or (preset.uses[0][0] if preset.uses else ""))


def find_missing(preset: Preset, words: Mapping[str, Any]) -> Iterator[str]:
    """As ends of sentences about the service. What is for clients alone is at no port."""
    is_client = find_usage(preset, words) == "client"
    ports = [f"`{word}`" for word in ("ports", "probes", "probe_names") if words.get(word)] if is_client else []
    if ports:
        yield f"has {', '.join(ports)} beside `keystore: client`, which no port shows; leave it out"
    for group in preset.required:
        if is_client and "ports" in group:
            continue
        if not any(word in words for word in group):
            yield f"lacks {' or '.join(f'`{word}`' for word in group)}, which differs from installation to installation"


def _find_usual(preset: Preset, values: Mapping[str, str]) -> dict[str, str]:
    """What has a value whoever says nothing; whether other words were said chooses among alternatives later."""
    return {word: values[word] for word, _value in preset.defaults if values[word]}


def _fill_file(file: ServiceFile, values: Mapping[str, str], words: Mapping[str, Any], alias: str) -> ServiceFile:
    path = fill_text(file.path, values) if file.path else None
    filled = replace(file, path=path, fallback=fill_text(file.fallback, values))
    if file.format == PEM:
        return filled
    return replace(filled, alias=alias if file.format == PKCS12 else "", passphrase=words.get("passphrase"))


def _fill_setting(setting: Setting, values: Mapping[str, str]) -> Setting:
    return replace(setting, path=fill_text(setting.path, values))


def _shorten(names: tuple[str, ...]) -> str:
    """As JS7 names its entries. Empty where there is none, as of a wildcard: then it is the certificate's name."""
    first = names[0] if names and not is_address(names[0]) else ""
    label = first.partition(".")[0]
    return label if _LABEL.match(label) else ""
