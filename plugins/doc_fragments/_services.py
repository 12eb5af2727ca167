# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  services:
    description:
      - 'Who gets the certificate. Each entry is the name of a preset, or a mapping of one name to its words, as in
        C(nginx) or C({nginx: {ports: [8443]}}).'
      - The presets are V(apache), V(bluemind), V(custom), V(dovecot), V(haproxy), V(js7_agent), V(js7_controller),
        V(js7_joc), V(nginx), V(postfix) and V(postgresql).
      - 'Words of every preset: C(name) (of the directory, needed for a second instance), C(owner), C(group), C(mode),
        C(seuser), C(serole), C(setype), C(selevel), C(unit) (of systemd; an empty text means none), C(pid_file),
        C(paths) (maps a file of the preset to a path outside of the store, which becomes a link), C(replace_links),
        C(ports), C(starttls) (smtp, lmtp, imap, pop3, sieve, ldap, postgres), C(proxy_protocol), C(probe_names) (server
        names to ask for; the first name of the certificate otherwise), C(probes) (a list of C(port), C(address),
        C(server_name), C(starttls), C(proxy_protocol), C(client_certificate), C(client_private_key), C(http_path),
        which is asked for by HTTP to see that the client certificate is accepted; V(own) as C(client_certificate) is
        the very certificate of the service), C(restart) (never, allowed or
        window; never by default) and C(restart_window) (as in V(Sun 03:00-04:00 Europe/Paris)).'
      - 'Words of V(nginx): C(binary), C(config) and C(prefix), for an instance that is not the distribution''s own.'
      - 'Words of V(bluemind): C(via) (files, bm_cli or auto, which is bm_cli where the program C(bm-cli) is there and
        costs one execution more), C(tags) (the tags of this host in BlueMind; nginx is looked after where V(bm/nginx)
        or V(bm/nginx-edge) is among them, postfix where V(mail/smtp) or V(mail/smtp-edge) is, and both where none are
        said), C(domain_uid) (of a domain, its name by default; V(global.virt) is what belongs to no domain), C(postfix)
        (words of its postfix), C(prepare) (the command that generates its vhosts), C(bm_cli), C(binary), C(config) and
        C(root) (a directory that its files are below). Its keys are V(''0640''). A domain''s certificate is for HTTPS
        only, and is refused beside mail.'
      - 'Words of V(js7_controller), V(js7_agent) and V(js7_joc): C(owner) (the account that it runs as) and C(ports)
        have to be said; C(config_directory) of controller and agent, C(jetty_base) of JOC; C(id) of a controller and
        C(http_port) of an agent, for which their units are named; C(passphrase_src) or C(passphrase) of its keystores,
        C(alias) (the short host name by default), C(keystore) (both, server or client: which of its keystores this
        certificate goes into, both by default), C(keytool) (the path of the product''s own), C(trust), C(trust_content)
        and C(trust_src). V(js7_joc) has C(restart_command) too, and takes C(restart_window), or another C(restart) than
        V(window).'
      - 'Words of V(apache), V(dovecot), V(haproxy), V(postfix) and V(postgresql): C(config) (a file, for V(postfix) and
        V(postgresql) a directory), C(instance) (what stands behind the C(@) of its unit, as in V(15-main)), and
        C(files), C(check), C(reload) and C(references) as V(custom) has them. V(apache) and V(haproxy) have C(binary)
        too.'
      - 'Words of V(custom): C(files) (a list of C(name), C(parts) in the order of the file out of leaf, chain, root and
        key, or trust or crl alone, C(format), C(path), C(owner), C(group), C(mode), C(in_place) for products that
        refuse links, C(replace_link)), C(status), C(check), C(staged_check), C(reload), C(restart_command),
        C(references) (prints the effective configuration), C(watches_files), C(trust_content), C(trust_src),
        C(crl_content) and C(crl_src). Commands are lists of words or one line; there is no shell.'
      - 'The C(format) of a file is pem (the default), pkcs12 (one entry with the key, for Java and Windows) or
        truststore (what Java trusts, as PKCS#12; it takes the Python library cryptography 45 or newer on the
        controller). Both take C(passphrase_src) (a file on the controller) or C(passphrase), else the environment
        variable E(CERTWRIGHT_KEYSTORE_PASSPHRASE) of the controller; it has at least 6 characters, printable ASCII, and
        is the passphrase of the key as well. Both take C(level), which is modern (AES-256 and SHA-256, the default) or
        legacy (3DES and SHA-1, for Java before 8u301 and for old Windows). A pkcs12 takes C(alias) too (the name of the
        certificate by default); its C(parts) are key, leaf and chain unless others are said. A keystore of a key that
        was born on the host is made there, by the program openssl.'
      - E(CERTWRIGHT_KEYSTORE_PASSPHRASE_SRC) may name a file with it.
      - 'Whom a truststore and the part trust hold: the certificates in C(trust_content) (PEM) and in C(trust_src) (a
        list of files on the controller) together; without both the root of the certificate, or its top-most issuer.'
      - 'The part crl holds lists of revocations (PEM): those in C(crl_content) and in C(crl_src) (a list of files on
        the controller) together. An older list never takes the place of a newer one of the same CA (V(crl_older)), and
        one that has ended is refused (V(crl_ended)). M(certwright.tls.internal_certificate) takes trust and lists from
        its CAs.'
      - 'A keystore is made anew when something that shapes it changes: the certificate, the passphrase, the alias, the
        level, the parts, or whom it trusts.'
      - A service that is stopped gets its files and is never started.
    type: list
    elements: raw
    default: []
"""
