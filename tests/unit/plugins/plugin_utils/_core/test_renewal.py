# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.issuance import RenewalWindow
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice, Reason
from ansible_collections.certwright.tls.plugins.plugin_utils._core.renewal import (
    NOTHING_LEFT,
    Life,
    find_due,
    find_force_limit,
    find_forced,
    next_run_needed,
    renewal_time,
)

DAY = timedelta(days=1)
START = datetime(2026, 9, 1, tzinfo=timezone.utc)
LIFE = Life(START, START + 90 * DAY)
SHORT = Life(START, START + 8 * DAY)


def window(first: float, last: float, explanation: str = "") -> RenewalWindow:
    """From and until these days after START."""
    return RenewalWindow(START + first * DAY, START + last * DAY, explanation)


@pytest.mark.parametrize(
    ("life", "backstop", "deferring_ends", "emergency"),
    [
        pytest.param(LIFE, 60, 75, 81, id="90 days"),
        pytest.param(Life(START, START + 10 * DAY), 20 / 3, 25 / 3, 9, id="10 days are not short"),
        pytest.param(SHORT, 4, 6, 7.2, id="8 days are short"),
        pytest.param(Life(START, START), 0, 0, 0, id="no life at all"),
        pytest.param(Life(START, START - DAY), -1, -1, -1, id="ends before it begins"),
    ],
)
def test_the_lines_of_a_life(life: Life, backstop: float, deferring_ends: float, emergency: float) -> None:
    expected = tuple(START + days * DAY for days in (backstop, deferring_ends, emergency))
    assert expected == (life.backstop, life.deferring_ends, life.emergency)


@pytest.mark.parametrize(
    ("life", "day", "expected"),
    [
        pytest.param(LIFE, -1, 1.0, id="not yet begun"),
        pytest.param(LIFE, 0, 1.0, id="begun"),
        pytest.param(LIFE, 45, 0.5, id="half"),
        pytest.param(LIFE, 90, NOTHING_LEFT, id="ended"),
        pytest.param(Life(START, START - DAY), -2, 0.0, id="ends before it begins"),
    ],
)
def test_the_share_of_life_that_is_left(life: Life, day: float, expected: float) -> None:
    assert expected == life.share_left(START + day * DAY)


@pytest.mark.parametrize(
    ("life", "asked", "day", "code"),
    [
        pytest.param(LIFE, None, 60, "due_by_date", id="no window"),
        pytest.param(SHORT, None, 4, "due_by_date", id="no window, short life"),
        pytest.param(LIFE, window(60, 60), 60, "due_by_date", id="window that is none"),
        pytest.param(LIFE, window(85, 87), 81, "due_by_date", id="window beyond the emergency line"),
    ],
)
def test_when_no_window_says_it(life: Life, asked: RenewalWindow | None, day: float, code: str) -> None:
    assert (START + day * DAY, code) == renewal_time(life, asked, "aki.serial")


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        pytest.param(window(59, 61), datetime(2026, 10, 31, 3, 58, 34, tzinfo=timezone.utc), id="as usual"),
        pytest.param(window(3, 3.02), datetime(2026, 9, 4, 0, 17, 9, tzinfo=timezone.utc), id="far too early: revoked"),
        pytest.param(window(70, 80), datetime(2026, 11, 18, 20, 39, 58, tzinfo=timezone.utc), id="later than usual"),
    ],
)
def test_the_instant_in_a_window_is_the_same_for_every_release(asked: RenewalWindow, expected: datetime) -> None:
    assert (expected, "due_by_window") == renewal_time(LIFE, asked, "aki.serial")


def test_the_certificates_of_a_fleet_are_spread_over_the_window() -> None:
    instants = [renewal_time(LIFE, window(59, 61), f"aki.{number}")[0] for number in range(1000)]
    quarters = [
        sum(START + day * DAY <= at < START + (day + 0.5) * DAY for at in instants) for day in (59, 59.5, 60, 60.5)
    ]
    assert sum(quarters) == 1000
    assert min(quarters) > 200


ENDS = "it ends on 2026-11-30 00:00 UTC"
AT, EARLY = window(59, 61), window(10, 11, "https://ca.example/why")


