# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: trust_sources
short_description: Which CAs have to be asked for what a host is to trust
version_added: 0.1.0
author:
  - The certwright.tls authors (@certwright)
description:
  - Reads the variable C(tls_trust) of a host, and refuses one with faults, naming all of them at once.
positional: _input
options:
  _input:
    description:
      - Names of issuers of the type V(internal_ca), and mappings with C(certificate_src), a file on the controller.
    type: list
    required: true
  issuers:
    description:
      - Who signs, by name. An internal CA says C(host), C(path) and C(fingerprint).
    type: dict
    required: true
  known:
    description: The hosts of the inventory.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Note whom this host is to trust
  ansible.builtin.set_fact:
    sources: "{{ tls_trust | certwright.tls.trust_sources(issuers=tls_issuers, known=groups['all']) }}"
"""

RETURN = r"""
_value:
  description: What is to be asked, and which files are to be read.
  type: dict
  contains:
    authorities:
      description: Of each CA its C(issuer), C(host), C(path) and C(fingerprint).
      type: list
      elements: dict
    files:
      description: Files on the controller.
      type: list
      elements: str
"""

from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import TlsError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.report import explain
from ansible_collections.certwright.tls.plugins.plugin_utils._core.trust_inventory import find_trust_sources


def trust_sources(trust: object, issuers: object, known: list[str]) -> dict[str, Any]:
    try:
        return find_trust_sources(trust, issuers, known=frozenset(known))
    except TlsError as error:
        raise AnsibleFilterError(explain(error)) from None


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"trust_sources": trust_sources}
