# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.filter.ca_fleet import FilterModule
from ansible_collections.certwright.tls.plugins.modules.internal_ca import ANCHOR_SPEC, IN_USE_SPEC
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory_fleet import find_fleet

HASH = "a" * 64


def look(*numbers: int, issuer: str = "office", **words: Any) -> dict[str, Any]:
    return {"anchors": [{"issuer": issuer, "number": number, "hash": HASH} for number in numbers], **words}


@pytest.mark.parametrize(
    ("variables", "trusts"),
    [
        pytest.param({"tls_trust": ["other", "office"]}, True, id="named"),
        pytest.param({"tls_trust": ["other", {"certificate_src": "office"}]}, False, id="a file of that name"),
        pytest.param({"tls_trust": ["office"], "tls_trust_state": "absent"}, False, id="no more"),
        pytest.param({"tls_trust": None}, False, id="nothing"),
        pytest.param({"tls_trust": "office"}, False, id="a fault, told elsewhere"),
        pytest.param({}, False, id="not said"),
    ],
)
def test_who_is_to_trust_a_ca_is_in_the_inventory(variables: dict[str, Any], trusts: bool) -> None:
    fleet = find_fleet([{"inventory_hostname": "mon1", **variables}], "office")
    assert fleet["trusting"] == (["mon1"] if trusts else [])


@pytest.mark.parametrize(
    ("variables", "numbers"),
    [
        pytest.param({"internal_ca_looked": look(3, 7)}, [3, 7], id="looked at"),
        pytest.param({"internal_ca_looked": look(3, issuer="other")}, [], id="of another CA"),
        pytest.param({"internal_ca_looked": {"skipped": True, "changed": False}}, [], id="nothing to look at"),
        pytest.param({"internal_ca_looked": look(3, failed=True)}, None, id="failed"),
        pytest.param({"internal_ca_looked": {"unreachable": True}}, None, id="unreachable"),
        pytest.param({}, None, id="not in the play"),
    ],
)
def test_what_a_host_uses_is_known_of_those_that_were_looked_at(
    variables: dict[str, Any], numbers: list[int] | None
) -> None:
    fleet = find_fleet([{"inventory_hostname": "web1", **variables}], "office")
    assert fleet["in_use"] == [{"host": "web1", "numbers": numbers}]
    assert [set(item) for item in fleet["in_use"]] == [set(IN_USE_SPEC)]


def test_what_hosts_remember_is_told_also_by_those_that_failed() -> None:
    looks = [look(3), look(3, 7, failed=True)]
    hosts = [{"inventory_hostname": f"web{index}", "internal_ca_looked": item} for index, item in enumerate(looks)]
    fleet = FilterModule().filters()["ca_fleet"](hosts, issuer="office")
    assert [(item["host"], item["number"]) for item in fleet["anchors"]] == [("web0", 3), ("web1", 3), ("web1", 7)]
    assert fleet["anchors"][0] == {"number": 3, "hash": HASH, "seal": "", "host": "web0"}
    assert [set(item) for item in fleet["anchors"]] == [set(ANCHOR_SPEC)] * 3
