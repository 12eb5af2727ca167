# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_guards import (
    PlannedOrder,
    digest_orders,
    guard_orders,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice, Problem
from ansible_collections.certwright.tls.plugins.plugin_utils._core.renewal import NOTHING_LEFT


def order(
    host: str, *names: str, urgency: float = 0.8, by_date: bool = False, shared: bool = False, day: int | None = None
) -> PlannedOrder:
    """A certificate `web` that is ordered again, unless more is said; its name is the host's, unless it is said."""
    needed_by = None if day is None else datetime(2026, 11, day, tzinfo=timezone.utc)
    return PlannedOrder(host, "web", names or (f"{host}.example",), urgency, by_date, shared, needed_by)


def fleet(count: int, *, urgency: float = 0.8, by_date: bool = False) -> list[PlannedOrder]:
    return [order(f"h{number:03}", urgency=urgency, by_date=by_date) for number in range(count)]


NEW = order("added", urgency=NOTHING_LEFT)
ENDED = order("ended", urgency=NOTHING_LEFT, by_date=True)
NEARLY = order("nearly", urgency=0.1, by_date=True)
DUE = order("due", urgency=0.33, by_date=True)
CHANGED = order("changed", urgency=0.05)


@pytest.mark.parametrize(
    ("budget", "permitted", "held"),
    [
        pytest.param(None, ["ended", "added", "changed", "nearly", "due"], [], id="the most urgent first"),
        pytest.param(2, ["ended", "added"], ["changed", "nearly", "due"], id="the rest is held"),
        pytest.param(0, [], ["ended", "added", "changed", "nearly", "due"], id="nothing may be ordered"),
        pytest.param(-1, [], ["ended", "added", "changed", "nearly", "due"], id="less than nothing"),
    ],
)
def test_the_budget_goes_to_the_most_urgent(budget: int | None, permitted: list[str], held: list[str]) -> None:
    planned = (DUE, NEW, CHANGED, ENDED, NEARLY)
    verdict = guard_orders(planned, budget=budget, max_reissues=None, certificates=5)
    assert ([(host, "web") for host in permitted], [(host, "web") for host in held], ()) == (
        list(verdict.permitted),
        list(verdict.held),
        verdict.refused,
    )


def test_without_a_word_fifty_are_ordered_in_a_run() -> None:
    verdict = guard_orders(fleet(51, by_date=True), budget=None, max_reissues=None, certificates=51)
    assert (len(verdict.permitted), verdict.held) == (50, (("h050", "web"),))


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        pytest.param((None, None, None), "run again", id="nobody knows when"),
        pytest.param(
            (1, 28, 26), "the next run is needed by 2026-11-26 00:00 UTC", id="the earliest of those that are held"
        ),
        pytest.param((1, None, 28), "the next run is needed by 2026-11-28 00:00 UTC", id="only one is known"),
    ],
)
def test_what_is_held_says_when_the_next_run_is_needed(days: tuple[int | None, ...], expected: str) -> None:
    planned = [order(f"h{index}", by_date=True, day=day) for index, day in enumerate(days)]
    verdict = guard_orders(planned, budget=1, max_reissues=None, certificates=3)
    text = f"1 of 3 orders fit into the budget of a run, and 2 are left for the next; {expected}"
    assert verdict.notices == (Notice("orders_held", text),)


@pytest.mark.parametrize(
    ("planned", "max_reissues", "certificates", "refused"),
    [
        pytest.param(fleet(10), None, 10, 0, id="ten in a small fleet"),
        pytest.param(fleet(11), None, 219, 11, id="eleven in a fleet of 219"),
        pytest.param(fleet(11), None, 220, 0, id="eleven are 5 % of a fleet of 220"),
        pytest.param(fleet(2), 2, 2, 0, id="as many as are allowed"),
        pytest.param(fleet(3), 2, 1000, 3, id="more than are allowed"),
        pytest.param(fleet(1), 0, 1000, 1, id="none is allowed"),
        pytest.param(fleet(40, by_date=True), 0, 40, 0, id="due by date"),
        pytest.param(fleet(40, urgency=NOTHING_LEFT), 0, 40, 0, id="nothing is installed yet"),
        pytest.param(fleet(40, urgency=0.0), 0, 40, 40, id="the last second of a life"),
        pytest.param([*fleet(3), DUE], 2, 4, 3, id="what is due passes beside them"),
    ],
)
def test_how_many_may_be_issued_again(
    planned: list[PlannedOrder], max_reissues: int | None, certificates: int, refused: int
) -> None:
    verdict = guard_orders(planned, budget=1000, max_reissues=max_reissues, certificates=certificates)
    assert (refused, len(planned) - refused) == (len(verdict.refused), len(verdict.permitted))
    assert {problem.code for host, problem in verdict.refused} == ({"too_many_reissues"} if refused else set())


