# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every kind of wish is asked the same three questions; a host is a value here, and so is what it is told."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import describe
from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import Observed
from ansible_collections.certwright.tls.plugins.plugin_utils._core.neighbours import Neighbour
from ansible_collections.certwright.tls.plugins.plugin_utils._core.plan import Plan
from ansible_collections.certwright.tls.plugins.plugin_utils._core.private_key import load_private_key
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice, Problem
from ansible_collections.certwright.tls.plugins.plugin_utils._core.removal import Removal
from ansible_collections.certwright.tls.plugins.plugin_utils._core.supplied import Declared
from ansible_collections.certwright.tls.plugins.plugin_utils._core.usage import Usage
from ansible_collections.certwright.tls.plugins.plugin_utils._core.wishes import (
    Adopted,
    Gone,
    OnHost,
    Supplied,
    Wish,
)
from ansible_collections.certwright.tls.tests.unit.authority import NOW
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.test_adoption import by_hand
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.test_deployment import (
    found,
    leaf,
    load,
    services_of,
    stored,
    wanted,
)
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.test_host_source import source_of
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.test_supplied import damaged_key

SECRET = "correct horse battery staple"
SERVICES = services_of("nginx")
WORDED = [service.to_request(NOW) for service in SERVICES]
SAID = Notice("name_stripped", "Of a URL only the host name counts: a.example")
DECLARED = Declared("web", ("a.example",), SERVICES, frozenset(), stage_only=False, notices=(SAID,))
SOURCE = {"certificate": "/a.pem", "private_key": "/a.key", "ca": None, "pkcs12": None, "passphrase": SECRET}
CRASHED = "job 6 of 2026-11-21T21:00:00Z"

SUPPLIED = Supplied(wanted(), (SAID,))
ON_HOST = OnHost(DECLARED, SOURCE, ())
ADOPTED = Adopted(DECLARED, ("/opt/tls.pem",))
GONE = Gone(Removal("web", "system"), (SAID,))

AT_HOST = found(source=source_of(leaf()))
NOT_FITTING = found(source=source_of(leaf(), fits=[]))
UNREADABLE = found(
    source=source_of(leaf(), problems=[{"code": "file_unreadable", "message": "The certificate /a.pem is not there"}])
)
CERTBOT = Neighbour("certbot", "/live/a.pem", "/live/a.key", "/renewal/a.conf", "", load(leaf()))
NAMED = Usage(True, ("nginx names /store/live/web/nginx/privkey.pem",))
NEW = Plan("web", stage=True, activate=True)
QUIET: dict[str, Any] = {
    "expect": "digest",
    "remember": None,
    "generation": None,
    "activate": False,
    "put_back": True,
    "discard": [],
}


@pytest.mark.parametrize(
    ("wish", "names", "services"),
    [
        pytest.param(SUPPLIED, ("a.example",), SERVICES, id="supplied"),
        pytest.param(ON_HOST, ("a.example",), SERVICES, id="on the host"),
        pytest.param(ADOPTED, ("a.example",), (), id="adopted: nobody gets files of ours"),
        pytest.param(GONE, (), (), id="gone: nobody renews it, and its record has its services"),
    ],
)
def test_whose_names_and_services_they_are(wish: Wish, names: tuple[str, ...], services: tuple[object, ...]) -> None:
    assert ("web", names, services) == (wish.name, wish.names, wish.declared_services)


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        pytest.param(SUPPLIED, {"services": WORDED}, id="supplied"),
        pytest.param(ON_HOST, {"services": WORDED, "source": SOURCE}, id="on the host"),
        pytest.param(ADOPTED, {"services": WORDED, "candidates": ["/opt/tls.pem"]}, id="adopted"),
        pytest.param(GONE, {"recorded": True, "removing": True, "follows": "system"}, id="gone"),
    ],
)
def test_what_the_host_is_asked(wish: Wish, expected: dict[str, Any]) -> None:
    assert {"name": "web", **expected} == wish.look(NOW)


@pytest.mark.parametrize(
    ("wish", "observed", "codes"),
    [
        pytest.param(SUPPLIED, found(), [], id="supplied"),
        pytest.param(Supplied(wanted(leaf(30))), found(live=stored(wanted())), ["ends_sooner"], id="supplied, too old"),
        pytest.param(ON_HOST, AT_HOST, [], id="on the host"),
        pytest.param(ON_HOST, UNREADABLE, ["file_unreadable"], id="on the host, and not to be read"),
        pytest.param(ON_HOST, NOT_FITTING, ["key_mismatch"], id="on the host, with another's key"),
        pytest.param(
            ON_HOST, replace(AT_HOST, live=stored(wanted(leaf(90)))), ["ends_sooner"], id="on the host, too old"
        ),
        pytest.param(ADOPTED, found(paths=(by_hand(leaf()),)), [], id="adopted"),
        pytest.param(ADOPTED, found(), ["nothing_to_adopt"], id="adopted, and not there"),
        pytest.param(GONE, found(usage=NAMED), [], id="gone"),
        pytest.param(
            GONE, found(usage=replace(NAMED, lacking=("nginx/privkey.pem",))), ["no_fallback"], id="gone to nowhere"
        ),
    ],
)
def test_what_is_wrong_with_a_wish_is_a_problem_of_its_plan(wish: Wish, observed: Observed, codes: list[str]) -> None:
    for interrupted in ("", CRASHED):
        plan = wish.plan(replace(observed, interrupted=interrupted), NOW)
        assert codes == [problem.code for problem in plan.problems]
        assert ("web", bool(interrupted)) == (plan.certificate, plan.recover)


