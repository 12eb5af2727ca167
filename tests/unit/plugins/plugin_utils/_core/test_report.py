# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import describe
from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import Observed
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError, TlsError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.plan import Plan
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice, Problem, Reason
from ansible_collections.certwright.tls.plugins.plugin_utils._core.report import (
    describe_diff,
    explain,
    find_clock_notices,
    list_hints,
    list_paths,
    load_notices,
    report_outcomes,
    report_problems,
    report_warnings,
)
from ansible_collections.certwright.tls.tests.unit.authority import NOW
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.test_deployment import (
    found,
    leaf,
    services_of,
    stored,
    wanted,
)

WHY = Reason("certificate_missing", "No certificate web is installed")
KEPT = Plan("web")
NEW = Plan("web", reasons=(WHY,), stage=True, activate=True, pending=True)
STORED = Plan("web", reasons=(WHY,), generation=2, activate=True, pending=True)
STAGE_ONLY = Plan("web", reasons=(WHY,), stage=True, pending=True)
WAITING = Plan("web", pending=True)
DISCARD = Plan("web", discard=(2,))
DISCARD_AND_WAIT = Plan("web", discard=(2,), pending=True)
RECOVER = Plan("web", recover=True)
REMEMBER = Plan("web", remember=1)
REMEMBER_AND_WAIT = Plan("web", remember=2, pending=True)
REMEMBER_AND_DISCARD = Plan("web", remember=1, discard=(2,))
MISPLACED = Plan("web", stage=True, activate=True, problems=(Problem("web", "refused", "There is no group tls"),))
REFUSED = Plan("web", problems=(Problem("web", "ends_sooner", "it ends sooner"),))
BROKEN = Plan("web", stage=True, activate=True, problems=(Problem("web", "service_config_broken_before", "broken"),))
FALLS = Plan("web", reasons=(WHY,), follows="system", activate=True, fallback=True, pending=True)
FALLS_LATER = Plan("web", reasons=(WHY,), follows="system", fallback=True, pending=True)
FALLEN = Plan("web", fallback=True)
FALLEN_AND_DISCARD = Plan("web", fallback=True, discard=(2,))
REMOVE = Plan("web", reasons=(WHY,), remove=True)
ADOPT = Plan("web", reasons=(WHY,), adopt=True)
READOPT = Plan("web", remember=0)
ORDER = Plan("web", reasons=(WHY,), order=True, pending=True)
LATE = Plan("web", verdict="deferred", memory={"failure": {}}, end_order="release")
ORDERED_IN_VAIN = Plan("web", verdict="failed", failures=(Problem("web", "caa_forbids", "CAA forbids it"),))
ENDED = Plan("web", verdict="expired", failures=(Problem("web", "rate_limited", "no more"),))
LATE_AND_NEW = replace(NEW, verdict="deferred", restage=1)
REFUSED_AND_LATE = replace(REFUSED, verdict="deferred")
IN_VAIN = Plan("web", failures=(Problem("web", "not_served", "in vain"),))


def ended(outcome: str, certificate: str = "web", **changes: Any) -> dict[str, Any]:
    """As the host tells it."""
    return {
        "certificate": certificate,
        "outcome": outcome,
        "generation": 2,
        "previous": 1,
        "message": "",
        "step": "",
        "services": [],
        "notices": [],
        **changes,
    }


