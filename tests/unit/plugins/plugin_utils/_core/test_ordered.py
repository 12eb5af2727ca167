# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The wish for an ordered certificate: when a CA is asked, what is planned before and after, what the host is told."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.bundle import HostKey
from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import describe
from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import Desired, Observed
from ansible_collections.certwright.tls.plugins.plugin_utils._core.issuance import Memory
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_outcome import DEFERRED, EXPIRED, FAILED
from ansible_collections.certwright.tls.plugins.plugin_utils._core.ordered import (
    Ending,
    Issued,
    Ordered,
    find_issue_notices,
    load_memory,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.plan import Plan
from ansible_collections.certwright.tls.plugins.plugin_utils._core.private_key import load_private_key
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice, Reason
from ansible_collections.certwright.tls.tests.unit.authority import NOW
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.ordered_certificates import (
    ACCOUNT,
    AT_HOME,
    DAY,
    DIRECTORY,
    SECRET,
    STAGING,
    cert_id_of,
    declare,
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
    leaf,
    load,
    stored,
    wanted,
)
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.test_plan import (
    Steps,
    again,
    new,
    steps_of,
)
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.test_supplied import damaged_key

SAID = Notice("name_stripped", "Of a URL only the host name counts: a.example")
CRASHED = "job 6 of 2026-11-21T21:00:00Z"
ADOPTED = {"certificate_path": "/etc/letsencrypt/live/a/cert.pem"}
LIVE, OLD = issued(), issued(15)
DUE = (Reason("due_by_date", "A third of its life or less is left"),)
LATE = Ending(DEFERRED, "rate_limited", "ca.example gives no more; try later")
RED = Ending(FAILED, "caa_forbids", "CAA forbids it; add ca.example")
WINDOW = window_of(-2 * DAY, -DAY)


def desired_of(*, on_host: bool = True, days: int = 60, **changes: Any) -> Desired:
    """What the CA gave; its key is the host's, unless it was made here."""
    order = {"cert_id": cert_id_of(days), "account": ACCOUNT, "profile": ""}
    desired = wanted(leaf(days), issuer=DIRECTORY, order=order, **changes)
    if not on_host:
        return desired
    return replace(desired, bundle=replace(desired.bundle, private_key=HostKey("EC P-256", frozenset())))


def given(*, on_host: bool = True, **changes: Any) -> Issued:
    return Issued(desired_of(on_host=on_host, **changes), "5d" * 32 if on_host else "", DUE)


@pytest.mark.parametrize(
    ("wish", "observed", "expected"),
    [
        pytest.param(wish_of(), found(), ["certificate_missing"], id="nothing is there"),
        pytest.param(wish_of(), found(live=LIVE), [], id="it is there"),
        pytest.param(wish_of(), found(live=OLD), ["due_by_date"], id="its time has come"),
        pytest.param(
            wish_of(words_of(key_type="rsa2048")),
            found(live=OLD),
            ["key_type_differs", "due_by_date"],
            id="another is declared, and its time has come",
        ),
        pytest.param(wish_of(trusts_clock=False), found(live=OLD), [], id="nobody knows what time it is"),
        pytest.param(
            wish_of(words_of(key_type="rsa2048", force=True), trusts_clock=False),
            found(live=OLD),
            ["key_type_differs"],
            id="nobody knows what time it is, and another is declared",
        ),
        pytest.param(wish_of(ending=LATE), found(live=OLD), [], id="it was ordered in vain"),
        pytest.param(wish_of(issued=given()), found(live=OLD), [], id="it was ordered"),
        pytest.param(wish_of(sharing=member_of()), found(live=OLD), [], id="its home orders it"),
        pytest.param(wish_of(sharing=AT_HOME), found(live=OLD), ["due_by_date"], id="this is its home"),
        pytest.param(wish_of(), found(adopted=ADOPTED), [], id="somebody else renews it"),
        pytest.param(wish_of(), found(adopted=ADOPTED, live=OLD), ["due_by_date"], id="adopted once, and ours now"),
        pytest.param(
            wish_of(), found(live=LIVE, issuance=remembering(WINDOW)), ["due_by_window"], id="the host remembers it"
        ),
        pytest.param(wish_of(memory=WINDOW), found(live=LIVE), ["due_by_window"], id="the CA says so now"),
        pytest.param(
            wish_of(memory=window_of(DAY, 2 * DAY)),
            found(live=LIVE, issuance=remembering(WINDOW)),
            [],
            id="the CA says otherwise now",
        ),
    ],
)
def test_why_a_ca_is_asked(wish: Ordered, observed: Observed, expected: list[str]) -> None:
    assert expected == [reason.code for reason in wish.find_reasons(observed, NOW)]


def order(*reasons: str, **steps: Any) -> Steps:
    """Ordered, and nothing else is touched before."""
    return Steps(reasons, pending=True, **steps)


@pytest.mark.parametrize(
    ("wish", "observed", "is_ordered", "expected"),
    [
        pytest.param(wish_of(), found(), True, order("certificate_missing"), id="the first one"),
        pytest.param(wish_of(), found(live=OLD), True, order("due_by_date"), id="the next one"),
        pytest.param(
            wish_of(),
            found(live=OLD, interrupted=CRASHED),
            True,
            order("due_by_date", recover=True),
            id="after a crash",
        ),
        pytest.param(
            wish_of(words_of(directory=STAGING)),
            found(live=LIVE),
            False,
            Steps(problems=("test_issuer",)),
            id="a test CA over a real one",
        ),
        pytest.param(
            wish_of(declared=declare(services=())),
            found(live=OLD, interrupted=CRASHED),
            False,
            Steps(problems=("files_abandoned",), recover=True),
            id="files would be gone, after a crash",
        ),
        pytest.param(wish_of(), found(live=LIVE), False, Steps(), id="it is there"),
        pytest.param(
            wish_of(words_of(force=True, is_scheduled=True)),
            found(live=LIVE),
            False,
            Steps(notices=("force_ignored",)),
            id="forced in a scheduled job",
        ),
        pytest.param(wish_of(words_of(force=True)), found(live=LIVE), True, order("forced"), id="forced by somebody"),
        pytest.param(
            wish_of(words_of(force=True), ending=LATE),
            found(),
            False,
            Steps(notices=("rate_limited",)),
            id="forced in vain where nothing is",
        ),
        pytest.param(
            wish_of(ending=LATE), found(live=OLD), False, Steps(notices=("rate_limited",)), id="put off: it is told"
        ),
        pytest.param(
            wish_of(ending=RED), found(live=OLD), False, Steps(failures=("caa_forbids",)), id="failed: it is red"
        ),
        pytest.param(
            wish_of(ending=replace(RED, verdict=EXPIRED)),
            found(live=issued(-1)),
            False,
            Steps(failures=("caa_forbids",), put_back=False),
            id="failed, and what is there has ended",
        ),
        pytest.param(
            wish_of(ending=RED),
            found(live=OLD, pending=issued(20, 2)),
            False,
            again("activation_pending", generation=2, failures=("caa_forbids",)),
            id="failed, and what waits is activated all the same",
        ),
        pytest.param(
            wish_of(ending=LATE, declared=declare(services=("nginx", {"nginx": {"name": "second"}}))),
            found(live=OLD),
            False,
            new("service_added", notices=("rate_limited",)),
            id="put off, and a new service gets what is there",
        ),
        pytest.param(
            wish_of(declared=declare(notices=(SAID,))),
            found(live=LIVE),
            False,
            Steps(notices=("name_stripped",)),
            id="what was to be said of the words",
        ),
    ],
)
def test_what_is_planned_before_a_ca_has_given_anything(
    wish: Ordered, observed: Observed, is_ordered: bool, expected: Steps
) -> None:
    plan = wish.plan(observed, NOW)
    assert (expected, is_ordered) == (steps_of(plan), plan.order)


@pytest.mark.parametrize(
    ("ending", "told"),
    [
        pytest.param(LATE, "web: ca.example gives no more; try later", id="put off"),
        pytest.param(RED, "CAA forbids it; add ca.example", id="failed"),
    ],
)
def test_how_an_order_ended_is_told_once(ending: Ending, told: str) -> None:
    plan = wish_of(ending=replace(ending, end_order="release")).plan(found(live=OLD), NOW)
    assert [told] == [item.message for item in (*plan.notices, *plan.failures)]
    assert (ending.verdict, "release") == (plan.verdict, plan.end_order)


def test_what_was_learned_is_to_be_remembered() -> None:
    plans = [wish_of(memory=memory).plan(found(live=LIVE), NOW) for memory in (window_of(DAY, 2 * DAY), Memory(), None)]
    assert [window_of(DAY, 2 * DAY).to_json(), {}, None] == [plan.memory for plan in plans]
    assert [(plan.changes, plan.is_empty) for plan in plans] == [(False, False), (False, False), (False, True)]


@pytest.mark.parametrize(
    ("adopted", "told"),
    [
        pytest.param(ADOPTED, "web is adopted (/etc/letsencrypt/live/a/cert.pem) and was not ordered;", id="a path"),
        pytest.param({"version": 1}, "web is adopted (a path on the host) and was not ordered;", id="none known"),
    ],
)
def test_what_somebody_else_renews_is_left_to_them(adopted: dict[str, Any], told: str) -> None:
    plan = wish_of(declared=declare(notices=(SAID,))).plan(found(adopted=adopted, interrupted=CRASHED), NOW)
    assert Steps(notices=("name_stripped", "adopted"), recover=True) == steps_of(plan)
    assert plan.notices[1].message.startswith(told)
    assert (plan.order, plan.memory) == (False, None)


@pytest.mark.parametrize(
    ("wish", "observed", "end_order", "expected"),
    [
        pytest.param(
            wish_of(issued=given()),
            found(live=OLD),
            "finish",
            new("due_by_date"),
            id="another one: its order ends when it is stored",
        ),
        pytest.param(
            wish_of(
                issued=replace(given(), reasons=(Reason("certificate_missing", "No certificate web is installed"),))
            ),
            found(),
            "finish",
            new("certificate_missing", put_back=False),
            id="the first one: a reason is told once",
        ),
        pytest.param(
            wish_of(issued=given(days=20)),
            found(live=LIVE),
            "",
            Steps(("due_by_date",), problems=("ends_sooner",)),
            id="one that ends sooner, where nobody accepts it",
        ),
        pytest.param(
            wish_of(issued=given(days=20, accepted=frozenset({"ends_sooner"}))),
            found(live=LIVE),
            "finish",
            new("due_by_date"),
            id="one that ends sooner",
        ),
        pytest.param(
            wish_of(issued=given()),
            found(live=OLD, pending=stored(desired_of(), 2)),
            "",
            again("due_by_date", "activation_pending", generation=2),
            id="the one that waits already",
        ),
        pytest.param(
            wish_of(issued=given(stage_only=True)),
            found(live=OLD),
            "finish",
            Steps(("due_by_date",), stage=True, pending=True),
            id="one that is only to be stored",
        ),
        pytest.param(
            wish_of(issued=replace(given(), notices=(SAID,)), declared=declare(notices=(SAID,))),
            found(live=OLD),
            "finish",
            new("due_by_date", notices=("name_stripped", "name_stripped")),
            id="what is to be said",
        ),
        pytest.param(
            wish_of(issued=replace(given(), reasons=()), sharing=member_of()),
            found(live=OLD),
            "finish",
            new("certificate_differs"),
            id="what a home handed out: no order had a reason",
        ),
        pytest.param(
            wish_of(issued=given()),
            found(live=LIVE, interrupted=CRASHED),
            "",
            Steps(("due_by_date", "interrupted"), recover=True),
            id="the one that is there already, after a crash",
        ),
    ],
)
def test_what_is_planned_with_what_the_ca_gave(
    wish: Ordered, observed: Observed, end_order: str, expected: Steps
) -> None:
    plan = wish.plan(observed, NOW)
    assert (expected, end_order) == (steps_of(plan), plan.end_order)
    assert (plan.order, plan.verdict, plan.restage) == (False, "", None)


def test_the_numbers_of_a_key_that_was_made_here_are_checked_too() -> None:
    desired = desired_of(on_host=False)
    damaged = replace(desired.bundle, private_key=load_private_key(damaged_key().encode("ascii"), None))
    plan = wish_of(issued=Issued(replace(desired, bundle=damaged), "", DUE)).plan(found(), NOW)
    assert [problem.code for problem in plan.problems] == ["private_key_unreadable"]


LOOK: dict[str, Any] = {
    "name": "web",
    "services": [service.to_request(NOW) for service in declare().services],
    "issuance": True,
    "webroot": "/var/www/acme",
}
QUIET: dict[str, Any] = {
    "expect": "digest",
    "remember": None,
    "generation": None,
    "activate": False,
    "put_back": True,
    "discard": [],
    "memory": None,
    "end_order": "",
}
# Of a certificate that stays only what is declared of it is recorded anew.
DECLARED_ANEW = {
    "declared_names": ["a.example"],
    "services": [service.to_record() for service in declare().services],
    "run": "job 7",
    "stored": "2026-11-21T22:00:00Z",
}


def test_the_host_is_asked_for_its_memory_too() -> None:
    wish = wish_of()
    assert wish.look(NOW) == LOOK
    assert ("web", ("a.example",), declare().services) == (wish.name, wish.names, wish.declared_services)


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        pytest.param(Plan("web", memory={}), {"restage": None, "memory": {}}, id="to remember nothing"),
        pytest.param(
            Plan("web", memory={"window_of": "x"}, end_order="release"),
            {"restage": None, "memory": {"window_of": "x"}, "end_order": "release"},
            id="to remember, and to end an order",
        ),
        pytest.param(
            Plan("web", stage=True, restage=3, activate=True, discard=(4,)),
            {"restage": 3, "activate": True, "discard": [4]},
            id="to store again for other services",
        ),
        pytest.param(
            Plan("web", generation=2, activate=True, remember=2),
            {"restage": None, "generation": 2, "activate": True, "remember": 2},
            id="to activate what waits",
        ),
    ],
)
@pytest.mark.parametrize("with_given", [pytest.param(False, id="kept"), pytest.param(True, id="given")])
def test_the_host_is_told_what_becomes_of_what_it_has(
    plan: Plan, expected: dict[str, Any], *, with_given: bool
) -> None:
    wish = wish_of(issued=given() if with_given else None)
    told = wish.request(plan, found(), run="job 7", now=NOW)
    assert {**LOOK, **QUIET, **expected, "record": DECLARED_ANEW} == told


