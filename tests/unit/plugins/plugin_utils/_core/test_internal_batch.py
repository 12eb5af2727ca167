# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One batch for a fleet: whose request goes to which CA, and whose answer comes back."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.internal_batch import (
    find_answered,
    find_batches,
    find_signed,
)


def request(host: str, name: str = "web", *, issuer: str = "office", csr: str = "PEM") -> dict[str, Any]:
    return {"issuer": issuer, "host": host, "name": name, "csr": csr}


def anchor(number: int, issuer: str = "office") -> dict[str, Any]:
    return {"issuer": issuer, "number": number, "hash": f"{number:02}" * 32}


def known(number: int) -> dict[str, Any]:
    return {"number": number, "hash": f"{number:02}" * 32}


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        pytest.param({}, {}, id="no host"),
        pytest.param({"web1": {}, "web2": {"skipped": True, "requests": None}}, {}, id="hosts that were not asked"),
        pytest.param({"web1": {"requests": [], "anchors": [anchor(1)]}}, {}, id="nothing is due"),
        pytest.param({"web1": {"requests": [request("web1", csr="")]}}, {}, id="it would be made"),
        pytest.param(
            {
                "web1": {"requests": [request("web1"), request("web1", "db")], "anchors": [anchor(1)]},
                "web2": {"requests": [request("web2", issuer="lab")], "anchors": [anchor(1), anchor(2)]},
                "web3": {"anchors": [anchor(1, "lab"), anchor(9, "old")]},
            },
            {
                "office": {
                    "requests": [
                        {"host": "web1", "name": "web", "csr": "PEM"},
                        {"host": "web1", "name": "db", "csr": "PEM"},
                    ],
                    "anchors": [known(1), known(2)],
                },
                "lab": {"requests": [{"host": "web2", "name": "web", "csr": "PEM"}], "anchors": [known(1)]},
            },
            id="two CAs, and hosts that only remember",
        ),
        pytest.param(
            {"web1": {"requests": [{"name": "web", "csr": "PEM", "issuer": None}]}},
            {"": {"requests": [{"name": "web", "csr": "PEM"}], "anchors": []}},
            id="a CA without a name",
        ),
    ],
)
def test_requests_of_all_hosts_go_to_their_ca_together(results: dict[str, Any], expected: dict[str, Any]) -> None:
    assert expected == find_batches(results)


ISSUED, REFUSED = {"host": "web1", "name": "web", "outcome": "issued"}, {"host": "web1", "name": "db", "code": "x"}


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        pytest.param({"certificates": [ISSUED, {"host": "web2", "name": "web"}, REFUSED]}, [ISSUED, REFUSED], id="one"),
        pytest.param(
            {"results": [{"certificates": [REFUSED]}, {"certificates": [ISSUED]}]}, [REFUSED, ISSUED], id="two"
        ),
        pytest.param({"results": [{"failed": True, "msg": "no"}, {"certificates": None}]}, [], id="that failed"),
        pytest.param({"skipped": True}, [], id="that were not asked"),
        pytest.param({"results": []}, [], id="none"),
        pytest.param({"certificates": [{"name": "jane"}]}, [], id="of no host"),
    ],
)
def test_each_host_gets_its_answers(answers: dict[str, Any], expected: list[dict[str, Any]]) -> None:
    assert expected == find_signed(answers, "web1")


OFFICE = {"ca_id": "ca", "issuing_id": "15"}


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        pytest.param({"results": [{"item": "office", **OFFICE}]}, ["office"], id="by name"),
        pytest.param({"results": [{"item": {"issuer": "office"}, **OFFICE}]}, ["office"], id="by what is said of it"),
        pytest.param(
            {"results": [{"ansible_loop_var": "ca", "ca": "office", **OFFICE}]}, ["office"], id="by another variable"
        ),
        pytest.param({"results": [{"item": "office", "failed": True, "msg": "no"}]}, [], id="that failed"),
        pytest.param({"results": [{"item": "office", "unreachable": True}]}, [], id="that was not reached"),
        pytest.param({"skipped": True}, [], id="that was not asked"),
        pytest.param(OFFICE, [""], id="without a loop"),
        pytest.param({"results": [{"item": {}, **OFFICE}]}, [""], id="without a name"),
    ],
)
def test_which_cas_have_answered(answers: dict[str, Any], expected: list[str]) -> None:
    answered = find_answered(answers)
    assert expected == list(answered)
    assert all(item["ca_id"] == "ca" for item in answered.values())
