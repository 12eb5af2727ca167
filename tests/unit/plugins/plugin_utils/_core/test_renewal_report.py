# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What becomes of every certificate, by what the steps of a run said."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.next_run import find_next_run
from ansible_collections.certwright.tls.plugins.plugin_utils._core.renewal_report import (
    STATES,
    Circumstances,
    report_renewals,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.renewal_steps import HostRun, find_put_back
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.renewal_results import (
    NO_PERMISSION,
    outcome,
    result,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=timezone.utc)
NEXT = find_next_run("1h", NOW)
LATER, END = "2026-12-20T00:00:00Z", "2027-01-19T00:00:00Z"
DUE = outcome("planned", changed=True, pending=True, due=True, not_after="2026-11-30T00:00:00Z")
ORDERED = outcome("staged", changed=True, pending=True, ordered=True, renew_at=LATER, not_after=END)
ACTIVATED = result(web=outcome("activated", changed=True))
PERMITTED = {**NO_PERMISSION, "permitted": {"host1": ["web"]}}


def report(run: HostRun, permission: Any = None, *, is_check: bool = False) -> dict[str, Any]:
    return report_renewals(
        [run], NO_PERMISSION if permission is None else permission, how=Circumstances(NEXT, is_check=is_check)
    )


def find_states(told: dict[str, Any]) -> list[tuple[str, str]]:
    return [(state, row.get("code", "")) for state in STATES for row in told[state]]


def warn(step: dict[str, Any], text: str) -> dict[str, Any]:
    return {**step, "warnings": ["other: something else (x)", text]}


@pytest.mark.parametrize(
    ("run", "permission", "expected"),
    [
        pytest.param({"due": result(web=outcome())}, NO_PERMISSION, ("not_due", ""), id="nothing is due"),
        pytest.param(
            {"due": result(web=DUE), "issued": result(web=ORDERED), "activated": ACTIVATED},
            PERMITTED,
            ("renewed", "renewed"),
            id="ordered and activated",
        ),
        pytest.param(
            {"due": result(web=DUE), "issued": result(web=outcome("deferred", due=True))},
            PERMITTED,
            ("deferred", "deferred"),
            id="the CA has a limit",
        ),
        pytest.param(
            {"due": result(web=DUE)},
            {**NO_PERMISSION, "held": {"host1": ["web"]}},
            ("deferred", "orders_held"),
            id="over the budget",
        ),
        pytest.param(
            {"due": result(web=DUE)},
            {
                **NO_PERMISSION,
                "refused": {"host1": [{"certificate": "web", "code": "too_many_reissues", "message": "m"}]},
            },
            ("failed", "too_many_reissues"),
            id="refused by the fleet",
        ),
        pytest.param(
            {"due": result(web=outcome(pending=True, served_verdict="expired", served_not_after=END))},
            NO_PERMISSION,
            ("expired", "activation_overdue"),
            id="it waits, and what is served has ended",
        ),
        pytest.param(
            {"due": result(web=DUE), "issued": result(("web", "rejected", "no"), web=outcome("failed", due=True))},
            PERMITTED,
            ("failed", "rejected"),
            id="the CA said no",
        ),
        pytest.param(
            {"due": result(("web", "rejected", "no"), web=outcome("expired"))},
            NO_PERMISSION,
            ("expired", "rejected"),
            id="waits for its next try, and has ended",
        ),
        pytest.param(
            {
                "due": result(web=DUE),
                "issued": result(web=ORDERED),
                "activated": result(("web", "rolled_back", "m"), web=outcome("rolled_back", pending=True)),
            },
            PERMITTED,
            ("failed", "rolled_back"),
            id="its service did not take it",
        ),
        pytest.param(
            {"due": result(web=DUE), "issued": {"unreachable": True}},
            PERMITTED,
            ("deferred", "not_ordered"),
            id="the host was gone before it was ordered",
        ),
        pytest.param({"due": {"failed": True, "msg": "m"}}, NO_PERMISSION, ("failed", "failed"), id="a fault of words"),
        pytest.param(
            {"due": {"failed": True, "problems": [{"certificate": "web", "code": "no_account_key", "message": "m"}]}},
            NO_PERMISSION,
            ("failed", "no_account_key"),
            id="a refusal before the host was asked",
        ),
        pytest.param({}, NO_PERMISSION, ("failed", "not_asked"), id="a host that came to no step"),
    ],
)
def test_a_certificate_is_in_one_state_and_says_why(
    run: dict[str, Any], permission: Any, expected: tuple[str, str]
) -> None:
    assert [expected] == find_states(report(HostRun("host1", **run), permission))


def test_a_problem_of_another_certificate_is_not_its_own() -> None:
    step = result(("api", "rejected", "no"), api=outcome("failed"), web=outcome())
    assert find_states(report(HostRun("host1", due=step))) == [("not_due", ""), ("failed", "rejected")]


def test_in_check_mode_what_is_due_would_be_renewed_and_nothing_is_pending() -> None:
    step = {**result(web=DUE), "reasons": [{"certificate": "web", "code": "due_by_date", "message": "A third is left"}]}
    told = report(HostRun("host1", due=step), PERMITTED, is_check=True)
    assert (find_states(told), told["pending"], told["check"]) == ([("renewed", "due_by_date")], [], True)


def test_why_something_was_put_off_is_taken_from_its_warning() -> None:
    told = outcome("deferred", next_try=LATER, put_off="rate_limited")
    (row,) = report(HostRun("host1", due=warn(result(web=told), "web: 429: wait (rate_limited)")))["deferred"]
    assert (row["code"], row["message"], row["until"]) == ("rate_limited", "429: wait (rate_limited)", LATER)


def test_what_was_due_is_counted_whatever_became_of_it() -> None:
    step = result(a=DUE, b=ORDERED, c=outcome(), d=outcome("deferred", due=True))
    assert report(HostRun("host1", due=step))["due"] == 3


def test_a_host_without_certificates_to_renew_has_no_rows() -> None:
    told = report(HostRun("host1", due={"skipped": True}))
    assert (find_states(told), told["checked"], told["next_run_needed"]) == ([], 0, "")


def test_a_host_that_was_not_reached_is_named_and_has_no_fault_of_its_own() -> None:
    told = report(HostRun("host1", due={"unreachable": True, "msg": "m"}))
    assert (told["unreachable"], find_states(told)) == (["host1"], [])


def test_the_next_run_is_needed_when_the_first_certificate_needs_it() -> None:
    step = result(a=outcome(next_run_needed=END), b=outcome(next_run_needed=LATER), c=outcome(next_run_needed=""))
    assert report(HostRun("host1", due=step))["next_run_needed"] == LATER


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        pytest.param(
            {"due": result(web=DUE), "issued": result(web=ORDERED)}, [DUE["renewal"]["not_after"]], id="just ordered"
        ),
        pytest.param(
            {"due": result(web=outcome(pending=True, not_after=END)), "issued": result(web=outcome(pending=True))},
            [None],
            id="ordered by an earlier run",
        ),
    ],
)
def test_beside_a_pending_certificate_its_end_is_not_told_as_that_of_the_served_one(
    run: dict[str, Any], expected: list[str | None]
) -> None:
    told = report(HostRun("host1", **run), PERMITTED)
    assert told["pending"] == [{"host": "host1", "certificate": "web"}]
    assert [row.get("not_after") for state in STATES for row in told[state]] == expected