@pytest.mark.parametrize(
    ("plan", "outcomes", "changed", "pending", "problems", "told"),
    [
        pytest.param(KEPT, [], False, False, [], "unchanged", id="nothing to do"),
        pytest.param(WAITING, [], False, True, [], "unchanged", id="stored already, to activate later"),
        pytest.param(NEW, ["activated"], True, False, [], "activated", id="activated"),
        pytest.param(NEW, ["placed_not_served"], True, False, [], "placed_not_served", id="service is stopped"),
        pytest.param(NEW, ["restart_pending"], True, False, [], "restart_pending", id="service restarts later"),
        pytest.param(STAGE_ONLY, ["staged"], True, True, [], "staged", id="stored"),
        pytest.param(DISCARD, ["discarded"], True, False, [], "discarded", id="discarded"),
        pytest.param(DISCARD_AND_WAIT, ["discarded"], True, True, [], "discarded", id="discarded, a newer one waits"),
        pytest.param(
            NEW, ["rolled_back"], False, True, ["rolled_back"], "rolled_back", id="put back, and still stored"
        ),
        pytest.param(
            NEW, ["kept_new_unproved"], True, False, ["kept_new_unproved"], "kept_new_unproved", id="kept and unproved"
        ),
        pytest.param(NEW, ["not_served"], True, False, ["not_served"], "not_served", id="kept, and nothing names it"),
        pytest.param(REMEMBER, ["remembered"], False, False, [], "unchanged", id="remembered"),
        pytest.param(REMEMBER_AND_WAIT, ["remembered"], False, True, [], "unchanged", id="remembered for later"),
        pytest.param(
            STORED, ["activated", "remembered"], True, False, [], "activated", id="recovered first, then remembered"
        ),
        pytest.param(NEW, ["refused"], False, False, ["refused"], "refused", id="refused before it was stored"),
        pytest.param(STORED, ["refused"], False, True, ["refused"], "refused", id="refused, was stored before"),
        pytest.param(RECOVER, ["left_alone"], False, False, ["left_alone"], "left_alone", id="left alone"),
        pytest.param(
            NEW, ["rolled_back", "activated"], True, False, [], "activated", id="recovered first, then activated"
        ),
        pytest.param(
            NEW, ["activated", "rolled_back"], True, True, ["rolled_back"], "rolled_back", id="the last one counts"
        ),
        pytest.param(REFUSED, [], False, False, ["ends_sooner"], "refused", id="refused by the plan"),
        pytest.param(IN_VAIN, [], False, False, ["not_served"], "unchanged", id="fails without a step"),
        pytest.param(FALLS, ["activated"], True, False, [], "disabled_fallback", id="fell back"),
        pytest.param(FALLS, ["placed_not_served"], True, False, [], "placed_not_served", id="fell back, stopped"),
        pytest.param(FALLS, ["rolled_back"], False, True, ["rolled_back"], "rolled_back", id="did not fall back"),
        pytest.param(FALLS_LATER, ["staged"], True, True, [], "staged", id="is to fall back later"),
        pytest.param(FALLEN, [], False, False, [], "disabled_fallback", id="fell back earlier"),
        pytest.param(FALLEN_AND_DISCARD, ["discarded"], True, False, [], "discarded", id="fell back, discarded"),
        pytest.param(REMOVE, ["removed"], True, False, [], "removed", id="removed"),
        pytest.param(REMOVE, ["refused"], False, False, ["refused"], "refused", id="somebody has come to name it"),
        pytest.param(ADOPT, ["adopted"], True, False, [], "adopted", id="adopted"),
        pytest.param(READOPT, ["remembered"], False, False, [], "unchanged", id="adopted before, and renewed"),
        pytest.param(LATE, ["remembered"], False, False, [], "deferred", id="put off, and remembered"),
        pytest.param(LATE, [], False, False, [], "deferred", id="put off earlier"),
        pytest.param(ORDERED_IN_VAIN, ["remembered"], False, False, ["caa_forbids"], "failed", id="ordered in vain"),
        pytest.param(ENDED, ["remembered"], False, False, ["rate_limited"], "expired", id="ordered in vain, and ended"),
        pytest.param(
            LATE_AND_NEW, ["activated"], True, False, [], "activated", id="put off, and what is there was activated"
        ),
        pytest.param(REFUSED_AND_LATE, [], False, False, ["ends_sooner"], "refused", id="put off, and refused"),
    ],
)
def test_how_a_run_ended(
    *, plan: Plan, outcomes: list[str], changed: bool, pending: bool, problems: list[str], told: str
) -> None:
    result = report_outcomes([plan], [ended(outcome) for outcome in outcomes], check_mode=False)

    assert (changed, pending) == (result["changed"], result["pending"])
    assert problems == [problem["code"] for problem in result.get("problems", [])]
    assert bool(problems) is result.get("failed", False)
    assert told == result["outcomes"]["web"]["outcome"]
    assert pending is result["outcomes"]["web"]["pending"]
    assert ["certificate_missing"] * len(plan.reasons) == [reason["code"] for reason in result["reasons"]]


