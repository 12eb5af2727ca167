# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What of a certificate cannot wait: its end is near, no run renewed it, or its renewal fails again and again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.declared import Declared
from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import load_time
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inspection import format_instant
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Reason
from ansible_collections.certwright.tls.plugins.plugin_utils._core.renewal import Life

# As a run of renewal does not put it off any longer.
MISSED = 5
_ACTIVATION = "activation_failed"


@dataclass(frozen=True)
class Limits:
    """`missed` tries in a row, and a share of life: None is where a failed renewal is not put off any longer."""

    missed: int = MISSED
    fail_below: float | None = None


def find_alarms(row: Mapping[str, Any], wanted: Declared | None, limits: Limits, now: datetime) -> Iterator[Reason]:
    """`row` is of certificate_info, without times of a renewal that is not to come. Nothing but its end is said of what
    the inventory does not know."""
    yield from _find_end(row, limits, now)
    if wanted is None:
        return
    needed = load_time(row["renewal_needed_by"])
    if needed is not None and now > needed:
        fact = f"it was to be renewed by {format_instant(needed)}, and no run did so"
        yield Reason("renewal_overdue", f"{fact}; see whether certwright.tls.renew is run, and what it says")
    yield from find_failing(find_setback(row, wanted), limits)


def find_setback(row: Mapping[str, Any], wanted: Declared | None) -> Mapping[str, Any] | None:
    """Its last failure; that of an order says nothing any more once nobody orders it."""
    failure: Mapping[str, Any] | None = row["last_failure"]
    is_over = wanted is not None and not wanted.is_renewed and failure is not None and failure["code"] != _ACTIVATION
    return None if is_over else failure


def find_failing(failure: Mapping[str, Any] | None, limits: Limits) -> Iterator[Reason]:
    """A try that may heal by itself is no alarm yet. What was not activated is told as pending."""
    if failure is None or failure["code"] == _ACTIVATION or (failure["heals"] and failure["tries"] < limits.missed):
        return
    times = "once" if failure["tries"] == 1 else f"{failure['tries']} times in a row"
    yield Reason("renewal_failed", f"its order failed {times}, last at {failure['at']}: {failure['message']}")


def _find_end(row: Mapping[str, Any], limits: Limits, now: datetime) -> Iterator[Reason]:
    """Silent of CAs, which are not renewed by a run, and where it has ended already."""
    first, last = load_time(row["not_before"] or ""), load_time(row["not_after"] or "")
    if first is None or last is None or row["is_ca"] or not first <= now <= last:
        return
    life = Life(first, last)
    line = life.deferring_ends if limits.fail_below is None else last - life.length * limits.fail_below
    if now > line:
        left = f"{life.share_left(now):.0%} of its life is left, until {format_instant(last)}"
        yield Reason(
            "ends_soon", f"it was not replaced in time: {left}; supply a newer one, or see why no run renewed it"
        )