@pytest.mark.parametrize(("tried", "is_news"), [(True, True), (False, False)], ids=["tried now", "told again"])
def test_a_failure_is_news_when_this_run_tried(tried: bool, is_news: bool) -> None:
    failed = result(("web", "rejected", "no"), web=outcome("failed", email="it@a.example"))
    run = HostRun("host1", due=result(web=DUE), issued=failed) if tried else HostRun("host1", due=failed)
    (row,) = report(run, PERMITTED if tried else NO_PERMISSION)["failed"]
    assert (row.get("is_news", False), row["email"]) == (is_news, "it@a.example")


def found(**words: Any) -> dict[str, Any]:
    """A certificate of 90 days."""
    return {
        "source": "store",
        "name": "bought",
        "state": "live",
        "not_before": "2026-10-01T00:00:00Z",
        "not_after": "2026-12-30T00:00:00Z",
        "days_left": 20,
        "life_left": 0.22,
        "problems": [{"code": "due", "message": "m"}],
        **words,
    }


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        pytest.param(found(), [("bought", False)], id="a third is left"),
        pytest.param(found(life_left=0.16), [("bought", True)], id="a sixth is left"),
        pytest.param(found(not_before="2026-12-25T00:00:00Z"), [("bought", True)], id="a fifth of a short life"),
        pytest.param(
            found(life_left=0.0, problems=[{"code": "expired", "message": "m"}]), [("bought", True)], id="ended"
        ),
        pytest.param(found(problems=[{"code": "key_exposed", "message": "m"}]), [], id="something else is wrong"),
        pytest.param(found(problems=[]), [], id="sound"),
        pytest.param(found(state="disabled"), [], id="another certificate is served"),
        pytest.param(found(source="port", name=None), [], id="seen at a port"),
        pytest.param(found(name="web"), [], id="one that is renewed"),
    ],
)
def test_what_nobody_renews_is_told_when_it_nears_its_end(
    row: dict[str, Any], expected: list[tuple[str, bool]]
) -> None:
    run = HostRun(
        "host1", due=result(web=outcome()), found={"certificates": [row]}, contacts={"bought": "it@a.example"}
    )
    ending = report(run)["ends_soon"]
    assert expected == [(item["certificate"], item["is_close"]) for item in ending]
    assert {item["email"] for item in ending} <= {"it@a.example"}


