# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From wishes to certificates on one host: what is due is ordered, within what a fleet and its CAs allow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from ansible_collections.certwright.tls.plugins.plugin_utils._convergence import Round, converge
from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import Observed
from ansible_collections.certwright.tls.plugins.plugin_utils._core.due import (
    Due,
    find_claim,
    find_due,
    find_replaced_requests,
    find_unasked,
    find_untimed,
    plan_order,
    put_off,
    with_held,
    with_verdict,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.issuance import Memory
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_guards import PlannedOrder, guard_orders
from ansible_collections.certwright.tls.plugins.plugin_utils._core.ordered import Ordered
from ansible_collections.certwright.tls.plugins.plugin_utils._core.plan import Plan
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice
from ansible_collections.certwright.tls.plugins.plugin_utils._reception import with_handed
from ansible_collections.certwright.tls.plugins.plugin_utils._remote import Host
from ansible_collections.certwright.tls.plugins.plugin_utils._run_name import is_over
from ansible_collections.certwright.tls.plugins.plugin_utils._supply import read_anchors

_CLOCK_TOLERANCE = 300


class Talk(Protocol):
    """What one task has to say to those who issue; `notices` are what comes of it beside certificates."""

    notices: list[Notice]

    def ask_windows(self, items: Iterable[Due]) -> dict[str, Memory]:
        """When each of them is to be renewed."""

    def order(self, due: Iterable[Due]) -> dict[str, Ordered]:
        """Each wish with what was given for it, or how it ended."""

    def foresee_all(self, due: Iterable[Due]) -> dict[str, Ordered]:
        """The wishes that would fail."""

    def close(self) -> None:
        """Nobody is talked to any more."""


@dataclass(frozen=True)
class Limits:
    """What this task may order. `permitted` is a fleet's verdict; None where this host is judged alone."""

    permitted: frozenset[str] | None = None
    max_orders: int | None = None
    max_reissues: int | None = None
    confirmed: str = ""


@dataclass(frozen=True)
class Enrolled:
    """How it ended: the round on the host, each wish as it was settled, and what was due at first sight."""

    round: Round
    wishes: Mapping[str, Ordered]
    orders: tuple[PlannedOrder, ...]
    notices: tuple[Notice, ...]


class Enrolment:
    """One task on one host. `begin` makes the talk with those who issue, once there is something to say."""

    def __init__(self, host: Host, *, name: str, limits: Limits, begin: Callable[[], Talk], now: datetime) -> None:
        self._host, self._name, self._limits, self._begin, self._now = host, name, limits, begin, now
        self._conversations: Talk | None = None
        self._notices: list[Notice] = []

    def run(self, wishes: Iterable[Ordered], *, check_mode: bool) -> Enrolled:
        """1. look at the host 2.-4. settle 5. install what was given, and let the host remember what was not."""
        settled = {wish.name: wish for wish in wishes}
        names = sorted({name for wish in settled.values() for name in wish.names})
        looks = [wish.look(self._now) for wish in settled.values()]
        first = self._host.observe(looks, baseline=check_mode, names=names)  # 1
        try:
            settled, orders = self._settle(settled, first, check_mode=check_mode)
        finally:
            if self._conversations:
                self._conversations.close()
        waiting = [first]

        def look(host: Host) -> dict[str, Any]:
            """The first look is the one that was decided on; what changed since is noticed by the host."""
            return waiting.pop() if waiting else host.observe(looks, baseline=check_mode, names=names)

        def request(plan: Plan, observed: Observed) -> dict[str, Any]:
            return settled[plan.certificate].request(plan, observed, run=self._host.run, now=self._now)

        ended = converge(  # 5
            self._host,
            look=look,
            plan=lambda name, observed: settled[name].plan(observed, self._now),
            request=request,
            check_mode=check_mode,
        )
        said = self._conversations.notices if self._conversations else []
        return Enrolled(ended, settled, orders, (*self._notices, *said))

    def _settle(
        self, wishes: dict[str, Ordered], answer: dict[str, Any], *, check_mode: bool
    ) -> tuple[dict[str, Ordered], tuple[PlannedOrder, ...]]:
        """2. ask when to renew, where the last answer is old 3. leave out what waits or is over a limit 4. order."""
        observed = {name: wish.see(Observed.from_answer(answer, name)) for name, wish in wishes.items()}
        if abs(float(answer["time"]) - self._now.timestamp()) > _CLOCK_TOLERANCE:
            wishes = {name: replace(wish, trusts_clock=False) for name, wish in wishes.items()}
            wishes.update({wish.name: wish for wish in find_untimed(wishes, observed, self._now)})
        wishes = {name: self._receive(wish, observed[name]) for name, wish in wishes.items()}
        unasked = list(find_unasked(wishes, observed, self._now))
        memories = self._talk().ask_windows(unasked) if unasked else {}  # 2
        wishes = {name: replace(wish, memory=memories.get(name, wish.memory)) for name, wish in wishes.items()}
        due = {item.name: _with_ended_run(item) for item in find_due(wishes, observed, self._now)}
        for item in due.values():  # 3
            wishes[item.name] = put_off(item, run=self._host.run, now=self._now) or wishes[item.name]
        open_ones = [item for item in due.values() if wishes[item.name].ending is None]
        orders = tuple(plan_order(item, host=self._name, now=self._now) for item in open_ones)
        held = self._find_held_back({item.name: item for item in open_ones}, orders, wishes)
        wishes.update({wish.name: wish for wish in held})
        permitted = [item for item in open_ones if wishes[item.name].ending is None]
        if permitted:  # 4
            talk = self._talk()
            self._notices.extend(() if check_mode else find_replaced_requests(permitted))
            wishes.update(talk.foresee_all(permitted) if check_mode else talk.order(_by_urgency(permitted, orders)))
        return wishes, orders

    def _receive(self, wish: Ordered, observed: Observed) -> Ordered:
        return with_handed(wish, observed, now=self._now, anchors=read_anchors()) if wish.is_member else wish

    def _find_held_back(
        self, due: Mapping[str, Due], orders: tuple[PlannedOrder, ...], wishes: Mapping[str, Ordered]
    ) -> Iterable[Ordered]:
        limits = self._limits
        if limits.permitted is not None:
            return [with_held(item, self._now) for name, item in due.items() if name not in limits.permitted]
        verdict = guard_orders(
            orders,
            budget=limits.max_orders,
            max_reissues=limits.max_reissues,
            certificates=len(wishes),
            confirmed=limits.confirmed,
            declared=[(self._name, wish.name, wish.names) for wish in wishes.values() if wish.sharing is None],
        )
        self._notices.extend(verdict.notices)
        return with_verdict(due, verdict, self._now)

    def _talk(self) -> Talk:
        if self._conversations is None:
            self._conversations = self._begin()
        return self._conversations


def _with_ended_run(due: Due) -> Due:
    """A run of this controller that was killed has left its claim behind."""
    claim = find_claim(due.observed)
    return replace(due, ended_run=claim) if is_over(claim) else due


def _by_urgency(due: Iterable[Due], orders: Iterable[PlannedOrder]) -> list[Due]:
    urgency = {item.certificate: item.urgency for item in orders}
    return sorted(due, key=lambda item: urgency[item.name])
