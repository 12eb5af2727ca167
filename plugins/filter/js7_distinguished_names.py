# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: js7_distinguished_names
short_description: The distinguished names of JS7's peers, as its settings compare them
version_added: 0.1.0
author:
  - The certwright.tls authors (@certwright)
description:
  - What goes into C(js7.auth.users.<id>.distinguished-names) of a C(private.conf), which is compared with the subject
    of a client certificate in sequence and values.
  - It fails when nothing is known of one of the hosts, since that host would be locked out.
  - A certificate that is stored and not activated yet is among them, so that the peers know it before it is shown.
positional: _input
options:
  _input:
    description:
      - Results of M(certwright.tls.certificate_info), one of each host that is a client, or of the modules that
        install.
    type: list
    elements: dict
    required: true
  service:
    description: The name of the service on these hosts, V(js7_controller), V(js7_joc) or the C(name) that was given to
      it.
    type: str
    required: true
  certificates:
    description: Names of certificates, where a service has more than one and not all are shown to peers.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Ask what is installed
  certwright.tls.certificate_info:
  register: shown

- name: Tell the agent its controllers
  ansible.builtin.blockinfile:
    path: /var/sos-berlin.com/js7/agent/config/private/private.conf
    block: |
      js7.auth.users.first.distinguished-names = {{ controllers | to_json }}
  vars:
    controllers: "{{ groups.controllers | map('extract', hostvars, 'shown')
      | certwright.tls.js7_distinguished_names(service='js7_controller') }}"
  when: inventory_hostname in groups.agents
"""

RETURN = r"""
_value:
  description: The names, such as V(DNQ=Office Issuing CA, CN=c1.example.org, O=Example, C=DE).
  type: list
  elements: str
"""

from collections.abc import Iterable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.certwright.tls.plugins.plugin_utils._core.peer_names import SilentPeerError, find_peer_names


def js7_distinguished_names(
    results: Iterable[Mapping[str, Any]], service: str, certificates: Iterable[str] = ()
) -> list[str]:
    try:
        return find_peer_names(results, service, certificates)
    except SilentPeerError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"js7_distinguished_names": js7_distinguished_names}
