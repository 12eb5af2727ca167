# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys and requests for certificates on one host: one execution to look, and one for all that is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._collected import Collected
from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate_request import (
    CertificateRequest,
    load_begun,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import Observed
from ansible_collections.certwright.tls.plugins.plugin_utils._core.entry import refuse_missing_url, spell_store_name
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Problem
from ansible_collections.certwright.tls.plugins.plugin_utils._core.report import (
    find_clock_notices,
    load_notices,
    report_problems,
    report_warnings,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.supplied import Declaration, load_declared
from ansible_collections.certwright.tls.plugins.plugin_utils._core.wanted_request import RequestPlan, WantedRequest
from ansible_collections.certwright.tls.plugins.plugin_utils._remote import Host
from ansible_collections.certwright.tls.plugins.plugin_utils._run_name import is_over


@dataclass(frozen=True)
class RequestTask:
    """What a task requests of one host, and what was wrong with its words before anybody looked there."""

    wanted: tuple[WantedRequest, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class Made:
    """How it ended: the first look, the plans made on it, and what the host answered by certificate."""

    answer: Mapping[str, Any]
    plans: tuple[RequestPlan, ...]
    told: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def read_requests(elements: Iterable[Mapping[str, Any]], *, key_type: str) -> RequestTask:
    """`key_type` is for elements that do not say one."""
    collected: Collected[WantedRequest] = Collected()
    for element in elements:
        collected.add(partial(_read_request, element, key_type))
    return RequestTask(tuple(collected.wishes.values()), collected.all_problems)


def _read_request(element: Mapping[str, Any], key_type: str) -> WantedRequest:
    name = spell_store_name(str(element["name"]))
    external_url = str(element.get("external_url") or "").strip()
    if not external_url:
        raise RefusedError.from_problems([refuse_missing_url(name)])
    names = (external_url, *(str(url) for url in element.get("other_urls") or ()))
    declared = load_declared(Declaration(name, names, services=(), attributes={}), presets={})
    return WantedRequest(declared, str(element.get("key_type") or key_type), force=bool(element.get("force")))


def make_requests(host: Host, wanted: Sequence[WantedRequest], *, now: datetime, check_mode: bool) -> Made:
    """What is due and does not wait yet is made, all of it in one execution."""
    answer = host.observe([wish.look() for wish in wanted], baseline=False)
    trusts_clock = not find_clock_notices(answer["time"], now)
    plans = tuple(
        _plan(replace(wish, trusts_clock=trusts_clock), Observed.from_answer(answer, wish.name), now, run=host.run)
        for wish in wanted
    )
    asked = [plan.to_preparation() for plan in plans if plan.is_made]
    if check_mode or not asked:
        return Made(answer, plans)
    return Made(answer, plans, host.prepare(asked, listen_seconds=0)["certificates"])


def _plan(wish: WantedRequest, observed: Observed, now: datetime, *, run: str) -> RequestPlan:
    begun = load_begun(observed)
    ended_run = begun.run if begun is not None and is_over(begun.run) else ""
    return wish.plan(observed, now, run=run, ended_run=ended_run)


def report_requests(task: RequestTask, made: Made, *, now: datetime) -> dict[str, Any]:
    """Plain JSON. What one certificate is refused for says nothing of the others' requests."""
    requests: dict[str, Any] = {}
    problems = [*task.problems, *(problem for plan in made.plans for problem in plan.problems)]
    for plan in made.plans:
        found = plan.load_made(made.told[plan.name]) if plan.name in made.told else plan.waiting
        if isinstance(found, Problem):
            problems.append(found)
        elif plan.is_made or isinstance(found, CertificateRequest):
            requests[plan.name] = plan.describe(found)
    notices = (*(notice for plan in made.plans for notice in plan.notices), *load_notices(made.told.values()))
    result = {
        "changed": any(item["made"] for item in requests.values()),
        "requests": requests,
        "reasons": [
            {"certificate": plan.name, "code": reason.code, "message": reason.message}
            for plan in made.plans
            if plan.name in requests
            for reason in plan.reasons
        ],
        "warnings": report_warnings((*notices, *find_clock_notices(made.answer["time"], now))),
        "store_path": made.answer["store"],
    }
    return {**result, **report_problems(problems)} if problems else result
