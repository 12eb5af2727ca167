# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.issuance import NO_MEMORY, Failure, Memory
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_outcome import (
    DEFERRED,
    EXPIRED,
    FAILED,
    PERMANENT,
    TRANSIENT,
    Fault,
    is_waiting,
    judge_failure,
    judge_waiting,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.renewal import Life

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
START = datetime(2026, 9, 1, tzinfo=timezone.utc)
LIFE = Life(START, START + 90 * DAY)
SHORT = Life(START, START + 8 * DAY)
NOW = START + 61 * DAY
LIMITED = Fault(TRANSIENT, "rate_limited", "ca.example gives no more certificates for a.example; try later.", "4f")
FORBIDDEN = Fault(PERMANENT, "caa_forbids", "CAA of a.example allows other.example only; add ca.example", "4f")


def remember(tries: int, *, kind: str = TRANSIENT, asked: str = "4f", last: datetime = NOW - DAY) -> Memory:
    return Memory(failure=Failure("rate_limited", "m", START, last, tries, last + DAY, kind, asked))


@pytest.mark.parametrize(
    ("fault", "tries", "life", "day", "expected"),
    [
        pytest.param(LIMITED, 0, LIFE, 61, DEFERRED, id="it may heal, first try"),
        pytest.param(LIMITED, 3, LIFE, 61, DEFERRED, id="it may heal, fourth try"),
        pytest.param(LIMITED, 4, LIFE, 61, FAILED, id="it has not healed in five tries"),
        pytest.param(LIMITED, 0, LIFE, 75, DEFERRED, id="a sixth is left"),
        pytest.param(LIMITED, 0, LIFE, 75.1, FAILED, id="less than a sixth is left"),
        pytest.param(LIMITED, 0, SHORT, 6, DEFERRED, id="a quarter of a short life is left"),
        pytest.param(LIMITED, 0, SHORT, 6.1, FAILED, id="less than a quarter of a short life is left"),
        pytest.param(LIMITED, 0, LIFE, 90, EXPIRED, id="it may heal, and the installed one has ended"),
        pytest.param(LIMITED, 0, None, 61, FAILED, id="it may heal, and nothing is installed"),
        pytest.param(FORBIDDEN, 0, LIFE, 61, FAILED, id="it will not heal"),
        pytest.param(FORBIDDEN, 0, LIFE, 90, EXPIRED, id="it will not heal, and the installed one has ended"),
        pytest.param(FORBIDDEN, 0, None, 61, FAILED, id="it will not heal, and nothing is installed"),
        pytest.param(replace(LIMITED, kind="odd"), 0, LIFE, 61, FAILED, id="of a kind that nobody knows"),
    ],
)
def test_what_a_failed_order_means(fault: Fault, tries: int, life: Life | None, day: float, expected: str) -> None:
    memory = remember(tries) if tries else NO_MEMORY
    judged = judge_failure(fault, memory, life=life, now=START + day * DAY)
    assert (expected, fault.code) == (judged.outcome, judged.code)


@pytest.mark.parametrize(
    ("tries", "retry_after", "expected"),
    [
        pytest.param(0, None, MINUTE, id="first"),
        pytest.param(1, None, 10 * MINUTE, id="second"),
        pytest.param(2, None, 100 * MINUTE, id="third"),
        pytest.param(3, None, DAY, id="fourth"),
        pytest.param(40, None, DAY, id="forty-first"),
        pytest.param(0, 34 * 60 * MINUTE, 34 * 60 * MINUTE, id="the CA asks for more"),
        pytest.param(3, MINUTE, DAY, id="the CA asks for less"),
        pytest.param(0, -DAY, MINUTE, id="the CA names an instant that is over"),
        pytest.param(0, 365 * DAY, 7 * DAY, id="the CA asks for a year"),
    ],
)
def test_when_the_next_try_is(tries: int, retry_after: timedelta | None, expected: timedelta) -> None:
    fault = replace(LIMITED, retry_after=None if retry_after is None else NOW + retry_after)
    memory = remember(tries) if tries else NO_MEMORY
    assert NOW + expected == judge_failure(fault, memory, life=LIFE, now=NOW).failure.next_try


def test_the_next_try_is_at_a_whole_minute_and_never_too_early() -> None:
    judged = judge_failure(LIMITED, NO_MEMORY, life=LIFE, now=NOW + timedelta(seconds=1, microseconds=1))
    assert judged.failure.next_try == NOW + 2 * MINUTE


@pytest.mark.parametrize(
    ("memory", "expected"),
    [
        pytest.param(NO_MEMORY, (1, NOW), id="no failure before"),
        pytest.param(remember(2), (3, START), id="the same was asked for"),
        pytest.param(remember(2, kind=PERMANENT), (3, START), id="whatever kind of failure it was"),
        pytest.param(remember(2, asked="5a"), (1, NOW), id="something else was asked for"),
    ],
)
def test_a_row_of_failures_is_about_one_thing(memory: Memory, expected: tuple[int, datetime]) -> None:
    failure = judge_failure(LIMITED, memory, life=LIFE, now=NOW).failure
    assert expected == (failure.tries, failure.first)


def test_what_is_remembered_of_a_failure() -> None:
    expected = Failure(LIMITED.code, LIMITED.message, NOW, NOW, 1, NOW + MINUTE, TRANSIENT, "4f")
    assert expected == judge_failure(LIMITED, NO_MEMORY, life=LIFE, now=NOW).failure


NEXT = "try 1 failed, the next is from 2026-11-01 00:01 UTC on"
AT_ONCE = f"{NEXT}, or at once with `ignore_backoff: true`"


@pytest.mark.parametrize(
    ("fault", "life", "expected"),
    [
        pytest.param(
            LIMITED,
            LIFE,
            "ca.example gives no more certificates for a.example; try later;"
            f" the installed certificate stays, and ends on 2026-11-30 00:00 UTC; {NEXT}",
            id="deferred",
        ),
        pytest.param(
            FORBIDDEN,
            LIFE,
            "CAA of a.example allows other.example only; add ca.example;"
            f" the installed certificate stays, and ends on 2026-11-30 00:00 UTC; {AT_ONCE}",
            id="failed",
        ),
        pytest.param(
            FORBIDDEN,
            SHORT,
            "CAA of a.example allows other.example only; add ca.example;"
            f" the installed certificate ended on 2026-09-09 00:00 UTC; {AT_ONCE}",
            id="expired",
        ),
        pytest.param(
            FORBIDDEN,
            None,
            f"CAA of a.example allows other.example only; add ca.example; nothing sound is installed; {AT_ONCE}",
            id="nothing installed",
        ),
    ],
)
def test_what_the_operator_is_told(fault: Fault, life: Life | None, expected: str) -> None:
    assert expected == judge_failure(fault, NO_MEMORY, life=life, now=NOW).message


@pytest.mark.parametrize(
    ("kind", "life", "day", "expected"),
    [
        pytest.param(TRANSIENT, LIFE, 61, DEFERRED, id="there is time"),
        pytest.param(TRANSIENT, LIFE, 76, FAILED, id="time has run out meanwhile"),
        pytest.param(TRANSIENT, LIFE, 90, EXPIRED, id="the installed one has ended meanwhile"),
        pytest.param(PERMANENT, LIFE, 61, FAILED, id="it does not heal by waiting"),
    ],
)
def test_a_failure_is_told_again_while_it_waits(kind: str, life: Life, day: float, expected: str) -> None:
    failure = Failure("rate_limited", "It was said then", NOW, NOW, 1, NOW + MINUTE, kind)
    judged = judge_waiting(failure, life=life, now=START + day * DAY)
    assert (expected, failure) == (judged.outcome, judged.failure)
    assert judged.message.startswith("It was said then; the installed certificate ")


@pytest.mark.parametrize(
    ("memory", "asked", "expected"),
    [
        pytest.param(NO_MEMORY, "4f", False, id="no failure"),
        pytest.param(remember(4, last=NOW), "4f", True, id="it waits"),
        pytest.param(remember(4, last=NOW - DAY), "4f", False, id="it has waited"),
        pytest.param(remember(4, last=NOW), "5a", False, id="something else is asked for"),
        pytest.param(remember(4, last=NOW, kind=PERMANENT), "4f", True, id="what does not heal waits too"),
        pytest.param(remember(4, last=NOW + 5 * MINUTE), "4f", True, id="another controller's clock"),
        pytest.param(remember(4, last=NOW + 6 * MINUTE), "4f", False, id="written by a clock that was wrong"),
        pytest.param(
            Memory(failure=Failure("c", "m", NOW, NOW - 7 * DAY, 1, NOW + 300 * DAY, asked="4f")),
            "4f",
            False,
            id="longer than anybody may ask for",
        ),
    ],
)
def test_whether_the_ca_is_left_alone(memory: Memory, asked: str, expected: bool) -> None:
    assert is_waiting(memory, NOW, asked=asked) is expected


def test_hourly_runs_over_a_week_of_failures_ask_ten_times() -> None:
    memory, asked_at = NO_MEMORY, []
    for hour in range(7 * 24):
        now = NOW + hour * 60 * MINUTE
        if not is_waiting(memory, now, asked="4f"):
            asked_at.append(hour)
            memory = Memory(failure=judge_failure(LIMITED, memory, life=LIFE, now=now).failure)
    assert asked_at == [0, 1, 2, 4, 28, 52, 76, 100, 124, 148]
