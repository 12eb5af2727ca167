# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Mail to the contacts of certificates that could not be renewed. The letters are planned, then sent."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from ansible_collections.certwright.tls.plugins.modules.renewal_mail import ARGUMENT_SPEC, CONSTRAINTS
from ansible_collections.certwright.tls.plugins.plugin_utils._arguments import ArgumentError, read_arguments
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import TlsError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.renewal_mail import plan_letters
from ansible_collections.certwright.tls.plugins.plugin_utils._core.report import explain
from ansible_collections.certwright.tls.plugins.plugin_utils._mail import NO_ENCRYPTION, MailServer
from ansible_collections.certwright.tls.plugins.plugin_utils._remote import PipelinedAction
from ansible_collections.certwright.tls.plugins.plugin_utils._secrets import read_secret

_VARIABLE = "CERTWRIGHT_MAIL_PASSWORD"


class ActionModule(PipelinedAction):
    _supports_check_mode = True
    _supports_async = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        self._task_vars = task_vars or {}
        try:
            arguments, warnings = read_arguments(dict(self._task.args), spec=ARGUMENT_SPEC, constraints=CONSTRAINTS)
            result.update(self._tell(arguments, check_mode=bool(self._task.check_mode)), warnings=warnings)
        except TlsError as error:
            result.update(changed=False, failed=True, msg=explain(error))
        return result

    def _tell(self, arguments: dict[str, Any], *, check_mode: bool) -> dict[str, Any]:
        now = datetime.now(timezone.utc)
        server = self._load_server(arguments)
        letters, untold = plan_letters(
            arguments["report"], fallback=str(arguments["to"] or ""), say=str(arguments["say"]), now=now
        )
        if letters and not check_mode:
            server.send(letters, now=now)
        return {"changed": False, "told": [letter.to for letter in letters], "untold": list(untold)}

    def _load_server(self, arguments: dict[str, Any]) -> MailServer:
        user, encryption = str(arguments["user"] or ""), str(arguments["encryption"])
        if user and encryption == NO_ENCRYPTION:
            raise ArgumentError(f"user is {user} and encryption is none; a password goes over an encrypted line only")
        return MailServer(
            host=str(arguments["host"]),
            sender=str(arguments["sender"]),
            port=arguments["port"],
            encryption=encryption,
            user=user,
            password=read_secret(self, "the mail server", arguments, "password", _VARIABLE) if user else "",
            timeout=float(arguments["timeout"]),
        )
