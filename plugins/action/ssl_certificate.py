# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The host's system-wide certificate from supplied material. Desired, observed, plan, apply, report."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from ansible_collections.certwright.tls.plugins.modules.ssl_certificate import ARGUMENT_SPEC, CONSTRAINTS
from ansible_collections.certwright.tls.plugins.plugin_utils._collected import REFUSE_ALL
from ansible_collections.certwright.tls.plugins.plugin_utils._core.entry import refuse_absent
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._installation import (
    install,
    read_task,
    report_task,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._products import complete_words
from ansible_collections.certwright.tls.plugins.plugin_utils._remote import Host
from ansible_collections.certwright.tls.plugins.plugin_utils._task import TlsAction


class ActionModule(TlsAction):
    SPEC, CONSTRAINTS = ARGUMENT_SPEC, CONSTRAINTS

    def keep(self, arguments: dict[str, Any], host: Host, *, check_mode: bool) -> dict[str, Any]:
        now, name = datetime.now(timezone.utc), str(arguments["name"])
        if arguments["state"] == "absent":
            raise RefusedError.from_problems([refuse_absent(name)])
        (arguments,) = complete_words(host, [arguments], key="name")
        stage_only = bool(arguments["stage_only"])
        task = read_task(self, [(name, arguments)], stage_only=stage_only, on_problem=REFUSE_ALL, now=now)
        result = report_task(task, install(host, task, now=now, check_mode=check_mode), now=now, check_mode=check_mode)
        (wish,) = task.wishes
        return {**result["outcomes"][wish.name], **result, **result.pop("certificates")[wish.name]}
