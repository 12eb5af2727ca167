# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: certificate_export
short_description: Hand out shared certificates from their home, their keys sealed
version_added: 0.1.0
description:
  - Returns certificates that M(certwright.tls.letsencrypt_cert) ordered on this host as the home of several, for its
    O(certwright.tls.letsencrypt_cert#module:handed_out).
  - Run or delegate it to the home. The key is returned as it lies there, sealed with a passphrase that the host does
    not know (scrypt, AES-256-GCM). It is opened in the controller's memory, by the task that installs it on a member.
  - A certificate that is not shared is never handed out, and a host that has none of these returns nothing.
author:
  - The certwright.tls authors (@certwright)
extends_documentation_fragment:
  - certwright.tls._attributes
attributes:
  check_mode:
    support: full
    details:
      - Nothing is changed in any mode.
  diff_mode:
    support: none
  idempotent:
    support: full
options:
  names:
    description:
      - The certificates, as O(certwright.tls.letsencrypt_cert#module:certificates[].name) names them.
    type: list
    elements: str
    required: true
  store_path:
    description:
      - The store on the home, as of M(certwright.tls.letsencrypt_cert).
    type: str
"""

EXAMPLES = r"""
- name: Fetch the wildcard from its home
  certwright.tls.certificate_export:
    names: [wildcard]
  delegate_to: pki01
  register: exported

- name: Install it here
  certwright.tls.letsencrypt_cert:
    handed_out: "{{ exported.handed_out }}"
    shared_passphrase: "{{ vault_shared_passphrase }}"
    certificates:
      - name: wildcard
        external_url: example.org
        other_urls: ["*.example.org"]
        shared: {home: pki01}
        services: [nginx]
"""

RETURN = r"""
handed_out:
  description: By name in the home's store, what its members need. Those that are not there are missing.
  returned: success
  type: dict
  contains:
    certificate:
      description: The leaf as PEM.
      type: str
    chain:
      description: The chain as PEM.
      type: str
    sealed_key:
      description: The private key, sealed.
      type: str
    fingerprint:
      description: SHA-256 of the leaf, as hex.
      type: str
    issuer:
      description: The directory of the CA.
      type: str
    order:
      description: What the home recorded of its order.
      type: dict
"""

from ansible.module_utils.basic import AnsibleModule

ARGUMENT_SPEC = dict(
    names=dict(type="list", elements="str", required=True),
    store_path=dict(type="str"),
)

CONSTRAINTS: dict = dict()


def main():
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True, **CONSTRAINTS)
    module.fail_json(msg="This module runs on the controller; its action plugin was not found")


if __name__ == "__main__":
    main()
