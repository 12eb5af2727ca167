# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Results of the steps of a renewal, as the modules give them: `result(web=outcome("staged", pending=True))`."""

from __future__ import annotations

from typing import Any

NO_PERMISSION: dict[str, Any] = {"permitted": {}, "held": {}, "refused": {}}


def outcome(word: str = "unchanged", *, changed: bool = False, pending: bool = False, **renewal: Any) -> dict[str, Any]:
    """Further words are those of its row in `renewals`."""
    return {"outcome": word, "changed": changed, "pending": pending, "renewal": renewal}


def result(*problems: tuple[str, str, str], **outcomes: dict[str, Any]) -> dict[str, Any]:
    """The problems are (certificate, code, message)."""
    told = [dict(zip(("certificate", "code", "message"), item, strict=True)) for item in problems]
    return {
        "outcomes": {
            name: {key: item[key] for key in ("outcome", "changed", "pending")} for name, item in outcomes.items()
        },
        "renewals": {name: item["renewal"] for name, item in outcomes.items()},
        "orders": [],
        "problems": told,
        "failed": bool(told),
    }


def order(certificate: str, *names: str, share_left: float = 0.2, by_date: bool = True) -> dict[str, Any]:
    return {
        "certificate": certificate,
        "names": list(names or (f"{certificate}.example",)),
        "share_left": share_left,
        "by_date": by_date,
        "shared": False,
        "needed_by": "2026-12-01T00:00:00Z",
    }
