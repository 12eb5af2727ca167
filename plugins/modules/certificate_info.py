# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: certificate_info
short_description: Show the certificates in the store, in files and at ports of a host
version_added: 0.1.0
description:
  - Shows every certificate with its names, its end, the share of its life that is left, and everything that is wrong
    with it, by the same checks as at install. Nothing is changed.
  - Of files it reads PEM, DER, PKCS#7, PKCS#12 and Java keystores, and tells when a private key in one of them lies
    open to everybody. No private key leaves the host.
  - At ports it does a TLS handshake on the addresses that a process of the host listens on, and tells whether they
    show what is live in the store.
  - It does not fail for what it shows. What cannot be read is in RV(problems), what is wrong with a certificate or a
    port stands at its row.
  - One execution on the host, whatever is asked.
author:
  - The certwright.tls authors (@certwright)
extends_documentation_fragment:
  - certwright.tls._attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: full
options:
  paths:
    description:
      - Files and directories on the host; C(~) and variables of its environment are replaced there.
      - Of a directory every file below it counts that holds a certificate or is a keystore, and so does a private key
        that everybody on the host may use (V(key_exposed)). Links to directories and network file systems are left out,
        and so is the store, which has O(store).
      - Looked at are files without a suffix and those with C(.pem), C(.crt), C(.cer), C(.cert), C(.der), C(.chain),
        C(.bundle), C(.ca-bundle), C(.key), C(.p7b), C(.p7c), C(.p12), C(.pfx), C(.pkcs12), C(.jks), C(.jceks), C(.ks),
        C(.keystore), C(.truststore) or C(.bcfks) (which is named only). A file with another suffix, such as a backup
        C(.bak), has to be named itself.
      - A file that holds only CA certificates is one row, and a directory with many such files too.
      - Below one directory at most 5000 files and directories are looked at; when there are more, V(search_ended) is
        among RV(problems).
    type: list
    elements: str
    default: []
  ports:
    description:
      - Ports of the host, each as V(443), V(192.0.2.1:8443), V([2001:db8::1]:8443), or a mapping with C(port) and,
        where needed, C(address), C(server_name), C(starttls) (smtp, lmtp, imap, pop3, sieve, ldap, postgres),
        C(proxy_protocol), C(client_certificate) and C(client_private_key) (paths on the host).
      - Without an address it is every one that a process listens on.
    type: list
    elements: raw
    default: []
  names:
    description:
      - Names that every certificate in O(paths) and at O(ports) is to cover, at a port its C(server_name) too.
    type: list
    elements: str
    default: []
  certificates:
    description:
      - What is shown of the store, by name. All when empty.
    type: list
    elements: str
    default: []
  store:
    description:
      - Whether the store is shown, with the ports of the services in its records.
      - By default it is when neither O(paths) nor O(ports) are given, or when O(certificates) are.
    type: bool
  warn_below:
    description:
      - The share of its whole life, from V(0) to V(1), below which a certificate is V(due).
      - By default one third, and a half when its whole life is under ten days.
    type: float
  table:
    description:
      - Whether the result has the same as RV(table), for people who ask on the command line.
    type: bool
    default: false
  keystore_passphrase:
    description:
      - What opens PKCS#12 files among O(paths). Those that no passphrase or Java's own V(changeit) protects are opened
        anyway, and Java keystores (JKS, JCEKS) have their certificates in clear.
      - It takes the program C(openssl), or else C(keytool), on the host. Keys are not decrypted.
      - If neither it nor O(keystore_passphrase_src) is given, E(CERTWRIGHT_KEYSTORE_PASSPHRASE) of the controller is
        used, else the file that E(CERTWRIGHT_KEYSTORE_PASSPHRASE_SRC) names.
    type: str
  keystore_passphrase_src:
    description:
      - File on the controller with that passphrase.
    type: str
  store_path:
    description:
      - The store on the host, when it is not at its default place, V(/etc/ssl/certwright), or
        V(/etc/pki/tls/certwright) on the Red Hat family.
    type: str
seealso:
  - module: certwright.tls.ssl_certificate
  - plugin: certwright.tls.table
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show everything in the store, and what its services serve
  certwright.tls.certificate_info:

- name: Show what lies somewhere else, and what a port serves
  certwright.tls.certificate_info:
    paths:
      - /etc/ssl/certs/www.pem
      - /etc/nginx/tls
    ports:
      - 443
      - {port: 25, starttls: smtp, server_name: mail.example.org}

- name: Show whether a port of the host covers its names, and what of the store is at its half
  certwright.tls.certificate_info:
    ports: [443]
    names: [www.example.org]
    store: true
    warn_below: 0.5
"""

RETURN = r"""
certificates:
  description: Every certificate once for each place, in the order of the store, O(paths) and O(ports).
  returned: success
  type: list
  elements: dict
  contains:
    source:
      description: V(store), V(file), or V(port) for what no other row shows.
      type: str
    name:
      description: The name in the store; null when the store does not know the certificate.
      type: str
    generation:
      description: Its number in the store; null where it has none.
      type: int
    state:
      description:
        - Of the store V(live), V(pending) (stored and not active), V(disabled) (its services have another certificate
          of the store instead) or V(adopted) (it lies elsewhere, and somebody else renews it); null elsewhere.
      type: str
    path:
      description: The file or directory on the host; the address and port for V(port).
      type: str
    services:
      description: The services in its record.
      type: list
      elements: str
    count:
      description: How many certificates the row stands for; more than one for files of CA certificates.
      type: int
    names:
      description: The names on the certificate.
      type: list
      elements: str
    subject:
      description: The subject, as RFC 4514 has it.
      type: str
    distinguished_name:
      description: The subject, as Java prints it and the C(distinguished-names) of JS7 spell it.
      type: str
    issuer:
      description: The issuer, as RFC 4514 has it.
      type: str
    serial:
      description: The serial number in hexadecimal.
      type: str
    not_before:
      description: The first instant of its life, UTC.
      type: str
    not_after:
      description: The last instant of its life, UTC; of several CA certificates that of the first that ends.
      type: str
    life_left:
      description: The share of its whole life that is left, from 0.0 to 1.0.
      type: float
    days_left:
      description: Whole days until it ends; below 0 when it has expired.
      type: int
    key_type:
      description: The kind of its key.
      type: str
    fingerprint_sha256:
      description: The SHA-256 fingerprint in hexadecimal.
      type: str
    is_ca:
      description: Whether the row is about CA certificates.
      type: bool
    holds_private_key:
      description: Whether a private key is in the file, or in the generation of the store; null for ports.
      type: bool
    recorded_issuer:
      description:
        - Of the store who issued it, as its record says it, V(files), the URL of an ACME directory, or V(internal_ca:)
          and the number of the CA. Empty elsewhere.
      type: str
    next_renewal:
      description:
        - The instant, UTC, from which a run renews it, by the time that its CA asked for (ARI), else by the share of
          its life that is left. Empty for what no run of this collection renews.
      type: str
    renewal_needed_by:
      description: The latest instant at which such a run has to come.
      type: str
    last_failure:
      description: What failed last of its order or its activation, as the host remembers it; null when nothing did.
      type: dict
      contains:
        at:
          description: When, UTC.
          type: str
        code:
          description: The stable code of the failed order, or V(activation_failed).
          type: str
        message:
          description: The fact.
          type: str
        tries:
          description: How many tries in a row failed.
          type: int
        heals:
          description: Whether it is of a kind that may end by itself, as a CA that does not answer.
          type: bool
    next_try:
      description: When the next order is placed, UTC, at the earliest; empty when no order failed.
      type: str
    problems:
      description:
        - What is wrong, each with the code and the message of M(certwright.tls.ssl_certificate).
        - And V(due), less of its life is left than O(warn_below); V(key_exposed), everybody on the host may read or
          write its private key; V(activation_pending), V(file_missing), V(file_differs) and V(attributes_differ), of
          the store; V(file_unreadable), of what was adopted; V(ca_expired), of CA certificates; V(crl_ended), a list of
          revocations in a file of a service, which refuses every client by it.
      type: list
      elements: dict
      contains:
        code:
          description: The stable code.
          type: str
        message:
          description: The fact and the way out.
          type: str
    notices:
      description: What is worth knowing although nothing is wrong, with the codes of the warnings at install, and
        V(crl_ends_soon).
      type: list
      elements: dict
      contains:
        code:
          description: The stable code.
          type: str
        message:
          description: The fact.
          type: str
  sample:
    - source: store
      name: system
      generation: 2
      state: live
      path: /etc/ssl/certwright/certificates/system/000002/fullchain.pem
      services: [nginx]
      count: 1
      names: [www.example.org]
      subject: CN=www.example.org
      distinguished_name: CN=www.example.org
      issuer: CN=Example CA,O=Example
      serial: 4e1f
      not_before: '2026-11-01T00:00:00Z'
      not_after: '2027-01-30T00:00:00Z'
      life_left: 0.766
      days_left: 68
      key_type: EC P-256
      fingerprint_sha256: 3f0e…
      is_ca: false
      holds_private_key: true
      recorded_issuer: https://acme-v02.api.letsencrypt.org/directory
      next_renewal: '2026-12-31T08:12:44Z'
      renewal_needed_by: '2027-01-15T00:00:00Z'
      last_failure:
      next_try: ''
      problems: []
      notices: []
