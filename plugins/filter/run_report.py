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
options:
  _input:
    description: The hosts of the run. One of which no result is given could not be asked.
    type: list
    elements: str
    required: true
  run:
    description: What the run is called.
    type: str
    default: install
  due:
    description: By host, the result of M(certwright.tls.letsencrypt_cert) in check mode.
    type: dict
    default: {}
  ordered:
    description: By host, the result of M(certwright.tls.letsencrypt_cert) where it ordered.
    type: dict
    default: {}
  requested:
    description: By host, the result of M(certwright.tls.internal_certificate) that made requests.
    type: dict
    default: {}
  signed:
    description: By host, the result of M(certwright.tls.internal_certificate) with what was signed.
    type: dict
    default: {}
  stored:
    description: By host, the result of M(certwright.tls.domain_certificate).
    type: dict
    default: {}
  activated:
    description: By host, the result of M(certwright.tls.certificate_activate).
    type: dict
    default: {}
  received:
    description: By host, the result of M(certwright.tls.letsencrypt_cert) with C(handed_out).
    type: dict
    default: {}
  permission:
    description: What P(certwright.tls.permitted_orders#filter) gives.
    type: dict
    default: {}
  faults:
    description: What was found over all hosts together, each with C(host), C(code) and C(message).
    type: list
    elements: dict
    default: []
  stopped_by:
    description: What P(certwright.tls.stopped_by#filter) gives.
    type: list
    elements: str
    default: []
  check:
    description: Whether it is a run in check mode.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Put the results of one step together
  ansible.builtin.set_fact:
    report: "{{ ansible_play_hosts_all | certwright.tls.run_report(stored=results) }}"
  run_once: true
  vars:
    results: "{{ dict(ansible_play_hosts_all | zip(ansible_play_hosts_all | map('extract', hostvars, 'stored'))) }}"
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
    unreachable:
      description: The hosts that were not reached.
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

from ansible_collections.certwright.tls.plugins.plugin_utils._core.run_report import HostRun, report_run

_STEPS = ("due", "ordered", "requested", "signed", "stored", "activated", "received")
# A later step knows more than the look before it.
_PAIRS = (("due", "ordered"), ("requested", "signed"), ("stored", "stored"))
_OF_ALL = ("permission", "faults", "stopped_by")


def run_report(hosts: Sequence[str], run: str = "install", check: bool = False, **told: Any) -> dict[str, Any]:
    unknown = sorted(set(told) - {*_STEPS, *_OF_ALL})
    if unknown:
        known = ", ".join((*_STEPS, *_OF_ALL))
        raise AnsibleFilterError(f"certwright.tls.run_report takes {known}, not {', '.join(unknown)}")
    runs = [_load_run(str(host), told) for host in hosts]
    stopped_by = [str(host) for host in told.get("stopped_by") or ()]
    return report_run(runs, run=str(run), is_check=bool(check), stopped_by=stopped_by)


def _load_run(host: str, told: Mapping[str, Any]) -> HostRun:
    results = {step: _load_result(told.get(step), host) for step in _STEPS}
    permission = told.get("permission") or {}
    faults = tuple({"certificate": "", **fault} for fault in told.get("faults") or () if fault["host"] == host)
    return HostRun(
        host=host,
        stored=tuple(results[later] or results[first] for first, later in _PAIRS),
        activated=results["activated"],
        received=results["received"],
        refused=(*((permission.get("refused") or {}).get(host) or ()), *faults),
        held=tuple((permission.get("held") or {}).get(host) or ()),
    )


def _load_result(results: Mapping[str, Any] | None, host: str) -> Mapping[str, Any]:
    """A step that was skipped said nothing."""
    result = (results or {}).get(host) or {}
    return {} if result.get("skipped") else result


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"run_report": run_report}