def test_only_a_service_that_was_touched_stops_the_others() -> None:
    results = {
        "well": ACTIVATED,
        "back": result(web=outcome("activated"), api=outcome("rolled_back")),
        "broken-before": result(web=outcome("refused")),
        "skipped": {},
    }
    assert find_put_back(results) == ["back"]


def test_what_went_back_before_stops_nobody_again() -> None:
    back = result(web=outcome("rolled_back", pending=True))
    results = {
        "activated": {**back, "retried": ["web"]},
        "received-before": result(web=outcome("rolled_back", pending=True, ordered=False)),
        "received-now": result(web=outcome("rolled_back", pending=True, ordered=True)),
        "another": {**back, "retried": ["api"]},
    }
    assert find_put_back(results) == ["received-now", "another"]


SHARED = {"wildcard": {"home": "pki01"}}
RECEIVED = outcome("activated", changed=True, ordered=True, renew_at=LATER, not_after=END)
HOME = HostRun("pki01", due=result(**{"wildcard.shared": DUE}))
HOME_THAT_ORDERED = HostRun("pki01", due=HOME.due, issued=result(**{"wildcard.shared": ORDERED}))


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        pytest.param(result(wildcard=outcome()), ("not_due", "", False), id="nothing new"),
        pytest.param(result(wildcard=RECEIVED), ("renewed", "renewed", True), id="received and activated"),
        pytest.param(
            warn(result(wildcard=outcome("deferred", due=True)), "wildcard: its home is silent (home_silent)"),
            ("deferred", "deferred", False),
            id="its home is silent",
        ),
        pytest.param(
            result(("wildcard", "home_silent", "m"), wildcard=outcome("failed", due=True)),
            ("failed", "home_silent", False),
            id="its home is silent, and it has nothing",
        ),
        pytest.param(
            result(("wildcard", "rolled_back", "m"), wildcard=outcome("rolled_back", pending=True, ordered=True)),
            ("failed", "rolled_back", True),
            id="its service did not take it",
        ),
        pytest.param({"failed": True, "msg": "m"}, ("failed", "failed", False), id="a fault of the host"),
        pytest.param({"skipped": True}, ("deferred", "not_received", False), id="the rollout had stopped"),
        pytest.param({}, ("deferred", "not_received", False), id="the run ended before"),
    ],
)
def test_what_is_received_is_told_like_what_is_activated(
    received: dict[str, Any], expected: tuple[str, str, bool]
) -> None:
    told = report(HostRun("web1", due=result(), received=received, shared=SHARED))
    rows = [(state, row.get("code", ""), row.get("is_news", False)) for state in STATES for row in told[state]]
    assert [expected] == rows


