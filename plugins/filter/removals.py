# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: removals
short_description: The certificates that an inventory takes away from a host
version_added: 0.1.0
author:
  - The certwright.tls authors (@certwright)
description:
  - Translates the variables of an inventory as P(certwright.tls.inventory#filter) does, and gives what is to be absent
    of it, and further names.
  - Of a certificate whose key leaked and that the inventory still declares, only the key is to go.
requirements:
  - cryptography >= 42 on the controller
  - idna >= 3.4 on the controller
positional: _input, names
options:
  _input:
    description: The variables by their names, as P(certwright.tls.inventory#filter) takes them.
    type: dict
    required: true
  names:
    description: Names of certificates in the store, besides those that the inventory disables.
    type: list
    elements: str
    default: []
  accept:
    description: What is let through for O(names), as M(certwright.tls.certificate_removal) has it.
    type: list
    elements: str
    default: []
  compromised:
    description: Names of certificates whose key somebody else has; or V(true) for whatever goes.
    type: raw
    default: []
"""

EXAMPLES = r"""
- name: Show which certificates a host is to lose
  ansible.builtin.debug:
    msg: "{{ declared | certwright.tls.removals(['old.example.org']) | map(attribute='name') }}"
  vars:
    declared:
      tls_domains: "{{ tls_domains | default([]) }}"
"""

RETURN = r"""
_value:
  description: Elements for O(certwright.tls.certificate_removal#module:certificates).
  type: list
  elements: dict
"""

from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.certwright.tls.plugins.plugin_utils._core.dependencies import require_libraries
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import TlsError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory import find_removals, load_inventory
from ansible_collections.certwright.tls.plugins.plugin_utils._core.report import explain
from ansible_collections.certwright.tls.plugins.plugin_utils._services.presets import PRESETS


def removals(
    variables: dict[str, Any],
    names: Any = None,
    accept: list[str] | None = None,
    compromised: Any = None,
) -> list[dict[str, Any]]:
    try:
        require_libraries()
        loaded = load_inventory(variables, presets=PRESETS)
        ordered = ({"domain": order["name"], "state": "present"} for order in (*loaded.orders, *loaded.signed))
        entries = (*loaded.entries, *ordered)
        return list(find_removals(entries, names or [], accept=accept or (), compromised=_read_switch(compromised)))
    except TlsError as error:
        raise AnsibleFilterError(explain(error)) from None


def _read_switch(said: Any) -> Any:
    """On a command line everything is text."""
    text = str(said).strip().lower()
    return text in ("true", "yes") if text in ("true", "yes", "false", "no", "none", "") else said


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"removals": removals}