@pytest.mark.parametrize(
    ("life", "asked", "day", "expected"),
    [
        pytest.param(LIFE, None, 59.99, (), id="not yet"),
        pytest.param(
            LIFE, None, 60, (Reason("due_by_date", f"A third of its life or less is left; {ENDS}"),), id="a third left"
        ),
        pytest.param(
            SHORT,
            None,
            4,
            (Reason("due_by_date", "Half of its life or less is left; it ends on 2026-09-09 00:00 UTC"),),
            id="half of a short life left",
        ),
        pytest.param(LIFE, window(70, 72), 69, (), id="the CA wants it later"),
        pytest.param(
            LIFE,
            window(85, 87),
            81,
            (Reason("due_by_date", f"A tenth of its life or less is left; {ENDS}"),),
            id="the CA wants it too late",
        ),
        pytest.param(
            LIFE,
            EARLY,
            11,
            (
                Reason(
                    "due_by_window",
                    "The CA asks for renewal between 2026-09-11 00:00 UTC and 2026-09-12 00:00 UTC"
                    " (see https://ca.example/why); the turn of this certificate was 2026-09-11 20:51 UTC",
                ),
            ),
            id="the CA wants it earlier, and says why",
        ),
        pytest.param(
            LIFE,
            AT,
            61,
            (
                Reason(
                    "due_by_window",
                    "The CA asks for renewal between 2026-10-30 00:00 UTC and 2026-11-01 00:00 UTC;"
                    " the turn of this certificate was 2026-10-31 03:58 UTC",
                ),
            ),
            id="the CA says when",
        ),
        pytest.param(LIFE, AT, 59, (), id="window open, not its turn"),
        pytest.param(
            LIFE,
            AT,
            90,
            (Reason("expired", "The installed certificate ended on 2026-11-30 00:00 UTC"),),
            id="ended, whatever the window says",
        ),
    ],
)
def test_why_a_certificate_is_due(
    life: Life, asked: RenewalWindow | None, day: float, expected: tuple[Reason, ...]
) -> None:
    assert expected == find_due(life, asked, START + day * DAY, cert_id="aki.serial")


FORCED = (Reason("forced", "Renewal was asked for by `force`"),)
YOUNG = (
    Notice(
        "force_ignored",
        "`force` is not heeded: the certificate is of 2026-09-01 00:00 UTC, less than 24 hours old,"
        " and many a CA gives few a week for the same names; try later",
    ),
)
SCHEDULED = (
    Notice(
        "force_ignored",
        "`force` is not heeded in a scheduled job, which would order each time;"
        " start the job by hand, and take `force` out of the scheduled one",
    ),
)


@pytest.mark.parametrize(
    ("day", "scheduled", "reasons", "notices"),
    [
        pytest.param(1, False, FORCED, (), id="24 hours old"),
        pytest.param(0.99, False, (), YOUNG, id="younger"),
        pytest.param(-1, False, (), YOUNG, id="not yet begun"),
        pytest.param(30, True, (), SCHEDULED, id="left behind in a schedule"),
    ],
)
def test_what_force_comes_to(
    day: float, scheduled: bool, reasons: tuple[Reason, ...], notices: tuple[Notice, ...]
) -> None:
    now = START + day * DAY
    assert reasons == find_forced(LIFE, now, scheduled=scheduled)
    assert notices == find_force_limit(LIFE, now, scheduled=scheduled)


@pytest.mark.parametrize(
    ("life", "asked", "day"),
    [
        pytest.param(LIFE, None, 75, id="no window: before failures are red"),
        pytest.param(SHORT, None, 6, id="no window, short life"),
        pytest.param(LIFE, window(60, 60), 75, id="window that is none"),
        pytest.param(LIFE, window(59, 61), 61, id="before the window ends"),
        pytest.param(LIFE, window(10, 11), 11, id="at once, when that is over"),
        pytest.param(LIFE, window(60, 90), 75, id="before failures are red, if the window is longer"),
        pytest.param(LIFE, window(76, 78), 78, id="a late window"),
        pytest.param(LIFE, window(80, 81.5), 81, id="a late window that goes beyond the emergency line"),
        pytest.param(LIFE, window(85, 87), 81, id="window beyond the emergency line"),
    ],
)
def test_when_the_next_run_must_be(life: Life, asked: RenewalWindow | None, day: float) -> None:
    assert START + day * DAY == next_run_needed(life, asked, "aki.serial")
