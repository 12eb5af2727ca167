# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A CA that limits, fails, refuses and lies: what is installed stays, and the others of the same task go on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from acme_server import AcmeServer
from exchange import Fault
from fault_proxy import EVER, FaultProxy
from faults import cut_off, other_identifiers, other_leaf, paused, problem, rate_limited, unavailable

from ansible_collections.certwright.tls.tests.integration.acme_faults import by_name, endless, once
from ansible_collections.certwright.tls.tests.integration.acme_site import (
    AcmeSite,
    fingerprint,
    has_warning,
    outcomes,
    problems,
    url_of,
)
from ansible_collections.certwright.tls.tests.integration.servers import Nginx
from ansible_collections.certwright.tls.tests.integration.site import Site

AN_HOUR = timedelta(hours=1)
IN_TWO_HOURS = datetime.now(timezone.utc) + 2 * AN_HOUR
# Of the CA, by certificate.
LIMITS = {
    "seconds.example": rate_limited(3600),
    "date.example": rate_limited(IN_TWO_HOURS),
    "busy.example": unavailable(3600),
}
SLOW = "slow.example"
WAITING = dict.fromkeys((*LIMITS, SLOW), "deferred")
REFUSALS = {
    "paused.example": (paused("www.paused.example"), "paused"),
    "forbidden.example": (problem("rejectedIdentifier", "not that one"), "rejected_identifier"),
    "renamed.example": (other_identifiers("evil.example"), "identifiers_changed"),
}
LIES = {"strange.example": (other_leaf(), "certificate_unfit")}
PERMANENT = {**REFUSALS, **LIES}


def inject(acme: AcmeSite, kind: str, faults: Mapping[str, Fault]) -> None:
    """Whenever one of these certificates is ordered."""
    acme.front.inject(kind, by_name({url_of(name): fault for name, fault in faults.items()}), times=EVER)


def with_one_name_more(acme: AcmeSite, names: list[str]) -> list[dict[str, Any]]:
    return [acme.certificate(name, f"more.{name}") for name in names]


def count_orders(acme: AcmeSite) -> Counter[str]:
    """That the CA really made, by the first name."""
    return Counter(order["identifiers"][0]["value"] for order in acme.front.orders)


def test_what_heals_by_itself_is_deferred_remembered_and_gone_on_with(acme: AcmeSite) -> None:
    put_off, names = [*LIMITS, SLOW], [*LIMITS, SLOW, "cut.example", "sound.example"]
    acme.serve(*names)
    installed = acme.order(*(acme.certificate(name) for name in names))
    assert outcomes(installed) == dict.fromkeys(names, "activated")

    acme.front.clear()
    # The order is made and its answer is lost: it is placed once more at once.
    inject(acme, "newOrder", {**LIMITS, "cut.example": once(cut_off())})
    for kind in ("finalize", "order"):
        inject(acme, kind, {SLOW: endless(3600)})
    more = with_one_name_more(acme, names)
    deferred = acme.order(*more)
    assert deferred["status"] == "ok", deferred["msg"]
    expected = {**dict.fromkeys(put_off, "deferred"), "cut.example": "activated", "sound.example": "activated"}
    assert outcomes(deferred) == expected
    for name in put_off:
        assert acme.served(name) == fingerprint(installed, name)
    assert acme.served("sound.example") == fingerprint(deferred, "sound.example")
    assert all(has_warning(deferred, code) for code in ("rate_limited", "server_unavailable", "order_pending"))
    tries = {name: deferred["renewals"][name]["next_try"] for name in put_off}
    soonest = datetime.now(timezone.utc) + timedelta(minutes=55)
    assert all(f"{soonest:%Y-%m-%dT%H:%M}" < instant for instant in tries.values())
    assert f"{IN_TWO_HOURS:%Y-%m-%dT%H:%M}" <= tries["date.example"][:16]

    # Whether or not the CA is well again: nobody asks it before.
    orders = count_orders(acme)
    acme.front.clear()
    waiting = acme.order(*more)
    assert (outcomes(waiting), waiting["status"]) == ({name: WAITING.get(name, "unchanged") for name in names}, "ok")
    assert (acme.front.requests, waiting["changed"]) == ([], False)

    inject(acme, "order", {SLOW: endless(3600)})
    acme.let_pass(3 * AN_HOUR)
    healed = acme.order(*more)
    assert {name: outcomes(healed)[name] for name in put_off} == {
        **dict.fromkeys(LIMITS, "activated"),
        SLOW: "deferred",
    }

    orders += count_orders(acme)
    acme.front.clear()
    acme.let_pass(3 * AN_HOUR)
    at_last = acme.order(*more)
    assert outcomes(at_last) == {**dict.fromkeys(names, "unchanged"), SLOW: "activated"}
    for name in names:
        assert acme.names_on(name) == [f"more.{name}", url_of(name)]
        assert acme.served(name) == fingerprint(at_last, name)
    assert acme.front.orders == []
    assert orders == Counter({**dict.fromkeys(map(url_of, names), 1), "www.cut.example": 2})
    assert (acme.find_challenges(), acme.find_open_orders()) == ([], [])


