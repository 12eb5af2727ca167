# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: ca_domains
short_description: The domains of an inventory that a new CA may sign for
version_added: 0.1.0
author:
  - The certwright.tls authors (@certwright)
description:
  - The default domain, the domains, and those of the names that an internal CA is to sign, of all hosts. A domain that
    is below another one of them is left out.
positional: _input
options:
  _input:
    description: The variables of the hosts.
    type: list
    elements: dict
    required: true
  issuer:
    description: The name of the CA in C(tls_issuers).
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show what a CA would be limited to
  ansible.builtin.debug:
    msg: "{{ groups['all'] | map('extract', hostvars) | certwright.tls.ca_domains(issuer='office') }}"
"""

RETURN = r"""
_value:
  description: Domains, for O(certwright.tls.internal_ca#module:name_constraints.permitted_names).
  type: list
  elements: str
  sample: [example.org, lan]
"""

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory_domains import find_domains


def ca_domains(hosts: Iterable[Mapping[str, Any]], issuer: str) -> list[str]:
    return find_domains(hosts, issuer)


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"ca_domains": ca_domains}
