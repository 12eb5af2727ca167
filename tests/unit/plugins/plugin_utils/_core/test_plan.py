# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Desired and observed in, steps and reasons out: every way a run may go, one row each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import (
    Desired,
    Observed,
    ObservedPath,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.plan import (
    Plan,
    plan_activation,
    plan_deployment,
    refuse_foreseen,
    without_activation,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Problem, Reason
from ansible_collections.certwright.tls.tests.unit.authority import NOW
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.test_deployment import (
    OTHER,
    fallen_back,
    found,
    leaf,
    load,
    port,
    root,
    stored,
    up,
    wanted,
)

DESIRED = wanted()
# Straight from the root: no chain tells it from another certificate's.
SHORT = wanted(root().issue("a.example", not_after=NOW + timedelta(days=60)))
OLD = stored(wanted(leaf(30)), 1)
LIVE = stored(DESIRED, 1)
PENDING = stored(DESIRED, 2)
STALE = stored(wanted(leaf(40)), 2)
LOOSE = ObservedPath("/opt/tls.pem", "missing", None)
FOREIGN = ObservedPath("/opt/tls.pem", "file", load(leaf(30)))
EXPIRED = ObservedPath("/opt/tls.pem", "file", load(leaf(-1)))
WRONG = {"nginx": up(port(OTHER))}
BROKEN = {"nginx": up(port(OTHER), broken="[emerg]")}
FAILED = replace(LIVE, failure="nginx could not reload")
IN_VAIN = replace(LIVE, reloaded_in_vain={"nginx": "42:100"}, failure="nginx was reloaded in vain")
CRASHED = "job 6 of 2026-11-21T21:00:00Z"
REASONS = (Reason("certificate_differs", "x"), Reason("interrupted", "y"), Reason("pending_superseded", "z"))


@dataclass(frozen=True)
class Steps:
    """What a plan would do, in codes."""

    reasons: tuple[str, ...] = ()
    stage: bool = False
    generation: int | None = None
    activate: bool = False
    discard: tuple[int, ...] = ()
    put_back: bool = True
    recover: bool = False
    pending: bool = False
    remember: int | None = None
    problems: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


def steps_of(plan: Plan) -> Steps:
    return Steps(
        reasons=tuple(item.code for item in plan.reasons),
        stage=plan.stage,
        generation=plan.generation,
        activate=plan.activate,
        discard=plan.discard,
        put_back=plan.put_back,
        recover=plan.recover,
        pending=plan.pending,
        remember=plan.remember,
        problems=tuple(item.code for item in plan.problems),
        failures=tuple(item.code for item in plan.failures),
        notices=tuple(item.code for item in plan.notices),
    )


def new(*reasons: str, **steps: Any) -> Steps:
    """A new generation, and its activation."""
    return Steps(reasons, **{"stage": True, "activate": True, "pending": True, **steps})


def again(*reasons: str, generation: int = 1, **steps: Any) -> Steps:
    """A stored generation is handed to the services."""
    return Steps(reasons, **{"generation": generation, "activate": True, "pending": True, **steps})


@pytest.mark.parametrize(
    ("desired", "observed", "expected"),
    [
        pytest.param(DESIRED, found(), new("certificate_missing", put_back=False), id="nothing there"),
        pytest.param(
            DESIRED, found(paths=(FOREIGN,)), new("certificate_missing"), id="nothing of ours, a foreign file"
        ),
        pytest.param(
            DESIRED,
            found(paths=(EXPIRED,)),
            new("certificate_missing", put_back=False),
            id="nothing of ours, an expired foreign file",
        ),
        pytest.param(DESIRED, found(live=LIVE), Steps(), id="right and served"),
        pytest.param(DESIRED, found(live=OLD), new("certificate_differs"), id="another leaf"),
        pytest.param(
            DESIRED, found(live=fallen_back(fingerprint=OTHER)), new("certificate_missing"), id="it had none of its own"
        ),
        pytest.param(
            wanted(leaf(30)),
            found(live=fallen_back(fingerprint=OTHER), paths=(FOREIGN,)),
            new("certificate_missing"),
            id="it had none of its own, and that of the other one lasts longer",
        ),
        pytest.param(
            SHORT,
            found(live=fallen_back(fingerprint=SHORT.bundle.leaf.fingerprint)),
            new("certificate_missing"),
            id="it had none of its own, and the other one has the same",
        ),
        pytest.param(
            SHORT,
            found(live=OLD, pending=fallen_back(2, fingerprint=SHORT.bundle.leaf.fingerprint)),
            new("certificate_differs", "pending_superseded", discard=(2,)),
            id="it was to have none of its own, and the other one has the same",
        ),
        pytest.param(
            DESIRED,
            found(live=LIVE, pending=fallen_back(2)),
            Steps(("pending_superseded",), discard=(2,)),
            id="right, and it was to have none of its own",
        ),
        pytest.param(
            DESIRED,
            found(live=stored(wanted(leaf(-1)))),
            new("certificate_differs", put_back=False),
            id="an expired one is not put back",
        ),
        pytest.param(
            DESIRED, found(live=replace(LIVE, chain=("00",))), new("chain_differs"), id="the same leaf, another chain"
        ),
        pytest.param(
            DESIRED,
            found(live=replace(LIVE, drift=(("nginx/privkey.pem", "missing"),))),
            new("file_missing", put_back=False),
            id="a file is gone",
        ),
        pytest.param(
            DESIRED,
            found(live=replace(LIVE, drift=(("nginx/privkey.pem", "attributes"),))),
            new("attributes_differ"),
            id="a mode was changed",
        ),
        pytest.param(
            wanted(services=["nginx", {"nginx": {"name": "b"}}]), found(live=LIVE), new("service_added"), id="one more"
        ),
        pytest.param(
            wanted(services=[], accepted=frozenset({"files_abandoned"})),
            found(live=LIVE),
            new("service_removed"),
            id="one service less",
        ),
        pytest.param(
            DESIRED,
            found(live=OLD, pending=PENDING),
            again("certificate_differs", "activation_pending", generation=2),
            id="stored already: activated, not stored again",
        ),
        pytest.param(
            DESIRED,
            found(live=OLD, pending=replace(PENDING, number=4), earlier=(2, 3)),
            again(
                *("certificate_differs", "activation_pending", "pending_superseded", "pending_superseded"),
                generation=4,
                discard=(2, 3),
            ),
            id="stored already, older ones beside it",
        ),
        pytest.param(
            DESIRED,
            found(live=OLD, pending=STALE),
            new("certificate_differs", "pending_superseded", discard=(2,)),
            id="something else is stored",
        ),
        pytest.param(
            DESIRED,
            found(live=OLD, pending=replace(PENDING, drift=(("nginx/privkey.pem", "content"),))),
            new("certificate_differs", "pending_superseded", discard=(2,)),
            id="stored already, and damaged",
        ),
        pytest.param(
            DESIRED,
            found(live=LIVE, pending=STALE),
            Steps(("pending_superseded",), discard=(2,)),
            id="right, and something is stored that nobody wants",
        ),
        pytest.param(
            DESIRED,
            found(live=LIVE, paths=(LOOSE,)),
            again("link_missing"),
            id="right, and a link is gone",
        ),
        pytest.param(DESIRED, found(live=LIVE, services=WRONG), again("not_served"), id="right and not served"),
        pytest.param(
            DESIRED, found(live=FAILED), again("activation_pending"), id="right, and its activation failed: once more"
        ),
        pytest.param(DESIRED, found(live=IN_VAIN), Steps(), id="right, and was reloaded in vain: served by now"),
        pytest.param(
            DESIRED,
            found(live=IN_VAIN, services=WRONG),
            Steps(failures=("not_served",)),
            id="right, not served, reloaded in vain",
        ),
        pytest.param(
            DESIRED,
            found(live=IN_VAIN, services=WRONG, paths=(LOOSE,)),
            again("link_missing"),
            id="reloaded in vain, and there is a new reason to try: its outcome tells",
        ),
        pytest.param(
            DESIRED,
            found(live=OLD, interrupted=CRASHED),
            new("certificate_differs", "interrupted", recover=True),
            id="another leaf after an interrupted run",
        ),
        pytest.param(
            DESIRED, found(live=LIVE, interrupted=CRASHED), Steps(("interrupted",), recover=True), id="only to recover"
        ),
        pytest.param(
            wanted(leaf(30)),
            found(live=LIVE, interrupted=CRASHED),
            Steps(problems=("ends_sooner",), recover=True),
            id="refused, after an interrupted run that is finished all the same",
        ),
        pytest.param(
            wanted(leaf(30)), found(live=LIVE), Steps(problems=("ends_sooner",)), id="ends sooner than what is live"
        ),
        pytest.param(
            wanted(leaf(20)),
            found(paths=(FOREIGN,)),
            Steps(problems=("ends_sooner",)),
            id="ends sooner than a foreign file",
        ),
        pytest.param(
            wanted(leaf(30), accepted=frozenset({"ends_sooner"})),
            found(live=LIVE),
            new("certificate_differs"),
            id="ends sooner, accepted",
        ),
        pytest.param(
            wanted(leaf(90, "Fake LE Intermediate X1")),
            found(live=LIVE),
            Steps(problems=("test_issuer",)),
            id="from a test CA",
        ),
        pytest.param(
            DESIRED,
            found(live=OLD, services=BROKEN),
            new("certificate_differs", problems=("service_config_broken_before",)),
            id="broken configuration",
        ),
        pytest.param(
            DESIRED,
            found(live=LIVE, services=BROKEN),
            again("not_served", problems=("service_config_broken_before",)),
            id="broken configuration, known before a reload",
        ),
        pytest.param(
            DESIRED,
            found(live=LIVE, services={"nginx": up(broken="[emerg]")}),
            Steps(),
            id="broken configuration, nothing to do",
        ),
        pytest.param(
            DESIRED,
            found(live=OLD, services={"nginx": up(unreferenced=("/x",))}),
            new("certificate_differs", notices=("not_referenced",)),
            id="a file that nothing names",
        ),
    ],
)
def test_plan_for_what_is_desired(desired: Desired, observed: Observed, expected: Steps) -> None:
    assert expected == steps_of(plan_deployment(desired, observed, NOW))


def store(*reasons: str, **steps: Any) -> Steps:
    """A new generation, and no more."""
    return Steps(reasons, **{"stage": True, "pending": True, **steps})


@pytest.mark.parametrize(
    ("observed", "expected"),
    [
        pytest.param(found(), store("certificate_missing", put_back=False), id="nothing there"),
        pytest.param(found(live=OLD), store("certificate_differs"), id="another leaf"),
        pytest.param(found(live=LIVE), Steps(), id="live already"),
        pytest.param(found(live=OLD, pending=PENDING), Steps(pending=True), id="stored already"),
        pytest.param(
            found(live=OLD, pending=STALE),
            store("certificate_differs", "pending_superseded", discard=(2,)),
            id="something else is stored",
        ),
        pytest.param(
            found(live=OLD, pending=replace(PENDING, number=3), earlier=(2,)),
            Steps(("pending_superseded",), discard=(2,), pending=True),
            id="stored already, an older one beside it",
        ),
        pytest.param(
            found(live=LIVE, pending=STALE),
            Steps(("pending_superseded",), discard=(2,)),
            id="live already, something is stored that nobody wants",
        ),
        pytest.param(found(live=LIVE, services=WRONG), Steps(pending=True), id="not served is for the activation"),
        pytest.param(found(live=LIVE, paths=(LOOSE,)), Steps(pending=True), id="so is a missing link"),
        pytest.param(found(live=IN_VAIN, services=WRONG), Steps(pending=True), id="and what was reloaded in vain"),
        pytest.param(found(live=FAILED), Steps(pending=True), id="and an activation that failed"),
        pytest.param(found(live=IN_VAIN), Steps(), id="but not what is served by now"),
        pytest.param(found(live=LIVE, services=BROKEN), Steps(pending=True), id="and a broken configuration"),
        pytest.param(
            found(live=OLD, services=BROKEN), store("certificate_differs"), id="which does not keep from storing"
        ),
        pytest.param(found(live=LIVE, interrupted=CRASHED), Steps(("interrupted",), recover=True), id="to recover"),
        pytest.param(
            found(live=OLD, pending=PENDING, interrupted=CRASHED),
            Steps(("interrupted",), recover=True, pending=True),
            id="stored already, to recover",
        ),
        pytest.param(
            found(live=stored(wanted(leaf(90)))), Steps(problems=("ends_sooner",)), id="a refusal is one all the same"
        ),
    ],
)
def test_plan_to_store_only(observed: Observed, expected: Steps) -> None:
    assert expected == steps_of(plan_deployment(replace(DESIRED, stage_only=True), observed, NOW))


MAY_RESTART = wanted(
    services=[
        {
            "custom": {
                "name": "nginx",
                "files": [{"name": "a.pem", "parts": ["leaf"]}],
                "restart": "allowed",
                "unit": "x",
            }
        }
    ]
)
RESTARTS = wanted(
    services=[
        {
            "custom": {
                "name": "nginx",
                "files": [{"name": "a.pem", "parts": ["leaf", "key"]}],
                "restart_command": "x",
                "restart": "window",
                "restart_window": "Sun 03:00-04:00",
            }
        }
    ]
)


@pytest.mark.parametrize(
    ("observed", "expected"),
    [
        pytest.param(found(), Steps(put_back=False, problems=("not_stored",)), id="nothing there"),
        pytest.param(
            found(adopted={"kind": "hand"}), Steps(put_back=False), id="nothing there but what stays where it is"
        ),
        pytest.param(found(live=fallen_back()), Steps(), id="live, and another's"),
        pytest.param(
            found(live=LIVE, pending=fallen_back(2)),
            again("activation_pending", generation=2),
            id="pending, and another's, which has no date",
        ),
        pytest.param(found(live=LIVE), Steps(), id="nothing pending"),
        pytest.param(
            found(live=OLD, pending=replace(stored(wanted(leaf(-1)), 2), drift=())),
            Steps(("activation_pending",), generation=2, pending=True, problems=("expired",)),
            id="what is pending has ended meanwhile",
        ),
        pytest.param(
            found(live=OLD, pending=replace(PENDING, drift=(("privkey.pem", "content"), ("cert.pem", "attributes")))),
            Steps(("activation_pending",), generation=2, pending=True, problems=("file_differs",)),
            id="what is pending was changed meanwhile",
        ),
        pytest.param(found(live=OLD, pending=PENDING), again("activation_pending", generation=2), id="pending"),
        pytest.param(
            found(pending=PENDING), again("activation_pending", generation=2, put_back=False), id="the first one"
        ),
        pytest.param(
            found(live=OLD, pending=replace(PENDING, number=3), earlier=(2,)),
            again("activation_pending", generation=3),
            id="the newest of two",
        ),
        pytest.param(
            found(live=LIVE, services=WRONG, paths=(LOOSE,)),
            again("link_missing", "not_served"),
            id="live and not with its services",
        ),
        pytest.param(found(live=FAILED), again("activation_pending"), id="live, and its activation failed"),
        pytest.param(found(live=IN_VAIN, services=WRONG), Steps(failures=("not_served",)), id="in vain"),
        pytest.param(
            found(live=replace(LIVE, services_digest="")), Steps(), id="a record is its own measure of services"
        ),
        pytest.param(
            found(live=OLD, pending=PENDING, interrupted=CRASHED),
            again("interrupted", "activation_pending", generation=2, recover=True),
            id="after an interrupted run",
        ),
        pytest.param(
            found(live=OLD, pending=PENDING, services=BROKEN),
            again("activation_pending", generation=2, problems=("service_config_broken_before",)),
            id="broken configuration",
        ),
        pytest.param(
            found(live=stored(RESTARTS), services=WRONG),
            Steps(notices=("restart_pending",)),
            id="waits for its restart",
        ),
        pytest.param(
            found(live=stored(RESTARTS, restart_owed={"nginx": "42:100"}), services={"nginx": up()}),
            Steps(notices=("restart_pending",)),
            id="waits for its restart, and no port tells",
        ),
        pytest.param(
            found(live=stored(MAY_RESTART, restart_owed={"nginx": "42:100"}), services={"nginx": up()}),
            again("restart_due"),
            id="its restart is allowed by now",
        ),
        pytest.param(
            found(live=stored(MAY_RESTART, restart_owed={"nginx": "41:99"}), services={"nginx": up()}),
            Steps(),
            id="somebody has restarted it",
        ),
    ],
)
def test_plan_to_activate_what_is_stored(observed: Observed, expected: Steps) -> None:
    assert expected == steps_of(plan_activation("web", observed.recorded_services, observed, NOW))


@pytest.mark.parametrize(
    ("observed", "expected"),
    [
        pytest.param(found(), False, id="nothing there"),
        pytest.param(found(live=LIVE), False, id="its own"),
        pytest.param(found(live=fallen_back()), True, id="another's"),
        pytest.param(found(live=LIVE, pending=fallen_back(2)), True, id="its own, and another's is to come"),
        pytest.param(found(live=fallen_back(), pending=PENDING), False, id="another's, and its own is to come"),
    ],
)
def test_an_activation_says_whether_another_certificate_is_shown(observed: Observed, expected: bool) -> None:
    assert expected is plan_activation("web", observed.recorded_services, observed, NOW).fallback


# Other commands and probes, and the same files.
RETOLD = wanted(services=[{"nginx": {"binary": "/opt/nginx", "ports": [8443]}}])


@pytest.mark.parametrize(
    ("desired", "observed", "expected"),
    [
        pytest.param(RETOLD, found(live=LIVE), Steps(remember=1), id="right: nothing else is done"),
        pytest.param(RETOLD, found(live=stored(RETOLD)), Steps(), id="remembered already"),
        pytest.param(DESIRED, found(live=stored(RETOLD)), Steps(remember=1), id="and back again"),
        pytest.param(DESIRED, found(live=replace(LIVE, services_digest="")), Steps(remember=1), id="never recorded"),
        pytest.param(
            RETOLD,
            found(live=LIVE, pending=STALE),
            Steps(("pending_superseded",), discard=(2,), remember=1),
            id="right, and something is stored that nobody wants",
        ),
        pytest.param(
            RETOLD, found(live=LIVE, services=WRONG), again("not_served", remember=1), id="right and not served"
        ),
        pytest.param(
            RETOLD,
            found(live=IN_VAIN, services=WRONG),
            Steps(failures=("not_served",), remember=1),
            id="right, not served, reloaded in vain",
        ),
        pytest.param(
            RETOLD,
            found(live=LIVE, interrupted=CRASHED),
            Steps(("interrupted",), recover=True, remember=1),
            id="right, to recover",
        ),
        pytest.param(
            RETOLD,
            found(live=OLD, pending=PENDING),
            again("certificate_differs", "activation_pending", generation=2, remember=2),
            id="what is stored is activated",
        ),
        pytest.param(
            RETOLD,
            found(live=OLD, pending=stored(RETOLD, 2)),
            again("certificate_differs", "activation_pending", generation=2),
            id="stored with today's",
        ),
        pytest.param(RETOLD, found(), new("certificate_missing", put_back=False), id="the first one is told anew"),
        pytest.param(RETOLD, found(live=OLD), new("certificate_differs"), id="so is a new one"),
        pytest.param(
            RETOLD,
            found(live=OLD, pending=STALE),
            new("certificate_differs", "pending_superseded", discard=(2,)),
            id="and one in place of what is stored",
        ),
        pytest.param(
            wanted(leaf(30), services=["nginx", {"nginx": {"ports": [1], "name": "b"}}]),
            found(live=LIVE),
            Steps(problems=("ends_sooner",)),
            id="what is refused is not remembered",
        ),
        pytest.param(replace(RETOLD, stage_only=True), found(live=LIVE), Steps(remember=1), id="to store: live"),
        pytest.param(
            replace(RETOLD, stage_only=True),
            found(live=OLD, pending=PENDING),
            Steps(pending=True, remember=2),
            id="to store: stored already",
        ),
        pytest.param(
            replace(RETOLD, stage_only=True), found(live=OLD), store("certificate_differs"), id="to store: a new one"
        ),
    ],
)
def test_commands_and_probes_of_today_are_remembered(desired: Desired, observed: Observed, expected: Steps) -> None:
    assert expected == steps_of(plan_deployment(desired, observed, NOW))


MISPLACED = ("There is no group tls", "/opt/tls.pem is in a directory that is not there")


@pytest.mark.parametrize(
    ("desired", "observed", "expected"),
    [
        pytest.param(
            DESIRED,
            found(live=OLD, refusals=MISPLACED),
            new("certificate_differs", problems=("refused", "refused")),
            id="a new one",
        ),
        pytest.param(
            DESIRED,
            found(live=OLD, pending=PENDING, refusals=MISPLACED[:1]),
            again("certificate_differs", "activation_pending", generation=2, problems=("refused",)),
            id="what is stored",
        ),
        pytest.param(
            DESIRED,
            found(live=LIVE, paths=(LOOSE,), refusals=MISPLACED[1:]),
            again("link_missing", problems=("refused",)),
            id="what is live, once more",
        ),
        pytest.param(
            DESIRED,
            found(live=OLD, services=BROKEN, refusals=MISPLACED[:1]),
            new("certificate_differs", problems=("service_config_broken_before", "refused")),
            id="after what is wrong with a service",
        ),
        pytest.param(
            replace(DESIRED, stage_only=True),
            found(live=OLD, refusals=MISPLACED[:1]),
            store("certificate_differs", problems=("refused",)),
            id="a new one, to store only",
        ),
        pytest.param(DESIRED, found(live=LIVE, refusals=MISPLACED), Steps(), id="nothing to do"),
        pytest.param(RETOLD, found(live=LIVE, refusals=MISPLACED), Steps(remember=1), id="to remember"),
        pytest.param(
            DESIRED,
            found(live=LIVE, pending=STALE, refusals=MISPLACED),
            Steps(("pending_superseded",), discard=(2,)),
            id="to discard",
        ),
        pytest.param(
            DESIRED,
            found(live=LIVE, interrupted=CRASHED, refusals=MISPLACED),
            Steps(("interrupted",), recover=True),
            id="to recover",
        ),
        pytest.param(
            DESIRED,
            found(live=IN_VAIN, services=WRONG, refusals=MISPLACED),
            Steps(failures=("not_served",)),
            id="reloaded in vain",
        ),
        pytest.param(
            replace(DESIRED, stage_only=True),
            found(live=OLD, pending=PENDING, refusals=MISPLACED),
            Steps(pending=True),
            id="stored already: for the activation",
        ),
        pytest.param(
            replace(DESIRED, stage_only=True),
            found(live=LIVE, paths=(LOOSE,), refusals=MISPLACED),
            Steps(pending=True),
            id="a missing link: for the activation",
        ),
        pytest.param(
            wanted(leaf(30)),
            found(live=LIVE, refusals=MISPLACED),
            Steps(problems=("ends_sooner",)),
            id="refused for what it is",
        ),
    ],
)
def test_what_a_host_would_refuse_is_told_in_advance(desired: Desired, observed: Observed, expected: Steps) -> None:
    assert expected == steps_of(plan_deployment(desired, observed, NOW))


def test_a_refusal_has_the_hosts_own_words() -> None:
    expected = tuple(Problem("web", "refused", fact) for fact in MISPLACED)

    assert expected == plan_deployment(DESIRED, found(refusals=MISPLACED), NOW).problems


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        pytest.param(
            Plan("web", reasons=REASONS, stage=True, activate=True, pending=True),
            Plan("web", reasons=REASONS, stage=True, pending=True),
            id="what is stored keeps its reasons",
        ),
        pytest.param(
            Plan("web", reasons=REASONS, follows="system", activate=True, pending=True),
            Plan("web", reasons=REASONS, follows="system", pending=True),
            id="so does what follows another one",
        ),
        pytest.param(
            Plan("web", reasons=REASONS, generation=2, activate=True, discard=(1,), pending=True),
            Plan("web", reasons=REASONS[1:], discard=(1,), pending=True),
            id="else only what is discarded or finished has one",
        ),
        pytest.param(
            Plan("web", failures=(Problem("web", "not_served", "x"),), problems=(Problem("web", "refused", "y"),)),
            Plan("web", pending=True),
            id="what is wrong with services is left",
        ),
        pytest.param(Plan("web"), Plan("web"), id="nothing to do"),
    ],
)
def test_what_is_left_without_an_activation(plan: Plan, expected: Plan) -> None:
    assert expected == without_activation(plan)


