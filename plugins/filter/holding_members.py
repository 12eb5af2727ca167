# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: holding_members
short_description: The hosts that keep a shared certificate whose home is to lose it
version_added: 0.1.0
author:
  - The certwright.tls authors (@certwright)
description:
  - Of the members of one home those that are not in the run, and those that did not let the certificate go in it.
positional: _input
options:
  _input:
    description: What P(certwright.tls.shared_members#filter) gives for the home, the hosts by name.
    type: dict
    required: true
  hosts:
    description: The variables of the hosts that are still in the run, by host.
    type: dict
    required: true
  told:
    description: Whether the hosts of the run were all told to let go.
    type: bool
    required: true
  check:
    description: Whether this is a check, in which no host lets anything go.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Show who keeps a certificate of this home
  ansible.builtin.debug:
    msg: "{{ members[inventory_hostname] | certwright.tls.holding_members(hosts=hosts, told=true) }}"
  vars:
    hosts: "{{ dict(ansible_play_hosts | zip(ansible_play_hosts | map('extract', hostvars))) }}"
"""

RETURN = r"""
_value:
  description: Hosts by the name of a certificate, for O(certwright.tls.certificate_removal#module:members).
  type: dict
  sample:
    wildcard: [web2]
"""

from collections.abc import Mapping
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.shared_homes import find_holding


def holding_members(
    members: Mapping[str, list[str]],
    hosts: Mapping[str, Mapping[str, Any]],
    told: bool,
    check: bool = False,
) -> dict[str, list[str]]:
    return find_holding(members, hosts, is_told=bool(told), check_mode=bool(check))


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"holding_members": holding_members}
