# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: shared_homes
short_description: The homes of the shared certificates of several hosts
version_added: 0.1.0
author:
  - The certwright.tls authors (@certwright)
description:
  - What a batch of hosts has to ask of which home, so that each home is asked once for all of them.
positional: _input
options:
  _input:
    description:
      - Of each host its shared certificates, by name what
        O(certwright.tls.letsencrypt_cert#module:certificates[].shared) says of them.
    type: list
    elements: dict
    required: true
  known:
    description: The hosts of the inventory. A home that is none of them is left out, since it cannot be asked.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Note what this host has from a home
  ansible.builtin.set_fact:
    shared: "{{ orders | selectattr('shared', 'defined') | items2dict('name', 'shared') }}"

- name: Fetch it, once for all hosts of the batch
  certwright.tls.certificate_export:
    names: "{{ item.names }}"
  loop: "{{ ansible_play_batch | map('extract', hostvars, 'shared')
    | certwright.tls.shared_homes(known=groups['all']) }}"
  delegate_to: "{{ item.home }}"
  run_once: true
  register: fetched
  ignore_errors: true
  ignore_unreachable: true

- name: Install what came
  certwright.tls.letsencrypt_cert:
    certificates: "{{ orders }}"
    handed_out: "{{ fetched.results | certwright.tls.handed_out(shared=shared) }}"
"""

RETURN = r"""
_value:
  description: For each home one call of M(certwright.tls.certificate_export).
  type: list
  elements: dict
  contains:
    home:
      description: The host.
      type: str
    names:
      description: The certificates.
      type: list
      elements: str
  sample:
    - {home: pki01, names: [wildcard]}
"""

from collections.abc import Iterable
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.shared_homes import find_homes


def shared_homes(shared: Iterable[dict[str, Any]], known: Iterable[str]) -> list[dict[str, Any]]:
    return find_homes(shared, known=frozenset(known))


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"shared_homes": shared_homes}