TRUSTING = {"custom": {"files": [{"name": "t.pem", "parts": ["trust"]}]}}
JAVA = {"custom": {"name": "java", "files": [{"name": "a.p12", "format": "pkcs12", "passphrase": SECRET}]}}


def test_keystores_that_are_stored_again_are_made_of_what_the_host_has() -> None:
    wish = wish_of(declared=declare(services=("nginx", TRUSTING, JAVA)))
    observed = found(live=issued(anchor=load(leaf().issuers[0])))
    plan = wish.plan(observed, NOW)
    told = wish.request(plan, observed, run="job 7", now=NOW)
    trusted = base64.b64encode(leaf().issuers[0].pem).decode()
    expected = {"custom/t.pem": {"content": trusted}, "java/a.p12": {"passphrase": SECRET}}
    assert (1, expected) == (told["restage"], told["keystores"])
    assert SECRET not in json.dumps(told["record"])
    assert wish.look(NOW)["anchor"] is True
    assert "anchor" not in wish_of(declared=declare(services=(JAVA,))).look(NOW)


@pytest.mark.parametrize(
    ("on_host", "source"),
    [
        pytest.param(True, {"source": {"order": True, "key_digest": "5d" * 32}}, id="its key waits on the host"),
        pytest.param(False, {}, id="its key was made here"),
    ],
)
def test_the_host_is_told_what_the_ca_gave(*, on_host: bool, source: dict[str, Any]) -> None:
    issued_ = given(on_host=on_host)
    plan = Plan("web", stage=True, activate=True, end_order="finish", memory={})

    expected = {
        **LOOK,
        **QUIET,
        "activate": True,
        "end_order": "finish",
        "memory": {},
        "material": issued_.desired.to_material(),
        "record": issued_.desired.to_record(run="job 7", now=NOW),
        "keep": True,
        **source,
    }
    told = wish_of(issued=issued_).request(plan, found(), run="job 7", now=NOW)
    assert expected == told
    assert ("PRIVATE KEY" in json.dumps(told)) is not on_host
    assert (DIRECTORY, cert_id_of()) == (told["record"]["issuer"], told["record"]["order"]["cert_id"])


