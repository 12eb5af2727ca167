# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: internal_certificate
short_description: Request, install and renew certificates of an internal CA
version_added: 0.1.0
description:
  - The host's side of certificates that M(certwright.tls.internal_ca_cert) signs. It takes two tasks, with that module
    in between, so that one batch serves a whole fleet.
  - The first task looks at the host, one execution when nothing is due. For what is due the host makes a private key
    and a request, which is returned as RV(requests). The key never leaves the host.
  - The second task gets the answer as O(signed), stores what was signed and hands it to its services, as
    M(certwright.tls.ssl_certificate) does, with its checks, its probes and its way back.
  - A certificate is due when its identity differs (a name, an address, the usage, a mail address, the subject, the CA,
    a key type that was said), when its files are damaged, when the CA signs with another issuing key now, or when a
    third of its life is left, half of one under ten days.
  - A request that waits on the host is returned again, unchanged, while the certificate is due with the same names.
    The CA gives the same certificate for it. So any of the tasks may be repeated, and none signs twice.
author:
  - The certwright.tls authors (@certwright)
extends_documentation_fragment:
  - certwright.tls._attributes
  - certwright.tls._store
attributes:
  check_mode:
    support: full
    details:
      - Says what is due, and why. Requests that wait are returned, others would be made.
  diff_mode:
    support: full
    details:
      - Shows names, dates and fingerprints, never keys.
  idempotent:
    support: full
    details:
      - Certificates are compared by identity and time. O(certificates[].force) is no difference within O(force_age).
requirements:
  - cryptography >= 42 on the controller
  - idna >= 3.4 on the controller
  - the program openssl on the host, where something is requested
