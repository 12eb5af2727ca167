# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Any number of certificates on one host in two executions; each is refused, put back and reported by itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._collected import REFUSE_ALL, Collected
from ansible_collections.certwright.tls.plugins.plugin_utils._convergence import Round, converge
from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import Observed
from ansible_collections.certwright.tls.plugins.plugin_utils._core.entry import (
    ADOPTED,
    GONE,
    ON_HOST,
    REQUESTED,
    Entry,
    find_notices,
    load_entry,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.plan import Plan
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice, Problem
from ansible_collections.certwright.tls.plugins.plugin_utils._core.report import (
    describe_diff,
    find_clock_notices,
    list_hints,
    list_paths,
    load_notices,
    report_outcomes,
    report_warnings,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.requested import load_requested
from ansible_collections.certwright.tls.plugins.plugin_utils._core.supplied import load_declared, load_desired
from ansible_collections.certwright.tls.plugins.plugin_utils._core.wishes import (
    Adopted,
    Gone,
    OnHost,
    Supplied,
    Wish,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._remote import Host, PipelinedAction
from ansible_collections.certwright.tls.plugins.plugin_utils._service_files import read_service_files
from ansible_collections.certwright.tls.plugins.plugin_utils._services.presets import PRESETS
from ansible_collections.certwright.tls.plugins.plugin_utils._supply import Supply, read_anchors


@dataclass(frozen=True)
class Task:
    """What a task wishes of one host, and what was wrong with it before anybody looked there."""

    wishes: tuple[Wish, ...]
    refused: tuple[Plan, ...]
    on_problem: str

    @property
    def problems(self) -> tuple[Problem, ...]:
        return tuple(problem for plan in self.refused for problem in plan.problems)


def read_task(
    action: PipelinedAction,
    entries: Sequence[tuple[str, Mapping[str, Any]]],
    *,
    stage_only: bool,
    on_problem: str,
    now: datetime,
) -> Task:
    """`entries` are names in the store with their arguments. Raises RefusedError when one problem refuses all."""
    collected: Collected[Wish] = Collected()

    def read(name: str, arguments: Mapping[str, Any]) -> Wish:
        entry = load_entry(arguments, name=name, stage_only=stage_only)
        collected.require_new(entry.name)  # before any file is read for it
        return _read_wish(action, entry, arguments, now)

    for name, arguments in entries:
        collected.add(partial(read, name, arguments))
    return Task(tuple(collected.wishes.values()), collected.refuse(on_problem), on_problem)


def _read_wish(action: PipelinedAction, entry: Entry, arguments: Mapping[str, Any], now: datetime) -> Wish:
    if entry.kind == GONE:
        return Gone(entry.to_removal(frozenset()), find_notices(entry))
    supply = Supply(action, entry.name, arguments)
    if entry.kind == ADOPTED:
        path = arguments.get("certificate_src")
        declared = load_declared(entry.to_declaration(), presets=PRESETS)
        return Adopted(declared, () if path is None else (str(path),))
    entry = replace(entry, services=read_service_files(action, entry.name, entry.services))
    if entry.kind == ON_HOST:
        declared = load_declared(entry.to_declaration(), presets=PRESETS)
        return OnHost(declared, supply.read_source(), read_anchors())
    if entry.kind == REQUESTED:
        material = supply.read_material()
        return load_requested(
            entry.to_declaration(), material.certificate or b"", material.ca, presets=PRESETS, anchors=read_anchors()
        )
    desired, notices = load_desired(
        entry.to_declaration(), supply.read_material(), presets=PRESETS, now=now, anchors=read_anchors()
    )
    return Supplied(desired, notices)


def install(host: Host, task: Task, *, now: datetime, check_mode: bool) -> Round:
    """The round's plans hold those of what was refused before as well."""
    # What may be followed is planned before what follows it
    wishes = {wish.name: wish for wish in sorted(task.wishes, key=lambda wish: isinstance(wish, Gone))}
    sound: set[str] = set()

    def plan(name: str, observed: Observed) -> Plan:
        planned = _with_brought_files(wishes[name], wishes, sound).plan(observed, now)
        if not planned.problems:
            sound.add(name)
        return planned

    names = sorted({name for wish in wishes.values() for name in wish.names})
    ended = converge(
        host,
        look=lambda asked: asked.observe(
            [wish.look(now) for wish in wishes.values()], baseline=check_mode, names=names
        ),
        plan=plan,
        request=lambda plan, observed: wishes[plan.certificate].request(plan, observed, run=host.run, now=now),
        check_mode=check_mode,
        refuse_all=task.on_problem == REFUSE_ALL,
    )
    return replace(ended, plans=(*ended.plans, *task.refused))


def _with_brought_files(wish: Wish, wishes: Mapping[str, Wish], sound: set[str]) -> Wish:
    """A domain may fall back to files that the same task brings to the certificate that it falls back to."""
    if not isinstance(wish, Gone) or wish.removal.follows not in sound:
        return wish
    services = wishes[wish.removal.follows].declared_services
    brought = frozenset(f"{service.name}/{file.name}" for service in services for file in service.files)
    return replace(wish, removal=replace(wish.removal, bringing=brought))


def report_task(task: Task, ended: Round, *, now: datetime, check_mode: bool) -> dict[str, Any]:
    """The task's result: the whole of it, and by certificate."""
    return report_round(task.wishes, ended, (), after={}, now=now, check_mode=check_mode)


def report_round(  # noqa: PLR0913 - what is said beside the round
    wishes: Sequence[Wish],
    ended: Round,
    notices: Iterable[Notice],
    *,
    after: Mapping[str, Mapping[str, Any]],
    now: datetime,
    check_mode: bool,
) -> dict[str, Any]:
    """`notices` are those that belong to no plan and to no outcome; `after` describes what is not made yet."""
    store = ended.answer["store"]
    result = report_outcomes(ended.plans, ended.outcomes, check_mode=check_mode)
    said = (*notices, *(notice for plan in ended.plans for notice in plan.notices), *load_notices(ended.outcomes))
    described = {wish.name: wish.describe(ended.observed[wish.name]) for wish in wishes}
    shown = {wish.name: _show(wish, store, described[wish.name]) for wish in wishes}
    changed = [name for name in shown if result["outcomes"][name]["changed"]]
    return {
        **result,
        "certificates": shown,
        "unmanaged": sorted(set(ended.answer["stored"]) - set(result["outcomes"])),
        "store_path": store,
        "warnings": report_warnings((*said, *find_clock_notices(ended.answer["time"], now))),
        "diff": [describe_diff(name, ended.observed[name], after.get(name, described[name])) for name in changed],
    }


def _show(wish: Wish, store: str, described: Mapping[str, Any]) -> dict[str, Any]:
    services = wish.declared_services
    hints = list_hints(store, wish.name, services)
    return {"certificate": dict(described), "paths": list_paths(store, wish.name, services), "hints": hints}