def test_a_member_notes_whose_it_is_to_revoke() -> None:
    for sharing, home in ((member_of(), "pki01"), (AT_HOME, None), (None, None)):
        wish = wish_of(issued=given(), sharing=sharing)
        told = wish.request(Plan("web", stage=True), found(), run="job 7", now=NOW)
        assert told["record"].get("home") == home


def test_the_host_is_told_to_keep_a_sealed_key_and_no_other() -> None:
    wish = wish_of(issued=replace(given(on_host=False), sealed_key="sealed text"), sharing=AT_HOME)
    told = wish.request(Plan("web", stage=True, end_order="finish"), found(), run="job 7", now=NOW)
    assert (told["material"]["key"], told["record"]["sealed"], told["keep"]) == ("sealed text", True, True)
    assert "source" not in told
    assert "PRIVATE KEY" not in json.dumps(told)


@pytest.mark.parametrize(
    ("sharing", "expected"),
    [
        pytest.param(None, False, id="not shared"),
        pytest.param(AT_HOME, False, id="at its home"),
        pytest.param(member_of(), True, id="elsewhere"),
    ],
)
def test_who_is_a_member(sharing: Any, expected: bool) -> None:
    assert wish_of(sharing=sharing).is_member is expected


def test_a_root_that_is_not_trusted_is_told_of_the_ca() -> None:
    not_proved = Notice("root_not_proved", "The root of a.example is not in the trust store")
    told = list(find_issue_notices(wish_of(), (SAID, not_proved)))
    fact = f"The root of {DIRECTORY} is not in the controller's trust store"
    way_out = "clients have to be given it, and what it signs is not proved here"
    assert told == [SAID, Notice("root_not_proved", f"{fact}; {way_out}")]


