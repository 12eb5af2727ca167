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
# Of each kind: hosts with other problems, certificates, and what could not be read.
_ROWS = 100
_TONES = {"due": LATE, "unmanaged": ODD}


def render_fleet(report: Mapping[str, Any], *, width: int = WIDTH) -> list[str]:
    return [line.text for line in draw_fleet(report, width=width)]


def draw_fleet(report: Mapping[str, Any], *, width: int = WIDTH) -> list[Line]:
    """A fleet on which all is well takes one line, and none takes more than a terminal keeps."""
    kinds = [list(kind) for kind in (_find_hosts(report), _find_certificates(report), _find_unread(report))]
    left_out = sum(len(kind[_ROWS:]) for kind in kinds)
    lines = draw(_count(report), _HEADINGS, [row for kind in kinds for row in kind[:_ROWS]], width=width)
    more = Line(f"… and {left_out} more; tls_report_json and tls_report_html have all of them")
    return [*lines, more] if left_out else lines


def _count(report: Mapping[str, Any]) -> str:
    counts = [f"{urgency} {count}" for urgency, count in report["counts"].items()]
    return f"hosts {report['hosts']}, unreachable {len(report['unreachable'])}; certificates: {', '.join(counts)}"


def _find_hosts(report: Mapping[str, Any]) -> Iterator[Row]:
    for host in report["unreachable"]:
        yield BAD, (host, "", "unreachable", "", "", "nothing is known of it")
    yield from ((BAD, _tell(problem)) for problem in report["problems"] if problem["code"] not in UNREAD)


def _find_certificates(report: Mapping[str, Any]) -> Iterator[Row]:
    for row in report["certificates"]:
        if row["urgency"] != _CALM:
            yield _TONES.get(row["urgency"], BAD), _describe(row)


def _find_unread(report: Mapping[str, Any]) -> Iterator[Row]:
    yield from ((ODD, _tell(problem)) for problem in report["problems"] if problem["code"] in UNREAD)


def _tell(problem: Mapping[str, Any]) -> tuple[str, ...]:
    return (problem["host"], problem["subject"], problem["code"], "", "", _flatten(problem["message"]))


def _describe(row: Mapping[str, Any]) -> tuple[str, ...]:
    why = "; ".join(_flatten(problem["message"]) for problem in row["problems"])
    left = "" if row["life_left"] is None else f"{row['life_left']:.0%}"
    return (row["host"], row["certificate"], row["urgency"], str(row["not_after"] or "")[:10], left, why)


def _flatten(text: str) -> str:
    return " ".join(text.split())
