# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: fleet_report
short_description: Every certificate of a fleet, joined with what the inventory wants
version_added: 0.1.0
author:
  - The certwright.tls authors (@certwright)
description:
  - Says of every certificate that was found what is wrong with it, of every one that the inventory wants whether it is
    there, and of every one in a store whether the inventory knows it. There is nothing secret in it.
positional: _input
options:
  _input:
    description: The variables of each host, by host.
    type: dict
    required: true
  found:
    description: Which variable of a host holds the result of M(certwright.tls.certificate_info).
    type: str
    required: true
  fail_below:
    description:
      - The share of its whole life, from 0 to 1, below which a certificate is a problem.
      - By default where a run of M(certwright.tls.letsencrypt_cert) does not put a failure off any longer, which is one
        sixth, and one quarter when its whole life is under ten days.
    type: float
  missed:
    description: How many tries of an order in a row must fail to be a problem. What cannot heal by itself is at once.
    type: int
    default: 5
"""

EXAMPLES = r"""
- name: Put it together
  ansible.builtin.set_fact:
    report: "{{ hosts | certwright.tls.fleet_report(found='my_result') }}"
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
      description: V(report).
      type: str
    schema:
      description: V(1). It changes when a word gets another meaning or goes, not when one is added.
      type: int
    generated:
      description: When it was put together, UTC.
      type: str
    hosts:
      description: How many hosts it is about.
      type: int
    counts:
      description: How many certificates there are of each urgency.
      type: dict
    certificates:
      description:
        - The worst first. Each with C(host), C(certificate) (its name in the store, else its path), C(engine)
          (V(files), V(acme), V(internal_ca), V(adopted), or empty for what the inventory does not know), C(issuer_name)
          (the inventory's word for its issuer, or empty), C(urgency), C(problems) (each with C(code) and C(message)),
          C(ports), C(next_renewal) (empty for what no run renews), C(last_failure) (null, or with C(at), C(code) and
          C(message)), C(next_try), and the further words of RV(certwright.tls.certificate_info#module:certificates).
        - An C(urgency) is V(expired), V(problem), V(missing) (the inventory wants it, and it is not there), V(due),
          V(unmanaged) (the inventory does not know it) or V(ok).
        - Among the codes of C(problems), beside those of M(certwright.tls.certificate_info), are V(missing);
          V(engine_differs), V(issuer_differs), V(key_type_differs), V(name_missing) and V(name_dropped), it is not what
          the inventory says; V(unmanaged), it is left over in the store; V(unknown), it lies in a file or is shown by a
          port, and nobody knows it; V(ends_soon), less of its life is left than O(fail_below); V(renewal_overdue), no
          run renewed it in time; V(renewal_failed), its order fails, O(missed) times or for good.
      type: list
      elements: dict
    problems:
      description:
        - What belongs to no certificate, each with C(host), C(subject), C(code) and C(message). V(failed), the host
          could not be asked; V(inventory_invalid), its inventory cannot be read; the others are those of
          M(certwright.tls.certificate_info).
      type: list
      elements: dict
    unreachable:
      description: The hosts that were not reached.
      type: list
      elements: str
"""

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.certwright.tls.plugins.plugin_utils._core.declared import Declared, list_declared
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import TlsError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.fleet_alarms import MISSED, Limits
from ansible_collections.certwright.tls.plugins.plugin_utils._core.fleet_report import (
    FleetView,
    HostFound,
    report_fleet,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory import load_inventory, select_variables
from ansible_collections.certwright.tls.plugins.plugin_utils._core.report import explain, without_pem
from ansible_collections.certwright.tls.plugins.plugin_utils._services.presets import PRESETS


def fleet_report(
    hosts: Mapping[str, Mapping[str, Any]], found: str, fail_below: Any = None, missed: Any = MISSED
) -> dict[str, Any]:
    limits = Limits(_load_count(missed), _load_share(fail_below))
    told = [_load_host(str(host), variables, str(found)) for host, variables in hosts.items()]
    return report_fleet(told, FleetView(datetime.now(timezone.utc), limits))


def _load_share(value: Any) -> float | None:
    """A form and the command line say numbers as texts, and an empty text for none."""
    if value in (None, ""):
        return None
    try:
        share = float(value)
    except (TypeError, ValueError):
        share = -1.0
    if not 0 <= share <= 1:
        raise AnsibleFilterError(f"tls_report_fail_below is `{value}`; it must be a share from 0 to 1, as in 0.2")
    return share


def _load_count(value: Any) -> int:
    if value in (None, ""):
        return MISSED
    if not str(value).isdecimal() or int(value) < 1:
        raise AnsibleFilterError(f"tls_report_missed is `{value}`; it must be a number of tries, 1 or more")
    return int(value)


def _load_host(host: str, variables: Mapping[str, Any], found: str) -> HostFound:
    declared, fault = _load_declared(host, variables)
    return HostFound(host, found=variables.get(found) or {}, declared=declared, fault=fault)


def _load_declared(host: str, variables: Mapping[str, Any]) -> tuple[tuple[Declared, ...], str]:
    try:
        return list_declared(load_inventory(select_variables(variables), presets=PRESETS), host=host), ""
    except TlsError as error:
        return (), explain(error)
    except Exception as error:  # noqa: BLE001 - a template of a host may raise anything, and may not hide the others
        return (), without_pem(str(error)) or type(error).__name__


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"fleet_report": fleet_report}
