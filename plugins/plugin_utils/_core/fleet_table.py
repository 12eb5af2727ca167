# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report of a fleet as aligned text for a terminal: counts, and only what somebody has to look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.columns import WIDTH, align
from ansible_collections.certwright.tls.plugins.plugin_utils._core.extensions import printable

_HEADINGS = ("HOST", "CERTIFICATE", "STATE", "ENDS", "LEFT", "WHY")
_CALM = "ok"


def render_fleet(report: Mapping[str, Any], *, width: int = WIDTH) -> list[str]:
    rows = [[printable(cell) for cell in row] for row in _find_rows(report)]
    return [_count(report), *(align([_HEADINGS, *rows], width=width) if rows else ())]


def _count(report: Mapping[str, Any]) -> str:
    counts = [f"{urgency} {count}" for urgency, count in report["counts"].items()]
    return f"hosts {report['hosts']}, unreachable {len(report['unreachable'])}; certificates: {', '.join(counts)}"


def _find_rows(report: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for host in report["unreachable"]:
        yield (host, "", "unreachable", "", "", "nothing is known of it")
    for problem in report["problems"]:
        yield (problem["host"], problem["subject"], problem["code"], "", "", _flatten(problem["message"]))
    for row in report["certificates"]:
        if row["urgency"] != _CALM:
            why = "; ".join(_flatten(problem["message"]) for problem in row["problems"])
            left = "" if row["life_left"] is None else f"{row['life_left']:.0%}"
            yield (row["host"], row["certificate"], row["urgency"], str(row.get("not_after") or "")[:10], left, why)


def _flatten(text: str) -> str:
    return " ".join(text.split())
