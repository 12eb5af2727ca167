# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is due of a host, and what of it waits for another run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import Observed, format_time
from ansible_collections.certwright.tls.plugins.plugin_utils._core.due import (
    Due,
    digest_asked,
    find_claim,
    find_due,
    find_patience,
    find_replaced_requests,
    find_sound_life,
    find_unasked,
    find_untimed,
    plan_order,
    put_off,
    with_held,
    with_outcome,
    with_verdict,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.issuance import NO_MEMORY, Memory
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_guards import PlannedOrder, Verdict
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_outcome import (
    DEFERRED,
    EXPIRED,
    FAILED,
    PERMANENT,
    OrderOutcome,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_words import DNS_01, Issuer, Validation
from ansible_collections.certwright.tls.plugins.plugin_utils._core.ordered import Ending, Ordered
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Problem, Reason
from ansible_collections.certwright.tls.plugins.plugin_utils._core.renewal import NOTHING_LEFT, Life
from ansible_collections.certwright.tls.tests.unit.authority import NOW
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.ordered_certificates import (
    AT_HOME,
    BY_RECORD,
    DAY,
    HOUR,
    ISSUER,
    MINUTE,
    NO_ORDER,
    SECRET,
    STAGING,
    cert_id_of,
    declare,
    failed,
    issued,
    member_of,
    remembering,
    window_of,
    wish_of,
    words_of,
)
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.test_deployment import (
    OTHER,
    fallen_back,
    found,
    stored,
    wanted,
)

LIVE, OLD = issued(), issued(15)
MISSING = Reason("certificate_missing", "No certificate web is installed")
DATED = Reason("due_by_date", "A third of its life or less is left")
CHANGED = Reason("name_missing", "b.example is declared and not on the certificate")
ASKED = digest_asked(wish_of())


def due_of(wish: Ordered | None = None, *reasons: Reason, ended_run: str = "", **observed: Any) -> Due:
    seen = found(**{"live": OLD, "issuance": NO_ORDER, **observed})
    return Due(wish or wish_of(), seen, reasons or (DATED,), ended_run)


@pytest.mark.parametrize(
    ("wish", "observed", "expected"),
    [
        pytest.param(wish_of(), found(), ["certificate_missing"], id="the first one"),
        pytest.param(wish_of(), found(live=OLD), ["due_by_date"], id="the next one"),
        pytest.param(wish_of(), found(live=LIVE), None, id="not yet"),
        pytest.param(wish_of(words_of(directory=STAGING)), found(live=LIVE), None, id="what is refused anyway"),
        pytest.param(
            wish_of(declared=declare(services=())), found(live=OLD), None, id="what would take files away is refused"
        ),
        pytest.param(wish_of(trusts_clock=False), found(live=OLD), None, id="nobody knows what time it is"),
    ],
)
def test_what_is_due(wish: Ordered, observed: Observed, expected: list[str] | None) -> None:
    told = [
        (due.name, [reason.code for reason in due.reasons]) for due in find_due({"web": wish}, {"web": observed}, NOW)
    ]
    assert ([] if expected is None else [("web", expected)]) == told


@pytest.mark.parametrize(
    ("wish", "observed", "days", "expected"),
    [
        pytest.param(wish_of(trusts_clock=False), found(live=OLD), 0, [], id="there is time"),
        pytest.param(wish_of(trusts_clock=False), found(live=OLD), 10, [FAILED], id="it ends soon"),
        pytest.param(wish_of(trusts_clock=False), found(live=OLD), 200, [EXPIRED], id="it has ended"),
        pytest.param(wish_of(trusts_clock=False), found(), 0, [], id="it is ordered anyway"),
        pytest.param(
            wish_of(trusts_clock=False),
            found(live=replace(OLD, drift=(("privkey.pem", "missing"),))),
            200,
            [],
            id="it is lost, so it is ordered anyway",
        ),
        pytest.param(
            wish_of(trusts_clock=False, sharing=member_of()), found(live=OLD), 200, [], id="its home answers for it"
        ),
    ],
)
def test_what_may_have_ended_is_not_green_while_clocks_disagree(
    wish: Ordered, observed: Observed, days: int, expected: list[str]
) -> None:
    ended = find_untimed({"web": wish}, {"web": observed}, NOW + days * DAY)
    assert [(item.ending.verdict, item.ending.code) for item in ended if item.ending] == [
        (verdict, "clock_skew") for verdict in expected
    ]


def test_each_is_judged_by_what_the_host_has_of_it() -> None:
    wishes = {name: replace(wish_of(), declared=replace(declare(), name=name)) for name in ("a", "b", "c")}
    observed = {"a": found(live=OLD), "b": found(live=LIVE), "c": found()}
    assert [due.name for due in find_due(wishes, observed, NOW)] == ["a", "c"]


ASKED_LATELY = replace(window_of(DAY, 2 * DAY), ask_again=NOW + HOUR)


@pytest.mark.parametrize(
    ("wish", "observed", "expected"),
    [
        pytest.param(wish_of(), found(live=LIVE), True, id="nobody has asked yet"),
        pytest.param(wish_of(), found(live=LIVE, issuance=remembering(ASKED_LATELY)), False, id="it was asked lately"),
        pytest.param(
            wish_of(),
            found(live=LIVE, issuance=remembering(replace(ASKED_LATELY, ask_again=NOW - MINUTE))),
            True,
            id="it was asked long ago",
        ),
        pytest.param(
            wish_of(), found(live=LIVE, issuance=remembering(window_of(DAY, 2 * DAY, days=50))), True, id="of another"
        ),
        pytest.param(wish_of(sharing=member_of()), found(live=LIVE), False, id="its home asks"),
        pytest.param(wish_of(sharing=AT_HOME), found(live=LIVE), True, id="this is its home"),
        pytest.param(wish_of(), found(), False, id="there is nothing to ask of"),
        pytest.param(wish_of(), found(live=OLD), False, id="it is due whatever the CA says"),
        pytest.param(wish_of(), found(live=stored(wanted())), False, id="it was supplied as files"),
        pytest.param(
            wish_of(words_of(directory=STAGING)), found(live=LIVE), False, id="the CA that is declared does not know it"
        ),
        pytest.param(wish_of(), found(live=fallen_back(fingerprint=OTHER)), False, id="it is another certificate's"),
        pytest.param(wish_of(), found(live=issued(order={"cert_id": ""})), False, id="the CA has no word for it"),
    ],
)
def test_whether_the_ca_is_asked_for_its_window(wish: Ordered, observed: Observed, expected: bool) -> None:
    told = [(due.name, due.reasons) for due in find_unasked({"web": wish}, {"web": observed}, NOW)]
    assert ([("web", ())] if expected else []) == told


IN_TEN_MINUTES = {"run": "job 6", "claimed_until": format_time(NOW + 10 * MINUTE)}


@pytest.mark.parametrize(
    ("due", "verdict", "code"),
    [
        pytest.param(due_of(), None, None, id="nothing keeps it"),
        pytest.param(
            due_of(issuance=remembering(Memory(failure=failed(ASKED)))), DEFERRED, "rate_limited", id="it waits"
        ),
        pytest.param(
            due_of(issuance=remembering(Memory(failure=failed(ASKED, kind=PERMANENT)))),
            FAILED,
            "rate_limited",
            id="it waits for somebody",
        ),
        pytest.param(
            due_of(live=issued(-1), issuance=remembering(Memory(failure=failed(ASKED)))),
            EXPIRED,
            "rate_limited",
            id="it waits, and what is there has ended",
        ),
        pytest.param(
            due_of(live=None, issuance=remembering(Memory(failure=failed(ASKED)))),
            FAILED,
            "rate_limited",
            id="it waits, and nothing is there",
        ),
        pytest.param(
            due_of(
                live=issued(15, drift=(("privkey.pem", "missing"),)),
                issuance=remembering(Memory(failure=failed(ASKED))),
            ),
            FAILED,
            "rate_limited",
            id="it waits, and what is there is damaged",
        ),
        pytest.param(
            due_of(issuance=remembering(Memory(failure=failed("something else")))),
            None,
            None,
            id="something else failed: an operator has changed a word",
        ),
        pytest.param(
            due_of(issuance=remembering(Memory(failure=failed(ASKED, last=NOW - 2 * HOUR)))),
            None,
            None,
            id="it has waited",
        ),
        pytest.param(
            due_of(wish_of(words_of(ignore_backoff=True)), issuance=remembering(Memory(failure=failed(ASKED)))),
            None,
            None,
            id="it is not to wait",
        ),
        pytest.param(
            due_of(wish_of(memory=Memory(failure=failed(ASKED)))), DEFERRED, "rate_limited", id="this run knows it"
        ),
        pytest.param(
            due_of(issuance={**NO_ORDER, "order": IN_TEN_MINUTES}), DEFERRED, "claimed", id="another run orders it"
        ),
        pytest.param(
            due_of(wish_of(words_of(ignore_backoff=True)), issuance={**NO_ORDER, "order": IN_TEN_MINUTES}),
            DEFERRED,
            "claimed",
            id="not to wait is no reason to order what another run orders",
        ),
        pytest.param(
            due_of(live=None, issuance={**NO_ORDER, "order": IN_TEN_MINUTES}),
            FAILED,
            "claimed",
            id="another run orders it, and nothing is there",
        ),
        pytest.param(
            due_of(live=issued(-1), issuance={**NO_ORDER, "order": IN_TEN_MINUTES}),
            EXPIRED,
            "claimed",
            id="another run orders it, and what is there has ended",
        ),
        pytest.param(
            due_of(ended_run="job 6", issuance={**NO_ORDER, "order": IN_TEN_MINUTES}),
            None,
            None,
            id="another run claims it, and is over",
        ),
        pytest.param(
            due_of(ended_run="job 5", issuance={**NO_ORDER, "order": IN_TEN_MINUTES}),
            DEFERRED,
            "claimed",
            id="another run claims it, and a third one is over",
        ),
        pytest.param(
            due_of(issuance={**NO_ORDER, "order": {**IN_TEN_MINUTES, "run": "job 7"}}), None, None, id="this run does"
        ),
        pytest.param(
            due_of(issuance={**NO_ORDER, "order": {**IN_TEN_MINUTES, "claimed_until": format_time(NOW)}}),
            None,
            None,
            id="another run did",
        ),
        pytest.param(
            due_of(issuance={**NO_ORDER, "order": {"run": "job 6"}}), None, None, id="another run has let go of it"
        ),
        pytest.param(due_of(issuance={}), None, None, id="a host that says nothing"),
        pytest.param(
            due_of(issuance={**NO_ORDER, "openssl": False}), FAILED, "openssl_missing", id="nobody can make its key"
        ),
        pytest.param(
            due_of(wish_of(words_of(key_origin="controller")), issuance={**NO_ORDER, "openssl": False}),
            None,
            None,
            id="its key is made here",
        ),
    ],
)
def test_what_is_put_off(due: Due, verdict: str | None, code: str | None) -> None:
    wish = put_off(due, run="job 7", now=NOW)
    if wish is None:
        assert (verdict, code) == (None, None)
        return
    assert wish.ending is not None
    assert (verdict, code, "") == (wish.ending.verdict, wish.ending.code, wish.ending.end_order)
    assert (due.wish.memory, due.wish.words) == (wish.memory, wish.words)


@pytest.mark.parametrize(
    ("issuance", "expected"),
    [
        pytest.param(
            {**NO_ORDER, "order": IN_TEN_MINUTES},
            "another run (job 6) is ordering it, and has until 2026-11-21 22:10 UTC; a later run goes on",
            id="claimed",
        ),
        pytest.param(
            {**NO_ORDER, "openssl": False},
            "the host has no program openssl to make the key with; install it there, or say `key_origin: controller`",
            id="no openssl",
        ),
    ],
)
def test_why_it_is_put_off_is_told_with_the_way_out(issuance: dict[str, Any], expected: str) -> None:
    wish = put_off(due_of(issuance=issuance), run="job 7", now=NOW)
    assert wish is not None
    assert wish.ending is not None
    assert expected == wish.ending.message


def test_what_a_host_says_of_another_run_is_printable() -> None:
    document = {**IN_TEN_MINUTES, "run": "\x1b[2Jjob\n6"}
    wish = put_off(due_of(issuance={**NO_ORDER, "order": document}), run="job 7", now=NOW)
    assert wish is not None
    assert wish.ending is not None
    assert wish.ending.message.isprintable()


@pytest.mark.parametrize(
    ("due", "urgency", "by_date", "needed_by"),
    [
        pytest.param(due_of(None, MISSING, live=None), NOTHING_LEFT, False, None, id="the first one"),
        pytest.param(due_of(), 15 / 45, True, NOW + 7.5 * DAY, id="its time has come"),
        pytest.param(
            due_of(None, Reason("expired", "x"), live=issued(-1)),
            NOTHING_LEFT,
            True,
            NOW - DAY - 29 * DAY / 6,
            id="it has ended",
        ),
        pytest.param(due_of(None, CHANGED, live=LIVE), 60 / 90, False, NOW + 45 * DAY, id="it was changed"),
        pytest.param(due_of(None, CHANGED, DATED), 15 / 45, True, NOW + 7.5 * DAY, id="changed, and its time has come"),
        pytest.param(
            due_of(wish_of(memory=window_of(-2 * DAY, DAY)), Reason("due_by_window", "x"), live=LIVE),
            60 / 90,
            True,
            NOW + DAY,
            id="the CA's window ends tomorrow",
        ),
        pytest.param(
            due_of(None, Reason("key_lost", "x"), live=issued(drift=(("privkey.pem", "missing"),))),
            60 / 90,
            False,
            NOW + 45 * DAY,
            id="a lost key is an order that no date asks for",
        ),
        pytest.param(due_of(None, Reason("forced", "x"), live=LIVE), 60 / 90, False, NOW + 45 * DAY, id="forced"),
    ],
)
def test_how_a_guard_weighs_it(due: Due, urgency: float, by_date: bool, needed_by: datetime | None) -> None:
    planned = plan_order(due, host="mail1", now=NOW)
    assert replace(planned, urgency=pytest.approx(urgency)) == PlannedOrder(  # type: ignore[arg-type]
        "mail1", "web", ("a.example",), planned.urgency, by_date, needed_by=planned.needed_by
    )
    if needed_by is None or planned.needed_by is None:
        assert needed_by is planned.needed_by
    else:
        assert abs(needed_by - planned.needed_by) <= MINUTE


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        pytest.param(None, [], id="none"),
        pytest.param({"order": None}, [], id="nothing of it is known"),
        pytest.param({"order": {"url": "https://ca.example/order/1"}}, [], id="an order"),
        pytest.param(
            {"order": {"purpose": "request"}},
            [
                (
                    "web: a request that was made for another CA, and its key, were replaced by this order; "
                    "a certificate for it cannot be installed any more"
                )
            ],
            id="a request for another CA",
        ),
    ],
)
def test_a_request_that_an_order_replaces_is_told(order: Any, expected: list[str]) -> None:
    notices = find_replaced_requests([due_of(issuance={**NO_ORDER, "order": order})])
    assert [("request_replaced", told) for told in expected] == [(item.code, item.message) for item in notices]


