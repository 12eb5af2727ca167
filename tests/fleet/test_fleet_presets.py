# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Services as systemd runs them on Debian 12 and 13: what they cannot use is put back, what they can is shown."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from ansible_collections.certwright.tls.plugins.plugin_utils._services.presets import PRESETS
from ansible_collections.certwright.tls.tests.unit.authority import Issued

if TYPE_CHECKING:
    from fleet import Fleet
    from fleet_site import FleetSite

# Port, what is spoken before TLS, unit.
SERVICES: dict[str, tuple[int, str, str]] = {
    "apache": (443, "", "apache2"),
    "haproxy": (8443, "", "haproxy"),
    "postfix": (25, "smtp", "postfix"),
    "dovecot": (993, "", "dovecot"),
    "postgresql": (5432, "postgres", "postgresql"),
}
BY_HAND = "/etc/tls-by-hand"
DOVECOT = {
    "h01": f"ssl_cert = <{BY_HAND}/dovecot/fullchain.pem\nssl_key = <{BY_HAND}/dovecot/privkey.pem\n",
    "h02": f"ssl_server_cert_file = {BY_HAND}/dovecot/fullchain.pem\n"
    f"ssl_server_key_file = {BY_HAND}/dovecot/privkey.pem\n",
}
HAPROXY = f"""\
global
  user haproxy
  group haproxy
defaults
  mode http
  timeout client 5s
  timeout server 5s
  timeout connect 5s
frontend tls
  bind :8443 ssl crt {BY_HAND}/haproxy/combined.pem
  http-request return status 200
"""
APACHE = f"""\
ServerName www.fleet.test
<VirtualHost *:443>
  SSLEngine on
  SSLCertificateFile {BY_HAND}/apache/fullchain.pem
  SSLCertificateKeyFile {BY_HAND}/apache/privkey.pem
</VirtualHost>
"""
POSTGRESQL = f"""\
listen_addresses = '*'
ssl = on
ssl_cert_file = '{BY_HAND}/postgresql/fullchain.pem'
ssl_key_file = '{BY_HAND}/postgresql/privkey.pem'
"""
POSTFIX = f"smtpd_tls_cert_file= smtpd_tls_key_file= smtpd_tls_chain_files={BY_HAND}/postfix/combined.pem"


def configure(fleet: Fleet, host: str, issued: Issued) -> None:
    """All services with the files of their administrator, and up."""

    def put(path: str, text: str) -> None:
        fleet.sh(host, "sh", "-c", 'mkdir -p "${1%/*}" && printf %s "$2" >"$1"', "sh", path, text)

    parts = {"leaf": issued.pem, "chain": issued.chain_pem, "key": issued.key_pem}
    for preset in SERVICES:
        for file in PRESETS[preset].files:
            path = f"{BY_HAND}/{preset}/{file.name}"
            put(path, "".join(parts[part].decode() for part in file.parts))
            fleet.sh(host, "chown", PRESETS[preset].owner or "root", path)
            fleet.sh(host, "chmod", "600", path)
    put("/etc/apache2/sites-enabled/000-default.conf", APACHE)
    put("/etc/haproxy/haproxy.cfg", HAPROXY)
    put("/etc/dovecot/local.conf", f"ssl = yes\n{DOVECOT[host]}")
    (cluster,) = fleet.sh(host, "sh", "-c", "echo /etc/postgresql/*/main").split()
    put(f"{cluster}/conf.d/tls.conf", POSTGRESQL)
    fleet.sh(host, "a2enmod", "--quiet", "ssl")
    fleet.sh(host, "postconf", "-e", "inet_interfaces=all", "smtpd_tls_security_level=may", *POSTFIX.split())
    fleet.sh(host, "systemctl", "start", *(unit for _port, _spoken, unit in SERVICES.values()))


def served(site: FleetSite, host: str) -> dict[str, str]:
    other = {"h01": "h02", "h02": "h01"}[host]
    return {
        preset: site.served(host, port, seen_from=other, starttls=spoken)
        for preset, (port, spoken, _unit) in SERVICES.items()
    }


def fingerprint(issued: Issued) -> str:
    return sha256(issued.der).hexdigest()


def install(site: FleetSite, *, halves: bool) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """A certificate for each service in the place of the administrator's; `halves` leave him his keys."""
    domains, expected = [], {}
    for preset, (port, _spoken, _unit) in SERVICES.items():
        issued, material = site.supply(f"{preset}.fleet.test")
        names = [file.name for file in PRESETS[preset].files]
        paths = {name: f"{BY_HAND}/{preset}/{name}" for name in names}
        half = {"files": [{"name": names[0], "parts": ["leaf", "chain"], "path": paths[names[0]]}]}
        service = {preset: {"ports": [port], **(half if halves else {"paths": paths})}}
        domains.append({"domain": preset, "external_url": f"{preset}.fleet.test", "services": [service], **material})
        expected[preset] = fingerprint(issued)
    return [{"certwright.tls.domain_certificate": {"domains": domains, "probe_timeout": 8}}], expected


def test_what_a_service_cannot_use_is_put_back_and_what_it_can_is_shown(
    fleet: Callable[..., Fleet], fleet_site: Callable[[Fleet], FleetSite]
) -> None:
    pair = fleet(2)
    site = fleet_site(pair)
    by_hand, _material = site.supply("www.fleet.test")
    for host in ("h01", "h02"):
        configure(pair, host, by_hand)
        assert served(site, host) == dict.fromkeys(SERVICES, fingerprint(by_hand))

    tasks, _expected = install(site, halves=True)
    failed = site.run([{"hosts": "all", "gather_facts": False, "tasks": tasks}])
    for result in failed.results:
        outcomes = {name: item["outcome"] for name, item in result["outcomes"].items()}
        assert outcomes == dict.fromkeys(SERVICES, "rolled_back"), result["msg"]
        assert served(site, result["host"]) == dict.fromkeys(SERVICES, fingerprint(by_hand))
        pair.sh(result["host"], "systemctl", "is-active", *(unit for _port, _spoken, unit in SERVICES.values()))
    assert sorted(result["host"] for result in failed.results) == ["h01", "h02"]

    tasks, expected = install(site, halves=False)
    done = site.run([{"hosts": "all", "gather_facts": False, "tasks": tasks}])
    assert done.code == 0, done.output
    assert [served(site, "h01"), served(site, "h02")] == [expected] * 2
    assert "not_referenced" not in done.output
    again = site.run([{"hosts": "all", "gather_facts": False, "tasks": tasks}])
    assert [result["changed"] for result in again.results] == [False] * 2
