# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: ended_revocations
short_description: What became of what was to be revoked
version_added: 0.1.0
author:
  - The certwright.tls authors (@certwright)
description:
  - Adds what the internal CAs answered to what M(certwright.tls.certificate_removal) returned.
positional: _input
options:
  _input:
    description: RV(certwright.tls.certificate_removal#module:revocations).
    type: list
    elements: dict
    required: true
  infos:
    description: The results of M(certwright.tls.internal_ca_info) in a loop over the names of CAs.
    type: list
    elements: dict
    default: []
  answers:
    description: The results of M(certwright.tls.internal_ca_cert) in a loop over the names of CAs.
    type: list
    elements: dict
    default: []
"""

EXAMPLES = r"""
- name: Delete what is revoked
  certwright.tls.certificate_removal:
    step: finish
    revoke: true
    certificates: [{name: db}]
    revocations: "{{ found.revocations | certwright.tls.ended_revocations(infos=infos.results, answers=told.results) }}"
"""

RETURN = r"""
_value:
  description: Elements for O(certwright.tls.certificate_removal#module:revocations).
  type: list
  elements: dict
"""

from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.revocation import find_answered


def ended_revocations(
    revocations: list[dict[str, Any]],
    infos: list[dict[str, Any]] | None = None,
    answers: list[dict[str, Any]] | None = None,
) -> list[dict[str, Any]]:
    return find_answered(revocations, infos or (), answers or ())


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"ended_revocations": ended_revocations}
