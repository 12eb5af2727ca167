# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Durations as an operator writes them for a CA: whole days, weeks or years."""

from __future__ import annotations

import re
from datetime import timedelta

from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError

_SPAN = re.compile(r"(\d{1,5}) ?([dwy])")
_DAYS = {"d": 1, "w": 7, "y": 365}
_LONGEST = timedelta(days=100 * 365)


def load_span(text: str, option: str, *, least: timedelta = timedelta()) -> timedelta:
    """Whole days, as `3650d`, `26w` or `10y` (365 days each). Raises UnusableError (life_invalid)."""
    found = _SPAN.fullmatch(text.strip())
    span = timedelta(days=int(found[1]) * _DAYS[found[2]]) if found else None
    if span is None or not least <= span <= _LONGEST:
        from_day = f"at least {least.days} day and " if least else ""
        fact = f"{option} is no duration of {from_day}at most 100 years"
        raise UnusableError("life_invalid", f"{fact}; write whole days or weeks with their unit, as 3650d or 26w")
    return span
