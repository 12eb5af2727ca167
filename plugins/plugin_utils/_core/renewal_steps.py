# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the steps of a renewal said of each host, and whether one of them stops the batches that are left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PUT_BACK = ("rolled_back", "kept_new_unproved", "stranded")

Result = Mapping[str, Any]


@dataclass(frozen=True)
class HostRun:
    """What the steps of a run said of one host; a step that was not taken said nothing.

    `due` is of the first look, in check mode; `issued` of the orders; `received` of what homes handed out, and `shared`
    says what that would be, by name as the orders have it; `requested` and `signed` are of internal CAs, `kept` of
    those whose directories the host has, in a loop; `found` of the certificates that nobody renews. `broken` is of a
    task whose words could not even be read.
    """

    host: str
    due: Result = field(default_factory=dict)
    issued: Result = field(default_factory=dict)
    activated: Result = field(default_factory=dict)
    received: Result = field(default_factory=dict)
    requested: Result = field(default_factory=dict)
    signed: Result = field(default_factory=dict)
    kept: Result = field(default_factory=dict)
    shared: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    found: Result = field(default_factory=dict)
    contacts: Mapping[str, str] = field(default_factory=dict)
    broken: Result = field(default_factory=dict)

    @property
    def steps(self) -> tuple[Result, ...]:
        return (*self.first_half, self.activated, self.received, self.kept, self.found, self.broken)

    @property
    def first_half(self) -> tuple[Result, ...]:
        """The steps that look and order, beside those of the homes."""
        return self.due, self.issued, self.requested, self.signed

    @property
    def is_unreachable(self) -> bool:
        return any(step.get("unreachable") for step in self.steps)

    @property
    def latest(self) -> Result:
        """The orders know more than the look before them."""
        return self.issued if "outcomes" in self.issued else self.due

    @property
    def internal(self) -> HostRun:
        """The same for what an internal CA signs."""
        return HostRun(self.host, due=self.requested, issued=self.signed, activated=self.activated)

    @property
    def renewed_names(self) -> frozenset[str]:
        """What is ordered here, or at a home, or signed by a CA of ours."""
        steps = (self.latest, self.received, self.internal.latest)
        return frozenset((*self.shared, *(name for step in steps for name in step.get("outcomes") or ())))


def find_warning(result: Result, name: str) -> str:
    """What was put off is told as a warning, which begins with its name and ends with its code."""
    told = (str(warning) for warning in result.get("warnings") or () if str(warning).startswith(f"{name}: "))
    return next((text.partition(": ")[2] for text in told), "")


def find_put_back(results: Mapping[str, Result]) -> list[str]:
    """The hosts on which a service did not take its new certificate, by their results of the activation.

    What has failed before stops nobody again: a vhost that is broken for a week would stop all renewals of a fleet.
    """
    return [str(host) for host, result in results.items() if _is_put_back(result)]


def _is_put_back(result: Result) -> bool:
    outcomes = (result.get("outcomes") or {}).items()
    return any(item["outcome"] in PUT_BACK and not _is_retried(result, name) for name, item in outcomes)


def _is_retried(result: Result, name: str) -> bool:
    """certificate_activate says so; a member that goes back with what it did not receive now has had it before."""
    renewal = (result.get("renewals") or {}).get(name) or {}
    return name in (result.get("retried") or ()) or renewal.get("ordered") is False