@pytest.mark.parametrize(
    ("sharing", "expected"),
    [pytest.param(None, False, id="not shared"), pytest.param(AT_HOME, True, id="shared")],
)
def test_a_guard_knows_what_is_shared(sharing: Any, expected: bool) -> None:
    assert plan_order(due_of(wish_of(sharing=sharing)), host="mail1", now=NOW).shared is expected


HELD = "it is due, and over the budget of orders of this run; the next run goes on"


def test_what_a_guard_does_not_let_pass_has_its_reason() -> None:
    wishes = {name: replace(wish_of(), declared=replace(declare(), name=name)) for name in ("a", "b", "c", "d")}
    due = {name: due_of(wish, live=None if name == "d" else OLD) for name, wish in wishes.items()}
    problem = Problem("a", "too_many_reissues", "12 certificates would be issued again")
    verdict = Verdict((("h", "c"),), (("h", problem),), (("h", "b"), ("h", "d")), ())

    expected = {
        "a": Ending(FAILED, "too_many_reissues", "12 certificates would be issued again"),
        "b": Ending(DEFERRED, "orders_held", HELD),
        "d": Ending(FAILED, "orders_held", HELD),
    }
    assert expected == {wish.name: wish.ending for wish in with_verdict(due, verdict, NOW)}
    assert expected["b"] == with_held(due["c"], NOW).ending