options:
  certificates:
    description:
      - The certificates. What is not in the list is left alone.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description:
          - The name in the store and a part of its paths. V(system) is the system certificate, a domain that domain's.
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
      issuer:
        description:
          - The CA's name in O(cas). O(ca) counts for those that name none.
        type: str
      usage:
        description:
          - What it authenticates. If not given, what its services need, and V(server) where any will do.
        type: str
        choices: [server, client, both]
      emails:
        description:
          - Mail addresses on the certificate.
        type: list
        elements: str
        default: []
      subject:
        description:
          - The subject, as O(certwright.tls.internal_ca_cert#module:requests[].subject) has it. Empty if not given.
        type: str
      days:
        description:
          - How many days it is valid. What M(certwright.tls.internal_ca_cert) takes if not given. Another number counts
            from the next one on.
        type: int
      not_after:
        description:
          - When it ends (UTC), as in V(2027-12-31T23:59:59Z), in place of O(certificates[].days). One that ends then is
            not renewed before.
        type: str
      key_type:
        description:
          - The kind of the certificate's key. V(ec256) if not given.
          - Another one requests anew. Leaving it out never does.
        type: str
        choices: [ec256, ec384, rsa2048, rsa3072, rsa4096]
      key_origin:
        description:
          - V(host), the key is made there. V(controller) is refused; M(certwright.tls.internal_ca_cert) makes PKCS#12
            files for those who cannot make a key.
        type: str
        choices: [host, controller]
      email:
        description:
          - Whom the alarms of renewal write to. C(no-reply@) and O(default_domain) if not given.
        type: str
      force:
        description:
          - Request it although nothing is due. Heeded when the installed certificate is older than O(force_age), and
            never in a scheduled job of AWX or of the role P(certwright.tls.schedule#role).
        type: bool
        default: false
      accept:
        description:
          - What would be refused and is meant. V(files_abandoned) takes away files of a service that is no longer
            declared.
          - V(removed) brings back what P(certwright.tls.remove#role) took away from this host, which stays away
            otherwise.
        type: list
        elements: str
        choices: [ends_sooner, test_issuer, files_abandoned, removed]
        default: []
      services:
        description:
          - 'Who gets the certificate. Each entry is the name of a preset, or a mapping of one name to its words, as in
            C(nginx) or C({nginx: {ports: [8443]}}).'
          - The presets are V(apache), V(bluemind), V(custom), V(dovecot), V(haproxy), V(js7_agent), V(js7_controller),
            V(js7_joc), V(nginx), V(postfix) and V(postgresql).
          - 'Words of every preset: C(name) (of the directory, needed for a second instance), C(owner), C(group),
            C(mode), C(seuser), C(serole), C(setype), C(selevel), C(unit) (of systemd; an empty text means none),
            C(pid_file), C(paths) (maps a file of the preset to a path outside of the store, which becomes a link),
            C(replace_links), C(ports), C(starttls) (smtp, lmtp, imap, pop3, sieve, ldap, postgres), C(proxy_protocol),
            C(probe_names) (server names to ask for; the first name of the certificate otherwise), C(probes) (a list of
            C(port), C(address), C(server_name), C(starttls), C(proxy_protocol), C(client_certificate),
            C(client_private_key), C(http_path)), C(restart) (never, allowed or window; never by default) and
            C(restart_window) (as in V(Sun 03:00-04:00 Europe/Paris)).'
          - 'Words of V(nginx): C(binary), C(config) and C(prefix), for an instance that is not the distribution''s
            own.'
          - 'Words of V(bluemind): C(via) (files, bm_cli or auto, which is bm_cli where the program C(bm-cli) is there
            and costs one execution more), C(tags) (the tags of this host in BlueMind; nginx is looked after where
            V(bm/nginx) or V(bm/nginx-edge) is among them, postfix where V(mail/smtp) or V(mail/smtp-edge) is, and both
            where none are said), C(domain_uid) (of a domain, its name by default; V(global.virt) is what belongs to no
            domain), C(postfix) (words of its postfix), C(prepare) (the command that generates its vhosts), C(bm_cli),
            C(binary), C(config) and C(root) (a directory that its files are below). Its keys are V(''0640''). A
            domain''s certificate is for HTTPS only, and is refused beside mail.'
          - 'Words of V(js7_controller), V(js7_agent) and V(js7_joc): C(owner) (the account that it runs as) and
            C(ports) have to be said; C(config_directory) of controller and agent, C(jetty_base) of JOC; C(id) of a
            controller and C(http_port) of an agent, for which their units are named; C(passphrase_src) or C(passphrase)
            of its keystores, C(alias) (the short host name by default), C(keystore) (both, server or client: which of
            its keystores this certificate goes into, both by default), C(keytool) (the path of the product''s own),
            C(trust), C(trust_content) and C(trust_src). V(js7_joc) has C(restart_command) too, and takes
            C(restart_window), or another C(restart) than V(window).'
          - 'Words of V(apache), V(dovecot), V(haproxy), V(postfix) and V(postgresql): C(config) (a file, for V(postfix)
            and V(postgresql) a directory), C(instance) (what stands behind the C(@) of its unit, as in V(15-main)), and
            C(files), C(check), C(reload) and C(references) as V(custom) has them. V(apache) and V(haproxy) have
            C(binary) too.'
          - 'Words of V(custom): C(files) (a list of C(name), C(parts) in the order of the file out of leaf, chain, root
            and key, C(path), C(owner), C(group), C(mode), C(in_place) for products that refuse links, C(replace_link)),
            C(status), C(check), C(staged_check), C(reload), C(restart_command), C(references) (prints the effective
            configuration), C(watches_files), C(trust), C(trust_content), C(trust_src), C(crl_content) and C(crl_src).
            Commands are lists of words or one line; there is no shell. Keystores and files of C(trust) and C(crl) are
            as in O(certwright.tls.ssl_certificate#module:services).'
          - 'A file with the C(parts) trust, or of the C(format) truststore, holds all roots that the CA of the
            certificate is known by, in a roll-over the old and the new one; a file with the C(parts) crl its lists of
            revocations. C(trust), a list of names in O(cas), takes both from these CAs. Files that were said come
            before. When a CA has other roots, or a newer list, the files are made anew without a new certificate. A CA
            that is silent changes none of them.'
          - A service that is stopped gets its files and is never started.
        type: list
        elements: raw
        default: []
      owner:
        description:
          - Owner of every file that is made for a service. A service's own O(certificates[].services) words win.
        type: str
      group:
        description:
          - Group of every file that is made for a service.
        type: str
      mode:
        description:
          - Mode of the files that hold the private key, as octal digits in quotes, as in V('0640'). Others are
            V('0644').
          - Files with the key are V('0600') unless said otherwise, and are refused when everybody could read them.
        type: raw
      seuser:
        description:
          - The user part of the SELinux context. What is not given is the policy's own default for the place.
        type: str
      serole:
        description:
          - The role part of the SELinux context.
        type: str
      setype:
        description:
          - The type part of the SELinux context.
        type: str
      selevel:
        description:
          - The level part of the SELinux context.
        type: str
  ca:
    description:
      - What M(certwright.tls.internal_ca_info) returned of the CA, for all certificates that name none of O(cas).
      - Without it, or of a CA that was not reached, nothing is requested, what is installed stays, and what is due is
        deferred as long as there is time.
      - When that module failed, what is due fails with its code and message, however much time there is.
    type: dict
  cas:
    description:
      - The same for several CAs by name, as P(certwright.tls.answered_cas#filter) finds them.
    type: dict
  signed:
    description:
      - What M(certwright.tls.internal_ca_cert) returned for this host, as P(certwright.tls.signed_for#filter) finds it.
        Then the task requests nothing. An answer to what is not due any more is the warning V(answer_unused), and the
        request ends.
    type: list
    elements: dict
  default_domain:
    description:
      - Contacts default to C(no-reply@) and this domain, as in BlueMind.
    type: str
  stage_only:
    description:
      - Store what was signed; M(certwright.tls.certificate_activate) hands what is stored to its services.
    type: bool
    default: false
  on_problem:
    description:
      - What a certificate with a problem in its words means for the others.
      - V(skip) goes on with those that are sound, and fails at the end. V(refuse_all) touches nothing.
    type: str
    choices: [skip, refuse_all]
    default: skip
  force_age:
    description:
      - The hours below which the age of the installed certificate makes O(certificates[].force) nothing.
    type: int
    default: 24
seealso:
  - module: certwright.tls.internal_ca_cert
  - module: certwright.tls.internal_ca_info
  - module: certwright.tls.certificate_activate
"""

EXAMPLES = r"""
- name: Read the CA, once for all hosts
  certwright.tls.internal_ca_info:
    path: /var/lib/certwright-ca
    fingerprint: "{{ ca_fingerprint }}"
  delegate_to: ca01
  run_once: true
  register: office

- name: Key and request for what is due
  certwright.tls.internal_certificate:
    ca: "{{ office }}"
    certificates: &certificates
      - name: system
        external_url: db1.lan
        other_urls: [192.0.2.7]
        services: [nginx]
      - name: agent
        external_url: agent1.lan
        usage: both
        subject: CN=agent1,OU=IT,O=Example
        days: 90
  register: requested

- name: Sign what all hosts have requested, in one batch
  certwright.tls.internal_ca_cert:
    path: /var/lib/certwright-ca
    fingerprint: "{{ ca_fingerprint }}"
    passphrase: "{{ vault_ca_passphrase }}"
    requests: "{{ (dict(ansible_play_hosts | zip(ansible_play_hosts | map('extract', hostvars, 'requested')))
      | certwright.tls.signing_requests)[''].requests }}"
  delegate_to: ca01
  run_once: true
  register: batch

