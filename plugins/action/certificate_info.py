# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every certificate that lies or is served on a host. Question, answer, report; there is nothing to apply."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

from ansible_collections.certwright.tls.plugins.modules.certificate_info import ARGUMENT_SPEC, CONSTRAINTS
from ansible_collections.certwright.tls.plugins.plugin_utils._core.finding import View
from ansible_collections.certwright.tls.plugins.plugin_utils._core.question import load_question
from ansible_collections.certwright.tls.plugins.plugin_utils._core.report import find_clock_notices, report_warnings
from ansible_collections.certwright.tls.plugins.plugin_utils._core.survey import report_survey
from ansible_collections.certwright.tls.plugins.plugin_utils._core.table import render_table
from ansible_collections.certwright.tls.plugins.plugin_utils._remote import Host
from ansible_collections.certwright.tls.plugins.plugin_utils._secrets import read_secret
from ansible_collections.certwright.tls.plugins.plugin_utils._supply import read_anchors
from ansible_collections.certwright.tls.plugins.plugin_utils._task import TlsAction

_VARIABLE = "CERTWRIGHT_KEYSTORE_PASSPHRASE"


class ActionModule(TlsAction):
    SPEC, CONSTRAINTS = ARGUMENT_SPEC, CONSTRAINTS

    def keep(self, arguments: dict[str, Any], host: Host, *, check_mode: bool) -> dict[str, Any]:  # noqa: ARG002
        now = datetime.now(timezone.utc)
        question, notices = load_question(arguments)
        question = replace(question, passphrase=self._read_passphrase(arguments))
        answer = host.survey(question.to_request())
        view = View(now, read_anchors(), question.warn_below)
        report = report_survey(answer, question, view)
        return {
            "changed": False,
            **report,
            **({"table": render_table(report)} if arguments["table"] else {}),
            "store_path": answer["store"],
            "warnings": report_warnings((*notices, *find_clock_notices(answer["time"], now))),
        }

    def _read_passphrase(self, arguments: dict[str, Any]) -> str:
        """Where no file is looked at none is needed, and its file may be missing."""
        if not arguments["paths"]:
            return ""
        return read_secret(self, "keystore_passphrase", arguments, "keystore_passphrase", _VARIABLE)
