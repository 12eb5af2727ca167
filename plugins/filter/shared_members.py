# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: shared_members
short_description: Which hosts have which shared certificate from which home
version_added: 0.1.0
author:
  - The certwright.tls authors (@certwright)
description:
  - Reads what every host of an inventory declares as shared, so that a home does not take away what others have.
positional: _input
options:
  _input:
    description: The variables of all hosts.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Note who has what from which home
  ansible.builtin.set_fact:
    members: "{{ groups['all'] | map('extract', hostvars) | certwright.tls.shared_members }}"
  run_once: true
"""

RETURN = r"""
_value:
  description: By home, by the name of a certificate, the hosts that declare it from there.
  type: dict
  sample:
    pki01: {wildcard: [web1, web2]}
"""

from collections.abc import Iterable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import TlsError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.report import explain
from ansible_collections.certwright.tls.plugins.plugin_utils._core.shared_homes import find_members


def shared_members(hosts: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, list[str]]]:
    try:
        return find_members(hosts)
    except TlsError as error:
        raise AnsibleFilterError(explain(error)) from None


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"shared_members": shared_members}