def test_what_does_not_heal_is_red_at_once_and_the_others_go_on(acme: AcmeSite) -> None:
    names = [*PERMANENT, "sound.example"]
    acme.serve(*names)
    installed = acme.order(*(acme.certificate(name) for name in names))
    inject(acme, "newOrder", {name: fault for name, (fault, _code) in REFUSALS.items()})
    inject(acme, "certificate", {name: fault for name, (fault, _code) in LIES.items()})

    more = with_one_name_more(acme, names)
    failed = acme.order(*more)
    assert outcomes(failed) == {**dict.fromkeys(PERMANENT, "failed"), "sound.example": "activated"}
    assert problems(failed) == {name: code for name, (_fault, code) in PERMANENT.items()}
    assert "https://portal.letsencrypt.org/sfe/v1/unpause" in failed["msg"]
    for name in PERMANENT:
        assert acme.served(name) == fingerprint(installed, name)
    assert acme.served("sound.example") == fingerprint(failed, "sound.example")
    assert acme.find_challenges() == []

    acme.front.clear()
    again = acme.order(*more)
    assert (problems(again), acme.front.requests) == (problems(failed), [])

    # With the word taken back there is nothing to order, and nothing is red.
    back = acme.order(*(acme.certificate(name) for name in PERMANENT))
    assert (back["status"], outcomes(back)) == ("ok", dict.fromkeys(PERMANENT, "unchanged"))
    assert acme.front.orders == []


def test_three_equal_failures_stop_the_rest(acme: AcmeSite) -> None:
    names = [f"{number}.example" for number in ("one", "two", "three", "four", "five")]
    acme.serve("system")
    astray = acme.site.host / "astray"
    astray.mkdir()
    challenge = acme.webroot_words(webroot=str(astray), self_check=False)
    result = acme.order(*(acme.certificate(name, services=[]) for name in names), challenge=challenge)
    assert result["status"] == "failed"
    assert sorted(problems(result).values()).count("unauthorized") == 3
    assert acme.front.counts["challenge"] == 3
    assert "three orders of this run failed with unauthorized" in str(result)
    assert (acme.front.counts["finalize"], list(astray.iterdir())) == (0, [])


@pytest.mark.further
def test_more_orders_than_are_allowed_wait_for_a_later_run_or_for_a_word(acme: AcmeSite) -> None:
    names = ["one.example", "two.example"]
    acme.serve(*names)
    certificates = [acme.certificate(name) for name in names]
    first = acme.order(*certificates, max_orders=1)
    # Nothing is installed for the other one, so this is not green.
    assert sorted(outcomes(first).values()) == ["activated", "failed"]
    assert (has_warning(first, "orders_held"), len(acme.front.orders)) == (True, 1)
    second = acme.order(*certificates, max_orders=1)
    assert sorted(outcomes(second).values()) == ["activated", "unchanged"]
    assert len(acme.front.orders) == 2

    acme.front.clear()
    more = with_one_name_more(acme, names)
    refused = acme.order(*more, max_reissues=1, confirm_reissue="0123456789ab")
    assert problems(refused) == dict.fromkeys(names, "too_many_reissues")
    assert acme.front.requests == []
    assert [acme.served(name) for name in names] == [fingerprint(second, name) for name in names]
    digest = refused["problems"][0]["message"].rpartition("tls_confirm_reissue: ")[2].split()[0]
    passed = acme.order(*more, max_reissues=1, confirm_reissue=digest)
    assert outcomes(passed) == dict.fromkeys(names, "activated")
    assert [acme.served(name) for name in names] == [fingerprint(passed, name) for name in names]

    acme.front.clear()
    forced = acme.order(*(item | {"force": True} for item in more))
    assert (outcomes(forced), acme.front.requests) == (dict.fromkeys(names, "unchanged"), [])
    assert has_warning(forced, "force_ignored")


@pytest.mark.further
def test_a_ca_in_its_worst_mood_gives_all_certificates(site: Site, idle_nginx: Nginx, tmp_path: Path) -> None:
    """Half of the nonces are refused, half of the authorizations are there already, and every look takes its time."""
    chaos = {"nonce_rejects": 50, "authz_reuse": 50, "sleeps": 1, "alternate_roots": 1, "chain_length": 2}
    with AcmeServer(tmp_path, **chaos) as server, FaultProxy(server) as front:
        acme = AcmeSite(site, idle_nginx, front)
        names = [f"{number}.example" for number in ("one", "two", "three")]
        acme.serve(*names)
        ordered = acme.order(*(acme.certificate(name, f"api.{name}") for name in names))
        assert outcomes(ordered) == dict.fromkeys(names, "activated"), ordered
        changed = acme.order(*with_one_name_more(acme, names))
        assert outcomes(changed) == dict.fromkeys(names, "activated"), changed
        assert [acme.served(name) for name in names] == [fingerprint(changed, name) for name in names]
        assert (acme.find_challenges(), len(front.orders)) == ([], 6)
