# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.adoption import (
    Found,
    find_adoptable,
    plan_adoption,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import describe
from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import Observed, ObservedPath
from ansible_collections.certwright.tls.plugins.plugin_utils._core.neighbours import Neighbour
from ansible_collections.certwright.tls.plugins.plugin_utils._core.plan import Plan
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice, Reason
from ansible_collections.certwright.tls.plugins.plugin_utils._core.supplied import Declared
from ansible_collections.certwright.tls.tests.unit.authority import NOW, Issued, ca
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.test_deployment import (
    found,
    leaf,
    load,
    stored,
    wanted,
)

DECLARED = Declared("web", ("a.example",), (), frozenset(), stage_only=False, notices=())
BOTH = replace(DECLARED, names=("a.example", "b.example"))
TWO_NAMES = ca().issue("a.example", "b.example")
CRASHED = "job 6 of 2026-11-21T21:00:00Z"


def by_hand(issued: Issued | None, path: str = "/opt/tls.pem") -> ObservedPath:
    return ObservedPath(path, "file", load(issued) if issued else None)


def certbot(issued: Issued, *, scheduled: str = "certbot.timer") -> Neighbour:
    return Neighbour("certbot", "/live/a.pem", "/live/a.key", "/renewal/a.conf", scheduled, load(issued))


def found_by_hand(issued: Issued, path: str = "/opt/tls.pem") -> Found:
    return Found("hand", path, "", "", "", load(issued))


CERTBOTS = Found("certbot", "/live/a.pem", "/live/a.key", "/renewal/a.conf", "certbot.timer", load(leaf()))


@pytest.mark.parametrize(
    ("declared", "observed", "expected"),
    [
        pytest.param(DECLARED, found(), None, id="nothing"),
        pytest.param(DECLARED, found(paths=(by_hand(None),)), None, id="a file without a certificate"),
        pytest.param(DECLARED, found(paths=(by_hand(leaf()),)), found_by_hand(leaf()), id="placed by hand"),
        pytest.param(DECLARED, found(neighbours=(certbot(leaf()),)), CERTBOTS, id="kept by another renewer"),
        pytest.param(
            DECLARED,
            found(paths=(by_hand(leaf()),), neighbours=(certbot(leaf()),)),
            CERTBOTS,
            id="the same at both places: whoever renews it keeps it",
        ),
        pytest.param(
            DECLARED,
            found(paths=(by_hand(leaf(30)), by_hand(leaf(90), "/b"), by_hand(leaf(60), "/c"))),
            found_by_hand(leaf(90), "/b"),
            id="of several the one that lasts longest",
        ),
        pytest.param(BOTH, found(paths=(by_hand(leaf()),)), None, id="one that is not for all names"),
        pytest.param(
            BOTH,
            found(paths=(by_hand(leaf(90)), by_hand(TWO_NAMES, "/b"))),
            found_by_hand(TWO_NAMES, "/b"),
            id="one for all names goes before one that lasts longer",
        ),
        pytest.param(DECLARED, found(paths=(by_hand(TWO_NAMES),)), found_by_hand(TWO_NAMES), id="for more names"),
        pytest.param(
            DECLARED,
            found(candidates=(by_hand(leaf(30), "/named"),), paths=(by_hand(leaf(90)),)),
            found_by_hand(leaf(30), "/named"),
            id="what the operator named, though another lasts longer",
        ),
        pytest.param(
            BOTH,
            found(candidates=(by_hand(leaf(), "/named"),), paths=(by_hand(TWO_NAMES),)),
            None,
            id="what the operator named is not for all names: no other is taken for it",
        ),
        pytest.param(
            DECLARED,
            found(candidates=(by_hand(leaf(), "/live/a.pem"),), neighbours=(certbot(leaf()),)),
            CERTBOTS,
            id="what the operator named is another renewer's",
        ),
        pytest.param(
            DECLARED,
            found(paths=(by_hand(leaf(30), "/known"), by_hand(leaf(90))), adopted={"certificate_path": "/known"}),
            found_by_hand(leaf(30), "/known"),
            id="what was recorded stays recorded",
        ),
    ],
)
def test_what_there_is_to_adopt(declared: Declared, observed: Observed, expected: Found | None) -> None:
    assert expected == find_adoptable(declared, observed)


def known(issued: Issued, path: str = "/opt/tls.pem") -> dict[str, Any]:
    """As a host gives back what it was told to remember."""
    record = found_by_hand(issued, path).to_record(DECLARED, run="job 7", now=NOW)
    return json.loads(json.dumps(record))  # type: ignore[no-any-return]


AT_PATH = found(paths=(by_hand(leaf()),))