@pytest.mark.parametrize(
    ("plan", "changed", "pending", "problems", "told"),
    [
        pytest.param(KEPT, False, False, [], "unchanged", id="nothing to do"),
        pytest.param(NEW, True, True, [], "planned", id="new"),
        pytest.param(STAGE_ONLY, True, True, [], "planned", id="to store"),
        pytest.param(DISCARD, True, False, [], "planned", id="to discard"),
        pytest.param(RECOVER, True, False, [], "planned", id="to recover"),
        pytest.param(REMEMBER, False, False, [], "unchanged", id="to remember"),
        pytest.param(REMEMBER_AND_WAIT, False, True, [], "unchanged", id="to remember for later"),
        pytest.param(REMEMBER_AND_DISCARD, True, False, [], "planned", id="to remember and to discard"),
        pytest.param(MISPLACED, False, False, ["refused"], "refused", id="what the host would refuse"),
        pytest.param(REFUSED, False, False, ["ends_sooner"], "refused", id="refused"),
        pytest.param(BROKEN, False, False, ["service_config_broken_before"], "refused", id="broken configuration"),
        pytest.param(IN_VAIN, False, False, ["not_served"], "unchanged", id="fails without a step"),
        pytest.param(FALLS, True, True, [], "planned", id="to fall back"),
        pytest.param(FALLEN, False, False, [], "disabled_fallback", id="fell back earlier"),
        pytest.param(FALLEN_AND_DISCARD, True, False, [], "planned", id="fell back earlier, to discard"),
        pytest.param(REMOVE, True, False, [], "planned", id="to remove"),
        pytest.param(ADOPT, True, False, [], "planned", id="to adopt"),
        pytest.param(READOPT, False, False, [], "unchanged", id="adopted, and renewed"),
        pytest.param(ORDER, True, True, [], "planned", id="to order"),
        pytest.param(LATE, False, False, [], "deferred", id="put off"),
        pytest.param(ORDERED_IN_VAIN, False, False, ["caa_forbids"], "failed", id="would be ordered in vain"),
        pytest.param(ENDED, False, False, ["rate_limited"], "expired", id="would be ordered in vain, and has ended"),
    ],
)
def test_what_check_mode_foretells(plan: Plan, changed: bool, pending: bool, problems: list[str], told: str) -> None:
    result = report_outcomes([plan], [], check_mode=True)

    assert (changed, pending) == (result["changed"], result["pending"])
    assert problems == [problem["code"] for problem in result.get("problems", [])]
    one = result["outcomes"]["web"]
    assert (told, changed, pending) == (one["outcome"], one["changed"], one["pending"])


@pytest.mark.parametrize(
    ("plan", "pending"),
    [
        pytest.param(NEW, False, id="a new one"),
        pytest.param(STORED, True, id="one that is stored, and stays so"),
        pytest.param(replace(NEW, discard=(2,)), True, id="a new one in place of one that is stored, and stays so"),
        pytest.param(FALLS, False, id="to fall back"),
        pytest.param(replace(FALLS, discard=(2,)), True, id="to fall back from one that is stored, and stays so"),
        pytest.param(STAGE_ONLY, False, id="to store"),
        pytest.param(DISCARD_AND_WAIT, True, id="to discard, and another one waits"),
        pytest.param(REMOVE, False, id="to remove"),
        pytest.param(ADOPT, False, id="to adopt"),
    ],
)
@pytest.mark.parametrize("check_mode", [True, False])
def test_what_is_held_back_is_no_change_and_no_problem(*, plan: Plan, pending: bool, check_mode: bool) -> None:
    result = report_outcomes([replace(plan, held=True)], [], check_mode=check_mode)

    assert (result["changed"], "failed" in result) == (False, False)
    one = result["outcomes"]["web"]
    assert ("held_back", False, pending) == (one["outcome"], one["changed"], one["pending"])
    assert pending is result["pending"]


