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
    without telling how. A service that was broken before is none of them, since nothing of it was touched.
positional: _input
options:
  _input:
    description: The hosts of the run.
    type: list
    elements: str
    required: true
  activated:
    description: By host, the result of M(certwright.tls.certificate_activate).
    type: dict
    default: {}
  received:
    description: By host, the result of M(certwright.tls.letsencrypt_cert) with C(handed_out).
    type: dict
    default: {}
  stored:
    description: By host, the results of the steps before, in which a host may have been out of reach.
    type: list
    elements: dict
    default: []
  unreachable:
    description: Whether a host that was not reached stops the others too.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Note who stops the rollout
  ansible.builtin.set_fact:
    stopped: "{{ ansible_play_hosts_all | certwright.tls.stopped_by(activated=results) }}"
  run_once: true
  vars:
    results: "{{ dict(ansible_play_hosts_all | zip(ansible_play_hosts_all | map('extract', hostvars, 'activated'))) }}"
"""

RETURN = r"""
_value:
  description: The names of the hosts.
  type: list
  elements: str
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.run_report import HostRun, find_stopping


def stopped_by(hosts: Sequence[str], unreachable: bool = False, **steps: Any) -> list[str]:
    runs = [_load_run(str(host), **steps) for host in hosts]
    return find_stopping(runs, at_unreachable=bool(unreachable))


def _load_run(
    host: str,
    activated: Mapping[str, Any] | None = None,
    received: Mapping[str, Any] | None = None,
    stored: Sequence[Mapping[str, Any]] = (),
) -> HostRun:
    return HostRun(
        host,
        stored=tuple(step.get(host) or {} for step in stored),
        activated=(activated or {}).get(host) or {},
        received=(received or {}).get(host) or {},
    )


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"stopped_by": stopped_by}
