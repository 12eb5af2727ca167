# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: permitted_orders
short_description: Which of a fleet's orders may be placed in this run
version_added: 0.1.0
author:
  - The certwright.tls authors (@certwright)
description:
  - Judges what is due on all hosts together, so that a mistake in a variable does not use up what a CA gives.
  - The same names on two hosts are refused, and so are all orders that no date asks for, when they are too many. Of the
    rest, the most urgent get the budget, and the others are held for the next run.
positional: _input
options:
  _input:
    description:
      - Results of M(certwright.tls.letsencrypt_cert) in check mode by host. A host without orders counts too.
    type: dict
    required: true
  max_orders:
    description: The budget of one run. V(50) if not given.
    type: int
  max_reissues:
    description:
      - How many certificates may be ordered although their dates do not ask for it. V(10), or a twentieth of the
        fleet's certificates when that is more, if not given.
    type: int
  confirm_reissue:
    description: The digest that the refusal prints, which lets just these orders pass.
    type: str
    default: ''
"""

EXAMPLES = r"""
- name: Look at what is due on every host
  certwright.tls.letsencrypt_cert:
    certificates: "{{ certificates }}"
    max_orders: 1000000
    max_reissues: 1000000
  check_mode: true
  register: due

- name: Judge it together
  ansible.builtin.set_fact:
    permission: "{{ dict(ansible_play_hosts | zip(ansible_play_hosts | map('extract', hostvars, 'due')))
      | certwright.tls.permitted_orders(max_orders=20) }}"
  run_once: true

- name: Order what may be ordered
  certwright.tls.letsencrypt_cert:
    certificates: "{{ certificates }}"
    permitted: "{{ permission.permitted[inventory_hostname] | default([]) }}"
  when: inventory_hostname in permission.hosts
"""

RETURN = r"""
_value:
  description: The verdict.
  type: dict
  contains:
    permitted:
      description: By host, the names of those that may be ordered, the most urgent first.
      type: dict
    held:
      description: By host, the names of those that are over the budget.
      type: dict
    refused:
      description: By host, problems with C(certificate), C(code) (V(names_on_two_hosts), V(too_many_reissues)) and
        C(message).
      type: dict
    hosts:
      description: The hosts on which there is something to do, beside orders also what waits to be stored, activated or
        remembered.
      type: list
      elements: str
  sample:
    permitted: {web1: [system]}
    held: {}
    refused: {}
    hosts: [web1]
"""

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible.utils.display import Display

from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_permission import permit_orders
from ansible_collections.certwright.tls.plugins.plugin_utils._core.report import report_warnings


def permitted_orders(
    results: Any, max_orders: Any = None, max_reissues: Any = None, confirm_reissue: str | None = None
) -> dict[str, Any]:
    if not isinstance(results, Mapping):
        raise AnsibleFilterError("certwright.tls.permitted_orders takes results of letsencrypt_cert by host")
    permission = permit_orders(
        results,
        max_orders=_read_number(max_orders, "tls_max_orders"),
        max_reissues=_read_number(max_reissues, "tls_max_reissues"),
        confirmed=str(confirm_reissue or ""),
    )
    for warning in report_warnings(permission.notices):
        Display().warning(warning)
    return permission.to_json()


def _read_number(value: Any, word: str) -> int | None:
    """A survey that was left empty says nothing."""
    if value is None or value == "":
        return None
    try:
        return int(value)
    except (TypeError, ValueError):
        raise AnsibleFilterError(f"{word} is {str(value)!r}, which is no number; write one, as 20") from None


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"permitted_orders": permitted_orders}
