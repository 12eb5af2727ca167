# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Observe, plan, apply: again when the host changed underneath, three times at most."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import Observed
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import TlsError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.neighbours import load_neighbours
from ansible_collections.certwright.tls.plugins.plugin_utils._core.plan import Plan
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Reason
from ansible_collections.certwright.tls.plugins.plugin_utils._remote import Host

_TRIES = 3


class ChangedUnderneath(TlsError):
    """Somebody else was faster, three times in a row."""


@dataclass(frozen=True)
class Round:
    """The last look, the plans made on it, and every outcome on the way there."""

    answer: dict[str, Any]
    observed: dict[str, Observed]
    plans: tuple[Plan, ...]
    outcomes: tuple[dict[str, Any], ...]


def converge(  # noqa: PLR0913 - three questions, two switches
    host: Host,
    *,
    look: Callable[[Host], dict[str, Any]],
    plan: Callable[[str, Observed], Plan],
    request: Callable[[Plan, Observed], dict[str, Any]],
    check_mode: bool,
    refuse_all: bool = False,
) -> Round:
    """`look` observes, `plan` decides for each certificate, `request` words a plan for the host.

    With `refuse_all` one problem of one certificate keeps all of them from being touched.
    """
    outcomes: list[dict[str, Any]] = []
    reasons: dict[str, tuple[Reason, ...]] = {}
    for _try in range(_TRIES):
        answer = look(host)
        neighbours = load_neighbours(answer.get("neighbours", ()))
        observed = {name: Observed.from_answer(answer, name, neighbours) for name in answer["certificates"]}
        plans = tuple(_with_earlier(plan(name, observed[name]), reasons) for name in observed)
        plans = _hold_back(plans) if refuse_all else plans
        todo = [item for item in plans if item.recover or not (item.is_empty or item.problems)]
        if check_mode or not todo:
            return Round(answer, observed, plans, tuple(outcomes))
        words = [request(_permitted(item), observed[item.certificate]) for item in todo]
        applied = host.apply(words, refuse_all=refuse_all)
        outcomes.extend(applied["outcomes"])
        if not applied["changed_underneath"]:
            return Round(answer, observed, plans, tuple(outcomes))
        if applied["outcomes"]:
            reasons = {item.certificate: item.reasons for item in plans}
    raise ChangedUnderneath(
        "The store changed three times between looking and acting: another run is at work; run again"
    )


def _hold_back(plans: tuple[Plan, ...]) -> tuple[Plan, ...]:
    """One problem of one certificate keeps the sound ones from being touched too; what was interrupted is finished."""
    if not any(item.problems for item in plans):
        return plans
    return tuple(replace(item, held=bool(item.changes and not item.problems)) for item in plans)


def _permitted(plan: Plan) -> Plan:
    """Of what is refused or held back no more than the end of an interrupted run, which another may have ended."""
    is_forbidden = bool(plan.problems) or plan.held
    return Plan(plan.certificate, problems=plan.problems, recover=True, held=plan.held) if is_forbidden else plan


def _with_earlier(plan: Plan, reasons: dict[str, tuple[Reason, ...]]) -> Plan:
    """What made an earlier round act is a reason of the whole task."""
    return replace(plan, reasons=tuple(dict.fromkeys((*reasons.get(plan.certificate, ()), *plan.reasons))))
