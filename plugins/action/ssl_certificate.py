# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The host's system-wide certificate from supplied material. Desired, observed, plan, apply, report."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from ansible_collections.certwright.tls.plugins.modules.ssl_certificate import ARGUMENT_SPEC, CONSTRAINTS
from ansible_collections.certwright.tls.plugins.plugin_utils._convergence import Round, converge
from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import describe
from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import Desired, Observed
from ansible_collections.certwright.tls.plugins.plugin_utils._core.plan import Plan, plan_deployment
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice
from ansible_collections.certwright.tls.plugins.plugin_utils._core.report import (
    describe_diff,
    find_clock_notices,
    list_paths,
    load_notices,
    report_outcomes,
    report_warnings,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.supplied import load_desired, require_installable
from ansible_collections.certwright.tls.plugins.plugin_utils._remote import Host
from ansible_collections.certwright.tls.plugins.plugin_utils._services.presets import PRESETS
from ansible_collections.certwright.tls.plugins.plugin_utils._supply import (
    load_declaration,
    read_anchors,
    read_material,
    refuse_absent,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._task import TlsAction


class ActionModule(TlsAction):
    SPEC, CONSTRAINTS = ARGUMENT_SPEC, CONSTRAINTS

    def keep(self, arguments: dict[str, Any], host: Host, *, check_mode: bool) -> dict[str, Any]:
        now = datetime.now(timezone.utc)
        refuse_absent(arguments)
        desired, notices = load_desired(
            load_declaration(arguments),
            read_material(self, arguments),
            presets=PRESETS,
            now=now,
            anchors=read_anchors(),
        )
        ended = converge(
            host,
            look=lambda asked: asked.observe([_look(desired, now)], baseline=check_mode),
            plan=lambda _name, observed: _plan(desired, observed, now),
            request=lambda plan, observed: _request(desired, plan, observed, host=host, now=now),
            check_mode=check_mode,
        )
        return _report(desired, ended, notices, now=now, check_mode=check_mode)


def _look(desired: Desired, now: datetime) -> dict[str, Any]:
    return {"name": desired.name, "services": [service.to_request(now) for service in desired.services]}


def _plan(desired: Desired, observed: Observed, now: datetime) -> Plan:
    plan = plan_deployment(desired, observed, now)
    if plan.stage:
        require_installable(desired)
    return plan


def _request(desired: Desired, plan: Plan, observed: Observed, *, host: Host, now: datetime) -> dict[str, Any]:
    return dict(
        _look(desired, now),
        expect=observed.digest,
        material=desired.to_material() if plan.stage else None,
        record=desired.to_record(run=host.run, now=now),
        remember=plan.remember,
        generation=plan.generation,
        activate=plan.activate,
        put_back=plan.put_back,
        discard=list(plan.discard),
    )


def _report(
    desired: Desired, ended: Round, notices: tuple[Notice, ...], *, now: datetime, check_mode: bool
) -> dict[str, Any]:
    store, observed = ended.answer["store"], ended.observed[desired.name]
    said = (*notices, *(notice for plan in ended.plans for notice in plan.notices), *load_notices(ended.outcomes))
    result = report_outcomes(ended.plans, ended.outcomes, check_mode=check_mode)
    leaf = describe(desired.bundle.leaf)
    return {
        **result,
        **result["outcomes"][desired.name],
        "certificate": leaf,
        "store_path": store,
        "paths": list_paths(store, desired.name, desired.services),
        "warnings": report_warnings((*said, *find_clock_notices(ended.answer["time"], now))),
        "diff": [describe_diff(desired.name, observed, leaf)] if result["changed"] else [],
    }
