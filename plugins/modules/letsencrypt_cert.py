# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: letsencrypt_cert
short_description: Obtain, install and renew certificates by ACME (Let's Encrypt and others)
version_added: 0.1.0
description:
  - Orders certificates from an ACME CA (RFC 8555), stores them and hands them to their services, in one task and three
    executions on the host, one when nothing is due.
  - The private key is made on the host and never leaves it. The account's key stays on the controller.
  - A certificate is ordered when its identity differs (a name, the CA, a key type that was said), when the CA asks for
    it (RFC 9773), or when a third of its life is left, half of one under ten days. An unchanged run talks to no CA.
  - Issuing and activating are two steps. What was issued is stored first, and a failed activation never orders again.
  - Every service gets its files by the transaction of M(certwright.tls.ssl_certificate), is probed, and put back when
    it does not serve the new certificate.
  - A failure leaves the installed certificate working. It is remembered on the host, and tried again after 1 minute, 10
    minutes, 100 minutes and then once a day.
  - Within one run the first order goes alone, and three equal failures in a row stop the rest.
author:
  - The certwright.tls authors (@certwright)
extends_documentation_fragment:
  - certwright.tls._attributes
  - certwright.tls._store
attributes:
  check_mode:
    support: full
    details:
      - Says what would be ordered, why, and when the next run must be. The CA's directory and renewal information are
        read, names and CAA records looked up. Nothing is ordered or registered.
  diff_mode:
    support: full
    details:
      - Shows names, dates and fingerprints, never keys.
  idempotent:
    support: full
    details:
      - Certificates are compared by identity and time. O(certificates[].force) is no difference within O(force_age).
requirements:
  - acme >= 3.1, with josepy >= 1.15 and requests >= 2.31, on the controller
  - cryptography >= 42 on the controller
  - idna >= 3.4 on the controller
  - dnspython >= 2.6 on the controller
  - dns-lexicon on the controller, for O(challenge.provider=lexicon)
  - the program openssl on the host, unless O(key_origin=controller)
options:
  certificates:
    description:
      - The certificates. What is not in the list is left alone. Words that are left out are taken from the options of
        the same name beside this list.
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
          - The host name that clients use, first of the certificate's names. Nothing can be ordered before it is known.
          - A full URL is accepted; only its host name counts.
          - If not given, and V(bluemind) is among the services, it is read from BlueMind's own files, with the other
            URLs.
        type: str
      other_urls:
        description:
          - Further host names. V(*.example.org) takes V(dns-01).
        type: list
        elements: str
        default: []
      acme_directory:
        description:
          - The https URL of the CA's directory (RFC 8555 7.1.1). Let's Encrypt if not given.
        type: str
      staging:
        description:
          - Order from Let's Encrypt's staging, whose certificates no client trusts.
          - Staging over a real certificate is refused unless O(certificates[].accept) says V(test_issuer).
        type: bool
      terms_agreed:
        description:
          - V(true) agrees to the CA's current terms of service, a URL to just these. V(false) fails and names them.
          - What was agreed to is recorded on the host. When the CA has new terms, orders fail until their URL stands
            here.
        type: str
      email:
        description:
          - The contact of the account, and whom the alarms of renewal write to.
          - C(no-reply@) and O(default_domain) if not given.
        type: str
      account_key_src:
        description:
          - File on the controller with the key of the account (PEM, EC or RSA). One account serves a whole fleet.
        type: str
      account_key_content:
        description:
          - The PEM text of the account's key. Give a vaulted variable.
          - If neither it nor O(certificates[].account_key_src) is given, E(CERTWRIGHT_ACME_ACCOUNT_KEY) of the
            controller is used.
          - E(CERTWRIGHT_ACME_ACCOUNT_KEY_SRC) may name a file with it.
        type: str
      account_key_create:
        description:
          - Make the key at O(certificates[].account_key_src) when nothing is there. It is never made otherwise.
        type: bool
      eab_kid:
        description:
          - External account binding (RFC 8555 7.3.4), the name of the key that the CA handed out.
        type: str
      eab_hmac_key:
        description:
          - External account binding, the key as base64url.
          - If neither it nor O(certificates[].eab_hmac_key_src) is given, E(CERTWRIGHT_ACME_EAB_HMAC_KEY) of the
            controller is used.
          - E(CERTWRIGHT_ACME_EAB_HMAC_KEY_SRC) may name a file with it.
        type: str
      eab_hmac_key_src:
        description:
          - File on the controller with O(certificates[].eab_hmac_key).
        type: str
      shared_passphrase:
        description:
          - The passphrase that the keys of shared certificates are sealed with at their homes (scrypt, AES-256-GCM).
          - If neither it nor O(certificates[].shared_passphrase_src) is given, E(CERTWRIGHT_SHARED_PASSPHRASE) of the
            controller is used.
          - E(CERTWRIGHT_SHARED_PASSPHRASE_SRC) may name a file with it.
        type: str
      shared_passphrase_src:
        description:
          - File on the controller with O(certificates[].shared_passphrase).
        type: str
      acme_ca_certificates:
        description:
          - File on the controller with the CA certificates (PEM) that the ACME server's own TLS is verified with.
        type: str
      challenge:
        description:
          - How the CA is shown that the names are ours.
        type: dict
        suboptions:
          type:
            description:
              - V(http-01) answers on port 80 of the host (RFC 8555 8.3), V(dns-01) by TXT records that the controller
                adds and removes (RFC 8555 8.4). Wildcards take V(dns-01).
            type: str
            choices: [http-01, dns-01]
            default: http-01
          webroot:
            description:
              - The directory on the host that the web server shows. The file of the challenge is placed below
                C(.well-known/acme-challenge) and removed afterwards.
            type: str
          port:
            description:
              - The port on which the CA asks, V(80) if not given. Without a C(webroot) a listener of our own answers
                there on all addresses, and ends by itself when the order is over, or after ten minutes.
            type: int
          resolver:
            description:
              - Name servers that are asked from the controller, as V(192.0.2.53) or V(192.0.2.53:8053), where its own
                do not see what the CA sees.
            type: list
            elements: str
            default: []
          self_check:
            description:
              - Look at the answer before the CA is asked to, since failures are counted. A definite wrong answer ends
                the order, no answer is a warning.
            type: bool
            default: true
          propagation_timeout:
            description:
              - Seconds within which all authoritative name servers must show a TXT record, V(120) if not given.
            type: int
          provider:
            description:
              - Who changes TXT records. V(rfc2136) is a dynamic update with TSIG (RFC 2136, RFC 8945), V(hook) a
                program of yours, V(lexicon) any provider of the Python library dns-lexicon.
            type: str
            choices: [rfc2136, hook, lexicon]
          server:
            description:
              - V(rfc2136), the name server that takes updates, by name or address.
            type: str
          server_port:
            description:
              - V(rfc2136), its port, V(53) if not given.
            type: int
          zone:
            description:
              - V(rfc2136) and V(lexicon), the zone, found by its SOA record if not given.
            type: str
          tsig_name:
            description:
              - V(rfc2136), the name of the key.
            type: str
          tsig_secret:
            description:
              - V(rfc2136), the key as base64. Give a vaulted variable.
              - If neither it nor C(tsig_secret_src) is given, E(CERTWRIGHT_TSIG_SECRET) of the controller is used.
              - E(CERTWRIGHT_TSIG_SECRET_SRC) may name a file with it.
            type: str
          tsig_secret_src:
            description:
              - V(rfc2136), file on the controller with the key as base64.
            type: str
          tsig_algorithm:
            description:
              - V(rfc2136), the algorithm of the key, V(hmac-sha256) if not given.
            type: str
          ttl:
            description:
              - V(rfc2136), seconds that others may remember the record, V(60) if not given.
            type: int
          program:
            description:
              - V(hook), the program on the controller. It is called with C(present) or C(clean_up), the name of the
                record and its value, without a shell, and must add or remove this one value.
            type: str
          hook_timeout:
            description:
              - V(hook), seconds after which the program is killed, V(60) if not given.
            type: int
          lexicon_provider:
            description:
              - V(lexicon), the provider's name there. Its secrets are read from the environment as that library reads
                them.
            type: str
          lexicon_options:
            description:
              - V(lexicon), further words of the provider that are no secrets.
            type: dict
      key_type:
        description:
          - The kind of the certificate's key. V(ec256) if not given.
          - Another one orders anew. Leaving it out never does.
        type: str
        choices: [ec256, ec384, rsa2048, rsa3072, rsa4096]
      key_origin:
        description:
          - V(host) makes the key by the host's C(openssl), and it never leaves the host.
          - V(controller) makes it in the controller's memory, for hosts without C(openssl).
        type: str
        choices: [host, controller]
      profile:
        description:
          - The certificate profile, as the CA's directory lists them. The CA's default if not given.
        type: str
      shared:
        description:
          - One certificate for several hosts. Its home orders it and keeps the key sealed; the others, and the home
            when it is one of them, receive it by a second task with O(handed_out).
          - In a task without O(handed_out) this is nothing for hosts that are not the home.
        type: dict
        suboptions:
          home:
            description:
              - A host of the inventory.
            type: str
            required: true
      force:
        description:
          - Order although nothing is due. Heeded when the installed certificate is older than O(force_age), and never
            in a scheduled job of AWX or of the role P(certwright.tls.schedule#role).
        type: bool
        default: false
      ignore_backoff:
        description:
          - Order although an earlier failure asks to wait.
        type: bool
        default: false
      accept:
        description:
          - What would be refused and is meant. V(test_issuer) takes a test CA's certificate over a real one,
            V(files_abandoned) takes away files of a service that is no longer declared.
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
  acme_directory:
    description:
      - The https URL of the CA's directory (RFC 8555 7.1.1). Let's Encrypt if not given.
    type: str
  staging:
    description:
      - Order from Let's Encrypt's staging, whose certificates no client trusts.
      - Staging over a real certificate is refused unless O(certificates[].accept) says V(test_issuer).
    type: bool
    default: false
  terms_agreed:
    description:
      - V(true) agrees to the CA's current terms of service, a URL to just these. V(false) fails and names them.
      - What was agreed to is recorded on the host. When the CA has new terms, orders fail until their URL stands here.
    type: str
    default: 'false'
  email:
    description:
      - The contact of the account, and whom the alarms of renewal write to.
      - C(no-reply@) and O(default_domain) if not given.
    type: str
  account_key_src:
    description:
      - File on the controller with the key of the account (PEM, EC or RSA). One account serves a whole fleet.
    type: str
  account_key_content:
    description:
      - The PEM text of the account's key. Give a vaulted variable.
      - If neither it nor O(account_key_src) is given, E(CERTWRIGHT_ACME_ACCOUNT_KEY) of the controller is used.
      - E(CERTWRIGHT_ACME_ACCOUNT_KEY_SRC) may name a file with it.
    type: str
  account_key_create:
    description:
      - Make the key at O(account_key_src) when nothing is there. It is never made otherwise.
    type: bool
    default: false
  eab_kid:
    description:
      - External account binding (RFC 8555 7.3.4), the name of the key that the CA handed out.
    type: str
  eab_hmac_key:
    description:
      - External account binding, the key as base64url.
      - If neither it nor O(eab_hmac_key_src) is given, E(CERTWRIGHT_ACME_EAB_HMAC_KEY) of the controller is used.
      - E(CERTWRIGHT_ACME_EAB_HMAC_KEY_SRC) may name a file with it.
    type: str
  eab_hmac_key_src:
    description:
      - File on the controller with O(eab_hmac_key).
    type: str
  shared_passphrase:
    description:
      - The passphrase that the keys of shared certificates are sealed with at their homes (scrypt, AES-256-GCM).
      - If neither it nor O(shared_passphrase_src) is given, E(CERTWRIGHT_SHARED_PASSPHRASE) of the controller is used.
      - E(CERTWRIGHT_SHARED_PASSPHRASE_SRC) may name a file with it.
    type: str
  shared_passphrase_src:
    description:
      - File on the controller with O(shared_passphrase).
    type: str
  acme_ca_certificates:
    description:
      - File on the controller with the CA certificates (PEM) that the ACME server's own TLS is verified with.
    type: str
  challenge:
    description:
      - How the CA is shown that the names are ours.
    type: dict
    suboptions:
      type:
        description:
          - V(http-01) answers on port 80 of the host (RFC 8555 8.3), V(dns-01) by TXT records that the controller adds
            and removes (RFC 8555 8.4). Wildcards take V(dns-01).
        type: str
        choices: [http-01, dns-01]
        default: http-01
      webroot:
        description:
          - The directory on the host that the web server shows. The file of the challenge is placed below
            C(.well-known/acme-challenge) and removed afterwards.
        type: str
      port:
        description:
          - The port on which the CA asks, V(80) if not given. Without a C(webroot) a listener of our own answers there
            on all addresses, and ends by itself when the order is over, or after ten minutes.
        type: int
      resolver:
        description:
          - Name servers that are asked from the controller, as V(192.0.2.53) or V(192.0.2.53:8053), where its own do
            not see what the CA sees.
        type: list
        elements: str
        default: []
      self_check:
        description:
          - Look at the answer before the CA is asked to, since failures are counted. A definite wrong answer ends the
            order, no answer is a warning.
        type: bool
        default: true
      propagation_timeout:
        description:
          - Seconds within which all authoritative name servers must show a TXT record, V(120) if not given.
        type: int
      provider:
        description:
          - Who changes TXT records. V(rfc2136) is a dynamic update with TSIG (RFC 2136, RFC 8945), V(hook) a program of
            yours, V(lexicon) any provider of the Python library dns-lexicon.
        type: str
        choices: [rfc2136, hook, lexicon]
      server:
        description:
          - V(rfc2136), the name server that takes updates, by name or address.
        type: str
      server_port:
        description:
          - V(rfc2136), its port, V(53) if not given.
        type: int
      zone:
        description:
          - V(rfc2136) and V(lexicon), the zone, found by its SOA record if not given.
        type: str
      tsig_name:
        description:
          - V(rfc2136), the name of the key.
        type: str
      tsig_secret:
        description:
          - V(rfc2136), the key as base64. Give a vaulted variable.
          - If neither it nor C(tsig_secret_src) is given, E(CERTWRIGHT_TSIG_SECRET) of the controller is used.
          - E(CERTWRIGHT_TSIG_SECRET_SRC) may name a file with it.
        type: str
      tsig_secret_src:
        description:
          - V(rfc2136), file on the controller with the key as base64.
        type: str
      tsig_algorithm:
        description:
          - V(rfc2136), the algorithm of the key, V(hmac-sha256) if not given.
        type: str
      ttl:
        description:
          - V(rfc2136), seconds that others may remember the record, V(60) if not given.
        type: int
      program:
        description:
          - V(hook), the program on the controller. It is called with C(present) or C(clean_up), the name of the record
            and its value, without a shell, and must add or remove this one value.
        type: str
      hook_timeout:
        description:
          - V(hook), seconds after which the program is killed, V(60) if not given.
        type: int
      lexicon_provider:
        description:
          - V(lexicon), the provider's name there. Its secrets are read from the environment as that library reads them.
        type: str
      lexicon_options:
        description:
          - V(lexicon), further words of the provider that are no secrets.
        type: dict
  key_type:
    description:
      - The kind of the certificate's key. V(ec256) if not given.
      - Another one orders anew. Leaving it out never does.
    type: str
    choices: [ec256, ec384, rsa2048, rsa3072, rsa4096]
  key_origin:
    description:
      - V(host) makes the key by the host's C(openssl), and it never leaves the host.
      - V(controller) makes it in the controller's memory, for hosts without C(openssl).
    type: str
    choices: [host, controller]
    default: host
  profile:
    description:
      - The certificate profile, as the CA's directory lists them. The CA's default if not given.
    type: str
  default_domain:
    description:
      - Contacts default to C(no-reply@) and this domain, as in BlueMind.
    type: str
  stage_only:
    description:
      - Order and store; M(certwright.tls.certificate_activate) hands what is stored to its services.
    type: bool
    default: false
  on_problem:
    description:
      - What a certificate with a problem in its words means for the others.
      - V(skip) goes on with those that are sound, and fails at the end.
      - V(refuse_all) touches nothing. An order that was begun is finished all the same.
    type: str
    choices: [skip, refuse_all]
    default: skip
  permitted:
    description:
      - The certificates that may be ordered now, as P(certwright.tls.permitted_orders#filter) finds them over a fleet.
        Others that are due are deferred. If not given, the limits below are judged for this host alone.
    type: list
    elements: str
  handed_out:
    description:
      - What M(certwright.tls.certificate_export) returned as C(handed_out), of all homes together. Then the task
        installs the shared certificates of its list on this host, and orders nothing.
    type: dict
  force_age:
    description:
      - The hours below which the age of the installed certificate makes O(certificates[].force) nothing. A test CA that
        counts no orders may take V(0).
    type: int
    default: 24
  max_orders:
    description:
      - How many certificates this task may order, the most urgent first. V(50) if not given.
    type: int
  max_reissues:
    description:
      - How many certificates may be ordered although their dates do not ask for it (another name, CA or key, a lost
        key). More are refused, all of them. V(10), or a twentieth of the certificates when that is more, if not given.
    type: int
  confirm_reissue:
    description:
      - The digest that the refusal by O(max_reissues) prints, which lets just these orders pass.
    type: str
"""

EXAMPLES = r"""
- name: The system certificate from Let's Encrypt, by the web server that is there
  certwright.tls.letsencrypt_cert:
    terms_agreed: true
    email: pki@example.org
    account_key_src: acme-account.pem
    challenge: {webroot: /var/www/html}
    certificates:
      - name: system
        external_url: mail.example.org
        other_urls: [imap.example.org]
        services: [nginx]

- name: A wildcard by dynamic updates of the zone, from the staging CA first
  certwright.tls.letsencrypt_cert:
    staging: true
    terms_agreed: true
    email: pki@example.org
    account_key_src: "{{ inventory_dir }}/acme-account.pem"
    account_key_create: true
    challenge:
      type: dns-01
      provider: rfc2136
      server: ns1.example.org
      tsig_name: acme.
      tsig_secret: "{{ vault_tsig_secret }}"
    certificates:
      - name: wildcard
        external_url: example.org
        other_urls: ["*.example.org"]
        services:
          - nginx: {probe_names: [www.example.org]}

- name: Two CAs in one task
  certwright.tls.letsencrypt_cert:
    terms_agreed: true
    default_domain: example.org
    account_key_content: "{{ vault_acme_account_key }}"
    challenge: {port: 80}
    certificates:
      - {name: shop, external_url: shop.example.org, services: [nginx]}
      - name: api
        external_url: api.example.org
        acme_directory: https://acme.example.com/directory
        eab_kid: "4711"
        eab_hmac_key: "{{ vault_eab_hmac_key }}"
        services:
          - nginx: {ports: [8443]}
"""

RETURN = r"""
outcomes:
  description:
    - By certificate, how it ended. RV(outcomes.outcome) is one of those of M(certwright.tls.ssl_certificate), or one of
      an order that brought nothing. V(deferred) heals by itself and there is time, V(failed) does not or there is none,
      V(expired) means that the installed certificate has ended. What was installed stays in all three.
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
  description: By certificate, when it is renewed.
  returned: when the host was asked
  type: dict
  sample:
    system:
      ordered: true
      due: false
      renew_at: '2026-12-20T04:11:00Z'
      next_run_needed: '2027-01-04T00:00:00Z'
      not_after: '2027-01-19T00:00:00Z'
      next_try: ''
      put_off: ''
      email: pki@example.org
  contains:
    ordered:
      description: Whether this run obtained it.
      type: bool
    due:
      description: Whether it is to be ordered, and was not.
      type: bool
    served_not_after:
      description: While another generation waits to be activated, when what the services have ends (UTC), else empty.
      type: str
    served_verdict:
      description: V(failed) when that is soon, V(expired) when it has ended, else empty.
      type: str
    remember:
      description: Whether the host has something to remember of it that it does not know yet, as a CA's answer.
      type: bool
    names:
      description: The names that it is declared with.
      type: list
      elements: str
    shared:
      description: Whether it is declared to be shared by several hosts.
      type: bool
    renew_at:
      description: When it becomes due (UTC), empty without a certificate.
      type: str
    next_run_needed:
      description: The latest that the next run must happen (UTC), so that no exemption of the CA and no line is missed.
      type: str
    not_after:
      description: When the installed certificate ends (UTC).
      type: str
    next_try:
      description: After a failure, when it is tried again (UTC), else empty.
      type: str
    put_off:
      description: The code of why it is due and was put off, else empty.
      type: str
    email:
      description: The contact.
      type: str
orders:
  description:
    - What is due, in check mode and otherwise, for P(certwright.tls.permitted_orders#filter).
  returned: when the host was asked
  type: list
  elements: dict
  contains:
    certificate:
      description: Its name in the store.
      type: str
    names:
      description: The names it is ordered for.
      type: list
      elements: str
    share_left:
      description: The share of its life that is left, 0 to 1, or -1 when there is nothing or it has ended.
      type: float
    by_date:
      description: Whether its date asks for it.
      type: bool
    shared:
      description: Whether it is declared to be shared by several hosts.
      type: bool
    needed_by:
      description: The latest that it must be ordered (UTC), empty without a certificate.
      type: str
reasons:
  description:
    - Why the host was changed, or would be. Codes are those of M(certwright.tls.ssl_certificate), and these of orders.
    - RV(reasons[].code=certificate_missing), nothing is installed.
    - RV(reasons[].code=issuer_differs), it is from another CA, or was supplied as files.
    - RV(reasons[].code=name_missing) and RV(reasons[].code=name_dropped), names were added or taken away.
    - RV(reasons[].code=key_type_differs) and RV(reasons[].code=profile_differs), another one was said.
    - RV(reasons[].code=key_lost) and RV(reasons[].code=certificate_lost), a file of the store is gone or was changed.
    - RV(reasons[].code=key_compromised), its key was said to be compromised.
    - RV(reasons[].code=due_by_window), the CA asked for renewal, and its turn has come.
    - RV(reasons[].code=due_by_date), a third of its life is left, half of one under ten days, or a tenth where the CA
      asks for a later time.
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
    - Everything that was refused or failed, as M(certwright.tls.ssl_certificate) has it, and these of orders. What was
      deferred is no problem and is among the warnings, with the same codes.
    - 'Of the words of a certificate: V(issuer_invalid) (the directory is no https URL), V(contact_missing) (no email,
      no default domain), V(account_key_missing), V(eab_incomplete) (one of its two words), V(challenge_incomplete),
      V(wildcard_needs_dns), V(name_not_public) (an address, or no full name), V(passphrase_missing) (of a shared one).'
    - 'Of the account: V(terms_not_agreed), V(terms_changed) (new ones, with their URL), V(contact_refused),
      V(account_key_unusable) (not a key of a kind that accounts have), V(account_key_refused) (the CA wants another
      kind), V(account_missing), V(account_ended), V(external_account_required), V(external_account_unusable) (not
      base64), V(external_account_refused), V(unauthorized).'
    - 'Of the way to the CA: V(directory_unusable) (no ACME directory there), V(not_https), V(tls_untrusted) (of the
      server itself), V(ca_certificates_unusable), V(clock_skew) (CA and controller are far apart),
      V(network_unreachable), V(server_unavailable), V(bad_answer), V(bad_nonce), V(out_of_time).'
    - 'Of what the CA grants: V(rate_limited), V(paused) (until somebody lifts it), V(rejected_identifier),
      V(profile_unknown), V(not_offered) and V(challenge_not_offered) (it does not have that), V(caa_forbids).'
    - 'Of an order: V(order_pending) (resumed by a later run), V(order_not_ready), V(order_expired), V(order_gone),
      V(order_invalid), V(not_found), V(conflict), V(bad_request), V(bad_csr), V(identifiers_changed) (other names than
      asked for), V(already_replaced), V(certificate_unfit) (what was issued cannot be used), V(renewal_info_unusable),
      and of revocation V(already_revoked) and V(bad_revocation_reason).'
    - 'Of the CA looking: V(connection_failed), V(dns_failed), V(incorrect_response), V(tls_failed), V(unauthorized). Of
      looking from the controller before it does: V(challenge_not_served) (something else answers), V(dns_name_unknown),
      V(dns_alias_loop), V(dns_not_propagated), V(dns_unreachable).'
    - 'Of changing TXT records: V(dns_update_refused), V(dns_hook_failed), V(dns_provider_failed),
      V(dns_provider_unknown).'
    - 'Of the host: V(claimed) (another run orders it), V(openssl_missing), V(openssl_failed), V(key_type_unknown),
      V(name_unfit), V(webroot_missing), V(webroot_blocked) (a link or file in the way), V(path_taken) (somebody else''s
      file), V(not_writable), V(port_taken), V(port_forbidden) (not without rights), V(port_unfit), V(listener_silent),
      V(token_unfit).'
    - 'Of the guards: V(too_many_reissues), V(names_on_two_hosts), V(orders_held) (over the budget), V(stopped) (three
      equal failures), and of P(certwright.tls.renewal_report#filter) V(not_asked) and V(not_ordered) (the run ended
      before).'
    - 'Of shared certificates: V(home_silent) (nothing came from its home), V(older_handed_out) (older than what is
      there), V(sealed_unreadable), V(wrong_passphrase), and of P(certwright.tls.renewal_report#filter) V(not_received)
      (the run ended before), and V(activation_overdue) (it waits, and what the services have ends).'
    - 'Beside these: V(request_waiting) (for another CA, whose key an order would take), V(not_stored) (what the CA
      gave, with a key of the controller), V(failed) (a step without a code of its own).'
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
      ordered), V(force_ignored), V(clock_skew) (dates decided nothing), V(orders_held) and V(too_many_reissues) (all of
      them, by name), V(memory_unwritten) (the host could not note what it learned), and the code of what was deferred.
    - 'Of looking before the CA does: V(challenge_not_checked), V(dns_silent), V(dns_server_silent), V(dns_not_checked)
      (it could not be looked at from the controller, and the CA is asked all the same), V(caa_account_unknown) (CAA
      names an account, and there is none yet).'
    - 'Of what could not be removed: V(record_left) (a TXT record), V(challenge_left) (a file on the host).'
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

