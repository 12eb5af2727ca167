# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: trust_store
short_description: Have the programs of a host trust CA certificates, and prove it
version_added: 0.1.0
description:
  - Puts CA certificates where the system keeps whom it trusts, and into Java's own stores, and takes away those that
    this collection placed there before and that are not listed any more. Nothing else is ever touched.
  - Additions and removals take one run of the system's update program. Then the system's bundle is read. When it does
    not hold each listed certificate, everything is put back as it was, and the task says why.
  - The system's place is found by what is there, C(/usr/local/share/ca-certificates) with C(update-ca-certificates)
    (Debian's family), C(/etc/pki/ca-trust/source/anchors) with C(update-ca-trust) (Red Hat's) or
    C(/etc/pki/trust/anchors) with C(update-ca-certificates) (SUSE's). Files are named C(certwright-) and the first 16
    digits of the fingerprint.
  - A run that was killed is finished by the next one.
author:
  - The certwright.tls authors (@certwright)
extends_documentation_fragment:
  - certwright.tls._attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details:
      - Names, dates and fingerprints of what this collection placed.
  idempotent:
    support: full
requirements:
  - cryptography >= 42 on the controller
  - idna >= 3.4 on the controller
options:
  certificates:
    description:
      - CA certificates as PEM text, each with one or several.
    type: list
    elements: str
    default: []
  certificates_src:
    description:
      - Files on the controller with CA certificates.
    type: list
    elements: str
    default: []
  state:
    description:
      - With V(present) the listed certificates are trusted, of which there has to be one at least.
      - V(absent) takes away everything that this collection placed. Certificates cannot be listed with it.
    type: str
    choices: [present, absent]
    default: present
  purge:
    description:
      - Whether what this collection placed earlier, and what is not listed any more, is taken away.
    type: bool
    default: true
  system:
    description:
      - Whether the system's own trust is changed, which most programs use.
    type: bool
    default: true
  java_stores:
    description:
      - Keystores of JDKs that do not use the system's. Entries are named as the files are.
      - keytool changes a copy, which is read and then takes the store's place whole, with its owner and mode. Programs
        read it when they are started.
      - A store that is not listed any more keeps its entries. Take them away by O(state=absent) first.
      - One that the system makes itself, as C(/etc/ssl/certs/java/cacerts), is refused, since O(system) reaches it.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description:
          - The keystore on the host, as C(/opt/jdk/lib/security/cacerts). It may be a link.
        type: str
        required: true
      passphrase:
        description:
          - Its passphrase, V(changeit) if none is given. It reaches keytool by its environment.
        type: str
      passphrase_src:
        description:
          - A file on the controller with the passphrase.
        type: str
      keytool:
        description:
          - The keytool of that JDK on the host. The one on the PATH if not given.
        type: str
seealso:
  - module: certwright.tls.certificate_info
"""

EXAMPLES = r"""
- name: Trust the office CA
  certwright.tls.trust_store:
    certificates_src: [office-root.pem]

- name: The same, for a JDK with a store of its own too
  certwright.tls.trust_store:
    certificates_src: [office-root.pem]
    java_stores:
      - path: /opt/jdk-21/lib/security/cacerts
        keytool: /opt/jdk-21/bin/keytool

- name: Trust nothing of it any more
  certwright.tls.trust_store:
    state: absent
"""

RETURN = r"""
certificates:
  description: What is to be trusted.
  returned: success
  type: list
  elements: dict
  contains:
    subject:
      description: Its subject (RFC 4514).
      type: str
    fingerprint:
      description: SHA-256, as hex.
      type: str
    not_after:
      description: When it ends.
      type: str
  sample:
    - {subject: CN=Office Root, fingerprint: 5d0c…, not_after: "2036-11-20T22:00:00Z"}
places:
  description: Where that is.
  returned: success
  type: list
  elements: dict
  contains:
    place:
      description: The directory, or the keystore as it was named.
      type: str
    kind:
      description: V(system) or V(java).
      type: str
    bundle:
      description: The file that programs read.
      type: str
reasons:
  description: Why the host was changed, or would be in check mode. Empty when nothing is to be done.
  returned: success
  type: list
  elements: dict
  contains:
    place:
      description: Where.
      type: str
    code:
      description:
        - V(trust_added), V(trust_removed).
        - V(trust_differs), a file or an entry of ours was changed by somebody else.
        - V(trust_without_effect), a certificate is placed and the system's bundle does not hold it.
        - V(trust_unfinished), an earlier run was killed.
      type: str
    message:
      description: The same for people.
      type: str
warnings:
  description:
    - What is worth knowing although nothing is refused. Each ends with its stable code in brackets, V(anchor_not_root)
      (a listed CA did not sign itself, which programs that use OpenSSL ask for) or V(still_trusted) (somebody else has
      placed what was removed, too).
  returned: when there is something
  type: list
  elements: str
problems:
  description: Why the task failed.
  returned: failure
  type: list
  elements: dict
  contains:
    certificate:
      description: The certificate as it was listed, or the place.
      type: str
    code:
      description:
        - V(trust_empty), no certificate is listed, and O(state) is not V(absent).
        - V(private_key_given), a text holds a private key.
        - V(ca_not_ca), V(ca_expired), V(ca_twice), it is no CA, has ended, or is listed twice.
        - V(input_empty), V(input_too_large), V(not_pem), V(pem_truncated), V(pem_damaged), V(no_certificate),
          V(certificate_unreadable), V(too_many_certificates), V(file_unreadable), a text or a file cannot be used.
        - V(material_ambiguous), certificates are listed with O(state=absent).
        - V(material_missing), there is no place to be changed. V(name_used_twice), a keystore is listed twice.
        - V(trust_store_missing), the host has none of the places that are known.
        - V(keytool_missing), V(java_store_missing), V(java_store_unreadable), V(java_store_generated), a keystore
          cannot be changed. V(java_store_unwritable) is in the message of V(trust_put_back).
        - V(trust_put_back), the place is as it was, since it could not be proved that it holds what it should.
        - V(trust_stranded), putting it back failed too. The next run finishes it.
        - V(anchors_unknown), a CA could not be asked for its roots. It stands for a message of
          P(certwright.tls.trusted_anchors#filter), which comes without codes.
      type: str
    message:
      description: The fact and the way out.
      type: str
"""

from ansible.module_utils.basic import AnsibleModule

ARGUMENT_SPEC = dict(
    certificates=dict(type="list", elements="str", default=[]),
    certificates_src=dict(type="list", elements="str", default=[]),
    state=dict(type="str", choices=["present", "absent"], default="present"),
    purge=dict(type="bool", default=True),
    system=dict(type="bool", default=True),
    java_stores=dict(
        type="list",
        elements="dict",
        default=[],
        options=dict(
            path=dict(type="str", required=True),
            passphrase=dict(type="str", no_log=True),
            passphrase_src=dict(type="str", no_log=False),
            keytool=dict(type="str", no_log=False),
        ),
        mutually_exclusive=[["passphrase", "passphrase_src"]],
    ),
)

CONSTRAINTS: dict = dict()


def main():
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True, **CONSTRAINTS)
    module.fail_json(msg="This module runs on the controller; its action plugin was not found")


if __name__ == "__main__":
    main()
