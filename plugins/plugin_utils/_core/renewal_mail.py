# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whom a run has to tell what: one letter for each contact, with all of its certificates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.extensions import printable

NEWS, ALWAYS = "news", "always"
SAYINGS = (NEWS, ALWAYS)
_NOBODY = "no-reply"
_RENEWAL = "Renewal of TLS certificates:"
_TITLES = {"report": "What was found of TLS certificates:"}


@dataclass(frozen=True)
class Letter:
    to: str
    subject: str
    text: str


@dataclass(frozen=True)
class Complaint:
    """One line of a letter. `is_news` says that this run met it, and did not only meet it again."""

    email: str
    kind: str
    text: str
    is_news: bool = False


def plan_letters(
    report: Mapping[str, Any], *, fallback: str, say: str, now: datetime
) -> tuple[tuple[Letter, ...], tuple[str, ...]]:
    """The letters, and the lines that nobody is to be told.

    What is new is told at once, and what lasts in the first hour of the day (UTC), so that an hourly run writes once a
    day without remembering anything. A contact that takes no mail is replaced by `fallback`.
    """
    tells_all = say == ALWAYS or now.astimezone(timezone.utc).hour == 0
    told = [item for item in find_complaints(report) if item.is_news or tells_all]
    by_contact: dict[str, list[Complaint]] = {}
    for item in told:
        by_contact.setdefault(_find_address(item.email, fallback), []).append(item)
    untold = tuple(item.text for item in by_contact.pop("", []))
    title = _TITLES.get(report.get("run", ""), _RENEWAL)
    return tuple(_write(to, title, items) for to, items in sorted(by_contact.items())), untold


def find_complaints(report: Mapping[str, Any]) -> Iterator[Complaint]:
    """What failed, what has ended, what nobody renews and is close to its end, and hosts that were not reached."""
    for kind in ("expired", "failed"):
        for row in report[kind]:
            text = f"{_place(row)}: {row.get('message', kind)}"
            yield Complaint(str(row.get("email", "")), kind, text, bool(row.get("is_news")))
    for row in report["ends_soon"]:
        if row["is_close"]:
            fact = f"ends on {row['not_after']} ({row['days_left']} days), and nobody renews it: supply a newer one"
            yield Complaint(str(row["email"]), "ends soon", f"{_place(row)}: {fact}")
    for host in report["unreachable"]:
        yield Complaint("", "unreachable", f"{host}: was not reached, so none of its certificates was looked at")


def _find_address(email: str, fallback: str) -> str:
    local, at, _domain = email.partition("@")
    return email if at and local.lower() != _NOBODY else fallback


def _place(row: Mapping[str, Any]) -> str:
    return " ".join(text for text in (str(row["host"]), str(row.get("certificate", ""))) if text)


def _write(to: str, title: str, items: list[Complaint]) -> Letter:
    counts = {
        kind: sum(1 for item in items if item.kind == kind) for kind in dict.fromkeys(item.kind for item in items)
    }
    subject = f"TLS certificates: {', '.join(f'{count} {kind}' for kind, count in counts.items())}"
    lines = [f"- {printable(item.text)}" for item in items]
    return Letter(to, subject, "\n".join([title, "", *lines, ""]))
