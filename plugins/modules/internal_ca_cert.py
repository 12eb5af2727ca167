# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: internal_ca_cert
short_description: Sign a batch of requests with an internal CA, and revoke certificates
version_added: 0.1.0
description:
  - Signs any number of requests as server, client or both, in one append to the ledger of a CA that
    M(certwright.tls.internal_ca) made. Run it, or delegate it, to the host that has the CA's directory; that host needs
    Python only, for keys and signatures are the controller's work.
  - Each request is answered by itself. A bad one is refused with its reason, the others are signed, and the task fails
    at its end.
  - The same request (key, names, usage, subject) gets the same certificate, until a third of its life is left or the CA
    has switched to another issuing certificate. A task that was killed can be repeated, and signs nothing twice.
  - Names come from the request's own words, which an inventory declares. Nothing is taken from a certificate request
    but its public key.
  - Every certificate is proved with its chain and its key before it is handed over, and is in the ledger before that.
  - Where the CA has a CRL, M(certwright.tls.internal_ca) signs the next one after a revocation.
author:
  - The certwright.tls authors (@certwright)
extends_documentation_fragment:
  - certwright.tls._attributes
attributes:
  check_mode:
    support: full
    details:
      - What would be signed is shown with its reasons. Nothing is signed, no key is made and no file is written.
  diff_mode:
    support: none
  idempotent:
    support: full
