# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fleet with a controller of the test's own: playbooks over real hosts, and what they serve to each other."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificate
from fleet import Fleet

from ansible_collections.certwright.tls.tests.integration.playbook_run import Controller, Finished, PlaybookRun
from ansible_collections.certwright.tls.tests.unit.authority import Authority, Issued

NOW = datetime.now(timezone.utc).replace(microsecond=0)
LIVE = "/etc/ssl/certwright/live"


class FleetSite:
    """`controller` is a home, temporary files and configuration of their own; the inventory is the fleet's."""

    def __init__(self, fleet: Fleet, root: Path, authority: Authority) -> None:
        self.fleet, self.authority = fleet, authority
        self.controller = Controller(
            root / "controller",
            {},
            inventory=str(fleet.inventory),
            within=tuple(fleet.words(directory=root / "controller")),
            environment=fleet.environment | {"ANSIBLE_PIPELINING": "true"},
        )
        self.controller.secrets.mkdir(parents=True)

    def supply(self, *names: str) -> tuple[Issued, dict[str, str]]:
        """A certificate, and the words for its three files as an operator got them."""
        life = {"not_before": NOW - timedelta(days=1), "not_after": NOW + timedelta(days=60)}
        issued = self.authority.issue(*names, **life)
        number = len(list(self.controller.secrets.glob("*.key")))
        words = {}
        contents = {"certificate": issued.pem, "private_key": issued.key_pem, "ca": issued.ca_pem}
        for (word, content), suffix in zip(contents.items(), (".pem", ".key", "-ca.pem"), strict=True):
            path = self.controller.secrets / f"{number}{suffix}"
            path.write_bytes(content)
            words[f"{word}_src"] = str(path)
        return issued, words

    def start(self, playbook: str | list[dict[str, Any]], *options: str, **variables: Any) -> PlaybookRun:
        """Over all hosts, unless the options limit it; signals reach everything that the run started here."""
        return self.controller.start(playbook, *options, variables=variables)

    def run(self, playbook: str | list[dict[str, Any]], *options: str, **variables: Any) -> Finished:
        return self.start(playbook, *options, **variables).finish()

    def serve_by_nginx(self, *hosts: str, certificate: str = "system") -> None:
        """Their nginx has a site on 443, with the live files of the preset."""
        self._put(hosts, "/etc/nginx/sites-enabled/default", _nginx_site(certificate))

    def _put(self, hosts: tuple[str, ...], path: str, text: str) -> None:
        for host in hosts:
            self.fleet.sh(host, "sh", "-c", 'printf %s "$2" >"$1"', "sh", path, text)

    def served(self, host: str, port: int = 443, *, seen_from: str, name: str = "", starttls: str = "") -> str:
        """The fingerprint of the leaf that another host is shown there; empty where nobody answers."""
        words = ["openssl", "s_client", "-connect", f"{host}:{port}"]
        words += ["-servername", name] if name else ["-noservername"]
        words += ["-starttls", starttls] if starttls else []
        shell = 'pem=$(timeout 10 "$@" </dev/null 2>/dev/null) && printf %s "$pem" | openssl x509'
        pem = self.fleet.sh(seen_from, "sh", "-c", shell, "sh", *words, check=False)
        return fingerprint_of(pem) if pem else ""


def fingerprint_of(pem: str) -> str:
    return sha256(load_pem_x509_certificate(pem.encode()).public_bytes(Encoding.DER)).hexdigest()


def _nginx_site(certificate: str) -> str:
    files = f"{LIVE}/{certificate}/nginx"
    names = f"ssl_certificate {files}/fullchain.pem; ssl_certificate_key {files}/privkey.pem;"
    return f"server {{ listen 443 ssl; listen [::]:443 ssl; {names} }}\n"
