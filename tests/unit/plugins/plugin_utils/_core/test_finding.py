# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a certificate that was found somewhere is judged."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.finding import (
    MANY_CAS,
    Finding,
    View,
    report_finding,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Reason
from ansible_collections.certwright.tls.tests.unit.authority import NOW, Issued, ca, self_signed
from ansible_collections.certwright.tls.tests.unit.survey_answers import fingerprint, load

DAY = timedelta(days=1)
VIEW = View(NOW, ())
CA = ca()
INTERMEDIATE = CA.authority()
LEAF = INTERMEDIATE.issue("a.example", "b.example")
EXPIRED = ca("Old Root", not_before=NOW - 9 * DAY, not_after=NOW - DAY)
OLDER = ca("Older Root", not_before=NOW - 9 * DAY, not_after=NOW - 3 * DAY)


def find(*issued: Issued, **words: Any) -> Finding:
    return Finding("file", tuple(load(item) for item in issued), **words)


def codes(finding: Finding, view: View = VIEW, word: str = "problems") -> list[str]:
    return [item["code"] for item in report_finding(finding, view)[word]]


def life(start: timedelta, end: timedelta) -> Issued:
    return INTERMEDIATE.issue("a.example", not_before=NOW + start, not_after=NOW + end)


@pytest.mark.parametrize(
    ("issued", "share", "days", "found"),
    [
        pytest.param(life(-30 * DAY, 60 * DAY), 0.667, 60, [], id="two thirds left"),
        pytest.param(life(-61 * DAY, 29 * DAY), 0.322, 29, ["due"], id="less than a third left"),
        pytest.param(life(-3 * DAY, 4 * DAY), 0.571, 4, [], id="more than half of a week"),
        pytest.param(life(-4 * DAY, 3 * DAY), 0.429, 3, ["due"], id="less than half of a week"),
        pytest.param(life(-90 * DAY, -DAY / 2), 0.0, -1, ["expired"], id="expired is not due"),
        pytest.param(life(DAY, 60 * DAY), 1.0, 60, ["not_yet_valid"], id="not yet valid"),
    ],
)
def test_how_much_of_a_life_is_left(issued: Issued, share: float, days: int, found: list[str]) -> None:
    finding = find(issued, INTERMEDIATE, CA)
    row = report_finding(finding, VIEW)
    assert (share, days, found) == (row["life_left"], row["days_left"], codes(finding))


@pytest.mark.parametrize(
    ("warn_below", "found"),
    [pytest.param(0.7, ["due"], id="stricter"), pytest.param(0.6, [], id="laxer"), pytest.param(0.0, [], id="never")],
)
def test_when_a_certificate_is_due_can_be_said(warn_below: float, found: list[str]) -> None:
    assert found == codes(find(LEAF, INTERMEDIATE, CA), View(NOW, (), warn_below))


def test_what_is_due_says_when_it_ends() -> None:
    (problem,) = report_finding(find(life(-61 * DAY, 29 * DAY), INTERMEDIATE), VIEW)["problems"]
    message = "CN=a.example ends on 2026-12-20 22:00 UTC, 32% of its life is left; renew it"
    assert {"code": "due", "message": message} == problem


