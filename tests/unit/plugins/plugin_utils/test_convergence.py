# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Look, plan, act: against a host that is a dictionary, and that somebody else may change underneath."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._convergence import ChangedUnderneath, Round, converge
from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import Observed
from ansible_collections.certwright.tls.plugins.plugin_utils._core.plan import Plan
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Problem, Reason

Meddle = Callable[[dict[str, int]], None]


class FakeHost:
    """Holds a number of a generation by certificate.

    `meddle` is what somebody else does before each `apply`; `interrupted` is an outcome that the first one recovers.
    """

    def __init__(
        self, held: dict[str, int], meddle: tuple[Meddle, ...] = (), interrupted: dict[str, Any] | None = None
    ) -> None:
        self.held, self.meddle, self.interrupted = held, list(meddle), interrupted
        self.calls: list[str] = []

    def observe(self) -> dict[str, Any]:
        self.calls.append("observe")
        return {
            "journal": {"run": "job 6", "started": "2026-11-21T21:00:00Z"} if self.interrupted else None,
            "services": {},
            "certificates": {name: self._answer(number) for name, number in self.held.items()},
        }

    def apply(self, certificates: list[dict[str, Any]], *, refuse_all: bool = False) -> dict[str, Any]:
        self.calls.append("apply " + " ".join(item["name"] for item in certificates))
        if self.meddle:
            self.meddle.pop(0)(self.held)
        if self.interrupted:
            recovered, self.interrupted = self.interrupted, None
            return {"changed_underneath": True, "outcomes": [recovered]}
        if any(str(self.held[item["name"]]) != item["expect"] for item in certificates):
            return {"changed_underneath": True, "outcomes": []}
        for item in certificates:
            self.held[item["name"]] = item["generation"]
        outcomes = [{"certificate": item["name"], "outcome": "activated"} for item in certificates]
        return {"changed_underneath": False, "outcomes": outcomes}

    @staticmethod
    def _answer(number: int) -> dict[str, Any]:
        live = {"generation": number, "record": {}, "activation": {}, "drift": []}
        return {"digest": str(number), "live": live, "pending": None, "stored": [], "paths": []}


WANTED = 5


def decide(name: str, observed: Observed) -> Plan:
    """Everything is to be at generation 5; what is beyond is refused, and an interrupted run is finished first."""
    assert observed.live is not None
    recover = bool(observed.interrupted)
    if observed.live.number > WANTED:
        return Plan(name, activate=True, problems=(Problem(name, "refused", "beyond"),), recover=recover)
    reasons = (Reason("behind", f"{name} is at {observed.live.number}"),) if observed.live.number < WANTED else ()
    return Plan(name, reasons=reasons, generation=WANTED, activate=bool(reasons), recover=recover)


def bookkeep(name: str, _observed: Observed) -> Plan:
    """Nothing but the record of the live generation is to be renewed."""
    return Plan(name, generation=WANTED, remember=WANTED)


def run(
    host: Any,
    *,
    check_mode: bool = False,
    plan: Callable[[str, Observed], Plan] = decide,
    refuse_all: bool = False,
) -> Round:
    return converge(
        host,
        look=lambda asked: asked.observe(),  # type: ignore[call-arg]
        plan=plan,
        request=lambda plan, observed: {
            "name": plan.certificate,
            "generation": plan.generation if plan.activate else observed.live and observed.live.number,
            "expect": observed.digest,
        },
        check_mode=check_mode,
        refuse_all=refuse_all,
    )


def put(name: str, number: int) -> Meddle:
    return lambda held: held.update({name: number})


