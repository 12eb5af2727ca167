# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A key leaked of a certificate that is to stay: marked, replaced by whoever brings it, and then gone."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import Observed, ObservedGeneration
from ansible_collections.certwright.tls.plugins.plugin_utils._core.plan import Plan, interrupted_reasons, own
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice, Problem, Reason
from ansible_collections.certwright.tls.plugins.plugin_utils._core.removal import Burial

UNKNOWN = "unknown"
_NEXT = "run certwright.tls.install now, and then this again"


def plan_leaked_key(name: str, burial: Burial, observed: Observed) -> Plan:
    """1. what the host has is marked, and installing replaces it  2. once another key is live, the others go."""
    plan = Plan(name, reasons=interrupted_reasons(observed), recover=bool(observed.interrupted))
    live, pending = own(observed.live), own(observed.pending)
    if live is None and pending is None:
        told = Notice(UNKNOWN, f"the store has no key of {name}; correct the name in tls_compromised")
        return plan if burial.is_beside else replace(plan, notices=(told,))
    marked = [leaf for leaf in observed.usage.leaves if leaf.is_compromised]
    if not marked or burial.again or _has_leaked(pending or live, observed):
        return _mark(plan, observed)
    if live is None or pending is not None or _has_leaked(live, observed):
        fact = f"{name} has a new key, which its services do not have yet"
        return replace(plan, failures=(Problem(name, "compromised_in_use", f"{fact}; {_NEXT}"),))
    return _finish(plan, live, burial, observed)


def _has_leaked(generation: ObservedGeneration | None, observed: Observed) -> bool:
    leaked = {leaf.key for leaf in observed.usage.leaves if leaf.is_compromised}
    fingerprint = generation.fingerprint if generation else ""
    return any(leaf.fingerprint == fingerprint and leaf.key in leaked for leaf in observed.usage.leaves)


def _mark(plan: Plan, observed: Observed) -> Plan:
    name = plan.certificate
    new = [leaf.fingerprint for leaf in observed.usage.leaves if not leaf.is_compromised]
    fact = f"the key of {name} is known as compromised on this host from now on, and is still served"
    way_out = f"{_NEXT}: what a CA issues gets a new key by itself; of what is installed from files supply a new one"
    return replace(
        plan,
        failures=(Problem(name, "compromised_in_use", f"{fact}; {way_out}"),),
        bury={"compromised": new} if new else None,
    )


def _finish(plan: Plan, live: ObservedGeneration, burial: Burial, observed: Observed) -> Plan:
    leaves = observed.usage.leaves
    earlier = sorted(leaf.generation for leaf in leaves if 0 < leaf.generation < live.number)
    revoked = [leaf.fingerprint for leaf in leaves if leaf.fingerprint in burial.revoked and not leaf.is_revoked]
    bury = {"revoked": revoked} if revoked else None
    if not earlier:
        fact = f"{plan.certificate} has had another key since one was said to be compromised"
        way_out = "if this one leaked too, say `tls_compromised_again: true`"
        return replace(plan, bury=bury, notices=(*plan.notices, Notice("key_replaced", f"{fact}; {way_out}")))
    return replace(plan, purge=True, bury=bury, reasons=(*plan.reasons, name_purged(plan.certificate, earlier)))


def name_purged(name: str, generations: list[int]) -> Reason:
    numbers = ", ".join(map(str, generations))
    return Reason("generations_purged", f"Of {name} the generations {numbers} are deleted with their keys")
