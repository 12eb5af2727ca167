# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who is told what, and when again."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.renewal_mail import ALWAYS, NEWS, plan_letters

NOON = datetime(2026, 11, 22, 12, 5, tzinfo=timezone.utc)
MIDNIGHT = datetime(2026, 11, 22, 0, 59, tzinfo=timezone.utc)
FALLBACK = "admins@a.example"


def report(**words: Any) -> dict[str, Any]:
    return {"failed": [], "expired": [], "ends_soon": [], "unreachable": [], **words}


def fault(certificate: str, email: str = "it@a.example", **words: Any) -> dict[str, Any]:
    return {"host": "web1", "certificate": certificate, "message": "the CA says no", "email": email, **words}


def ending(**words: Any) -> dict[str, Any]:
    common = {"not_after": "2026-12-01T00:00:00Z", "days_left": 9, "email": "it@a.example"}
    return {"host": "web1", "certificate": "bought", **common, **words}


def told(words: dict[str, Any], *, say: str = NEWS, now: datetime = NOON, fallback: str = FALLBACK) -> list[str]:
    letters, _untold = plan_letters(words, fallback=fallback, say=say, now=now)
    return [f"{letter.to} {letter.subject}" for letter in letters]


@pytest.mark.parametrize(
    ("words", "at_noon", "at_midnight"),
    [
        pytest.param(report(), 0, 0, id="nothing"),
        pytest.param(report(failed=[fault("a", is_news=True)]), 1, 1, id="a failure of this run"),
        pytest.param(report(failed=[fault("a")]), 0, 1, id="a failure that lasts"),
        pytest.param(report(expired=[fault("a")]), 0, 1, id="one that has ended and waits"),
        pytest.param(report(ends_soon=[ending(is_close=True)]), 0, 1, id="supplied and close to its end"),
        pytest.param(report(ends_soon=[ending(is_close=False)]), 0, 0, id="supplied, and there is time"),
        pytest.param(report(unreachable=["web1"]), 0, 1, id="a host that was not reached"),
    ],
)
def test_news_is_told_at_once_and_what_lasts_once_a_day(words: dict[str, Any], at_noon: int, at_midnight: int) -> None:
    assert (len(told(words)), len(told(words, now=MIDNIGHT))) == (at_noon, at_midnight)
    assert len(told(words, say=ALWAYS)) == at_midnight


def test_each_contact_gets_one_letter_with_all_of_its_certificates() -> None:
    words = report(
        expired=[fault("a", is_news=True)],
        failed=[fault("b", is_news=True), fault("c", is_news=True), fault("d", "other@a.example", is_news=True)],
    )
    letters, _untold = plan_letters(words, fallback="", say=NEWS, now=NOON)
    assert [(letter.to, letter.subject) for letter in letters] == [
        ("it@a.example", "TLS certificates: 1 expired, 2 failed"),
        ("other@a.example", "TLS certificates: 1 failed"),
    ]
    assert letters[0].text == (
        "Renewal of TLS certificates:\n\n- web1 a: the CA says no\n- web1 b: the CA says no\n- web1 c: the CA says no\n"
    )


@pytest.mark.parametrize("email", ["", "no-reply@a.example", "No-Reply@a.example", "nobody"])
def test_a_contact_that_takes_no_mail_is_replaced(email: str) -> None:
    words = report(failed=[fault("a", email, is_news=True)])
    assert told(words) == [f"{FALLBACK} TLS certificates: 1 failed"]
    letters, untold = plan_letters(words, fallback="", say=NEWS, now=NOON)
    assert (letters, untold) == ((), ("web1 a: the CA says no",))


def test_the_fault_of_a_whole_host_names_the_host_only() -> None:
    words = report(failed=[{"host": "web1", "message": "failed before it was asked", "is_news": True}])
    (letter,), _untold = plan_letters(words, fallback=FALLBACK, say=NEWS, now=NOON)
    assert "- web1: failed before it was asked\n" in letter.text
