# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a schedule comes again, by the words of an operator."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.next_run import find_next_run

NOW = datetime(2026, 11, 22, 12, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("every", "hours"), [("15m", 0.25), ("30 min", 0.5), ("1h", 1), (" 24h ", 24), ("1d", 24), ("2w", 336)]
)
def test_an_interval_has_a_number_and_a_unit(every: str, hours: float) -> None:
    next_run = find_next_run(every, NOW)
    assert (next_run.at - NOW, next_run.every, next_run.fault) == (timedelta(hours=hours), every.strip(), "")


@pytest.mark.parametrize("every", ["", "hourly", "0h", "1", "1y", "-1h", "1.5h", "999999999d"])
def test_what_is_no_interval_is_a_fault_and_an_hour(every: str) -> None:
    next_run = find_next_run(every, NOW)
    assert (next_run.every, next_run.at - NOW) == ("1h", timedelta(hours=1))
    assert f"tls_renew_every is {every!r}, which is no interval" in next_run.fault


@pytest.mark.parametrize(
    ("needed", "expected"),
    [("2026-11-22T12:59:59Z", True), ("2026-11-22T13:00:00Z", False), ("2027-01-01T00:00:00Z", False), ("", False)],
)
def test_it_is_too_late_for_what_needs_a_run_before(needed: str, expected: bool) -> None:
    assert find_next_run("1h", NOW).is_too_late_for(needed) is expected