def test_a_run_that_was_finished_first_is_told_of_what_is_held_back() -> None:
    result = report_outcomes([replace(NEW, held=True)], [ended("activated")], check_mode=False)

    one = result["outcomes"]["web"]
    assert (one["outcome"], one["changed"], result["changed"]) == ("activated", True, True)


@pytest.mark.parametrize(
    ("previous", "changed"),
    [
        pytest.param(None, True, id="the first one"),
        pytest.param(1, True, id="after another"),
        pytest.param(2, False, id="live before: reloaded in vain"),
    ],
)
def test_what_is_kept_and_not_served_has_changed_unless_it_was_live_before(
    *, previous: int | None, changed: bool
) -> None:
    result = report_outcomes([STORED], [ended("not_served", previous=previous)], check_mode=False)

    assert (changed, False, True) == (result["changed"], result["pending"], result["failed"])
    assert [problem["code"] for problem in result["problems"]] == ["not_served"]
    assert ("not_served", previous) == (result["outcomes"]["web"]["outcome"], result["outcomes"]["web"]["previous"])


def test_bookkeeping_of_one_certificate_hides_no_other() -> None:
    plans = [REMEMBER, Plan("mail", stage=True, activate=True)]
    outcomes = [ended("remembered"), ended("activated", "mail")]

    result = report_outcomes(plans, outcomes, check_mode=False)
    assert result["changed"] is True
    assert {name: outcome["outcome"] for name, outcome in result["outcomes"].items()} == {
        "web": "unchanged",
        "mail": "activated",
    }


def test_a_refused_staged_check_leaves_the_generation_stored() -> None:
    assert report_outcomes([NEW], [ended("refused", step="staged_check")], check_mode=False)["pending"] is True


@pytest.mark.parametrize(("plan", "pending"), [(NEW, False), (replace(NEW, stage=False, generation=2), True)])
def test_what_the_host_held_back_waits_only_when_it_was_stored_before(plan: Plan, pending: bool) -> None:
    result = report_outcomes([plan], [ended("held_back")], check_mode=False)
    assert (pending, False) == (result["pending"], result["changed"])
    assert "problems" not in result


def test_the_whole_result_of_one_certificate_is_plain_json() -> None:
    served = {"name": "nginx", "state": "served"}
    outcome = ended("activated", services=[served], notices=[{"code": "not_proved", "message": "silent"}])

    expected = {
        "changed": True,
        "reasons": [{"certificate": "web", "code": "certificate_missing", "message": WHY.message}],
        "pending": False,
        "outcomes": {
            "web": {
                "outcome": "activated",
                "changed": True,
                "pending": False,
                "generation": 2,
                "previous": 1,
                "message": "",
                "services": [served],
            }
        },
    }
    result = report_outcomes([NEW], [outcome], check_mode=False)
    assert expected == result
    assert result == json.loads(json.dumps(result))


def test_what_was_not_done_has_no_previous_generation() -> None:
    expected = {
        "outcome": "planned",
        "changed": True,
        "pending": True,
        "generation": 2,
        "previous": None,
        "message": "",
        "services": [],
    }

    assert expected == report_outcomes([STORED], [], check_mode=True)["outcomes"]["web"]


