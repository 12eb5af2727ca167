# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which ports of a service are asked, for which names, and as whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.extensions import is_address
from ansible_collections.certwright.tls.plugins.plugin_utils._core.preset_filling import find_usage
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import OWN, Preset, Probe


def _askable(name: str) -> str:
    """A name that can be asked for; for a wildcard any of those that it covers."""
    return name.replace("*", "probe", 1)


def find_probes(preset: Preset, words: Mapping[str, Any], names: tuple[str, ...]) -> Iterator[Probe]:
    """Declared probes as they are; ports are probed by `probe_names`, else by the first name that can be asked for."""
    hosts = sorted((name for name in names if not is_address(name)), key=lambda name: name.startswith("*"))
    first = _askable(hosts[0]) if hosts else None
    for probe in words.get("probes", ()):
        yield probe if probe.server_name else replace(probe, server_name=first)
    if "probes" in words and "ports" not in words:
        return
    by_port = dict(preset.port_starttls)
    shows_own = preset.own_client and find_usage(preset, words) != "server"
    for port in words.get("ports", preset.ports):
        for name in words.get("probe_names", (first,)):
            yield Probe(
                port,
                client_certificate=OWN if shows_own else None,
                server_name=name,
                starttls=words.get("starttls", by_port.get(port, preset.starttls)),
                proxy_protocol=words.get("proxy_protocol", False),
            )
