# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The decision: desired and observed in, one plan with its reasons out. A plan is data and holds no key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import (
    Desired,
    Observed,
    ObservedGeneration,
    digest_services,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.differences import find_differences
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice, Problem, Reason
from ansible_collections.certwright.tls.plugins.plugin_utils._core.refusals import find_refusals, may_put_back
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import Service
from ansible_collections.certwright.tls.plugins.plugin_utils._core.serving import (
    find_broken,
    find_lacking,
    find_not_served,
    find_restart_notices,
    find_unnamed_notices,
)


@dataclass(frozen=True)
class Plan:
    """What is to happen to one certificate on one host.

    `stage` stores the desired material as a new generation; else `generation` names a stored one. `activate` hands it
    to the services. `pending` says that a later activation has something to do. `discard` removes stored generations
    that nobody wants any more. `put_back` allows the host to return to what was there before.

    `follows` stores links to the live files of that certificate instead of own ones, and `fallback` says that these
    are shown, or will be. `remove` ends the certificate on this host, `adopt` records one that is not ours. What is
    `held` is sound and not done, since another certificate refuses all.

    `purge` deletes what was there before the live generation, and `bury` is written down before anything goes; `revive`
    ends a removal that is written down.

    `restage` stores the material of that generation again, for other services. `order` says that a CA is to be asked,
    `verdict` what became of that when it brought no certificate, `memory` is what the host is to remember of it, and
    `end_order` how an order that was begun ends there (`finish` or `release`).
    """

    certificate: str
    reasons: tuple[Reason, ...] = ()
    notices: tuple[Notice, ...] = ()
    problems: tuple[Problem, ...] = ()
    failures: tuple[Problem, ...] = ()
    stage: bool = False
    generation: int | None = None
    activate: bool = False
    discard: tuple[int, ...] = ()
    put_back: bool = True
    recover: bool = False
    pending: bool = False
    remember: int | None = None
    follows: str = ""
    fallback: bool = False
    remove: bool = False
    adopt: bool = False
    held: bool = False
    restage: int | None = None
    order: bool = False
    verdict: str = ""
    memory: dict[str, Any] | None = None
    end_order: str = ""
    purge: bool = False
    bury: dict[str, Any] | None = None
    revive: bool = False

    @property
    def changes(self) -> bool:
        """Bookkeeping is no change: `remember` renews the services in the record of a generation."""
        if self.held:
            return False
        stores = self.stage or bool(self.follows) or bool(self.discard)
        return stores or self.activate or self.remove or self.purge or self.adopt or self.recover or self.order

    @property
    def is_empty(self) -> bool:
        notes = self.remember is not None or self.memory is not None or bool(self.end_order) or self.bury is not None
        return self.held or not (self.changes or notes or self.revive)


def plan_deployment(desired: Desired, observed: Observed, now: datetime) -> Plan:
    """A new generation when what is live differs in identity, services or files; else only what its services lack."""
    problems = tuple(find_refusals(desired, observed))
    if problems:
        return Plan(desired.name, problems=problems, recover=bool(observed.interrupted))
    differences = tuple(find_differences(desired, own(observed.live)))
    plan = _plan_generation(desired, observed, differences, now) if differences else _plan_kept(desired, observed, now)
    plan = without_activation(plan) if desired.stage_only else refuse_broken(plan, desired.services, observed)
    return refuse_misplaced(plan, observed)


def own(generation: ObservedGeneration | None) -> ObservedGeneration | None:
    """What shows another certificate's files is none of its own, even while it shows the same leaf."""
    return None if generation is None or generation.follows else generation


def without_activation(plan: Plan) -> Plan:
    """What is stored or discarded now; services, and what is wrong with them, are left to the activation."""
    kept = ("interrupted", "pending_superseded")
    stores = plan.stage or bool(plan.follows)
    reasons = tuple(reason for reason in plan.reasons if stores or reason.code in kept)
    left = plan.pending or bool(plan.failures)
    return replace(plan, reasons=reasons, problems=(), failures=(), activate=False, generation=None, pending=left)


def _plan_generation(desired: Desired, observed: Observed, differences: tuple[Reason, ...], now: datetime) -> Plan:
    """A stored generation that is already what is desired is activated, not stored again."""
    stored = observed.pending
    waiting = stored if stored is not None and not any(find_differences(desired, own(stored))) else None
    discard = tuple(number for number in observed.stored if waiting is None or number != waiting.number)
    pending = () if waiting is None else (_pending_reason(waiting),)
    return Plan(
        desired.name,
        reasons=(*differences, *interrupted_reasons(observed), *pending, *superseded_reasons(discard)),
        notices=tuple(find_unnamed_notices(desired.services, observed)),
        stage=waiting is None,
        generation=None if waiting is None else waiting.number,
        activate=True,
        discard=discard,
        put_back=may_put_back(observed, now),
        recover=bool(observed.interrupted),
        pending=True,
        remember=find_outdated(desired.services, waiting),
    )


def _plan_kept(desired: Desired, observed: Observed, now: datetime) -> Plan:
    """What is live is what is desired: a stored generation beside it is wanted by nobody any more."""
    plan = plan_services(desired.name, desired.services, replace(observed, pending=None), now)
    reasons = (*plan.reasons, *superseded_reasons(observed.stored))
    return replace(
        plan, reasons=reasons, discard=observed.stored, remember=find_outdated(desired.services, observed.live)
    )