@pytest.mark.parametrize(
    ("plan", "codes"),
    [
        pytest.param(Plan("web"), [], id="nothing to do"),
        pytest.param(Plan("web", follows="system"), [], id="to store only"),
        pytest.param(Plan("web", activate=True), ["service_config_broken_before", "refused"], id="to activate"),
        pytest.param(Plan("web", stage=True), ["refused"], id="to store its own"),
    ],
)
def test_what_is_foreseen_of_services_and_places(plan: Plan, codes: list[str]) -> None:
    observed = found(services=BROKEN, refusals=("There is no group tls",))

    assert codes == [problem.code for problem in refuse_foreseen(plan, DESIRED.services, observed).problems]


@pytest.mark.parametrize(
    ("steps", "changes", "is_empty"),
    [
        pytest.param({}, False, True, id="nothing"),
        pytest.param({"generation": 2, "pending": True}, False, True, id="something for later"),
        pytest.param({"stage": True}, True, False, id="to store"),
        pytest.param({"activate": True}, True, False, id="to activate"),
        pytest.param({"discard": (2,)}, True, False, id="to discard"),
        pytest.param({"recover": True}, True, False, id="to recover"),
        pytest.param({"remember": 1}, False, False, id="to remember: an execution, and no change"),
        pytest.param({"discard": (2,), "remember": 1}, True, False, id="to discard and to remember"),
        pytest.param({"follows": "system"}, True, False, id="to follow another one"),
        pytest.param({"fallback": True}, False, True, id="to stay as it fell back"),
        pytest.param({"remove": True}, True, False, id="to remove"),
        pytest.param({"adopt": True}, True, False, id="to adopt"),
        pytest.param({"order": True}, True, False, id="to order"),
        pytest.param({"memory": {}}, False, False, id="to remember that there is nothing to remember"),
        pytest.param({"end_order": "release"}, False, False, id="to end an order"),
        pytest.param({"verdict": "deferred"}, False, True, id="to put off"),
        pytest.param({"memory": {}, "held": True}, False, True, id="held back, with something to remember of an order"),
        pytest.param({"stage": True, "activate": True, "held": True}, False, True, id="held back"),
        pytest.param(
            {"remove": True, "recover": True, "held": True}, False, True, id="held back, with a run to finish"
        ),
        pytest.param({"remember": 1, "held": True}, False, True, id="held back, with something to remember"),
    ],
)
def test_which_plans_need_an_execution_and_which_change(
    *, steps: dict[str, Any], changes: bool, is_empty: bool
) -> None:
    plan = Plan("web", **steps)

    assert (changes, is_empty) == (plan.changes, plan.is_empty)


