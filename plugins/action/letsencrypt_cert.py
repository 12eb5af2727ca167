# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates from an ACME CA, ordered when they are due. Desired, observed, plan, apply, report."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from ansible import constants
from ansible.utils.display import Display

from ansible_collections.certwright.tls.plugins.modules.letsencrypt_cert import (
    ARGUMENT_SPEC,
    CERTIFICATE_SPEC,
    CONSTRAINTS,
    EXCLUSIVE,
    ISSUER_SPEC,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._arguments import read_elements
from ansible_collections.certwright.tls.plugins.plugin_utils._enrolment import Enrolment, Limits
from ansible_collections.certwright.tls.plugins.plugin_utils._enrolment_report import report_enrolled
from ansible_collections.certwright.tls.plugins.plugin_utils._issuers import Members, OrderReader, read_orders
from ansible_collections.certwright.tls.plugins.plugin_utils._products import complete_words
from ansible_collections.certwright.tls.plugins.plugin_utils._remote import Host
from ansible_collections.certwright.tls.plugins.plugin_utils._run_name import is_scheduled
from ansible_collections.certwright.tls.plugins.plugin_utils._task import TlsAction

if TYPE_CHECKING:
    from ansible_collections.certwright.tls.plugins.plugin_utils._conversations import Conversations


class ActionModule(TlsAction):
    # Elements are read one by one, so that an error says in which of five hundred it is.
    SPEC = {**ARGUMENT_SPEC, "certificates": {"type": "raw", "required": True}}
    CONSTRAINTS = CONSTRAINTS

    def keep(self, arguments: dict[str, Any], host: Host, *, check_mode: bool) -> dict[str, Any]:
        now = datetime.now(timezone.utc)
        elements = read_elements(
            arguments["certificates"], option="certificates", key="name", spec=CERTIFICATE_SPEC, constraints=EXCLUSIVE
        )
        elements = complete_words(host, elements, key="name", is_order=True)
        reader = OrderReader(
            self,
            stage_only=bool(arguments["stage_only"]),
            is_scheduled=is_scheduled(self._task_vars or {}),
            may_create=not check_mode,
            members=Members(self._host_name, arguments["handed_out"]),
        )
        common = {word: arguments.get(word) for word in (*ISSUER_SPEC, "default_domain", "force_age")}
        task = read_orders(reader, elements, common=common, on_problem=str(arguments["on_problem"]))
        enrolment = Enrolment(
            host,
            name=self._host_name,
            limits=_load_limits(arguments),
            begin=lambda: self._begin(host, now),
            now=now,
        )
        enrolled = enrolment.run(task.wishes, check_mode=check_mode)
        return report_enrolled(task, enrolled, now=now, check_mode=check_mode)

    @property
    def _host_name(self) -> str:
        return str((self._task_vars or {}).get("inventory_hostname", ""))

    def _begin(self, host: Host, now: datetime) -> Conversations:
        # Here, because an unchanged run has nothing to say to a CA.
        from ansible_collections.certwright.tls.plugins.plugin_utils._conversations import (  # noqa: PLC0415
            Conversations,
        )

        # The directory of this run of Ansible, which its workers share and which ends with it.
        return Conversations(host, directory=constants.DEFAULT_LOCAL_TMP, say=self._say, now=now)

    def _say(self, certificate: str, text: str) -> None:
        Display().display(f"progress: [{self._host_name}] {certificate}: {text}")


def _load_limits(arguments: Mapping[str, Any]) -> Limits:
    permitted = arguments.get("permitted")
    return Limits(
        permitted=None if permitted is None else frozenset(str(name) for name in permitted),
        max_orders=arguments.get("max_orders"),
        max_reissues=arguments.get("max_reissues"),
        confirmed=str(arguments.get("confirm_reissue") or ""),
    )
