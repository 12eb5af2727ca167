# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""haproxy: certificate and key in one file, `haproxy -c`, a reload by its master process (`-W`)."""

from __future__ import annotations

from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import Preset, ServiceFile

# Its configuration, a file or a folder, and the lists of certificates that it names, with whole paths. `crt-base` and
# `ca-base` name folders where other things lie as well.
_DUMP = r"""
for file in "$1" "$1"/*.cfg "${1%/*}"/conf.d/*.cfg; do
    [ ! -f "$file" ] || set -- "$@" "$file"
done
shift
[ $# -gt 0 ] && awk '
    function show(path) { if (path ~ /^[^#]/) print "crt", (path ~ /^\// || base == "" ? path : base "/" path) }
    /^[ \t]*#/ || $1 == "ca-base" { next }
    $1 == "crt-base" { base = $2; next }
    { print }
    {
        for (word = 2; word <= NF; word++) {
            if ($(word - 1) == "crt") show($word)
            if ($(word - 1) == "crt-list") while ((getline line < $word) > 0) { split(line, part); show(part[1]) }
        }
    }
' "$@"
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
