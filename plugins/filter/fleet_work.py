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
  - A host without any is among RV(_value.stored), where its store is looked at.
positional: _input
options:
  _input:
    description: The variables of each host of the run, by host.
    type: dict
    required: true
  together:
    description: Whether hosts have variables that are not among these, as those of a play. Then none is sorted.
    type: bool
    default: false
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
    together:
      description: Those that are not sorted, also since their inventory cannot be read here. Each finds out for itself.
      type: list
      elements: str
    shared:
      description: Those that have a certificate from another host, its home.
      type: list
      elements: str
"""

from collections.abc import Mapping
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory import (
    Inventory,
    load_inventory,
    select_variables,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._services.presets import PRESETS

_UNSORTED = ["together", "shared"]


def fleet_work(hosts: Mapping[str, Mapping[str, Any]], together: bool = False) -> dict[str, list[str]]:
    work: dict[str, list[str]] = {"ordered": [], "signed": [], "stored": [], "together": [], "shared": []}
    for host, variables in hosts.items():
        for kind in _UNSORTED if together else _find_kinds(variables):
            work[kind].append(str(host))
    return work


def _find_kinds(variables: Mapping[str, Any]) -> list[str]:
    try:
        known = select_variables(variables)
        loaded = load_inventory(known, presets=PRESETS)
        return _UNSORTED if _has_template(known) else _list_kinds(loaded)
    except Exception:  # noqa: BLE001 - a template of a host may raise anything, and may not keep the others from theirs
        return _UNSORTED


def _has_template(value: object) -> bool:
    """What ansible-core before 2.19 could not template is its own text."""
    if isinstance(value, Mapping):
        return any(_has_template(item) for item in value.values())
    if isinstance(value, (list, tuple)):
        return any(_has_template(item) for item in value)
    return isinstance(value, str) and "{{" in value


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
