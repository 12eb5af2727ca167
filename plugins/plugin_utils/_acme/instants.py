# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Instants as an ACME server writes them, and how long to wait for them; all aware, in UTC."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

# Beyond any limit of a CA (a week), and far from where adding to a date overflows.
MAXIMUM_RETRY_AFTER = timedelta(days=31)
_SECONDS = re.compile(r"[0-9]{1,12}(?:\.[0-9]*)?")
_RFC_3339 = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def load_retry_after(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """When to come back at the earliest (RFC 9110 10.2.3: seconds or a date), between now and 31 days from now.

    A date is taken relative to the server's own Date: its clock and ours may differ.
    """
    text = headers.get("Retry-After", "").strip()
    if _SECONDS.fullmatch(text):
        return now + min(timedelta(seconds=float(text)), MAXIMUM_RETRY_AFTER)
    date = load_http_date(text)
    if date is None:
        return None
    wait = date - (load_http_date(headers.get("Date", "")) or now)
    return now + min(max(wait, timedelta(0)), MAXIMUM_RETRY_AFTER)


def load_http_date(text: str) -> datetime | None:
    """HTTP dates are in UTC whatever they say (RFC 9110 5.6.7); never the zone of this machine."""
    try:
        date = parsedate_to_datetime(text)
        return date.replace(tzinfo=date.tzinfo or timezone.utc).astimezone(timezone.utc)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None


def load_instant(text: object) -> datetime | None:
    """RFC 3339, with any number of digits after the second, which are dropped."""
    found = _RFC_3339.fullmatch(text) if isinstance(text, str) else None
    try:
        zone = found[3].upper().replace("Z", "+00:00") if found else ""
        return datetime.fromisoformat(f"{found[1]}T{found[2]}{zone}").astimezone(timezone.utc) if found else None
    except (ValueError, OverflowError):
        return None