def test_each_certificate_ends_for_itself() -> None:
    plans = [
        Plan("a", stage=True, activate=True),
        Plan("b", stage=True, activate=True),
        Plan("c"),
        Plan("d", problems=(Problem("d", "expired", "the certificate expired"),)),
    ]
    outcomes = [ended("activated", "a"), ended("rolled_back", "b", message="nginx refused it\nPut back")]

    result = report_outcomes(plans, outcomes, check_mode=False)
    assert (result["changed"], result["failed"], result["pending"]) == (True, True, True)
    assert {name: outcome["outcome"] for name, outcome in result["outcomes"].items()} == {
        "a": "activated",
        "b": "rolled_back",
        "c": "unchanged",
        "d": "refused",
    }
    told = {name: (outcome["changed"], outcome["pending"]) for name, outcome in result["outcomes"].items()}
    assert told == {"a": (True, False), "b": (False, True), "c": (False, False), "d": (False, False)}
    assert result["msg"] == "2 problems. d: the certificate expired\nb: rolled back. nginx refused it\nPut back"


def test_a_recovered_certificate_that_nobody_asked_for_is_told_when_it_failed() -> None:
    result = report_outcomes([KEPT], [ended("rolled_back", "mail", message="nginx refused it")], check_mode=False)

    assert list(result["outcomes"]) == ["web"]
    assert result["msg"] == "mail: rolled back. nginx refused it"


@pytest.mark.parametrize(
    ("outcome", "code", "message"),
    [
        pytest.param(
            ended("refused", step="stage", message="why"), "refused", "refused, nothing was switched. why", id="refused"
        ),
        pytest.param(
            ended("refused", step="openssl", message="why"),
            "openssl_missing",
            "refused, nothing was switched. why",
            id="no program to make a keystore with",
        ),
        pytest.param(
            ended("refused", step="baseline", message="why"),
            "service_config_broken_before",
            "refused, nothing was switched. why",
            id="broken before",
        ),
        pytest.param(
            ended("kept_new_unproved", step="probe", message="why"),
            "kept_new_unproved",
            "the new files are in place and unproved. why",
            id="kept",
        ),
        pytest.param(
            ended("not_served", step="probe", message="why"), "not_served", "not served. why", id="not served"
        ),
        pytest.param(ended("left_alone", step="recover", message="why"), "left_alone", "left alone. why", id="foreign"),
        pytest.param(
            ended("stranded", step="probe", message="why"), "stranded", "stranded half way. why", id="half way"
        ),
    ],
)
def test_the_words_of_a_failure(outcome: dict[str, Any], code: str, message: str) -> None:
    result = report_outcomes([NEW], [outcome], check_mode=False)

    assert [{"certificate": "web", "code": code, "message": message}] == result["problems"]


@pytest.mark.parametrize(
    ("problems", "msg"),
    [
        pytest.param([Problem("web", "expired", "it expired")], "web: it expired", id="one"),
        pytest.param(
            [Problem("web", "expired", "it expired"), Problem("mail", "weak_key", "it is weak")],
            "2 problems. web: it expired\nmail: it is weak",
            id="two",
        ),
        pytest.param(
            [Problem("web", "service_invalid", "first\nsecond"), Problem("web", "expired", "third")],
            "2 problems. web: first\nsecond\nweb: third",
            id="one of several lines",
        ),
    ],
)
def test_the_first_line_stands_alone(problems: list[Problem], msg: str) -> None:
    result = report_problems(iter(problems))

    expected = {
        "failed": True,
        "msg": msg,
        "problems": [
            {"certificate": item.certificate, "code": item.code, "message": item.message} for item in problems
        ],
    }
    assert expected == result


def test_a_warning_carries_its_code_and_is_told_once() -> None:
    notices = load_notices(
        [
            ended("activated", notices=[{"code": "not_proved", "message": "silent"}]),
            ended("activated", "mail", notices=[{"code": "not_proved", "message": "silent"}]),
        ]
    )

    assert (Notice("not_proved", "silent"),) * 2 == notices
    assert report_warnings([*notices, Notice("clock_skew", "late")]) == ["silent (not_proved)", "late (clock_skew)"]


