# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Any number of domains, each with its certificate or without. Desired, observed, plan, apply, report."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from ansible_collections.certwright.tls.plugins.modules.domain_certificate import (
    ARGUMENT_SPEC,
    CONSTRAINTS,
    DOMAIN_CONSTRAINTS,
    DOMAIN_SPEC,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._arguments import read_elements
from ansible_collections.certwright.tls.plugins.plugin_utils._installation import install, read_task, report_task
from ansible_collections.certwright.tls.plugins.plugin_utils._products import complete_words
from ansible_collections.certwright.tls.plugins.plugin_utils._remote import Host
from ansible_collections.certwright.tls.plugins.plugin_utils._task import TlsAction


class ActionModule(TlsAction):
    # Elements are read one by one, so that an error says in which of five hundred it is.
    SPEC = {**ARGUMENT_SPEC, "domains": {"type": "raw", "required": True}}
    CONSTRAINTS = CONSTRAINTS

    def keep(self, arguments: dict[str, Any], host: Host, *, check_mode: bool) -> dict[str, Any]:
        now = datetime.now(timezone.utc)
        domains = read_elements(
            arguments["domains"], option="domains", key="domain", spec=DOMAIN_SPEC, constraints=DOMAIN_CONSTRAINTS
        )
        domains = complete_words(host, domains, key="domain")
        task = read_task(
            self,
            [(str(words["domain"]), words) for words in domains],
            stage_only=bool(arguments["stage_only"]),
            on_problem=str(arguments["on_problem"]),
            now=now,
        )
        ended = install(host, task, now=now, check_mode=check_mode)
        return report_task(task, ended, now=now, check_mode=check_mode)
