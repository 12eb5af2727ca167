# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a failed order means: put off while it may heal by itself and there is time, else red; and when to try again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from ansible_collections.certwright.tls.plugins.plugin_utils._core.inspection import format_instant
from ansible_collections.certwright.tls.plugins.plugin_utils._core.issuance import Failure, Memory
from ansible_collections.certwright.tls.plugins.plugin_utils._core.renewal import Life

TRANSIENT, PERMANENT = "transient", "permanent"
DEFERRED, FAILED, EXPIRED = "deferred", "failed", "expired"

# What Let's Encrypt asks of clients.
_WAITS = (timedelta(minutes=1), timedelta(minutes=10), timedelta(minutes=100), timedelta(days=1))
# The longest of the public limits is counted over a week.
_LONGEST_WAIT = timedelta(days=7)
_RED_AT_TRY = 5
_CLOCK_TOLERANCE = timedelta(minutes=5)
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Fault:
    """Why an order failed: `kind` is transient or permanent; `asked` is a digest of what was ordered, and how."""

    kind: str
    code: str
    message: str
    asked: str = ""
    retry_after: datetime | None = None


@dataclass(frozen=True)
class OrderOutcome:
    """`outcome` is deferred, failed or expired; `failure` is what to remember."""

    outcome: str
    code: str
    message: str
    failure: Failure


def judge_failure(fault: Fault, memory: Memory, *, life: Life | None, now: datetime) -> OrderOutcome:
    """What becomes of a certificate whose order failed now. `life` is of the sound one that is installed, if any."""
    row = memory.failure if memory.failure and memory.failure.asked == fault.asked else None
    tries = row.tries + 1 if row else 1
    failure = Failure(
        code=fault.code,
        message=fault.message,
        first=row.first if row else now,
        last=now,
        tries=tries,
        next_try=_find_next_try(tries, fault.retry_after, now),
        kind=fault.kind,
        asked=fault.asked,
    )
    return judge_waiting(failure, life=life, now=now)


def judge_waiting(failure: Failure, *, life: Life | None, now: datetime) -> OrderOutcome:
    """What a remembered failure means now: it is told in each run, and turns red when life runs out meanwhile."""
    outcome = _find_outcome(failure, life, now)
    message = f"{failure.message.rstrip('.')}; {_describe_state(outcome, life)}; {_describe_next_try(outcome, failure)}"
    return OrderOutcome(outcome, failure.code, message, failure)


def is_waiting(memory: Memory, now: datetime, *, asked: str = "") -> bool:
    """Whether no CA is to be asked yet. A failure that a wrong clock wrote, or about something else, is over."""
    failure = memory.failure
    if failure is None or failure.asked != asked:
        return False
    return -_CLOCK_TOLERANCE <= now - failure.last < _LONGEST_WAIT and now < failure.next_try


def _find_outcome(failure: Failure, life: Life | None, now: datetime) -> str:
    """A play that installed nothing must not end green, so there must be something that can be kept."""
    if life is None:
        return FAILED
    if now >= life.not_after:
        return EXPIRED
    may_defer = failure.kind == TRANSIENT and failure.tries < _RED_AT_TRY and now <= life.deferring_ends
    return DEFERRED if may_defer else FAILED


def _find_next_try(tries: int, retry_after: datetime | None, now: datetime) -> datetime:
    """Whole minutes, rounded up: messages and records can say it exactly, and it is never too early."""
    wait = _WAITS[min(tries, len(_WAITS)) - 1]
    if retry_after is not None:
        wait = min(max(wait, retry_after - now), _LONGEST_WAIT)
    next_try = now + wait
    return next_try + (-timedelta(seconds=next_try.second, microseconds=next_try.microsecond)) % _MINUTE


def _describe_state(outcome: str, life: Life | None) -> str:
    if life is None:
        return "nothing sound is installed"
    if outcome == EXPIRED:
        return f"the installed certificate ended on {format_instant(life.not_after)}"
    return f"the installed certificate stays, and ends on {format_instant(life.not_after)}"


def _describe_next_try(outcome: str, failure: Failure) -> str:
    tries = f"try {failure.tries} failed, the next is from {format_instant(failure.next_try)} on"
    return tries if outcome == DEFERRED else f"{tries}, or at once with `ignore_backoff: true`"
