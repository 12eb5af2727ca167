# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said to a CA before an order, and what of it ends the order without one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.due import Due
from ansible_collections.certwright.tls.plugins.plugin_utils._core.issuance import Memory
from ansible_collections.certwright.tls.plugins.plugin_utils._core.ordered import Ordered
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Reason
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._acme.scripted_ca import problem
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.ordered_certificates import (
    NO_ORDER,
    issued,
)
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.test_deployment import found
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils.ordering_site import (
    DAY,
    TODAY,
    CaOfToday,
    Site,
    window_in,
    wish_for,
)

TERMS = "https://ca.example/terms/1"
REASON = (Reason("certificate_missing", "No certificate web is installed"),)


@pytest.fixture
def server() -> Iterator[CaOfToday]:
    with CaOfToday() as server:
        yield server


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def due_of(wish: Ordered, *, remembered: Memory | None = None, **observed: Any) -> Due:
    memory = remembered.to_json() if remembered else {}
    return Due(wish, found(issuance={**NO_ORDER, "memory": memory}, **observed), REASON, "")


def foresee(site: Site, *due: Due) -> dict[str, str]:
    """Codes of what would fail, by name."""
    ended = site.talk().foresee_all(due)
    return {name: wish.ending.code for name, wish in ended.items() if wish.ending}


@pytest.mark.parametrize(
    ("said", "remembered", "code"),
    [
        pytest.param("yes", "", None, id="agreed to what is current"),
        pytest.param("yes", TERMS, None, id="agreed to, and the same as before"),
        pytest.param("yes", "https://ca.example/terms/0", "terms_changed", id="agreed to, and others than before"),
        pytest.param(TERMS, "", None, id="agreed to these"),
        pytest.param(TERMS, "https://ca.example/terms/0", None, id="agreed to these after others"),
        pytest.param("https://ca.example/terms/0", "", "terms_changed", id="agreed to others"),
        pytest.param("https://ca.example/terms/2", TERMS, "terms_changed", id="agreed to others that are to come"),
        pytest.param("", "", "terms_not_agreed", id="not agreed to"),
        pytest.param("", TERMS, "terms_not_agreed", id="not agreed to any more"),
    ],
)
def test_terms_are_agreed_to_by_people(
    server: CaOfToday, site: Site, said: str, remembered: str, code: str | None
) -> None:
    live = issued(60, issuer=f"{server.url}/directory")
    due = due_of(wish_for(server, issuer={"terms_agreed": said}), remembered=Memory(terms=remembered), live=live)
    assert ({} if code is None else {"web": code}) == foresee(site, due)


@pytest.mark.parametrize("live", [pytest.param(issued(60), id="another CA's"), pytest.param(None, id="nothing")])
def test_terms_of_another_ca_were_agreed_to_there(server: CaOfToday, site: Site, live: Any) -> None:
    remembered = Memory(terms="https://another.example/terms/9")
    assert foresee(site, due_of(wish_for(server), remembered=remembered, live=live)) == {}


def test_a_ca_without_terms_asks_for_no_agreement(site: Site) -> None:
    with CaOfToday(termsOfService="") as server:
        assert foresee(site, due_of(wish_for(server, issuer={"terms_agreed": ""}))) == {}


@pytest.mark.parametrize(
    ("apart", "code"),
    [
        pytest.param(timedelta(minutes=4), None, id="a little ahead"),
        pytest.param(timedelta(minutes=-4), None, id="a little behind"),
        pytest.param(timedelta(minutes=9), "clock_skew", id="ahead"),
        pytest.param(timedelta(days=-400), "clock_skew", id="far behind"),
    ],
)
def test_a_clock_that_is_wrong_orders_nothing(
    server: CaOfToday, site: Site, apart: timedelta, code: str | None
) -> None:
    server.time.apart = apart
    assert ({} if code is None else {"web": code}) == foresee(site, due_of(wish_for(server)))


@pytest.mark.parametrize(
    ("issuer", "has_account", "code"),
    [
        pytest.param({}, False, "external_account_required", id="not bound"),
        pytest.param({}, True, None, id="not bound, and the account is there"),
        pytest.param({"eab_kid": "k", "eab_hmac_key": "c2VjcmV0"}, False, None, id="bound"),
    ],
)
def test_a_ca_may_want_accounts_that_are_bound(
    site: Site, issuer: dict[str, str], has_account: bool, code: str | None
) -> None:
    with CaOfToday(externalAccountRequired=True) as server:
        server.has_account = has_account
        assert ({} if code is None else {"web": code}) == foresee(site, due_of(wish_for(server, issuer=issuer)))


