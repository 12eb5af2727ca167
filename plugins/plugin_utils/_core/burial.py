# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A removal that is remembered: what is written down of it, what is purged with it, and what may be revoked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import Observed, format_time
from ansible_collections.certwright.tls.plugins.plugin_utils._core.leaked_key import (
    UNKNOWN,
    name_purged,
    plan_leaked_key,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.plan import Plan, own
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice, Problem
from ansible_collections.certwright.tls.plugins.plugin_utils._core.removal import (
    Burial,
    Removal,
    is_in_use,
    plan_removal,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.tombstone import DECOMMISSIONED, NAMED, Leaf, Removed

# What an operator accepts: hosts that have it from here may lose it.
MEMBERS_ABANDONED = "members_abandoned"


def plan_burial(removal: Removal, burial: Burial, observed: Observed, now: datetime) -> Plan:
    """The removal with everything that is to be remembered of it, and again nothing."""
    if burial.is_kept:
        return plan_leaked_key(removal.name, burial, observed)
    if _has_members(removal, burial) and _is_live(observed):
        return Plan(removal.name, problems=(_refuse_members(removal, burial),), recover=bool(observed.interrupted))
    plan = plan_removal(removal, observed, now)
    if plan.problems:
        return plan
    is_asked = burial.why == NAMED and not burial.is_beside
    if is_asked and not observed.usage.is_present and not _is_known(observed):
        fact = f"the store has no certificate {removal.name}"
        plan = replace(plan, notices=(*plan.notices, Notice(UNKNOWN, f"{fact}; correct the name in tls_remove")))
    if not removal.holds_files and (burial.is_purged or burial.is_compromised):
        plan = _with_purge(plan, removal, observed)
    return replace(plan, bury=_find_words(plan, burial, observed, now))


def _has_members(removal: Removal, burial: Burial) -> bool:
    """Whether hosts still have it from this one, and nobody says that they may lose it."""
    return bool(burial.members) and MEMBERS_ABANDONED not in removal.accepted


def _is_live(observed: Observed) -> bool:
    """Whether it is there, or could still be revoked."""
    return observed.usage.is_present or not all(leaf.is_revoked for leaf in observed.usage.leaves)


def _refuse_members(removal: Removal, burial: Burial) -> Problem:
    fact = (
        f"the inventory shares it from here with hosts that have not let it go in this run: {', '.join(burial.members)}"
    )
    way_out = "remove it from them in the same run, or take it out of their inventory"
    accept = "when they may lose it, say `tls_remove_accept: [members_abandoned]`"
    return Problem(removal.name, "shared_in_use", f"{fact}; {way_out}; {accept}")


def _is_known(observed: Observed) -> bool:
    """The record of a whole host that went is one for every name, and knows none."""
    removed = observed.tombstone.removed
    is_told = removed is not None and (removed.why != DECOMMISSIONED or bool(removed.fingerprint))
    return is_told or bool(observed.usage.leaves)


def _with_purge(plan: Plan, removal: Removal, observed: Observed) -> Plan:
    """Services first: while they are not with the other certificate, the files stay."""
    live = observed.live
    if plan.remove or live is None or live.follows != removal.follows or plan.activate or plan.generation is not None:
        return plan
    earlier = sorted(leaf.generation for leaf in observed.usage.leaves if 0 < leaf.generation < live.number)
    if not earlier:
        return plan
    return replace(plan, purge=True, reasons=(*plan.reasons, name_purged(removal.name, earlier)))


def _find_words(plan: Plan, burial: Burial, observed: Observed, now: datetime) -> dict[str, Any] | None:
    """None when all of it is written down already."""
    leaves = observed.usage.leaves
    words: dict[str, Any] = {}
    is_going = plan.remove or plan.purge or plan.fallback or bool(plan.follows)
    if is_going and observed.tombstone.removed is None:
        last = max((leaf for leaf in leaves), key=lambda leaf: leaf.generation, default=None)
        words["removed"] = word_removed(burial, last, now).to_json()
    compromised = [leaf.fingerprint for leaf in leaves if burial.is_compromised and not leaf.is_compromised]
    revoked = [leaf.fingerprint for leaf in leaves if leaf.fingerprint in burial.revoked and not leaf.is_revoked]
    words.update({word: told for word, told in (("compromised", compromised), ("revoked", revoked)) if told})
    return words or ({} if plan.remove else None)


def word_removed(burial: Burial, leaf: Leaf | None, now: datetime) -> Removed:
    when = format_time(now)
    if leaf is None:
        return Removed(when, burial.run, burial.why)
    return Removed(when, burial.run, burial.why, leaf.issuer, leaf.names, leaf.fingerprint)


def find_revocable(removal: Removal, burial: Burial, observed: Observed, now: datetime) -> Iterator[Leaf]:
    """What nobody uses any more, or what leaked and was replaced; each where it was ordered, and no more than once."""
    if is_held_back(removal, burial, observed):
        return
    held = own(observed.pending) or own(observed.live)
    kept = held.fingerprint if burial.is_kept and held is not None else ""
    for leaf in observed.usage.leaves:
        if leaf.is_revoked or leaf.home or leaf.has_ended(now) or leaf.fingerprint == kept:
            continue
        if leaf.is_compromised or not burial.is_kept:
            yield leaf


def is_held_back(removal: Removal, burial: Burial, observed: Observed) -> bool:
    """Whether somebody uses it still, here or as a member."""
    if burial.is_kept:
        return False
    held = own(observed.pending) or own(observed.live)
    is_used = held is not None and observed.usage.is_present and is_in_use(removal, observed)
    return is_used or (_has_members(removal, burial) and _is_live(observed))