DESCRIBED = describe(load(leaf()))


@pytest.mark.parametrize(
    ("wish", "observed", "expected"),
    [
        pytest.param(wish_of(), found(), {}, id="nothing"),
        pytest.param(wish_of(), found(live=LIVE), DESCRIBED, id="what is there"),
        pytest.param(wish_of(), found(live=OLD, pending=issued(60, 2)), DESCRIBED, id="what waits"),
        pytest.param(wish_of(issued=given()), found(live=OLD), DESCRIBED, id="what was given"),
        pytest.param(wish_of(), found(live=fallen_back(fingerprint=OTHER)), {}, id="none of its own"),
    ],
)
def test_what_is_shown_of_it(wish: Ordered, observed: Observed, expected: dict[str, Any]) -> None:
    assert expected == wish.describe(observed)


@pytest.mark.parametrize(
    ("wish", "issuance", "expected"),
    [
        pytest.param(wish_of(), {}, Memory(), id="a host that was not asked"),
        pytest.param(wish_of(), {"memory": None}, Memory(), id="a host that has none"),
        pytest.param(wish_of(), remembering(WINDOW), WINDOW, id="what the host remembers"),
        pytest.param(wish_of(memory=WINDOW), remembering(Memory(terms="x")), WINDOW, id="what this run learned"),
    ],
)
def test_what_is_known_of_its_issuing(wish: Ordered, issuance: dict[str, Any], expected: Memory) -> None:
    assert expected == load_memory(wish, found(issuance=issuance))


def test_what_was_not_given_cannot_be_planned() -> None:
    with pytest.raises(LookupError, match="Nothing was issued for web"):
        wish_of()._plan_issued(found(), NOW)


def test_no_secret_shows_in_a_wish_or_its_plan() -> None:
    wish = wish_of(issued=given(on_host=False))
    told = repr(wish) + repr(wish.plan(found(live=OLD), NOW))
    assert [secret in told for secret in (SECRET, "PRIVATE KEY")] == [False, False]
