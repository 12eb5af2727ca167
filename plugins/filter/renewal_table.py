# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: renewal_table
short_description: The report of a renewal as lines of aligned text
version_added: 0.1.0
author:
  - The certwright.tls authors (@certwright)
description:
  - The first line counts everything. Then comes one line for each certificate, the worst first, and one line a host for
    those that are not due.
positional: _input
options:
  _input:
    description: What P(certwright.tls.renewal_report#filter) gives.
    type: dict
    required: true
  width:
    description: How wide a line may be. The last column is cut.
    type: int
    default: 160
"""

EXAMPLES = r"""
- name: Show what a run came to
  ansible.builtin.debug:
    msg: "{{ tls_report | certwright.tls.renewal_table(width=120) }}"
"""

RETURN = r"""
_value:
  description: The lines.
  type: list
  elements: str
"""

from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.columns import WIDTH
from ansible_collections.certwright.tls.plugins.plugin_utils._core.renewal_table import render_renewals


def renewal_table(report: dict[str, Any], width: Any = WIDTH) -> list[str]:
    return render_renewals(report, width=int(width))


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"renewal_table": renewal_table}
