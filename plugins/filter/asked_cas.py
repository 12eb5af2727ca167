# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: asked_cas
short_description: Which internal CAs the certificates of a host take to keep
version_added: 0.1.0
author:
  - The certwright.tls authors (@certwright)
description:
  - The names of the CAs that sign these certificates, and of those that C(trust) of their services names and that the
    inventory declares.
positional: _input, issuers
options:
  _input:
    description: What P(certwright.tls.internal_orders#filter) gives.
    type: list
    elements: dict
    required: true
  issuers:
    description: The C(tls_issuers) of the inventory.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Note which CAs this host asks
  ansible.builtin.set_fact:
    asks: "{{ orders | certwright.tls.asked_cas(tls_issuers) }}"
"""

RETURN = r"""
_value:
  description: The names.
  type: list
  elements: str
"""

from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.internal_batch import find_asked


def asked_cas(orders: list[dict[str, Any]], issuers: dict[str, Any]) -> list[str]:
    return find_asked(orders, issuers)


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"asked_cas": asked_cas}
