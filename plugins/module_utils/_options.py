# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that several modules have, in the order of their documentation."""

from __future__ import annotations

# Secrets have no environment fallback here: a variable counts only where neither a file nor a text is given.
MATERIAL = dict(
    certificate_src=dict(type="str"),
    certificate_content=dict(type="str"),
    private_key_src=dict(type="str", no_log=False),
    private_key_content=dict(type="str", no_log=True),
    private_key_passphrase=dict(type="str", no_log=True),
    private_key_passphrase_src=dict(type="str", no_log=False),
    ca_src=dict(type="str"),
    ca_content=dict(type="str"),
    pkcs12_src=dict(type="str"),
    pkcs12_content=dict(type="str", no_log=True),
    pkcs12_passphrase=dict(type="str", no_log=True),
    pkcs12_passphrase_src=dict(type="str", no_log=False),
    remote_src=dict(type="bool", default=False),
    private_key_requested=dict(type="bool", default=False, no_log=False),
)
MATERIAL_CONSTRAINTS = dict(
    mutually_exclusive=[
        ["certificate_src", "certificate_content"],
        ["private_key_src", "private_key_content"],
        ["ca_src", "ca_content"],
        ["pkcs12_src", "pkcs12_content"],
    ],
)
ACCEPT = dict(
    accept=dict(
        type="list", elements="str", choices=["ends_sooner", "test_issuer", "files_abandoned", "removed"], default=[]
    ),
)
SERVICES = dict(
    services=dict(type="list", elements="raw", default=[]),
)
ATTRIBUTES = dict(
    owner=dict(type="str"),
    group=dict(type="str"),
    mode=dict(type="raw"),
    seuser=dict(type="str"),
    serole=dict(type="str"),
    setype=dict(type="str"),
    selevel=dict(type="str"),
)
STORE = dict(
    store_path=dict(type="str"),
    keep_generations=dict(type="int", default=3),
    probe_timeout=dict(type="int", default=10),
)
