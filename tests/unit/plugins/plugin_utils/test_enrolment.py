# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks that order, from their wishes to what the host has and remembers, against a CA that is scripted."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.passphrase import Passphrase
from ansible_collections.certwright.tls.plugins.plugin_utils._core.plan import Plan
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Problem
from ansible_collections.certwright.tls.plugins.plugin_utils._core.sealing import unseal
from ansible_collections.certwright.tls.plugins.plugin_utils._core.sharing import Sharing
from ansible_collections.certwright.tls.plugins.plugin_utils._enrolment import Limits
from ansible_collections.certwright.tls.plugins.plugin_utils._enrolment_report import report_enrolled
from ansible_collections.certwright.tls.plugins.plugin_utils._issuers import OrderTask
from ansible_collections.certwright.tls.plugins.plugin_utils._run_name import find_run_name
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._acme.scripted_ca import problem, with_words
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils.ordering_site import (
    DAY,
    TODAY,
    CaOfToday,
    OrderingHost,
    Site,
    ends_of,
    window_in,
    wish_for,
)

SECRET = "correct horse battery staple"


@pytest.fixture
def server() -> Iterator[CaOfToday]:
    with CaOfToday() as server:
        yield server


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def kinds_of(server: CaOfToday) -> set[str]:
    """What the CA was asked for."""
    return {request.kind for request in server.requests}


def test_the_first_run_orders_and_the_next_has_nothing_to_say(server: CaOfToday, site: Site) -> None:
    first = site.run(wish_for(server))
    assert (ends_of(first), site.machine.actions) == ({"web": "issued"}, ["observe", "prepare", "apply"])
    asked = len(server.requests)

    again = site.run(wish_for(server))
    assert ({"web": "kept"}, asked, 1) == (ends_of(again), len(server.requests), site.begun)
    assert site.machine.actions[3:] == ["observe"]
    assert (again.orders, again.notices) == ((), ())


def test_what_the_host_keeps_of_an_order(server: CaOfToday, site: Site) -> None:
    site.run(wish_for(server))

    told, issuance = site.machine.told("web", "apply"), site.machine.issuance("web")
    assert ({"order": True, "key_digest": told["source"]["key_digest"]}, "") == (
        told["source"],
        told["material"]["key"],
    )
    order = told["record"]["order"]
    assert (f"{server.url}/directory", f"{server.url}/account/1", f"{server.url}/order/1") == (
        order["directory"],
        order["account"],
        order["url"],
    )
    assert (server.meta["termsOfService"], "http-01", "pki@example.org") == (
        order["terms"],
        order["challenge"],
        order["email"],
    )
    assert (issuance["order"], issuance["request"]) == (None, "")
    memory = issuance["memory"]
    assert (order["cert_id"], server.meta["termsOfService"]) == (memory["window_of"], memory["terms"])
    assert ("window" in memory, "failure" in memory) == (True, False)


def test_the_order_is_written_down_before_its_key_is_made(server: CaOfToday, site: Site) -> None:
    site.run(wish_for(server, "web", "a.example", "b.example", key_type="ec384"))

    told = site.machine.told("web", "prepare")
    assert told["key"] == {"type": "ec384", "names": ["a.example", "b.example"]}
    assert (
        [(item["webroot"], item["token"]) for item in told["challenges"]],
        told["reuse"],
        told["ended_run"],
    ) == ([("/var/www/acme", "token-1-0"), ("/var/www/acme", "token-1-1")], False, "")
    assert told["challenges"][0]["content"].startswith("token-1-0.")
    assert (f"{server.url}/order/1", []) == (told["order"]["url"], told["order"]["records"])
    assert site.machine.asked[1]["listen_seconds"] == 900


def test_check_mode_looks_and_costs_no_limit(server: CaOfToday, site: Site) -> None:
    enrolled = site.run(wish_for(server), check_mode=True)

    assert ({"directory", "nonce"}, ["observe"]) == (kinds_of(server) | {"nonce"}, site.machine.actions)
    (plan,) = enrolled.round.plans
    assert (plan.order, [reason.code for reason in plan.reasons]) == (True, ["certificate_missing"])
    assert [order.certificate for order in enrolled.orders] == ["web"]


def test_check_mode_foretells_what_would_fail(server: CaOfToday, site: Site) -> None:
    wishes = (wish_for(server, "a"), wish_for(server, "b", issuer={"terms_agreed": ""}))
    enrolled = site.run(*wishes, check_mode=True)
    assert ends_of(enrolled) == {"a": "kept", "b": "failed terms_not_agreed"}
    assert site.machine.actions == ["observe"]


