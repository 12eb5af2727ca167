# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ssl_certificate
short_description: Install a host's system-wide TLS certificate so that its services serve it, or put it back
version_added: 0.1.0
description:
  - Takes a certificate, its private key and its CA as they were supplied, checks them on the controller, and hands them
    to services on the host in one transaction. Either every probed port serves the new certificate at the end, or the
    previous one is served as before and the message says why.
  - All problems of the supplied material are reported together, before the host is touched.
  - Files are handed over in a store of their own with stable paths. The configuration of a service is never edited.
  - Another program that renews a certificate for the same names is named in the warning V(other_renewer), and left
    alone.
  - The host needs Python 3.9 or newer and nothing else, but for two kinds of material that lies there already, see
    O(remote_src). The controller needs C(cryptography) and C(idna).
author:
  - The certwright.tls authors (@certwright)
extends_documentation_fragment:
  - certwright.tls._attributes
  - certwright.tls._services
  - certwright.tls._files
  - certwright.tls._store
attributes:
  check_mode:
    support: full
    details:
      - Nothing is changed. The service's own check of its configuration is run.
  diff_mode:
    support: full
    details:
      - Shows names, dates and fingerprints, never keys.
  idempotent:
    support: full
    details:
      - Certificates are compared by identity. Another order of the chain or another encoding of the key is no change.
requirements:
  - cryptography >= 42 on the controller
  - idna >= 3.4 on the controller
