# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A roll-over goes on when nobody is cut off: tables of who is left."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._ca.rollover import (
    Fleet,
    LiveCertificate,
    distrust,
    find_due,
    find_idle_waivers,
    find_left,
    find_overlap_end,
    needs_root,
    prepare,
    switch,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.state import (
    BOTH,
    ISSUING,
    ROOT,
    CaState,
    HeldAuthority,
    Waiver,
)
from ansible_collections.certwright.tls.tests.unit.authority import NOW, Authority, ca

DAY = timedelta(days=1)


def hold(authority: Authority, role: str, **words: Any) -> HeldAuthority:
    held = HeldAuthority("", role, authority.pem.decode(), **words)
    assert held.loaded is not None
    return replace(held, id=held.loaded.public_key.sha256)


def make(days: int, issuing_days: int) -> tuple[HeldAuthority, HeldAuthority]:
    root = ca(not_after=NOW + days * DAY)
    issuing = root.authority(not_after=NOW + issuing_days * DAY)
    return hold(root, ROOT, key="keys/root.sealed"), hold(issuing, ISSUING, key="keys/issuing.sealed")


OLD, NEXT = make(300, 100), make(3650, 1825)
NEXT_ISSUING_ONLY = hold(ca().authority(), ISSUING, key="keys/next.sealed")
STATE = CaState("first", OLD)
PREPARED = prepare(STATE, NEXT, now=NOW)
SWITCHED = switch(PREPARED, now=NOW + DAY)
WAIVER = Waiver("web1", "", "burnt down", NOW + 10 * DAY, NOW)


def live(number: int, name: str = "www", host: str = "web1", usage: str = "server", *, new: bool = False) -> Any:
    issuing = (NEXT if new else OLD)[1].id
    words = {"number": number, "serial": f"{number:x}", "name": name, "host": host, "usage": usage, "issuing": issuing}
    return LiveCertificate.from_json({**words, "not_before": "", "not_after": ""})


@pytest.mark.parametrize(
    ("days", "issuing_days", "ahead", "due", "with_root"),
    [
        pytest.param(3650, 1825, 180, 0, False, id="neither"),
        pytest.param(3650, 179, 180, 1, False, id="the issuing CA"),
        pytest.param(3650, 180, 180, 0, False, id="on the day before"),
        pytest.param(170, 160, 180, 2, True, id="both"),
        pytest.param(365, 179, 180, 1, True, id="a root that ends before the next issuing CA would, after nine years"),
        pytest.param(1825, 179, 180, 1, False, id="a root that ends on the same day"),
        pytest.param(1900, 1825, 1950, 2, True, id="one that begins early"),
    ],
)
def test_a_roll_over_is_due_ahead_of_each_end(
    days: int, issuing_days: int, ahead: int, due: int, with_root: bool
) -> None:
    state = CaState("x", make(days, issuing_days))
    assert len(find_due(state, now=NOW, ahead=ahead * DAY)) == due
    assert needs_root(state, now=NOW, ahead=ahead * DAY, issuing_life=1825 * DAY) is with_root
    assert find_due(prepare(state, NEXT, now=NOW), now=NOW, ahead=ahead * DAY) == ()


def test_a_root_alone_is_always_exchanged_itself() -> None:
    both = hold(ca(not_after=NOW + 100 * DAY), BOTH)
    state = CaState("x", (both,))
    assert [reason.code for reason in find_due(state, now=NOW, ahead=180 * DAY)] == ["rollover_due"]
    assert needs_root(state, now=NOW, ahead=DAY, issuing_life=DAY)
    waiting = CaState("", (HeldAuthority("ab", ISSUING, phase="next", request="CSR"),))
    assert find_due(waiting, now=NOW, ahead=DAY) == ()
    assert needs_root(waiting, now=NOW, ahead=DAY, issuing_life=DAY)


def phases(state: CaState) -> list[str]:
    return [authority.phase for authority in state.authorities]


