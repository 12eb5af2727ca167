# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: certificate_request
short_description: Make private keys and certificate requests (CSR) on a host, for a CA that signs elsewhere
version_added: 0.1.0
description:
  - For every certificate that is due, the host makes a private key and a request for a certificate (CSR, RFC 2986). The
    request is returned. The key never leaves the host.
  - Whoever runs the CA signs the requests. M(certwright.tls.ssl_certificate) and
    M(certwright.tls.domain_certificate) install the certificates with
    O(certwright.tls.ssl_certificate#module:private_key_requested=true).
  - A certificate is due when nothing is installed, a name is not on it, a name was taken away, another key type was
    said, its files in the store are damaged, a third of its life is left (half of one under ten days), or it has ended.
  - A request that waits on the host is returned again, unchanged, while the certificate is due with the same names.
    Every certificate gets a key of its own.
  - No service is touched, and what is installed stays.
author:
  - The certwright.tls authors (@certwright)
extends_documentation_fragment:
  - certwright.tls._attributes
attributes:
  check_mode:
    support: full
    details:
      - Says which requests would be made, and returns those that wait.
  diff_mode:
    support: none
  idempotent:
    support: full
    details:
      - Two executions on the host when a request is made, one otherwise.
requirements:
  - cryptography >= 42 on the controller
  - idna >= 3.4 on the controller
  - the program openssl on the host
options:
  certificates:
    description:
      - The certificates. What is not in the list is left alone.
      - One that is refused keeps none of the others from being requested; the task fails at its end.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description:
          - The name in the store. V(system) is the system certificate, a domain that domain's.
        type: str
        required: true
      external_url:
        description:
          - The host name or address that clients use, first of the certificate's names. It need not be public.
          - A full URL is accepted; only its host name counts.
        type: str
      other_urls:
        description:
          - Further host names, wildcards or addresses.
        type: list
        elements: str
        default: []
      key_type:
        description:
          - The kind of the key. O(key_type) if not given.
        type: str
        choices: [ec256, ec384, rsa2048, rsa3072, rsa4096]
      force:
        description:
          - Request it although it is not due. A request that waits is not made again.
          - An order of M(certwright.tls.letsencrypt_cert) that was begun and that no run is working on is dropped.
        type: bool
        default: false
  key_type:
    description:
      - The kind of the keys. V(ec256) if not given, which is no difference to an installed certificate then.
    type: str
    choices: [ec256, ec384, rsa2048, rsa3072, rsa4096]
  store_path:
    description:
      - The store on the host, as of M(certwright.tls.ssl_certificate).
    type: str
seealso:
  - module: certwright.tls.ssl_certificate
  - module: certwright.tls.domain_certificate
  - module: certwright.tls.letsencrypt_cert
"""

EXAMPLES = r"""
- name: Key and request for what is due
  certwright.tls.certificate_request:
    certificates:
      - {name: system, external_url: mail.example.org, other_urls: [imap.example.org]}
      - {name: db, external_url: db1.lan, other_urls: [192.0.2.7], key_type: rsa3072}
  register: requested

- name: Keep the requests for the CA
  ansible.builtin.copy:
    content: "{{ item.value.request }}"
    dest: "requests/{{ inventory_hostname }}-{{ item.key }}.csr"
    mode: "0644"
  loop: "{{ requested.requests | dict2items }}"
  loop_control: {label: "{{ item.key }}"}
  when: item.value.request != ''
  delegate_to: localhost

- name: Install what the CA gave for it
  certwright.tls.ssl_certificate:
    external_url: mail.example.org
    other_urls: [imap.example.org]
    private_key_requested: true
    certificate_src: mail.example.org.pem
    ca_src: example-ca.pem
    services: [nginx]
"""

RETURN = r"""
requests:
  description: By certificate that is due, the request that waits on the host.
  returned: when the host was asked
  type: dict
  sample:
    system:
      request: |
        -----BEGIN CERTIFICATE REQUEST-----
        MIHvMIGWAgEAMAAwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAT…
        -----END CERTIFICATE REQUEST-----
      names: [mail.example.org, imap.example.org]
      key_type: ec256
      made: true
  contains:
    request:
      description:
        - The request as PEM, with an empty subject and all names as alternative names. Empty in check mode when it
          would be made.
      type: str
    names:
      description: The names it asks for.
      type: list
      elements: str
    key_type:
      description: The kind of its key.
      type: str
    made:
      description: Whether this run made it, or would in check mode.
      type: bool
reasons:
  description:
    - Why requests were made, or would be. The codes are V(certificate_missing), V(name_missing), V(name_dropped),
      V(key_type_differs), V(key_lost), V(certificate_lost), V(due_by_date), V(expired) and V(forced), as
      M(certwright.tls.letsencrypt_cert) has them.
  returned: when the host was asked
  type: list
  elements: dict
  contains:
    certificate:
      description: The certificate's name in the store.
      type: str
    code:
      description: The stable code.
      type: str
    message:
      description: The same for people.
      type: str
problems:
  description:
    - What was refused, as M(certwright.tls.ssl_certificate) has it. Codes are V(external_url_missing), V(name_invalid)
      and V(name_used_twice) of words, V(openssl_missing), V(openssl_failed), V(name_unfit) and V(not_writable) of the
      host, and those below.
    - V(order_open), M(certwright.tls.letsencrypt_cert) has begun an order for it. While a run is working on it, that is
      all; afterwards O(certificates[].force) drops the order with its key.
    - V(claimed), another run began such an order just now.
    - V(request_unfit), what the host answered is not a request for the declared names alone. Nobody should sign it.
  returned: on failure
  type: list
  elements: dict
warnings:
  description:
    - V(request_replaced) (an earlier request or order went with its key, so what is signed for it cannot be installed),
      V(adopted) (somebody else renews it, so it was not requested), V(name_stripped), and V(clock_skew) (dates decided
      nothing).
  returned: when there is something
  type: list
  elements: str
store_path:
  description: The store on the host.
  returned: when the host was asked
  type: str
"""

from ansible.module_utils.basic import AnsibleModule

KEY_TYPE = dict(type="str", choices=["ec256", "ec384", "rsa2048", "rsa3072", "rsa4096"], no_log=False)

CERTIFICATE_SPEC = dict(
    name=dict(type="str", required=True),
    external_url=dict(type="str"),
    other_urls=dict(type="list", elements="str", default=[]),
    key_type=KEY_TYPE,
    force=dict(type="bool", default=False),
)

ARGUMENT_SPEC = dict(
    certificates=dict(type="list", elements="dict", required=True, options=CERTIFICATE_SPEC),
    key_type=KEY_TYPE,
    store_path=dict(type="str"),
)

CONSTRAINTS: dict = dict()


def main():
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True, **CONSTRAINTS)
    module.fail_json(msg="This module runs on the controller; its action plugin was not found")


if __name__ == "__main__":
    main()
