# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: answered_cas
short_description: What internal CAs told of themselves, by name
version_added: 0.1.0
author:
  - The certwright.tls authors (@certwright)
description:
  - Of the answers of several CAs those that came, a failure too, which certificates of it that are due fail with. A CA
    that was not reached is left out, and certificates of it are put off.
positional: _input
options:
  _input:
    description:
      - What a task with M(certwright.tls.internal_ca_info) registered, in a loop over names of CAs or over mappings
        with their C(issuer).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Key and request for what is due
  certwright.tls.internal_certificate:
    certificates: "{{ certificates }}"
    cas: "{{ infos | certwright.tls.answered_cas }}"
"""

RETURN = r"""
_value:
  description: For O(certwright.tls.internal_certificate#module:cas).
  type: dict
"""

from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.internal_batch import find_answered


def answered_cas(answers: dict[str, Any]) -> dict[str, Any]:
    return find_answered(answers)


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"answered_cas": answered_cas}