ports:
  description: Every address of every port that was asked, and of the services in the records that are shown.
  returned: success
  type: list
  elements: dict
  contains:
    port:
      description: The port.
      type: int
    address:
      description: The address that was asked; empty when nothing listens there.
      type: str
    server_name:
      description: The server name that was asked for.
      type: str
    starttls:
      description: The protocol in which TLS was started.
      type: str
    state:
      description:
        - V(served); V(silent), nothing answers; V(no_tls), what answers does not speak TLS; V(unproved), it does, but
          its certificate could not be read.
      type: str
    fingerprint_sha256:
      description: Of the certificate that it shows.
      type: str
    not_after:
      description: The last instant of that certificate's life, UTC.
      type: str
    names:
      description: The names on it.
      type: list
      elements: str
    service:
      description: The service in the store that has this port.
      type: str
    certificate:
      description: The name in the store whose port or whose certificate it is.
      type: str
    is_live:
      description: Whether it shows what is live in the store; null when the store does not know it.
      type: bool
    problems:
      description: V(silent), V(no_tls), V(unproved), V(not_served) and V(name_missing), each with the fact.
      type: list
      elements: dict
unissued:
  description: What was ordered and failed, and of which the store has nothing yet.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Its name in the store.
      type: str
    last_failure:
      description: As with RV(certificates).
      type: dict
    next_try:
      description: As with RV(certificates).
      type: str
problems:
  description:
    - What could not be shown. V(file_unreadable), V(no_certificate), V(keystore_unread), V(search_ended) and
      V(key_exposed), of paths;
      V(certificate_unreadable); V(store_unreadable), V(not_stored) and V(interrupted), of the store.
    - Of arguments, with which the task fails, V(path_invalid), V(port_invalid), V(name_invalid), V(share_invalid),
      V(nothing_to_show), and V(file_unreadable) for the file of a passphrase.
  returned: always
  type: list
  elements: dict
  contains:
    subject:
      description: The path, the name or the store; C(certificate) for arguments.
      type: str
    code:
      description: The stable code.
      type: str
    message:
      description: The fact and the way out.
      type: str
table:
  description: What P(certwright.tls.table#filter) gives of the result, as lines.
  returned: with O(table)
  type: list
  elements: str
store_path:
  description: The store on the host.
  returned: success
  type: str
warnings:
  description: V(name_stripped) and V(clock_skew), as M(certwright.tls.ssl_certificate) has them.
  returned: when there is something
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule

ARGUMENT_SPEC = dict(
    paths=dict(type="list", elements="str", default=[]),
    ports=dict(type="list", elements="raw", default=[]),
    names=dict(type="list", elements="str", default=[]),
    certificates=dict(type="list", elements="str", default=[]),
    store=dict(type="bool"),
    warn_below=dict(type="float"),
    table=dict(type="bool", default=False),
    keystore_passphrase=dict(type="str", no_log=True),
    keystore_passphrase_src=dict(type="str", no_log=False),
    store_path=dict(type="str"),
)

CONSTRAINTS: dict = dict(mutually_exclusive=[["keystore_passphrase", "keystore_passphrase_src"]])


def main():
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True, **CONSTRAINTS)
    module.fail_json(msg="This module runs on the controller; its action plugin was not found")


if __name__ == "__main__":
    main()
