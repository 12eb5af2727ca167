# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: fleet_work
short_description: Which hosts have certificates of which kind
version_added: 0.1.0
author:
  - The certwright.tls authors (@certwright)
description:
  - Reads the inventory of all hosts at once, so that a play of each kind runs over the hosts that have any.
  - A host whose inventory cannot be read, and one without any, is among RV(_value.stored). There its faults are told,
    and its store is looked at.
positional: _input
options:
  _input:
    description: The variables of each host of the run, by host.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Note which hosts order certificates
  ansible.builtin.set_fact:
    ordering: "{{ (hosts | certwright.tls.fleet_work).ordered }}"
  run_once: true
  vars:
    hosts: "{{ dict(ansible_play_hosts_all | zip(ansible_play_hosts_all | map('extract', hostvars))) }}"
"""

RETURN = r"""
_value:
  description: Names of hosts.
  type: dict
  contains:
    ordered:
      description: Those with certificates of an ACME CA.
      type: list
      elements: str
    signed:
      description: Those with certificates of an internal CA.
      type: list
      elements: str
    stored:
      description: Those with supplied certificates.
      type: list
      elements: str
    shared:
      description: Those that have a certificate from another host, its home.
      type: list
      elements: str
"""

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleError

from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import TlsError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory import VARIABLES, Inventory, load_inventory
from ansible_collections.certwright.tls.plugins.plugin_utils._services.presets import PRESETS


def fleet_work(hosts: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    work: dict[str, list[str]] = {"ordered": [], "signed": [], "stored": [], "shared": []}
    for host, variables in hosts.items():
        for kind in _find_kinds(variables):
            work[kind].append(str(host))
    return work


def _find_kinds(variables: Mapping[str, Any]) -> list[str]:
    try:
        known = {word: variables[word] for word in VARIABLES if word in variables}
        return _list_kinds(load_inventory(known, presets=PRESETS))
    except (TlsError, AnsibleError):
        return ["stored"]


def _list_kinds(loaded: Inventory) -> list[str]:
    kinds = {
        "ordered": loaded.orders,
        "signed": loaded.signed,
        "stored": loaded.entries or not (loaded.orders or loaded.signed),
        "shared": [order for order in loaded.orders if order.get("shared")],
    }
    return [kind for kind, found in kinds.items() if found]


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"fleet_work": fleet_work}
