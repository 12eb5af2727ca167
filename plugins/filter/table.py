# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: table
short_description: The results of certificate_info as lines of aligned text
version_added: 0.1.0
author:
  - The certwright.tls authors (@certwright)
description:
  - One line a certificate, those with problems first, then those with the least of their life left.
  - A host that could not be asked has a line that says so.
positional: _input
options:
  _input:
    description: Results of M(certwright.tls.certificate_info) by host, or one result.
    type: dict
    required: true
  width:
    description: How wide a line may be. Long cells are cut.
    type: int
    default: 160
"""

EXAMPLES = r"""
- name: Look at the store
  certwright.tls.certificate_info:
  register: found

- name: Show it
  ansible.builtin.debug:
    msg: "{{ found | certwright.tls.table(width=120) }}"
"""

RETURN = r"""
_value:
  description: The lines, headings first.
  type: list
  elements: str
"""

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.certwright.tls.plugins.plugin_utils._core.table import WIDTH, render_table


def table(results: Any, width: int = WIDTH) -> list[str]:
    if not isinstance(results, Mapping):
        raise AnsibleFilterError(
            "certwright.tls.table takes a result of certificate_info, or a mapping of host to result"
        )
    return render_table(results, width=int(width))


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"table": table}
