# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Any number of certificates, or all of a host, on their way out: prepared, revoked, deleted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._collected import REFUSE_ALL, Collected
from ansible_collections.certwright.tls.plugins.plugin_utils._convergence import ChangedUnderneath, Round, converge
from ansible_collections.certwright.tls.plugins.plugin_utils._core.burial import (
    find_revocable,
    is_held_back,
    word_removed,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import Observed
from ansible_collections.certwright.tls.plugins.plugin_utils._core.entry import (
    SYSTEM,
    refuse_absent,
    spell_store_name,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.leaked_key import UNKNOWN
from ansible_collections.certwright.tls.plugins.plugin_utils._core.plan import Plan
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice, Reason
from ansible_collections.certwright.tls.plugins.plugin_utils._core.removal import Burial, Removal
from ansible_collections.certwright.tls.plugins.plugin_utils._core.report import (
    describe_diff,
    find_clock_notices,
    load_notices,
    report_outcomes,
    report_warnings,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.revocation import (
    choose_reason,
    find_left_unrevoked,
    find_objection,
    spell_reason,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.sharing import name_at_home
from ansible_collections.certwright.tls.plugins.plugin_utils._core.supplied import require_name
from ansible_collections.certwright.tls.plugins.plugin_utils._core.tombstone import (
    DECLARED,
    DECOMMISSIONED,
    NAMED,
    Leaf,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.wishes import Gone
from ansible_collections.certwright.tls.plugins.plugin_utils._remote import Host

PREPARE, REVOKE, FINISH = "prepare", "revoke", "finish"
# What a check foretells counts as done.
_REVOKED = ("revoked", "planned")


@dataclass(frozen=True)
class RemovalTask:
    """What a task takes away: `wishes` by name, or with `whole` everything that this collection deployed."""

    step: str
    wishes: Mapping[str, Gone]
    refused: tuple[Plan, ...]
    on_problem: str
    whole: Gone | None
    is_revoking: bool
    reason: str
    outcomes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    names: frozenset[str] = frozenset()
    among_hosts: bool = False

    def find_wish(self, name: str) -> Gone:
        wish = self.wishes[name] if self.whole is None else self.whole
        burial = wish.removal.burial and replace(wish.removal.burial, members=self.members.get(name, ()))
        return replace(wish, removal=replace(wish.removal, name=name, burial=burial))

    def should_revoke(self, name: str) -> bool:
        burial = self.find_wish(name).removal.burial
        return self.is_revoking or (burial is not None and burial.is_compromised)


def read_removals(
    arguments: Mapping[str, Any], elements: Sequence[Mapping[str, Any]], *, run: str, check_mode: bool
) -> RemovalTask:
    """Raises RefusedError with everything that cannot be removed, unless `on_problem` is skip."""
    step = str(arguments["step"])
    outcomes = {str(item.get("fingerprint")): item for item in arguments["revocations"]}
    revoked = frozenset(name for name, item in outcomes.items() if item.get("outcome") in _REVOKED)
    common = Burial(
        NAMED, run, is_purged=bool(arguments["purge"]), revoked=revoked, again=bool(arguments["compromised_again"])
    )
    # What a check foretells is the whole way
    later = partial(Removal, stage_only=not check_mode, holds_files=step == PREPARE and not check_mode)
    collected: Collected[Gone] = Collected()
    for words in elements:
        collected.add(partial(_read, words, common, later))
    whole = None
    if arguments["everything"]:
        burial = replace(common, why=DECOMMISSIONED, is_compromised=bool(arguments["compromised"]))
        whole = Gone(later("every", "", frozenset(arguments["accept"]), burial=burial))
    return RemovalTask(
        step=step,
        wishes=_with_homes(collected.wishes),
        refused=collected.refuse(str(arguments["on_problem"])),
        on_problem=str(arguments["on_problem"]),
        whole=whole,
        is_revoking=bool(arguments["revoke"]),
        reason=spell_reason(str(arguments["reason"])),
        outcomes=outcomes,
        members={name_at_home(str(name)): tuple(map(str, hosts)) for name, hosts in arguments["members"].items()},
        names=frozenset(map(str, arguments["names"])),
        among_hosts=bool(arguments["among_hosts"]),
    )


def _read(words: Mapping[str, Any], common: Burial, later: partial[Removal]) -> Gone:
    name = require_name(spell_store_name(str(words["name"])))
    burial = replace(
        common,
        why=DECLARED if words["declared_absent"] else NAMED,
        is_compromised=bool(words["compromised"]),
        is_kept=bool(words["keep"]),
    )
    if name == SYSTEM and not burial.is_kept:
        raise RefusedError.from_problems([refuse_absent(name)])
    return Gone(later(name, SYSTEM, frozenset(words["accept"]), burial=burial))


def _with_homes(wishes: Mapping[str, Gone]) -> dict[str, Gone]:
    """The home of a shared certificate has it beside the one that it is a member of itself."""
    found = dict(wishes)
    for name, wish in wishes.items():
        burial = wish.removal.burial and replace(wish.removal.burial, is_beside=True)
        found[name_at_home(name)] = Gone(replace(wish.removal, name=name_at_home(name), burial=burial))
    return found


@dataclass(frozen=True)
class Revocable:
    """Each certificate that is to be revoked now, with the reason that its CA is told and why it is not to be asked.

    `held_back` are names of what was to go and is used still.
    """

    wanted: tuple[tuple[str, Leaf, str, str], ...]
    held_back: tuple[str, ...]


def look_at_removals(host: Host, task: RemovalTask, *, now: datetime) -> Revocable:
    ended = _converge(host, task, now=now, check_mode=True)
    removals = {name: task.find_wish(name).removal for name in ended.observed}
    held_back = (
        name
        for name, removal in removals.items()
        if removal.burial is not None and is_held_back(removal, removal.burial, ended.observed[name])
    )
    return Revocable(tuple(_find_wanted(ended, task, now)), tuple(held_back))


def _find_wanted(ended: Round, task: RemovalTask, now: datetime) -> Iterator[tuple[str, Leaf, str, str]]:
    for name, observed in ended.observed.items():
        removal = task.find_wish(name).removal
        if removal.burial is None or not task.should_revoke(name):
            continue
        for leaf in find_revocable(removal, removal.burial, observed, now):
            reason = choose_reason(leaf, task.reason, is_compromised=removal.burial.is_compromised)
            yield name, leaf, reason, find_objection(leaf, task.names, removal.accepted)


def remove(host: Host, task: RemovalTask, *, now: datetime, check_mode: bool) -> Round:
    """The last step of a whole host ends its store, when nothing of ours is left in it."""
    ended = _converge(host, task, now=now, check_mode=check_mode)
    is_last = task.whole is not None and task.step == FINISH and ended.answer["exists"]
    if not is_last or any(plan.problems or plan.failures for plan in ended.plans):
        return replace(ended, plans=(*ended.plans, *task.refused))
    if check_mode:
        return replace(ended, plans=(*ended.plans, Plan("store", reasons=(_STORE_GOES,), remove=True)))
    burial = task.whole.removal.burial if task.whole else None
    words = {} if burial is None else word_removed(burial, None, now).to_json()
    answer = host.apply([], dissolve=words)
    if answer["changed_underneath"]:
        raise ChangedUnderneath(_INTERRUPTED)
    notices = [{"code": "store_kept", "message": f"Left alone in the store: {', '.join(answer['left'])}"}]
    outcome = {
        "certificate": "store",
        "outcome": "removed" if answer["dissolved"] else "remembered",
        "message": "",
        "generation": None,
        "previous": None,
        "step": "",
        "services": [],
        "notices": notices if answer["left"] else [],
    }
    plan = Plan("store", reasons=(_STORE_GOES,) if answer["dissolved"] else ())
    return replace(ended, plans=(*ended.plans, plan), outcomes=(*ended.outcomes, outcome))


_INTERRUPTED = "Another run was interrupted meanwhile; its work was finished and the store left as it is; run again"
_STORE_GOES = Reason("store_removed", "Nothing of ours is left in the store, which goes too")


def _converge(host: Host, task: RemovalTask, *, now: datetime, check_mode: bool) -> Round:
    def look(asked: Host) -> dict[str, Any]:
        if task.whole is not None:
            return asked.observe([], baseline=False, everything=True, leaving=True)
        return asked.observe([wish.look(now) for wish in task.wishes.values()], baseline=check_mode)

    def plan(name: str, observed: Observed) -> Plan:
        wish = task.find_wish(name)
        if task.step == PREPARE and wish.removal.burial is not None and wish.removal.burial.is_kept:
            return Plan(name)
        planned = wish.plan(observed, now)
        return _with_unrevoked(planned, task, observed, now) if task.step == FINISH else planned

    return converge(
        host,
        look=look,
        plan=plan,
        request=lambda plan, observed: task.find_wish(plan.certificate).request(plan, observed, run=host.run, now=now),
        check_mode=check_mode,
        refuse_all=task.on_problem == REFUSE_ALL,
    )


def _with_unrevoked(plan: Plan, task: RemovalTask, observed: Observed, now: datetime) -> Plan:
    """What was to be revoked and was not is told until it is; its public part stays known for that."""
    removal = task.find_wish(plan.certificate).removal
    if removal.burial is None or plan.problems or not task.should_revoke(plan.certificate):
        return plan
    left = tuple(
        leaf
        for leaf in find_revocable(removal, removal.burial, observed, now)
        if leaf.fingerprint not in removal.burial.revoked
    )
    problems, notices = find_left_unrevoked(plan.certificate, left, task.outcomes)
    return replace(plan, failures=(*plan.failures, *problems), notices=(*plan.notices, *notices))


def report_removals(ended: Round, task: RemovalTask, *, now: datetime, check_mode: bool) -> dict[str, Any]:
    plans = tuple(plan for plan in ended.plans if not _is_idle_home(plan))
    result = report_outcomes(plans, ended.outcomes, check_mode=check_mode)
    planned = (item for plan in plans for item in plan.notices if not (task.among_hosts and item.code == UNKNOWN))
    said: Iterable[Notice] = (*planned, *load_notices(ended.outcomes))
    changed = [name for name, item in result["outcomes"].items() if item["changed"] and name in ended.observed]
    return {
        **result,
        "unknown": [plan.certificate for plan in plans if any(item.code == UNKNOWN for item in plan.notices)],
        "unmanaged": sorted(set(ended.answer["stored"]) - set(result["outcomes"])),
        "store_path": ended.answer["store"],
        "warnings": report_warnings((*said, *find_clock_notices(ended.answer["time"], now))),
        "diff": [describe_diff(name, ended.observed[name], {}) for name in changed],
    }


def _is_idle_home(plan: Plan) -> bool:
    """Few certificates are shared, and nobody asked for these."""
    is_silent = plan.is_empty and not (plan.problems or plan.failures)
    return plan.certificate.endswith(name_at_home("")) and is_silent