@pytest.mark.parametrize(
    ("late_by", "minutes"),
    [
        pytest.param(timedelta(), None, id="equal"),
        pytest.param(timedelta(minutes=5), None, id="five minutes"),
        pytest.param(timedelta(minutes=6), "6", id="six minutes behind"),
        pytest.param(timedelta(hours=-1), "60", id="an hour ahead"),
    ],
)
def test_clocks_that_are_apart(late_by: timedelta, minutes: str | None) -> None:
    message = f"The clocks of the host and the controller are {minutes} minutes apart; dates may mislead"

    expected = (Notice("clock_skew", message),) if minutes else ()
    assert expected == find_clock_notices((NOW - late_by).timestamp(), NOW)


def test_every_file_has_its_stable_path() -> None:
    services = services_of("nginx", {"nginx": {"name": "second", "paths": {"privkey.pem": "/opt/key.pem"}}})

    expected = {
        "nginx": {
            "fullchain.pem": "/store/live/web/nginx/fullchain.pem",
            "privkey.pem": "/store/live/web/nginx/privkey.pem",
        },
        "second": {"fullchain.pem": "/store/live/web/second/fullchain.pem", "privkey.pem": "/opt/key.pem"},
    }
    assert expected == list_paths("/store", "web", services)


def test_a_hint_has_the_paths_of_the_host() -> None:
    services = services_of("nginx", {"custom": {"name": "other", "files": [{"name": "a.pem", "parts": ["leaf"]}]}})
    path = "/store/live/web/nginx"
    assert list_hints("/store", "web", services) == {
        "nginx": f"Put into its server block: ssl_certificate {path}/fullchain.pem; "
        f"ssl_certificate_key {path}/privkey.pem;"
    }


def lines_of(days: int, until: str) -> str:
    certificate = wanted(leaf(days)).bundle.leaf
    return (
        "names: a.example\nsubject: CN=a.example\nissuer: CN=Test Intermediate\n"
        f"not_before: 2026-10-22T22:00:00Z\nnot_after: {until}\n"
        f"key_type: EC P-256\nfingerprint_sha256: {certificate.fingerprint}\n"
    )


@pytest.mark.parametrize(
    ("observed", "header", "before"),
    [
        pytest.param(found(), "web (nothing installed)", "", id="nothing before"),
        pytest.param(
            found(live=stored(wanted(leaf(30)), 4)),
            "web (generation 4)",
            lines_of(30, "2026-12-21T22:00:00Z"),
            id="another before",
        ),
    ],
)
def test_a_diff_shows_names_dates_and_fingerprints(observed: Observed, header: str, before: str) -> None:
    expected = {
        "before_header": header,
        "after_header": "web (to be served)",
        "before": before,
        "after": lines_of(60, "2027-01-20T22:00:00Z"),
    }

    assert expected == describe_diff("web", observed, describe(wanted().bundle.leaf))


def test_a_key_in_the_wrong_option_is_quoted_by_nobody() -> None:
    pem = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\n"
    told = str(report_problems([Problem("web", "name_invalid", f"The name `{pem}` has a label too long")]))

    assert "MIGH" not in told
    assert "PEM text goes into the options that end in _content" in told


KEY_TEXT = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----"


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(f"the mode {KEY_TEXT} is none", id="as it is"),
        pytest.param(f"the mode {KEY_TEXT.lower()} is none", id="in small letters"),
        pytest.param(f"the mode {KEY_TEXT!r} is none", id="with its line ends spelled"),
        pytest.param(f"the mode `{KEY_TEXT[:60]}` is none", id="cut short"),
    ],
)
def test_a_key_in_a_message_is_told_by_nobody(message: str) -> None:
    error = RefusedError.from_problems([Problem("web", "service_invalid", message)])
    for told in (explain(error), explain(TlsError(message))):
        assert "MC4C".casefold() not in told.casefold()
        assert "an option holds PEM text" in told


def test_a_message_of_ours_may_name_the_line_that_is_missing() -> None:
    message = "it has no line such as `-----BEGIN CERTIFICATE-----`; pass the text or file that the CA sent"
    assert explain(TlsError(message)) == message