CHALLENGE_SPEC = dict(
    type=dict(type="str", choices=["http-01", "dns-01"], default="http-01"),
    webroot=dict(type="str"),
    port=dict(type="int"),
    resolver=dict(type="list", elements="str", default=[]),
    self_check=dict(type="bool", default=True),
    propagation_timeout=dict(type="int"),
    provider=dict(type="str", choices=["rfc2136", "hook", "lexicon"]),
    server=dict(type="str"),
    server_port=dict(type="int"),
    zone=dict(type="str"),
    tsig_name=dict(type="str"),
    tsig_secret=dict(type="str", no_log=True),
    tsig_secret_src=dict(type="str", no_log=False),
    tsig_algorithm=dict(type="str"),
    ttl=dict(type="int"),
    program=dict(type="str"),
    hook_timeout=dict(type="int"),
    lexicon_provider=dict(type="str"),
    lexicon_options=dict(type="dict"),
)

# Of one certificate nothing has a default: it would hide what is said for all of them.
ISSUER_SPEC = dict(
    acme_directory=dict(type="str"),
    staging=dict(type="bool"),
    terms_agreed=dict(type="str"),
    email=dict(type="str"),
    account_key_src=dict(type="str", no_log=False),
    account_key_content=dict(type="str", no_log=True),
    account_key_create=dict(type="bool", no_log=False),
    eab_kid=dict(type="str"),
    eab_hmac_key=dict(type="str", no_log=True),
    eab_hmac_key_src=dict(type="str", no_log=False),
    shared_passphrase=dict(type="str", no_log=True),
    shared_passphrase_src=dict(type="str", no_log=False),
    acme_ca_certificates=dict(type="str"),
    challenge=dict(type="dict", options=CHALLENGE_SPEC),
    key_type=dict(type="str", choices=["ec256", "ec384", "rsa2048", "rsa3072", "rsa4096"], no_log=False),
    key_origin=dict(type="str", choices=["host", "controller"], no_log=False),
    profile=dict(type="str"),
)

