# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plan that would bring back what was removed, or a key that leaked, brings nothing and says so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import Desired, Observed
from ansible_collections.certwright.tls.plugins.plugin_utils._core.plan import Plan, own
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Problem
from ansible_collections.certwright.tls.plugins.plugin_utils._core.tombstone import (
    Identity,
    find_leaked_key,
    find_tombstone,
)


def find_stays(name: str, observed: Observed, declared: Identity, accepted: Iterable[str]) -> tuple[Problem, ...]:
    """Whatever the host has of it still: a removal may have ended half way."""
    problems = tuple(find_tombstone(name, observed.tombstone, declared, accepted))
    if not _is_there(observed):
        return problems
    finish = f"its files are still there: run `certwright.tls.remove -e tls_remove={name}` again"
    return tuple(replace(problem, message=f"{problem.message}; {finish}") for problem in problems)


def _is_there(observed: Observed) -> bool:
    return own(observed.live) is not None or own(observed.pending) is not None


def judge_return(plan: Plan, problems: tuple[Problem, ...], observed: Observed) -> Plan:
    """What is not to come back is told, and the other certificates of the host go on.

    What is let through is not removed any more, although nothing of it may have to be stored.
    """
    if problems:
        return Plan(
            plan.certificate, failures=problems, notices=plan.notices, recover=plan.recover, fallback=plan.fallback
        )
    is_back = observed.tombstone.removed is not None and _is_there(observed)
    return replace(plan, revive=True) if is_back and not (plan.problems or plan.failures) else plan


def judge_supplied(plan: Plan, desired: Desired, observed: Observed) -> Plan:
    """Of material that somebody has in hand."""
    leaf = desired.bundle.leaf
    declared = Identity(desired.issuer, desired.names, leaf.fingerprint)
    leaked = find_leaked_key(desired.name, observed.tombstone, leaf.public_key.sha256)
    return judge_return(plan, (*leaked, *find_stays(desired.name, observed, declared, desired.accepted)), observed)
