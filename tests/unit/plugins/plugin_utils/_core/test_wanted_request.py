# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a host makes a key and a request, when what waits is returned again, and when neither is right."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate_request import load_request
from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import Observed, ObservedGeneration
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice, Problem
from ansible_collections.certwright.tls.plugins.plugin_utils._core.wanted_request import RequestPlan, WantedRequest
from ansible_collections.certwright.tls.tests.unit.authority import NOW, Issued, shared_key
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.ordered_certificates import (
    DAY,
    declare,
    issued,
)
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.requests_of_hosts import (
    CLAIM,
    ENDED_CLAIM,
    issuance_of,
    order_of,
    request_of,
)
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.test_deployment import (
    fallen_back,
    found,
    leaf,
    root,
    stored,
    wanted,
)

ADOPTED = {"certificate_path": "/etc/letsencrypt/live/a/cert.pem"}
SAID = Notice("name_stripped", "Of a URL only the host name counts: a.example")
PEM = request_of("a.example")
OTHER_NAMES, OTHER_KEY = request_of("b.example"), request_of("a.example", key=shared_key("RSA 2048"))
WAITING = issuance_of(PEM)


def wish(*names: str, **words: Any) -> WantedRequest:
    return WantedRequest(declare(*names, services=()), **words)


def bought(days: int = 60, certificate: Issued | None = None, number: int = 1, **changes: Any) -> ObservedGeneration:
    """Supplied 30 days ago; `order` is what its record says of how it came."""
    return stored(wanted(certificate or leaf(days), order=changes.pop("order", {})), number, **changes)


def certified(*names: str, days: int = 60) -> Issued:
    return root().authority().issue(*names, not_after=NOW + days * DAY)


BOTH = bought(certificate=certified("a.example", "www.a.example"))
REQUESTED = {"requested_names": ["a.example"]}


@pytest.mark.parametrize(
    ("wanted_request", "observed", "expected"),
    [
        pytest.param(wish(), found(), ["certificate_missing"], id="nothing is there"),
        pytest.param(wish(), found(live=fallen_back()), ["certificate_missing"], id="another one's files are there"),
        pytest.param(wish(), found(live=bought()), [], id="it is there"),
        pytest.param(wish(), found(live=issued()), [], id="it is there, and was ordered by ACME"),
        pytest.param(wish(), found(live=bought(14)), ["due_by_date"], id="less than a third of its life is left"),
        pytest.param(wish(), found(live=bought(16)), [], id="more than a third of its life is left"),
        pytest.param(wish(), found(live=bought(-1)), ["expired"], id="it has ended"),
        pytest.param(wish(), found(live=bought(14), pending=bought(60, number=2)), [], id="the next one waits"),
        pytest.param(wish(trusts_clock=False), found(live=bought(-1)), [], id="nobody knows what time it is"),
        pytest.param(
            wish(force=True, trusts_clock=False),
            found(live=bought(-1)),
            ["forced"],
            id="nobody knows what time it is, and it is asked for",
        ),
        pytest.param(wish(force=True), found(), ["certificate_missing"], id="asked for where nothing is"),
        pytest.param(wish(force=True), found(live=bought(14)), ["due_by_date", "forced"], id="asked for, and due"),
        pytest.param(
            wish("a.example", "b.example", "192.0.2.7"),
            found(live=bought()),
            ["name_missing", "name_missing"],
            id="names are missing",
        ),
        pytest.param(
            wish("www.a.example"),
            found(live=bought(certificate=certified("*.a.example"), order={"requested_names": ["www.a.example"]})),
            [],
            id="the CA gave a wildcard that covers it",
        ),
        pytest.param(
            wish("www.a.example"), found(live=bought(certificate=certified("*.a.example"))), [], id="a bought wildcard"
        ),
        pytest.param(
            wish("a.example"),
            found(live=bought(certificate=certified("a.example", "*.a.example"))),
            ["name_dropped"],
            id="a wildcard that is of no use",
        ),
        pytest.param(
            wish("2001:db8::1"), found(live=bought(certificate=certified("2001:db8::1"))), [], id="an address is there"
        ),
        pytest.param(wish(), found(live=BOTH), ["name_dropped"], id="a name was taken away"),
        pytest.param(
            wish(), found(live=replace(BOTH, order=REQUESTED)), [], id="the CA added a name that nobody asked for"
        ),
        pytest.param(
            wish("b.example"),
            found(live=replace(BOTH, order=REQUESTED)),
            ["name_missing", "name_dropped"],
            id="another name than was asked for",
        ),
        pytest.param(wish(key_type="ec256"), found(live=bought()), [], id="the key is as said"),
        pytest.param(wish(key_type="rsa2048"), found(live=bought()), ["key_type_differs"], id="another key is said"),
        pytest.param(
            wish(), found(live=bought(drift=(("privkey.pem", "missing"),))), ["key_lost"], id="its key is gone"
        ),
        pytest.param(
            wish(),
            found(live=bought(drift=(("cert.pem", "content"), ("chain.pem", "attributes")))),
            ["certificate_lost"],
            id="somebody changed it",
        ),
    ],
)
def test_why_it_is_due(wanted_request: WantedRequest, observed: Observed, expected: list[str]) -> None:
    assert expected == [reason.code for reason in wanted_request.find_reasons(observed, NOW)]


