# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When the schedule runs next, and whether a certificate needs a run before that."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import format_time, load_time

HOURLY = "1h"
_INTERVAL = re.compile(r"(\d{1,5})\s*(m|min|h|d|w)")
_MINUTES = {"m": 1, "min": 1, "h": 60, "d": 24 * 60, "w": 7 * 24 * 60}


@dataclass(frozen=True)
class NextRun:
    """`every` is the interval in words, `at` when the schedule comes again; `fault` is why it is not as said."""

    every: str
    at: datetime
    fault: str = ""

    @property
    def text(self) -> str:
        return format_time(self.at)

    def is_too_late_for(self, needed: str) -> bool:
        """`needed` is the latest that a run must happen; empty where nobody knows."""
        instant = load_time(needed)
        return instant is not None and instant < self.at


def find_next_run(every: str, now: datetime) -> NextRun:
    """Of a schedule that runs `every` 15m, 1h, 1d or 1w. What is none of these is a fault to tell, and no error."""
    found = _INTERVAL.fullmatch(every.strip())
    if found is None or int(found[1]) == 0:
        way_out = "write minutes, hours, days or weeks, as 15m, 1h, 1d or 1w"
        fault = f"tls_renew_every is {every!r}, which is no interval; {way_out}. {HOURLY} was taken"
        return NextRun(HOURLY, now + timedelta(hours=1), fault)
    return NextRun(every.strip(), now + timedelta(minutes=int(found[1]) * _MINUTES[found[2]]))
