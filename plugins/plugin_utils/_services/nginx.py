# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""nginx: separate certificate and key, `nginx -t`, a reload that keeps every connection."""

from __future__ import annotations

from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import Preset, ServiceFile

_BINARY = "{binary}"
_WHERE = (("-c", "{config}"), ("-p", "{prefix}"))

NGINX = Preset(
    name="nginx",
    files=(
        ServiceFile("fullchain.pem", ("leaf", "chain")),
        ServiceFile("privkey.pem", ("key",)),
    ),
    unit="nginx.service",
    pid_file="/run/nginx.pid",
    check=(_BINARY, "-t", "-q", *_WHERE),
    reload=(_BINARY, "-s", "reload", *_WHERE),
    references=(_BINARY, "-T", "-q", *_WHERE),
    hint="Put into its server block: ssl_certificate {fullchain.pem}; ssl_certificate_key {privkey.pem};",
    ports=(443,),
    words=("binary", "config", "prefix"),
    defaults=(("binary", "nginx"),),
)
