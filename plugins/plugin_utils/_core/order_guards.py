# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which of a fleet's orders may be placed in this run: a mistake in a variable must not use up what a CA gives."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from ansible_collections.certwright.tls.plugins.plugin_utils._core.inspection import format_instant
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice, Problem

DEFAULT_BUDGET = 50
_LEAST_REISSUES = 10
_REISSUES_ONE_OF = 20


@dataclass(frozen=True)
class PlannedOrder:
    """`urgency` is the share of life that the installed certificate has left, NOTHING_LEFT for none or an ended one.

    `by_date` is True when time alone asks for it (due_by_date, due_by_window, expired); `needed_by` is when the next
    run must be, should this one not order.
    """

    host: str
    certificate: str
    names: tuple[str, ...]
    urgency: float
    by_date: bool
    shared: bool = False
    needed_by: datetime | None = None

    @property
    def place(self) -> tuple[str, str]:
        return self.host, self.certificate

    @property
    def is_reissue(self) -> bool:
        """Something sound is installed, and no date asks for another."""
        return self.urgency >= 0 and not self.by_date


@dataclass(frozen=True)
class Verdict:
    """(host, certificate) of what is permitted, most urgent first, and of what is held for a later run."""

    permitted: tuple[tuple[str, str], ...]
    refused: tuple[tuple[str, Problem], ...]
    held: tuple[tuple[str, str], ...]
    notices: tuple[Notice, ...]


def guard_orders(  # noqa: PLR0913 - the limits of a fleet
    planned: Iterable[PlannedOrder],
    *,
    budget: int | None,
    max_reissues: int | None,
    certificates: int,
    confirmed: str = "",
    declared: Iterable[tuple[str, str, tuple[str, ...]]] = (),
) -> Verdict:
    """Each order is permitted, refused or held. `certificates` is how many the fleet has; None is the default.

    `declared` are host, certificate and names of all that is to be there: an order for them elsewhere is a double.

    1. refuse the same names on several hosts
    2. refuse all re-issues when they are more than the limit, unless just these are confirmed
    3. of the rest, the most urgent get the budget
    """
    # Ended ones before those that never were: the first are an outage
    orders = sorted(planned, key=lambda order: (order.urgency, not order.by_date, order.place))
    # 1
    doubled = _find_doubled(orders, declared)
    orders = [order for order in orders if order not in doubled]
    # 2
    limit = max(_LEAST_REISSUES, certificates // _REISSUES_ONE_OF) if max_reissues is None else max_reissues
    reissues = _find_too_many(orders, limit, confirmed)
    orders = [order for order in orders if order not in reissues]
    # 3
    count = DEFAULT_BUDGET if budget is None else max(budget, 0)
    permitted, held = orders[:count], orders[count:]
    return Verdict(
        tuple(order.place for order in permitted),
        (
            *((order.host, _refuse_doubled(order, hosts)) for order, hosts in doubled.items()),
            *((order.host, _refuse_reissue(order, reissues, limit, confirmed)) for order in reissues),
        ),
        tuple(order.place for order in held),
        (*_describe_reissues(reissues), *_describe_held(held, len(permitted))),
    )


def digest_orders(orders: Iterable[PlannedOrder]) -> str:
    """It changes with each host, certificate and name of the set, and not with their order."""
    listed = sorted([order.host, order.certificate, sorted(order.names)] for order in orders)
    return hashlib.sha256(json.dumps(listed).encode()).hexdigest()[:12]


def _find_doubled(
    orders: Sequence[PlannedOrder], declared: Iterable[tuple[str, str, tuple[str, ...]]]
) -> dict[PlannedOrder, tuple[str, ...]]:
    """With the places that have the names too. What is declared shared is ordered by its home alone.

    One whose date has come goes on: what another place declares too must not end a certificate that works.
    """
    places = defaultdict(set)
    planned = ((order.host, order.certificate, order.names) for order in orders)
    for host, certificate, names in (*planned, *declared):
        places[_name_set(names)].add((host, certificate))
    others = {
        order: places[_name_set(order.names)] - {order.place} for order in orders if not (order.shared or order.by_date)
    }
    return {
        order: tuple(_name_place(order, place) for place in sorted(found)) for order, found in others.items() if found
    }


def _name_place(order: PlannedOrder, place: tuple[str, str]) -> str:
    """A host; of the same host the other certificate."""
    host, certificate = place
    return host if host != order.host else f"{certificate} of the same host"


def _name_set(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name.lower() for name in names)


def _find_too_many(orders: Sequence[PlannedOrder], limit: int, confirmed: str) -> dict[PlannedOrder, None]:
    """The set that is refused as a whole, for it shows a mistake and not some certificates too many."""
    reissues = dict.fromkeys(order for order in orders if order.is_reissue)
    return {} if len(reissues) <= limit or confirmed == digest_orders(reissues) else reissues


def _refuse_doubled(order: PlannedOrder, hosts: tuple[str, ...]) -> Problem:
    fact = f"the same names are ordered for {_shorten(hosts)} too, and a CA gives few certificates a week for one set"
    home = min((order.host, *(host for host in hosts if " " not in host)))
    way_out = f"declare it once, with `shared: {{home: {home}}}`, or give each host names of its own"
    return Problem(order.certificate, "names_on_two_hosts", f"{fact}; {way_out}")


def _refuse_reissue(order: PlannedOrder, reissues: Iterable[PlannedOrder], limit: int, confirmed: str) -> Problem:
    reissues = tuple(reissues)
    budget = f" together with tls_max_orders: {len(reissues)}" if len(reissues) > DEFAULT_BUDGET else ""
    fact = f"{len(reissues)} certificates would be issued again although no date asks for it, and {limit} may be"
    other = f"; tls_confirm_reissue is {confirmed}, which is for another set" if confirmed else ""
    way_out = f"look for what changed, or let just these pass by tls_confirm_reissue: {digest_orders(reissues)}{budget}"
    return Problem(order.certificate, "too_many_reissues", f"{fact} (tls_max_reissues){other}; {way_out}")


def _describe_reissues(reissues: Iterable[PlannedOrder]) -> tuple[Notice, ...]:
    """All of them, once: each problem tells the number only."""
    listed = ", ".join(sorted("/".join(order.place) for order in reissues))
    return (Notice("too_many_reissues", f"No date asks for these to be issued again: {listed}"),) if listed else ()


def _describe_held(held: Sequence[PlannedOrder], permitted: int) -> tuple[Notice, ...]:
    if not held:
        return ()
    fact = f"{permitted} of {permitted + len(held)} orders fit into the budget of a run, and {len(held)} are left"
    times = [order.needed_by for order in held if order.needed_by]
    needed = f"; the next run is needed by {format_instant(min(times))}" if times else "; run again"
    return (Notice("orders_held", f"{fact} for the next{needed}"),)


def _shorten(hosts: tuple[str, ...]) -> str:
    return ", ".join(hosts[:5]) + (f" and {len(hosts) - 5} more" if len(hosts) > 5 else "")