def test_all_of_a_host_are_prepared_in_one_execution_and_have_one_account(server: CaOfToday, site: Site) -> None:
    server.has_account = False
    enrolled = site.run(*(wish_for(server, name) for name in "abcde"))

    assert set(ends_of(enrolled).values()) == {"issued"}
    assert site.machine.actions == ["observe", "prepare", "apply"]
    registrations = [payload for payload in server.payloads("account") if not payload.get("onlyReturnExisting")]
    assert (
        [payload["contact"] for payload in registrations],
        server.count("new_order"),
    ) == ([["mailto:pki@example.org"]], 5)


def test_one_that_fails_keeps_none_of_the_others(server: CaOfToday, site: Site) -> None:
    server.script("new_order", problem("rejectedIdentifier"))
    enrolled = site.run(wish_for(server, "a"), wish_for(server, "b"))

    ends = ends_of(enrolled)
    assert sorted(ends.values()) == ["failed rejected_identifier", "issued"]
    (failed,) = (name for name, end in ends.items() if end != "issued")
    assert site.machine.told(failed, "apply")["memory"]["failure"]["code"] == "rejected_identifier"
    assert site.machine.told(failed, "apply")["end_order"] == ""


def test_what_failed_waits_and_is_told_again_without_asking(server: CaOfToday, site: Site) -> None:
    server.script("new_order", problem("rejectedIdentifier"))
    site.run(wish_for(server))
    asked = len(server.requests)

    again = site.run(wish_for(server))
    assert ({"web": "failed rejected_identifier"}, asked) == (ends_of(again), len(server.requests))
    assert ends_of(site.run(wish_for(server, ignore_backoff=True))) == {"web": "issued"}
    assert "failure" not in site.machine.issuance("web")["memory"]


def test_what_may_heal_is_put_off_while_something_sound_is_there(server: CaOfToday, site: Site) -> None:
    site.run(wish_for(server))
    server.script("new_order", problem("rateLimited", 429, Retry_After="90000"))
    later = site.at(TODAY + 65 * DAY)

    enrolled = site.run(wish_for(server), now=later)
    assert ends_of(enrolled) == {"web": "deferred rate_limited"}
    (plan,) = enrolled.round.plans
    assert (plan.failures, [notice.code for notice in plan.notices]) == ((), ["rate_limited"])


def test_an_order_that_was_begun_is_finished_by_the_next_run(server: CaOfToday, site: Site) -> None:
    server.script("certificate", problem("serverInternal", 500, Retry_After="900"))
    first = site.run(wish_for(server))
    assert ends_of(first) == {"web": "failed server_unavailable"}
    assert site.machine.told("web", "apply")["end_order"] == "release"

    second = site.run(wish_for(server, ignore_backoff=True))
    assert (ends_of(second), server.count("new_order")) == ({"web": "issued"}, 1)
    assert site.machine.told("web", "prepare")["reuse"] is True
    assert ("web", "order resumed") in site.said


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"url": "http://127.0.0.1:1/order/1"}, id="at another server"),
        pytest.param({"url": ""}, id="nowhere"),
        pytest.param({"names": ["b.example"]}, id="for other names, as it is written down"),
        pytest.param({"profile": "shortlived"}, id="of another profile"),
        pytest.param({"account": "https://ca.example/account/2"}, id="of another account"),
        pytest.param({"key_type": "rsa2048"}, id="for another key"),
    ],
)
def test_an_order_that_is_another_one_is_not_resumed(server: CaOfToday, site: Site, changes: dict[str, Any]) -> None:
    server.script("certificate", problem("serverInternal", 500, Retry_After="900"))
    site.run(wish_for(server))
    site.machine.issuance("web")["order"]["order"].update(changes)

    assert ends_of(site.run(wish_for(server, ignore_backoff=True))) == {"web": "issued"}
    assert (server.count("new_order"), site.machine.told("web", "prepare")["reuse"]) == (2, False)


def test_an_order_for_other_names_is_not_resumed_whatever_the_host_says(server: CaOfToday, site: Site) -> None:
    server.script("certificate", problem("serverInternal", 500, Retry_After="900"))
    Site(site.directory).run(wish_for(server, "victim"))
    assert server.count("new_order") == 1
    server.script("certificate", problem("serverInternal", 500, Retry_After="900"))
    site.run(wish_for(server))
    site.machine.issuance("web")["order"]["order"]["url"] = f"{server.url}/order/1"

    assert ends_of(site.run(wish_for(server, ignore_backoff=True))) == {"web": "issued"}
    assert server.count("new_order") == 3


