# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: revoking_accounts
short_description: The ACME accounts of an inventory, for those who revoke
version_added: 0.1.0
author:
  - The certwright.tls authors (@certwright)
description:
  - Of each issuer of type acme its directory and its account key. Let's Encrypt is among them without being declared.
requirements:
  - cryptography >= 42 on the controller
positional: _input
options:
  _input:
    description: The variable C(tls_issuers).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Revoke what is not used any more
  certwright.tls.certificate_removal:
    step: revoke
    revoke: true
    certificates: [{name: old.example.org}]
    issuers: "{{ tls_issuers | certwright.tls.revoking_accounts }}"
"""

RETURN = r"""
_value:
  description: Elements for O(certwright.tls.certificate_removal#module:issuers).
  type: list
  elements: dict
"""

from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory_issuers import list_accounts


def revoking_accounts(issuers: dict[str, Any]) -> list[dict[str, Any]]:
    return list_accounts(issuers)


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"revoking_accounts": revoking_accounts}
