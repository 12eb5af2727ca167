# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was removed stays away until something new is said of it, and a key that leaked for ever."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import Observed
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_permission import with_revived
from ansible_collections.certwright.tls.plugins.plugin_utils._core.plan import Plan
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Problem
from ansible_collections.certwright.tls.plugins.plugin_utils._core.staying_removed import (
    find_stays,
    judge_return,
    judge_supplied,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.tombstone import (
    Identity,
    Leaf,
    Removed,
    Tombstone,
)
from ansible_collections.certwright.tls.tests.unit.authority import NOW
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.test_deployment import (
    fallen_back,
    found,
    leaf,
    stored,
    wanted,
)

GONE = Removed("2026-11-22T00:00:00Z", "job 8", "named", "https://ca.example/dir", ("a.example", "b.example"), "11")
SAME = Identity("https://ca.example/dir", ("b.example", "a.example"))
TOMBSTONE = Tombstone(GONE)
INTERNAL = Tombstone(replace(GONE, issuer="internal_ca:5c"))
HOST = Tombstone(Removed("2026-11-22T00:00:00Z", "", "decommissioned"), is_of_host=True)


@pytest.mark.parametrize(
    ("tombstone", "declared", "words", "expected"),
    [
        pytest.param(TOMBSTONE, SAME, {}, ["tombstone"], id="declared as it was"),
        pytest.param(TOMBSTONE, replace(SAME, fingerprint="11"), {}, ["tombstone"], id="the same material"),
        pytest.param(TOMBSTONE, replace(SAME, fingerprint="22"), {}, [], id="other material"),
        pytest.param(TOMBSTONE, replace(SAME, names=("a.example",)), {}, [], id="other names"),
        pytest.param(TOMBSTONE, replace(SAME, issuer="files"), {}, [], id="another issuer"),
        pytest.param(INTERNAL, replace(SAME, issuer="internal_ca:5c"), {}, ["tombstone"], id="the same internal CA"),
        pytest.param(INTERNAL, replace(SAME, issuer="internal_ca:"), {}, ["tombstone"], id="one that is silent"),
        pytest.param(TOMBSTONE, replace(SAME, issuer="internal_ca:"), {}, [], id="silent, and it was an ACME CA"),
        pytest.param(Tombstone(replace(GONE, why="declared")), SAME, {}, [], id="the inventory said so itself"),
        pytest.param(TOMBSTONE, SAME, {"accepted": ["removed"]}, [], id="revived"),
        pytest.param(TOMBSTONE, SAME, {"live": stored(wanted())}, ["tombstone"], id="its removal ended half way"),
        pytest.param(TOMBSTONE, SAME, {"pending": stored(wanted())}, ["tombstone"], id="it waits for its services"),
        pytest.param(
            TOMBSTONE, SAME, {"live": stored(wanted()), "accepted": ["removed"]}, [], id="half way, and revived"
        ),
        pytest.param(TOMBSTONE, SAME, {"live": fallen_back()}, ["tombstone"], id="it shows another one"),
        pytest.param(HOST, SAME, {}, ["tombstone"], id="the whole host"),
        pytest.param(HOST, SAME, {"accepted": ["removed"]}, [], id="the whole host, revived"),
        pytest.param(Tombstone(), SAME, {}, [], id="never removed"),
    ],
)
def test_what_stays_removed(
    tombstone: Tombstone, declared: Identity, words: dict[str, Any], expected: list[str]
) -> None:
    accepted = words.pop("accepted", [])
    problems = find_stays("web", found(tombstone=tombstone, **words), declared, accepted)
    assert [item.code for item in problems] == expected


@pytest.mark.parametrize(("tombstone", "way_out"), [(TOMBSTONE, "tls_revive: [web]"), (HOST, "tls_revive: true")])
def test_the_way_back_is_said(tombstone: Tombstone, way_out: str) -> None:
    (problem,) = find_stays("web", found(tombstone=tombstone), SAME, [])
    assert way_out in problem.message
    assert "2026-11-22T00:00:00Z" in problem.message


def test_a_removal_that_ended_half_way_says_how_to_finish_it() -> None:
    (problem,) = find_stays("web", found(tombstone=TOMBSTONE, live=stored(wanted())), SAME, [])
    assert problem.message.endswith("its files are still there: run `certwright.tls.remove -e tls_remove=web` again")


@pytest.mark.parametrize(
    ("plan", "observed", "expected"),
    [
        pytest.param(Plan("web"), found(tombstone=TOMBSTONE, live=stored(wanted())), True, id="live"),
        pytest.param(Plan("web"), found(tombstone=TOMBSTONE, pending=stored(wanted())), True, id="it waits"),
        pytest.param(Plan("web"), found(tombstone=TOMBSTONE, live=fallen_back()), False, id="nothing of its own"),
        pytest.param(Plan("web"), found(live=stored(wanted())), False, id="never removed"),
        pytest.param(
            Plan("web", failures=(Problem("web", "not_served", "said"),)),
            found(tombstone=TOMBSTONE, live=stored(wanted())),
            False,
            id="it is not as it should be",
        ),
        pytest.param(
            Plan("web", problems=(Problem("web", "expired", "said"),)),
            found(tombstone=TOMBSTONE, live=stored(wanted())),
            False,
            id="refused",
        ),
    ],
)
def test_what_is_let_through_is_not_removed_any_more(plan: Plan, observed: Observed, expected: bool) -> None:
    back = judge_return(plan, (), observed)
    assert (back.revive, back.is_empty, back.changes) == (expected, not expected, False)


def test_what_stays_removed_stops_nothing_else() -> None:
    told = (Problem("web", "tombstone", "said"),)
    plan = judge_return(Plan("web", stage=True, activate=True, recover=True), told, found())
    assert (plan.failures, plan.problems, plan.stage, plan.activate, plan.recover) == (told, (), False, False, True)
    assert judge_return(plan, (), found()) is plan


DESIRED = wanted()
LEAKED = Tombstone(keys=frozenset({DESIRED.bundle.leaf.public_key.sha256}))


@pytest.mark.parametrize(
    ("observed", "expected"),
    [
        pytest.param(found(tombstone=LEAKED), ["key_compromised"], id="its key leaked"),
        pytest.param(found(tombstone=LEAKED, live=stored(DESIRED)), ["key_compromised"], id="and is live"),
        pytest.param(found(tombstone=Tombstone(keys=frozenset({"ff"}))), [], id="another key leaked"),
        pytest.param(found(), [], id="nothing is known"),
    ],
)
def test_a_key_that_leaked_is_never_installed_again(observed: Observed, expected: list[str]) -> None:
    plan = judge_supplied(Plan("web", stage=True), DESIRED, observed)
    assert ([item.code for item in plan.failures], plan.stage) == (expected, not expected)


def test_what_the_host_says_is_read() -> None:
    removed = {**GONE.to_json(), "more": 1}
    answer = {"removed": removed, "host": False, "compromised": ["11"], "keys": ["k1"]}
    assert Tombstone.from_answer(answer) == Tombstone(GONE, False, frozenset({"11"}), frozenset({"k1"}))
    assert Tombstone.from_answer({"compromised": [], "keys": []}) == Tombstone()
    words = {"fingerprint": "11", "key": "k1", "pem": "", "issuer": "", "names": ["a"], "not_after": "2026"}
    assert Leaf.from_answer(words) == Leaf("11", "k1", "", "", ("a",), "", "", "2026", is_readable=False)


def test_what_a_certificate_is_comes_from_itself_and_not_from_its_host() -> None:
    """Else a host would choose by its words what is said to be revoked, and by which date."""
    true = DESIRED.bundle.leaf
    lies = {"fingerprint": "11", "key": "k1", "serial": "0a", "not_after": "1999-01-01T00:00:00Z", "names": ["x"]}
    found_leaf = Leaf.from_answer({**lies, "pem": true.pem, "issuer": "files"})
    assert (found_leaf.fingerprint, found_leaf.key, found_leaf.serial) == (
        true.fingerprint,
        true.public_key.sha256,
        true.serial,
    )
    assert (found_leaf.not_after, found_leaf.has_ended(NOW)) == (f"{true.not_after:%Y-%m-%dT%H:%M:%SZ}", False)
    assert (found_leaf.certified, found_leaf.names, found_leaf.is_readable) == (true.names, ("x",), True)


def test_what_is_no_certificate_has_not_ended_before_it_says_so() -> None:
    for told, expected in (("", False), ("1999-01-01T00:00:00Z", True)):
        assert Leaf.from_answer({"pem": "no PEM", "not_after": told}).has_ended(NOW) is expected


@pytest.mark.parametrize(("chosen", "expected"), [(["b"], [None, ["removed"]]), ("a", [["x", "removed"], None])])
def test_those_that_are_chosen_may_come_back(chosen: Any, expected: list[Any]) -> None:
    entries = [{"name": "a", "accept": ["x"]}, {"domain": "b"}]
    pairs = zip(with_revived(entries, chosen), entries, strict=True)
    kept = [None if item == entry else item["accept"] for item, entry in pairs]
    assert kept == expected


def test_a_supplied_one_that_was_removed_is_known_by_its_leaf() -> None:
    bundle = DESIRED.bundle
    gone = Tombstone(Removed("now", "", "named", "files", ("a.example",), bundle.leaf.fingerprint))
    for desired, expected in ((DESIRED, ["tombstone"]), (wanted(leaf(90)), [])):
        plan = judge_supplied(Plan("web", stage=True), desired, found(tombstone=gone))
        assert [item.code for item in plan.failures] == expected
