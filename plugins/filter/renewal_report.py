# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: renewal_report
short_description: What a run of renewal came to, over all hosts
version_added: 0.1.0
author:
  - The certwright.tls authors (@certwright)
description:
  - Puts the results of the steps of the role C(renew) together. There is nothing secret in it.
positional: _input
options:
  _input:
    description:
      - By host, the result of M(certwright.tls.letsencrypt_cert) in check mode. Every host of the run is named; one
        without a result could not be asked.
    type: dict
    required: true
  issued:
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
  kept:
    description: By host, the results of M(certwright.tls.internal_ca) in a loop over the names of its CAs.
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
  shared:
    description: By host, its shared certificates, as in the input of P(certwright.tls.shared_homes#filter).
    type: dict
    default: {}
  found:
    description: By host, the result of M(certwright.tls.certificate_info) for what is not ordered.
    type: dict
    default: {}
  contacts:
    description: By host, what P(certwright.tls.contacts#filter) gives.
    type: dict
    default: {}
  broken:
    description: By host, the result of a task whose words could not be read.
    type: dict
    default: {}
  permission:
    description: What P(certwright.tls.permitted_orders#filter) gives.
    type: dict
    default: {}
  half:
    description: V(issue) or V(activate), where the run was not both. The latter has no O(_input) to tell what is due.
    type: str
    default: ''
  stopped_by:
    description: What P(certwright.tls.put_back#filter) gives, the hosts after which no further batch was begun.
    type: list
    elements: str
    default: []
  every:
    description: The interval of the schedule, as C(15m), C(1h), C(1d) or C(1w).
    type: str
    default: 1h
  check:
    description: Whether it is a run in check mode.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Put the results of one step together
  ansible.builtin.set_fact:
    report: "{{ dict(ansible_play_hosts_all | zip(ansible_play_hosts_all | map('extract', hostvars, 'due')))
      | certwright.tls.renewal_report(check=true) }}"
  run_once: true
"""

RETURN = r"""
_value:
  description: The report, as C(tls_report) has it.
  type: dict
  contains:
    run:
      description: V(renew).
      type: str
    half:
      description: V(issue) or V(activate), empty where it was both.
      type: str
    check:
      description: Whether it is a run in check mode. Then RV(_value.renewed) are those that would be.
      type: bool
    checked:
      description: How many certificates were looked at.
      type: int
    due:
      description: How many of them were due, whatever became of them.
      type: int
    renewed:
      description:
        - Each with C(host), C(certificate), C(code) and C(message) (why), C(until) (when it is due again), C(not_after)
          and C(email).
      type: list
      elements: dict
    activated:
      description: Those that an earlier run had stored, and that their services have since this one.
      type: list
      elements: dict
    not_due:
      description: Each with C(until), when it becomes due.
      type: list
      elements: dict
    deferred:
      description: What heals by itself, each with C(message) and C(until), when it is tried again.
      type: list
      elements: dict
    failed:
      description:
        - Each with C(code), C(message), C(until), and C(is_news), whether this run tried. C(certificate) is missing
          where a whole host failed.
      type: list
      elements: dict
    expired:
      description: The same for those whose installed certificate has ended.
      type: list
      elements: dict
    pending:
      description:
        - Those that are issued and that their services do not have yet. C(certificate) is missing where a host was not
          begun.
      type: list
      elements: dict
    ends_soon:
      description:
        - Those that near their end and that nobody renews, with C(not_after), C(days_left), and C(is_close), whether a
          sixth of their life or less is left, a quarter of one under ten days.
      type: list
      elements: dict
    next_run_needed:
      description: The latest that the next run must happen (UTC).
      type: str
    next_run_expected:
      description: When the schedule comes again, by its interval.
      type: str
    needed_sooner:
      description: Those that need a run before that, each with C(next_run_needed).
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
    warnings:
      description: What is of no certificate alone, as a schedule that comes too rarely.
      type: list
      elements: str
"""

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.certwright.tls.plugins.plugin_utils._core.next_run import HOURLY, find_next_run
from ansible_collections.certwright.tls.plugins.plugin_utils._core.renewal_report import Circumstances, report_renewals
from ansible_collections.certwright.tls.plugins.plugin_utils._core.renewal_steps import HostRun

_STEPS = ("issued", "activated", "received", "shared", "found", "contacts", "requested", "signed", "kept", "broken")
_HOW = ("check", "half", "stopped_by", "every")
_PERMISSION: dict[str, Any] = {"permitted": {}, "held": {}, "refused": {}}


def renewal_report(due: Any, permission: Any = None, **words: Any) -> dict[str, Any]:
    steps = {word: value for word, value in words.items() if word not in _HOW}
    unknown = sorted(set(steps) - set(_STEPS))
    if unknown or not isinstance(due, Mapping):
        wanted = f"results of letsencrypt_cert by host, and {', '.join(_STEPS)}"
        raise AnsibleFilterError(f"certwright.tls.renewal_report takes {wanted}")
    runs = [_load_run(str(host), {**steps, "due": due}) for host in due]
    how = _load_circumstances(**{word: value for word, value in words.items() if word in _HOW})
    return report_renewals(runs, {**_PERMISSION, **(permission or {})}, how=how)


def _load_circumstances(
    check: bool = False, half: str = "", stopped_by: Any = (), every: Any = HOURLY
) -> Circumstances:
    next_run = find_next_run(str(every or HOURLY), datetime.now(timezone.utc))
    return Circumstances(next_run, bool(check), str(half), tuple(str(host) for host in stopped_by or ()))


def _load_run(host: str, steps: Mapping[str, Any]) -> HostRun:
    return HostRun(host, **{step: (results or {}).get(host) or {} for step, results in steps.items()})


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"renewal_report": renewal_report}
