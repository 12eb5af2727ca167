# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: run_report
short_description: What a run of installation or removal came to, over all hosts
version_added: 0.1.0
author:
  - The certwright.tls authors (@certwright)
description:
  - Puts the results of the steps of a role together. There is nothing secret in it.
positional: _input
extends_documentation_fragment:
  - certwright.tls._run_steps
options:
  run:
    description: What the run is called.
    type: str
    default: install
  stopped_by:
    description: What P(certwright.tls.stopped_by#filter) gives.
    type: list
    elements: str
    default: []
  asked:
    description: Whether each host was to be asked in this run, so that one without a result has failed.
    type: bool
    default: true
  check:
    description: Whether it is a run in check mode.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Put the results of one step together
  ansible.builtin.set_fact:
    report: "{{ hosts | certwright.tls.run_report(words={'stored': 'my_result'}) }}"
  run_once: true
  vars:
    hosts: "{{ dict(ansible_play_hosts_all | zip(ansible_play_hosts_all | map('extract', hostvars))) }}"
"""

RETURN = r"""
_value:
  description: The report, as C(tls_report) has it.
  type: dict
  contains:
    run:
      description: What the run is called.
      type: str
    check:
      description: Whether it is a run in check mode. Then RV(_value.changed) are those that would be.
      type: bool
    checked:
      description: How many certificates were looked at.
      type: int
    changed:
      description:
        - Each with C(host), C(certificate), C(outcome) (the word of the module), C(services), C(code) and C(message)
          (why).
      type: list
      elements: dict
    unchanged:
      description: Each with C(host) and C(certificate).
      type: list
      elements: dict
    pending:
      description: Those that are stored and that their services do not have yet.
      type: list
      elements: dict
    deferred:
      description: What heals by itself.
      type: list
      elements: dict
    held_back:
      description: Those that are sound, and were not touched since another certificate of the host was refused.
      type: list
      elements: dict
    failed:
      description: Each with C(code) and C(message). C(certificate) is missing where a whole host failed.
      type: list
      elements: dict
    unmanaged:
      description: What the stores have and the inventory does not know, each with C(host) and C(certificate).
      type: list
      elements: dict
    unreachable:
      description: The hosts that were not reached.
      type: list
      elements: str
    unknown:
      description: The names that were to be removed and that no host has which was asked.
      type: list
      elements: str
    stopped_by:
      description: The hosts after whose batch the rollout stopped.
      type: list
      elements: str
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.certwright.tls.plugins.plugin_utils._core.run_report import (
    WORDS,
    Circumstances,
    load_runs,
    report_run,
)


def run_report(
    hosts: Mapping[str, Mapping[str, Any]], words: Mapping[str, str], run: str = "install", **how: Any
) -> dict[str, Any]:
    unknown = sorted(set(words) - set(WORDS))
    if unknown:
        raise AnsibleFilterError(f"`words` of certwright.tls.run_report takes {', '.join(WORDS)}, not {unknown[0]}")
    return report_run(load_runs(hosts, words), run=str(run), how=_load_circumstances(**how))


def _load_circumstances(stopped_by: Sequence[str] = (), asked: bool = True, check: bool = False) -> Circumstances:
    return Circumstances(bool(check), tuple(str(host) for host in stopped_by), bool(asked))


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"run_report": run_report}
