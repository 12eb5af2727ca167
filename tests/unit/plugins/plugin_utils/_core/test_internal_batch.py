# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One batch for a fleet: whose request goes to which CA, and whose answer comes back."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.internal_batch import (
    find_answered,
    find_asked,
    find_batches,
    find_signed,
    find_unanswered,
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


def failed(code: str = "", item: str = "office", **words: Any) -> dict[str, Any]:
    """Of a CA's module, in a loop over CAs."""
    problems = [{"certificate": f"/srv/{item}", "code": code, "message": f"it is {code}"}] if code else []
    return {"item": item, "failed": True, "msg": "no Python", **({"problems": problems} if code else {}), **words}


REQUESTS = [request("web1"), request("web1", "db"), request("web1", "lab", issuer="lab")]


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        pytest.param(
            {"results": [failed("ca_rolled_back"), {"item": "lab", "certificates": []}]},
            dict.fromkeys(("web", "db"), ("refused", "ca_rolled_back", "/srv/office: it is ca_rolled_back")),
            id="it is an old copy",
        ),
        pytest.param(
            {"results": [failed("ca_busy", "lab")]},
            {"lab": ("deferred", "ca_busy", "/srv/lab: it is ca_busy")},
            id="others are at it",
        ),
        pytest.param(
            failed(), dict.fromkeys(("web", "db", "lab"), ("refused", "failed", "no Python")), id="without a loop"
        ),
        pytest.param({"results": [failed("ca_altered", unreachable=True)]}, {}, id="it was not reached"),
        pytest.param({"results": [failed("name_outside_constraints", certificates=[])]}, {}, id="it refused some"),
    ],
)
def test_a_batch_that_failed_as_a_whole_refused_each_request(
    answers: dict[str, Any], expected: dict[str, tuple[str, str, str]]
) -> None:
    signed = find_signed(answers, "web1", REQUESTS)
    assert expected == {item["name"]: (item["outcome"], item["code"], item["message"]) for item in signed}
    assert {item["host"] for item in signed} <= {"web1"}


def unanswered(code: str, issuer: str = "office") -> dict[str, str]:
    return {"issuer": issuer, "code": code, "message": "m"}


@pytest.mark.parametrize(
    ("results", "kept", "expected"),
    [
        pytest.param({"web1": {}, "web2": {"unanswered": []}}, {}, [], id="all answered"),
        pytest.param(
            {
                "web1": {},
                "web2": {"unanswered": [unanswered("ca_damaged")]},
                "web3": {"unanswered": [unanswered("ca_damaged"), unanswered("ca_other", "lab")]},
            },
            {},
            [("web2", "office", "ca_damaged"), ("web3", "lab", "ca_other")],
            id="one host says it for all",
        ),
        pytest.param(
            {"web1": {"unanswered": [unanswered("ca_damaged"), unanswered("ca_other", "lab")]}},
            {"ca01": {"results": [failed("ca_damaged"), failed("x", "lab", unreachable=True)]}, "web1": {}},
            [("web1", "lab", "ca_other")],
            id="its own host has said it",
        ),
    ],
)
def test_a_ca_that_failed_is_told_once(
    results: dict[str, Any], kept: dict[str, Any], expected: list[tuple[str, str, str]]
) -> None:
    rows = find_unanswered(results, kept)
    assert expected == [(row["host"], row["issuer"], row["code"]) for row in rows]
    assert all(row["message"] == f"the internal CA {row['issuer']} could not be read: m" for row in rows)


OFFICE = {"ca_id": "ca", "issuing_id": "15"}


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        pytest.param({"results": [{"item": "office", **OFFICE}]}, ["office"], id="by name"),
        pytest.param({"results": [{"item": {"issuer": "office"}, **OFFICE}]}, ["office"], id="by what is said of it"),
        pytest.param(
            {"results": [{"ansible_loop_var": "ca", "ca": "office", **OFFICE}]}, ["office"], id="by another variable"
        ),
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


def test_who_is_asked_signs_or_is_trusted_and_declared() -> None:
    services = ["nginx", {"custom": None}, {"custom": {"trust": ["partners", "stranger", "unpinned", "office"]}}]
    orders = [{"issuer": "office", "services": services}, {"issuer": "office", "services": [{"custom": {"trust": 5}}]}]
    pinned = {"type": "internal_ca", "host": "ca01", "fingerprint": "ab"}
    issuers = {"office": pinned, "partners": pinned, "unpinned": {"host": "ca01"}, "stranger": "files"}
    assert find_asked([*orders, {}], issuers) == ["office", "partners"]


def test_a_ca_that_failed_has_answered_with_that() -> None:
    answer = failed("ca_damaged")
    assert find_answered({"results": [answer]}) == {"office": answer}