@pytest.mark.parametrize(
    ("live", "expected"),
    [
        pytest.param(None, FAILED, id="nothing"),
        pytest.param(OLD, DEFERRED, id="something that ends soon"),
        pytest.param(issued(0), EXPIRED, id="something that ends now"),
        pytest.param(issued(-1), EXPIRED, id="something that has ended"),
        pytest.param(issued(15, drift=(("privkey.pem", "missing"),)), FAILED, id="something damaged"),
    ],
)
def test_what_nobody_tried_is_green_only_where_something_sound_is(live: Any, expected: str) -> None:
    assert expected == find_patience(found(live=live), NOW)


@pytest.mark.parametrize(
    ("issuance", "expected"),
    [
        pytest.param({}, "", id="a host that says nothing"),
        pytest.param(NO_ORDER, "", id="no order"),
        pytest.param({"order": {}}, "", id="an order without a run"),
        pytest.param({"order": {"run": "job 6"}}, "job 6", id="a run"),
        pytest.param({"order": {"run": 6}}, "6", id="a number"),
        pytest.param({"order": {"run": "x" * 200}}, "x" * 100, id="a long text"),
    ],
)
def test_who_has_claimed_it(issuance: dict[str, Any], expected: str) -> None:
    assert expected == find_claim(found(issuance=issuance))