options:
  name:
    description:
      - The name of the certificate in the store, and a part of its paths.
    type: str
    default: system
  state:
    description:
      - V(present) installs the certificate.
      - V(adopted) records a certificate that is on the host already, by certbot, BlueMind or by hand, and leaves it
        where it is. It is looked for among those that other renewers keep for these names, at the declared paths of
        O(services), and at O(certificate_src) on the host.
      - V(absent) is refused. The system certificate can be replaced, never removed.
    type: str
    choices: [present, absent, adopted]
    default: present
  external_url:
    description:
      - The host name that clients use. The certificate must cover it.
      - A full URL is accepted; only its host name counts.
      - Nothing is installed before it is known. If not given, and V(bluemind) is among the services, it is read from
        BlueMind's own files, with the other URLs.
    type: str
  other_urls:
    description:
      - Further host names or addresses that the certificate must cover.
    type: list
    elements: str
    default: []
  certificate_src:
    description:
      - File with the certificate, on the controller unless O(remote_src=true). PEM, DER or PKCS#7. It may hold the
        chain too, in any order.
      - Found where Ansible looks for files, else beside the inventory. Decrypted in memory when it is vaulted.
    type: str
  certificate_content:
    description:
      - The PEM text itself.
    type: str
  private_key_src:
    description:
      - File with the private key, on the controller unless O(remote_src=true). PEM or DER (PKCS#8, PKCS#1 or SEC1),
        encrypted or not.
    type: str
  private_key_content:
    description:
      - The PEM text of the private key. Give a vaulted variable, never a literal, since Ansible quotes the lines of a
        playbook in its error messages.
      - If a certificate is given, and neither it nor O(private_key_src), the environment variable
        E(CERTWRIGHT_PRIVATE_KEY) of the controller is used.
      - E(CERTWRIGHT_PRIVATE_KEY_SRC) may name a file with it.
    type: str
  private_key_passphrase:
    description:
      - The passphrase of an encrypted private key. The host stores the key unencrypted, for its services to read.
      - If not given, the environment variable E(CERTWRIGHT_PRIVATE_KEY_PASSPHRASE) of the controller is used.
      - E(CERTWRIGHT_PRIVATE_KEY_PASSPHRASE_SRC) may name a file with it.
    type: str
  private_key_passphrase_src:
    description:
      - File on the controller with the passphrase, which wins over O(private_key_passphrase).
    type: str
  ca_src:
    description:
      - File with the CA certificates, intermediates and root in any order, on the controller unless O(remote_src=true).
      - Needed when the intermediates come with neither O(certificate_src) nor O(pkcs12_src).
    type: str
  ca_content:
    description:
      - The PEM text of the CA certificates.
    type: str
  pkcs12_src:
    description:
      - PKCS#12 file (V(.p12), V(.pfx)) with certificate, private key and mostly the chain, in place of
        O(certificate_src) and O(private_key_src), on the controller unless O(remote_src=true).
      - Old encryption (RC2, 3DES) is read as well as new.
    type: str
  pkcs12_content:
    description:
      - The PKCS#12 file as base64 text.
      - If neither it nor any other material but the CA is given, the environment variable E(CERTWRIGHT_PKCS12) of the
        controller is used.
      - E(CERTWRIGHT_PKCS12_SRC) may name a file with it.
    type: str
  pkcs12_passphrase:
    description:
      - The passphrase of the PKCS#12 file.
      - If not given, the environment variable E(CERTWRIGHT_PKCS12_PASSPHRASE) of the controller is used.
      - E(CERTWRIGHT_PKCS12_PASSPHRASE_SRC) may name a file with it.
    type: str
  pkcs12_passphrase_src:
    description:
      - File on the controller with the passphrase, which wins over O(pkcs12_passphrase).
    type: str
  remote_src:
    description:
      - The files named by O(certificate_src), O(private_key_src), O(ca_src) and O(pkcs12_src) lie on the managed host.
      - The private key is matched with the certificate there, and never leaves the host. Encrypted keys and PKCS#12
        need the program C(openssl) on the host.
      - Files with passphrases are on the controller always.
    type: bool
    default: false
  private_key_requested:
    description:
      - The private key is the one that M(certwright.tls.certificate_request) made on the host, which never leaves it.
        The certificate, and the CA, are those that a CA elsewhere gave for that request.
      - Once it is installed, the same certificate is kept without a request. No private key, PKCS#12 or
        O(remote_src) goes together with it.
    type: bool
    default: false
  accept:
    description:
      - Lets through what is refused otherwise.
      - V(ends_sooner) is a certificate that ends sooner than the installed one.
      - V(test_issuer) is one of a staging or test CA over one of another CA.
      - V(files_abandoned) is a service, or a file of one, that is no longer declared. Its files go with the next
        generation, so nothing may name them any more.
      - V(removed) brings back what P(certwright.tls.remove#role) took away from this host, which stays away otherwise.
    type: list
    elements: str
    choices: [ends_sooner, test_issuer, files_abandoned, removed]
    default: []
  stage_only:
    description:
      - Stores the certificate on the host and stops. No service is touched.
      - M(certwright.tls.certificate_activate) does the rest.
    type: bool
    default: false
seealso:
  - module: certwright.tls.domain_certificate
  - module: certwright.tls.certificate_request
  - module: certwright.tls.certificate_activate
  - module: certwright.tls.certificate_info
"""

EXAMPLES = r"""
- name: Nginx serves the certificate we bought, or the old one as before
  certwright.tls.ssl_certificate:
    external_url: www.example.org
    other_urls: [example.org]
    certificate_src: www.example.org.pem
    private_key_src: www.example.org.key
    ca_src: example-ca.pem
    services: [nginx]

- name: Mail and database take the same certificate, each in the form and of the owner that it wants
  certwright.tls.ssl_certificate:
    external_url: mail.example.org
    other_urls: [imap.example.org, db.example.org]
    certificate_src: mail.pem
    private_key_src: mail.key
    ca_src: example-ca.pem
    services:
      - postfix: {ports: [25, 465, 587]}
      - dovecot: {ports: [143, 993, 4190]}
      - postgresql: {instance: 15-main}
      - postgresql: {name: reports, instance: 15-reports, ports: [5433]}

- name: A mail proxy that wants one file, found at a path of its own
  certwright.tls.ssl_certificate:
    external_url: mail.example.org
    certificate_src: mail.pem
    private_key_content: "{{ vaulted_mail_key }}"
    ca_src: example-ca.pem
    services:
      - nginx: {ports: [443, 8443]}
      - custom:
          name: mailproxy
          files:
            - {name: tls.pem, parts: [leaf, chain, key], path: /opt/mailproxy/tls.pem, group: mailproxy, mode: '0640'}
          unit: mailproxy.service
          check: mailproxy --check
          probes:
            - {port: 25, starttls: smtp}
            - {port: 993}

- name: Store it now, activate it in the maintenance window
  certwright.tls.ssl_certificate:
    external_url: www.example.org
    certificate_src: www.example.org.pem
    private_key_src: www.example.org.key
    ca_src: example-ca.pem
    services: [nginx]
    stage_only: true

- name: Everything in one PKCS#12 file, as Windows and many CAs hand it over
  certwright.tls.ssl_certificate:
    external_url: www.example.org
    pkcs12_src: www.example.org.p12
    pkcs12_passphrase_src: www.example.org.passphrase
    services: [nginx]

- name: What lies on the host already; the key does not leave it
  certwright.tls.ssl_certificate:
    external_url: www.example.org
    remote_src: true
    certificate_src: /root/tls/www.example.org.pem
    private_key_src: /root/tls/www.example.org.key
    ca_src: /root/tls/example-ca.pem
    services: [nginx]

- name: What a CA signed for the request that certificate_request made on the host
  certwright.tls.ssl_certificate:
    external_url: www.example.org
    private_key_requested: true
    certificate_src: www.example.org.pem
    ca_src: example-ca.pem
    services: [nginx]

- name: Record the certificate that certbot keeps, and leave it to certbot
  certwright.tls.ssl_certificate:
    external_url: www.example.org
    state: adopted
"""

RETURN = r"""
reasons:
  description:
    - Why the host was changed, or would be in check mode. Codes are stable.
    - RV(reasons[].code=certificate_missing), nothing is installed.
    - RV(reasons[].code=certificate_differs), another certificate is installed.
    - RV(reasons[].code=chain_differs), the chain or the root is another.
    - RV(reasons[].code=service_added), RV(reasons[].code=service_removed) and RV(reasons[].code=service_differs), the
      services or their files are declared otherwise.
    - RV(reasons[].code=file_missing), RV(reasons[].code=file_differs) and RV(reasons[].code=attributes_differ), a file
      in the store is not as it was made.
    - RV(reasons[].code=link_missing), a path outside of the store does not lead to the certificate.
    - RV(reasons[].code=not_served), a port shows another certificate than the live one.
    - RV(reasons[].code=restart_due), a service has the files and may be restarted now.
    - RV(reasons[].code=activation_pending), a stored certificate is not active yet.
    - RV(reasons[].code=pending_superseded), a stored certificate is not wanted any more.
    - RV(reasons[].code=interrupted), an interrupted run is finished or undone first.
    - RV(reasons[].code=certificate_found), a certificate to adopt was found, or now lies elsewhere.
    - RV(reasons[].code=disabled), a domain is to have no certificate of its own (M(certwright.tls.domain_certificate)).
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
  sample:
    - certificate: system
      code: certificate_missing
      message: No certificate system is installed
problems:
  description:
    - Everything that was refused or failed, with a stable code, the fact and the way out.
    - 'Of inputs that cannot be read: V(file_unreadable), V(certificate_unreadable), V(private_key_unreadable),
      V(pkcs12_unreadable), V(input_empty), V(input_too_large), V(input_not_base64), V(not_pem), V(pem_truncated),
      V(pem_damaged), V(no_certificate), V(too_many_certificates), V(no_private_key), V(several_private_keys),
      V(key_type_unsupported), V(private_key_encrypted), V(pkcs12_encrypted), V(wrong_passphrase).'
    - 'Of inputs together: V(material_missing), V(material_ambiguous).'
    - 'Of inputs on the host: V(openssl_missing) (the host lacks the program that opens them), V(no_memory_file) (the
      host has no file in memory to match a key in).'
    - 'Of a key that was requested: V(no_request) (none waits on the host), V(key_mismatch) (it is for another key),
      V(key_lost) and V(certificate_lost) (a file of the store is gone or was changed, and nobody else has the key).'
    - 'Of material that clients would refuse: V(key_mismatch), V(leaf_is_ca), V(ca_not_ca), V(self_signed),
      V(chain_incomplete), V(root_not_proved) (and a file of a service is to hold the root), V(signature_invalid),
      V(expired), V(not_yet_valid), V(ca_expired), V(ca_not_yet_valid), V(issuer_not_ca), V(path_length_exceeded),
      V(name_constraint_violated), V(usage_unsuitable), V(weak_key), V(weak_signature).'
    - 'Of names: V(name_invalid), V(name_missing), V(external_url_missing).'
    - 'Of an inventory, by P(certwright.tls.inventory#filter): V(inventory_invalid), V(unknown_issuer),
      V(engine_unavailable), V(name_used_twice), and those of names and of services.'
    - 'Of what is stored (M(certwright.tls.certificate_activate)): V(not_stored), V(expired), V(file_differs).'
    - 'Of services: V(unknown_service), V(service_invalid), V(service_config_broken_before); of keystores
      V(passphrase_missing), V(trust_missing) (no issuer is known), V(truststore_needs_cryptography) and
      V(openssl_missing); of lists of revocations V(crl_missing) (a file wants one, and none is given), V(crl_ended)
      (the service would refuse every client, or does), V(crl_unreadable), and V(ca_silent) (a CA that a service trusts
      did not answer, and nothing is known of it on the host).'
    - 'Of what is installed: V(ends_sooner), V(test_issuer), V(files_abandoned), V(absent_refused).'
    - 'Of what was removed: V(tombstone) (it stays away until that is asked for), V(key_compromised) (no certificate
      with a key that leaked is installed).'
    - 'Of adoption: V(nothing_to_adopt) (nothing was found for these names, or the store has the certificate itself).'
    - 'Of the transaction: V(rolled_back), V(kept_new_unproved), V(not_served), V(refused), V(left_alone), V(stranded).'
  returned: on failure
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
      description: The fact and the way out.
      type: str
