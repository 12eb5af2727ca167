# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How an attempt ends, and what made it fail."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Failure:
    """What went wrong from step 4 on, of which service, in one sentence."""

    step: str
    service: str
    message: str


@dataclass(frozen=True)
class Outcome:
    """How one certificate ended, and which state the host is in."""

    certificate: str
    outcome: str
    generation: int | None = None
    previous: int | None = None
    message: str = ""
    step: str = ""
    services: tuple[dict[str, str], ...] = ()
    notices: tuple[dict[str, str], ...] = ()


_WAITING = {
    "placed_not_served": "is stopped: it has the files and was not started",
    "restart_pending": "has the files and takes them at its next restart, which is not allowed now",
}


def find_waiting_notices(services: tuple[dict[str, str], ...]) -> tuple[dict[str, str], ...]:
    """Services that have the files and do not serve them yet, although nothing failed."""
    return tuple(
        {"code": item["state"], "message": f"{item['name']} {_WAITING[item['state']]}"}
        for item in services
        if item["state"] in _WAITING
    )