@pytest.mark.parametrize(
    ("wish", "observed", "codes"),
    [
        pytest.param(SUPPLIED, found(), ["name_stripped"], id="supplied"),
        pytest.param(
            SUPPLIED, found(neighbours=(CERTBOT,)), ["name_stripped", "other_renewer"], id="supplied, renewed elsewhere"
        ),
        pytest.param(ON_HOST, AT_HOST, ["name_stripped"], id="on the host"),
        pytest.param(
            ON_HOST,
            replace(AT_HOST, neighbours=(CERTBOT,)),
            ["name_stripped", "other_renewer"],
            id="on the host, renewed elsewhere",
        ),
        pytest.param(ADOPTED, found(neighbours=(CERTBOT,)), ["name_stripped", "other_renewer"], id="adopted"),
        pytest.param(GONE, found(usage=NAMED), ["name_stripped", "disabled_fallback"], id="gone"),
    ],
)
def test_what_was_to_be_said_is_said_with_the_plan(wish: Wish, observed: Observed, codes: list[str]) -> None:
    assert codes == [notice.code for notice in wish.plan(observed, NOW).notices]


@pytest.mark.parametrize(
    ("live", "codes"),
    [
        pytest.param(False, ["private_key_unreadable"], id="about to be stored"),
        pytest.param(True, [], id="stored already"),
    ],
)
def test_the_numbers_of_a_key_are_checked_before_it_is_stored(live: bool, codes: list[str]) -> None:
    desired = wanted()
    key = load_private_key(damaged_key().encode("ascii"), None)
    damaged = replace(desired, bundle=replace(desired.bundle, private_key=key))

    plan = Supplied(damaged).plan(found(live=stored(desired) if live else None), NOW)
    assert codes == [problem.code for problem in plan.problems]


def test_what_else_is_wrong_is_told_beside_a_damaged_key() -> None:
    desired = wanted()
    key = load_private_key(damaged_key().encode("ascii"), None)
    damaged = replace(desired, bundle=replace(desired.bundle, private_key=key))

    plan = Supplied(damaged).plan(found(refusals=("There is no group tls",)), NOW)
    assert [problem.code for problem in plan.problems] == ["refused", "private_key_unreadable"]


STEPS: dict[str, Any] = {"generation": 2, "activate": True, "put_back": False, "discard": (1,)}
WORDED_STEPS = {**QUIET, **STEPS, "discard": [1]}


@pytest.mark.parametrize(
    ("plan", "material", "steps"),
    [
        pytest.param(NEW, True, {**QUIET, "activate": True}, id="to store"),
        pytest.param(Plan("web", **STEPS), False, WORDED_STEPS, id="stored already: the key stays here"),
        pytest.param(Plan("web", remember=1), False, {**QUIET, "remember": 1}, id="to remember"),
        pytest.param(Plan("web", recover=True), False, QUIET, id="to recover"),
    ],
)
def test_the_host_is_told_of_a_supplied_certificate(plan: Plan, material: bool, steps: dict[str, Any]) -> None:
    desired = wanted()

    expected = {
        "name": "web",
        "services": WORDED,
        **steps,
        "material": desired.to_material() if material else None,
        "record": desired.to_record(run="job 7", now=NOW),
    }
    assert expected == SUPPLIED.request(plan, found(), run="job 7", now=NOW)


@pytest.mark.parametrize(
    ("plan", "material", "steps"),
    [
        pytest.param(NEW, True, {**QUIET, "activate": True}, id="to store"),
        pytest.param(Plan("web", remember=1), False, {**QUIET, "remember": 1}, id="to remember"),
    ],
)
def test_the_host_is_told_of_its_own_material_without_a_key(plan: Plan, material: bool, steps: dict[str, Any]) -> None:
    desired = wanted()

    expected = {
        "name": "web",
        "services": WORDED,
        "source": {**SOURCE, "key_digest": "5d" * 32},
        **steps,
        "material": {**desired.to_material(), "key": ""} if material else None,
        "record": desired.to_record(run="job 7", now=NOW),
    }
    assert expected == ON_HOST.request(plan, AT_HOST, run="job 7", now=NOW)


@pytest.mark.parametrize(
    ("plan", "observed", "steps"),
    [
        pytest.param(Plan("web", **STEPS), AT_HOST, WORDED_STEPS, id="what is stored already"),
        pytest.param(
            Plan("web", problems=(Problem("web", "key_mismatch", "x"),), recover=True),
            NOT_FITTING,
            QUIET,
            id="only to recover, since what lies there is refused",
        ),
    ],
)
def test_material_on_the_host_is_not_needed_for_what_stores_nothing(
    plan: Plan, observed: Observed, steps: dict[str, Any]
) -> None:
    expected = {"name": "web", "services": WORDED, "source": SOURCE, **steps}

    assert expected == ON_HOST.request(plan, observed, run="job 7", now=NOW)