warnings:
  description:
    - What is worth knowing although nothing is refused. Each ends with its stable code in brackets, one of
      V(name_stripped), V(name_in_cn_only), V(passphrase_unused), V(unrelated_certificate), V(profile_unproved),
      V(root_not_proved), V(not_referenced), V(not_proved), V(placed_not_served), V(restart_pending), V(service_down),
      V(clock_skew), V(other_renewer) (another program renews a certificate for these names, or the adopted one),
      V(chain_kept) (the chain of a requested certificate goes with it only), V(expired) (what is adopted has ended),
      V(crl_older) (an older list of revocations was supplied; the installed one stays), V(crl_ends_soon) (less than a
      quarter of a list's life is left), V(ca_silent) (a CA did not answer; what services trust stays), or
      V(passphrase_known) (the passphrase of a keystore is a default that everybody knows).
  returned: when there is something
  type: list
  elements: str
outcome:
  description:
    - How it ended. V(unchanged), V(planned) (check mode), V(staged), V(activated), V(placed_not_served) (the service is
      stopped), V(restart_pending), V(discarded), V(adopted) (recorded, and left where it is), V(rolled_back),
      V(kept_new_unproved), V(not_served), V(refused), V(left_alone) or V(stranded).
  returned: when the host was asked
  type: str
  sample: activated
pending:
  description: Whether M(certwright.tls.certificate_activate) has something to do.
  returned: when the host was asked
  type: bool
certificate:
  description: The supplied certificate.
  returned: success
  type: dict
  contains:
    names:
      description: DNS names and addresses of subjectAltName.
      type: list
      elements: str
    subject:
      description: The subject as RFC 4514 text.
      type: str
    distinguished_name:
      description: The subject, as Java prints it and the C(distinguished-names) of JS7 spell it.
      type: str
    issuer:
      description: The issuer as RFC 4514 text.
      type: str
    serial:
      description: The serial number in hexadecimal.
      type: str
    not_before:
      description: The beginning of its validity, UTC.
      type: str
    not_after:
      description: The end of its validity, UTC.
      type: str
    key_type:
      description: Algorithm and size or curve of the key.
      type: str
    fingerprint_sha256:
      description: SHA-256 of the certificate in hexadecimal.
      type: str
generation:
  description: The number of the generation that was stored or activated.
  returned: when something was stored or activated
  type: int
previous:
  description: The generation that was live before.
  returned: when something was stored or activated
  type: int
message:
  description: What the host says about the outcome.
  returned: when the host was asked
  type: str
services:
  description: By service, V(served), V(reloaded), V(placed_not_served) or V(restart_pending).
  returned: when something was activated
  type: list
  elements: dict
store_path:
  description: The store on the host.
  returned: success
  type: str
paths:
  description: By service and file, the stable path for a configuration to name.
  returned: success
  type: dict
  sample:
    nginx:
      fullchain.pem: /etc/ssl/certwright/live/system/nginx/fullchain.pem
      privkey.pem: /etc/ssl/certwright/live/system/nginx/privkey.pem
hints:
  description: By service, what to put into its configuration, for presets that have something to say. Without secrets.
  returned: success
  type: dict
  sample:
    nginx: >-
      Put into its server block: ssl_certificate /etc/ssl/certwright/live/system/nginx/fullchain.pem;
      ssl_certificate_key /etc/ssl/certwright/live/system/nginx/privkey.pem;
unmanaged:
  description: Certificates of the store that the task does not name. They are left alone.
  returned: success
  type: list
  elements: str
outcomes:
  description:
    - The same as RV(outcome), RV(pending), RV(generation), RV(previous), RV(message) and RV(services), by certificate.
    - C(changed) beside them says whether the host was changed for this one.
  returned: when the host was asked
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.certwright.tls.plugins.module_utils._options import (
    ACCEPT,
    ATTRIBUTES,
    MATERIAL,
    MATERIAL_CONSTRAINTS,
    SERVICES,
    STORE,
)

ARGUMENT_SPEC = dict(
    name=dict(type="str", default="system"),
    state=dict(type="str", choices=["present", "absent", "adopted"], default="present"),
    external_url=dict(type="str"),
    other_urls=dict(type="list", elements="str", default=[]),
    **MATERIAL,
    **ACCEPT,
    stage_only=dict(type="bool", default=False),
    **SERVICES,
    **ATTRIBUTES,
    **STORE,
)

CONSTRAINTS = MATERIAL_CONSTRAINTS


def main():
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True, **CONSTRAINTS)
    module.fail_json(msg="This module runs on the controller; its action plugin was not found")


if __name__ == "__main__":
    main()
