# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""haproxy: certificate and key in one file, `haproxy -c`, a reload by its master process (`-W`)."""

from __future__ import annotations

from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import Preset, ServiceFile

# Its configuration, a file or a folder, and the lists of certificates that it names.
_DUMP = r"""
for file in "$1" "$1"/*.cfg "${1%/*}"/conf.d/*.cfg; do
    if [ -f "$file" ]; then
        found=1
        cat "$file"
        sed -n 's/^[^#]*[[:space:]]crt-list[[:space:]]*\(\/[^[:space:]]*\).*/\1/p' "$file" |
            while read -r list; do [ ! -f "$list" ] || cat "$list"; done
    fi
done
[ "$found" ]
"""

HAPROXY = Preset(
    name="haproxy",
    files=(ServiceFile("combined.pem", ("leaf", "chain", "key")),),
    unit="haproxy@{instance}.service|haproxy.service",
    pid_file="/run/haproxy-{instance}.pid|/run/haproxy.pid",
    check=("{binary}", "-c", "-f", "{config}"),
    reload=(("pkill", "-USR2", "-F", "{pid_file}"),),
    references=("sh", "-c", _DUMP, "sh", "{config}"),
    hint="Put onto its bind line: ssl crt {combined.pem}",
    ports=(443,),
    words=("binary", "config", "instance", "files", "check", "reload", "references"),
    defaults=(("binary", "haproxy"), ("config", "/etc/haproxy/{instance}.cfg|/etc/haproxy/haproxy.cfg")),
)
