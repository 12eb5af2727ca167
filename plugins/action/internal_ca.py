# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A private CA in a directory. Words, look, draft, append, report."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from ansible_collections.certwright.tls.plugins.modules.internal_ca import ARGUMENT_SPEC, CONSTRAINTS
from ansible_collections.certwright.tls.plugins.plugin_utils._authority import keep_authority
from ansible_collections.certwright.tls.plugins.plugin_utils._authority_words import read_task
from ansible_collections.certwright.tls.plugins.plugin_utils._remote import Host
from ansible_collections.certwright.tls.plugins.plugin_utils._task import TlsAction


class ActionModule(TlsAction):
    SPEC, CONSTRAINTS = ARGUMENT_SPEC, CONSTRAINTS

    def keep(self, arguments: dict[str, Any], host: Host, *, check_mode: bool) -> dict[str, Any]:
        now = datetime.now(timezone.utc)
        task = read_task(self, arguments, now=now)
        return keep_authority(host, task, now=now, check_mode=check_mode)
