# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report of a renewal as aligned text for a terminal: the count of everything first, then what is worst."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.columns import (
    BAD,
    LATE,
    PLAIN,
    WELL,
    WIDTH,
    Line,
    Row,
    draw,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import load_time
from ansible_collections.certwright.tls.plugins.plugin_utils._core.extensions import printable
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inspection import format_instant

_HEADINGS = ("HOST", "CERTIFICATE", "STATE", "UNTIL", "ENDS", "WHY")
_COUNTED = ("renewed", "activated", "not_due", "deferred", "failed", "expired", "pending", "ends_soon", "unreachable")
_SHOWN = ("expired", "failed", "deferred", "renewed", "activated")
_WORDS = {"not_due": "not due", "pending": "pending activation", "ends_soon": "ends soon"}
_FORESEEN = {"renewed": "would be renewed", "activated": "would be activated"}
_WAITING = "it is issued, and its services do not have it yet; the next run goes on"
_NOT_BEGUN = "the rollout had stopped before it was begun; what waits on it is taken up by the next run"
_TONES = {"expired": BAD, "failed": BAD, "deferred": LATE, "renewed": WELL, "activated": WELL}


def render_renewals(report: Mapping[str, Any], *, width: int = WIDTH) -> list[str]:
    return [line.text for line in draw_renewals(report, width=width)]


def draw_renewals(report: Mapping[str, Any], *, width: int = WIDTH) -> list[Line]:
    """Certificates that are not due have one line a host."""
    told = (Line(text, LATE) for text in _tell(report))
    return [*draw(_count(report), _HEADINGS, list(_find_rows(report)), width=width), *told]


def _tell(report: Mapping[str, Any]) -> Iterator[str]:
    """What is of no certificate alone."""
    if report["stopped_by"]:
        hosts = printable(", ".join(report["stopped_by"]))
        yield f"The rollout stopped after the batch of {hosts}; mend what is said above, and run again"
    yield from (printable(warning) for warning in report["warnings"])


def _count(report: Mapping[str, Any]) -> str:
    counted = [word for word in _COUNTED if report[word] or word != "activated"]
    counts = [f"{_word(word, report)} {len(report[word])}" for word in counted]
    needed = _show_instant(report["next_run_needed"])
    return ", ".join(counts) + (f"; the next run is needed by {needed}" if needed else "")


def _word(state: str, report: Mapping[str, Any]) -> str:
    return _FORESEEN.get(state, _WORDS.get(state, state)) if report["check"] else _WORDS.get(state, state)


def _find_rows(report: Mapping[str, Any]) -> Iterator[Row]:
    for host in report["unreachable"]:
        yield BAD, (host, "", "unreachable", "", "", "")
    for state in _SHOWN:
        for row in report[state]:
            times = (_show_instant(row.get(word, "")) for word in ("until", "not_after"))
            shown = (row["host"], row.get("certificate", ""), _word(state, report), *times, row.get("message", ""))
            yield _TONES[state], shown
    for row in report["ends_soon"]:
        ends = _show_instant(row["not_after"])
        why = f"{row['days_left']} days are left, and nobody renews it: supply a newer one"
        yield LATE, (row["host"], row["certificate"], _WORDS["ends_soon"], "", ends, why)
    for row in report["pending"]:
        why = _WAITING if row.get("certificate") else _NOT_BEGUN
        yield LATE, (row["host"], row.get("certificate", ""), _WORDS["pending"], "", "", why)
    yield from _find_kept(report["not_due"])


def _find_kept(rows: Sequence[Mapping[str, Any]]) -> Iterator[Row]:
    by_host: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        by_host.setdefault(row["host"], []).append(row)
    for host, kept in by_host.items():
        until, ends = (min((row[word] for row in kept if row.get(word)), default="") for word in ("until", "not_after"))
        title = kept[0]["certificate"] if len(kept) == 1 else f"{len(kept)} certificates"
        yield PLAIN, (host, title, _WORDS["not_due"], _show_instant(until), _show_instant(ends), "")


def _show_instant(text: str) -> str:
    instant = load_time(text)
    return format_instant(instant) if instant else ""