def test_an_order_that_the_ca_has_forgotten_is_placed_anew(server: CaOfToday, site: Site) -> None:
    server.script("certificate", problem("serverInternal", 500, Retry_After="900"))
    site.run(wish_for(server))
    server.script("order", problem("malformed", 404))

    assert ends_of(site.run(wish_for(server, ignore_backoff=True))) == {"web": "issued"}
    assert server.count("new_order") == 2


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        pytest.param("claimed", "failed claimed", id="another run was quicker, and nothing is there"),
        pytest.param("webroot_missing", "failed webroot_missing", id="it cannot be proved there"),
    ],
)
def test_what_the_host_refuses_ends_its_own_order_alone(
    server: CaOfToday, site: Site, code: str, expected: str
) -> None:
    site.machine.refused["a"] = code
    enrolled = site.run(wish_for(server, "a"), wish_for(server, "b"))

    assert {"a": expected, "b": "issued"} == ends_of(enrolled)
    assert server.count("finalize") == 1


def test_what_another_run_claims_is_not_remembered_as_a_failure(server: CaOfToday, site: Site) -> None:
    site.machine.refused["web"] = "claimed"
    site.run(wish_for(server))
    assert (site.machine.issuance("web")["memory"], site.machine.actions) == ({}, ["observe", "prepare"])


def test_three_equal_failures_stop_the_rest_of_the_run(server: CaOfToday, site: Site) -> None:
    server.script("finalize", *[problem("caa", 403)] * 9)
    enrolled = site.run(*(wish_for(server, name) for name in "abcdef"))

    ends = sorted(ends_of(enrolled).values())
    assert ends == ["failed caa_forbids"] * 3 + ["failed stopped"] * 3
    assert server.count("finalize") == 3
    stopped = [name for name, end in ends_of(enrolled).items() if end.endswith("stopped")]
    assert [site.machine.issuance(name)["memory"] for name in stopped] == [{}] * 3


def test_a_key_that_is_made_on_the_controller_goes_with_its_certificate(server: CaOfToday, site: Site) -> None:
    site.run(wish_for(server, key_origin="controller"))

    assert site.machine.told("web", "prepare")["key"] is None
    told = site.machine.told("web", "apply")
    assert ("PRIVATE KEY" in told["material"]["key"], "source" in told) == (True, False)


def test_at_the_home_of_a_shared_one_its_key_is_sealed(server: CaOfToday, site: Site) -> None:
    sharing = Sharing("mail1", True, Passphrase(SECRET))
    enrolled = site.run(wish_for(server, key_origin="controller", sharing=sharing))

    told = site.machine.told("web", "apply")
    assert (told["record"]["sealed"], [order.shared for order in enrolled.orders]) == (True, [True])
    assert unseal(told["material"]["key"], SECRET).startswith(b"-----BEGIN PRIVATE KEY-----")


def test_a_member_without_its_home_asks_nobody(server: CaOfToday, site: Site) -> None:
    enrolled = site.run(wish_for(server, sharing=Sharing("pki01", False, Passphrase(SECRET))))
    assert (ends_of(enrolled), server.requests, site.begun) == ({"web": "failed home_silent"}, [], 0)


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        pytest.param(Limits(), {"a": "issued", "b": "issued"}, id="none"),
        pytest.param(Limits(max_orders=0), {"a": "failed orders_held", "b": "failed orders_held"}, id="no order"),
        pytest.param(Limits(max_orders=1), {"a": "issued", "b": "failed orders_held"}, id="one order"),
        pytest.param(
            Limits(permitted=frozenset({"b"})), {"a": "failed orders_held", "b": "issued"}, id="what a fleet permits"
        ),
        pytest.param(
            Limits(permitted=frozenset({"a", "b"}), max_orders=0), {"a": "issued", "b": "issued"}, id="a fleet decides"
        ),
    ],
)
def test_limits_are_kept(server: CaOfToday, site: Site, limits: Limits, expected: dict[str, str]) -> None:
    enrolled = site.run(wish_for(server, "a"), wish_for(server, "b"), limits=limits)
    assert expected == ends_of(enrolled)
    assert sum(end == "issued" for end in expected.values()) == server.count("new_order")
    assert [order.certificate for order in enrolled.orders] == ["a", "b"]


def test_when_all_is_held_back_no_ca_is_talked_to(server: CaOfToday, site: Site) -> None:
    enrolled = site.run(wish_for(server), limits=Limits(max_orders=0))
    assert (site.begun, server.requests, [notice.code for notice in enrolled.notices]) == (0, [], ["orders_held"])