def test_who_issues_too_much_again_is_told_all_of_it_and_how_to_let_it_pass() -> None:
    verdict = guard_orders([order("b"), order("a"), DUE], budget=None, max_reissues=1, certificates=3)
    message = (
        "2 certificates would be issued again although no date asks for it, and 1 may be (tls_max_reissues);"
        " look for what changed, or let just these pass by tls_confirm_reissue: 169151cfbc8b"
    )
    problem = Problem("web", "too_many_reissues", message)
    assert verdict.refused == (("a", problem), ("b", problem))
    assert verdict.notices == (Notice("too_many_reissues", "No date asks for these to be issued again: a/web, b/web"),)
    assert verdict.permitted == (("due", "web"),)


def test_the_digest_lets_just_this_set_pass() -> None:
    planned = fleet(3)
    confirmed = digest_orders(planned)
    verdict = guard_orders(planned, budget=None, max_reissues=0, certificates=3, confirmed=confirmed)
    assert (verdict.refused, verdict.notices, len(verdict.permitted)) == ((), (), 3)
    other = guard_orders(planned[:2], budget=None, max_reissues=0, certificates=3, confirmed=confirmed)
    assert other.permitted == ()
    assert f"; tls_confirm_reissue is {confirmed}, which is for another set; " in other.refused[0][1].message


@pytest.mark.parametrize(
    ("other", "is_same"),
    [
        pytest.param([order("b"), order("a", "x", "y")], True, id="in another order"),
        pytest.param([order("a", "y", "x"), order("b")], True, id="names in another order"),
        pytest.param([order("a", "x", "y", urgency=0.1), order("b", by_date=True)], True, id="later"),
        pytest.param([order("a", "x", "y")], False, id="one less"),
        pytest.param([order("a", "x"), order("b")], False, id="a name less"),
        pytest.param([order("a", "xy"), order("b")], False, id="names run together"),
        pytest.param([order("a", "x", "y"), replace(order("b"), host="c")], False, id="another host"),
        pytest.param([order("a", "x", "y"), replace(order("b"), certificate="mail")], False, id="another certificate"),
    ],
)
def test_which_sets_have_the_same_digest(other: list[PlannedOrder], is_same: bool) -> None:
    assert is_same is (digest_orders([order("a", "x", "y"), order("b")]) == digest_orders(other))


@pytest.mark.parametrize(
    ("planned", "refused"),
    [
        pytest.param([order("a", "x"), order("b", "y")], [], id="names of their own"),
        pytest.param([order("a", "x"), order("b", "x")], ["a", "b"], id="the same name"),
        pytest.param([order("a", "x", "y"), order("b", "Y", "x")], ["a", "b"], id="in another order and case"),
        pytest.param([order("a", "x", "y"), order("b", "x")], [], id="one of two names"),
        pytest.param(
            [order("a", "x"), replace(order("a", "x"), certificate="mail")], ["a", "a"], id="twice on one host"
        ),
        pytest.param([order("a", "x", by_date=True), order("b", "x")], ["b"], id="one whose date has come goes on"),
        pytest.param([order("a", "x", shared=True), order("b", "x", shared=True)], [], id="declared shared"),
        pytest.param([order("a", "x", shared=True), order("b", "x")], ["b"], id="declared shared by the other"),
    ],
)
def test_the_same_names_on_two_hosts_are_refused(planned: list[PlannedOrder], refused: list[str]) -> None:
    verdict = guard_orders(planned, budget=None, max_reissues=None, certificates=2)
    assert refused == [host for host, problem in verdict.refused]
    assert {problem.code for host, problem in verdict.refused} <= {"names_on_two_hosts"}
    assert sorted(item.place for item in planned if item.host not in refused) == sorted(verdict.permitted)


def test_who_orders_the_same_names_is_told_where_else_they_are() -> None:
    planned = [order(f"h{number}", "x") for number in range(7)]
    verdict = guard_orders(planned, budget=None, max_reissues=None, certificates=7)
    message = (
        "the same names are ordered for h0, h1, h2, h4, h5 and 1 more too, and a CA gives few certificates a week for"
        " one set; declare it once, with `shared: {home: h0}`, or give each host names of its own"
    )
    assert dict(verdict.refused)["h3"] == Problem("web", "names_on_two_hosts", message)
    assert (
        "ordered for h1 too"
        in guard_orders(planned[:2], budget=None, max_reissues=None, certificates=2).refused[0][1].message
    )


def test_what_is_refused_for_its_names_counts_neither_as_issued_again_nor_for_the_budget() -> None:
    planned = [order("a", "x"), order("b", "x"), order("c")]
    verdict = guard_orders(planned, budget=1, max_reissues=1, certificates=3)
    assert (verdict.permitted, verdict.held) == ((("c", "web"),), ())
