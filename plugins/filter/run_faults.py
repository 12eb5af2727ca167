# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: run_faults
short_description: What each host fails for after an installation or a removal
version_added: 0.1.0
author:
  - The certwright.tls authors (@certwright)
description:
  - A line for each certificate that failed, and one for a host that was not reached.
positional: _input
options:
  _input:
    description: What P(certwright.tls.run_report#filter) gives.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Fail for what was not installed
  ansible.builtin.fail:
    msg: "{{ faults[inventory_hostname] }}"
  when: inventory_hostname in faults
  vars:
    faults: "{{ tls_report | certwright.tls.run_faults }}"
"""

RETURN = r"""
_value:
  description: By host its faults, as lines. A host without any is not there.
  type: dict
"""

from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.run_report import find_faults


def run_faults(report: dict[str, Any]) -> dict[str, str]:
    return find_faults(report)


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"run_faults": run_faults}