options:
  path:
    description:
      - The directory of the CA on the host, an absolute path.
    type: str
    required: true
  fingerprint:
    description:
      - The SHA-256 fingerprint of the CA's root, as M(certwright.tls.internal_ca) returns it. Another CA at the path,
        or none, is an error.
    type: str
    required: true
  passphrase:
    description:
      - The passphrase of the issuing key. E(CERTWRIGHT_CA_PASSPHRASE) counts where neither this nor
        O(passphrase_src) is given. It is needed only if there is something to sign or to revoke.
      - E(CERTWRIGHT_CA_PASSPHRASE_SRC) may name a file with it.
    type: str
  passphrase_src:
    description:
      - The file with it on the controller.
    type: str
  requests:
    description:
      - The certificates to be signed.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description:
          - The name of the certificate; with O(requests[].host) it says what is renewed by what.
        type: str
        required: true
      host:
        description:
          - The host that it is for, or empty for one that belongs to no host.
        type: str
        default: ''
      csr:
        description:
          - The certificate request (PEM, PKCS#10), as M(certwright.tls.internal_certificate) and
            M(certwright.tls.certificate_request) return it.
          - Without one, O(requests[].pkcs12) says where certificate and key are to be.
        type: str
      usage:
        description:
          - What it authenticates.
        type: str
        choices: [server, client, both]
        default: server
      names:
        description:
          - DNS names, and addresses, which become IP entries.
        type: list
        elements: str
        default: []
      ips:
        description:
          - Addresses, beside those in O(requests[].names).
        type: list
        elements: str
        default: []
      emails:
        description:
          - Mail addresses.
        type: list
        elements: str
        default: []
      subject:
        description:
          - The subject, as in C(CN=agent1,OU=IT,O=Example,C=DE) (RFC 4514, the most specific part first) or
            C(/C=DE/O=Example/OU=IT/CN=agent1). It is empty if not given; clients look at the names only.
        type: str
      subject_form:
        description:
          - V(js7) completes the subject as JS7's own CA names what it issues, for C(distinguished-names) are compared
            to the letter. The order is C, ST, L, O, OU, CN, dnQualifier. What O(requests[].subject) does not say of C,
            ST, L, O and OU is that of the CA; the common name is the first of O(requests[].names) then, and the
            dnQualifier is the CA's common name. Without it the subject is as it was said.
        type: str
        choices: [js7]
      days:
        description:
          - How many days it is valid. V(397) if not given. It ends with its CA when that ends sooner; a number that is
            longer than the CA's whole life is refused. Clients of the public web take no more than 397 days.
        type: int
      not_after:
        description:
          - When it ends, as in C(2027-12-31T23:59:59Z), in place of O(requests[].days).
        type: str
      anchors:
        description:
          - What the host remembers of the ledger, from its records (C(number) and C(hash) of entries). A ledger that
            does not have them is an old copy, and nothing is signed.
        type: list
        elements: dict
        default: []
        suboptions:
          number:
            description: The number of the entry.
            type: int
            required: true
          hash:
            description: Its digest.
            type: str
            required: true
          seal:
            description: What shows that the CA had it, as RV(certificates[].seal). Without it there is a warning only.
            type: str
            default: ''
      key_type:
        description:
          - The key that is made on the controller for O(requests[].pkcs12).
        type: str
        choices: [ec256, ec384, rsa2048, rsa3072, rsa4096]
        default: ec256
      pkcs12:
        description:
          - Where on the controller the certificate, its chain and a key made there are kept as PKCS#12, for those who
            are no managed host, such as the browser of an operator. What is there already is the request, and is
            renewed with a new key when it is due.
        type: dict
        suboptions:
          path:
            description: The file, an absolute path; its directory exists.
            type: path
            required: true
          passphrase:
            description:
              - Its passphrase. E(CERTWRIGHT_PKCS12_PASSPHRASE) counts where neither this nor
                O(requests[].pkcs12.passphrase_src) is given.
              - E(CERTWRIGHT_PKCS12_PASSPHRASE_SRC) may name a file with it.
            type: str
          passphrase_src:
            description: The file with it on the controller.
            type: str
          alias:
            description: The name of the entry. The name of the request if not given.
            type: str
          level:
            description:
              - V(modern) is AES-256 and SHA-256. V(legacy) is triple DES and SHA-1, for old Java and Windows. A change
                takes effect when the file is written for another reason.
            type: str
            choices: [modern, legacy]
            default: modern
  anchors:
    description:
      - What O(requests[].anchors) are, of hosts that request nothing now.
    type: list
    elements: dict
    default: []
    suboptions:
      number:
        description: The number of the entry.
        type: int
        required: true
      hash:
        description: Its digest.
        type: str
        required: true
      seal:
        description: What shows that the CA had it.
        type: str
        default: ''
  revoke:
    description:
      - The certificates to be revoked. What is revoked or has ended already stays as it is.
    type: list
    elements: dict
    default: []
    suboptions:
      serial:
        description: The serial number, as hex or with colons.
        type: str
      certificate:
        description: The certificate as PEM.
        type: str
      name:
        description: All live certificates of this name, of the host in O(revoke[].host) or, without that, of any.
        type: str
      host:
        description:
          - All live certificates of this host. Beside one of the other words only what was signed for it is meant.
        type: str
      reason:
        description: Why (RFC 5280, 5.3.1).
        type: str
        choices:
          - unspecified
          - key_compromise
          - affiliation_changed
          - superseded
          - cessation_of_operation
          - privilege_withdrawn
        default: unspecified
  backup_to:
    description:
      - A directory on the CA's host, better on another disk, to which the CA's directory is copied after each append.
        Its keys are sealed there too.
    type: str
"""

EXAMPLES = r"""
- name: Sign what all hosts have requested, in one batch
  certwright.tls.internal_ca_cert:
    path: /var/lib/certwright-ca
    fingerprint: "{{ ca_fingerprint }}"
    passphrase: "{{ vault_ca_passphrase }}"
    requests:
      - name: system
        host: db1
        names: [db1.lan, 192.0.2.7]
        csr: "{{ requested.requests[0].csr }}"
    backup_to: /mnt/backup/ca
  delegate_to: ca01
  run_once: true
  register: batch

- name: A certificate for an operator's browser
  certwright.tls.internal_ca_cert:
    path: /var/lib/certwright-ca
    fingerprint: "{{ ca_fingerprint }}"
    passphrase_src: ca.pass
    requests:
      - name: jane
        usage: client
        emails: [jane@example.org]
        subject: CN=Jane Doe,O=Example
        pkcs12: {path: /home/admin/jane.p12, passphrase_src: jane.pass}
  delegate_to: ca01

- name: Revoke everything of a host that was broken into
  certwright.tls.internal_ca_cert:
    path: /var/lib/certwright-ca
    fingerprint: "{{ ca_fingerprint }}"
    passphrase: "{{ vault_ca_passphrase }}"
    revoke:
      - {host: web7, reason: key_compromise}
  delegate_to: ca01
"""

RETURN = r"""
certificates:
  description: One answer for each request, in their order.
  returned: success
  type: list
  elements: dict
  contains:
    host:
      description: The host of the request.
      type: str
    name:
      description: The name of the request.
      type: str
    outcome:
      description: V(issued), V(unchanged) or V(refused); in check mode V(issued) is what would be.
      type: str
    code:
      description: Why it was refused or issued; missing when it is unchanged.
      type: str
    message:
      description: The same for people.
      type: str
    certificate:
      description: The certificate as PEM.
      type: str
    chain:
      description: The issuing certificates as PEM, without the root.
      type: str
    root:
      description: The root as PEM.
      type: str
    serial:
      description: Its serial number, as hex.
      type: str
    issuing:
      description: Which key of the CA signed it (SHA-256 of the public key, as hex).
      type: str
    number:
      description: The number of its entry in the ledger.
      type: int
    hash:
      description: The digest of this entry, for the record of the host.
      type: str
    seal:
      description: What shows later that the CA had this entry; empty when no key was opened in this run.
      type: str
    not_after:
      description: When it ends.
      type: str
    subject:
      description: Its subject (RFC 4514).
      type: str
    distinguished_name:
      description: Its subject as the C(distinguished-names) of JS7 spell it.
      type: str
    path:
      description: The PKCS#12 file on the controller, of those that have one.
      type: str
  sample:
    - host: web1
      name: system
      outcome: issued
      serial: 4f3a90c1d2e3f405162738495a6b7c8d
      number: 17
      not_after: '2027-12-24T08:00:00Z'
revoked:
  description: What was revoked, by serial number.
  returned: success
  type: list
  elements: dict
  sample:
    - {serial: 4f3a90c1d2e3f405162738495a6b7c8d, host: web7, name: system, revocation_reason: key_compromise}
ledger:
  description: The end of the ledger, C(number) and C(hash).
  returned: success
  type: dict
  sample: {number: 17, hash: 8f43…}
problems:
  description:
    - What was refused, with C(certificate) (the host and the name), C(code) and C(message). Nothing at all is signed
      for V(ca_missing), V(ca_other), V(ca_incomplete), V(ca_damaged), V(ca_altered), V(ca_rolled_back), V(ca_open),
      V(ca_foreign), V(ca_unreadable), V(ca_busy), V(ca_expired), V(ca_key_missing), V(ca_unknown), V(clock_skew),
      V(wrong_passphrase), V(passphrase_missing), V(sealed_unreadable), V(file_unreadable).
    - One request is refused for V(request_incomplete), V(name_used_twice), V(csr_unreadable), V(csr_signature),
      V(key_weak), V(key_unsupported), V(key_of_ca), V(key_compromised), V(no_names), V(name_invalid), V(email_invalid),
      V(address_invalid), V(subject_invalid), V(date_invalid), V(name_outside_constraints), V(wildcard_for_client),
      V(usage_unknown), V(outlives_ca), V(already_ended), V(not_proved), V(pkcs12_unusable), V(file_unwritable). One
      revocation is for V(revocation_invalid) or V(certificate_unknown).
  returned: when something was refused
  type: list
  elements: dict
  sample:
    - {certificate: web3 system, code: name_outside_constraints, message: …}
reasons:
  description: Why each certificate was signed or revoked, C(certificate), C(code) and C(message). The codes are
    V(certificate_missing), V(due_by_date), V(expired), V(issuing_ca_differs), V(revoked) and V(revocation).
  returned: success
  type: list
  elements: dict
  sample:
    - {certificate: web1 system, code: certificate_missing, message: The ledger has none for this key and these names}
warnings:
  description: With their codes, V(backup_failed), V(left_over) (a file that the CA no longer needs is
    still there) and V(anchor_unproved) (a host remembers what the CA never had).
  returned: when there are some
  type: list
  elements: str
backup:
  description: What became of the backup, C(done) and C(message).
  returned: with O(backup_to), when something was appended
  type: dict
  sample: {done: true, message: ''}
"""

from ansible.module_utils.basic import AnsibleModule

ANCHOR_SPEC = dict(
    number=dict(type="int", required=True),
    hash=dict(type="str", required=True),
    seal=dict(type="str", default="", no_log=False),
)
PKCS12_SPEC = dict(
    path=dict(type="path", required=True),
    passphrase=dict(type="str", no_log=True),
    passphrase_src=dict(type="str", no_log=False),
    alias=dict(type="str"),
    level=dict(type="str", choices=["modern", "legacy"], default="modern"),
)
REQUEST_SPEC = dict(
    name=dict(type="str", required=True),
    host=dict(type="str", default=""),
    csr=dict(type="str"),
    usage=dict(type="str", choices=["server", "client", "both"], default="server"),
    names=dict(type="list", elements="str", default=[]),
    ips=dict(type="list", elements="str", default=[]),
    emails=dict(type="list", elements="str", default=[]),
    subject=dict(type="str"),
    subject_form=dict(type="str", choices=["js7"]),
    days=dict(type="int"),
    not_after=dict(type="str"),
    anchors=dict(type="list", elements="dict", default=[], options=ANCHOR_SPEC),
    key_type=dict(
        type="str", choices=["ec256", "ec384", "rsa2048", "rsa3072", "rsa4096"], default="ec256", no_log=False
    ),
    pkcs12=dict(type="dict", options=PKCS12_SPEC),
)
REVOCATION_SPEC = dict(
    serial=dict(type="str"),
    certificate=dict(type="str"),
    name=dict(type="str"),
    host=dict(type="str"),
    reason=dict(
        type="str",
        choices=[
            "unspecified",
            "key_compromise",
            "affiliation_changed",
            "superseded",
            "cessation_of_operation",
            "privilege_withdrawn",
        ],
        default="unspecified",
    ),
)
ARGUMENT_SPEC = dict(
    path=dict(type="str", required=True),
    fingerprint=dict(type="str", required=True),
    passphrase=dict(type="str", no_log=True),
    passphrase_src=dict(type="str", no_log=False),
    requests=dict(type="list", elements="dict", default=[], options=REQUEST_SPEC),
    anchors=dict(type="list", elements="dict", default=[], options=ANCHOR_SPEC),
    revoke=dict(type="list", elements="dict", default=[], options=REVOCATION_SPEC),
    backup_to=dict(type="str"),
)
CONSTRAINTS = dict(mutually_exclusive=[["passphrase", "passphrase_src"]])


def main():
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True, **CONSTRAINTS)
    module.fail_json(msg="This module runs on the controller; its action plugin was not found")


if __name__ == "__main__":
    main()
