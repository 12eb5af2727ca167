# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report of a fleet as aligned text for a terminal: counts, and only what somebody has to look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.columns import (
    BAD,
    LATE,
    ODD,
    WIDTH,
    Line,
    Row,
    draw,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.fleet_report import UNREAD

_HEADINGS = ("HOST", "CERTIFICATE", "STATE", "ENDS", "LEFT", "WHY")
_CALM = "ok"
_TONES = {"due": LATE, "unmanaged": ODD}


def render_fleet(report: Mapping[str, Any], *, width: int = WIDTH) -> list[str]:
    return [line.text for line in draw_fleet(report, width=width)]


def draw_fleet(report: Mapping[str, Any], *, width: int = WIDTH) -> list[Line]:
    """A fleet on which all is well takes one line."""
    return draw(_count(report), _HEADINGS, list(_find_rows(report)), width=width)


def _count(report: Mapping[str, Any]) -> str:
    counts = [f"{urgency} {count}" for urgency, count in report["counts"].items()]
    return f"hosts {report['hosts']}, unreachable {len(report['unreachable'])}; certificates: {', '.join(counts)}"


def _find_rows(report: Mapping[str, Any]) -> Iterator[Row]:
    for host in report["unreachable"]:
        yield BAD, (host, "", "unreachable", "", "", "nothing is known of it")
    unread = [problem for problem in report["problems"] if problem["code"] in UNREAD]
    yield from ((BAD, _tell(problem)) for problem in report["problems"] if problem not in unread)
    for row in report["certificates"]:
        if row["urgency"] != _CALM:
            yield _TONES.get(row["urgency"], BAD), _describe(row)
    yield from ((ODD, _tell(problem)) for problem in unread)


def _tell(problem: Mapping[str, Any]) -> tuple[str, ...]:
    return (problem["host"], problem["subject"], problem["code"], "", "", _flatten(problem["message"]))


def _describe(row: Mapping[str, Any]) -> tuple[str, ...]:
    why = "; ".join(_flatten(problem["message"]) for problem in row["problems"])
    left = "" if row["life_left"] is None else f"{row['life_left']:.0%}"
    return (row["host"], row["certificate"], row["urgency"], str(row["not_after"] or "")[:10], left, why)


def _flatten(text: str) -> str:
    return " ".join(text.split())