def test_reasons_say_which_run_and_which_generation() -> None:
    failed = replace(PENDING, number=3, failure="nginx refused it")
    observed = found(live=OLD, pending=failed, earlier=(2,), interrupted=CRASHED)

    expected = (
        Reason("interrupted", f"The run {CRASHED} was interrupted and has to be finished first"),
        Reason(
            "activation_pending", "Generation 3 is stored and not active yet; the last try failed: nginx refused it"
        ),
        Reason("pending_superseded", "Generation 2 was stored and never activated, and is not wanted any more"),
    )
    assert expected == plan_deployment(DESIRED, observed, NOW).reasons[1:]


def test_a_pending_generation_that_never_failed_is_told_as_such() -> None:
    plan = plan_activation("web", (), found(pending=PENDING), NOW)

    assert (Reason("activation_pending", "Generation 2 is stored and not active yet"),) == plan.reasons


def test_a_plan_names_its_certificate() -> None:
    assert plan_deployment(DESIRED, found(), NOW).certificate == "web"
    assert plan_activation("mail", (), found(), NOW).certificate == "mail"
    refused = plan_deployment(wanted(leaf(30)), found(live=LIVE), NOW)
    assert [problem.certificate for problem in refused.problems if isinstance(problem, Problem)] == ["web"]
