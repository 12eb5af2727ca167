# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: internal_ca
short_description: Keep a private CA in a directory, from its creation to its roll-over
version_added: 0.1.0
description:
  - A private CA is a directory on any host, with a ledger that only grows and sealed keys (scrypt, AES-256-GCM). This
    module creates it, takes one over, keeps its rules, and rolls it over. M(certwright.tls.internal_ca_cert) signs.
  - The host needs nothing but Python. Keys are open in the controller's memory only.
  - A CA is created once, by O(create=true), where the directory is missing or empty. From then on O(fingerprint) pins
    it, and a directory that is empty, unreadable or another CA's is an error. Nothing replaces a root but a roll-over.
  - What is declared and true already needs no passphrase.
author:
  - The certwright.tls authors (@certwright)
extends_documentation_fragment:
  - certwright.tls._attributes
attributes:
  check_mode:
    support: full
    details:
      - Keys that would be made do not exist, so fingerprints and requests of a new CA are not known before.
  diff_mode:
    support: full
    details:
      - Subjects, dates and fingerprints.
  idempotent:
    support: full
    details:
      - One execution on the host when nothing changes, two otherwise.
requirements:
  - cryptography >= 42 on the controller
  - idna >= 3.4 on the controller
options:
  path:
    description:
      - The directory of the CA on the host, absolute. It is made if it is missing, for its owner alone (0700).
    type: str
    required: true
  fingerprint:
    description:
      - The SHA-256 of the root certificate, as hex, with or without C(sha256:) and colons. During a roll-over that of
        the previous root is good too, as long as it is trusted.
      - Required unless O(create=true). With O(create=true) an empty directory is an error when it is given, unless it
        is that of a CA to be imported.
    type: str
  create:
    description:
      - Make the CA where there is none. Not for a playbook that runs every day.
    type: bool
    default: false
  subject:
    description:
      - The subject of the root, as V(CN=Example Root,O=Example,C=DE) (RFC 4514) or V(/C=DE/O=Example/CN=Example Root).
      - For a roll-over, that of the next root. The same as before if not given.
    type: str
  issuing_subject:
    description:
      - The subject of the issuing CA. That of the root with C( Issuing CA) after its common name if not given.
    type: str
  key_type:
    description:
      - The kind of new keys.
    type: str
    choices: [ec256, ec384, rsa2048, rsa3072, rsa4096]
    default: ec256
  life:
    description:
      - How long a new root is valid, in days (V(3650d)) or weeks.
    type: str
    default: 3650d
  issuing_life:
    description:
      - How long a new issuing CA is valid, at most as long as its root.
    type: str
    default: 1825d
  issuing:
    description:
      - Make a root and an issuing CA below it, so that the root's key is not needed every day. Otherwise the root signs
        itself what is asked for, and its key is sealed with O(passphrase).
    type: bool
    default: true
  path_length:
    description:
      - How many CAs may be below a new root. V(1) if not given, V(0) with O(issuing=false).
    type: int
  name_constraints:
    description:
      - The names that the CA may sign for, in its certificates (RFC 5280 4.2.1.10). A domain includes what is below it.
      - Only for new ones. What is there keeps its own. One that comes from elsewhere and whose certificate says none is
        bound by these, else by those of the CA before it.
    type: dict
    suboptions:
      permitted_names:
        description:
          - Domains.
        type: list
        elements: str
        default: []
      permitted_addresses:
        description:
          - Networks, such as V(192.0.2.0/24).
        type: list
        elements: str
        default: []
      excluded_names:
        description:
          - Domains that are not.
        type: list
        elements: str
        default: []
      excluded_addresses:
        description:
          - Networks that are not.
        type: list
        elements: str
        default: []
  passphrase:
    description:
      - What the key of the issuing CA is sealed with. Needed for whatever changes the ledger.
      - If neither it nor O(passphrase_src) is given, E(CERTWRIGHT_CA_PASSPHRASE) of the controller is used.
      - E(CERTWRIGHT_CA_PASSPHRASE_SRC) may name a file with it.
    type: str
  passphrase_src:
    description:
      - File on the controller with O(passphrase).
    type: str
  root_passphrase:
    description:
      - What the key of the root is sealed with. Needed when a root is made, signs or is exported, and never in between.
      - If neither it nor O(root_passphrase_src) is given, E(CERTWRIGHT_CA_ROOT_PASSPHRASE) of the controller is used.
      - E(CERTWRIGHT_CA_ROOT_PASSPHRASE_SRC) may name a file with it.
    type: str
  root_passphrase_src:
    description:
      - File on the controller with O(root_passphrase).
    type: str
  new_passphrase:
    description:
      - Seal the key of the issuing CA with this from now on. O(passphrase) opens it the last time.
    type: str
  new_passphrase_src:
    description:
      - File on the controller with O(new_passphrase).
    type: str
  new_root_passphrase:
    description:
      - Seal the key of the root with this from now on. O(root_passphrase) opens it the last time.
    type: str
  new_root_passphrase_src:
    description:
      - File on the controller with O(new_root_passphrase).
    type: str
  certificate_src:
    description:
      - File on the controller with the certificate of a CA to import, or of one that was signed elsewhere for what
        O(request) returned. A root of its own, or an issuing CA with O(chain_src).
    type: str
  certificate_content:
    description:
      - The same as text.
    type: str
  private_key_src:
    description:
      - File on the controller with its private key. Not for O(request), whose key lies in the directory.
    type: str
  private_key_content:
    description:
      - The same as text.
    type: str
  private_key_passphrase:
    description:
      - What that key is encrypted with.
    type: str
  private_key_passphrase_src:
    description:
      - File on the controller with O(private_key_passphrase).
    type: str
  chain_src:
    description:
      - File on the controller with the CA certificates above it, in any order.
    type: str
  chain_content:
    description:
      - The same as text.
    type: str
  root_certificate_src:
    description:
      - File on the controller with the root certificate, where it is not in O(chain_src).
    type: str
  root_certificate_content:
    description:
      - The same as text.
    type: str
  root_private_key_src:
    description:
      - File on the controller with the root's private key. It is not needed, except for a roll-over in which the old
        root is to vouch for the new one. Sealed with O(root_passphrase). It may come later, with O(certificate_src) and
        O(chain_src) again.
    type: str
  root_private_key_content:
    description:
      - The same as text.
    type: str
  root_private_key_passphrase:
    description:
      - What that key is encrypted with.
    type: str
  root_private_key_passphrase_src:
    description:
      - File on the controller with O(root_private_key_passphrase).
    type: str
  request:
    description:
      - Make the issuing CA's key and a request (CSR) for a CA that signs elsewhere, returned as RV(request). The
        certificate comes back by O(certificate_src) and O(chain_src).
      - With O(create=true) for a new CA, with O(rollover=prepare) for the next one.
    type: bool
    default: false
  export:
    description:
      - Write a private key into a file on the controller, as encrypted PKCS#8 for its owner alone (0600). A file that
        is there is never overwritten.
    type: dict
    suboptions:
      kind:
        description:
          - Which key. With a root alone both are the same.
        type: str
        choices: [issuing, root]
        required: true
      path:
        description:
          - The file on the controller.
        type: str
        required: true
      passphrase:
        description:
          - What the file is encrypted with.
        type: str
      passphrase_src:
        description:
          - File on the controller with it.
        type: str
  backup_to:
    description:
      - Another directory on the host, absolute, best on another disk or share. After each change it holds the same. It
        is as safe to copy as the CA itself, for keys in it are sealed.
    type: str
  backup_max_age:
    description:
      - How far the backup may be behind before it is a warning.
    type: str
    default: 1d
  crl:
    description:
      - Whether revocations are published as a list (CRL, RFC 5280 5). What was said last counts if not given, and at
        first there is none.
      - Who checks a list refuses everything when it is out of date. It is signed anew at half its life, and after
        revocations, whenever this module runs.
    type: dict
    suboptions:
      enabled:
        description:
          - Whether there is one.
        type: bool
        required: true
      life:
        description:
          - How long each is good, V(1d) at least.
        type: str
        default: 30d
      url:
        description:
          - Where clients find it, a URL of http, https or ldap. It is on every certificate that is signed from then on.
        type: str
        default: ''
  rollover:
    description:
      - V(prepare) makes the next issuing CA when the present one has less than O(rollover_ahead) left, and the next
        root when that has, or when it ends before a CA of O(issuing_life) would. The present root signs the next one.
        Hosts are then to trust both.
      - V(switch) lets the next ones sign. Refused while a host with a certificate, or one of O(trusting), is not known
        to trust the next root.
      - V(distrust) ends it. Refused while a certificate of the previous CA is in use, before O(min_overlap) is over,
        and while O(fingerprint) is still that of the previous root.
      - Each is unchanged when it is done already.
    type: str
    choices: [prepare, switch, distrust]
  rollover_ahead:
    description:
      - How long before its end a CA is rolled over. A longer one than it has left begins now.
    type: str
    default: 180d
  min_overlap:
    description:
      - How long after the switch the previous root is trusted at least, for clients that nobody counted.
    type: str
    default: 30d
  waivers:
    description:
      - Whom a roll-over does not wait for. Those said last count if not given.
    type: list
    elements: dict
    suboptions:
      host:
        description:
          - The host in the inventory. Empty for a certificate that belongs to none, whose O(waivers[].name) is needed.
        type: str
        default: ''
      name:
        description:
          - A certificate's name. All of the host when empty.
        type: str
        default: ''
      reason:
        description:
          - Why.
        type: str
        required: true
      until:
        description:
          - The day on which it ends, as V(2027-03-31), or an instant, as V(2027-03-31T12:00:00Z).
        type: str
        required: true
  trusted:
    description:
      - Hosts that have been given all roots of RV(anchors). It is written down, and counts for O(rollover=switch).
    type: list
    elements: str
    default: []
  trusting:
    description:
      - Hosts that the inventory declares to trust this CA, with a certificate or without. O(rollover=switch) waits for
        them as for hosts that have one.
    type: list
    elements: str
    default: []
  in_use:
    description:
      - What hosts have live, for O(rollover=distrust). A certificate of the previous CA counts as in use until its host
        has a newer one live, and not when that was only issued.
      - Of hosts that are not named, the ledger alone is asked, and what was issued anew counts as in use.
    type: list
    elements: dict
    default: []
    suboptions:
      host:
        description:
          - The host in the inventory.
        type: str
        required: true
      numbers:
        description:
          - The numbers of the ledger's entries, as RV(certwright.tls.internal_certificate#module:anchors) has them.
            None at all, not even an empty list, for a host that could not be looked at.
        type: list
        elements: int
  anchors:
    description:
      - What hosts remember of the ledger, from the records of their certificates. A ledger that does not know them is
        an older copy, and is refused.
    type: list
    elements: dict
    default: []
    suboptions:
      number:
        description:
          - The number of an entry.
        type: int
        required: true
      hash:
        description:
          - Its SHA-256.
        type: str
        required: true
      seal:
        description:
          - What shows that the CA had it, as RV(certwright.tls.internal_ca_cert#module:certificates[].seal). Without it
            there is a warning only.
        type: str
        default: ''
      host:
        description:
          - Who remembers it, for that warning.
        type: str
        default: ''
  accept_restored:
    description:
      - The digest that the refusal V(ca_rolled_back) told, to go on with what a backup has. What was signed since is
        not known to the CA then; issue it anew.
    type: str
  reason:
    description:
      - Why this is done, for the ledger.
    type: str
    default: ''
seealso:
  - module: certwright.tls.internal_ca_info
  - module: certwright.tls.internal_ca_cert
"""

EXAMPLES = r"""
- name: Create it, once
  certwright.tls.internal_ca:
    path: /srv/ca
    create: true
    subject: CN=Example Root,O=Example,C=DE
    name_constraints: {permitted_names: [example.org, lan]}
    passphrase: "{{ vault_ca_passphrase }}"
    root_passphrase: "{{ vault_ca_root_passphrase }}"
    backup_to: /mnt/backup/ca
  register: created

- name: Say what the inventory is to pin
  ansible.builtin.debug:
    var: created.fingerprint

- name: Keep it, in every renewal
  certwright.tls.internal_ca:
    path: /srv/ca
    fingerprint: "sha256:5f0c…"
    passphrase: "{{ vault_ca_passphrase }}"
    backup_to: /mnt/backup/ca
    crl: {enabled: true, life: 30d, url: "http://pki.example.org/ca.crl"}

- name: Have the issuing CA signed by somebody else
  certwright.tls.internal_ca:
    path: /srv/ca
    create: true
    request: true
    subject: CN=Example Root,O=Example,C=DE
    passphrase: "{{ vault_ca_passphrase }}"

- name: Take in what came back
  certwright.tls.internal_ca:
    path: /srv/ca
    fingerprint: "sha256:77aa…"
    certificate_src: issuing.pem
    chain_src: company-ca.pem
    passphrase: "{{ vault_ca_passphrase }}"

- name: Begin a roll-over half a year ahead
  certwright.tls.internal_ca:
    path: /srv/ca
    fingerprint: "sha256:5f0c…"
    rollover: prepare
    passphrase: "{{ vault_ca_passphrase }}"
    root_passphrase: "{{ vault_ca_root_passphrase }}"

- name: Write the root's key into a file, to be kept elsewhere
  certwright.tls.internal_ca:
    path: /srv/ca
    fingerprint: "sha256:5f0c…"
    root_passphrase: "{{ vault_ca_root_passphrase }}"
    export:
      kind: root
      path: /media/safe/root.p8
      passphrase: "{{ vault_export_passphrase }}"
"""

RETURN = r"""
reasons:
  description:
    - Why it was changed, or would be. V(ca_created), V(ca_imported), V(ca_requested) (a request waits to be signed),
      V(certificate_imported) (of that request), V(ca_updated) (a newer certificate for the same key), V(ca_replaced)
      (another CA, none of whose certificates were in use), V(root_key_imported), V(passphrase_changed),
      V(root_passphrase_changed), V(restored_accepted), V(crl_rule_changed), V(waivers_changed), V(hosts_trust),
      V(rollover_prepared), V(rollover_switched), V(rollover_distrusted), V(crl_missing), V(crl_due),
      V(certificate_revoked) (it is not on the list yet), V(key_exported), V(backup_made).
  returned: success
  type: list
  elements: dict
  contains:
    code:
      description: The stable code.
      type: str
    message:
      description: The same for people.
      type: str
problems:
  description:
    - What was refused. C(certificate) in it is the directory of the CA.
    - Of the directory, V(ca_missing) (nothing is there, or it is empty), V(ca_other) (another CA is there),
      V(fingerprint_missing), V(ca_damaged), V(ca_altered), V(ca_open), V(ca_unreadable), V(ca_foreign),
      V(ca_rolled_back), V(ca_unknown), V(ca_busy), V(changed_underneath) (another run changed the CA; run it again),
      V(clock_skew).
    - Of keys, V(passphrase_missing), V(root_passphrase_missing), V(wrong_passphrase), V(root_key_offline) (its file is
      not there; it says which to put back), V(key_offline), V(key_elsewhere) (the directory never had it),
      V(sealed_unreadable), V(passphrase_too_long), V(export_exists), V(export_failed), V(file_unreadable).
    - Of an import, V(certificate_missing), V(private_key_missing), V(key_mismatch) (not for the key whose request
      waits), V(ca_key_mismatch), V(ca_not_ca), V(ca_no_key_cert_sign), V(ca_expired), V(ca_not_yet_valid), V(ca_weak),
      V(ca_unsupported), V(chain_incomplete), V(signature_invalid), V(path_length_exceeded),
      V(name_constraint_violated), V(fingerprint_differs) (the root is not the pinned one), V(ca_in_use) (another CA is
      active and has certificates in use, or the newer certificate is below another root; roll it over),
      V(certificate_older) (than the one that is there), and those of unreadable files, as
      M(certwright.tls.ssl_certificate) has them.
    - Of a list of revocations, V(crl_older), V(crl_unreadable), V(ca_no_crl_sign), V(revocation_reason_unknown).
    - Of words, V(subject_missing), V(subject_invalid), V(constraint_invalid), V(fingerprint_invalid), V(life_invalid),
      V(crl_url_invalid), V(until_invalid), V(waiver_invalid), V(path_length_exceeded) (also, the next root of a
      roll-over has another subject, and the present one may not vouch for it).
    - Of a roll-over, V(rollover_not_prepared), V(rollover_not_switched), V(trust_missing) (by host),
      V(certificate_awaited) (the request is not signed yet), V(certificate_left) (by certificate),
      V(overlap_too_short), V(fingerprint_outdated).
  returned: on failure
  type: list
  elements: dict
ca:
  description: The root, and below it the issuing CA. Where it is elsewhere, the highest certificate that is there.
  returned: when there is a CA
  type: dict
  contains:
    subject:
      description: Its subject (RFC 4514).
      type: str
    distinguished_name:
      description: The same as the C(distinguished-names) of JS7 have it.
      type: str
    serial:
      description: As hex.
      type: str
    not_before:
      description: When it begins.
      type: str
    not_after:
      description: When it ends.
      type: str
    key_type:
      description: The kind of its key.
      type: str
    fingerprint:
      description: SHA-256 of the certificate, as hex.
      type: str
    certificate:
      description: It as PEM.
      type: str
    key:
      description: V(sealed) in the directory, V(offline) when its file was taken away, V(elsewhere) when it never was.
      type: str
    issuing:
      description: The same of the issuing CA; null while it waits for its certificate.
      type: dict
    phase:
      description: Of the roll-over, as RV(rollover.phase).
      type: str
ca_id:
  description: The SHA-256 of the first root certificate of this CA. It stays through roll-overs.
  returned: success
  type: str
issuing_id:
  description: The SHA-256 of the active issuing CA's public key; empty when there is none.
  returned: success
  type: str
fingerprint:
  description: SHA-256 of the active root, for the inventory to pin; empty when there is none.
  returned: success
  type: str
revoked:
  description: The serial numbers (hex) of what is revoked and has not ended yet.
  returned: when there is a CA
  type: list
  elements: str
anchors:
  description: All roots to be trusted, as PEM.
  returned: success
  type: list
  elements: str
chain:
  description: What goes with a certificate, the issuing CA first and without the root, as PEM.
  returned: success
  type: list
  elements: str
cross:
  description: During a roll-over, the active root signed by the previous one, as PEM, for clients that trust only that.
  returned: success
  type: list
  elements: str
rollover:
  description: Where the roll-over is.
  returned: success
  type: dict
  contains:
    phase:
      description: Empty, V(trust) or V(switched).
      type: str
    begun:
      description: When that phase began.
      type: str
    left:
      description: Whom the next phase waits for, each with C(host), C(name), C(code) and C(message), as far as the
        ledger, O(trusting) and O(in_use) tell.
      type: list
      elements: dict
dates:
  description: The next ones, empty where there is none.
  returned: success
  type: dict
  contains:
    renewal_due:
      description: When the first certificate that is in use has a third of its life left.
      type: str
    rollover_due:
      description: When a roll-over is to begin.
      type: str
    crl_due:
      description: When the list is signed anew.
      type: str
    crl_next_update:
      description: When clients refuse the list that is there.
      type: str
counts:
  description: Of certificates, C(issued), C(revoked), C(live) and C(expired).
  returned: success
  type: dict
ledger:
  description: The C(number) and C(hash) of its last entry.
  returned: success
  type: dict
backup:
  description: What the backup holds, C(path), C(number), C(hash), C(time), C(is_complete); null without one.
  returned: success
  type: dict
request:
  description: The request that waits to be signed elsewhere, as PEM.
  returned: when one waits
  type: str
crl:
  description: The newest list as PEM, after a switch with that of the previous CA.
  returned: when there is one
  type: str
warnings:
  description:
    - V(rollover_due), V(backup_missing), V(backup_behind), V(backup_failed), V(fingerprint_unpinned),
      V(root_missing) (the highest certificate is no root, so some clients cannot check it), V(ca_not_strict) (strict
      clients refuse what it signs), V(waiver_ended), V(waiver_idle) (it covers nobody), V(anchor_unproved) (a host
      remembers an entry that the CA never had; look into that host), V(constraints_differ) (who follows says others
      than were there), V(root_unvouched) (the pin does not lead to the root that follows), V(crl_root_missing) (servers
      that check a whole chain need the list of the root too; run once with O(root_passphrase)).
  returned: when there is something
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule

CONSTRAINTS_SPEC = dict(
    permitted_names=dict(type="list", elements="str", default=[]),
    permitted_addresses=dict(type="list", elements="str", default=[]),
    excluded_names=dict(type="list", elements="str", default=[]),
    excluded_addresses=dict(type="list", elements="str", default=[]),
)

EXPORT_SPEC = dict(
    kind=dict(type="str", choices=["issuing", "root"], required=True),
    path=dict(type="str", required=True),
    passphrase=dict(type="str", no_log=True),
    passphrase_src=dict(type="str", no_log=False),
)

CRL_SPEC = dict(
    enabled=dict(type="bool", required=True),
    life=dict(type="str", default="30d"),
    url=dict(type="str", default=""),
)

WAIVER_SPEC = dict(
    host=dict(type="str", default=""),
    name=dict(type="str", default=""),
    reason=dict(type="str", required=True),
    until=dict(type="str", required=True),
)

ANCHOR_SPEC = dict(
    number=dict(type="int", required=True),
    hash=dict(type="str", required=True),
    seal=dict(type="str", default="", no_log=False),
    host=dict(type="str", default=""),
)

IN_USE_SPEC = dict(
    host=dict(type="str", required=True),
    numbers=dict(type="list", elements="int"),
)

ARGUMENT_SPEC = dict(
    path=dict(type="str", required=True),
    fingerprint=dict(type="str"),
    create=dict(type="bool", default=False),
    subject=dict(type="str"),
    issuing_subject=dict(type="str"),
    key_type=dict(
        type="str", choices=["ec256", "ec384", "rsa2048", "rsa3072", "rsa4096"], default="ec256", no_log=False
    ),
    life=dict(type="str", default="3650d"),
    issuing_life=dict(type="str", default="1825d"),
    issuing=dict(type="bool", default=True),
    path_length=dict(type="int"),
    name_constraints=dict(type="dict", options=CONSTRAINTS_SPEC),
    passphrase=dict(type="str", no_log=True),
    passphrase_src=dict(type="str", no_log=False),
    root_passphrase=dict(type="str", no_log=True),
    root_passphrase_src=dict(type="str", no_log=False),
    new_passphrase=dict(type="str", no_log=True),
    new_passphrase_src=dict(type="str", no_log=False),
    new_root_passphrase=dict(type="str", no_log=True),
    new_root_passphrase_src=dict(type="str", no_log=False),
    certificate_src=dict(type="str"),
    certificate_content=dict(type="str"),
    private_key_src=dict(type="str", no_log=False),
    private_key_content=dict(type="str", no_log=True),
    private_key_passphrase=dict(type="str", no_log=True),
    private_key_passphrase_src=dict(type="str", no_log=False),
    chain_src=dict(type="str"),
    chain_content=dict(type="str"),
    root_certificate_src=dict(type="str"),
    root_certificate_content=dict(type="str"),
    root_private_key_src=dict(type="str", no_log=False),
    root_private_key_content=dict(type="str", no_log=True),
    root_private_key_passphrase=dict(type="str", no_log=True),
    root_private_key_passphrase_src=dict(type="str", no_log=False),
    request=dict(type="bool", default=False),
    export=dict(type="dict", options=EXPORT_SPEC, mutually_exclusive=[["passphrase", "passphrase_src"]]),
    backup_to=dict(type="str"),
    backup_max_age=dict(type="str", default="1d"),
    crl=dict(type="dict", options=CRL_SPEC),
    rollover=dict(type="str", choices=["prepare", "switch", "distrust"]),
    rollover_ahead=dict(type="str", default="180d"),
    min_overlap=dict(type="str", default="30d"),
    waivers=dict(type="list", elements="dict", options=WAIVER_SPEC),
    trusted=dict(type="list", elements="str", default=[]),
    trusting=dict(type="list", elements="str", default=[]),
    in_use=dict(type="list", elements="dict", default=[], options=IN_USE_SPEC),
    anchors=dict(type="list", elements="dict", default=[], options=ANCHOR_SPEC),
    accept_restored=dict(type="str"),
    reason=dict(type="str", default=""),
)

_PAIRS = (
    *("passphrase", "root_passphrase", "new_passphrase", "new_root_passphrase"),
    *("private_key_passphrase", "root_private_key_passphrase"),
)
_FILES = ("certificate", "private_key", "chain", "root_certificate", "root_private_key")

CONSTRAINTS: dict = dict(
    mutually_exclusive=[
        *([word, f"{word}_src"] for word in _PAIRS),
        *([f"{word}_content", f"{word}_src"] for word in _FILES),
    ],
)


def main():
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True, **CONSTRAINTS)
    module.fail_json(msg="This module runs on the controller; its action plugin was not found")


if __name__ == "__main__":
    main()
