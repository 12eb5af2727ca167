# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.peer_names import SilentPeerError, find_peer_names


def row(host: str, *services: str, name: str = "joc") -> dict[str, Any]:
    """Of certificate_info."""
    return {"name": name, "services": list(services), "distinguished_name": f"CN={host}"}


def installed(host: str, service: str) -> dict[str, Any]:
    """Of a module that installs."""
    shown = {"certificate": {"distinguished_name": f"CN={host}"}, "paths": {service: {}}, "hints": {}}
    return {"changed": False, "certificates": {"joc": shown, "new": {"certificate": {}, "paths": {service: {}}}}}


@pytest.mark.parametrize(
    ("results", "certificates", "expected"),
    [
        pytest.param([], (), [], id="no host"),
        pytest.param(
            [{"certificates": [row("a", "js7_joc"), row("b", "nginx")]}, {"certificates": [row("c", "js7_joc")]}],
            (),
            ["CN=a", "CN=c"],
            id="those of the service",
        ),
        pytest.param([{"certificates": [row("a", "js7_joc"), row("a", "js7_joc")]}], (), ["CN=a"], id="each once"),
        pytest.param(
            [{"certificates": [row("a", "js7_joc"), row("b", "js7_joc", name="joc-client")]}],
            ("joc-client",),
            ["CN=b"],
            id="those that were named",
        ),
        pytest.param(
            [{"certificates": [{"name": None, "services": None, "distinguished_name": None}]}],
            (),
            [],
            id="what has no name",
        ),
        pytest.param([installed("a", "js7_joc"), installed("b", "nginx")], (), ["CN=a"], id="what was installed"),
    ],
)
def test_the_names_of_peers(results: list[dict[str, Any]], certificates: tuple[str, ...], expected: list[str]) -> None:
    assert expected == find_peer_names(results, "js7_joc", certificates)


@pytest.mark.parametrize("result", [{"unreachable": True}, None], ids=["a host that is silent", "nothing"])
def test_a_host_that_told_nothing_is_not_left_out(result: Any) -> None:
    with pytest.raises(SilentPeerError, match="The result 2 tells of no certificates"):
        find_peer_names([{"certificates": []}, result], "js7_joc")
