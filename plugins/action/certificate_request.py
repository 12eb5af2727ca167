# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys and requests on a host, for a CA that signs elsewhere. Desired, observed, plan, prepare, report."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from ansible_collections.certwright.tls.plugins.modules.certificate_request import (
    ARGUMENT_SPEC,
    CERTIFICATE_SPEC,
    CONSTRAINTS,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._arguments import read_elements
from ansible_collections.certwright.tls.plugins.plugin_utils._remote import Host
from ansible_collections.certwright.tls.plugins.plugin_utils._requesting import (
    make_requests,
    read_requests,
    report_requests,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._task import TlsAction


class ActionModule(TlsAction):
    # Elements are read one by one, so that an error says in which of five hundred it is.
    SPEC = {**ARGUMENT_SPEC, "certificates": {"type": "raw", "required": True}}
    CONSTRAINTS = CONSTRAINTS

    def keep(self, arguments: dict[str, Any], host: Host, *, check_mode: bool) -> dict[str, Any]:
        now = datetime.now(timezone.utc)
        elements = read_elements(
            arguments["certificates"], option="certificates", key="name", spec=CERTIFICATE_SPEC, constraints={}
        )
        task = read_requests(elements, key_type=str(arguments["key_type"] or ""))
        made = make_requests(host, task.wanted, now=now, check_mode=check_mode)
        return report_requests(task, made, now=now)
