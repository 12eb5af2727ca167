# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Products of several services: what runs on this host, which way they take files, and whose certificate it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import Preset, Service
from ansible_collections.certwright.tls.plugins.plugin_utils._core.word_kinds import WordError

SYSTEM = "system"
# As BlueMind calls what belongs to no domain.
GLOBAL = "global.virt"


def find_scope(preset: Preset, words: Mapping[str, Any], certificate: str) -> dict[str, str]:
    """The words that say whose certificate it is, where the product keeps those of domains apart."""
    if "domain_uid" in words or certificate == SYSTEM:
        return {}
    if "." in certificate:
        return {"domain_uid": certificate}
    fact = f"The service {preset.name}: the certificate {certificate} is neither {SYSTEM} nor that of a domain"
    raise WordError(f"{fact}; say its `domain_uid`, which is {GLOBAL} for what belongs to no domain")


def choose_preset(preset: Preset, words: Mapping[str, Any]) -> Preset:
    chosen = dict(preset.ways).get(words.get("via", ""), preset)
    is_global = words.get("domain_uid", GLOBAL) == GLOBAL
    return chosen if is_global else chosen.for_domain or chosen


def is_tagged(preset: Preset, words: Mapping[str, Any]) -> bool:
    return not preset.tags or "tags" not in words or bool(set(words["tags"]) & set(preset.tags))


def without_process(preset: Preset) -> Preset:
    """Its files, on a host where nothing of it runs."""
    return Preset(preset.name, preset.files, mode=preset.mode, method="none", defaults=preset.defaults)


def find_excluded(read: Sequence[tuple[Preset, Sequence[Service]]]) -> Iterator[str]:
    """Of presets with their services: those beside one, and its own ports, that cannot have the same certificate."""
    for preset, services in (item for item in read if item[0].excludes):
        names = [other.name for other, _services in read if other.name in preset.excludes]
        own = (probe.port for service in services for probe in service.probes)
        ports = [f"port {port}" for port in dict.fromkeys(own) if port in preset.excludes]
        if names or ports:
            yield preset.exclusion.format(excluded=", ".join((*names, *ports)))
