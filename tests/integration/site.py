# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One test's world: a controller, a managed host in a directory, and material whose keys must show nowhere else."""

from __future__ import annotations

import os
import stat
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from pathlib import Path
from typing import Any

from ansible_collections.certwright.tls.tests.integration.leaks import SecretScanner
from ansible_collections.certwright.tls.tests.integration.playbook_run import Controller, Finished, PlaybookRun
from ansible_collections.certwright.tls.tests.integration.servers import Nginx
from ansible_collections.certwright.tls.tests.integration.snapshot import Snapshot, take_snapshot
from ansible_collections.certwright.tls.tests.unit.authority import Authority, Issued, ca

NOW = datetime.now(timezone.utc).replace(microsecond=0)
NAME = "www.example.org"
EXPIRED = {"not_before": NOW - timedelta(days=60), "not_after": NOW - timedelta(days=1)}


def make_authority() -> Authority:
    """An intermediate below a root, both valid now."""
    life = {"not_before": NOW - timedelta(days=100), "not_after": NOW + timedelta(days=1000)}
    return ca(**life).authority(**life)


@dataclass(frozen=True)
class Supplied:
    """Files as an operator got them; the words are those of ssl_certificate."""

    issued: Issued
    words: dict[str, str]

    @property
    def fingerprint(self) -> str:
        return sha256(self.issued.der).hexdigest()


class Site:
    """`host` holds what the host keeps, `run` what its services write, `controller` the other end."""

    def __init__(self, root: Path, authority: Authority) -> None:
        self.root, self.authority = root, authority
        self.host, self.run_directory, self.store = root / "host", root / "run", root / "host" / "store"
        self.tls = self.host / "tls"
        self.scanner = SecretScanner()
        self.variables = {"ansible_connection": "local", "ansible_python_interpreter": str(self._counting_python())}
        self.controller = Controller(root / "controller", self.variables)
        self.controller.secrets.mkdir(parents=True)
        self.tls.mkdir(parents=True)

    def _counting_python(self) -> Path:
        """The host's Python: each start of it is an execution of a module, and leaves a line."""
        path, self._starts = self.root / "python", self.root / "starts"
        python = os.environ.get("CERTWRIGHT_HOST_PYTHON", sys.executable)
        path.write_text(f'#!/bin/sh\necho >>"{self._starts}"\nexec "{python}" "$@"\n', encoding="utf-8")
        path.chmod(0o755)
        return path

    @property
    def executions(self) -> int:
        """On the host, since the beginning of the test."""
        return self._starts.read_text(encoding="ascii").count("\n") if self._starts.exists() else 0

    def make(self, *names: str, **options: Any) -> Issued:
        """A certificate with a key of its own, which must not be found where it does not belong."""
        life = {"not_before": NOW - timedelta(days=1), "not_after": NOW + timedelta(days=60)}
        issued = self.authority.issue(*(names or (NAME,)), **{**life, **options})
        self.scanner.add_key(issued.key)
        self.scanner.add_public(issued.der)
        return issued

    def supply(
        self, *names: str, passphrase: str | None = None, key_of: Supplied | None = None, **options: Any
    ) -> Supplied:
        """Its three files on the controller; `key_of` supplies the wrong key."""
        issued = self.make(*names, **options)
        key_pem = (key_of.issued if key_of else issued).encode_key(passphrase)
        if passphrase:
            self.scanner.add_key(issued.key, also=[key_pem])
            self.scanner.add_word(passphrase)
        number = len(list(self.controller.secrets.glob("*.key")))
        files = {"certificate_src": f"{number}.pem", "private_key_src": f"{number}.key", "ca_src": f"{number}-ca.pem"}
        for name, content in zip(files.values(), (issued.pem, key_pem, issued.ca_pem), strict=True):
            (self.controller.secrets / name).write_bytes(content)
        return Supplied(issued, files)

    def place_by_hand(self, *names: str, **options: Any) -> Issued:
        """What an administrator once put on the host: `tls/www.pem` and `tls/www.key`."""
        issued = self.make(*names, **options)
        (self.tls / "www.pem").write_bytes(issued.pem + issued.chain_pem)
        (self.tls / "www.key").write_bytes(issued.key_pem)
        (self.tls / "www.key").chmod(0o600)
        return issued

    @property
    def paths(self) -> dict[str, str]:
        """Of the preset `nginx`: the administrator's paths become links."""
        return {"fullchain.pem": str(self.tls / "www.pem"), "privkey.pem": str(self.tls / "www.key")}

    def install(self, supplied: Supplied, *services: Any, **options: Any) -> dict[str, Any]:
        """A task."""
        words = {"external_url": NAME, "store_path": str(self.store), "services": list(services), **supplied.words}
        return {"certwright.tls.ssl_certificate": words | options}

    def activate(self, **options: Any) -> dict[str, Any]:
        return {"certwright.tls.certificate_activate": {"store_path": str(self.store), **options}}

    def start(self, *tasks: dict[str, Any], options: tuple[str, ...] = (), **variables: Any) -> PlaybookRun:
        play = {"hosts": "all", "gather_facts": False, "tasks": list(tasks)}
        return self.controller.start([play], *options, variables=variables)

    def run(self, *tasks: dict[str, Any], check: bool = False, **variables: Any) -> Finished:
        return self.start(*tasks, options=("--check",) if check else (), **variables).finish()

    def look(self) -> Snapshot:
        """Everything that the host keeps."""
        return take_snapshot(self.host)

    @property
    def generations(self) -> list[int]:
        return sorted(int(path.name) for path in (self.store / "certificates").glob("*/*"))

    @property
    def live(self) -> int | None:
        link = self.store / "live" / "system"
        return int(link.readlink().name) if link.is_symlink() else None

    def script(self, name: str, text: str) -> str:
        """A program of the host's administrator."""
        path = self.root / name
        path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return str(path)

    def find_leaks(self) -> dict[str, list[str]]:
        """Everywhere but where keys belong: the operator's files, the store and the administrator's directory."""
        return self.scanner.find_in_tree(self.root, spared=[self.controller.secrets, self.store, self.tls])

    def find_leftovers(self) -> list[Path]:
        """What a transfer of a module would have left in a temporary directory of the host."""
        return list(self.root.rglob("ansible-tmp-*"))


def custom_nginx(site: Site, nginx: Nginx, **words: Any) -> dict[str, Any]:
    """The same nginx as a service in the operator's own words."""
    files = [
        {"name": "fullchain.pem", "parts": ["leaf", "chain"], "path": str(site.tls / "www.pem")},
        {"name": "privkey.pem", "parts": ["key"], "path": str(site.tls / "www.key")},
    ]
    common = {
        "files": files,
        "pid_file": str(nginx.pid_file),
        "check": nginx.command("-t", "-q"),
        "reload": nginx.command("-s", "reload"),
        "ports": [nginx.port],
    }
    return {"custom": common | words}


def codes(result: dict[str, Any], word: str = "reasons") -> list[str]:
    return [item["code"] for item in result.get(word, ())]
