# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whom the programs of a host trust. Desired, observed, plan, apply, report."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from ansible_collections.certwright.tls.plugins.modules.trust_store import ARGUMENT_SPEC, CONSTRAINTS
from ansible_collections.certwright.tls.plugins.plugin_utils._remote import Host
from ansible_collections.certwright.tls.plugins.plugin_utils._task import TlsAction
from ansible_collections.certwright.tls.plugins.plugin_utils._trusting import keep_trust, read_trust


class ActionModule(TlsAction):
    SPEC, CONSTRAINTS = ARGUMENT_SPEC, CONSTRAINTS

    def keep(self, arguments: dict[str, Any], host: Host, *, check_mode: bool) -> dict[str, Any]:
        task = read_trust(self, arguments, now=datetime.now(timezone.utc))
        return keep_trust(host, task, check_mode=check_mode)
