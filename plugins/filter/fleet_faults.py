# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: fleet_faults
short_description: What of a fleet's report is an alarm
version_added: 0.1.0
author:
  - The certwright.tls authors (@certwright)
description:
  - What the role C(report) fails for and writes mail about, in the form that M(certwright.tls.renewal_mail) takes.
positional: _input, level
options:
  _input:
    description: What P(certwright.tls.fleet_report#filter) gives.
    type: dict
    required: true
  level:
    description:
      - V(never) is nothing; V(expired) what has expired; V(problem) also what has a problem or is missing, hosts that
        were not reached or could not be asked, and inventories that cannot be read; V(due) also what is due.
    type: str
    choices: [never, expired, problem, due]
    required: true
"""

EXAMPLES = r"""
- name: Fail for what has expired anywhere
  ansible.builtin.assert:
    that: (tls_report | certwright.tls.fleet_faults('expired')).expired == []
"""

RETURN = r"""
_value:
  description:
    - C(expired) and C(failed) with C(host), C(certificate) and C(message) each, and C(unreachable) with hosts.
    - A level that is none fails with V(level_invalid).
  type: dict
"""

from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import TlsError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.fleet_faults import find_faults
from ansible_collections.certwright.tls.plugins.plugin_utils._core.report import explain


def fleet_faults(report: dict[str, Any], level: Any) -> dict[str, Any]:
    try:
        return find_faults(report, str(level))
    except TlsError as error:
        raise AnsibleFilterError(explain(error)) from None


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"fleet_faults": fleet_faults}