def test_a_home_that_is_silent_is_named_in_the_reason() -> None:
    step = warn(result(wildcard=outcome("deferred")), "wildcard: pki01 was not reached (home_silent)")
    (row,) = report(HostRun("web1", due=result(), received=step, shared=SHARED))["deferred"]
    assert (row["host"], row["message"]) == ("web1", "pki01 was not reached (home_silent)")


def test_a_member_that_had_to_go_back_has_it_pending() -> None:
    back = result(("wildcard", "rolled_back", "m"), wildcard=outcome("rolled_back", pending=True, ordered=True))
    assert report(HostRun("web1", received=back, shared=SHARED))["pending"] == [
        {"host": "web1", "certificate": "wildcard"}
    ]


@pytest.mark.parametrize(
    ("home", "permission", "is_check", "expected"),
    [
        pytest.param(HOME, {"permitted": {"pki01": ["wildcard.shared"]}}, True, "renewed", id="a check"),
        pytest.param(HOME, {"held": {"pki01": ["wildcard.shared"]}}, True, "deferred", id="its home has to wait"),
        pytest.param(
            HOME_THAT_ORDERED, {"permitted": {"pki01": ["wildcard.shared"]}}, False, "deferred", id="a run that stopped"
        ),
    ],
)
def test_in_check_mode_a_member_would_receive_what_its_home_would_order(
    home: HostRun, permission: dict[str, Any], is_check: bool, expected: str
) -> None:
    member = HostRun("web1", due=result(), shared=SHARED)
    told = report_renewals([home, member], {**NO_PERMISSION, **permission}, how=Circumstances(NEXT, is_check=is_check))
    assert [expected] == [state for state in STATES for row in told[state] if row["host"] == "web1"]


def test_a_member_that_was_not_reached_has_no_rows() -> None:
    told = report(HostRun("web1", due=result(), received={"unreachable": True}, shared=SHARED))
    assert (find_states(told), told["unreachable"]) == ([], ["web1"])


@pytest.mark.parametrize(
    "run", [{"shared": SHARED}, {"received": result(wildcard=outcome())}], ids=["declared", "received"]
)
def test_what_a_home_renews_is_not_taken_for_what_nobody_does(run: dict[str, Any]) -> None:
    seen = {"certificates": [found(name="wildcard"), found()]}
    ending = report(HostRun("web1", due=result(), found=seen, **run))["ends_soon"]
    assert [row["certificate"] for row in ending] == ["bought"]


