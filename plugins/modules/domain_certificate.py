# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: domain_certificate
short_description: Give domains certificates of their own, or let them fall back to the system certificate
version_added: 0.1.0
description:
  - Does for any number of domains what M(certwright.tls.ssl_certificate) does for the system certificate, in one task
    and two executions on the host, one when nothing changes.
  - Each domain is refused, activated and put back by itself. A broken one keeps no other from being renewed.
  - A domain that is V(absent) falls back to the certificate of the name V(system). Its stable paths lead to the files
    of that one, services are reloaded and ports are probed. Its files are deleted when no configuration names them.
  - A path outside of the store that a deleted file had gets back what stood there before.
author:
  - The certwright.tls authors (@certwright)
extends_documentation_fragment:
  - certwright.tls._attributes
  - certwright.tls._store
attributes:
  check_mode:
    support: full
    details:
      - Nothing is changed. The services' own checks of their configurations are run.
  diff_mode:
    support: full
    details:
      - Shows names, dates and fingerprints, never keys.
  idempotent:
    support: full
    details:
      - Certificates are compared by identity. What is absent and named by nobody any more is no change.
requirements:
  - cryptography >= 42 on the controller
  - idna >= 3.4 on the controller
options:
  domains:
    description:
      - The domains, or other certificates by name. What is not in the list is left alone.
    type: list
    elements: dict
    required: true
    suboptions:
      domain:
        description:
          - The domain, or another name for the certificate. It is the name in the store and a part of its paths.
          - V(system) is the system certificate.
        type: str
        required: true
      state:
        description:
          - V(present) installs the certificate. A domain without O(domains[].external_url) and without any material
            uses the system certificate, as if it were V(absent).
          - V(absent) ends it, and is refused for V(system).
          - V(adopted) records a certificate that is on the host already, by certbot, BlueMind or by hand, and leaves it
            where it is.
        type: str
        choices: [present, absent, adopted]
        default: present
      external_url:
        description:
          - The host name that clients use. The certificate must cover it.
          - A full URL is accepted; only its host name counts.
          - If not given, and V(bluemind) is among the services, it is read from BlueMind's own files, with the other
            URLs.
        type: str
      other_urls:
        description:
          - Further host names or addresses that the certificate must cover.
        type: list
        elements: str
        default: []
      certificate_src:
        description:
          - File with the certificate, on the controller unless O(domains[].remote_src=true). PEM, DER or PKCS#7. It may
            hold the chain too, in any order.
          - Found where Ansible looks for files, else beside the inventory. Decrypted in memory when it is vaulted.
        type: str
      certificate_content:
        description:
          - The PEM text itself.
        type: str
      private_key_src:
        description:
          - File with the private key, on the controller unless O(domains[].remote_src=true). PEM or DER (PKCS#8, PKCS#1
            or SEC1), encrypted or not.
        type: str
      private_key_content:
        description:
          - The PEM text of the private key. Give a vaulted variable, never a literal, since Ansible quotes the lines of
            a playbook in its error messages.
          - If a certificate is given, and neither it nor O(domains[].private_key_src), the environment variable
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
          - File on the controller with the passphrase, which wins over O(domains[].private_key_passphrase).
        type: str
      ca_src:
        description:
          - File with the CA certificates, intermediates and root in any order, on the controller unless
            O(domains[].remote_src=true).
          - Needed when the intermediates come with neither O(domains[].certificate_src) nor O(domains[].pkcs12_src).
        type: str
      ca_content:
        description:
          - The PEM text of the CA certificates.
        type: str
      pkcs12_src:
        description:
          - PKCS#12 file (V(.p12), V(.pfx)) with certificate, private key and mostly the chain, in place of
            O(domains[].certificate_src) and O(domains[].private_key_src), on the controller unless
            O(domains[].remote_src=true).
          - Old encryption (RC2, 3DES) is read as well as new.
        type: str
      pkcs12_content:
        description:
          - The PKCS#12 file as base64 text.
          - If neither it nor any other material but the CA is given, the environment variable E(CERTWRIGHT_PKCS12) of
            the controller is used.
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
          - File on the controller with the passphrase, which wins over O(domains[].pkcs12_passphrase).
        type: str
      remote_src:
        description:
          - The files named by O(domains[].certificate_src), O(domains[].private_key_src), O(domains[].ca_src) and
            O(domains[].pkcs12_src) lie on the managed host.
          - The private key is matched with the certificate there, and never leaves the host. Encrypted keys and PKCS#12
            need the program C(openssl) on the host.
          - Files with passphrases are on the controller always.
        type: bool
        default: false
      private_key_requested:
        description:
          - The private key is the one that M(certwright.tls.certificate_request) made on the host, which never leaves
            it. The certificate, and the CA, are those that a CA elsewhere gave for that request.
          - Once it is installed, the same certificate is kept without a request. No private key, PKCS#12 or
            O(domains[].remote_src) goes together with it.
        type: bool
        default: false
      accept:
        description:
          - Lets through what is refused otherwise.
          - V(ends_sooner) is a certificate that ends sooner than the installed one.
          - V(test_issuer) is one of a staging or test CA over one of another CA.
          - V(files_abandoned) is a service, or a file of one, that is no longer declared. Its files go with the next
            generation, so nothing may name them any more. With O(domains[].state=absent) it is a service that cannot
            tell what its configuration names.
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
            C(client_private_key)), C(restart) (never, allowed or window; never by default) and C(restart_window) (as in
            V(Sun 03:00-04:00 Europe/Paris)).'
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
            configuration) and C(watches_files). Commands are lists of words or one line; there is no shell.'
          - A service that is stopped gets its files and is never started.
        type: list
        elements: raw
        default: []
      owner:
        description:
          - Owner of every file that is made for a service. A service's own O(domains[].services) words win.
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
  on_problem:
    description:
      - What one refused domain means for the others of the task.
      - V(refuse_all) touches none of them.
      - V(skip) goes on with the sound ones, and the task fails at its end.
    type: str
    choices: [refuse_all, skip]
    default: refuse_all
  stage_only:
    description:
      - Stores the certificates on the host and stops. No service is touched.
      - M(certwright.tls.certificate_activate) does the rest. A certificate that nothing names any more is deleted.
    type: bool
    default: false
