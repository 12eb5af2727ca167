# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.restart import find_window_fault, is_restart_allowed

FORM = "`restart_window` must be like 'Sun 03:00-04:00 Europe/Paris' (day and time zone may be left out; UTC then)"


def utc(day: int, hour: int, minute: int = 0, *, month: int = 11) -> datetime:
    """The 22nd of November 2026 is a Sunday."""
    return datetime(2026, month, day, hour, minute, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("policy", "window", "now", "expected"),
    [
        pytest.param("never", "", utc(22, 3), False, id="never"),
        pytest.param("allowed", "", utc(22, 3), True, id="always"),
        pytest.param("window", "03:00-04:00", utc(22, 3), True, id="first minute"),
        pytest.param("window", "03:00-04:00", utc(22, 3, 59), True, id="last minute"),
        pytest.param("window", "03:00-04:00", utc(22, 4), False, id="after the end"),
        pytest.param("window", "03:00-04:00", utc(22, 2, 59), False, id="before the beginning"),
        pytest.param("window", "22:00-24:00", utc(22, 23, 59), True, id="until midnight"),
        pytest.param("window", "Sun 03:00-04:00", utc(22, 3), True, id="on the day"),
        pytest.param("window", "Sun 03:00-04:00", utc(23, 3), False, id="on another day"),
        pytest.param("window", "23:00-01:00", utc(22, 23), True, id="over midnight, before it"),
        pytest.param("window", "23:00-01:00", utc(23, 0, 59), True, id="over midnight, after it"),
        pytest.param("window", "23:00-01:00", utc(23, 1), False, id="over midnight, after the end"),
        pytest.param("window", "23:00-01:00", utc(22, 12), False, id="over midnight, at noon"),
        pytest.param("window", "Sun 23:00-01:00", utc(22, 23), True, id="begins on the day"),
        pytest.param("window", "Sun 23:00-01:00", utc(23, 0), True, id="and ends on the next"),
        pytest.param("window", "Sun 23:00-01:00", utc(22, 0), False, id="the night before is another window"),
        pytest.param("window", "Sun 23:00-01:00", utc(23, 23), False, id="so is the night after"),
        pytest.param("window", "Mon 23:00-01:00", utc(22, 0), False, id="the first day of the week after the last"),
        pytest.param("window", "Sun 03:00-04:00 Europe/Paris", utc(22, 2, 30), True, id="time zone in winter"),
        pytest.param("window", "Sun 03:00-04:00 Europe/Paris", utc(22, 3, 30), False, id="not by UTC"),
        pytest.param("window", "03:00-04:00 Europe/Paris", utc(22, 1, 30, month=7), True, id="time zone in summer"),
        pytest.param("window", "Mon 00:00-01:00 Asia/Tokyo", utc(22, 15, 30), True, id="already Monday over there"),
        pytest.param("window", "Sun 03:00", utc(22, 3), False, id="what cannot be read is never open"),
    ],
)
def test_when_a_restart_is_allowed(policy: str, window: str, now: datetime, expected: bool) -> None:
    assert expected is is_restart_allowed(policy, window, now)


@pytest.mark.parametrize(
    ("policy", "window", "fault"),
    [
        pytest.param("never", "", "", id="never"),
        pytest.param("window", "Sat 22:00-02:00 America/New_York", "", id="sound window"),
        pytest.param("window", "00:00-24:00", "", id="all day"),
        pytest.param("window", "", f"`restart: window` needs a window; {FORM}", id="no window"),
        pytest.param(
            "allowed", "03:00-04:00", "has a `restart_window` but not `restart: window`", id="window for another policy"
        ),
        *(
            pytest.param("window", window, f"{FORM}; `{window}` is not", id=reason)
            for reason, window in {
                "no end": "Sun 03:00",
                "day in full": "Sunday 03:00-04:00",
                "day in another case": "sun 03:00-04:00",
                "hour 24 at the beginning": "24:00-02:00",
                "hour 25": "03:00-25:00",
                "later than midnight": "03:00-24:30",
                "minute 60 at the beginning": "03:60-05:00",
                "minute 60 at the end": "03:00-04:60",
                "never open": "03:00-03:00",
                "unknown zone": "03:00-04:00 Europe/Atlantis",
                "zone that leads out": "03:00-04:00 ../../etc/passwd",
                "zone that is a directory": "03:00-04:00 Europe",
                "something behind": "03:00-04:00 UTC daily",
            }.items()
        ),
    ],
)
def test_what_is_wrong_with_a_window(policy: str, window: str, fault: str) -> None:
    assert fault == find_window_fault(policy, window)