def test_many_reissues_at_once_are_refused_until_they_are_confirmed(server: CaOfToday, site: Site) -> None:
    site.run(wish_for(server))
    changed = wish_for(server, "web", "web.example", "b.example")
    refused = site.run(changed, limits=Limits(max_reissues=0))
    assert ends_of(refused) == {"web": "failed too_many_reissues"}

    message = refused.round.plans[0].failures[0].message
    digest = message.rpartition(" ")[2]
    confirmed = site.run(changed, limits=Limits(max_reissues=0, confirmed=digest))
    assert ends_of(confirmed) == {"web": "issued"}


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        pytest.param("job 6", "failed claimed", id="another run"),
        pytest.param("job 7", "issued", id="this run"),
    ],
)
def test_what_another_run_orders_is_left_to_it(server: CaOfToday, site: Site, run: str, expected: str) -> None:
    until = (TODAY + timedelta(minutes=9)).strftime("%Y-%m-%dT%H:%M:%SZ")
    site.machine.issuance("web")["order"] = {"run": run, "claimed_until": until, "order": {}}
    assert {"web": expected} == ends_of(site.run(wish_for(server)))


def test_the_claim_of_a_run_that_was_killed_keeps_nobody_out(server: CaOfToday, site: Site) -> None:
    killed = subprocess.Popen(["true"])
    killed.wait()
    run = f"pid {killed.pid} of {find_run_name().partition(' of ')[2]}"
    until = f"{TODAY + timedelta(minutes=9):%Y-%m-%dT%H:%M:%SZ}"
    site.machine.issuance("web")["order"] = {"run": run, "claimed_until": until, "order": {}}

    assert ends_of(site.run(wish_for(server))) == {"web": "issued"}
    assert site.machine.told("web", "prepare")["ended_run"] == run


def test_the_most_urgent_is_ordered_first(server: CaOfToday, site: Site) -> None:
    site.run(wish_for(server, "due"))
    later = site.at(TODAY + 65 * DAY)
    site.run(wish_for(server, "due"), wish_for(server, "missing"), now=later)
    prepared = [request for request in site.machine.asked if request["action"] == "prepare"][-1]
    assert [item["name"] for item in prepared["certificates"]] == ["missing", "due"]


@pytest.mark.parametrize(
    ("apart", "expected"),
    [
        pytest.param(timedelta(minutes=4), "issued", id="a little"),
        pytest.param(timedelta(minutes=6), "kept", id="too far to trust a date"),
    ],
)
def test_dates_decide_nothing_while_clocks_disagree(
    server: CaOfToday, site: Site, apart: timedelta, expected: str
) -> None:
    site.run(wish_for(server))
    later = TODAY + 65 * DAY
    site.machine.answer["time"] = (later - apart).timestamp()
    assert {"web": expected} == ends_of(site.run(wish_for(server), now=later))


def test_a_window_that_is_old_is_asked_for_and_remembered(server: CaOfToday, site: Site) -> None:
    site.run(wish_for(server))
    before = server.count("renewal_info")
    later = site.at(TODAY + 5 * DAY)
    window = window_in(70, 71)
    server.script("renewal_info", with_words(suggestedWindow=window))

    enrolled = site.run(wish_for(server), now=later)
    assert ({"web": "kept"}, before + 1) == (ends_of(enrolled), server.count("renewal_info"))
    assert site.machine.issuance("web")["memory"]["window"]["start"] == window["start"]
    assert server.count("new_order") == 1


def test_a_window_that_has_come_is_a_reason_in_the_same_run(server: CaOfToday, site: Site) -> None:
    site.run(wish_for(server))
    later = site.at(TODAY + 5 * DAY)
    server.script("renewal_info", with_words(suggestedWindow=window_in(2, 3)))

    enrolled = site.run(wish_for(server), now=later)
    assert (ends_of(enrolled), server.count("new_order")) == ({"web": "issued"}, 2)
    (first, second) = server.payloads("new_order")
    assert ("replaces" in first, bool(second.get("replaces"))) == (False, True)


def report_of(site: Site, enrolled: Any, *, check_mode: bool = False) -> dict[str, Any]:
    return report_enrolled(OrderTask((), ()), enrolled, now=TODAY, check_mode=check_mode)


