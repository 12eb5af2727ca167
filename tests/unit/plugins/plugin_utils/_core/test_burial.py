# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A removal that is remembered: what is written down, purged and revoked, and what stays away afterwards."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.burial import (
    find_revocable,
    is_held_back,
    plan_burial,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import Observed
from ansible_collections.certwright.tls.plugins.plugin_utils._core.plan import Plan
from ansible_collections.certwright.tls.plugins.plugin_utils._core.removal import Burial, Removal
from ansible_collections.certwright.tls.plugins.plugin_utils._core.tombstone import (
    NO_TOMBSTONE,
    Leaf,
    Removed,
    Tombstone,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.usage import Usage
from ansible_collections.certwright.tls.tests.unit.authority import NOW
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.test_deployment import (
    fallen_back,
    found,
    leaf,
    port,
    stored,
    up,
    wanted,
)

NAMED = Burial("named", "job 9")
PURGED, LEAKED = replace(NAMED, is_purged=True), replace(NAMED, is_compromised=True)
KEPT = replace(LEAKED, is_kept=True)
GONE = Removal("web", "system", stage_only=True)
FIRST, SECOND = stored(wanted(), 1), stored(wanted(leaf(90)), 2)
ONE = Leaf("11", "k1", "PEM", "files", ("a.example",), "", "0a", "2027-01-01T00:00:00Z", 1)
TWO = replace(ONE, fingerprint="22", key="k2", generation=2)
BURIED = Tombstone(Removed("2026-11-22T00:00:00Z", "job 8", "named", "files", ("a.example",), "11"))
NAMES = ("nginx names /store/live/web/nginx/privkey.pem",)


def there(*leaves: Leaf, named: tuple[str, ...] = NAMES, present: bool = True, **words: Any) -> Observed:
    return found(usage=Usage(present, named, (), (), leaves), **words)


def lying(**words: Any) -> Observed:
    return there(ONE, named=(), live=FIRST, **words)


def plan(burial: Burial, observed: Observed, **words: Any) -> Plan:
    return plan_burial(replace(GONE, **words), burial, observed, NOW)


def codes(found_plan: Plan) -> tuple[list[str], list[str], list[str]]:
    return tuple(  # type: ignore[return-value]
        [item.code for item in items] for items in (found_plan.reasons, found_plan.notices, found_plan.failures)
    )


def test_what_goes_is_written_down_with_what_it_was() -> None:
    gone = plan(NAMED, lying())
    assert (gone.remove, gone.purge) == (True, False)
    assert gone.bury == {
        "removed": {
            "when": f"{NOW:%Y-%m-%dT%H:%M:%SZ}",
            "run": "job 9",
            "why": "named",
            "issuer": "files",
            "names": ["a.example"],
            "fingerprint": "11",
        }
    }


@pytest.mark.parametrize(
    ("burial", "observed", "words", "expected"),
    [
        pytest.param(NAMED, there(present=False, named=()), {}, None, id="nothing was there"),
        pytest.param(NAMED, lying(tombstone=BURIED), {}, [], id="known already, and its files go"),
        pytest.param(NAMED, lying(), {"holds_files": True}, None, id="it is kept until the services have another one"),
        pytest.param(LEAKED, lying(), {}, ["compromised", "removed"], id="its key leaked"),
        pytest.param(NAMED, there(live=FIRST), {}, ["removed"], id="it falls back"),
        pytest.param(NAMED, there(live=fallen_back(), tombstone=BURIED), {}, None, id="it fell back earlier"),
        pytest.param(
            replace(NAMED, revoked=frozenset({"11"})),
            there(ONE, present=False, named=(), tombstone=BURIED),
            {},
            ["revoked"],
            id="it was revoked afterwards",
        ),
        pytest.param(
            replace(LEAKED, revoked=frozenset({"11"})),
            there(replace(ONE, is_revoked=True, is_compromised=True), present=False, named=(), tombstone=BURIED),
            {},
            None,
            id="all of it is known",
        ),
        pytest.param(NAMED, there(live=FIRST, named=()), {}, ["removed"], id="it was adopted, and has no leaf of ours"),
    ],
)
def test_what_is_written_down(
    burial: Burial, observed: Observed, words: dict[str, Any], expected: list[str] | None
) -> None:
    bury = plan(burial, observed, **words).bury
    assert (None if bury is None else sorted(bury)) == expected


def test_what_is_refused_is_not_written_down() -> None:
    refused = plan(NAMED, there(ONE, live=FIRST), follows="")
    assert ([item.code for item in refused.problems], refused.bury) == (["in_use"], None)
    assert "nginx names" in refused.problems[0].message


@pytest.mark.parametrize(
    ("observed", "expected"),
    [
        pytest.param(there(ONE, named=(), live=FIRST, services={"nginx": up(port("11"))}), ["in_use"], id="served"),
        pytest.param(there(ONE, named=(), live=FIRST, services={"nginx": up(port("33"))}), [], id="something else is"),
        pytest.param(there(ONE, named=(), live=FIRST), [], id="in no use"),
    ],
)
def test_a_whole_host_is_refused_while_a_port_shows_what_is_to_go(observed: Observed, expected: list[str]) -> None:
    assert [item.code for item in plan(NAMED, observed, follows="").problems] == expected


@pytest.mark.parametrize(
    ("named", "unasked", "expected"),
    [
        pytest.param((), ("app",), True, id="it cannot tell"),
        pytest.param(NAMES, ("app",), False, id="another one names it"),
        pytest.param(NAMES, (), False, id="it is named"),
    ],
)
def test_what_cannot_be_stopped_has_a_way_out(
    named: tuple[str, ...], unasked: tuple[str, ...], *, expected: bool
) -> None:
    observed = found(usage=Usage(True, named, unasked, (), (ONE,)), live=FIRST)
    (problem,) = plan(NAMED, observed, follows="").problems
    assert ("tls_remove_accept: [files_abandoned]" in problem.message) == expected


@pytest.mark.parametrize(
    ("burial", "expected"),
    [
        pytest.param(NAMED, ["unknown"], id="named"),
        pytest.param(replace(NAMED, is_beside=True), [], id="beside what was named"),
        pytest.param(replace(NAMED, why="declared"), [], id="declared absent for years"),
        pytest.param(KEPT, ["unknown"], id="whose key is said to have leaked"),
        pytest.param(replace(KEPT, is_beside=True), [], id="beside one whose key is"),
    ],
)
def test_a_name_that_nobody_knows_is_said(burial: Burial, expected: list[str]) -> None:
    assert codes(plan(burial, there(present=False, named=()))) == ([], expected, [])


def test_what_was_removed_is_not_unknown() -> None:
    went = Tombstone(Removed("2026-11-22T00:00:00Z", "job 8", "decommissioned", "files", ("a.example",), "11"))
    for observed in (
        there(present=False, tombstone=BURIED),
        there(present=False, tombstone=went),
        there(ONE, present=False),
    ):
        assert codes(plan(NAMED, observed))[1] == []


def test_the_record_of_a_host_that_went_knows_no_name() -> None:
    host = Tombstone(Removed("2026-11-22T00:00:00Z", "job 8", "decommissioned"))
    assert codes(plan(NAMED, there(present=False, named=(), tombstone=host)))[1] == ["unknown"]


FALLEN = fallen_back(3)


@pytest.mark.parametrize(
    ("burial", "observed", "words", "purged"),
    [
        pytest.param(PURGED, there(ONE, TWO, live=FALLEN), {}, True, id="earlier generations"),
        pytest.param(LEAKED, there(ONE, TWO, live=FALLEN), {}, True, id="a key that leaked is always purged"),
        pytest.param(NAMED, there(ONE, live=FALLEN), {}, False, id="nobody asked"),
        pytest.param(PURGED, there(ONE, live=FALLEN), {"holds_files": True}, False, id="services first"),
        pytest.param(PURGED, there(ONE, live=FIRST), {}, False, id="it is still shown"),
        pytest.param(PURGED, there(ONE), {}, False, id="it was never live"),
        pytest.param(PURGED, there(ONE, live=fallen_back(3, follows="other")), {}, False, id="it follows another one"),
        pytest.param(
            PURGED,
            there(ONE, live=FALLEN, services={"nginx": up(port("11"))}),
            {"stage_only": False},
            False,
            id="a port still shows the old one",
        ),
        pytest.param(PURGED, there(replace(ONE, generation=0), live=FALLEN), {}, False, id="nothing is left"),
        pytest.param(PURGED, lying(), {}, False, id="all of it goes anyway"),
    ],
)
def test_what_is_purged(burial: Burial, observed: Observed, words: dict[str, Any], purged: bool) -> None:
    found_plan = plan(burial, observed, **words)
    assert (found_plan.purge, "generations_purged" in codes(found_plan)[0]) == (purged, purged)
    assert found_plan.changes or not purged


MARKED = replace(ONE, is_compromised=True)
HELD, NEWER = replace(ONE, fingerprint=FIRST.fingerprint), replace(TWO, fingerprint=SECOND.fingerprint)
HELD_MARKED = replace(HELD, is_compromised=True)


@pytest.mark.parametrize(
    ("burial", "observed", "expected"),
    [
        pytest.param(
            KEPT, there(HELD, live=FIRST), (["compromised_in_use"], False, ["compromised"]), id="marked first"
        ),
        pytest.param(
            KEPT, there(HELD_MARKED, live=FIRST), (["compromised_in_use"], False, []), id="marked, and still served"
        ),
        pytest.param(
            KEPT,
            there(HELD_MARKED, NEWER, live=FIRST, pending=SECOND),
            (["compromised_in_use"], False, []),
            id="a new key waits for its services",
        ),
        pytest.param(
            KEPT, there(HELD_MARKED, NEWER, pending=SECOND), (["compromised_in_use"], False, []), id="none was live"
        ),
        pytest.param(
            KEPT,
            there(HELD_MARKED, replace(NEWER, key="k1"), live=SECOND),
            (["compromised_in_use"], False, ["compromised"]),
            id="another certificate for the same key",
        ),
        pytest.param(KEPT, there(HELD_MARKED, NEWER, live=SECOND), ([], True, []), id="replaced: the others go"),
        pytest.param(
            replace(KEPT, revoked=frozenset({HELD.fingerprint})),
            there(HELD_MARKED, NEWER, live=SECOND),
            ([], True, ["revoked"]),
            id="replaced and revoked",
        ),
        pytest.param(
            KEPT, there(replace(HELD_MARKED, generation=0), NEWER, live=SECOND), ([], False, []), id="nothing is left"
        ),
        pytest.param(
            replace(KEPT, again=True),
            there(replace(HELD_MARKED, generation=0), NEWER, live=SECOND),
            (["compromised_in_use"], False, ["compromised"]),
            id="the next key leaked too",
        ),
        pytest.param(
            replace(KEPT, again=True),
            there(HELD_MARKED, live=FIRST),
            (["compromised_in_use"], False, []),
            id="said twice",
        ),
        pytest.param(
            KEPT, there(live=FIRST), (["compromised_in_use"], False, []), id="a generation that cannot be read"
        ),
    ],
)
def test_a_key_that_leaked_of_what_is_to_stay(
    burial: Burial, observed: Observed, expected: tuple[list[str], bool, list[str]]
) -> None:
    found_plan = plan(burial, observed)
    assert (codes(found_plan)[2], found_plan.purge, list(found_plan.bury or ())) == expected


@pytest.mark.parametrize(
    ("burial", "observed", "expected"),
    [
        pytest.param(NAMED, lying(), ["11"], id="in no use"),
        pytest.param(NAMED, there(ONE, live=FIRST), [], id="still used"),
        pytest.param(NAMED, there(ONE, TWO, live=FALLEN), ["11", "22"], id="fell back"),
        pytest.param(NAMED, there(ONE, present=False), ["11"], id="gone already"),
        pytest.param(NAMED, there(replace(ONE, is_revoked=True), live=FALLEN), [], id="revoked earlier"),
        pytest.param(NAMED, there(replace(ONE, home="pki01"), live=FALLEN), [], id="its home revokes it"),
        pytest.param(
            NAMED, there(replace(ONE, not_after="2026-01-01T00:00:00Z"), live=FALLEN), [], id="has ended anyway"
        ),
        pytest.param(KEPT, there(HELD_MARKED, live=FIRST), [], id="leaked, and still served"),
        pytest.param(KEPT, there(MARKED, NEWER, live=SECOND), ["11"], id="leaked and replaced"),
        pytest.param(KEPT, there(MARKED, present=False), ["11"], id="leaked and gone"),
        pytest.param(KEPT, there(ONE, NEWER, live=SECOND), [], id="replaced, and nobody said that it leaked"),
    ],
)
def test_what_may_be_revoked(burial: Burial, observed: Observed, expected: list[str]) -> None:
    assert [item.fingerprint for item in find_revocable(GONE, burial, observed, NOW)] == expected


def test_what_is_used_still_is_held_back() -> None:
    """So that its host is not revoked as a whole because of another certificate."""
    cases = ((NAMED, there(ONE, live=FIRST)), (NAMED, lying()), (KEPT, there(HELD_MARKED, live=FIRST)))
    assert [is_held_back(GONE, burial, observed) for burial, observed in cases] == [True, False, False]


HELD_BY = replace(NAMED, members=("web1", "web2"))


@pytest.mark.parametrize(
    ("burial", "observed", "accepted", "expected"),
    [
        pytest.param(HELD_BY, lying(), (), (["shared_in_use"], []), id="members have it"),
        pytest.param(replace(HELD_BY, members=()), lying(), (), ([], ["11"]), id="all have let it go"),
        pytest.param(HELD_BY, lying(), ("members_abandoned",), ([], ["11"]), id="they may lose it"),
        pytest.param(HELD_BY, lying(), ("files_abandoned",), (["shared_in_use"], []), id="another word"),
        pytest.param(HELD_BY, there(ONE, present=False), (), (["shared_in_use"], []), id="gone, and valid still"),
        pytest.param(HELD_BY, there(present=False, named=()), (), ([], []), id="it never was here"),
        pytest.param(
            HELD_BY, there(replace(ONE, is_revoked=True), present=False, named=()), (), ([], []), id="gone and revoked"
        ),
    ],
)
def test_a_home_keeps_what_its_members_have(
    burial: Burial, observed: Observed, accepted: tuple[str, ...], expected: tuple[list[str], list[str]]
) -> None:
    removal = replace(GONE, accepted=frozenset(accepted))
    refused = plan_burial(removal, burial, observed, NOW).problems
    revocable = [item.fingerprint for item in find_revocable(removal, burial, observed, NOW)]
    assert ([item.code for item in refused], revocable) == expected
    assert all("web1, web2" in item.message and "members_abandoned" in item.message for item in refused)


def test_without_a_tombstone_nothing_is_removed() -> None:
    assert (NO_TOMBSTONE.removed, there().tombstone) == (None, NO_TOMBSTONE)
