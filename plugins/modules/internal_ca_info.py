# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: internal_ca_info
short_description: Show a private CA, its next dates, and what it issued
version_added: 0.1.0
description:
  - Shows the CA in a directory that M(certwright.tls.internal_ca) keeps, with its authorities, counts and next dates,
    where a roll-over is and whom it waits for, and certificates that it issued. Nothing is changed.
  - The host checks the whole ledger whenever it is read. What is damaged, open to others or another CA's is an error.
  - One execution on the host. No passphrase is needed, and no private key is shown.
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
requirements:
  - cryptography >= 42 on the controller
  - idna >= 3.4 on the controller
options:
  path:
    description:
      - The directory of the CA on the host, absolute.
    type: str
    required: true
  fingerprint:
    description:
      - The SHA-256 of the root that it has to be the CA of, as of M(certwright.tls.internal_ca). Anything is shown if
        not given.
    type: str
  passphrase:
    description:
      - What the key of the issuing CA is sealed with. The ledger's seal is proved with it, RV(proved).
      - If neither it nor O(passphrase_src) is given, E(CERTWRIGHT_CA_PASSPHRASE) of the controller is used. Nothing
        else needs it.
      - E(CERTWRIGHT_CA_PASSPHRASE_SRC) may name a file with it.
    type: str
  passphrase_src:
    description:
      - File on the controller with O(passphrase).
    type: str
  serials:
    description:
      - Certificates to show, by serial number in hex.
    type: list
    elements: str
    default: []
  names:
    description:
      - Certificates to show, by the name that they were requested by.
    type: list
    elements: str
    default: []
  hosts:
    description:
      - Certificates to show, by host.
    type: list
    elements: str
    default: []
  live:
    description:
      - List all certificates that are in use, too. Without their names and their PEM, since they may be thousands.
    type: bool
    default: false
  rollover_ahead:
    description:
      - As of M(certwright.tls.internal_ca), for RV(dates.rollover_due).
    type: str
    default: 180d
  backup_to:
    description:
      - The backup to look at, as of M(certwright.tls.internal_ca).
    type: str
  backup_max_age:
    description:
      - How far it may be behind before it is a warning.
    type: str
    default: 1d
seealso:
  - module: certwright.tls.internal_ca
"""

EXAMPLES = r"""
- name: Show the CA
  certwright.tls.internal_ca_info:
    path: /srv/ca
  delegate_to: ca01
  register: shown

- name: Show everything that a host ever got
  certwright.tls.internal_ca_info:
    path: /srv/ca
    hosts: [web1]
"""

RETURN = r"""
state:
  description: V(ready), V(requested) (the first certificate waits to be signed elsewhere), V(empty) or V(missing).
  returned: success
  type: str
ca:
  description: As of M(certwright.tls.internal_ca); null when there is none.
  returned: success, unless the first certificate is awaited
  type: dict
ca_id:
  description: The SHA-256 of the first root certificate of this CA. It stays through roll-overs.
  returned: when there is a CA
  type: str
issuing_id:
  description: The SHA-256 of the active issuing CA's public key; empty when there is none.
  returned: when there is a CA
  type: str
fingerprint:
  description: SHA-256 of the active root, for the inventory to pin.
  returned: when there is a CA
  type: str
revoked:
  description: The serial numbers (hex) of what is revoked and has not ended yet.
  returned: when there is a CA
  type: list
  elements: str
anchors:
  description:
    - All roots to be trusted, as PEM. With O(fingerprint) and without a passphrase only the pinned one and those that
      it vouches for, which leaves out the previous root of a roll-over once the next one is pinned.
  returned: when there is a CA
  type: list
  elements: str
chain:
  description: What goes with a certificate, the issuing CA first and without the root, as PEM.
  returned: when there is a CA
  type: list
  elements: str
cross:
  description: During a roll-over, the active root signed by the previous one, as PEM.
  returned: when there is a CA
  type: list
  elements: str
rollover:
  description: The C(phase), when it C(begun), and whom the next one waits for in C(left), as of
    M(certwright.tls.internal_ca).
  returned: when there is a CA
  type: dict
dates:
  description: The next ones, as of M(certwright.tls.internal_ca).
  returned: when there is a CA
  type: dict
  contains:
    rollover_due:
      description: When a roll-over is to begin.
      type: str
counts:
  description: Of certificates, C(issued), C(revoked), C(live) and C(expired).
  returned: when there is a CA
  type: dict
ledger:
  description: The C(number) and C(hash) of its last entry.
  returned: success
  type: dict
backup:
  description: What O(backup_to) holds, C(path), C(number), C(hash), C(time), C(is_complete); null without it.
  returned: success
  type: dict
proved:
  description: Whether O(passphrase) has shown that the ledger is what this CA wrote.
  returned: when there is a CA
  type: bool
request:
  description: The request that waits to be signed elsewhere, as PEM.
  returned: when one waits
  type: str
crl:
  description: The newest list of revocations as PEM.
  returned: when there is one
  type: str
certificates:
  description: What was asked for.
  returned: success
  type: list
  elements: dict
  contains:
    serial:
      description: As hex.
      type: str
    name:
      description: The name that it was requested by.
      type: str
    host:
      description: Its host; empty for one that belongs to none.
      type: str
    usage:
      description: V(server), V(client) or V(both).
      type: str
    issuing:
      description: The SHA-256 of the public key of who signed it.
      type: str
    not_before:
      description: When it begins.
      type: str
    not_after:
      description: When it ends.
      type: str
    status:
      description: V(issued), V(revoked) or V(expired).
      type: str
    names:
      description: The names on it; missing where only O(live) asked for it, as all below.
      type: list
      elements: str
    number:
      description: Of its entry in the ledger.
      type: int
    revoked:
      description: When it was; empty otherwise.
      type: str
    revocation_reason:
      description: Why; empty otherwise.
      type: str
    certificate:
      description: It as PEM.
      type: str
problems:
  description:
    - V(ca_missing), V(ca_other), V(ca_damaged), V(ca_altered), V(ca_open), V(ca_unreadable), V(ca_foreign),
      V(ca_unknown), V(ca_key_missing), V(wrong_passphrase), V(fingerprint_invalid), V(life_invalid),
      V(file_unreadable), as M(certwright.tls.internal_ca) has them.
  returned: on failure
  type: list
  elements: dict
warnings:
  description:
    - V(rollover_due), V(backup_missing) and V(backup_behind), as of M(certwright.tls.internal_ca).
  returned: when there is something
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule

ARGUMENT_SPEC = dict(
    path=dict(type="str", required=True),
    fingerprint=dict(type="str"),
    passphrase=dict(type="str", no_log=True),
    passphrase_src=dict(type="str", no_log=False),
    serials=dict(type="list", elements="str", default=[]),
    names=dict(type="list", elements="str", default=[]),
    hosts=dict(type="list", elements="str", default=[]),
    live=dict(type="bool", default=False),
    rollover_ahead=dict(type="str", default="180d"),
    backup_to=dict(type="str"),
    backup_max_age=dict(type="str", default="1d"),
)

CONSTRAINTS: dict = dict(mutually_exclusive=[["passphrase", "passphrase_src"]])


def main():
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True, **CONSTRAINTS)
    module.fail_json(msg="This module runs on the controller; its action plugin was not found")


if __name__ == "__main__":
    main()