@dataclass(frozen=True)
class Steps:
    """What a plan would do, in codes; `waits` is whether a request is returned that is there."""

    reasons: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    waits: bool = False
    is_made: bool = False
    is_anew: bool = False


def steps_of(plan: RequestPlan) -> Steps:
    return Steps(
        tuple(item.code for item in plan.reasons),
        tuple(item.code for item in plan.problems),
        tuple(item.code for item in plan.notices),
        plan.waiting is not None,
        plan.is_made,
        plan.is_anew,
    )


def made(*reasons: str, **steps: Any) -> Steps:
    return Steps(reasons or ("certificate_missing",), is_made=True, **steps)


REFUSED, WAITS = Steps(problems=("order_open",)), Steps(waits=True)


@pytest.mark.parametrize(
    ("wanted_request", "observed", "expected"),
    [
        pytest.param(wish(), found(), made(), id="the first one"),
        pytest.param(wish(), found(live=bought()), Steps(), id="it is not due"),
        pytest.param(wish(), found(live=bought(), issuance=WAITING), Steps(), id="not due, whatever waits"),
        pytest.param(wish(), found(issuance=WAITING), WAITS, id="it waits"),
        pytest.param(wish(force=True), found(issuance=WAITING), WAITS, id="it waits, and is asked for again"),
        pytest.param(wish(force=True), found(live=bought(), issuance=WAITING), WAITS, id="asked for, and it waits"),
        pytest.param(wish(), found(issuance=issuance_of(OTHER_KEY)), WAITS, id="of any kind where none is said"),
        pytest.param(wish(key_type="ec256"), found(issuance=WAITING), WAITS, id="of the kind that is said"),
        pytest.param(
            wish(), found(issuance=issuance_of(PEM, openssl=False)), WAITS, id="it waits, and openssl is gone since"
        ),
        pytest.param(
            wish(key_type="ec256"),
            found(issuance=issuance_of(OTHER_KEY)),
            made(notices=("request_replaced",), is_anew=True),
            id="one with another key waits",
        ),
        pytest.param(
            wish(),
            found(issuance=issuance_of(OTHER_NAMES)),
            made(notices=("request_replaced",), is_anew=True),
            id="one for other names waits",
        ),
        pytest.param(
            wish(),
            found(issuance=issuance_of(request_of("a.example", key=shared_key("RSA 1024")))),
            made(notices=("request_replaced",), is_anew=True),
            id="one waits with a key that no host of ours makes",
        ),
        pytest.param(wish(), found(issuance=issuance_of("")), made(is_anew=True), id="its key is gone"),
        pytest.param(wish(), found(issuance=order_of()), REFUSED, id="an order by ACME is not finished"),
        pytest.param(
            wish(), found(issuance=order_of(claimed_until=ENDED_CLAIM)), REFUSED, id="nor is one whose run was long ago"
        ),
        pytest.param(
            wish(force=True),
            found(issuance=order_of(claimed_until=ENDED_CLAIM)),
            made(notices=("request_replaced",), is_anew=True),
            id="it is dropped when asked to",
        ),
        pytest.param(
            wish(force=True), found(issuance=order_of(claimed_until=CLAIM)), REFUSED, id="not while a run is at it"
        ),
        pytest.param(
            wish(),
            found(live=bought(), issuance=order_of(claimed_until=CLAIM)),
            Steps(),
            id="an order of what is not due",
        ),
        pytest.param(
            wish(),
            found(issuance={"order": None, "openssl": False}),
            Steps(problems=("openssl_missing",)),
            id="nobody can make a key",
        ),
        pytest.param(
            wish(),
            found(issuance=order_of(openssl=False)),
            Steps(problems=("order_open", "openssl_missing")),
            id="all that is wrong at once",
        ),
        pytest.param(wish(), found(adopted=ADOPTED), Steps(notices=("adopted",)), id="somebody else renews it"),
        pytest.param(wish(), found(adopted=ADOPTED, live=bought()), Steps(), id="adopted once, and ours now"),
    ],
)
def test_what_becomes_of_it(wanted_request: WantedRequest, observed: Observed, expected: Steps) -> None:
    assert expected == steps_of(wanted_request.plan(observed, NOW, run="job 7"))


@pytest.mark.parametrize(
    ("run", "ended_run"),
    [pytest.param("job 6", "", id="this run's own"), pytest.param("job 7", "job 6", id="a run's that has ended")],
)
def test_a_claim_keeps_nobody_out_whose_run_is_not_at_it(run: str, ended_run: str) -> None:
    observed = found(issuance=order_of(claimed_until=CLAIM))
    plan = wish(force=True).plan(observed, NOW, run=run, ended_run=ended_run)
    assert (True, ended_run) == (plan.is_made, plan.to_preparation()["ended_run"])


