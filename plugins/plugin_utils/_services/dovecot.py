# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""dovecot: separate certificate and key, `doveconf -n`, `doveadm reload`.

Neither the check nor the reload looks at the files: a login process that cannot use them hangs up.
"""

from __future__ import annotations

from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import Preset, ServiceFile

_WHERE = (("-c", "{config}"),)
# Without -P it hides the path of the key; whom it trusts lies in a folder where other things lie as well.
_DUMP = 'dump=$(doveconf "$@" -n -P) && printf "%s\\n" "$dump" | sed /ca_dir/d'

DOVECOT = Preset(
    name="dovecot",
    files=(
        ServiceFile("fullchain.pem", ("leaf", "chain")),
        ServiceFile("privkey.pem", ("key",)),
    ),
    unit="dovecot@{instance}.service|dovecot.service",
    pid_file="/run/dovecot-{instance}/master.pid|/run/dovecot/master.pid",
    status=("doveadm", *_WHERE, "service", "status"),
    check=("doveconf", *_WHERE, "-n"),
    reload=("doveadm", *_WHERE, "reload"),
    references=("sh", "-c", _DUMP, "sh", *_WHERE),
    hint="Put into its configuration: ssl_cert = <{fullchain.pem} and ssl_key = <{privkey.pem}, from 2.4 on "
    "ssl_server_cert_file = {fullchain.pem} and ssl_server_key_file = {privkey.pem}",
    ports=(993,),
    port_starttls=((24, "lmtp"), (110, "pop3"), (143, "imap"), (587, "smtp"), (4190, "sieve")),
    words=("config", "instance", "files", "check", "reload", "references"),
    defaults=(("config", "/etc/dovecot-{instance}/dovecot.conf"),),
)
