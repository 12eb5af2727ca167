# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: stopped_by
short_description: The hosts after which a rollout begins no further batch
version_added: 0.1.0
author:
  - The certwright.tls authors (@certwright)
description:
  - Those on which a certificate had to go back, or is kept although no port shows it, and those whose activation ended
    without telling how.
  - A service that was broken before is none of them, since nothing of it was touched. One that went back in an earlier
    run too is one of them again.
positional: _input
extends_documentation_fragment:
  - certwright.tls._run_steps
options:
  unreachable:
    description: Whether a host that was not reached stops the others too.
    type: bool
    default: false
  failed:
    description: Whether any failed activation stops the others, as of what cannot be put back.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Note who stops the rollout
  ansible.builtin.set_fact:
    stopped: "{{ hosts | certwright.tls.stopped_by(words={'activated': 'my_result'}) }}"
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

from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.certwright.tls.plugins.plugin_utils._core.run_report import find_stopping, load_runs


def stopped_by(
    hosts: Mapping[str, Mapping[str, Any]],
    words: Mapping[str, str],
    unreachable: Any = False,
    failed: bool = False,
) -> list[str]:
    stops_at_unreachable = boolean(unreachable or False)
    return find_stopping(load_runs(hosts, words), at_unreachable=stops_at_unreachable, at_failure=bool(failed))


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"stopped_by": stopped_by}
