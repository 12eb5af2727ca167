# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: signed_for
short_description: What internal CAs answered to the requests of one host
version_added: 0.1.0
author:
  - The certwright.tls authors (@certwright)
description:
  - Of the answers of one or several CAs those for one host, what was refused included. Where a CA refused a batch as a
    whole, each of O(requests) is refused with its code and message; with V(ca_busy) it is put off.
positional: _input, host, requests
options:
  _input:
    description:
      - What a task with M(certwright.tls.internal_ca_cert) registered, in a loop or without one.
    type: dict
    required: true
  host:
    description: The host, as C(inventory_hostname) has it.
    type: str
    required: true
  requests:
    description: What the host asked for, RV(certwright.tls.internal_certificate#module:requests).
    type: list
    elements: dict
    default: []
"""

EXAMPLES = r"""
- name: Install what was signed
  certwright.tls.internal_certificate:
    certificates: "{{ certificates }}"
    cas: "{{ infos | certwright.tls.answered_cas }}"
    signed: "{{ batch | certwright.tls.signed_for(inventory_hostname, requested.requests) }}"
  when: requested.requests | default([]) | length > 0
"""

RETURN = r"""
_value:
  description: For O(certwright.tls.internal_certificate#module:signed).
  type: list
  elements: dict
"""

from collections.abc import Sequence
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.internal_batch import find_signed


def signed_for(
    answers: dict[str, Any], host: str, requests: Sequence[dict[str, Any]] | None = None
) -> list[dict[str, Any]]:
    return find_signed(answers, str(host), requests or ())


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"signed_for": signed_for}
