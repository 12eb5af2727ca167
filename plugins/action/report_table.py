# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A report as lines in the terminal. The task debug would show them as a list, with escapes in place of colours."""

from __future__ import annotations

from typing import Any

from ansible import constants
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.certwright.tls.plugins.modules.report_table import ARGUMENT_SPEC, CONSTRAINTS
from ansible_collections.certwright.tls.plugins.plugin_utils._arguments import read_arguments
from ansible_collections.certwright.tls.plugins.plugin_utils._core.columns import BAD, LATE, ODD, WELL
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import TlsError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.fleet_table import draw_fleet
from ansible_collections.certwright.tls.plugins.plugin_utils._core.renewal_table import draw_renewals
from ansible_collections.certwright.tls.plugins.plugin_utils._core.report import explain
from ansible_collections.certwright.tls.plugins.plugin_utils._core.run_table import draw_run

_COLORS = {
    BAD: constants.COLOR_ERROR,
    LATE: constants.COLOR_CHANGED,
    ODD: constants.COLOR_SKIP,
    WELL: constants.COLOR_OK,
}
# By the run that it is of; all others put something on hosts, or take it away.
_DRAWERS = {"report": draw_fleet, "renew": draw_renewals}


class ActionModule(ActionBase):  # type: ignore[misc]
    _supports_check_mode = True
    _supports_async = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        try:
            arguments, warnings = read_arguments(dict(self._task.args), spec=ARGUMENT_SPEC, constraints=CONSTRAINTS)
        except TlsError as error:
            result.update(changed=False, failed=True, msg=explain(error))
            return result
        report = arguments["report"]
        lines = _DRAWERS.get(str(report.get("run", "")), draw_run)(report, width=arguments["width"])
        if _is_for_people(str(constants.DEFAULT_STDOUT_CALLBACK)):
            for line in lines:
                Display().display(line.text, color=_COLORS.get(line.tone))
        result.update(changed=False, lines=[line.text for line in lines], warnings=warnings)
        return result


def _is_for_people(callback: str) -> bool:
    """A program that reads JSON from stdout would stumble over anything else."""
    return "json" not in callback.rpartition(".")[2]
