# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates of internal CAs, requested or installed. Desired, observed, plan, apply, report."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from ansible_collections.certwright.tls.plugins.modules.internal_certificate import (
    ARGUMENT_SPEC,
    CERTIFICATE_SPEC,
    CONSTRAINTS,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._arguments import read_elements
from ansible_collections.certwright.tls.plugins.plugin_utils._core.internal_issued import load_signatures
from ansible_collections.certwright.tls.plugins.plugin_utils._core.internal_words import SigningTask
from ansible_collections.certwright.tls.plugins.plugin_utils._enrolment import Enrolment, Limits
from ansible_collections.certwright.tls.plugins.plugin_utils._internal_certificates import (
    read_cas,
    read_faults,
    read_wishes,
    report_internal,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._internal_talk import InternalTalk
from ansible_collections.certwright.tls.plugins.plugin_utils._issuers import OrderTask
from ansible_collections.certwright.tls.plugins.plugin_utils._products import complete_words
from ansible_collections.certwright.tls.plugins.plugin_utils._remote import Host
from ansible_collections.certwright.tls.plugins.plugin_utils._run_name import is_scheduled
from ansible_collections.certwright.tls.plugins.plugin_utils._services.presets import PRESETS
from ansible_collections.certwright.tls.plugins.plugin_utils._task import TlsAction


class ActionModule(TlsAction):
    # Elements are read one by one, so that an error says in which of five hundred it is.
    SPEC = {**ARGUMENT_SPEC, "certificates": {"type": "raw", "required": True}}
    CONSTRAINTS = CONSTRAINTS

    def keep(self, arguments: dict[str, Any], host: Host, *, check_mode: bool) -> dict[str, Any]:
        now = datetime.now(timezone.utc)
        name = str((self._task_vars or {}).get("inventory_hostname", ""))
        task = self._read(arguments, host)
        talk = InternalTalk(host, signed=load_signatures(arguments["signed"]), now=now)
        # A CA of our own counts nothing, so there is nothing to guard
        limits = Limits(permitted=frozenset(wish.name for wish in task.wishes))
        enrolment = Enrolment(host, name=name, limits=limits, begin=lambda: talk, now=now)
        enrolled = enrolment.run(task.wishes, check_mode=check_mode)
        faults = read_faults(arguments["ca"], arguments["cas"])
        return report_internal(task, enrolled, talk, faults=faults, host=name, now=now, check_mode=check_mode)

    def _read(self, arguments: dict[str, Any], host: Host) -> OrderTask:
        elements = read_elements(
            arguments["certificates"], option="certificates", key="name", spec=CERTIFICATE_SPEC, constraints={}
        )
        elements = complete_words(host, elements, key="name", is_order=True)
        words = SigningTask(
            PRESETS,
            read_cas(arguments["ca"], arguments["cas"]),
            stage_only=bool(arguments["stage_only"]),
            is_scheduled=is_scheduled(self._task_vars or {}),
            force_age=timedelta(hours=int(arguments["force_age"])),
            default_domain=str(arguments["default_domain"] or ""),
            faults=read_faults(arguments["ca"], arguments["cas"]),
        )
        return read_wishes(self, elements, words, on_problem=str(arguments["on_problem"]))
