# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: certificate_removal
short_description: Take certificates away from a host, step by step, or all that it has
version_added: 0.1.0
description:
  - The steps of P(certwright.tls.remove#role) and P(certwright.tls.decommission#role), which are how it is used.
    Services come first, then the CAs, and the files last.
  - What goes is remembered on the host, so that an inventory that still declares it does not bring it back by itself.
  - Removes nothing that this collection has not deployed. What it displaced is put back, unless it holds a key that
    is said to be compromised.
author:
  - The certwright.tls authors (@certwright)
extends_documentation_fragment:
  - certwright.tls._attributes
  - certwright.tls._store
attributes:
  check_mode:
    support: full
    details:
      - With O(step=finish) it foretells the whole way.
  diff_mode:
    support: full
    details:
      - Shows names, dates and fingerprints, never keys.
  idempotent:
    support: full
options:
  step:
    description:
      - V(prepare) stores links to the system certificate for what a configuration still names, and touches no
        service; M(certwright.tls.certificate_activate) hands them over. With O(everything) it refuses what is in use.
      - V(revoke) revokes what is not used any more by the ACME account that ordered it, and returns what an internal
        CA is to revoke. It changes nothing on the host.
      - V(finish) deletes what nothing names, and what is to be purged.
    type: str
    choices: [prepare, revoke, finish]
    required: true
  certificates:
    description:
      - The certificates that are to go.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description:
          - Its name in the store, as a domain or as the inventory names it.
        type: str
        required: true
      declared_absent:
        description:
          - Whether the inventory itself takes it away. It comes back as soon as the inventory declares it again; one
            that an operator named stays away until its declaration changes.
        type: bool
        default: false
      compromised:
        description:
          - Whether somebody else has its key. All of its earlier generations are purged, what it displaced is not put
            back where it holds that key, and it is revoked for that reason where that can be done from here. No
            certificate with that key is installed on this host any more.
        type: bool
        default: false
      keep:
        description:
          - Only its compromised key goes, and the certificate stays. What it has now is marked the first time, and
            fails until another key is live; then what was marked is revoked and purged.
        type: bool
        default: false
      accept:
        description:
          - V(files_abandoned) says that nothing names the files any more, where a service cannot tell what it names.
          - V(members_abandoned) says that the hosts of O(members) may lose it.
          - V(revoke_unproven) says that a certificate is revoked too of which only the host says that it is its own.
        type: list
        elements: str
        choices: [files_abandoned, members_abandoned, revoke_unproven]
        default: []
  everything:
    description:
      - All certificates that this collection has deployed on the host are to go, the system certificate with them,
        and the store when nothing is left in it. Refused while an active service names the files, cannot tell what it
        names, or shows one of them at its port.
      - What remains is a file beside the store, which says when and by which run. It keeps everything from being
        installed again until that is asked for.
    type: bool
    default: false
  among_hosts:
    description:
      - Whether other hosts are told the same names. A name that the store does not know is not warned of then, and is
        in RV(unknown) all the same.
    type: bool
    default: false
  compromised:
    description:
      - The same as O(certificates[].compromised), with O(everything).
    type: bool
    default: false
  compromised_again:
    description:
      - With O(certificates[].keep), that the key which has replaced a compromised one is compromised too.
    type: bool
    default: false
  accept:
    description:
      - The same as O(certificates[].accept), with O(everything).
    type: list
    elements: str
    choices: [files_abandoned, members_abandoned, revoke_unproven]
    default: []
  members:
    description:
      - Of the shared certificates that have their home here, by name, the hosts that have not let them go in this run.
        Such a certificate is neither deleted nor revoked, but with V(members_abandoned) in O(accept).
      - Names and hosts are as P(certwright.tls.holding_members#filter) gives them.
    type: dict
    default: {}
  names:
    description:
      - The names that the inventory gives the certificates of this host, as P(certwright.tls.declared_names#filter)
        has them. A certificate of an ACME CA for any other name is not revoked, but with V(revoke_unproven) in
        O(accept), since whoever owns the host could have another one's revoked.
    type: list
    elements: str
    default: []
  purge:
    description:
      - Whether the earlier generations of what falls back are deleted with their keys. Otherwise they stay, as after
        any change.
    type: bool
    default: false
  revoke:
    description:
      - Whether to revoke what goes. A shared certificate is revoked from its home only.
    type: bool
    default: false
  reason:
    description:
      - Why, in the words of RFC 5280, 5.3.1, as V(key_compromise) or V(keyCompromise). A compromised key is its own
        reason.
    type: str
    choices:
      - unspecified
      - key_compromise
      - keyCompromise
      - affiliation_changed
      - affiliationChanged
      - superseded
      - cessation_of_operation
      - cessationOfOperation
      - privilege_withdrawn
      - privilegeWithdrawn
    default: cessation_of_operation
  issuers:
    description:
      - The ACME CAs, each with the account that ordered from it.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: What the inventory calls it.
        type: str
        required: true
      acme_directory:
        description: As O(certwright.tls.letsencrypt_cert#module:acme_directory).
        type: str
      staging:
        description: As O(certwright.tls.letsencrypt_cert#module:staging).
        type: bool
        default: false
      account_key_src:
        description: As O(certwright.tls.letsencrypt_cert#module:account_key_src).
        type: str
      account_key_content:
        description: As O(certwright.tls.letsencrypt_cert#module:account_key_content).
        type: str
      acme_ca_certificates:
        description: As O(certwright.tls.letsencrypt_cert#module:acme_ca_certificates).
        type: str
  revocations:
    description:
      - What became of RV(revocations), with O(step=finish). What is not among them as V(revoked) fails, and stays
        known to the host, so that the same can be run again.
    type: list
    elements: dict
    default: []
  on_problem:
    description:
      - What one refused certificate means for the others of its host.
    type: str
    choices: [refuse_all, skip]
    default: refuse_all
seealso:
  - module: certwright.tls.domain_certificate
  - module: certwright.tls.internal_ca_cert
"""

EXAMPLES = r"""
- name: Delete what nothing names any more
  certwright.tls.certificate_removal:
    step: finish
    certificates:
      - name: old.example.org
"""

RETURN = r"""
reasons:
  description:
    - Why the host was changed. RV(reasons[].code=disabled) and RV(reasons[].code=interrupted) are as
      M(certwright.tls.domain_certificate) has them, RV(reasons[].code=generations_purged) names earlier generations
      whose keys are deleted, and RV(reasons[].code=store_removed) is the end of the store.
  returned: unless step is revoke
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
    - Everything that was refused or failed, as M(certwright.tls.domain_certificate) has it.
    - 'Further codes: V(in_use) where an active service of a whole host uses it, V(shared_in_use) for what
      other hosts have from here, V(compromised_in_use) while a key
      that leaked is still served, V(not_revoked) for what was to be revoked and is not.'
  returned: on failure
  type: list
  elements: dict
warnings:
  description:
    - 'What else there is to know, with its code: V(unknown) for a name that the store does not have,
      V(revoke_elsewhere) for what no CA known here has signed, V(key_replaced) for a compromised key that was
      replaced earlier, V(store_kept) for what others have in the store.'
  returned: always
  type: list
  elements: str
outcomes:
  description:
    - By certificate, how it ended, as M(certwright.tls.domain_certificate) has it. V(purged) is one whose earlier
      generations were deleted.
  returned: unless step is revoke
  type: dict
pending:
  description: Whether something is still left to do.
  returned: unless step is revoke
  type: bool
unknown:
  description: The names in O(certificates) that the store does not know and has not known, but for those that the
    inventory declares absent.
  returned: unless step is revoke
  type: list
  elements: str
unmanaged:
  description: Certificates of the store that were not named.
  returned: unless step is revoke
  type: list
  elements: str
store_path:
  description: The store on the host.
  returned: unless step is revoke
  type: str
held_back:
  description: Names of what is to go and is still used, which is not revoked.
  returned: when step is revoke
  type: list
  elements: str
revocations:
  description: What was to be revoked, one after the other.
  returned: when step is revoke
  type: list
  elements: dict
  contains:
    certificate:
      description: The certificate's name in the store.
      type: str
    fingerprint:
      description: The fingerprint (SHA-256).
      type: str
    serial:
      description: The serial number, as hex.
      type: str
    issuer:
      description: Who signed it, as its record says.
      type: str
    pem:
      description: The certificate.
      type: str
    kind:
      description: V(acme), V(internal_ca) or V(files).
      type: str
    reason:
      description: Why.
      type: str
    outcome:
      description:
        - V(revoked), V(planned) in check mode, V(failed), V(asked) for an internal CA to do, or V(elsewhere) where no
          CA is known.
      type: str
    message:
      description: Why it failed.
      type: str
"""

from ansible.module_utils.basic import AnsibleModule

_ACCEPT = dict(
    type="list", elements="str", choices=["files_abandoned", "members_abandoned", "revoke_unproven"], default=[]
)

CERTIFICATE_SPEC = dict(
    name=dict(type="str", required=True),
    declared_absent=dict(type="bool", default=False),
    compromised=dict(type="bool", default=False),
    keep=dict(type="bool", default=False),
    accept=_ACCEPT,
)

ISSUER_SPEC = dict(
    name=dict(type="str", required=True),
    acme_directory=dict(type="str"),
    staging=dict(type="bool", default=False),
    account_key_src=dict(type="str", no_log=False),
    account_key_content=dict(type="str", no_log=True),
    acme_ca_certificates=dict(type="str"),
)

ISSUER_EXCLUSIVE = dict(mutually_exclusive=[["account_key_src", "account_key_content"]])

ARGUMENT_SPEC = dict(
    step=dict(type="str", choices=["prepare", "revoke", "finish"], required=True),
    certificates=dict(type="list", elements="dict", default=[], options=CERTIFICATE_SPEC),
    everything=dict(type="bool", default=False),
    among_hosts=dict(type="bool", default=False),
    compromised=dict(type="bool", default=False),
    compromised_again=dict(type="bool", default=False),
    accept=_ACCEPT,
    members=dict(type="dict", default={}),
    names=dict(type="list", elements="str", default=[]),
    purge=dict(type="bool", default=False),
    revoke=dict(type="bool", default=False),
    reason=dict(
        type="str",
        choices=[
            "unspecified",
            "key_compromise",
            "keyCompromise",
            "affiliation_changed",
            "affiliationChanged",
            "superseded",
            "cessation_of_operation",
            "cessationOfOperation",
            "privilege_withdrawn",
            "privilegeWithdrawn",
        ],
        default="cessation_of_operation",
    ),
    issuers=dict(type="list", elements="dict", default=[], options=ISSUER_SPEC, **ISSUER_EXCLUSIVE),
    revocations=dict(type="list", elements="dict", default=[]),
    on_problem=dict(type="str", choices=["refuse_all", "skip"], default="refuse_all"),
    store_path=dict(type="str"),
    keep_generations=dict(type="int", default=3),
    probe_timeout=dict(type="int", default=10),
)

CONSTRAINTS: dict = dict()


def main():
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True, **CONSTRAINTS)
    module.fail_json(msg="This module runs on the controller; its action plugin was not found")


if __name__ == "__main__":
    main()
