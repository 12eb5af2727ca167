# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run of installation came to: one row for each certificate, whatever step said it last."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.run_report import (
    Circumstances,
    HostRun,
    find_faults,
    find_stopping,
    report_run,
)


def outcome(
    word: str, *, changed: bool = False, pending: bool = False, services: tuple[str, ...] = ()
) -> dict[str, Any]:
    return {"outcome": word, "changed": changed, "pending": pending, "services": [{"name": name} for name in services]}


def result(*problems: tuple[str, str, str], **outcomes: dict[str, Any]) -> dict[str, Any]:
    told = [dict(zip(("certificate", "code", "message"), item, strict=True)) for item in problems]
    return {"outcomes": outcomes, "failed": bool(told), "problems": told}


STAGED = result(www=outcome("staged", changed=True, pending=True))
WHY = {"reasons": [{"certificate": "www", "code": "name_missing", "message": "www.example.org is not on it"}]}

LIMIT = {"renewals": {"www": {"put_off": "rate_limited"}}, "warnings": ["www: 429: wait (rate_limited)"]}


def find_state(run: HostRun, **words: Any) -> tuple[str, dict[str, Any]]:
    """Of the only row."""
    report = report_run([run], run="install", how=Circumstances(**words))
    ((state, row),) = [
        (state, row)
        for state in ("changed", "unchanged", "pending", "deferred", "held_back", "failed")
        for row in report[state]
    ]
    return state, row


ROWS = [
    ("stored and activated", HostRun("h", (STAGED,), result(www=outcome("activated", changed=True))), "changed", ""),
    ("unchanged", HostRun("h", (result(www=outcome("unchanged")),)), "unchanged", ""),
    ("stored, and the rollout ended", HostRun("h", (STAGED,)), "pending", "pending"),
    ("put off", HostRun("h", ({**result(www=outcome("deferred")), **WHY, **LIMIT},)), "deferred", "rate_limited"),
    ("put off by somebody who says no code", HostRun("h", (result(www=outcome("deferred")),)), "deferred", "deferred"),
    ("beside one that is refused", HostRun("h", (result(www=outcome("held_back")),)), "held_back", "held_back"),
    ("over the budget", HostRun("h", (result(www=outcome("planned")),), held=("www",)), "deferred", "orders_held"),
    (
        "put back",
        HostRun("h", (STAGED,), result(("www", "rolled_back", "why"), www=outcome("rolled_back", pending=True))),
        "failed",
        "rolled_back",
    ),
    (
        "refused over all hosts",
        HostRun(
            "h",
            (result(www=outcome("planned")),),
            refused=({"certificate": "www", "code": "too_many_reissues", "message": "why"},),
        ),
        "failed",
        "too_many_reissues",
    ),
    ("received", HostRun("h", (STAGED,), received=result(www=outcome("activated", changed=True))), "changed", ""),
    ("never asked", HostRun("h"), "failed", "not_asked"),
    ("a task that told nothing", HostRun("h", ({"failed": True, "msg": "no python"},)), "failed", "failed"),
    ("refused as a whole", HostRun("h", (result(("inventory", "x_y", "why")),)), "failed", "x_y"),
]