- name: Install what was signed
  certwright.tls.internal_certificate:
    ca: "{{ office }}"
    certificates: *certificates
    signed: "{{ batch | certwright.tls.signed_for(inventory_hostname, requested.requests) }}"
  when: requested.requests | length > 0
"""

RETURN = r"""
requests:
  description:
    - What is to be signed now, for O(certwright.tls.internal_ca_cert#module:requests) once
      P(certwright.tls.signing_requests#filter) has put those of all hosts together.
  returned: when the host was asked
  type: list
  elements: dict
  sample:
    - issuer: office
      name: system
      host: web1
      csr: |
        -----BEGIN CERTIFICATE REQUEST-----
        MIHvMIGWAgEAMAAwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAT…
        -----END CERTIFICATE REQUEST-----
      usage: server
      names: [db1.lan]
      ips: [192.0.2.7]
      emails: []
      anchors: []
  contains:
    issuer:
      description: The CA's name, as O(certificates[].issuer) says it.
      type: str
    name:
      description: The certificate's name in the store.
      type: str
    host:
      description: The host.
      type: str
    csr:
      description: The request as PEM, with an empty subject. Empty in check mode when it would be made.
      type: str
    usage:
      description: What it authenticates.
      type: str
    names:
      description: Its DNS names.
      type: list
      elements: str
    ips:
      description: Its addresses.
      type: list
      elements: str
    emails:
      description: Its mail addresses.
      type: list
      elements: str
    subject:
      description: Its subject. Left out when none is declared.
      type: str
    subject_form:
      description: V(js7) for a service of JS7, for whom the CA completes the subject. Left out for others.
      type: str
    days:
      description: How many days it is to be valid. Left out when nothing is declared.
      type: int
    not_after:
      description: When it is to end (UTC). Left out when nothing is declared.
      type: str
    anchors:
      description: Where the CA's ledger has the certificates of this name that the host keeps, C(number) and C(hash).
      type: list
      elements: dict
anchors:
  description:
    - The same for all certificates of the task, each with its C(issuer). A ledger that lacks any is an old copy.
  returned: when the host was asked
  type: list
  elements: dict
  sample:
    - {issuer: office, number: 17, hash: 8f43…}
unanswered:
  description:
    - The CAs that failed to tell of themselves, which these certificates are of or their services trust. Nothing need
      be due. P(certwright.tls.unanswered_cas#filter) makes it a fault of one host.
  returned: when the host was asked
  type: list
  elements: dict
  sample:
    - {issuer: office, code: ca_damaged, message: '/srv/ca: entry 7 of the ledger is not as it was written'}
  contains:
    issuer:
      description: The CA's name.
      type: str
    code:
      description: The code of M(certwright.tls.internal_ca_info), C(failed) where it had none.
      type: str
    message:
      description: What it said.
      type: str
outcomes:
  description:
    - By certificate, how it ended. RV(outcomes.outcome) is one of those of M(certwright.tls.ssl_certificate), or one of
      these. V(requested), its request waits for the CA. V(deferred), nothing was signed and there is time; V(failed),
      it does not heal by itself or there is none; V(expired), the installed certificate has ended. What was installed
      stays in all four.
  returned: when the host was asked
  type: dict
  sample:
    system:
      outcome: activated
      changed: true
      pending: false
      generation: 2
      previous: 1
      message: ''
      services:
        - {name: nginx, state: served}
  contains:
    outcome:
      description: The word for it.
      type: str
    changed:
      description: Whether the host was changed for this certificate.
      type: bool
    pending:
      description: Whether M(certwright.tls.certificate_activate) has something to do for it.
      type: bool
    generation:
      description: The generation that was stored or activated.
      type: int
    previous:
      description: The generation that was live before.
      type: int
    message:
      description: What the host says about it.
      type: str
    services:
      description: By service, V(served), V(reloaded), V(placed_not_served) or V(restart_pending).
      type: list
      elements: dict
certificates:
  description: By certificate, C(certificate), C(paths) and C(hints) as M(certwright.tls.ssl_certificate) returns them.
  returned: success
  type: dict
renewals:
  description: By certificate, when it is renewed, as M(certwright.tls.letsencrypt_cert) has it.
  returned: when the host was asked
  type: dict
reasons:
  description:
    - Why the host was changed, or would be. Codes are those of M(certwright.tls.ssl_certificate), and these.
    - RV(reasons[].code=certificate_missing), nothing is installed.
    - RV(reasons[].code=issuer_differs), it is from another CA, or was supplied as files.
    - RV(reasons[].code=issuing_ca_differs), the same CA signs with another issuing key now.
    - RV(reasons[].code=revoked), its CA has revoked it.
    - RV(reasons[].code=name_missing) and RV(reasons[].code=name_dropped), names were added or taken away.
    - RV(reasons[].code=usage_differs), RV(reasons[].code=emails_differ) and RV(reasons[].code=subject_differs), others
      are declared.
    - RV(reasons[].code=key_type_differs), another one was said.
    - RV(reasons[].code=key_lost) and RV(reasons[].code=certificate_lost), a file of the store is gone or was changed.
    - RV(reasons[].code=key_compromised), its key was said to be compromised.
    - RV(reasons[].code=due_by_date), a third of its life is left, half of one under ten days.
    - RV(reasons[].code=expired), it has ended.
    - RV(reasons[].code=forced), O(certificates[].force) asks for it.
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
    - Everything that was refused or failed, as M(certwright.tls.ssl_certificate) has it, and these. What was
      deferred is no problem and is among the warnings, with the same codes.
    - 'Of words: V(ca_unusable) (O(ca) is no answer of M(certwright.tls.internal_ca_info)), V(date_invalid),
      V(key_origin_refused), V(subject_invalid), and those of names and services.'
    - 'Of the CA: V(ca_silent) (it could not be read; or one that C(trust) names, of which the host knows nothing),
      V(not_signed) (its answer lacks this one, or it was not reached), and the codes with which
      M(certwright.tls.internal_ca_cert) refuses a request.'
    - 'Of a CA that failed as a whole, those of M(certwright.tls.internal_ca_info) and
      M(certwright.tls.internal_ca_cert): V(ca_missing), V(ca_other), V(ca_incomplete), V(ca_damaged), V(ca_altered),
      V(ca_open), V(ca_unreadable), V(ca_foreign), V(ca_rolled_back), V(ca_unknown), V(ca_key_missing),
      V(wrong_passphrase), V(passphrase_missing), V(file_unreadable), V(clock_skew), and V(failed) without one. They are
      never deferred. V(ca_busy) is, while there is time.'
    - 'Of what was signed: V(certificate_unfit) (another key, names, usage or root), V(request_gone) (the host has no
      longer the key that it was signed for).'
    - 'Of the host: V(openssl_missing), V(openssl_failed), V(name_unfit), V(not_writable), V(request_unfit) (what the
      host made is not what it was asked for), V(claimed) (another run is at it), V(request_waiting) (of
      M(certwright.tls.certificate_request), for another CA).'
  returned: on failure
  type: list
  elements: dict
pending:
  description: Whether M(certwright.tls.certificate_activate) has something to do.
  returned: when the host was asked
  type: bool
warnings:
  description:
    - As of M(certwright.tls.ssl_certificate). Further codes are V(adopted) (somebody else renews it, so it was not
      requested), V(answer_unused) (what was signed for it is not needed any more), V(force_ignored), V(clock_skew)
      (dates decided nothing), V(request_replaced) (of M(certwright.tls.certificate_request)), and the code of what was
      deferred.
  returned: when there is something
  type: list
  elements: str
unmanaged:
  description: Certificates of the store that the task does not name. They are left alone.
  returned: success
  type: list
  elements: str
store_path:
  description: The store on the host.
  returned: success
  type: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.certwright.tls.plugins.module_utils._options import ACCEPT, ATTRIBUTES, SERVICES, STORE

CERTIFICATE_SPEC = dict(
    name=dict(type="str", required=True),
    external_url=dict(type="str"),
    other_urls=dict(type="list", elements="str", default=[]),
    issuer=dict(type="str"),
    usage=dict(type="str", choices=["server", "client", "both"]),
    emails=dict(type="list", elements="str", default=[]),
    subject=dict(type="str"),
    days=dict(type="int"),
    not_after=dict(type="str"),
    key_type=dict(type="str", choices=["ec256", "ec384", "rsa2048", "rsa3072", "rsa4096"], no_log=False),
    key_origin=dict(type="str", choices=["host", "controller"], no_log=False),
    email=dict(type="str"),
    force=dict(type="bool", default=False),
    **ACCEPT,
    **SERVICES,
    **ATTRIBUTES,
)

ARGUMENT_SPEC = dict(
    certificates=dict(type="list", elements="dict", required=True, options=CERTIFICATE_SPEC),
    ca=dict(type="dict"),
    cas=dict(type="dict"),
    signed=dict(type="list", elements="dict"),
    default_domain=dict(type="str"),
    stage_only=dict(type="bool", default=False),
    on_problem=dict(type="str", choices=["skip", "refuse_all"], default="skip"),
    force_age=dict(type="int", default=24),
    **STORE,
)

CONSTRAINTS: dict = dict()


def main():
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True, **CONSTRAINTS)
    module.fail_json(msg="This module runs on the controller; its action plugin was not found")


if __name__ == "__main__":
    main()