def test_the_result_says_when_each_is_renewed(server: CaOfToday, site: Site) -> None:
    server.script("renewal_info", problem("malformed", 404))
    result = report_of(site, site.run(wish_for(server)))

    ends = server.begins + 90 * DAY
    renewal = result["renewals"]["web"]
    expected = {
        "ordered": True,
        "due": False,
        "remember": True,
        "renew_at": f"{ends - 30 * DAY:%Y-%m-%dT%H:%M:%SZ}",
        "next_run_needed": f"{ends - 15 * DAY:%Y-%m-%dT%H:%M:%SZ}",
        "not_after": f"{ends:%Y-%m-%dT%H:%M:%SZ}",
        "next_try": "",
        "put_off": "",
        "email": "pki@example.org",
    }
    assert expected == {word: renewal[word] for word in expected}
    assert [tuple(order.values()) for order in result["orders"]] == [("web", ["web.example"], -1.0, False, False, "")]
    assert (
        result["changed"],
        result["outcomes"]["web"]["outcome"],
        result["certificates"]["web"]["certificate"]["names"],
    ) == (True, "activated", ["web.example"])
    assert "failed" not in result


def test_the_result_of_what_failed_says_when_it_is_tried_again(server: CaOfToday, site: Site) -> None:
    server.script("new_order", problem("rejectedIdentifier"))
    result = report_of(site, site.run(wish_for(server)))

    renewal = result["renewals"]["web"]
    assert (
        renewal["ordered"],
        renewal["due"],
        renewal["renew_at"],
        renewal["not_after"],
    ) == (False, True, "", "")
    assert renewal["next_try"] > f"{TODAY:%Y-%m-%dT%H:%M:%SZ}"
    assert (
        result["failed"],
        result["changed"],
        [item["code"] for item in result["problems"]],
    ) == (True, False, ["rejected_identifier"])


def test_the_result_of_check_mode_is_what_a_fleet_decides_on(server: CaOfToday, site: Site) -> None:
    site.run(wish_for(server))
    later = site.at(TODAY + 65 * DAY)
    enrolled = site.run(wish_for(server), check_mode=True, now=later)
    result = report_enrolled(OrderTask((), ()), enrolled, now=later, check_mode=True)

    (order,) = result["orders"]
    assert ("web", True, f"{TODAY + 62 * DAY:%Y-%m-%dT%H:%M:%SZ}") == (
        order["certificate"],
        order["by_date"],
        order["needed_by"],
    )
    assert 0.27 < order["share_left"] < 0.28
    assert (result["renewals"]["web"]["due"], result["changed"]) == (True, True)


def test_what_was_refused_before_is_in_the_result_too(server: CaOfToday, site: Site) -> None:
    refused = Plan("wrong", problems=(Problem("wrong", "name_invalid", "no name"),))
    result = report_enrolled(OrderTask((), (refused,)), site.run(wish_for(server)), now=TODAY, check_mode=False)
    assert (
        {name: item["outcome"] for name, item in result["outcomes"].items()},
        list(result["renewals"]),
    ) == ({"web": "activated", "wrong": "refused"}, ["web"])


def test_what_is_declared_all_the_same_is_not_unmanaged(server: CaOfToday, site: Site) -> None:
    for name in ("stray", "wildcard.shared"):
        site.machine.issuance(name)
    task = OrderTask((), (), frozenset({"wildcard", "wildcard.shared"}))
    result = report_enrolled(task, site.run(wish_for(server)), now=TODAY, check_mode=False)
    assert result["unmanaged"] == ["stray"]


def test_nothing_to_order_is_nothing_to_do(site: Site) -> None:
    enrolled = site.run()
    assert (ends_of(enrolled), enrolled.orders, site.begun, site.machine.actions) == ({}, (), 0, ["observe"])


def test_no_secret_is_told(server: CaOfToday, site: Site) -> None:
    issuer = {"account_key": wish_for(server).words.issuer.account_key, "eab_kid": "k", "eab_hmac_key": SECRET}
    enrolled = site.run(wish_for(server, issuer=issuer, key_origin="controller"))
    told = repr(enrolled.wishes) + str(site.said) + str(report_of(site, enrolled))
    assert [secret in told for secret in (SECRET, "PRIVATE KEY")] == [False, False]


def test_people_are_told_each_step(server: CaOfToday, site: Site) -> None:
    server.script("new_order", problem("rejectedIdentifier"))
    site.run(wish_for(server, "a"))
    assert [name for name, _text in site.said] == ["a"]
    assert site.said[0][1].startswith("failed: ")

    other = Site(site.directory, OrderingHost())
    other.run(wish_for(server, "b"))
    assert other.said == [("b", "ordered"), ("b", "issued")]
