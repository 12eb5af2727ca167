# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Steps of many orders together, and what each is told to the CA and the host."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._acme.problems import AcmeProblem
from ansible_collections.certwright.tls.plugins.plugin_utils._core.due import Due
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_words import HTTP_01, Validation
from ansible_collections.certwright.tls.plugins.plugin_utils._ordering import find_begun, run_together
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._acme.scripted_ca import with_words
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.ordered_certificates import (
    ACCOUNT,
    DIRECTORY,
    NO_ORDER,
    wish_of,
    words_of,
)
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.test_deployment import found
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils.ordering_site import (
    DAY,
    TODAY,
    CaOfToday,
    Site,
    ends_of,
    wish_for,
)


@pytest.fixture
def server() -> Iterator[CaOfToday]:
    with CaOfToday() as server:
        yield server


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


POOL = ThreadPoolExecutor(8)


def due_of(**observed: Any) -> Due:
    return Due(wish_of(), found(**observed), (), "")


def test_results_come_in_order_and_a_fault_ends_its_own_item_only() -> None:
    failed: list[tuple[Any, str]] = []

    def halve(number: Any) -> int:
        if number % 2:
            raise AcmeProblem("permanent", "odd", f"{number} is odd")
        return int(number // 2)

    results = run_together(POOL, halve, range(6), lambda item, problem: failed.append((item, problem.code)))  # type: ignore[type-var]
    assert (results, failed) == ([0, 1, 2], [(1, "odd"), (3, "odd"), (5, "odd")])


def test_steps_go_together() -> None:
    together = Barrier(4)
    found_ = run_together(POOL, lambda _item: together.wait(10), range(4), lambda _item, _problem: None)  # type: ignore[type-var]
    assert sorted(found_) == [0, 1, 2, 3]


def test_a_bug_stays_one() -> None:
    with pytest.raises(ZeroDivisionError):
        run_together(POOL, lambda item: 1 // item, [0], lambda _item, _problem: None)  # type: ignore[type-var,operator]


BEGUN = {
    "directory": DIRECTORY,
    "account": ACCOUNT,
    "names": ["a.example"],
    "key_type": "ec256",
    "profile": "",
    "url": "https://ca.example/order/1",
    "records": [],
}


@pytest.mark.parametrize(
    ("issuance", "words", "account", "expected"),
    [
        pytest.param({"order": {"order": BEGUN}, "request": "csr"}, {}, ACCOUNT, True, id="the same"),
        pytest.param({}, {}, ACCOUNT, False, id="none"),
        pytest.param({"order": {"order": None}, "request": "csr"}, {}, ACCOUNT, False, id="an order without words"),
        pytest.param({"order": {"order": BEGUN}, "request": ""}, {}, ACCOUNT, False, id="its key is gone"),
        pytest.param({"order": {"order": BEGUN}, "request": "csr"}, {}, "", False, id="of an account unknown"),
        pytest.param(
            {"order": {"order": BEGUN}, "request": "csr"}, {"key_origin": "controller"}, ACCOUNT, False, id="key here"
        ),
        pytest.param(
            {"order": {"order": BEGUN}, "request": "csr"},
            {"key_type": "ec256"},
            ACCOUNT,
            True,
            id="a default that is said",
        ),
        pytest.param(
            {"order": {"order": BEGUN}, "request": "csr"}, {"key_type": "ec384"}, ACCOUNT, False, id="another key"
        ),
        pytest.param(
            {"order": {"order": BEGUN}, "request": "csr"}, {"profile": "short"}, ACCOUNT, False, id="another profile"
        ),
        *(
            pytest.param(
                {"order": {"order": {**BEGUN, word: value}}, "request": "csr"}, {}, ACCOUNT, False, id=f"another {word}"
            )
            for word, value in (("directory", "x"), ("names", ["b.example"]), ("account", "x"))
        ),
    ],
)
def test_what_an_earlier_run_began(
    issuance: dict[str, Any], words: dict[str, str], account: str, expected: bool
) -> None:
    due = Due(wish_of(words_of(**words)), found(issuance={**NO_ORDER, **issuance}), (), "")
    assert (BEGUN if expected else {}) == find_begun(due, account)


def test_a_listener_is_told_its_port(server: CaOfToday, site: Site) -> None:
    site.run(wish_for(server, validation=Validation(HTTP_01, port=8080, is_checked=False)))
    (challenge,) = site.machine.told("web", "prepare")["challenges"]
    assert (8080, "webroot" in challenge) == (challenge["port"], False)


def test_what_is_proved_already_is_not_proved_again(server: CaOfToday, site: Site) -> None:
    server.proved.add("1/0")
    enrolled = site.run(wish_for(server, "web", "a.example", "b.example"))
    assert ends_of(enrolled) == {"web": "issued"}
    assert [item["token"] for item in site.machine.told("web", "prepare")["challenges"]] == ["token-1-1"]
    assert sum(request.payload is not None for request in server.requests if request.kind == "challenge") == 1


@pytest.mark.parametrize(
    ("offered", "told"),
    [
        pytest.param([{"type": "tls-alpn-01", "url": "u", "token": "t", "status": "pending"}], "tls-alpn-01", id="one"),
        pytest.param([], "none", id="none"),
        pytest.param(
            [
                {"type": "http-01", "url": "u", "token": "../x", "status": "pending"},
                {"type": "dns-01", "url": "u", "token": "t", "status": "pending"},
            ],
            "dns-01, http-01",
            id="one whose token cannot name a file",
        ),
    ],
)
def test_a_ca_may_not_offer_the_proof(server: CaOfToday, site: Site, offered: list[Any], told: str) -> None:
    server.script("authorization", with_words(challenges=offered))
    (wish,) = site.run(wish_for(server)).wishes.values()
    assert wish.ending is not None
    assert (wish.ending.verdict, wish.ending.code) == ("failed", "challenge_not_offered")
    expected = f"the CA offers no http-01 for web.example; it offers {told}; choose one of these as `challenge`"
    assert wish.ending.message.startswith(expected)
    assert site.machine.actions == ["observe", "apply"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, True, id="of this account"),
        pytest.param({"account": "https://ca.example/account/2"}, False, id="of another account"),
        pytest.param({"cert_id": ""}, False, id="without an id"),
    ],
)
def test_what_is_replaced_is_named_where_the_ca_takes_it(
    server: CaOfToday, site: Site, changes: dict[str, str], expected: bool
) -> None:
    site.run(wish_for(server))
    order = site.machine.held["web"]["live"]["record"]["order"]
    order.update(changes)
    enrolled = site.run(wish_for(server), now=site.at(TODAY + 65 * DAY))
    assert ends_of(enrolled) == {"web": "issued"}
    assert (order["cert_id"] if expected else None) == server.payloads("new_order")[1].get("replaces")


def test_a_claim_lasts_a_quarter_of_an_hour(server: CaOfToday, site: Site) -> None:
    site.run(wish_for(server))
    until = site.machine.told("web", "prepare")["claimed_until"]
    length = datetime.fromisoformat(until) - datetime.now(timezone.utc)
    assert timedelta(minutes=13) < length <= timedelta(minutes=15)


def test_no_key_shows_in_what_is_under_way(server: CaOfToday, site: Site) -> None:
    talk = site.talk()
    ended = talk.order([Due(wish_for(server, key_origin="controller"), found(issuance=NO_ORDER), (), "")])
    assert "PRIVATE KEY" not in repr(ended)
    assert due_of().name == "web"
