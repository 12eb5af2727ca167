# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: inventory
short_description: What the roles of this collection make of an inventory
version_added: 0.1.0
author:
  - The certwright.tls authors (@certwright)
description:
  - Translates C(tls_system) and C(tls_host_certificates) into certificates by name, and refuses an inventory with
    faults, naming all of them at once.
positional: _input
options:
  _input:
    description: The value of C(tls_system); empty when the host has none.
    type: dict
    required: true
  named:
    description: The value of C(tls_host_certificates).
    type: dict
    default: {}
  issuers:
    description: The value of C(tls_issuers).
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Show which certificates a host is to have
  ansible.builtin.debug:
    msg: "{{ tls_system | certwright.tls.inventory(named=tls_host_certificates) | list }}"
"""

RETURN = r"""
_value:
  description: By name of the certificate, arguments of the module P(certwright.tls.ssl_certificate#module).
  type: dict
"""

from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory import load_inventory


def inventory(
    system: dict[str, Any] | None, named: dict[str, Any] | None = None, issuers: dict[str, Any] | None = None
) -> dict[str, dict[str, Any]]:
    try:
        return load_inventory(system, named, issuers)
    except RefusedError as error:
        raise AnsibleFilterError(str(error)) from None


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"inventory": inventory}
