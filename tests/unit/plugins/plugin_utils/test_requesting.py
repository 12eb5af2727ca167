# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests from a task's words to its result, against a host that makes what it is asked for."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._remote import Host
from ansible_collections.certwright.tls.plugins.plugin_utils._requesting import (
    make_requests,
    read_requests,
    report_requests,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._run_name import find_run_name
from ansible_collections.certwright.tls.tests.unit.authority import NOW
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.requests_of_hosts import (
    CLAIM,
    issuance_of,
    order_of,
    request_of,
)
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils.test_installation import Machine

A, B = {"name": "a.example", "external_url": "a.example"}, {"name": "b.example", "external_url": "b.example"}


class Maker(Machine):
    """`refused` maps certificates to the code with which the host refuses them; it keeps what it makes."""

    def __init__(self, held: dict[str, dict[str, Any]] | None = None, *, refused: str = "", **answer: Any) -> None:
        super().__init__(held, **answer)
        self.refused = refused

    def _prepare(self, certificates: list[dict[str, Any]]) -> dict[str, Any]:
        return {"certificates": {item["name"]: self._make(item) for item in certificates}}

    def _make(self, item: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = {"request": "", "key_digest": "", "refused": None, "notices": []}
        if item["name"] == self.refused:
            return {**answer, "refused": {"code": "not_writable", "message": "The disk is full; mend that"}}
        request = request_of(*item["key"]["names"])
        self.held[item["name"]] = {"issuance": issuance_of(request)}
        return {**answer, "request": request, "notices": [{"code": "challenge_left", "message": "A file stayed"}]}


def result_of(
    machine: Machine, *elements: dict[str, Any], key_type: str = "", check_mode: bool = False
) -> dict[str, Any]:
    host = Host(machine, {}, None, run="job 7", limits={})  # type: ignore[arg-type]
    task = read_requests(elements, key_type=key_type)
    result = report_requests(task, make_requests(host, task.wanted, now=NOW, check_mode=check_mode), now=NOW)
    assert result == json.loads(json.dumps(result))
    return result


def made_by(result: dict[str, Any]) -> dict[str, bool]:
    return {name: item["made"] for name, item in result["requests"].items()}


def codes_of(result: dict[str, Any], word: str = "problems") -> list[tuple[str, str]]:
    return [(item["certificate"], item["code"]) for item in result.get(word, ())]


def test_what_is_due_is_made_in_two_executions_and_returned_again_in_one() -> None:
    machine = Maker()
    foretold = result_of(machine, A, B, check_mode=True)
    assert (foretold["changed"], made_by(foretold)) == (True, {"a.example": True, "b.example": True})
    assert {item["request"] for item in foretold["requests"].values()} == {""}

    made = result_of(machine, A, B)
    assert (made["changed"], made_by(made)) == (True, made_by(foretold))
    assert codes_of(made, "reasons") == codes_of(foretold, "reasons")
    assert codes_of(made, "reasons") == [("a.example", "certificate_missing"), ("b.example", "certificate_missing")]
    assert (made["warnings"], made["store_path"]) == (["A file stayed (challenge_left)"], "/store")

    again = result_of(machine, A, B)
    assert (again["changed"], again["reasons"], again["warnings"]) == (False, [], [])
    assert made_by(again) == {"a.example": False, "b.example": False}
    assert [item["request"] for item in again["requests"].values()] == [
        item["request"] for item in made["requests"].values()
    ]
    assert [asked["action"] for asked in machine.asked] == ["observe", "observe", "prepare", "observe"]
    assert all("failed" not in result for result in (foretold, made, again))


@pytest.mark.parametrize(
    ("elements", "wanted", "problems"),
    [
        pytest.param([A, B], ["a.example", "b.example"], [], id="both sound"),
        pytest.param([{"name": "a.example"}, B], ["b.example"], ["external_url_missing"], id="without a name"),
        pytest.param([{**A, "external_url": " "}], [], ["external_url_missing"], id="with an empty one"),
        pytest.param([{**A, "name": "../x"}], [], ["name_invalid"], id="a place elsewhere"),
        pytest.param([{**A, "external_url": "a b", "other_urls": ["c d"]}], [], ["name_invalid"] * 2, id="no names"),
        pytest.param([A, B, {**A, "name": "A.Example"}], ["b.example"], ["name_used_twice"], id="said twice"),
        pytest.param([A, A, A], [], ["name_used_twice"] * 2, id="said three times"),
    ],
)
def test_each_is_refused_by_itself(elements: list[dict[str, Any]], wanted: list[str], problems: list[str]) -> None:
    task = read_requests(elements, key_type="")
    assert (wanted, problems) == ([wish.name for wish in task.wanted], [problem.code for problem in task.problems])


def test_what_is_said_of_one_wins_over_what_is_said_of_all() -> None:
    elements = [A, {**B, "key_type": "ec384", "force": True, "other_urls": ["https://c.example/x", "192.0.2.7"]}]
    first, second = read_requests(elements, key_type="rsa2048").wanted
    assert (first.key_type, first.force, first.declared.names) == ("rsa2048", False, ("a.example",))
    assert (second.key_type, second.force) == ("ec384", True)
    assert second.declared.names == ("b.example", "c.example", "192.0.2.7")


def test_the_sound_ones_are_made_beside_what_is_refused() -> None:
    machine = Maker({"c": {"issuance": order_of()}}, refused="b.example")
    result = result_of(machine, A, B, {"name": "c", "external_url": "c.example"}, {"name": "d"})
    assert made_by(result) == {"a.example": True}
    assert codes_of(result) == [("d", "external_url_missing"), ("c", "order_open"), ("b.example", "not_writable")]
    assert (result["changed"], result["failed"]) == (True, True)
    assert codes_of(result, "reasons") == [("a.example", "certificate_missing")]


def test_a_run_of_this_controller_that_was_killed_keeps_nobody_out() -> None:
    ended = find_run_name().replace(f"pid {os.getpid()} ", "pid 4194305 ")
    issuance = order_of(claimed_until=CLAIM)
    issuance["order"]["run"] = ended
    machine = Maker({"a.example": {"issuance": issuance}})
    result = result_of(machine, {**A, "force": True})
    assert (made_by(result), machine.told("a.example")["ended_run"]) == ({"a.example": True}, ended)
    assert [warning.rpartition(" ")[2] for warning in result["warnings"]] == ["(request_replaced)", "(challenge_left)"]


LIVE = {
    "generation": 1,
    "record": {
        "certificate": {
            "names": ["a.example"],
            "not_before": "2026-01-01T00:00:00Z",
            "not_after": "2026-02-01T00:00:00Z",
        },
        "fingerprint": "5d" * 32,
    },
    "activation": {},
    "drift": [],
}


@pytest.mark.parametrize(
    ("skew", "made", "warnings"), [(0, {"a.example": True}, 1), (3600, {}, 1)], ids=["as here", "an hour off"]
)
def test_dates_decide_nothing_where_nobody_knows_the_time(skew: int, made: dict[str, bool], warnings: int) -> None:
    result = result_of(Maker({"a.example": {"live": LIVE}}, time=NOW.timestamp() + skew), A)
    assert (made_by(result), len(result["warnings"])) == (made, warnings)
    assert ("(clock_skew)" in result["warnings"][0]) == bool(skew)
