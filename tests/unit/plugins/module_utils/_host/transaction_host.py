# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host for transactions: a store, a real nginx with its own directory and ports, and commands that are scripts."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from ansible_collections.certwright.tls.plugins.module_utils._host.files import Labeller, no_label
from ansible_collections.certwright.tls.plugins.module_utils._host.observation import observe
from ansible_collections.certwright.tls.plugins.module_utils._host.probe import ProbeTarget
from ansible_collections.certwright.tls.plugins.module_utils._host.request import (
    FileSpec,
    Limits,
    Request,
    Service,
    Wanted,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.store import Store
from ansible_collections.certwright.tls.plugins.module_utils._host.transaction import apply
from ansible_collections.certwright.tls.tests.unit.plugins.module_utils._host.nginx_server import (
    Nginx,
    Site,
    Supply,
    await_served,
    free_port,
    served,
)

FILES = (FileSpec("fullchain.pem", ("leaf", "chain")), FileSpec("privkey.pem", ("key",)))
LIMITS = Limits(check=20, reload=20, probe=1.5, handshake=3, lock=20)


class TransactionHost:
    """Everything below one directory. nginx runs only when a test starts it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.store = Store(str(directory / "store"))
        self.nginx = Nginx(directory)
        self.port = free_port()

    def __enter__(self) -> TransactionHost:
        return self

    def __exit__(self, *_error: object) -> None:
        self.nginx.stop()

    def script(self, name: str, *lines: str) -> tuple[str, ...]:
        """A command that is counted; see `calls`."""
        path = self.directory / name
        path.write_text("\n".join(["#!/bin/sh", f"echo call >> {path}.calls", *lines, ""]), encoding="utf-8")
        path.chmod(0o755)
        return (str(path),)

    def calls(self, name: str) -> int:
        path = self.directory / f"{name}.calls"
        return len(path.read_text(encoding="ascii").splitlines()) if path.exists() else 0

    def live(self, file: str = "cert.pem", name: str = "site") -> Path:
        return Path(self.store.live(name), file)

    def live_leaf(self, name: str = "site") -> str:
        return self.live(name=name).read_text(encoding="ascii") if self.live(name=name).exists() else ""

    def sees(self, supply: Supply) -> str:
        """Shell text that is true when the supply is live."""
        path = self.directory / f"{supply.fingerprint}.pem"
        path.write_text(supply.material.leaf, encoding="ascii")
        return f"cmp -s {path} {self.live()}"

    def service(self, **words: Any) -> Service:
        """A service that takes everything, of commands only; it has no ports and no unit."""
        return Service(**{"name": "custom", "files": FILES, "reload": ("true",), **words})

    def nginx_service(self, **words: Any) -> Service:
        given = {
            "name": "nginx",
            "files": FILES,
            "pid_file": str(self.nginx.pid_file),
            "check": self.nginx.check,
            "reload": self.nginx.reload,
            "references": self.nginx.command("-T", "-q"),
            "probes": (ProbeTarget(self.port),),
        }
        return Service(**{**given, **words})

    def name_in_nginx(self, *names: str, directory: str | None = None) -> None:
        """nginx' configuration names the live files of these certificates, each as a server of its own."""
        sites = []
        for name in names or ("site",):
            where = directory or os.path.join(self.store.live(name), "nginx")
            sites.append(Site(name, self.port, f"{where}/fullchain.pem", f"{where}/privkey.pem"))
        self.nginx.configure(*sites)

    def wanted(self, supply: Supply, *services: Service, name: str = "site", **words: Any) -> Wanted:
        record = {"fingerprint": supply.fingerprint, "services": []}
        return Wanted(name, services=services, material=supply.material, record=record, **words)

    def observe(self, *wanted: Wanted, **words: Any) -> dict[str, Any]:
        return observe(self.store, Request("observe", wanted, limits=LIMITS, **words))

    def look(self, *wanted: Wanted) -> tuple[Wanted, ...]:
        """Bound to what is there now."""
        found = self.observe(*wanted, probe=False)["certificates"]
        return tuple(replace(item, expect=found[item.name]["digest"]) for item in wanted)

    def send(self, *wanted: Wanted, label: Labeller = no_label, **limits: Any) -> dict[str, Any]:
        """As it is; `expect` is the test's business."""
        return apply(self.store, Request("apply", wanted, limits=replace(LIMITS, **limits)), label=label)

    def apply(self, *wanted: Wanted, label: Labeller = no_label, **limits: Any) -> dict[str, dict[str, Any]]:
        """The outcomes by certificate, of what was looked at just before."""
        answer = self.send(*self.look(*wanted), label=label, **limits)
        assert not answer["changed_underneath"], answer
        return {outcome["certificate"]: outcome for outcome in answer["outcomes"]}

    def install(self, supply: Supply, *services: Service) -> None:
        outcome = self.apply(self.wanted(supply, *services))["site"]
        assert outcome["outcome"] in ("activated", "placed_not_served"), outcome

    def served(self, expected: Supply | None = None, name: str | None = None) -> str:
        if expected is None:
            return served(self.port, name)
        return await_served(self.port, expected.fingerprint, name=name)

    def leftovers(self) -> list[str]:
        found = [name for _path, folders, files in os.walk(self.directory) for name in (*folders, *files)]
        return [name for name in found if name.endswith((".new", ".certwright-new")) or name == "journal.json"]