def find_outdated(services: tuple[Service, ...], kept: ObservedGeneration | None) -> int | None:
    """A generation that stays, recorded with other commands or probes than are declared now."""
    return kept.number if kept is not None and kept.services_digest != digest_services(services) else None


def refuse_foreseen(plan: Plan, services: tuple[Service, ...], observed: Observed) -> Plan:
    """Check mode knows in advance what the host would refuse."""
    return refuse_misplaced(refuse_broken(plan, services, observed), observed)


def refuse_misplaced(plan: Plan, observed: Observed) -> Plan:
    """Check mode knows in advance which owners and paths the host would refuse."""
    refused = tuple(Problem(plan.certificate, "refused", fact) for fact in observed.refusals)
    return replace(plan, problems=plan.problems + refused) if plan.stage or plan.activate else plan


def plan_activation(name: str, services: tuple[Service, ...], observed: Observed, now: datetime) -> Plan:
    """Hand what is stored, or what is live and not yet with its services, to the services."""
    return refuse_misplaced(plan_services(name, services, observed, now), observed)


def plan_services(name: str, services: tuple[Service, ...], observed: Observed, now: datetime) -> Plan:
    reasons = interrupted_reasons(observed)
    generation: int | None = None
    failures: tuple[Problem, ...] = ()
    if observed.pending is not None:
        reasons, generation = (*reasons, _pending_reason(observed.pending)), observed.pending.number
    elif observed.live is not None:
        lacking = tuple(find_lacking(services, observed, observed.live, now))
        reasons, generation = reasons + lacking, observed.live.number if lacking else None
        failures = () if lacking else tuple(find_not_served(name, services, observed, observed.live, now))
    plan = Plan(
        name,
        reasons=reasons,
        notices=(*find_unnamed_notices(services, observed), *find_restart_notices(services, observed, now)),
        failures=failures,
        generation=generation,
        activate=generation is not None,
        put_back=may_put_back(observed, now),
        recover=bool(observed.interrupted),
        pending=generation is not None,
        fallback=_is_fallback(observed),
    )
    unfit = tuple(_find_unfit(name, observed, now))
    return replace(plan, problems=unfit, activate=False) if unfit else refuse_broken(plan, services, observed)


def _is_fallback(observed: Observed) -> bool:
    """Whether the services show, or are to show, another certificate's files."""
    generation = observed.pending or observed.live
    return generation is not None and bool(generation.follows) and not can_leave(generation.services)


def can_leave(services: tuple[Service, ...]) -> bool:
    """Whether a certificate can end without other files at its paths: its services read what they fall back to."""
    holders = [service for service in services if service.files]
    return bool(holders) and all(service.is_optional for service in holders)


def _find_unfit(name: str, observed: Observed, now: datetime) -> Iterator[Problem]:
    """What was sound when it was stored may have ended, or been changed, before anybody activated it."""
    pending = observed.pending
    if pending is None:
        if observed.live is None and not observed.adopted:
            yield Problem(
                name, "not_stored", f"The store has no certificate {name}; install it first, or correct the name"
            )
        return
    if pending.not_after is not None and pending.not_after <= now:
        fact = f"generation {pending.number} ended {pending.not_after:%Y-%m-%d %H:%M} UTC and was not activated"
        yield Problem(name, "expired", f"{fact}; supply a newer certificate")
    for title in sorted(_find_ended(pending, now) - _find_ended(observed.live, now)):
        fact = f"generation {pending.number} holds {title}, has ended, so it was not activated"
        yield Problem(name, "crl_ended", f"{fact}; install again, with a newer list")
    for file, drift in pending.drift:
        if drift != "attributes":
            fact = f"the file {file} of generation {pending.number} is not as it was stored, so it was not activated"
            yield Problem(name, "file_differs", f"{fact}; install the certificate again")


def _find_ended(generation: ObservedGeneration | None, now: datetime) -> set[str]:
    """Lists of revocations by which its services refuse every client."""
    services = generation.services if generation else ()
    files = (file for service in services for file in service.files)
    return {item.describe() for file in files for item in file.lists if item.has_ended(now)}


def refuse_broken(plan: Plan, services: tuple[Service, ...], observed: Observed) -> Plan:
    """Check mode knows in advance what a run would find at its baseline."""
    broken = tuple(find_broken(plan.certificate, services, observed)) if plan.activate else ()
    return replace(plan, problems=broken) if broken else plan


def superseded_reasons(discard: tuple[int, ...]) -> Iterator[Reason]:
    for number in discard:
        yield Reason(
            "pending_superseded", f"Generation {number} was stored and never activated, and is not wanted any more"
        )


def interrupted_reasons(observed: Observed) -> tuple[Reason, ...]:
    if not observed.interrupted:
        return ()
    return (Reason("interrupted", f"The run {observed.interrupted} was interrupted and has to be finished first"),)


def _pending_reason(pending: ObservedGeneration) -> Reason:
    failed = f"; the last try failed: {pending.failure}" if pending.failure else ""
    return Reason("activation_pending", f"Generation {pending.number} is stored and not active yet{failed}")