def test_what_failed_has_its_outcome() -> None:
    outcome = OrderOutcome(EXPIRED, "rate_limited", "it was said", failed(ASKED))
    ended = [with_outcome(wish_of(), outcome), with_outcome(wish_of(), outcome, "release")]
    assert [Ending(EXPIRED, "rate_limited", "it was said", word) for word in ("", "release")] == [
        wish.ending for wish in ended
    ]


@pytest.mark.parametrize(
    ("observed", "expected"),
    [
        pytest.param(found(), None, id="nothing"),
        pytest.param(found(live=LIVE), Life(NOW - 30 * DAY, NOW + 60 * DAY), id="a sound one"),
        pytest.param(found(live=issued(drift=(("privkey.pem", "missing"),))), None, id="one without a key"),
        pytest.param(
            found(live=issued(drift=(("privkey.pem", "attributes"),))),
            Life(NOW - 30 * DAY, NOW + 60 * DAY),
            id="one with another owner",
        ),
        pytest.param(found(live=fallen_back(fingerprint=OTHER)), None, id="another certificate's"),
    ],
)
def test_what_protects_while_none_is_given(observed: Observed, expected: Life | None) -> None:
    assert expected == find_sound_life(observed)


def changed(issuer: Mapping[str, Any] | None = None, **words: Any) -> Ordered:
    said = words_of(**words)
    return wish_of(replace(said, issuer=replace(said.issuer, **(issuer or {}))))


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(changed(directory=STAGING), id="the CA"),
        pytest.param(changed({"contact": "it@example.org"}), id="the contact"),
        pytest.param(changed({"terms_agreed": "https://ca.example/terms/2"}), id="the terms"),
        pytest.param(changed({"eab_kid": "kid-2"}), id="the external account"),
        pytest.param(changed({"eab_hmac_key": "another"}), id="the key of the external account"),
        pytest.param(wish_of(declared=declare(accept=["test_issuer"])), id="what is accepted"),
        pytest.param(changed({"account_key": b"another"}), id="the account key"),
        pytest.param(wish_of(declared=declare("a.example", "b.example")), id="the names"),
        pytest.param(changed(key_type="rsa2048"), id="the key type"),
        pytest.param(changed(key_origin="controller"), id="where the key is made"),
        pytest.param(changed(profile="shortlived"), id="the profile"),
        pytest.param(changed(validation=BY_RECORD), id="the kind of proof"),
        pytest.param(changed(validation=Validation("http-01", "/other")), id="the directory"),
        pytest.param(changed(validation=Validation("http-01", port=81)), id="the port"),
        pytest.param(changed(validation=Validation("http-01", "/var/www/acme", is_checked=False)), id="the check"),
    ],
)
def test_a_changed_word_ends_what_an_earlier_failure_said(other: Ordered) -> None:
    assert digest_asked(other) != ASKED


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param({"provider": "hook"}, {"provider": "lexicon"}, id="the provider"),
        pytest.param({"tsig_secret": "a"}, {"tsig_secret": "b"}, id="its secret"),
        pytest.param({"options": {"auth_token": "a"}}, {"options": {"auth_token": "b"}}, id="its options"),
        pytest.param({}, {"resolver": ["192.0.2.53"]}, id="who looks it up"),
    ],
)
def test_a_changed_word_of_the_dns_does_too(before: dict[str, Any], after: dict[str, Any]) -> None:
    digests = {digest_asked(wish_of(words_of(validation=Validation(DNS_01, words=words)))) for words in (before, after)}
    assert len(digests) == 2


