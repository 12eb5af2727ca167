# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A domain goes: everything that may be there when it does, one row each."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import Observed, ObservedPath
from ansible_collections.certwright.tls.plugins.plugin_utils._core.plan import Plan
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice, Problem, Reason
from ansible_collections.certwright.tls.plugins.plugin_utils._core.removal import Removal, plan_removal
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import Service, ServiceFile
from ansible_collections.certwright.tls.plugins.plugin_utils._core.usage import Usage
from ansible_collections.certwright.tls.tests.unit.authority import NOW
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.test_deployment import (
    OTHER,
    fallen_back,
    found,
    leaf,
    port,
    stored,
    up,
    wanted,
)
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.test_plan import Steps, steps_of

GONE = Removal("web", "system")
LATER = replace(GONE, stage_only=True)
ACCEPTED = replace(GONE, accepted=frozenset({"files_abandoned"}))
BRINGING = replace(GONE, bringing=frozenset({"nginx/privkey.pem"}))
LIVE = stored(wanted(), 1)
PENDING = stored(wanted(leaf(90)), 2)
CRASHED = "job 6 of 2026-11-21T21:00:00Z"
NAMED = ("nginx names /store/live/web/nginx/privkey.pem",)
COPY = ServiceFile("tls.pem", ("leaf", "chain", "key"), path="/opt/app/tls.pem", in_place=True)
IN_PLACE = (Service("app", (COPY,)),)
DAMAGED = (("nginx/privkey.pem", "missing"),)


def there(*named: str, unasked: tuple[str, ...] = (), lacking: tuple[str, ...] = (), **observed: Any) -> Observed:
    """Something of it is on the host; `named` are the sentences of who names it."""
    return found(**observed, usage=Usage(True, named, unasked, lacking))


def used(**observed: Any) -> Observed:
    return there(*NAMED, **observed)


def gone(*reasons: str, **steps: Any) -> Steps:
    """Deleted, with everything that is stored of it."""
    return Steps(("disabled", *reasons), **steps)


def fall(*reasons: str, **steps: Any) -> Steps:
    """Links to the files of the other one are stored, and handed to the services."""
    return Steps(("disabled", *reasons), **{"activate": True, "pending": True, "notices": TOLD, **steps})


def again(*reasons: str, generation: int = 1, **steps: Any) -> Steps:
    return Steps(reasons, **{"generation": generation, "activate": True, "pending": True, "notices": TOLD, **steps})


TOLD = ("disabled_fallback",)
REMOVES, FOLLOWS, WILL_FOLLOW = (True, "", False), (False, "system", True), (False, "system", False)
NONE = (False, "", False)


