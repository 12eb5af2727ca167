# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates that are to go from a host. Desired, observed, plan, apply, report."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from ansible_collections.certwright.tls.plugins.modules.certificate_removal import (
    ARGUMENT_SPEC,
    CERTIFICATE_SPEC,
    CONSTRAINTS,
    ISSUER_EXCLUSIVE,
    ISSUER_SPEC,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._acme_revoking import AcmeRevoker
from ansible_collections.certwright.tls.plugins.plugin_utils._arguments import read_elements
from ansible_collections.certwright.tls.plugins.plugin_utils._remote import Host
from ansible_collections.certwright.tls.plugins.plugin_utils._removing import (
    REVOKE,
    look_at_removals,
    read_removals,
    remove,
    report_removals,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._task import TlsAction


class ActionModule(TlsAction):
    # Elements are read one by one, so that an error says in which of five hundred it is.
    SPEC = {
        **ARGUMENT_SPEC,
        "certificates": {"type": "raw", "default": []},
        "issuers": {"type": "raw", "default": []},
    }
    CONSTRAINTS = CONSTRAINTS

    def keep(self, arguments: dict[str, Any], host: Host, *, check_mode: bool) -> dict[str, Any]:
        now = datetime.now(timezone.utc)
        elements = read_elements(
            arguments["certificates"], option="certificates", key="name", spec=CERTIFICATE_SPEC, constraints={}
        )
        issuers = read_elements(
            arguments["issuers"], option="issuers", key="name", spec=ISSUER_SPEC, constraints=ISSUER_EXCLUSIVE
        )
        task = read_removals(arguments, elements, run=host.run, check_mode=check_mode)
        if task.step == REVOKE:
            revoker = AcmeRevoker(self, issuers, check_mode=check_mode)
            found = look_at_removals(host, task, now=now)
            return {**revoker.revoke(found.wanted), "held_back": list(found.held_back)}
        return report_removals(remove(host, task, now=now, check_mode=check_mode), task, now=now, check_mode=check_mode)
