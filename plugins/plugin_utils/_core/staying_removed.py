# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plan that would bring back what was removed, or a key that leaked, brings nothing and says so."""

from __future__ import annotations

from collections.abc import Iterable

from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import Desired, Observed
from ansible_collections.certwright.tls.plugins.plugin_utils._core.plan import Plan, own
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Problem
from ansible_collections.certwright.tls.plugins.plugin_utils._core.tombstone import (
    Identity,
    find_leaked_key,
    find_tombstone,
)


def find_stays(name: str, observed: Observed, declared: Identity, accepted: Iterable[str]) -> tuple[Problem, ...]:
    """Nothing of what the host has: that somebody brought back already."""
    if own(observed.live) is not None or own(observed.pending) is not None:
        return ()
    return tuple(find_tombstone(name, observed.tombstone, declared, accepted))


def stay_removed(plan: Plan, problems: tuple[Problem, ...]) -> Plan:
    """Told, and the other certificates of the host go on."""
    if not problems:
        return plan
    return Plan(plan.certificate, notices=plan.notices, failures=problems, recover=plan.recover, fallback=plan.fallback)


def judge_supplied(plan: Plan, desired: Desired, observed: Observed) -> Plan:
    """Of material that somebody has in hand."""
    leaf = desired.bundle.leaf
    declared = Identity(desired.issuer, desired.names, leaf.fingerprint)
    leaked = find_leaked_key(desired.name, observed.tombstone, leaf.public_key.sha256)
    return stay_removed(plan, (*leaked, *find_stays(desired.name, observed, declared, desired.accepted)))
