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
  - Translates the variables of an inventory into one list of certificates, and refuses an inventory with faults, naming
    all of them at once. Nothing on a host is looked at.
  - The system's certificate comes first, then domains, then certificates by name, each as they are declared.
  - The list may hold keys. Use it where it is not printed, and loop over its names only.
requirements:
  - cryptography >= 42 on the controller
  - idna >= 3.4 on the controller
positional: _input
options:
  _input:
    description:
      - The variables by their names. Each may be left out or empty.
    type: dict
    required: true
    suboptions:
      tls_issuers:
        description:
          - Who signs, by name. Each has a C(type), one of V(files), V(acme) and V(internal_ca). What is ordered by ACME
            is in P(certwright.tls.orders#filter), and what an internal CA signs in
            P(certwright.tls.internal_orders#filter).
          - With V(internal_ca) there are C(host), C(path), C(fingerprint), C(passphrase), C(passphrase_src),
            C(root_passphrase), C(root_passphrase_src), C(backup_to), and of all of its certificates C(usage), C(days),
            C(key_type) and C(email). Further words are options of M(certwright.tls.internal_ca) (C(subject),
            C(issuing_subject), C(issuing), C(life), C(issuing_life), C(path_length), C(name_constraints), C(crl),
            C(rollover_ahead), C(min_overlap), C(waivers), C(backup_max_age)), and C(ca_key_type), its key type.
        type: dict
      tls_certificates:
        description:
          - Certificates by name, for every host. The keys are C(names) (the first is the external URL), C(issuer),
            C(state) (V(present), V(absent) or V(adopted)), C(email), C(override), C(services),
            C(accept), C(remote_src), the material (C(certificate_src), C(private_key_src), C(ca_src), C(pkcs12_src),
            the same with C(_content), and the passphrases) and the attributes of files.
          - Of a certificate of an internal CA also C(usage) (V(server), V(client) or V(both)), C(emails), C(subject),
            C(days) and C(not_after), as M(certwright.tls.internal_certificate) has them. Its names may be addresses.
        type: dict
      tls_group_certificates:
        description:
          - The same for a group of hosts. A name that is in O(_input.tls_certificates) too is refused, unless it says
            C(override=true); then it replaces that entry as a whole.
        type: dict
      tls_host_certificates:
        description:
          - The same for one host, over the other two.
        type: dict
      tls_system:
        description:
          - The system-wide certificate. The keys are C(external_url), C(other_urls), C(engine) or C(issuer), C(state),
            and the rest as above.
        type: dict
      tls_domains:
        description:
          - The certificates of domains. The keys are C(domain), C(domain_uid), C(engine) (V(files), V(letsencrypt),
            V(acme) or V(disabled)), and the rest as in O(_input.tls_system).
          - C(engine=disabled) and C(state=absent) take the domain's certificate away.
          - C(domain_uid), the domain by default, is handed to the service V(bluemind), which names its files by it.
            Without C(external_url) that service asks BlueMind's own files for it, when there is material or an order.
        type: list
        elements: dict
      tls_default_domain:
        description:
          - The domain that contacts belong to where none is said.
        type: str
  revive:
    description:
      - The names in the store of those that may come back although they were removed from the host, or V(true) for all.
    type: raw
    default: []
"""

EXAMPLES = r"""
- name: Show which certificates a host is to have
  ansible.builtin.debug:
    msg: "{{ declared | certwright.tls.inventory | map(attribute='domain') }}"
  vars:
    declared:
      tls_issuers: "{{ tls_issuers | default({}) }}"
      tls_certificates: "{{ tls_certificates | default({}) }}"
      tls_group_certificates: "{{ tls_group_certificates | default({}) }}"
      tls_host_certificates: "{{ tls_host_certificates | default({}) }}"
      tls_system: "{{ tls_system | default({}) }}"
      tls_domains: "{{ tls_domains | default([]) }}"
      tls_default_domain: "{{ tls_default_domain | default('') }}"
"""

RETURN = r"""
_value:
  description:
    - Of each certificate what the module is to be told. Words that the inventory does not give are left out.
  type: list
  elements: dict
  contains:
    domain:
      description: The certificate's name in the store, V(system) for the system's.
      type: str
    state:
      description: V(present), V(absent) or V(adopted). With V(absent) there is at most C(accept) beside it.
      type: str
    external_url:
      description: The host name that clients use. A domain without it uses the system's certificate.
      type: str
    other_urls:
      description: Further names that the certificate must cover.
      type: list
      elements: str
    services:
      description: The services, as they are declared.
      type: list
      elements: raw
    accept:
      description: What is let through although it is refused otherwise.
      type: list
      elements: str
    remote_src:
      description: Whether the material is on the host already.
      type: bool
  sample:
    - domain: system
      state: present
      external_url: mail.example.org
      other_urls: [imap.example.org]
      certificate_src: tls/mail.pem
      private_key_src: tls/mail.key
      services: [nginx]
    - domain: old.example.org
      state: absent
"""

from typing import Any

from ansible.errors import AnsibleFilterError
from ansible.utils.display import Display

from ansible_collections.certwright.tls.plugins.plugin_utils._core.dependencies import require_libraries
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import TlsError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory import load_inventory
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_permission import with_revived
from ansible_collections.certwright.tls.plugins.plugin_utils._core.report import explain, report_warnings
from ansible_collections.certwright.tls.plugins.plugin_utils._services.presets import PRESETS


def inventory(variables: dict[str, Any], revive: Any = ()) -> list[dict[str, Any]]:
    try:
        require_libraries()
        loaded = load_inventory(variables, presets=PRESETS)
    except TlsError as error:
        raise AnsibleFilterError(explain(error)) from None
    for warning in report_warnings(loaded.notices):
        Display().warning(warning)
    return with_revived(loaded.entries, revive)


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"inventory": inventory}