@pytest.mark.parametrize(
    "same",
    [
        pytest.param(wish_of(), id="nothing"),
        pytest.param(wish_of(words_of(force=True, ignore_backoff=True, is_scheduled=True)), id="how it was asked for"),
        pytest.param(wish_of(memory=NO_MEMORY, trusts_clock=False), id="what is known of it"),
        pytest.param(wish_of(declared=declare(services=())), id="who gets it"),
    ],
)
def test_what_says_nothing_of_the_order_keeps_a_failure(same: Ordered) -> None:
    assert digest_asked(same) == ASKED


def test_names_in_another_order_are_the_same_order() -> None:
    digests = {
        digest_asked(wish_of(declared=declare(*names)))
        for names in (("a.example", "b.example"), ("b.example", "a.example"))
    }
    assert len(digests) == 1


def test_a_digest_tells_nothing() -> None:
    assert (len(ASKED), set(ASKED) <= set("0123456789abcdef")) == (16, True)
    assert SECRET not in repr(due_of())


def test_the_issuer_of_a_wish_can_be_looked_up_by() -> None:
    assert {ISSUER: 1}[Issuer(**vars(ISSUER))] == 1
    assert cert_id_of() != cert_id_of(15)


@pytest.mark.parametrize(
    ("live", "days", "verdict"),
    [
        pytest.param(LIVE, 0, DEFERRED, id="there is time"),
        pytest.param(OLD, 10, FAILED, id="it ends soon"),
        pytest.param(None, 0, FAILED, id="nothing is installed"),
    ],
)
def test_a_request_that_waits_for_another_ca_keeps_its_key(live: Any, days: int, verdict: str) -> None:
    waiting = {"openssl": True, "order": {"order": {"purpose": "request"}, "run": "that", "claimed_until": ""}}
    due = Due(wish_of(), found(live=live, issuance=waiting), (), "")
    wish = put_off(due, run="this", now=NOW + days * DAY)
    assert wish is not None
    assert wish.ending is not None
    assert (wish.ending.verdict, wish.ending.code) == (verdict, "request_waiting")
    forced = replace(due, wish=wish_of(replace(due.wish.words, force=True)))
    assert put_off(forced, run="this", now=NOW) is None


def test_a_webroot_where_nothing_can_be_answered_is_told_before_a_ca_is_asked() -> None:
    fault = {"code": "webroot_missing", "message": "The webroot /x does not exist on the host; create it"}
    observed = found(issuance={"openssl": True, "webroot": fault})
    wish = put_off(Due(wish_of(), observed, (), ""), run="this", now=NOW)
    assert wish is not None
    assert wish.ending == Ending(FAILED, "webroot_missing", fault["message"])
