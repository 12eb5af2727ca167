# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a CA gave, judged before it is installed; what it refused, remembered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._acme.problems import AcmeProblem
from ansible_collections.certwright.tls.plugins.plugin_utils._core.due import digest_asked
from ansible_collections.certwright.tls.plugins.plugin_utils._core.issuance import Memory
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_outcome import (
    DEFERRED,
    EXPIRED,
    FAILED,
    PERMANENT,
    TRANSIENT,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.ordered import Ordered
from ansible_collections.certwright.tls.plugins.plugin_utils._issued import with_failure
from ansible_collections.certwright.tls.tests.unit.authority import NOW
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._acme.scripted_ca import Reply
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.ordered_certificates import (
    MINUTE,
    failed,
    issued,
    remembering,
    wish_of,
)
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.test_deployment import found
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils.ordering_site import (
    DAY,
    INTERMEDIATE,
    TODAY,
    CaOfToday,
    Site,
    wish_for,
)


@pytest.fixture
def server() -> Iterator[CaOfToday]:
    with CaOfToday() as server:
        yield server


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def end_of(site: Site, *wishes: Ordered) -> tuple[str, str]:
    """Code and message of how the one order of a run ended."""
    (wish,) = site.run(*wishes).wishes.values()
    assert wish.ending is not None
    return wish.ending.code, wish.ending.message


@pytest.mark.parametrize("key_origin", ["host", "controller"])
def test_names_that_nobody_ordered_are_not_installed(server: CaOfToday, site: Site, key_origin: str) -> None:
    server.surplus = ("evil.example",)
    code, message = end_of(site, wish_for(server, key_origin=key_origin))
    assert code == "certificate_unfit"
    assert message.startswith("What the CA gave has names that nobody ordered: evil.example;")
    assert "material" not in site.machine.told("web", "apply")


@pytest.mark.parametrize("key_origin", ["host", "controller"])
@pytest.mark.parametrize(
    ("begins", "is_unfit"),
    [
        pytest.param(timedelta(minutes=3), False, id="in a moment: the CA's clock is ahead"),
        pytest.param(timedelta(hours=2), True, id="in two hours"),
        pytest.param(timedelta(days=-91), True, id="a life ago"),
    ],
)
def test_what_is_not_valid_now_is_not_installed(
    server: CaOfToday, site: Site, begins: timedelta, is_unfit: bool, key_origin: str
) -> None:
    server.begins = server.time.now + begins
    (wish,) = site.run(wish_for(server, key_origin=key_origin)).wishes.values()
    assert ("certificate_unfit" if is_unfit else None) == (wish.ending.code if wish.ending else None)


@pytest.mark.parametrize("key_origin", ["host", "controller"])
@pytest.mark.parametrize(
    "content",
    [
        pytest.param(INTERMEDIATE.pem, id="another certificate"),
        pytest.param(INTERMEDIATE.issue("web.example").pem + INTERMEDIATE.pem, id="one for another key"),
    ],
)
def test_what_is_no_certificate_for_the_key_is_not_installed(
    server: CaOfToday, site: Site, content: bytes, key_origin: str
) -> None:
    server.script("certificate", Reply(200, content))
    code, _message = end_of(site, wish_for(server, key_origin=key_origin))
    assert code == "certificate_unfit"
    assert "material" not in site.machine.told("web", "apply")


def test_one_that_ends_sooner_than_what_was_bought_is_installed(server: CaOfToday, site: Site) -> None:
    site.run(wish_for(server))
    record = site.machine.held["web"]["live"]["record"]
    record["certificate"]["not_after"] = f"{TODAY + 900 * DAY:%Y-%m-%dT%H:%M:%SZ}"
    site.machine.hold("web", {**record, "issuer": "files", "order": {}, "fingerprint": "5d" * 32})

    enrolled = site.run(wish_for(server))
    assert [plan.problems for plan in enrolled.round.plans] == [()]
    assert ("material" in site.machine.told("web", "apply"), server.count("new_order")) == (True, 2)


LIVE, LATE, ENDED = issued(60), issued(5), issued(-1)
HEALS = AcmeProblem("transient", "rate_limited", "ca.example gives no more; try later", NOW + 3 * DAY)
STAYS = AcmeProblem("permanent", "caa_forbids", "CAA forbids it; add ca.example")


@pytest.mark.parametrize(
    ("problem", "live", "is_begun", "verdict", "end_order"),
    [
        pytest.param(HEALS, LIVE, False, DEFERRED, "", id="it may heal"),
        pytest.param(HEALS, LIVE, True, DEFERRED, "release", id="it may heal, and goes on later"),
        pytest.param(HEALS, LATE, True, FAILED, "release", id="it may heal, and time runs out"),
        pytest.param(HEALS, ENDED, True, EXPIRED, "release", id="it may heal, and time has run out"),
        pytest.param(HEALS, None, False, FAILED, "", id="it may heal, and nothing is there"),
        pytest.param(STAYS, LIVE, False, FAILED, "", id="it will not heal"),
        pytest.param(STAYS, LIVE, True, FAILED, "finish", id="it will not heal, and is over"),
        pytest.param(STAYS, ENDED, True, EXPIRED, "finish", id="it will not heal, and time has run out"),
        pytest.param(
            HEALS,
            replace(LIVE, drift=(("privkey.pem", "missing"),)),
            False,
            FAILED,
            "",
            id="it may heal, and what is there is damaged",
        ),
    ],
)
def test_what_becomes_of_an_order_that_failed(
    problem: AcmeProblem, live: Any, is_begun: bool, verdict: str, end_order: str
) -> None:
    wish = with_failure(wish_of(), found(live=live), problem, now=NOW, is_begun=is_begun)

    assert wish.ending is not None
    assert (verdict, problem.code, end_order) == (wish.ending.verdict, wish.ending.code, wish.ending.end_order)
    assert wish.ending.message.startswith(problem.message)
    failure = wish.memory.failure if wish.memory else None
    assert failure is not None
    kind = TRANSIENT if problem.kind == "transient" else PERMANENT
    assert (kind, 1, digest_asked(wish_of())) == (failure.kind, failure.tries, failure.asked)
    assert failure.next_try == (NOW + 3 * DAY if problem is HEALS else NOW + MINUTE)


@pytest.mark.parametrize("is_known", [pytest.param(False, id="by the host"), pytest.param(True, id="by this run")])
def test_failures_are_counted_and_what_else_is_remembered_stays(is_known: bool) -> None:
    before = Memory(terms="https://ca.example/terms/1", failure=failed(digest_asked(wish_of()), tries=2))
    wish = wish_of(memory=before if is_known else None)
    observed = found(live=LIVE, issuance=remembering(Memory() if is_known else before))

    ended = with_failure(wish, observed, STAYS, now=NOW, is_begun=False)
    assert ended.memory is not None
    assert ended.memory.failure is not None
    assert (3, before.terms) == (ended.memory.failure.tries, ended.memory.terms)


@pytest.mark.parametrize("code", ["claimed", "stopped"])
@pytest.mark.parametrize(
    ("live", "verdict"),
    [
        pytest.param(LIVE, DEFERRED, id="something sound"),
        pytest.param(None, FAILED, id="nothing"),
        pytest.param(ENDED, EXPIRED, id="something that has ended"),
    ],
)
def test_what_was_not_asked_is_not_remembered(code: str, live: Any, verdict: str) -> None:
    """What was written down before the order, in case it would not be stored, is taken back."""
    problem = AcmeProblem("transient", code, "nobody asked")
    wish = with_failure(wish_of(), found(live=live), problem, now=NOW, is_begun=True)
    assert wish.ending is not None
    assert (verdict, code, "release", Memory()) == (
        wish.ending.verdict,
        wish.ending.code,
        wish.ending.end_order,
        wish.memory,
    )