@pytest.mark.parametrize(
    ("held", "meddle", "check_mode", "calls", "left"),
    [
        pytest.param({"a": 5}, (), False, ["observe"], {"a": 5}, id="nothing to do costs one execution"),
        pytest.param({"a": 1}, (), False, ["observe", "apply a"], {"a": 5}, id="a change costs two"),
        pytest.param({"a": 1}, (), True, ["observe"], {"a": 1}, id="check mode looks only"),
        pytest.param({}, (), False, ["observe"], {}, id="no certificate"),
        pytest.param(
            {"a": 1, "b": 5, "c": 2, "d": 9},
            (),
            False,
            ["observe", "apply a c"],
            {"a": 5, "b": 5, "c": 5, "d": 9},
            id="only those with something to do, none that is refused",
        ),
        pytest.param(
            {"a": 1},
            (put("a", 2),),
            False,
            ["observe", "apply a", "observe", "apply a"],
            {"a": 5},
            id="somebody was faster: planned again on what is there now",
        ),
        pytest.param(
            {"a": 1},
            (put("a", 5),),
            False,
            ["observe", "apply a", "observe"],
            {"a": 5},
            id="somebody did the same: nothing left to do",
        ),
        pytest.param(
            {"a": 1},
            (put("a", 2), put("a", 3)),
            False,
            ["observe", "apply a"] * 3,
            {"a": 5},
            id="the third try counts",
        ),
    ],
)
def test_a_run(
    held: dict[str, int], meddle: tuple[Meddle, ...], check_mode: bool, calls: list[str], left: dict[str, int]
) -> None:
    host = FakeHost(dict(held), meddle)
    run(host, check_mode=check_mode)

    assert calls == host.calls
    assert left == host.held


def test_three_times_in_a_row_is_enough() -> None:
    host = FakeHost({"a": 1}, (put("a", 2), put("a", 3), put("a", 4)))

    with pytest.raises(ChangedUnderneath) as refused:
        run(host)
    expected = "The store changed three times between looking and acting: another run is at work; run again"
    assert expected == str(refused.value)
    assert host.held == {"a": 4}


RECOVERED = {"certificate": "b", "outcome": "rolled_back"}


def test_the_round_holds_the_last_look_and_every_outcome_on_the_way() -> None:
    ended = run(FakeHost({"a": 1, "b": 5}, interrupted=RECOVERED))

    assert ended.outcomes == (RECOVERED, {"certificate": "a", "outcome": "activated"})
    assert [ended.observed[name].digest for name in ("a", "b")] == ["1", "5"]
    assert [plan.certificate for plan in ended.plans] == ["a", "b"]
    assert {"a", "b"} == set(ended.answer["certificates"])


@pytest.mark.parametrize(
    ("held", "check_mode", "calls"),
    [
        pytest.param({"b": 9}, False, ["observe", "apply b", "observe"], id="refused, and then refused again"),
        pytest.param({"b": 5}, False, ["observe", "apply b", "observe"], id="right, and then right again"),
        pytest.param(
            {"a": 1, "b": 9}, False, ["observe", "apply a b", "observe", "apply a"], id="refused beside another"
        ),
        pytest.param({"b": 9}, True, ["observe"], id="check mode finishes nothing"),
    ],
)
def test_an_interrupted_run_is_finished_even_when_everything_is_refused(
    held: dict[str, int], check_mode: bool, calls: list[str]
) -> None:
    host = FakeHost(dict(held), interrupted=RECOVERED)
    ended = run(host, check_mode=check_mode)

    assert calls == host.calls
    assert held["b"] == host.held["b"]
    assert (() if check_mode else (RECOVERED,)) == tuple(item for item in ended.outcomes if item["certificate"] == "b")
    assert (["refused"] if held["b"] > WANTED else []) == [
        problem.code for plan in ended.plans for problem in plan.problems
    ]


@pytest.mark.parametrize(
    ("check_mode", "calls"),
    [pytest.param(False, ["observe", "apply a"], id="run"), pytest.param(True, ["observe"], id="check mode")],
)
def test_bookkeeping_alone_is_worth_an_execution(check_mode: bool, calls: list[str]) -> None:
    host = FakeHost({"a": 5})
    run(host, check_mode=check_mode, plan=bookkeep)

    assert calls == host.calls


