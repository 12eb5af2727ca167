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
    hosts:
      description: How many hosts it is about.
      type: int
    counts:
      description: How many certificates there are of each urgency.
      type: dict
    certificates:
      description:
        - The worst first. Each with C(host), C(certificate) (its name in the store, else its path), C(engine)
          (V(files), V(acme), V(internal_ca), V(adopted), or empty for what the inventory does not know), C(urgency),
          C(problems) (each with C(code) and C(message)), C(ports), and the further words of
          RV(certwright.tls.certificate_info#module:certificates).
        - An C(urgency) is V(expired), V(problem), V(missing) (the inventory wants it, and it is not there), V(due),
          V(unmanaged) (it is in the store, and the inventory does not know it) or V(ok).
      type: list
      elements: dict
    problems:
      description: What belongs to no certificate, each with C(host), C(subject), C(code) and C(message).
      type: list
      elements: dict
    unreachable:
      description: The hosts that were not reached.
      type: list
      elements: str
"""

from collections.abc import Mapping
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.declared import Declared, list_declared
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import TlsError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.fleet_report import HostFound, report_fleet
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory import VARIABLES, load_inventory
from ansible_collections.certwright.tls.plugins.plugin_utils._core.report import explain, without_pem
from ansible_collections.certwright.tls.plugins.plugin_utils._services.presets import PRESETS


def fleet_report(hosts: Mapping[str, Mapping[str, Any]], found: str) -> dict[str, Any]:
    return report_fleet([_load_host(str(host), variables, str(found)) for host, variables in hosts.items()])


def _load_host(host: str, variables: Mapping[str, Any], found: str) -> HostFound:
    declared, fault = _load_declared(variables)
    return HostFound(host, found=variables.get(found) or {}, declared=declared, fault=fault)


def _load_declared(variables: Mapping[str, Any]) -> tuple[tuple[Declared, ...], str]:
    try:
        known = {word: variables[word] for word in VARIABLES if word in variables}
        return list_declared(load_inventory(known, presets=PRESETS)), ""
    except TlsError as error:
        return (), explain(error)
    except Exception as error:  # noqa: BLE001 - a template of a host may raise anything, and may not hide the others
        return (), without_pem(str(error)) or type(error).__name__


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"fleet_report": fleet_report}