@pytest.mark.parametrize(
    ("removal", "observed", "expected", "kind"),
    [
        pytest.param(GONE, found(), Steps(), NONE, id="nothing is there"),
        pytest.param(LATER, found(), Steps(), NONE, id="nothing is there, to store only"),
        pytest.param(
            GONE,
            found(interrupted=CRASHED),
            Steps(("interrupted",), recover=True),
            NONE,
            id="nothing is there, and a run to finish",
        ),
        pytest.param(GONE, there(live=LIVE), gone(), REMOVES, id="named by nobody"),
        pytest.param(LATER, there(live=LIVE), gone(), REMOVES, id="named by nobody, to store only"),
        pytest.param(GONE, there(live=LIVE, pending=PENDING), gone(), REMOVES, id="named by nobody, something waits"),
        pytest.param(GONE, there(pending=PENDING), gone(), REMOVES, id="named by nobody, was never live"),
        pytest.param(GONE, there(live=fallen_back()), gone(), REMOVES, id="named by nobody any more"),
        pytest.param(GONE, there(adopted={"kind": "hand"}), gone(), REMOVES, id="adopted, and not ours to name"),
        pytest.param(
            GONE, there(live=LIVE, interrupted=CRASHED), gone("interrupted", recover=True), REMOVES, id="after a crash"
        ),
        pytest.param(GONE, there(live=LIVE, lacking=("nginx/privkey.pem",)), gone(), REMOVES, id="nothing is lacking"),
        pytest.param(GONE, there(live=LIVE, unasked=("mail",)), fall(), FOLLOWS, id="a service cannot tell"),
        pytest.param(
            ACCEPTED, there(live=LIVE, unasked=("mail",)), gone(), REMOVES, id="a service cannot tell, the operator can"
        ),
        pytest.param(ACCEPTED, used(live=LIVE), fall(), FOLLOWS, id="named, whatever the operator says"),
        pytest.param(GONE, used(live=LIVE), fall(), FOLLOWS, id="named"),
        pytest.param(GONE, used(), fall(put_back=False), FOLLOWS, id="named, and was never live"),
        pytest.param(
            GONE,
            used(live=stored(wanted(leaf(-1)))),
            fall(put_back=False),
            FOLLOWS,
            id="named, and what has ended is not put back",
        ),
        pytest.param(
            GONE,
            used(live=LIVE, pending=replace(PENDING, number=3), earlier=(2,)),
            fall("pending_superseded", "pending_superseded", discard=(2, 3)),
            FOLLOWS,
            id="named, and what waits is not wanted any more",
        ),
        pytest.param(
            GONE,
            used(live=LIVE, interrupted=CRASHED),
            fall("interrupted", recover=True),
            FOLLOWS,
            id="named, after a crash",
        ),
        pytest.param(LATER, used(live=LIVE), fall(activate=False), WILL_FOLLOW, id="named, to store only"),
        pytest.param(
            GONE,
            used(live=LIVE, services={"nginx": up(broken="[emerg]")}),
            fall(problems=("service_config_broken_before",), notices=()),
            FOLLOWS,
            id="named, by a configuration that is broken",
        ),
        pytest.param(
            LATER,
            used(live=LIVE, services={"nginx": up(broken="[emerg]")}),
            fall(activate=False),
            WILL_FOLLOW,
            id="named by a broken configuration, which does not keep from storing",
        ),
        pytest.param(
            GONE,
            used(live=LIVE, refusals=("There is no group tls",)),
            fall(problems=("refused",), notices=()),
            FOLLOWS,
            id="named, and the host would refuse an owner",
        ),
        pytest.param(
            GONE,
            used(live=LIVE, lacking=("nginx/privkey.pem",)),
            Steps(problems=("no_fallback",)),
            NONE,
            id="named, and there is nothing to fall back to",
        ),
        pytest.param(
            GONE,
            used(live=LIVE, lacking=("nginx/privkey.pem",), interrupted=CRASHED),
            Steps(problems=("no_fallback",), recover=True),
            NONE,
            id="nothing to fall back to, after a crash",
        ),
        pytest.param(
            LATER,
            used(live=LIVE, lacking=("nginx/privkey.pem",)),
            Steps(problems=("no_fallback",)),
            NONE,
            id="nothing to fall back to, to store only",
        ),
        pytest.param(
            BRINGING, used(live=LIVE, lacking=("nginx/privkey.pem",)), fall(), FOLLOWS, id="the same run brings it"
        ),
        pytest.param(
            BRINGING,
            used(live=LIVE, lacking=("nginx/privkey.pem", "nginx/fullchain.pem")),
            Steps(problems=("no_fallback",)),
            NONE,
            id="the same run brings one of two",
        ),
    ],
)
def test_how_a_domain_goes(removal: Removal, observed: Observed, expected: Steps, kind: tuple[bool, str, bool]) -> None:
    plan = plan_removal(removal, observed, NOW)

    assert expected == steps_of(plan)
    assert kind == (plan.remove, plan.follows, plan.fallback)


