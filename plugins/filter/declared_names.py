# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: declared_names
short_description: The names that an inventory gives certificates of a host
version_added: 0.1.0
author:
  - The certwright.tls authors (@certwright)
description:
  - Names of all certificates that an inventory declares for a host, also of what is to be absent. What the host has
    from another home is not among them.
positional: _input
options:
  _input:
    description: The variables by their names, as P(certwright.tls.inventory#filter) takes them.
    type: dict
    required: true
  host:
    description: The host.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show which certificates a host may have revoked
  ansible.builtin.debug:
    msg: "{{ declared | certwright.tls.declared_names(host=inventory_hostname) }}"
  vars:
    declared:
      tls_certificates: "{{ tls_certificates | default({}) }}"
"""

RETURN = r"""
_value:
  description: Names for O(certwright.tls.certificate_removal#module:names).
  type: list
  elements: str
"""

from collections.abc import Mapping
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.dependencies import require_libraries
from ansible_collections.certwright.tls.plugins.plugin_utils._core.shared_homes import find_own_names


def declared_names(variables: Mapping[str, Any], host: str) -> list[str]:
    require_libraries()
    return find_own_names(variables, str(host))


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"declared_names": declared_names}
