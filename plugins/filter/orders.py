# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: orders
short_description: The certificates of an inventory that are ordered from an ACME CA
version_added: 0.1.0
author:
  - The certwright.tls authors (@certwright)
description:
  - Translates the variables of an inventory as P(certwright.tls.inventory#filter) does, and gives what that filter
    leaves out, the certificates whose issuer is of the type C(acme), with the words of their issuer.
  - The list may hold keys. Use it where it is not printed, and loop over its names only.
requirements:
  - cryptography >= 42 on the controller
  - idna >= 3.4 on the controller
positional: _input
options:
  _input:
    description: The variables by their names, as P(certwright.tls.inventory#filter) takes them.
    type: dict
    required: true
  force:
    description:
      - The names in the store of those that are to be ordered although nothing is due, or V(true) for all. A text is
        split at commas. Names that are not there mean nothing.
    type: raw
    default: []
  ignore_backoff:
    description: The same for those that are to be ordered although an earlier failure asks to wait.
    type: raw
    default: []
  revive:
    description:
      - The names in the store of those that may come back although they were removed from the host, or V(true) for all.
    type: raw
    default: []
"""

EXAMPLES = r"""
- name: Show which certificates of a host are ordered
  ansible.builtin.debug:
    msg: "{{ declared | certwright.tls.orders | map(attribute='name') }}"
  vars:
    declared:
      tls_issuers: "{{ tls_issuers | default({}) }}"
      tls_system: "{{ tls_system | default({}) }}"
      tls_domains: "{{ tls_domains | default([]) }}"
"""

RETURN = r"""
_value:
  description: Elements for O(certwright.tls.letsencrypt_cert#module:certificates).
  type: list
  elements: dict
  sample:
    - name: system
      external_url: mail.example.org
      other_urls: [imap.example.org]
      terms_agreed: true
      email: pki@example.org
      challenge: {type: http-01, webroot: /var/www/acme}
      services: [nginx]
"""

from typing import Any

from ansible.errors import AnsibleFilterError
from ansible.utils.display import Display

from ansible_collections.certwright.tls.plugins.plugin_utils._core.dependencies import require_libraries
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import TlsError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory import load_inventory
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_permission import with_chosen, with_revived
from ansible_collections.certwright.tls.plugins.plugin_utils._core.report import explain, report_warnings
from ansible_collections.certwright.tls.plugins.plugin_utils._services.presets import PRESETS


def orders(
    variables: dict[str, Any], force: Any = (), ignore_backoff: Any = (), revive: Any = ()
) -> list[dict[str, Any]]:
    try:
        require_libraries()
        loaded = load_inventory(variables, presets=PRESETS)
    except TlsError as error:
        raise AnsibleFilterError(explain(error)) from None
    for warning in report_warnings(loaded.notices):
        Display().warning(warning)
    revived = with_revived(loaded.orders, revive)
    return with_chosen(with_chosen(revived, "force", force), "ignore_backoff", ignore_backoff)


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"orders": orders}