@pytest.mark.parametrize(
    ("observed", "reasons"),
    [
        pytest.param(there(live=LIVE), ["disabled"], id="live, and no port shows it"),
        pytest.param(there(pending=PENDING), ["disabled"], id="stored, and never live"),
        pytest.param(there(live=LIVE, pending=PENDING), ["disabled"], id="live, and a newer one waits"),
        pytest.param(there(live=fallen_back()), ["disabled"], id="fell back, and nothing names it any more"),
    ],
)
def test_what_is_only_to_be_deleted_is_not_handed_to_services_first(observed: Observed, reasons: list[str]) -> None:
    held = plan_removal(replace(LATER, holds_files=True), observed, NOW)
    assert (held.changes, held.pending, held.remove) == (False, False, False)
    assert [item.code for item in held.reasons] == reasons


STALE = {"nginx": up(port(OTHER))}
SYSTEM = "cd" * 32


@pytest.mark.parametrize(
    ("removal", "observed", "expected"),
    [
        pytest.param(GONE, used(live=fallen_back()), Steps(notices=TOLD), id="live"),
        pytest.param(LATER, used(live=fallen_back()), Steps(notices=TOLD), id="live, to store only"),
        pytest.param(
            GONE,
            used(live=fallen_back(), lacking=("nginx/privkey.pem",)),
            Steps(notices=TOLD),
            id="live, so nothing more is asked of the other one",
        ),
        pytest.param(
            GONE,
            used(live=fallen_back(), pending=PENDING),
            Steps(("pending_superseded",), discard=(2,), notices=TOLD),
            id="live, and something waits that nobody wants any more",
        ),
        pytest.param(
            LATER,
            used(live=fallen_back(), pending=PENDING),
            Steps(("pending_superseded",), discard=(2,), notices=TOLD),
            id="live, something waits, to store only",
        ),
        pytest.param(
            GONE,
            used(live=fallen_back(fingerprint=SYSTEM), services=STALE),
            again("not_served"),
            id="live, and a port shows something else",
        ),
        pytest.param(
            LATER,
            used(live=fallen_back(fingerprint=SYSTEM), services=STALE),
            Steps(pending=True, notices=TOLD),
            id="live, a port shows something else, to store only",
        ),
        pytest.param(
            GONE,
            used(live=fallen_back(fingerprint=SYSTEM, reloaded_in_vain={"nginx": "42:100"}), services=STALE),
            Steps(failures=("not_served",), notices=TOLD),
            id="live, and reloaded in vain",
        ),
        pytest.param(
            GONE,
            used(live=fallen_back(), paths=(ObservedPath("/opt/tls.pem", "missing", None),)),
            again("link_missing"),
            id="live, and a link is gone",
        ),
        pytest.param(
            GONE,
            used(live=fallen_back(), interrupted=CRASHED),
            Steps(("interrupted",), recover=True, notices=TOLD),
            id="live, after a crash",
        ),
        pytest.param(
            GONE,
            used(live=LIVE, pending=fallen_back(2)),
            again("activation_pending", generation=2),
            id="stored",
        ),
        pytest.param(
            LATER,
            used(live=LIVE, pending=fallen_back(2)),
            Steps(pending=True, notices=TOLD),
            id="stored, to store only",
        ),
        pytest.param(
            GONE,
            used(live=LIVE, pending=fallen_back(2), services={"nginx": up(broken="[emerg]")}),
            again("activation_pending", generation=2, problems=("service_config_broken_before",), notices=()),
            id="stored, and the configuration is broken",
        ),
        pytest.param(
            GONE,
            used(live=fallen_back(drift=DAMAGED), pending=fallen_back(2)),
            again("activation_pending", generation=2, put_back=False),
            id="stored over a damaged one",
        ),
    ],
)
def test_a_fallback_is_stored_once(removal: Removal, observed: Observed, expected: Steps) -> None:
    plan = plan_removal(removal, observed, NOW)

    assert expected == steps_of(plan)
    waits = removal.stage_only and not (observed.live and observed.live.follows)
    assert (plan.remove, plan.follows, plan.fallback) == (False, "", not waits)