@pytest.mark.parametrize(("run", "state", "code"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_the_last_step_that_knows_a_certificate_tells_its_state(run: HostRun, state: str, code: str) -> None:
    found, row = find_state(run)
    assert (found, row.get("code", "")) == (state, code)


def test_a_change_says_how_it_ended_where_and_why() -> None:
    run = HostRun(
        "h", ({**STAGED, **WHY},), result(www=outcome("activated", changed=True, services=("nginx", "dovecot")))
    )
    assert find_state(run)[1] == {
        "host": "h",
        "certificate": "www",
        "outcome": "activated",
        "code": "name_missing",
        "message": "www.example.org is not on it",
        "services": ["nginx", "dovecot"],
    }


def test_what_is_pending_says_that_the_rollout_stopped() -> None:
    stopped = report_run([HostRun("h", (STAGED,))], run="install", how=Circumstances(stopped_by=("canary",)))
    assert ("the rollout had stopped" in stopped["pending"][0]["message"], stopped["stopped_by"]) == (True, ["canary"])
    assert "the rollout had stopped" not in find_state(HostRun("h", (STAGED,)))[1]["message"]


def test_a_check_foretells_changes_and_leaves_nothing_pending() -> None:
    planned = result(www=outcome("planned", changed=True, pending=True))
    assert find_state(HostRun("h", (planned,)), is_check=True)[0] == "changed"


def test_why_something_is_put_off_comes_before_why_it_is_due() -> None:
    put_off = HostRun("h", ({**result(www=outcome("deferred")), **WHY, **LIMIT},))
    assert find_state(put_off)[1]["message"] == "429: wait (rate_limited)"


def test_the_report_counts_certificates_and_names_hosts_that_were_not_reached() -> None:
    runs = [
        HostRun("a", (result(www=outcome("unchanged"), api=outcome("unchanged")),)),
        HostRun("b", ({"unreachable": True},)),
    ]
    report = report_run(runs, run="remove", how=Circumstances(stopped_by=("a",)))
    told = tuple(report[word] for word in ("run", "checked", "unreachable", "stopped_by"))
    assert told == ("remove", 2, ["b"], [])
    assert report["failed"] == []


def test_what_the_inventory_does_not_know_is_named_unless_another_step_keeps_it() -> None:
    stored = {**result(www=outcome("unchanged")), "unmanaged": ["api", "old"]}
    ordered = {**result(api=outcome("unchanged")), "unmanaged": ["www", "old"]}
    report = report_run([HostRun("h", (ordered, stored))], run="install", how=Circumstances())
    assert report["unmanaged"] == [{"host": "h", "certificate": "old"}]
    assert report_run([HostRun("h", (ordered, stored))], run="remove", how=Circumstances())["unmanaged"] == []


def test_a_name_that_one_host_knows_is_no_mistake() -> None:
    names = {"www": outcome("unchanged"), "shpo": outcome("unchanged")}
    lacking = {**result(**names), "unknown": ["www", "shpo"]}
    runs = [
        HostRun("a", (lacking,), received=lacking),
        HostRun("b", received=lacking),
        HostRun("c", ({"failed": True, "msg": "a template"},)),
    ]
    assert report_run(runs, run="remove", how=Circumstances())["unknown"] == ["shpo", "www"]
    known = HostRun("d", received=result(www=outcome("removed")))
    assert report_run([*runs, known], run="remove", how=Circumstances())["unknown"] == ["shpo"]


STOPPING = [
    ("put back", {"activated": result(www=outcome("rolled_back"))}, True),
    ("put back before as well", {"activated": {**result(www=outcome("rolled_back")), "retried": ["www"]}}, True),
    ("nobody knows how it went", {"activated": {"failed": True, "msg": "a traceback"}}, True),
    ("broken before", {"activated": result(("www", "c", "m"), www=outcome("refused"))}, False),
    ("a member was put back", {"received": result(www=outcome("rolled_back"))}, True),
    ("nothing to do", {}, False),
    ("not reached", {"activated": {"unreachable": True}}, False),
]


@pytest.mark.parametrize(("steps", "stops"), [row[1:] for row in STOPPING], ids=[row[0] for row in STOPPING])
def test_a_rollout_stops_after_a_host_that_had_to_go_back(steps: dict[str, Any], *, stops: bool) -> None:
    assert find_stopping([HostRun("h", **steps)], at_unreachable=False) == (["h"] if stops else [])


def test_a_host_that_is_not_reached_stops_it_when_told() -> None:
    assert find_stopping([HostRun("h", activated={"unreachable": True})], at_unreachable=True) == ["h"]


def test_any_fault_stops_what_cannot_be_put_back() -> None:
    failed = HostRun("h", activated=result(("www", "not_revoked", "m"), www=outcome("failed")))
    assert find_stopping([failed], at_unreachable=False) == []
    assert find_stopping([failed, HostRun("i")], at_unreachable=False, at_failure=True) == ["h"]


def test_a_run_that_only_activates_fails_nobody_whom_it_did_not_begin_with_and_names_them() -> None:
    assert report_run([HostRun("h")], run="install", how=Circumstances(asked=False))["failed"] == []
    stopped = report_run([HostRun("h")], run="install", how=Circumstances(asked=False, stopped_by=("canary",)))
    assert (stopped["failed"], stopped["pending"][0]["host"], stopped["stopped_by"]) == ([], "h", ["canary"])


def test_each_host_fails_for_all_of_its_faults() -> None:
    runs = [
        HostRun("a", (result(("www", "x", "why"), ("inventory", "y", "that too"), www=outcome("refused")),)),
        HostRun("b", ({"unreachable": True},)),
        HostRun("c"),
        HostRun("d", (STAGED,)),
    ]
    assert find_faults(report_run(runs, run="install", how=Circumstances())) == {
        "a": "inventory: that too\nwww: why",
        "b": "b was not reached in each step, so nobody knows how far it came; run again",
        "c": "c: it ended before it was asked",
    }