@pytest.mark.parametrize(
    ("observed", "reasons", "steps", "problems"),
    [
        pytest.param(found(), [], {}, ["nothing_to_adopt"], id="nothing is there"),
        pytest.param(
            found(interrupted=CRASHED),
            [],
            {"recover": True},
            ["nothing_to_adopt"],
            id="nothing is there, after a crash",
        ),
        pytest.param(
            replace(AT_PATH, live=stored(wanted())),
            [],
            {},
            ["nothing_to_adopt"],
            id="the store has one, and it is live",
        ),
        pytest.param(replace(AT_PATH, stored=(1,)), [], {}, ["nothing_to_adopt"], id="the store has one, which waits"),
        pytest.param(
            replace(AT_PATH, stored=(1,), interrupted=CRASHED),
            [],
            {"recover": True},
            ["nothing_to_adopt"],
            id="the store has one, after a crash",
        ),
        pytest.param(AT_PATH, ["certificate_found"], {"adopt": True}, [], id="found"),
        pytest.param(
            replace(AT_PATH, interrupted=CRASHED),
            ["certificate_found", "interrupted"],
            {"adopt": True, "recover": True},
            [],
            id="found, after a crash",
        ),
        pytest.param(replace(AT_PATH, adopted=known(leaf())), [], {}, [], id="known"),
        pytest.param(
            replace(AT_PATH, adopted=known(leaf()), interrupted=CRASHED),
            ["interrupted"],
            {"recover": True},
            [],
            id="known, after a crash",
        ),
        pytest.param(
            replace(AT_PATH, adopted=known(leaf(30))), [], {"remember": 0}, [], id="renewed at the place that is known"
        ),
        pytest.param(
            replace(AT_PATH, adopted=known(leaf(), "/b")), ["certificate_found"], {"adopt": True}, [], id="elsewhere"
        ),
    ],
)
def test_what_is_adopted_is_recorded_once(
    observed: Observed, reasons: list[str], steps: dict[str, Any], problems: list[str]
) -> None:
    plan = plan_adoption(DECLARED, observed, NOW)

    assert reasons == [reason.code for reason in plan.reasons]
    assert problems == [problem.code for problem in plan.problems]
    assert Plan("web", **steps) == replace(plan, reasons=(), problems=(), notices=())
    assert bool({"adopt", "recover"} & set(steps)) is plan.changes


def test_the_reason_says_where_it_was_found_and_for_what() -> None:
    plan = plan_adoption(BOTH, found(paths=(by_hand(TWO_NAMES),)), NOW)

    expected = Reason("certificate_found", "/opt/tls.pem is a certificate for a.example, b.example")
    assert (expected,) == plan.reasons


@pytest.mark.parametrize(
    ("observed", "message"),
    [
        pytest.param(
            found(),
            "no certificate for a.example was found on the host; looked at those of certbot, acme.sh, dehydrated, "
            "lego, certmonger and BlueMind, at the paths of the declared services, and at certificate_src; "
            "name its path there, or supply a certificate",
            id="nothing found",
        ),
        pytest.param(
            replace(AT_PATH, stored=(1,)),
            "the store has a certificate of this name already, so there is nothing to adopt; "
            "say `state: present` with its material",
            id="ours already",
        ),
    ],
)
def test_what_cannot_be_adopted_is_told_with_the_way_out(observed: Observed, message: str) -> None:
    assert [message] == [problem.message for problem in plan_adoption(DECLARED, observed, NOW).problems]


@pytest.mark.parametrize(
    ("observed", "notices"),
    [
        pytest.param(AT_PATH, [], id="nobody renews it"),
        pytest.param(
            found(neighbours=(certbot(leaf()),)),
            [Notice("other_renewer", "certbot renews /live/a.pem (/renewal/a.conf, run by certbot.timer)")],
            id="who renews it",
        ),
        pytest.param(
            found(neighbours=(certbot(leaf(), scheduled=""),)),
            [
                Notice(
                    "other_renewer",
                    "certbot renews /live/a.pem (/renewal/a.conf, but nothing was found that runs it)",
                )
            ],
            id="who should renew it",
        ),
        pytest.param(
            found(paths=(by_hand(leaf(-1)),)),
            [Notice("expired", "/opt/tls.pem ended 2026-11-20 22:00 UTC; replace it")],
            id="it has ended",
        ),
        pytest.param(
            found(paths=(by_hand(leaf(0)),)),
            [Notice("expired", "/opt/tls.pem ended 2026-11-21 22:00 UTC; replace it")],
            id="it ends this second",
        ),
    ],
)
def test_what_the_operator_should_know_of_it(observed: Observed, notices: list[Notice]) -> None:
    assert tuple(notices) == plan_adoption(DECLARED, observed, NOW).notices


def test_the_record_says_what_and_where_it_is() -> None:
    expected = {
        "version": 1,
        "issuer": "adopted",
        "declared_names": ["a.example"],
        "kind": "certbot",
        "certificate_path": "/live/a.pem",
        "private_key_path": "/live/a.key",
        "configuration": "/renewal/a.conf",
        "scheduled": "certbot.timer",
        "fingerprint": load(leaf()).fingerprint,
        "certificate": describe(load(leaf())),
        "run": "job 7",
        "stored": "2026-11-21T22:00:00Z",
    }

    record = CERTBOTS.to_record(DECLARED, run="job 7", now=NOW)
    assert expected == record
    assert record == json.loads(json.dumps(record))


def test_what_ends_tomorrow_is_not_told_as_ended() -> None:
    assert plan_adoption(DECLARED, AT_PATH, NOW + timedelta(days=60, seconds=-1)).notices == ()