@pytest.mark.parametrize(
    ("plan", "is_recorded"),
    [
        pytest.param(Plan("web", adopt=True), True, id="to adopt"),
        pytest.param(Plan("web", remember=0), True, id="renewed: to record again"),
        pytest.param(Plan("web", recover=True), False, id="to recover only"),
    ],
)
def test_the_host_is_told_what_to_adopt(plan: Plan, is_recorded: bool) -> None:
    request = ADOPTED.request(plan, found(paths=(by_hand(leaf()),)), run="job 7", now=NOW)

    record = request.pop("adopt")
    assert {**ADOPTED.look(NOW), "expect": "digest", "activate": False} == request
    assert record.get("certificate_path", "") == ("/opt/tls.pem" if is_recorded else "")
    assert record.get("run", "") == ("job 7" if is_recorded else "")


def test_the_host_is_told_to_recover_where_there_is_nothing_to_adopt() -> None:
    request = ADOPTED.request(Plan("web", recover=True), found(), run="job 7", now=NOW)

    assert (request["adopt"], request["expect"], request["activate"]) == ({}, "digest", False)


@pytest.mark.parametrize(
    ("plan", "accepted", "steps"),
    [
        pytest.param(
            Plan("web", follows="system", activate=True, discard=(2,)),
            [],
            {"follows": "system", "activate": True, "discard": [2]},
            id="to fall back",
        ),
        pytest.param(Plan("web", generation=2, activate=True), [], {"generation": 2, "activate": True}, id="again"),
        pytest.param(Plan("web", remove=True), [], {"remove": True}, id="to delete"),
        pytest.param(
            Plan("web", remove=True),
            ["files_abandoned"],
            {"remove": True, "abandoned": True},
            id="to delete what the operator says that nobody names",
        ),
        pytest.param(Plan("web", recover=True), ["ends_sooner"], {}, id="to recover"),
    ],
)
def test_the_host_is_told_what_is_to_go(plan: Plan, accepted: list[str], steps: dict[str, Any]) -> None:
    observed = found(live=stored(wanted()))
    removal = Removal("web", "system", frozenset(accepted))

    expected = {
        "name": "web",
        "services": WORDED,
        **QUIET,
        "follows": "",
        "remove": False,
        "abandoned": False,
        "idle": False,
        "purge": False,
        "bury": None,
        **steps,
        "record": removal.to_record(observed, run="job 7", now=NOW),
    }
    assert expected == Gone(removal).request(plan, observed, run="job 7", now=NOW)


@pytest.mark.parametrize(
    ("wish", "observed", "plan"),
    [
        pytest.param(SUPPLIED, found(), NEW, id="supplied"),
        pytest.param(ON_HOST, AT_HOST, NEW, id="on the host"),
        pytest.param(ADOPTED, found(paths=(by_hand(leaf()),)), Plan("web", adopt=True), id="adopted"),
        pytest.param(GONE, found(live=stored(wanted())), Plan("web", follows="system"), id="gone"),
    ],
)
def test_questions_and_requests_can_be_said_in_json(wish: Wish, observed: Observed, plan: Plan) -> None:
    said = [wish.look(NOW), wish.request(plan, observed, run="job 7", now=NOW)]

    heard = json.loads(json.dumps(said))
    assert [list(words) for words in said] == [list(words) for words in heard]


DESCRIBED = describe(load(leaf()))


@pytest.mark.parametrize(
    ("wish", "observed", "expected"),
    [
        pytest.param(SUPPLIED, found(), DESCRIBED, id="supplied"),
        pytest.param(ON_HOST, AT_HOST, DESCRIBED, id="on the host"),
        pytest.param(ON_HOST, NOT_FITTING, DESCRIBED, id="on the host, refused"),
        pytest.param(ON_HOST, UNREADABLE, {}, id="on the host, not to be read"),
        pytest.param(ON_HOST, found(), {}, id="on the host, not looked at"),
        pytest.param(ADOPTED, found(paths=(by_hand(leaf()),)), DESCRIBED, id="adopted"),
        pytest.param(ADOPTED, found(), {}, id="adopted, and not there"),
        pytest.param(GONE, found(live=stored(wanted())), {}, id="gone"),
    ],
)
def test_what_is_shown_of_it(wish: Wish, observed: Observed, expected: dict[str, Any]) -> None:
    assert expected == wish.describe(observed)


def test_material_that_nobody_asked_for_is_a_bug() -> None:
    with pytest.raises(LookupError, match="The host was not asked for the material of web"):
        ON_HOST.plan(found(), NOW)


@pytest.mark.parametrize("wish", [pytest.param(SUPPLIED, id="supplied"), pytest.param(ON_HOST, id="on the host")])
def test_no_secret_shows_in_a_wish_or_its_plan(wish: Wish) -> None:
    told = repr(wish) + repr(wish.plan(AT_HOST, NOW))

    assert SECRET not in told
    assert "PRIVATE KEY" not in told