def test_the_words_of_it_are_told_whatever_becomes_of_it() -> None:
    asked = replace(wish(), declared=declare(services=(), notices=(SAID,)))
    observed = (found(), found(live=bought()), found(issuance=WAITING), found(issuance=order_of()))
    assert [asked.plan(item, NOW, run="job 7").notices[0] for item in observed] == [SAID] * 4


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        pytest.param(
            wish().plan(found(issuance=order_of(claimed_until=CLAIM)), NOW, run="job 7"),
            "another run (job 6) is ordering it by ACME, and has until 2026-11-21 22:10 UTC; wait for it to end, and "
            "run again",
            id="ordered now",
        ),
        pytest.param(
            wish().plan(found(issuance=order_of()), NOW, run="job 7"),
            "an order by ACME was begun for it and is not finished; let letsencrypt_cert finish it, or say "
            "`force: true`, which drops it with its key",
            id="ordered once",
        ),
        pytest.param(
            wish(force=True).plan(found(issuance=order_of()), NOW, run="job 7"),
            "web: the order by ACME that was begun is dropped with its key, as `force` says",
            id="dropped",
        ),
        pytest.param(
            wish().plan(found(issuance=issuance_of(OTHER_NAMES)), NOW, run="job 7"),
            "web: a request for b.example (EC P-256) waited and is replaced; its key goes, so a certificate that is "
            "signed for it cannot be installed",
            id="replaced",
        ),
        pytest.param(
            wish().plan(found(adopted={"version": 1}), NOW, run="job 7"),
            "web is adopted (a path on the host) and was not requested; to request one, remove it from the store first "
            "(`state: absent`), and stop its other renewer",
            id="adopted",
        ),
    ],
)
def test_what_an_operator_reads(plan: RequestPlan, message: str) -> None:
    assert [message] == [item.message for item in (*plan.problems, *plan.notices)]


def test_what_the_host_is_asked_and_told() -> None:
    asked = wish("a.example", "192.0.2.7", key_type="rsa3072")
    expected = {
        "name": "web",
        "claimed_until": "",
        "order": {"purpose": "request", "names": ["a.example", "192.0.2.7"], "key_type": "rsa3072"},
        "key": {"type": "rsa3072", "names": ["a.example", "192.0.2.7"]},
        "reuse": True,
        "ended_run": "",
    }
    assert asked.look() == {"name": "web", "issuance": True}
    assert expected == asked.plan(found(), NOW, run="job 7").to_preparation()
    anew = asked.plan(found(issuance=issuance_of("")), NOW, run="job 7").to_preparation()
    assert {**expected, "reuse": False} == anew


def answer(request: str = "", refused: dict[str, str] | None = None) -> dict[str, Any]:
    return {"request": request, "key_digest": "", "refused": refused, "notices": []}


@pytest.mark.parametrize(
    ("told", "code"),
    [
        pytest.param(answer(refused={"code": "claimed", "message": "job 8 is"}), "claimed", id="refused"),
        pytest.param(answer(), "request_unfit", id="nothing"),
        pytest.param(answer(OTHER_NAMES), "request_unfit", id="for other names"),
        pytest.param(answer(request_of("a.example", "b.example")), "request_unfit", id="for more names"),
        pytest.param(answer(request_of("a.example", is_ca=True)), "request_unfit", id="with more wishes"),
        pytest.param(answer(OTHER_KEY), "request_unfit", id="with another kind of key"),
    ],
)
def test_what_nobody_should_sign_is_refused(told: dict[str, Any], code: str) -> None:
    found_problem = wish(key_type="ec256").plan(found(), NOW, run="job 7").load_made(told)
    assert isinstance(found_problem, Problem)
    assert ("web", code) == (found_problem.certificate, found_problem.code)


def test_what_was_made_is_returned() -> None:
    plan = wish().plan(found(), NOW, run="job 7")
    request = load_request(PEM)
    assert request is not None
    assert request == plan.load_made(answer(PEM))
    expected = {"request": PEM, "names": ["a.example"], "key_type": "ec256", "made": True}
    assert [expected, {**expected, "request": ""}] == [plan.describe(request), plan.describe(None)]
    waiting = wish().plan(found(issuance=issuance_of(OTHER_KEY)), NOW, run="job 7")
    assert waiting.describe(waiting.waiting) == {
        "request": OTHER_KEY,
        "names": ["a.example"],
        "key_type": "rsa2048",
        "made": False,
    }


def test_a_short_life_is_due_when_half_of_it_is_left() -> None:
    life = {"not_before": NOW - timedelta(days=3), "not_after": NOW + timedelta(days=2)}
    short = bought(certificate=root().issue("a.example", **life))
    assert [reason.code for reason in wish().find_reasons(found(live=short), NOW)] == ["due_by_date"]
