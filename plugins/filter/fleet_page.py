# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: fleet_page
short_description: The report of a fleet as one self-contained page of HTML
version_added: 0.1.0
author:
  - The certwright.tls authors (@certwright)
description:
  - Shows the counts that matter, a time line of what ends when, and every certificate with its details; it can be
    searched, filtered and sorted, by keyboard too. A view is in the page's address, so that it can be linked.
  - The page is one file that works offline. Its policy forbids every request, and what was found on hosts is shown as
    text only.
positional: _input
options:
  _input:
    description: What P(certwright.tls.fleet_report#filter) gives.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Write the report of a job as a page
  ansible.builtin.copy:
    content: "{{ tls_report | certwright.tls.fleet_page }}"
    dest: /srv/www/certificates.html
    mode: "0640"
"""

RETURN = r"""
_value:
  description: The page.
  type: str
"""

from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.fleet_page import render_page
from ansible_collections.certwright.tls.plugins.plugin_utils._page_parts import load_parts


def fleet_page(report: dict[str, Any]) -> str:
    return render_page(report, load_parts())


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"fleet_page": fleet_page}