seealso:
  - module: certwright.tls.ssl_certificate
  - module: certwright.tls.certificate_request
  - module: certwright.tls.certificate_activate
  - module: certwright.tls.certificate_info
"""

EXAMPLES = r"""
- name: Two domains with certificates of their own, one that goes back to the system certificate
  certwright.tls.domain_certificate:
    domains:
      - domain: example.net
        external_url: webmail.example.net
        certificate_src: example.net.pem
        private_key_src: example.net.key
        ca_src: example-ca.pem
        services: [nginx]
      - domain: example.com
        external_url: webmail.example.com
        pkcs12_src: example.com.p12
        pkcs12_passphrase_src: example.com.passphrase
        services: [nginx]
      - {domain: old.example.org, state: absent}

- name: What certbot left on the host, taken over without its key leaving the host
  certwright.tls.domain_certificate:
    domains:
      - domain: shop
        external_url: shop.example.org
        remote_src: true
        certificate_src: /etc/letsencrypt/live/shop.example.org/fullchain.pem
        private_key_src: /etc/letsencrypt/live/shop.example.org/privkey.pem
        services: [nginx]

- name: What a CA signed for the requests that certificate_request made on the host
  certwright.tls.domain_certificate:
    domains:
      - domain: example.net
        external_url: webmail.example.net
        private_key_requested: true
        certificate_src: example.net.pem
        ca_src: example-ca.pem
        services: [nginx]

- name: Renew what is sound, and fail for the rest at the end
  certwright.tls.domain_certificate:
    on_problem: skip
    domains:
      - domain: example.net
        external_url: webmail.example.net
        certificate_src: example.net.pem
        private_key_src: example.net.key
        ca_src: example-ca.pem
        services: [nginx]
      - domain: api
        external_url: api.example.org
        certificate_src: api.p7b
        private_key_src: api.key
        services:
          - nginx: {ports: [8443]}

- name: Record what others look after, so that it is known and shown
  certwright.tls.domain_certificate:
    domains:
      - {domain: shop, state: adopted, external_url: shop.example.org}
      - {domain: legacy, state: adopted, external_url: legacy.example.org, certificate_src: /opt/legacy/tls.pem}
"""

RETURN = r"""
outcomes:
  description:
    - By certificate, how it ended. RV(outcomes.outcome) is one of those of M(certwright.tls.ssl_certificate), or
      V(disabled_fallback) (its paths show the system certificate while something names them), V(removed), V(adopted),
      or V(held_back) (sound, and not touched since another one was refused).
  returned: when the host was asked
  type: dict
  sample:
    example.net:
      outcome: activated
      changed: true
      pending: false
      generation: 1
      previous: null
      message: ''
      services:
        - {name: nginx, state: served}
    old.example.org:
      outcome: removed
      changed: true
      pending: false
      generation: null
      previous: 3
      message: ''
      services: []
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
reasons:
  description:
    - Why the host was changed, or would be, as M(certwright.tls.ssl_certificate) has it.
    - RV(reasons[].code=disabled), a domain is to have no certificate of its own.
    - RV(reasons[].code=certificate_found), a certificate to adopt was found, or now lies elsewhere.
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
    - Everything that was refused or failed, as M(certwright.tls.ssl_certificate) has it.
    - 'Further codes: V(name_used_twice) (two entries have the same name in the store), V(no_fallback) (the system
      certificate has no such file to fall back to).'
    - With O(on_problem=refuse_all) and a problem that the controller finds, the host is not asked.
  returned: on failure
  type: list
  elements: dict
pending:
  description: Whether M(certwright.tls.certificate_activate) has something to do.
  returned: when the host was asked
  type: bool
warnings:
  description:
    - As of M(certwright.tls.ssl_certificate), and V(uses_system) (a domain without an external URL),
      V(disabled_fallback) (who still names the files of a domain that is to be absent).
    - The warning V(material_unused) of the playbooks comes from P(certwright.tls.inventory#filter).
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

from ansible_collections.certwright.tls.plugins.module_utils._options import (
    ACCEPT,
    ATTRIBUTES,
    MATERIAL,
    MATERIAL_CONSTRAINTS,
    SERVICES,
    STORE,
)

DOMAIN_SPEC = dict(
    domain=dict(type="str", required=True),
    state=dict(type="str", choices=["present", "absent", "adopted"], default="present"),
    external_url=dict(type="str"),
    other_urls=dict(type="list", elements="str", default=[]),
    **MATERIAL,
    **ACCEPT,
    **SERVICES,
    **ATTRIBUTES,
)

DOMAIN_CONSTRAINTS = MATERIAL_CONSTRAINTS

ARGUMENT_SPEC = dict(
    domains=dict(type="list", elements="dict", required=True, options=DOMAIN_SPEC, **DOMAIN_CONSTRAINTS),
    on_problem=dict(type="str", choices=["refuse_all", "skip"], default="refuse_all"),
    stage_only=dict(type="bool", default=False),
    **STORE,
)

CONSTRAINTS: dict = dict()


def main():
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True, **CONSTRAINTS)
    module.fail_json(msg="This module runs on the controller; its action plugin was not found")


if __name__ == "__main__":
    main()
