# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever is stored and not active goes onto its services. Observed, plan, apply, report."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from ansible_collections.certwright.tls.plugins.modules.certificate_activate import ARGUMENT_SPEC, CONSTRAINTS
from ansible_collections.certwright.tls.plugins.plugin_utils._convergence import Round, converge
from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import Observed
from ansible_collections.certwright.tls.plugins.plugin_utils._core.plan import Plan, plan_activation
from ansible_collections.certwright.tls.plugins.plugin_utils._core.report import (
    describe_diff,
    find_clock_notices,
    load_notices,
    report_outcomes,
    report_warnings,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.supplied import require_name
from ansible_collections.certwright.tls.plugins.plugin_utils._remote import Host
from ansible_collections.certwright.tls.plugins.plugin_utils._task import TlsAction


class ActionModule(TlsAction):
    SPEC, CONSTRAINTS = ARGUMENT_SPEC, CONSTRAINTS

    def keep(self, arguments: dict[str, Any], host: Host, *, check_mode: bool) -> dict[str, Any]:
        now = datetime.now(timezone.utc)
        names = [require_name(str(name)) for name in arguments["names"] or ()]
        ended = converge(
            host,
            look=lambda asked: asked.observe(
                [{"name": name, "recorded": True} for name in names], baseline=check_mode, everything=not names
            ),
            plan=lambda name, observed: plan_activation(name, observed.recorded_services, observed, now),
            request=lambda plan, observed: _request(plan, observed, now),
            check_mode=check_mode,
        )
        return _report(ended, now=now, check_mode=check_mode)


def _request(plan: Plan, observed: Observed, now: datetime) -> dict[str, Any]:
    return {
        "name": plan.certificate,
        "services": [service.to_request(now) for service in observed.recorded_services],
        "expect": observed.digest,
        "generation": plan.generation,
        "activate": plan.activate,
        "put_back": plan.put_back,
    }


def _report(ended: Round, *, now: datetime, check_mode: bool) -> dict[str, Any]:
    said = (*(notice for plan in ended.plans for notice in plan.notices), *load_notices(ended.outcomes))
    activated = [plan for plan in ended.plans if plan.activate and not plan.problems]
    return {
        **report_outcomes(ended.plans, ended.outcomes, check_mode=check_mode),
        "retried": [name for name, observed in ended.observed.items() if observed.pending and observed.pending.failure],
        "store_path": ended.answer["store"],
        "warnings": report_warnings((*said, *find_clock_notices(ended.answer["time"], now))),
        "diff": [_diff(plan, ended.observed[plan.certificate]) for plan in activated],
    }


def _diff(plan: Plan, observed: Observed) -> dict[str, str]:
    after = observed.pending or observed.live
    return describe_diff(plan.certificate, observed, after.certificate if after else {})
