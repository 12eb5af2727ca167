# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: awaited
short_description: The shared certificates whose home is to order another one first
version_added: 0.1.0
author:
  - The certwright.tls authors (@certwright)
description:
  - In check mode nothing is ordered, so what a member is to receive is not there yet. These names are left out of what
    is foretold for it.
positional: _input
options:
  _input:
    description: The shared certificates of a host, as in the input of P(certwright.tls.shared_homes#filter).
    type: dict
    required: true
  looks:
    description: Results of M(certwright.tls.letsencrypt_cert) by host, of a run in check mode.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Say what is not there yet
  ansible.builtin.debug:
    msg: "{{ shared | certwright.tls.awaited(looks={'pki01': hostvars['pki01'].ordered}) }}"
"""

RETURN = r"""
_value:
  description: Their names.
  type: list
  elements: str
"""

from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.shared_homes import find_awaited


def awaited(shared: dict[str, Any], looks: dict[str, Any]) -> list[str]:
    return find_awaited(shared, looks)


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"awaited": awaited}
