# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a certificate is to be renewed: by the CA's window (RFC 9773), else by the share of its life that is left."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from ansible_collections.certwright.tls.plugins.plugin_utils._core.inspection import format_instant
from ansible_collections.certwright.tls.plugins.plugin_utils._core.issuance import RenewalWindow
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice, Reason

NOTHING_LEFT = -1.0
_SHORT_LIFE = timedelta(days=10)
FORCE_AGE = timedelta(hours=24)


@dataclass(frozen=True)
class Life:
    """How long a certificate holds. The lines are shares of it, never days: lives get shorter from year to year."""

    not_before: datetime
    not_after: datetime

    @property
    def length(self) -> timedelta:
        return max(self.not_after - self.not_before, timedelta(0))

    @property
    def is_short(self) -> bool:
        return self.length < _SHORT_LIFE

    @property
    def backstop(self) -> datetime:
        """Renewed from here on, unless the CA asks for another time: a third is left, half of a short life."""
        return self.not_after - self.length / (2 if self.is_short else 3)

    @property
    def deferring_ends(self) -> datetime:
        """Failures are red from here on, whatever they are: a sixth is left, a quarter of a short life."""
        return self.not_after - self.length / (4 if self.is_short else 6)

    @property
    def emergency(self) -> datetime:
        """Renewed from here on, whatever the CA asks for: a tenth is left."""
        return self.not_after - self.length / 10

    def share_left(self, now: datetime) -> float:
        """0 to 1, and NOTHING_LEFT once it has ended."""
        if now >= self.not_after:
            return NOTHING_LEFT
        return min((self.not_after - now) / self.length, 1.0) if self.length else 0.0


def renewal_time(life: Life, window: RenewalWindow | None, cert_id: str) -> tuple[datetime, str]:
    """The instant from which the certificate is due, and the code of the reason.

    It depends on nothing else, so that every run and every controller agrees, while the certificates of a fleet are
    spread over their windows. The window may move it to any time before the emergency line.
    """
    if window is None or not window.is_sound:
        return life.backstop, "due_by_date"
    instant = _find_instant(window, cert_id)
    return (instant, "due_by_window") if instant <= life.emergency else (life.emergency, "due_by_date")


def find_due(life: Life, window: RenewalWindow | None, now: datetime, *, cert_id: str) -> tuple[Reason, ...]:
    """Why the certificate is to be renewed now: expired, due_by_date or due_by_window; empty when it is not."""
    if now >= life.not_after:
        return (Reason("expired", f"The installed certificate ended on {format_instant(life.not_after)}"),)
    instant, code = renewal_time(life, window, cert_id)
    if now < instant:
        return ()
    if window is not None and code == "due_by_window":
        return (Reason(code, _describe_window(window, instant)),)
    left = "tenth" if instant == life.emergency else "half" if life.is_short else "third"
    share = "Half" if left == "half" else f"A {left}"
    return (Reason(code, f"{share} of its life or less is left; it ends on {format_instant(life.not_after)}"),)


def find_forced(
    life: Life, now: datetime, *, scheduled: bool = False, age: timedelta = FORCE_AGE
) -> tuple[Reason, ...]:
    """What `force` comes to; find_force_limit() says why it is nothing."""
    if find_force_limit(life, now, scheduled=scheduled, age=age):
        return ()
    return (Reason("forced", "Renewal was asked for by `force`"),)


def find_force_limit(
    life: Life, now: datetime, *, scheduled: bool = False, age: timedelta = FORCE_AGE
) -> tuple[Notice, ...]:
    """Why `force` is not heeded: one that is left behind in a variable orders in each run, until no CA gives any."""
    if scheduled:
        fact = "`force` is not heeded in a scheduled job, which would order each time"
        return (Notice("force_ignored", f"{fact}; start the job by hand, and take `force` out of the scheduled one"),)
    if now - life.not_before < age:
        hours = f"less than {age.total_seconds() / 3600:g} hours old"
        fact = f"`force` is not heeded: the certificate is of {format_instant(life.not_before)}, {hours}"
        return (Notice("force_ignored", f"{fact}, and many a CA gives few a week for the same names; try later"),)
    return ()


def next_run_needed(life: Life, window: RenewalWindow | None, cert_id: str) -> datetime:
    """The latest that a run must happen, at which the certificate is due; the past means at once.

    A renewal inside the window is exempt from the CA's limits, so it must come before the window ends; and failures
    can be put off only before deferring ends.
    """
    instant, code = renewal_time(life, window, cert_id)
    line = life.deferring_ends if instant <= life.deferring_ends else life.emergency
    return min(window.end, line) if window is not None and code == "due_by_window" else line


def _find_instant(window: RenewalWindow, cert_id: str) -> datetime:
    """A point of the window, evenly spread over certificates; of whole seconds, which is what records keep."""
    start, end = int(window.start.timestamp()), int(window.end.timestamp())
    digest = hashlib.sha256(f"{cert_id} {start} {end}".encode()).digest()
    offset = int.from_bytes(digest, "big") * (end - start) >> 8 * len(digest)
    return datetime.fromtimestamp(start + offset, timezone.utc)


def _describe_window(window: RenewalWindow, instant: datetime) -> str:
    between = f"between {format_instant(window.start)} and {format_instant(window.end)}"
    explanation = f" (see {window.explanation})" if window.explanation else ""
    return f"The CA asks for renewal {between}{explanation}; the turn of this certificate was {format_instant(instant)}"
