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
      - The presets are V(nginx) and V(custom).
      - 'Words of every preset: C(name) (of the directory, needed for a second instance), C(owner), C(group), C(mode),
        C(seuser), C(serole), C(setype), C(selevel), C(unit) (of systemd; an empty text means none), C(pid_file),
        C(paths) (maps a file of the preset to a path outside of the store, which becomes a link), C(replace_links),
        C(ports), C(starttls) (smtp, imap, pop3, ldap, postgres), C(proxy_protocol), C(probe_names) (server names to
        ask for; the first name of the certificate otherwise), C(probes) (a list of C(port), C(address), C(server_name),
        C(starttls), C(proxy_protocol), C(client_certificate), C(client_private_key)), C(restart) (never, allowed or
        window; never by default) and C(restart_window) (as in V(Sun 03:00-04:00 Europe/Paris)).'
      - 'Words of V(nginx): C(binary), C(config) and C(prefix), for an instance that is not the distribution''s own.'
      - 'Words of V(custom): C(files) (a list of C(name), C(parts) in the order of the file out of leaf, chain, root and
        key, C(path), C(owner), C(group), C(mode), C(in_place) for products that refuse links, C(replace_link)),
        C(status), C(check), C(staged_check), C(reload), C(restart_command), C(references) (prints the effective
        configuration) and C(watches_files). Commands are lists of words or one line; there is no shell.'
      - A service that is stopped gets its files and is never started.
    type: list
    elements: raw
    default: []
"""
