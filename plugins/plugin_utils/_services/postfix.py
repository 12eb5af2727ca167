# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""postfix: key and certificate in one file, the key first, which every one of its parameters takes; `postfix reload`.

Neither `postfix check` nor the reload looks at the files: a process that cannot use them offers no TLS.
"""

from __future__ import annotations

from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import Preset, ServiceFile

_WHERE = (("-c", "{config}"),)
# What main.cf says, and what master.cf says over it; whom it trusts lies in folders where other things lie as well.
_DUMP = 'main=$(postconf "$@" -nx) && over=$(postconf "$@" -Px) && printf "%s\\n" "$main" "$over" | sed /CApath/d'

POSTFIX = Preset(
    name="postfix",
    files=(ServiceFile("combined.pem", ("key", "leaf", "chain")),),
    # Debian 12 calls the unit by the whole name of the instance, Debian 13 by what stands behind `postfix-`.
    unit="postfix@{instance}.service|postfix@postfix-{instance}.service|postfix.service",
    pid_file="/var/spool/postfix-{instance}/pid/master.pid|/var/spool/postfix/pid/master.pid",
    status=("postfix", *_WHERE, "status"),
    check=("postfix", *_WHERE, "check"),
    reload=("postfix", *_WHERE, "reload"),
    references=("sh", "-c", _DUMP, "sh", *_WHERE),
    hint="Put into its main.cf: smtpd_tls_chain_files = {combined.pem}",
    ports=(25,),
    starttls="smtp",
    port_starttls=((465, None),),
    words=("config", "instance", "files", "check", "reload", "references"),
    defaults=(("config", "/etc/postfix-{instance}"),),
)