@pytest.mark.parametrize(
    ("meddle", "interrupted", "reasons"),
    [
        pytest.param((put("a", 2),), None, ["a is at 2"], id="what somebody else changed is no reason of ours"),
        pytest.param((put("a", 2),), RECOVERED, ["a is at 1", "a is at 2"], id="what led to a recovery stays one"),
        pytest.param((put("a", 5),), RECOVERED, ["a is at 1"], id="even when nothing else is left to do"),
        pytest.param((), RECOVERED, ["a is at 1"], id="the same is told once"),
    ],
)
def test_reasons_of_a_round_that_did_something_are_kept(
    meddle: tuple[Meddle, ...], interrupted: dict[str, Any] | None, reasons: list[str]
) -> None:
    ended = run(FakeHost({"a": 1}, meddle, interrupted))

    assert reasons == [reason.message for plan in ended.plans for reason in plan.reasons]


@pytest.mark.parametrize("check_mode", [pytest.param(False, id="run"), pytest.param(True, id="check mode")])
@pytest.mark.parametrize(
    ("held", "held_back"),
    [
        pytest.param({"a": 1, "b": 5, "c": 9}, ["a"], id="one is refused: the others are not touched"),
        pytest.param({"b": 5, "c": 9}, [], id="one is refused, and the other has nothing to do"),
        pytest.param({"a": 1, "d": 2, "c": 9}, ["a", "d"], id="one is refused, and two are sound"),
    ],
)
def test_one_problem_holds_back_what_is_sound(held: dict[str, int], held_back: list[str], *, check_mode: bool) -> None:
    host = FakeHost(dict(held))
    ended = run(host, check_mode=check_mode, refuse_all=True)

    assert (["observe"], held) == (host.calls, host.held)
    assert held_back == [plan.certificate for plan in ended.plans if plan.held]
    assert [False] * len(held) == [plan.changes and not plan.problems for plan in ended.plans]


@pytest.mark.parametrize(
    ("held", "refuse_all", "calls"),
    [
        pytest.param({"a": 1, "b": 5}, True, ["observe", "apply a"], id="nobody is refused"),
        pytest.param({"a": 1, "b": 9}, False, ["observe", "apply a"], id="the others go on"),
    ],
)
def test_nothing_is_held_back_without_a_problem_or_a_wish(
    held: dict[str, int], refuse_all: bool, calls: list[str]
) -> None:
    host = FakeHost(dict(held))
    ended = run(host, refuse_all=refuse_all)

    assert (calls, 5) == (host.calls, host.held["a"])
    assert [plan.held for plan in ended.plans] == [False, False]


def test_what_is_held_back_finishes_an_interrupted_run_and_no_more() -> None:
    host = FakeHost({"a": 1, "b": 9}, interrupted=RECOVERED)
    ended = run(host, refuse_all=True)

    assert host.calls == ["observe", "apply a b", "observe"]
    assert host.held == {"a": 1, "b": 9}
    assert (ended.outcomes, [plan.held for plan in ended.plans]) == ((RECOVERED,), [True, False])


class Stranded(FakeHost):
    """Its interrupted run can be finished by nobody, or was finished by another one since it was looked at."""

    def apply(self, certificates: list[dict[str, Any]], *, refuse_all: bool = False) -> dict[str, Any]:
        self.interrupted = None
        return super().apply(certificates)


@pytest.mark.parametrize(
    ("refuse_all", "left"),
    [
        pytest.param(True, {"a": 1, "b": 9}, id="held back"),
        pytest.param(False, {"a": 5, "b": 9}, id="refused beside a sound one"),
    ],
)
def test_what_is_not_to_be_done_is_not_done_when_there_is_no_run_to_finish_after_all(
    *, refuse_all: bool, left: dict[str, int]
) -> None:
    host = Stranded({"a": 1, "b": 9}, interrupted=RECOVERED)
    run(host, refuse_all=refuse_all)

    assert left == host.held