def test_the_phases_follow_each_other() -> None:
    assert (phases(PREPARED), PREPARED.rollover.phase) == (["active", "active", "next", "next"], "trust")
    assert (phases(SWITCHED), SWITCHED.rollover.phase) == (["previous", "previous", "active", "active"], "switched")
    assert find_overlap_end(SWITCHED, min_overlap=30 * DAY) == NOW + 31 * DAY
    ended = distrust(SWITCHED)
    assert (phases(ended), ended.rollover.phase) == (["distrusted", "distrusted", "active", "active"], "")
    assert (ended.key_files, find_overlap_end(ended, min_overlap=DAY)) == (
        *(("keys/root.sealed", "keys/issuing.sealed"),),
        None,
    )
    assert [authority.key for authority in ended.authorities[:2]] == ["", ""]


def test_a_root_that_lasts_goes_on_when_only_the_issuing_ca_is_exchanged() -> None:
    prepared = prepare(STATE, [NEXT_ISSUING_ONLY], now=NOW)
    assert find_left(prepared, live=[live(1)], trusted={}, now=NOW) == ()
    switched = switch(prepared, now=NOW)
    assert phases(switched) == ["active", "previous", "active"]
    assert phases(distrust(switched)) == ["active", "distrusted", "active"]


@pytest.mark.parametrize(
    ("certificates", "trusted", "waivers", "left"),
    [
        pytest.param([live(1)], {"web1": [OLD[0].id, NEXT[0].id]}, (), [], id="trusts both"),
        pytest.param([live(1)], {"web1": [OLD[0].id]}, (), ["web1"], id="trusts the old one only"),
        pytest.param([live(1), live(2, "mail")], {}, (), ["web1"], id="each host once"),
        pytest.param([], {"db1": [OLD[0].id]}, (), ["db1"], id="has no certificate and trusts the old one"),
        pytest.param([live(1, host="")], {}, (), [], id="a certificate of no host"),
        pytest.param([live(1)], {}, (WAIVER,), [], id="waived"),
        pytest.param([live(1)], {}, (replace(WAIVER, until=NOW),), ["web1"], id="a waiver that has ended"),
        pytest.param([live(1)], {}, (replace(WAIVER, name="www"),), ["web1"], id="a waiver for one certificate"),
    ],
)
def test_a_switch_waits_for_hosts_that_do_not_trust_the_next_root(
    certificates: list[LiveCertificate], trusted: dict[str, list[str]], waivers: tuple[Waiver, ...], left: list[str]
) -> None:
    found = find_left(replace(PREPARED, waivers=waivers), live=certificates, trusted=trusted, now=NOW)
    assert [(item.host, item.code) for item in found] == [(host, "trust_missing") for host in left]


@pytest.mark.parametrize(
    ("certificates", "waivers", "left"),
    [
        pytest.param([live(1, new=True)], (), [], id="issued anew"),
        pytest.param([live(1)], (), [1], id="still the old one"),
        pytest.param([live(1), live(2, new=True)], (), [], id="followed by a newer one"),
        pytest.param([live(1), live(2, "mail", new=True)], (), [1], id="another name is not it"),
        pytest.param([live(1), live(2, usage="client", new=True)], (), [1], id="another usage is not it"),
        pytest.param([live(1), live(2, host="web2", new=True)], (), [1], id="another host is not it"),
        pytest.param([live(5), live(2, new=True)], (), [5], id="an older one does not follow it"),
        pytest.param([live(1, "browser", "")], (), [1], id="of no host"),
        pytest.param([live(1)], (WAIVER,), [], id="waived by its host"),
        pytest.param([live(1), live(2, "mail")], (replace(WAIVER, name="www"),), [2], id="waived by its name"),
        pytest.param(
            [live(1, "browser", "")], (replace(WAIVER, host="", name="browser"),), [], id="of no host, waived"
        ),
    ],
)
def test_distrust_waits_for_certificates_of_the_previous_ca(
    certificates: list[LiveCertificate], waivers: tuple[Waiver, ...], left: list[int]
) -> None:
    found = find_left(replace(SWITCHED, waivers=waivers), live=certificates, trusted={}, now=NOW)
    assert [item.message.partition("serial ")[2].partition(")")[0] for item in found] == [f"{n:x}" for n in left]
    assert {item.describe()["code"] for item in found} <= {"certificate_left"}


