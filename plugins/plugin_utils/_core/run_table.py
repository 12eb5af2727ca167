# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report of an installation or a removal as aligned text: the count of everything, then what is worst."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.columns import (
    BAD,
    LATE,
    ODD,
    WELL,
    WIDTH,
    Line,
    Row,
    draw,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.extensions import printable

_HEADINGS = ("HOST", "CERTIFICATE", "STATE", "SERVICES", "WHY")
_COUNTED = ("changed", "unchanged", "pending", "deferred", "held_back", "failed", "unmanaged", "unreachable")
_SHOWN = ("failed", "held_back", "deferred", "pending", "changed")
_TONES = {"failed": BAD, "changed": WELL}
_FORESEEN = "would change"
_UNMANAGED = "the inventory does not know it, so it is left alone"


def render_run(report: Mapping[str, Any], *, width: int = WIDTH) -> list[str]:
    return [line.text for line in draw_run(report, width=width)]


def draw_run(report: Mapping[str, Any], *, width: int = WIDTH) -> list[Line]:
    """What is unchanged is only counted: a fleet on which all is well takes one line."""
    further = (Line(text, LATE) for text in (*_tell_stop(report), *_tell_unknown(report)))
    return [*draw(_count(report), _HEADINGS, list(_find_rows(report)), width=width), *further]


def _count(report: Mapping[str, Any]) -> str:
    counts = ((_word(word, report), len(report[word])) for word in _COUNTED)
    return ", ".join(f"{word} {count}" for word, count in counts)


def _word(state: str, report: Mapping[str, Any]) -> str:
    return _FORESEEN if state == "changed" and report["check"] else state.replace("_", " ")


def _find_rows(report: Mapping[str, Any]) -> Iterator[Row]:
    for host in report["unreachable"]:
        yield BAD, (host, "", "unreachable", "", "nothing is known of it; the others went on")
    for state in _SHOWN:
        for row in report[state]:
            services = ", ".join(row.get("services", ()))
            shown = (row["host"], row.get("certificate", ""), _show(state, row, report), services, _explain(row))
            yield _TONES.get(state, LATE), shown
    for row in report["unmanaged"]:
        yield ODD, (row["host"], row["certificate"], "unmanaged", "", _UNMANAGED)


def _show(state: str, row: Mapping[str, Any], report: Mapping[str, Any]) -> str:
    """How it ended, where that says more than that it did."""
    says_more = state in ("changed", "failed") and not report["check"] and row.get("outcome")
    return str(row["outcome"]).replace("_", " ") if says_more else _word(state, report)


def _explain(row: Mapping[str, Any]) -> str:
    return " ".join(str(row.get("message", "")).split())


def _tell_stop(report: Mapping[str, Any]) -> Iterator[str]:
    if report["stopped_by"]:
        hosts = printable(", ".join(report["stopped_by"]))
        yield f"The rollout stopped after the batch of {hosts}; mend what is said above, and run again"


def _tell_unknown(report: Mapping[str, Any]) -> Iterator[str]:
    if not report["unknown"]:
        return
    fact = f"No host that was asked has a certificate {printable(', '.join(report['unknown']))}"
    silent = [*report["unreachable"], *(row["host"] for row in report["failed"] if not row.get("certificate"))]
    if silent:
        yield f"{fact}, and {printable(', '.join(dict.fromkeys(silent)))} could not be asked"
    else:
        yield f"{fact}; correct the name in tls_remove or tls_compromised"
