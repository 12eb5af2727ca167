# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import asdict, replace

import pytest

from ansible_collections.certwright.tls.plugins.module_utils._host.probe import ProbeTarget
from ansible_collections.certwright.tls.plugins.module_utils._host.request import (
    FileSpec,
    Material,
    Request,
    Service,
    Wanted,
)

SERVICE = Service(
    "nginx",
    files=(FileSpec("a.pem", ("leaf", "key"), path="/a"),),
    check=("nginx", "-t"),
    reload=("nginx", "-s", "reload"),
    probes=(ProbeTarget(443, server_name="a.example"),),
)


def test_a_service_survives_json() -> None:
    assert Service.from_json(asdict(SERVICE)) == SERVICE


def test_a_record_may_hold_more_words_than_a_host_needs() -> None:
    assert Service.from_json({"name": "s", "declared": {}, "restart_policy": "never", "check": None}) == Service("s")


def test_words_of_a_newer_release_are_left_out_of_files_and_probes() -> None:
    newer = asdict(SERVICE)
    newer["files"] = [{**item, "newer": 1} for item in newer["files"]]
    newer["probes"] = [{**item, "newer": 1} for item in newer["probes"]]
    assert Service.from_json({**newer, "newer": 1}) == SERVICE


def test_a_request_becomes_values() -> None:
    request = Request.from_json(
        {
            "action": "apply",
            "certificates": [
                {
                    "name": "site",
                    "services": [asdict(SERVICE)],
                    "material": {"leaf": "L", "chain": "C", "root": "R", "key": "K"},
                    "discard": [3],
                }
            ],
            "limits": {"probe": 1},
        }
    )
    expected = Wanted("site", services=(SERVICE,), material=Material("L", "C", "R", "K"), discard=(3,))
    assert (request.certificates, request.limits.probe, request.limits.lock) == ((expected,), 1, 300.0)


@pytest.mark.parametrize("parts", [("leaf", "chain"), ("key", "leaf", "chain", "root"), ("root",), ()])
def test_parts_are_rendered_in_their_order(parts: tuple[str, ...]) -> None:
    expected = "".join(part[0] for part in parts).encode()
    assert Material(leaf="l", chain="c", root="r", key="k").render(parts) == expected


def test_a_private_key_never_shows() -> None:
    assert "secret" not in repr(Wanted("site", material=Material("l", "c", "r", "secret")))


def test_certificates_of_one_running_service_share_it_whatever_their_files_and_ports() -> None:
    other = replace(SERVICE, name="other", files=(), probes=(), references=("x",), hint="h")
    assert other.identity == SERVICE.identity
    assert replace(SERVICE, reload=("other",)).identity != SERVICE.identity


@pytest.mark.parametrize(
    ("patience", "expected"),
    [
        pytest.param((), 10.0, id="no service"),
        pytest.param((0, 5), 10.0, id="less"),
        pytest.param((60, 0), 60.0, id="more"),
    ],
)
def test_ports_are_waited_for_as_long_as_the_slowest_service_takes(
    patience: tuple[float, ...], expected: float
) -> None:
    services = [{"name": f"s{number}", "patience": seconds} for number, seconds in enumerate(patience)]
    request = Request.from_json({"action": "apply", "certificates": [{"name": "web", "services": services}]})
    assert expected == request.limits.probe
