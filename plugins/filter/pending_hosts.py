# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: pending_hosts
short_description: The hosts on which something is stored and waits for its services
version_added: 0.1.0
author:
  - The certwright.tls authors (@certwright)
description:
  - An activation over these hosts alone costs the others nothing.
positional: _input
extends_documentation_fragment:
  - certwright.tls._run_steps
"""

EXAMPLES = r"""
- name: Note where something waits
  ansible.builtin.set_fact:
    waiting: "{{ hosts | certwright.tls.pending_hosts(words={'stored': 'my_result'}) }}"
  run_once: true
  vars:
    hosts: "{{ dict(ansible_play_hosts_all | zip(ansible_play_hosts_all | map('extract', hostvars))) }}"
"""

RETURN = r"""
_value:
  description: The names of the hosts.
  type: list
  elements: str
"""

from collections.abc import Mapping
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.run_report import find_pending, load_runs


def pending_hosts(hosts: Mapping[str, Mapping[str, Any]], words: Mapping[str, str]) -> list[str]:
    return find_pending(load_runs(hosts, words))


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"pending_hosts": pending_hosts}
