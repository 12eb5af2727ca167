# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""apache: separate certificate and key, `apachectl -t`, a graceful restart.

The check does not look at keys, and a graceful restart with a wrong one ends the server: `restart` starts it again.
"""

from __future__ import annotations

from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import Preset, ServiceFile

_BINARY = "{binary}"
_WHERE = (("-f", "{config}"),)

# Every file that it reads; relative paths begin at its ServerRoot. Folders of CAs hold other things as well.
_DUMP = r"""
IFS='|'; for program in $0; do command -v "$program" >/dev/null && break; done; unset IFS
listed=$("$program" "$@" -t -D DUMP_RUN_CFG -D DUMP_INCLUDES) || exit
echo "$listed" | sed -n 's/^ServerRoot: "\(.*\)"$/# configuration file \1\/httpd.conf:/p'
echo "$listed" | sed -n 's/^ *([0-9*]*) //p' | while read -r file; do
    sed '/^[[:space:]]*SSL\(Proxy\)\{0,1\}CA[A-Z]*Path/Id' "$file"
done
"""

APACHE = Preset(
    name="apache",
    files=(
        ServiceFile("fullchain.pem", ("leaf", "chain")),
        ServiceFile("privkey.pem", ("key",)),
    ),
    unit="apache2@{instance}.service|httpd@{instance}.service|apache2.service|httpd.service",
    pid_file="/run/apache2-{instance}/apache2.pid|/run/apache2/apache2.pid|/run/httpd/httpd.pid",
    check=(_BINARY, *_WHERE, "-t"),
    reload=(_BINARY, *_WHERE, "-k", "graceful"),
    restart=(_BINARY, *_WHERE, "-k", "restart"),
    references=("sh", "-c", _DUMP, _BINARY, *_WHERE),
    hint="Put into its virtual host: SSLCertificateFile {fullchain.pem} and SSLCertificateKeyFile {privkey.pem}",
    ports=(443,),
    words=("binary", "config", "instance", "files", "check", "reload", "references"),
    # The apachectl of the Red Hat family takes no arguments, so it comes last.
    defaults=(("binary", "apache2ctl-{instance}|apache2ctl|httpd|apachectl"),),
)