@pytest.mark.parametrize(
    ("finding", "problems", "notices"),
    [
        pytest.param(find(LEAF, CA, INTERMEDIATE), [], [], id="the whole path, in any order"),
        pytest.param(find(LEAF, INTERMEDIATE), [], ["root_not_proved"], id="without the root"),
        pytest.param(find(LEAF), ["chain_incomplete"], [], id="alone"),
        pytest.param(find(LEAF, untold=frozenset({"chain_incomplete"})), [], [], id="alone where nobody can tell"),
        pytest.param(
            find(LEAF, INTERMEDIATE, untold=frozenset({"root_not_proved"})), [], [], id="proved by a root elsewhere"
        ),
        pytest.param(find(LEAF, INTERMEDIATE, CA, EXPIRED), [], [], id="beside a stranger"),
        pytest.param(
            find(LEAF, INTERMEDIATE, CA, names=("a.example", "c.example")), ["name_missing"], [], id="a missing name"
        ),
        pytest.param(find(self_signed("a.example")), ["self_signed"], [], id="self-signed"),
        pytest.param(find(self_signed("a.example"), is_own_root=True), [], [], id="self-signed and its own root"),
        pytest.param(find(faults=(Reason("file_missing", "Gone"),)), ["file_missing"], [], id="nothing to read"),
        pytest.param(
            find(LEAF, faults=(Reason("key_exposed", "Open"),)),
            ["key_exposed", "chain_incomplete"],
            [],
            id="faults first",
        ),
        pytest.param(find(CA, is_ca=True), [], [], id="a CA"),
        pytest.param(find(CA, EXPIRED, is_ca=True), ["ca_expired"], [], id="a chain with an expired CA"),
        pytest.param(
            find(EXPIRED, *[ca(f"Root {number}") for number in range(MANY_CAS)], is_ca=True),
            [],
            ["ca_expired"],
            id="a trust store keeps what has expired",
        ),
    ],
)
def test_what_is_said_of_a_finding(finding: Finding, problems: list[str], notices: list[str]) -> None:
    assert (problems, notices) == (codes(finding), codes(finding, word="notices"))


def test_a_row_says_everything_about_a_certificate() -> None:
    finding = find(LEAF, INTERMEDIATE, CA, name="web", generation=2, state="live", path="/p", services=("nginx",))
    row = report_finding(finding, VIEW)
    assert row == {
        "source": "file",
        "name": "web",
        "generation": 2,
        "state": "live",
        "path": "/p",
        "services": ["nginx"],
        "count": 1,
        "names": ["a.example", "b.example"],
        "subject": "CN=a.example",
        "distinguished_name": "CN=a.example",
        "issuer": "CN=Test Intermediate",
        "serial": f"{LEAF.certificate.serial_number:x}",
        "not_before": "2026-10-22T22:00:00Z",
        "not_after": "2027-01-20T22:00:00Z",
        "life_left": 0.667,
        "days_left": 60,
        "key_type": "EC P-256",
        "fingerprint_sha256": fingerprint(LEAF),
        "is_ca": False,
        "holds_private_key": None,
        "recorded_issuer": "",
        "next_renewal": "",
        "renewal_needed_by": "",
        "last_failure": None,
        "next_try": "",
        "problems": [],
        "notices": [],
    }


def test_nothing_to_read_has_the_same_words() -> None:
    empty, whole = report_finding(find(), VIEW), report_finding(find(LEAF), VIEW)
    assert list(whole) == list(empty)
    assert (empty["not_after"], empty["names"], empty["is_ca"]) == (None, [], False)


def test_a_single_ca_is_shown_as_itself_and_several_as_their_number() -> None:
    single, several = (report_finding(find(*cas, is_ca=True), VIEW) for cas in ((CA,), (CA, EXPIRED, OLDER)))
    assert (single["subject"], single["count"], single["is_ca"]) == ("CN=Test Root", 1, True)
    assert (several["subject"], several["count"], several["is_ca"]) == ("3 CA certificates", 3, True)
    assert (several["not_after"], several["fingerprint_sha256"]) == ("2026-11-18T22:00:00Z", None)
    message = "The CA certificate CN=Older Root expired on 2026-11-18 22:00 UTC, and 1 more of 3 have expired"
    assert [f"{message}; replace it by its successor"] == [item["message"] for item in several["problems"]]


@pytest.mark.parametrize(
    ("ends", "shown"),
    [
        pytest.param([-3 * DAY, *[9 * DAY] * MANY_CAS], "2026-11-30T22:00:00Z", id="the first that is still to end"),
        pytest.param([-3 * DAY, *[-DAY] * MANY_CAS], "2026-11-18T22:00:00Z", id="the first when all have ended"),
    ],
)
def test_the_end_of_a_trust_store(ends: list[timedelta], shown: str) -> None:
    cas = [ca(f"Root {number}", not_after=NOW + end) for number, end in enumerate(ends)]
    assert shown == report_finding(find(*cas, is_ca=True), VIEW)["not_after"]


def test_a_certificate_without_a_life_has_nothing_left_of_it(now: datetime) -> None:
    assert View(now, ()).life_left(load(life(-DAY, -DAY))) == 0.0
