# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An enrolment's end as a task result: what every installation tells, and when each certificate is renewed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import Observed, format_time
from ansible_collections.certwright.tls.plugins.plugin_utils._core.issuance import find_cert_id
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_guards import PlannedOrder
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_outcome import DEFERRED, EXPIRED, FAILED
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_plan import (
    find_cert_id_of,
    find_held,
    find_life,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_words import KEY_TYPES
from ansible_collections.certwright.tls.plugins.plugin_utils._core.ordered import Ordered, load_memory
from ansible_collections.certwright.tls.plugins.plugin_utils._core.plan import own
from ansible_collections.certwright.tls.plugins.plugin_utils._core.renewal import (
    Life,
    next_run_needed,
    renewal_time,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._enrolment import Enrolled
from ansible_collections.certwright.tls.plugins.plugin_utils._installation import report_round
from ansible_collections.certwright.tls.plugins.plugin_utils._issuers import OrderTask


def report_enrolled(task: OrderTask, enrolled: Enrolled, *, now: datetime, check_mode: bool) -> dict[str, Any]:
    """With what was wrong before the host was looked at."""
    ended = replace(enrolled.round, plans=(*enrolled.round.plans, *task.refused))
    wishes = tuple(enrolled.wishes.values())
    due = {plan.certificate for plan in ended.plans if plan.order or plan.verdict}
    after = {
        plan.certificate: _describe_planned(enrolled.wishes[plan.certificate]) for plan in ended.plans if plan.order
    }
    result = report_round(wishes, ended, enrolled.notices, after=after, now=now, check_mode=check_mode)
    return {
        **result,
        "unmanaged": [name for name in result["unmanaged"] if name not in task.others],
        "renewals": {
            wish.name: _describe_renewal(wish, wish.see(ended.observed[wish.name]), is_due=wish.name in due, now=now)
            for wish in wishes
        },
        "orders": [_describe_order(order) for order in enrolled.orders],
    }


def _describe_planned(wish: Ordered) -> dict[str, Any]:
    """What is known of a certificate that would be ordered."""
    words = wish.words
    key_type = {"key_type": KEY_TYPES[words.key_type]} if words.key_type else {}
    issuer = f"to be ordered from {words.issuer.directory}"
    if words.signing is not None:
        issuer = f"to be signed by {words.signing.issuer or words.signing.directory}"
    return {"names": list(wish.names), "issuer": issuer, **key_type}


def _describe_renewal(wish: Ordered, observed: Observed, *, is_due: bool, now: datetime) -> dict[str, Any]:
    memory = load_memory(wish, observed)
    life, cert_id = _find_standing(wish, observed)
    window = memory.window_for(cert_id)
    failure = memory.failure
    needed = next_run_needed(life, window, cert_id) if life else None
    if is_due:
        needed = max(failure.next_try, now) if failure else now
    return {
        "ordered": wish.issued is not None,
        "due": is_due,
        **_describe_served(wish.see(observed), now),
        "remember": wish.memory is not None,
        "names": list(wish.names),
        "shared": wish.sharing is not None,
        "renew_at": format_time(renewal_time(life, window, cert_id)[0]) if life else "",
        "next_run_needed": format_time(needed) if needed else "",
        "not_after": format_time(life.not_after) if life else "",
        "next_try": format_time(failure.next_try) if failure else "",
        "put_off": wish.ending.code if wish.ending and wish.ending.verdict == DEFERRED else "",
        "email": wish.words.issuer.contact,
    }


def _describe_served(observed: Observed, now: datetime) -> dict[str, str]:
    """Of what the services have while another generation waits for them; what waits does not keep it from ending."""
    life = find_life(own(observed.live)) if observed.pending else None
    if life is None:
        return {"served_not_after": "", "served_verdict": ""}
    verdict = EXPIRED if now >= life.not_after else FAILED if now >= life.deferring_ends else ""
    return {"served_not_after": format_time(life.not_after), "served_verdict": verdict}


def _find_standing(wish: Ordered, observed: Observed) -> tuple[Life | None, str]:
    """Of the certificate that is there after this run."""
    if wish.issued is not None:
        leaf = wish.issued.desired.bundle.leaf
        return Life(leaf.not_before, leaf.not_after), find_cert_id(leaf)
    held = find_held(wish.see(observed))
    return find_life(held), find_cert_id_of(held)


def _describe_order(order: PlannedOrder) -> dict[str, Any]:
    return {
        "certificate": order.certificate,
        "names": list(order.names),
        "share_left": round(order.urgency, 4),
        "by_date": order.by_date,
        "shared": order.shared,
        "needed_by": format_time(order.needed_by) if order.needed_by else "",
    }