ISSUER_DEFAULTS = dict(staging=False, terms_agreed="false", account_key_create=False, key_origin="host")

CERTIFICATE_SPEC = dict(
    name=dict(type="str", required=True),
    external_url=dict(type="str"),
    other_urls=dict(type="list", elements="str", default=[]),
    **ISSUER_SPEC,
    shared=dict(type="dict", options=dict(home=dict(type="str", required=True))),
    force=dict(type="bool", default=False),
    ignore_backoff=dict(type="bool", default=False),
    **ACCEPT,
    **SERVICES,
    **ATTRIBUTES,
)

EXCLUSIVE = dict(
    mutually_exclusive=[
        ["account_key_src", "account_key_content"],
        ["eab_hmac_key", "eab_hmac_key_src"],
        ["shared_passphrase", "shared_passphrase_src"],
    ],
)

ARGUMENT_SPEC = dict(
    certificates=dict(type="list", elements="dict", required=True, options=CERTIFICATE_SPEC, **EXCLUSIVE),
    acme_directory=dict(type="str"),
    staging=dict(type="bool", default=False),
    terms_agreed=dict(type="str", default="false"),
    email=dict(type="str"),
    account_key_src=dict(type="str", no_log=False),
    account_key_content=dict(type="str", no_log=True),
    account_key_create=dict(type="bool", default=False, no_log=False),
    eab_kid=dict(type="str"),
    eab_hmac_key=dict(type="str", no_log=True),
    eab_hmac_key_src=dict(type="str", no_log=False),
    shared_passphrase=dict(type="str", no_log=True),
    shared_passphrase_src=dict(type="str", no_log=False),
    acme_ca_certificates=dict(type="str"),
    challenge=dict(type="dict", options=CHALLENGE_SPEC),
    key_type=dict(type="str", choices=["ec256", "ec384", "rsa2048", "rsa3072", "rsa4096"], no_log=False),
    key_origin=dict(type="str", choices=["host", "controller"], default="host", no_log=False),
    profile=dict(type="str"),
    default_domain=dict(type="str"),
    stage_only=dict(type="bool", default=False),
    on_problem=dict(type="str", choices=["skip", "refuse_all"], default="skip"),
    permitted=dict(type="list", elements="str"),
    handed_out=dict(type="dict"),
    force_age=dict(type="int", default=24),
    max_orders=dict(type="int"),
    max_reissues=dict(type="int"),
    confirm_reissue=dict(type="str"),
    **STORE,
)

CONSTRAINTS: dict = EXCLUSIVE


def main():
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True, **CONSTRAINTS)
    module.fail_json(msg="This module runs on the controller; its action plugin was not found")


if __name__ == "__main__":
    main()
