# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What hosts remember of a ledger that the ledger has not: it is an older copy of itself."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any


def digest_lost(lost: Iterable[Mapping[str, Any]]) -> str:
    """What an operator repeats to accept exactly this loss, and no later one."""
    lines = sorted({f"{int(item['number'])} {item['hash']}\n" for item in lost})
    return hashlib.sha256("".join(lines).encode("ascii", "replace")).hexdigest()[:16]


def explain_lost(lost: Iterable[Mapping[str, Any]], *, number: int) -> str:
    """`number` is the last entry that the ledger has. Hosts hold certificates that it does not know."""
    missing = sorted({int(item["number"]) for item in lost})
    shown = ", ".join(str(entry) for entry in missing[:10]) + (" and others" if len(missing) > 10 else "")
    return (
        f"its ledger ends at entry {number}, and hosts remember other entries ({shown}): it is an older copy, put "
        "back after a loss, or was exchanged; nothing is signed. Restore the newest backup. If there is none, accept "
        f"the loss by `accept_restored: {digest_lost(lost)}` with the same anchors, or by the playbook "
        "certwright.tls.internal_ca with `-e tls_ca_accept_restored=` and the digest that it tells"
    )