@pytest.mark.parametrize(
    ("trusting", "trusted", "waivers", "left"),
    [
        pytest.param({"mon1"}, {}, (), ["mon1"], id="declared to, and nobody knows whether it does"),
        pytest.param({"mon1"}, {"mon1": [NEXT[0].id]}, (), [], id="has the next root"),
        pytest.param({"web1"}, {}, (WAIVER,), [], id="waived"),
        pytest.param(set(), {}, (), [], id="nobody is declared to"),
    ],
)
def test_a_switch_waits_for_hosts_that_trust_and_have_no_certificate(
    trusting: set[str], trusted: dict[str, list[str]], waivers: tuple[Waiver, ...], left: list[str]
) -> None:
    state, fleet = replace(PREPARED, waivers=waivers), Fleet(trusting=frozenset(trusting))
    found = find_left(state, live=[], trusted=trusted, now=NOW, fleet=fleet)
    assert [(item.host, item.code) for item in found] == [(host, "trust_missing") for host in left]


BOTH_ISSUED = [live(1), live(7, new=True)]


@pytest.mark.parametrize(
    ("certificates", "in_use", "left"),
    [
        pytest.param(BOTH_ISSUED, {"web1": {7}}, [], id="uses the newer one"),
        pytest.param(BOTH_ISSUED, {"web1": {1}}, ["and still uses"], id="was put back"),
        pytest.param(BOTH_ISSUED, {"web1": {1, 7}}, ["and still uses"], id="has stored the newer one only"),
        pytest.param(BOTH_ISSUED, {"web1": set()}, ["does not have in use"], id="uses none of them"),
        pytest.param(BOTH_ISSUED, {"web1": None}, ["was not looked at"], id="could not be looked at"),
        pytest.param(BOTH_ISSUED, {"web2": {9}}, [], id="is not told of"),
        pytest.param([*BOTH_ISSUED, live(9, new=True)], {"web1": {7}}, [], id="uses a newer one, not the newest"),
        pytest.param([live(1), live(3), live(7, new=True)], {"web1": {7}}, [], id="had two of the previous CA"),
        pytest.param([live(1)], {"web1": set()}, ["still has a certificate"], id="nothing newer was issued"),
        pytest.param([live(7, new=True)], {"web1": None}, [], id="never had one of the previous CA"),
    ],
)
def test_distrust_waits_until_the_host_has_the_newer_one_in_use(
    certificates: list[LiveCertificate], in_use: dict[str, set[int] | None], left: list[str]
) -> None:
    seen = {host: None if numbers is None else frozenset(numbers) for host, numbers in in_use.items()}
    found = find_left(SWITCHED, live=certificates, trusted={}, now=NOW, fleet=Fleet(in_use=seen))
    assert [item.code for item in found] == ["certificate_left"] * len(left)
    assert [words in item.message for item, words in zip(found, left, strict=True)] == [True] * len(left)


@pytest.mark.parametrize(
    ("host", "name", "is_idle"),
    [
        pytest.param("web1", "", False, id="a host with a certificate"),
        pytest.param("web1", "www", False, id="a certificate of its host"),
        pytest.param("", "browser", False, id="a certificate of no host"),
        pytest.param("mon1", "", False, id="a host that trusts"),
        pytest.param("", "www", True, id="a certificate whose host is not said"),
        pytest.param("web1", "mail", True, id="a certificate that is not there"),
        pytest.param("web9", "", True, id="a host that is not there"),
    ],
)
def test_a_waiver_that_covers_nobody_is_found(host: str, name: str, is_idle: bool) -> None:
    waiver = replace(WAIVER, host=host, name=name)
    ended = replace(waiver, until=NOW)
    state, certificates = replace(STATE, waivers=(waiver, ended)), [live(1), live(2, "browser", "")]
    found = find_idle_waivers(state, live=certificates, hosts=["mon1"], now=NOW)
    assert found == ((waiver,) if is_idle else ())
