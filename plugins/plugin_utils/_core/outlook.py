# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is ahead of a certificate in the store: when it is renewed, what failed last, and when that is tried again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import Certificate
from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import format_time, load_time
from ansible_collections.certwright.tls.plugins.plugin_utils._core.extensions import printable
from ansible_collections.certwright.tls.plugins.plugin_utils._core.issuance import Failure, Memory
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_outcome import TRANSIENT
from ansible_collections.certwright.tls.plugins.plugin_utils._core.renewal import Life, next_run_needed, renewal_time

# Who supplied it supplies the next one too: no run of ours renews it.
_SUPPLIED = ("", "files")
_NOT_ACTIVATED = "activation_failed"


@dataclass(frozen=True)
class Setback:
    """What failed `tries` times in a row, last at `at`; `heals` is whether it may end by itself."""

    at: datetime
    code: str
    message: str
    tries: int
    heals: bool

    def to_json(self) -> dict[str, Any]:
        return {
            "at": format_time(self.at),
            "code": self.code,
            "message": self.message,
            "tries": self.tries,
            "heals": self.heals,
        }


@dataclass(frozen=True)
class Outlook:
    """`issuer` is who issued it, as recorded; empty for what the store does not know.

    `renewal` is when it becomes due, and `needed` the latest that a run has to come for that: None where no run renews
    it.
    """

    issuer: str = ""
    renewal: datetime | None = None
    needed: datetime | None = None
    setback: Setback | None = None
    next_try: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "recorded_issuer": self.issuer,
            "next_renewal": _show(self.renewal),
            "renewal_needed_by": _show(self.needed),
            "last_failure": self.setback.to_json() if self.setback else None,
            "next_try": _show(self.next_try),
        }


NO_OUTLOOK = Outlook()


def find_outlook(found: Mapping[str, Any], memory: Memory, leaf: Certificate | None, *, is_renewed: bool) -> Outlook:
    """Of one generation as a host tells it. An order that failed and an activation that failed: the later one counts.

    `is_renewed` is false for what lies elsewhere or follows another certificate.
    """
    record = found["record"]
    issuer = printable(str(record.get("issuer") or "")[:500])
    ordering = find_order_setback(memory)
    setbacks = [item for item in (ordering, _find_activation_setback(found["activation"])) if item]
    outlook = Outlook(
        issuer=issuer,
        setback=max(setbacks, key=lambda item: item.at, default=None),
        next_try=memory.failure.next_try if memory.failure else None,
    )
    if leaf is None or not is_renewed or issuer in _SUPPLIED:
        return outlook
    life, cert_id = Life(leaf.not_before, leaf.not_after), str((record.get("order") or {}).get("cert_id") or "")
    window = memory.window_for(cert_id)
    return replace(
        outlook, renewal=renewal_time(life, window, cert_id)[0], needed=next_run_needed(life, window, cert_id)
    )


def find_order_setback(memory: Memory) -> Setback | None:
    failure: Failure | None = memory.failure
    if failure is None:
        return None
    return Setback(failure.last, failure.code, failure.message, failure.tries, failure.kind == TRANSIENT)


def _find_activation_setback(activation: Mapping[str, Any]) -> Setback | None:
    """What a service did not take it may take next time, once somebody looked."""
    at = load_time(str(activation.get("time") or ""))
    if at is None:
        return None
    tries, message = activation.get("tries"), printable(str(activation.get("message") or "")[:2000])
    return Setback(at, _NOT_ACTIVATED, message, tries if isinstance(tries, int) else 1, heals=False)


def _show(instant: datetime | None) -> str:
    return format_time(instant) if instant else ""
