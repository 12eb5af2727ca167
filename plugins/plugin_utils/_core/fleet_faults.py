# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What of a fleet's report somebody is called for, by the level that was asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.fleet_report import (
    DUE,
    EXPIRED,
    MISSING,
    PROBLEM,
    UNREAD,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Problem

NEVER = "never"
_URGENCIES: Mapping[str, tuple[str, ...]] = {
    NEVER: (),
    EXPIRED: (EXPIRED,),
    PROBLEM: (EXPIRED, PROBLEM, MISSING),
    DUE: (EXPIRED, PROBLEM, MISSING, DUE),
}
LEVELS = tuple(_URGENCIES)


def find_faults(report: Mapping[str, Any], level: str) -> dict[str, Any]:
    """In the words of a renewal's report, so that it is mailed and failed for in the same way. Raises RefusedError.

    A host that was not reached, or could not be asked, may hide anything: from `problem` on it counts.
    """
    if level not in _URGENCIES:
        fact = f"`{level}` is no level of an alarm; say one of {', '.join(LEVELS)}"
        raise RefusedError.from_problems([Problem("tls_report_fail", "level_invalid", fact)])
    rows = list(_find_rows(report, _URGENCIES[level]))
    counts_hosts = PROBLEM in _URGENCIES[level]
    return {
        "run": "report",
        "expired": [row for urgency, row in rows if urgency == EXPIRED],
        "failed": [*(row for urgency, row in rows if urgency != EXPIRED), *_find_others(report, counts=counts_hosts)],
        "ends_soon": [],
        "unreachable": list(report["unreachable"]) if counts_hosts else [],
    }


def _find_rows(report: Mapping[str, Any], urgencies: tuple[str, ...]) -> Iterator[tuple[str, dict[str, str]]]:
    for row in report["certificates"]:
        if row["urgency"] in urgencies:
            message = "; ".join(problem["message"] for problem in row["problems"])
            yield row["urgency"], {"host": row["host"], "certificate": row["certificate"], "message": message}


def _find_others(report: Mapping[str, Any], *, counts: bool) -> Iterator[dict[str, str]]:
    for problem in report["problems"] if counts else ():
        if problem["code"] not in UNREAD:
            yield {"host": problem["host"], "certificate": problem["subject"], "message": problem["message"]}