@pytest.mark.parametrize(
    ("observed", "expected"),
    [
        pytest.param(used(live=fallen_back(drift=DAMAGED)), fall(put_back=False), id="live and damaged"),
        pytest.param(
            used(live=LIVE, pending=fallen_back(2, drift=DAMAGED)),
            fall("pending_superseded", discard=(2,)),
            id="stored and damaged",
        ),
        pytest.param(used(live=fallen_back(follows="other")), fall(), id="live, and of another one"),
        pytest.param(
            used(live=LIVE, pending=fallen_back(2, follows="other")),
            fall("pending_superseded", discard=(2,)),
            id="stored, and of another one",
        ),
    ],
)
def test_a_fallback_that_is_not_as_it_should_be_is_stored_anew(observed: Observed, expected: Steps) -> None:
    plan = plan_removal(GONE, observed, NOW)

    assert expected == steps_of(plan)
    assert plan.follows == "system"


def test_what_is_to_happen_is_said_with_its_reason() -> None:
    removed, disabled = plan_removal(GONE, there(live=LIVE), NOW), plan_removal(GONE, used(live=LIVE), NOW)

    fact = "web is to have no certificate of its own"
    assert removed.reasons == (Reason("disabled", f"{fact}, and no configuration names its files"),)
    assert disabled.reasons == (Reason("disabled", f"{fact}; its files will be those of system"),)


WAY_OUT = "it stays so until no configuration names these files any more; take them out of it, and run again"
UNASKED = "mail cannot tell what it names (it has no `references`)"


@pytest.mark.parametrize(
    ("observed", "message"),
    [
        pytest.param(used(live=LIVE), f"{NAMED[0]}; {WAY_OUT}", id="who names it"),
        pytest.param(there("a names x", "b names x", live=LIVE), f"a names x; b names x; {WAY_OUT}", id="all of them"),
        pytest.param(
            there(unasked=("mail",), live=LIVE),
            f"{UNASKED}; {WAY_OUT} or, when nothing names them, say `accept: [files_abandoned]`",
            id="who cannot tell, and what the operator can say",
        ),
        pytest.param(
            used(unasked=("mail",), live=LIVE),
            f"{NAMED[0]}; {UNASKED}; {WAY_OUT}",
            id="what the operator says is not the way out while somebody names it",
        ),
    ],
)
def test_a_fallback_says_what_keeps_it(observed: Observed, message: str) -> None:
    expected = Notice("disabled_fallback", f"web has the certificate system at its paths: {message}")

    assert (expected,) == plan_removal(GONE, observed, NOW).notices


def test_a_fallback_that_waits_is_told_as_what_is_to_be() -> None:
    (notice,) = plan_removal(LATER, used(live=LIVE), NOW).notices
    assert notice.message.startswith("web is to have the certificate system at its paths: ")


@pytest.mark.parametrize(
    ("observed", "who", "accept"),
    [
        pytest.param(used(live=LIVE, lacking=("mail/x.pem", "nginx/y.pem")), NAMED[0], "", id="named"),
        pytest.param(
            there(live=LIVE, unasked=("mail",), lacking=("mail/x.pem", "nginx/y.pem")),
            "its services cannot be asked",
            "; when nothing names them, say `accept: [files_abandoned]`",
            id="not to be asked",
        ),
    ],
)
def test_what_there_is_nothing_to_fall_back_to_is_told_with_the_way_out(
    observed: Observed, who: str, accept: str
) -> None:
    expected = (
        f"{who}, and the certificate system to fall back to has no mail/x.pem, nginx/y.pem; "
        "give system this service too, or take the files out of the configuration first"
        f"{accept}"
    )

    assert (Problem("web", "no_fallback", expected),) == plan_removal(GONE, observed, NOW).problems