@pytest.mark.parametrize(
    ("meta", "profile", "fact"),
    [
        pytest.param({}, "", None, id="none is said"),
        pytest.param({"profiles": {"classic": "x"}}, "classic", None, id="one that it knows"),
        pytest.param({}, "short", "the CA has no profiles; `short` is not among them", id="one, and it knows none"),
        pytest.param(
            {"profiles": {"b": "x", "a": "y"}}, "short", "the CA knows a, b; `short` is not among them", id="another"
        ),
    ],
)
def test_a_profile_is_one_of_the_cas(site: Site, meta: dict[str, Any], profile: str, fact: str | None) -> None:
    with CaOfToday(**meta) as server:
        ended = site.talk().foresee_all([due_of(wish_for(server, profile=profile))])
    told = [wish.ending.message.startswith(str(fact)) for wish in ended.values() if wish.ending]
    assert ([] if fact is None else [True]) == told


def test_a_ca_that_refuses_to_talk_ends_all_of_its_orders_and_is_asked_once(server: CaOfToday, site: Site) -> None:
    server.script("directory", problem("unauthorized", 403))
    ended = foresee(site, *(due_of(wish_for(server, name)) for name in "abc"))
    assert (sorted(ended), len(set(ended.values())), server.count("directory")) == (["a", "b", "c"], 1, 1)


def test_a_ca_that_refuses_to_talk_ends_no_other_cas_orders(server: CaOfToday, site: Site) -> None:
    with CaOfToday() as other:
        other.script("directory", problem("unauthorized", 403))
        ended = foresee(site, due_of(wish_for(other, "a")), due_of(wish_for(server, "b")))
    assert list(ended) == ["a"]


def test_one_ca_is_talked_to_once_by_however_many(server: CaOfToday, site: Site) -> None:
    assert foresee(site, *(due_of(wish_for(server, name)) for name in "abcdefgh")) == {}
    assert server.count("directory") == 1


def test_a_window_is_remembered_with_whose_it_is(server: CaOfToday, site: Site) -> None:
    due = due_of(wish_for(server), live=issued(60))
    memory = site.talk().ask_windows([due])["web"]

    assert window_in(60, 62)["start"] == memory.to_json()["window"]["start"]
    assert due.observed.live is not None
    assert (due.observed.live.order["cert_id"], 0) == (memory.window_of, server.count("account"))


@pytest.mark.parametrize(
    ("refusal", "rest"),
    [
        pytest.param(problem("malformed", 404), timedelta(hours=1), id="it knows no such certificate"),
        pytest.param(problem("unauthorized", 403), timedelta(hours=1), id="it refuses"),
    ],
)
def test_no_answer_keeps_what_is_known(server: CaOfToday, site: Site, refusal: Any, rest: timedelta) -> None:
    due = due_of(wish_for(server), live=issued(60))
    known = site.talk().ask_windows([due])["web"]
    server.script("renewal_info", refusal)

    memory = site.talk().ask_windows([due_of(wish_for(server), live=issued(60), remembered=known)])["web"]
    assert (known.window, known.window_of, TODAY + rest) == (memory.window, memory.window_of, memory.ask_again)


def test_a_ca_that_refuses_to_talk_is_asked_again_in_an_hour(site: Site, server: CaOfToday) -> None:
    server.script("directory", problem("unauthorized", 403))
    memory = site.talk().ask_windows([due_of(wish_for(server), live=issued(60))])["web"]
    assert (None, TODAY + timedelta(hours=1)) == (memory.window, memory.ask_again)


def test_a_ca_that_tells_no_windows_is_asked_again_in_a_day(server: CaOfToday, site: Site) -> None:
    server.script(
        "directory",
        lambda reply: type(reply)(200, {word: url for word, url in reply.body.items() if word != "renewalInfo"}),
    )
    memory = site.talk().ask_windows([due_of(wish_for(server), live=issued(60))])["web"]
    assert (memory.window, memory.ask_again, server.count("renewal_info")) == (None, TODAY + DAY, 0)


def test_what_else_is_remembered_stays(server: CaOfToday, site: Site) -> None:
    remembered = Memory(terms=TERMS, terms_agreed=TODAY)
    memory = site.talk().ask_windows([due_of(wish_for(server), live=issued(60), remembered=remembered)])["web"]
    assert (memory.terms, memory.terms_agreed) == (TERMS, TODAY)
