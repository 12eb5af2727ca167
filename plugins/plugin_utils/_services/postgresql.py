# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""postgresql: separate certificate and key that belong to its user; SIGHUP.

A server that cannot use the new files says so in its log and goes on with the old ones.
"""

from __future__ import annotations

from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import Preset, ServiceFile

# Of all its clusters, in the places of Debian and of the Red Hat family, or of the one in `config`.
# Its folder of revocation lists holds other things as well.
_DUMP = """
for file in $*; do
    if [ -f "$file" ]; then found=1; sed '/^[[:space:]]*ssl_crl_dir/Id' "$file"; fi
done
[ "$found" ]
"""
_PLACES = ("{config}", "/etc/postgresql/*/*", "/var/lib/postgresql/*/*", "/var/lib/pgsql/data", "/var/lib/pgsql/*/data")

POSTGRESQL = Preset(
    name="postgresql",
    files=(
        ServiceFile("fullchain.pem", ("leaf", "chain")),
        ServiceFile("privkey.pem", ("key",)),
    ),
    owner="postgres",
    group="postgres",
    unit="postgresql@{instance}.service|postgresql-{instance}.service|postgresql.service",
    pid_file="{config}/postmaster.pid|/run/postgresql/{instance}.pid|/var/lib/pgsql/{instance}/data/postmaster.pid|"
    "/var/lib/pgsql/data/postmaster.pid",
    reload=(("pkill", "-HUP", "-F", "{pid_file}"),),
    references=("sh", "-c", _DUMP, "sh", *((f"{place}/*.conf", f"{place}/conf.d/*.conf") for place in _PLACES)),
    hint="Put into its configuration: ssl = on, ssl_cert_file = '{fullchain.pem}' and ssl_key_file = '{privkey.pem}'",
    ports=(5432,),
    starttls="postgres",
    words=("config", "instance", "files", "check", "reload", "references"),
)
