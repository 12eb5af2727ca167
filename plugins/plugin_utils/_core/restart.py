# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a service that cannot reload may be restarted: never, always, or in a weekly window."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAY = timedelta(hours=24)
_WINDOW = re.compile(r"(?:(Mon|Tue|Wed|Thu|Fri|Sat|Sun) )?(\d\d):(\d\d)-(\d\d):(\d\d)(?: (\S+))?\Z")
_FORM = "`restart_window` must be like 'Sun 03:00-04:00 Europe/Paris' (day and time zone may be left out; UTC then)"


def find_window_fault(policy: str, window: str) -> str:
    """Empty when policy and window go together."""
    if policy == "window" and not window:
        return f"`restart: window` needs a window; {_FORM}"
    if policy != "window" and window:
        return "has a `restart_window` but not `restart: window`"
    return "" if not window or _read(window) else f"{_FORM}; `{window}` is not"


def is_restart_allowed(policy: str, window: str, now: datetime) -> bool:
    """Whether `now` (aware) is inside the window; one that ends before it begins goes over midnight."""
    if policy != "window":
        return policy == "allowed"
    read = _read(window)
    if read is None:
        return False
    day, start, end, zone = read
    local = now.astimezone(zone)
    minute = timedelta(hours=local.hour, minutes=local.minute)
    if start <= end:
        return start <= minute < end and day in (None, local.weekday())
    if minute >= start:
        return day in (None, local.weekday())
    return minute < end and day in (None, (local.weekday() - 1) % 7)


def _read(window: str) -> tuple[int | None, timedelta, timedelta, timezone | ZoneInfo] | None:
    found = _WINDOW.match(window)
    if found is None:
        return None
    day, start_hour, start_minute, end_hour, end_minute, zone = found.groups()
    start = timedelta(hours=int(start_hour), minutes=int(start_minute))
    end = timedelta(hours=int(end_hour), minutes=int(end_minute))
    if start == end or start >= _DAY or end > _DAY or int(start_minute) > 59 or int(end_minute) > 59:
        return None
    try:
        place = ZoneInfo(zone) if zone else timezone.utc
    except (KeyError, ValueError, OSError):
        return None
    return (_DAYS.index(day) if day else None, start, end, place)
