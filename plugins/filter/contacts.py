# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: contacts
short_description: The contact of each certificate of an inventory
version_added: 0.1.0
author:
  - The certwright.tls authors (@certwright)
description:
  - Whom the alarms about a certificate are written to, for those whose entry says an C(email).
requirements:
  - cryptography >= 42 on the controller
  - idna >= 3.4 on the controller
positional: _input
options:
  _input:
    description: The variables by their names, as P(certwright.tls.inventory#filter) takes them.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show who is told about the certificates of a host
  ansible.builtin.debug:
    msg: "{{ {'tls_system': tls_system} | certwright.tls.contacts }}"
"""

RETURN = r"""
_value:
  description: Addresses by the certificate's name in the store.
  type: dict
  sample: {system: pki@example.org}
"""

from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.certwright.tls.plugins.plugin_utils._core.contacts import find_contacts
from ansible_collections.certwright.tls.plugins.plugin_utils._core.dependencies import require_libraries
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import TlsError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory import load_inventory
from ansible_collections.certwright.tls.plugins.plugin_utils._core.report import explain
from ansible_collections.certwright.tls.plugins.plugin_utils._services.presets import PRESETS


def contacts(variables: dict[str, Any]) -> dict[str, str]:
    try:
        require_libraries()
        load_inventory(variables, presets=PRESETS)
    except TlsError as error:
        raise AnsibleFilterError(explain(error)) from None
    return find_contacts(variables)


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"contacts": contacts}