@pytest.mark.parametrize(
    ("requested", "signed", "expected"),
    [
        pytest.param(result(web=outcome()), {}, [("not_due", "")], id="nothing is due"),
        pytest.param(result(web=DUE), result(web=ORDERED), [("renewed", "renewed")], id="signed and stored"),
        pytest.param(
            result(web=DUE),
            result(("web", "not_signed", "The CA's answer does not have it"), web=outcome("failed", due=True)),
            [("failed", "not_signed")],
            id="the CA refused it",
        ),
        pytest.param(result(web=DUE), {}, [("deferred", "not_ordered")], id="the run ended before its turn"),
        pytest.param(
            {"failed": True, "msg": "The host could not be asked"}, {}, [("failed", "failed")], id="a host that failed"
        ),
    ],
)
def test_what_an_internal_ca_signs_is_told_like_what_is_ordered(
    requested: dict[str, Any], signed: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert find_states(report(HostRun("host1", requested=requested, signed=signed))) == expected


def test_what_an_internal_ca_signs_is_not_taken_for_what_nobody_renews() -> None:
    row = {
        "name": "web",
        "source": "store",
        "state": "live",
        "problems": [{"code": "ends_soon"}],
        "not_after": END,
        "not_before": "2026-01-01T00:00:00Z",
        "days_left": 3,
        "life_left": 0.01,
    }
    run = HostRun("host1", requested=result(web=outcome()), found={"certificates": [row]})
    assert report(run)["ends_soon"] == []


def test_a_ca_that_cannot_be_kept_fails_its_host() -> None:
    problem = {"certificate": "/srv/ca", "code": "ca_missing", "message": "the directory is empty"}
    kept = {"failed": True, "results": [{"item": "office", "failed": True, "problems": [problem]}, {"item": "lab"}]}

    (row,) = report(HostRun("ca01", kept=kept))["failed"]

    assert (row["host"], row["code"], row["is_news"]) == ("ca01", "ca_missing", True)
    assert row["message"] == "the internal CA office could not be kept: /srv/ca: the directory is empty"


def test_a_ca_that_failed_is_told_by_the_first_host_that_asked_though_nothing_is_due() -> None:
    found = [{"issuer": "office", "code": "ca_damaged", "message": "entry 7"}]
    asked = [HostRun(name, requested=result(web=outcome()) | {"unanswered": found}) for name in ("web1", "web2")]
    told = report_renewals(asked, NO_PERMISSION, how=Circumstances(NEXT))
    assert [(row["host"], row.get("certificate"), row["code"], row["message"]) for row in told["failed"]] == [
        ("web1", None, "ca_damaged", "the internal CA office could not be read: entry 7")
    ]
    problem = {"certificate": "/srv/ca", "code": "ca_damaged", "message": "entry 7"}
    kept = {"failed": True, "results": [{"item": "office", "failed": True, "problems": [problem]}]}
    told = report_renewals([*asked, HostRun("ca01", kept=kept)], NO_PERMISSION, how=Circumstances(NEXT))
    assert [row["host"] for row in told["failed"]] == ["ca01"]


def test_a_ca_that_failed_without_a_problem_says_what_the_module_said() -> None:
    kept = {"failed": True, "results": [{"item": "office", "failed": True, "msg": "no such host"}]}

    (row,) = report(HostRun("ca01", kept=kept))["failed"]

    assert (row["code"], row["message"]) == ("failed", "the internal CA office could not be kept: no such host")
    (row,) = report(HostRun("ca01", kept={"failed": True, "msg": "no loop"}))["failed"]
    assert row["message"] == "the internal CA of this host could not be kept: no loop"


WAITED = result(web=outcome("activated", changed=True))


@pytest.mark.parametrize(
    ("activated", "stopped_by", "expected", "pending"),
    [
        pytest.param(WAITED, (), [("activated", "activated", "web")], [], id="its services have it now"),
        pytest.param(
            result(web=outcome("restart_pending", pending=True)), (), [], ["web"], id="its service has to be restarted"
        ),
        pytest.param(
            result(("web", "rolled_back", "m"), web=outcome("rolled_back", pending=True)),
            ("host1",),
            [("failed", "rolled_back", "web")],
            ["web"],
            id="its service did not take it",
        ),
        pytest.param(result(), (), [], [], id="nothing waited"),
        pytest.param({"skipped": True}, ("other",), [], [""], id="the rollout had stopped"),
        pytest.param({"skipped": True}, (), [], [], id="skipped for no fault"),
        pytest.param({"failed": True, "msg": "m"}, (), [("failed", "failed", "")], [], id="a fault of the host"),
        pytest.param({"unreachable": True}, ("other",), [], [], id="a host that was not reached"),
        pytest.param({}, (), [("failed", "not_asked", "")], [], id="a host that did not come to it"),
    ],
)
def test_in_a_run_of_the_second_half_alone_what_was_activated_is_told_and_nothing_of_what_is_due(
    activated: dict[str, Any], stopped_by: tuple[str, ...], expected: list[tuple[str, str, str]], pending: list[str]
) -> None:
    how = Circumstances(NEXT, half="activate", stopped_by=stopped_by)
    told = report_renewals([HostRun("host1", activated=activated)], NO_PERMISSION, how=how)
    rows = [(state, row["code"], row.get("certificate", "")) for state in STATES for row in told[state]]
    assert (rows, [row.get("certificate", "") for row in told["pending"]]) == (expected, pending)
    assert (told["half"], told["stopped_by"]) == ("activate", list(stopped_by) if pending else [])


@pytest.mark.parametrize(("retried", "is_news"), [(["web"], False), ([], True)], ids=["again", "the first time"])
def test_a_failed_activation_is_news_the_first_time(retried: list[str], is_news: bool) -> None:
    step = {**result(("web", "rolled_back", "m"), web=outcome("rolled_back", pending=True)), "retried": retried}
    how = Circumstances(NEXT, half="activate")
    (row,) = report_renewals([HostRun("host1", activated=step)], NO_PERMISSION, how=how)["failed"]
    assert row.get("is_news", False) is is_news


def test_what_an_earlier_run_had_stored_is_told_in_a_whole_run_too() -> None:
    run = HostRun("host1", due=result(web=outcome(pending=True)), activated=WAITED)
    told = report(run)
    assert (find_states(told), told["pending"]) == ([("activated", "activated")], [])


def test_words_that_cannot_be_read_fail_the_host() -> None:
    run = HostRun("host1", broken={"failed": True, "msg": "tls_max_orders is 'many'"})
    (row,) = report(run)["failed"]
    assert (row["host"], row["message"]) == ("host1", "tls_max_orders is 'many'")


@pytest.mark.parametrize(
    ("every", "certificates", "expected"),
    [
        pytest.param("1h", {"web": outcome(next_run_needed="2026-11-22T12:30:00Z")}, ["web"], id="in half an hour"),
        pytest.param("15m", {"web": outcome(next_run_needed="2026-11-22T12:30:00Z")}, [], id="a schedule that suits"),
        pytest.param("1h", {"web": outcome(next_run_needed="2026-11-22T13:00:00Z")}, [], id="just in time"),
        pytest.param("1d", {"a": outcome(next_run_needed=LATER), "b": outcome()}, [], id="later, or not known"),
        pytest.param(
            "1h",
            {"web": outcome("deferred", next_run_needed="2026-11-22T12:01:00Z")},
            [],
            id="put off: it may be tried again later than that",
        ),
    ],
)
def test_a_certificate_that_needs_a_run_before_the_schedule_comes_again_is_named(
    every: str, certificates: dict[str, Any], expected: list[str]
) -> None:
    how = Circumstances(find_next_run(every, NOW))
    told = report_renewals([HostRun("host1", due=result(**certificates))], NO_PERMISSION, how=how)
    assert [row["certificate"] for row in told["needed_sooner"]] == expected
    assert [warning.endswith("run it more often") for warning in told["warnings"]] == [True for _name in expected]
    assert told["next_run_expected"] == how.next_run.text


def test_an_interval_that_is_none_is_told_and_keeps_no_report_from_anybody() -> None:
    told = report_renewals([], NO_PERMISSION, how=Circumstances(find_next_run("hourly", NOW)))
    (warning,) = told["warnings"]
    assert (told["next_run_expected"], "'hourly', which is no interval" in warning) == ("2026-11-22T13:00:00Z", True)