def test_the_record_of_a_fallback_has_the_services_and_no_identity_of_its_own() -> None:
    expected = {
        "version": 1,
        "issuer": "system",
        "fingerprint": "",
        "services": [service.to_record() for service in LIVE.services],
        "run": "job 7",
        "stored": "2026-11-21T22:00:00Z",
    }

    assert expected == GONE.to_record(used(live=LIVE), run="job 7", now=NOW)


@pytest.mark.parametrize(
    ("observed", "changes"),
    [
        pytest.param(found(), False, id="nothing is there"),
        pytest.param(there(live=LIVE), True, id="deleted"),
        pytest.param(used(live=LIVE), True, id="falls back"),
        pytest.param(used(live=fallen_back()), False, id="fell back earlier"),
    ],
)
def test_which_of_it_is_a_change(observed: Observed, changes: bool) -> None:
    plan: Plan = plan_removal(GONE, observed, NOW)

    assert (changes, not changes) == (plan.changes, plan.is_empty)


@pytest.mark.parametrize(
    ("observed", "who"),
    [
        pytest.param(used(live=replace(LIVE, services=IN_PLACE)), NAMED[0], id="named"),
        pytest.param(
            there(live=replace(LIVE, services=IN_PLACE), unasked=("app",)), "nothing can be asked", id="not to be asked"
        ),
    ],
)
def test_a_copy_in_place_cannot_follow_another_certificate(observed: Observed, who: str) -> None:
    (problem,) = plan_removal(GONE, observed, NOW).problems

    assert problem.code == "no_fallback"
    assert problem.message == (
        "/opt/app/tls.pem is a copy in place, which cannot follow the certificate system; "
        f"take it out of the configuration first ({who})"
    )


# What its services do without: they read another file when this one is not there.
OPTIONAL = Service("bluemind", (ServiceFile("a.pem", ("leaf", "key"), path="/c/a.pem", fallback="/c/system.pem"),))
BESIDE = (OPTIONAL, Service("beside", ()))
LEAVING = stored(replace(wanted(), services=BESIDE), 1)
LEFT = replace(fallen_back(), services=BESIDE)
WILL_LEAVE = replace(fallen_back(), number=2, services=BESIDE)


@pytest.mark.parametrize(
    ("removal", "observed", "expected", "kind"),
    [
        pytest.param(GONE, used(live=LEAVING), fall(notices=()), WILL_FOLLOW, id="it is named because it is there"),
        pytest.param(
            GONE, there(live=LEAVING), fall(notices=()), WILL_FOLLOW, id="its services are to be asked anyway"
        ),
        pytest.param(
            GONE, there(live=LEAVING, unasked=("bluemind",)), fall(notices=()), WILL_FOLLOW, id="nobody can tell"
        ),
        pytest.param(
            LATER, used(live=LEAVING), fall(activate=False, notices=()), WILL_FOLLOW, id="its services take it later"
        ),
        pytest.param(
            GONE,
            used(live=LEAVING, pending=WILL_LEAVE),
            again("activation_pending", generation=2, notices=()),
            NONE,
            id="what waits is handed over",
        ),
        pytest.param(GONE, used(live=LEFT), gone(), REMOVES, id="the rest of it, after a kill"),
        pytest.param(
            GONE, used(live=LEFT, interrupted=CRASHED), gone("interrupted", recover=True), REMOVES, id="and its journal"
        ),
        pytest.param(
            GONE, there(pending=stored(replace(wanted(), services=BESIDE), 1)), gone(), REMOVES, id="it was never live"
        ),
        pytest.param(
            GONE,
            used(live=LEAVING, lacking=("/c/system.pem",)),
            Steps(problems=("no_fallback",)),
            NONE,
            id="there is nothing to read instead",
        ),
    ],
)
def test_what_services_do_without_goes_at_once(
    removal: Removal, observed: Observed, expected: Steps, kind: tuple[bool, str, bool]
) -> None:
    plan = plan_removal(removal, observed, NOW)
    assert expected == steps_of(plan)
    assert kind == (plan.remove, plan.follows, plan.fallback)
