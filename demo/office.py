# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 the certwright.tls authors

"""The demo's own CA: its inventory, what it tells of itself, and who gets along with whom by its certificates."""

from __future__ import annotations

import json
import re
import secrets
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

from stage import Stage
from visits import ClientCertificate, Visitor
from web_servers import HERE

INVENTORY = "internal.yml.in"
# Whom a client trusts: all roots of the CA, or one of them.
ALL, OLD, NEW, NONE = "roots", "old-root", "new-root", ""
# Longer than any of its certificates lasts: its roll-over is to begin now.
_FAR_AHEAD = "4000d"
_RELOADED_WITHIN = 5.0
_PINNED = "fingerprint: {fingerprint}"
_PLAYBOOKS = ("office.yml", "force_internal.yml")


class Office:
    """Its directory is `office`, its host ca01; Jane is somebody with a browser."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.work = stage, stage.work
        self.pinned = ""
        self.known: dict[str, Any] = {}
        self._words = {"ROLLOVER_AHEAD": "180d", "FINGERPRINT": ""}

    def prepare(self) -> None:
        for name in ("office", "office-root", "jane"):
            path = self.work / f"{name}.passphrase"
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(), encoding="ascii")
        for playbook in _PLAYBOOKS:
            shutil.copy(HERE / playbook, self.work)
        self._write_inventory()

    def pin(self, fingerprint: str) -> None:
        self.pinned = fingerprint
        self._write_inventory(FINGERPRINT=_PINNED.format(fingerprint=fingerprint))
        print(f"  after:  tls_issuers.office.fingerprint is {fingerprint}")

    def approach_the_end(self) -> None:
        shutil.copy(self.file(ALL), self.file(OLD))
        self._write_inventory(ROLLOVER_AHEAD=_FAR_AHEAD)

    def _write_inventory(self, **words: str) -> None:
        self._words |= words
        self.stage.write_inventory(INVENTORY, **self._words)

    def install(self) -> tuple[int, str]:
        """The CA's host is asked whatever the play says."""
        return self.stage.play_book("install", "-e", "tls_hosts=web1")

    def roll_over(self, step: str, *, hosts: str = "all") -> tuple[int, str]:
        """On `hosts` besides the CA's own, what is due then is issued."""
        return self.stage.play_book("internal_ca", "-e", f"tls_ca_rollover={step}", "-e", f"tls_hosts={hosts}")

    def ask(self, *variables: str) -> None:
        """What it knows then is in `known` and in the files of its roots."""
        options = [part for variable in variables for part in ("-e", variable)]
        ended = self.stage.play_book("office.yml", *options)
        self.stage.expect(ended, code=0, words=["failed=0"])
        told = re.search(r'"msg": ("known: .*")$', ended[1], flags=re.MULTILINE)
        if told:
            self.known = json.loads(json.loads(told[1]).removeprefix("known: "))
            self._write_roots()

    def _write_roots(self) -> None:
        anchors, old = self.known["anchors"], self.file(OLD)
        known = old.read_text(encoding="ascii") if old.exists() else ""
        self.file(ALL).write_text("".join(anchors), encoding="ascii")
        self.file(NEW).write_text("".join(pem for pem in anchors if pem not in known), encoding="ascii")

    def keep_jane(self, name: str) -> None:
        """A copy of what she has now."""
        shutil.copy(self.work / "jane.p12", self.work / f"{name}.p12")

    def trust_alone(self, roots: str) -> None:
        """By the file that the server's is made of."""
        shutil.copy(self.file(roots), self.file(ALL))

    def describe(self, roots: str) -> str:
        """The fingerprint, as openssl tells it."""
        command = ["openssl", "x509", "-noout", "-fingerprint", "-sha256", "-in", str(self.file(roots))]
        shown = subprocess.run(command, text=True, capture_output=True, check=True).stdout
        return shown.strip().partition("=")[2].replace(":", "").lower()

    def visit(self, who: str, wanted: str, *, roots: str = ALL, shows: str = "") -> None:
        """Curl, which trusts `roots` and shows this certificate, fares as it should, once a reload is over."""
        passphrase = (self.work / "jane.passphrase").read_text(encoding="ascii")
        certificate = ClientCertificate(self.work / f"{shows}.p12", passphrase) if shows else None
        visitor = Visitor(self.stage.server.port, self.file(roots) if roots else None, certificate)
        deadline = time.monotonic() + _RELOADED_WITHIN
        found, told = visitor.visit()
        while found != wanted and time.monotonic() < deadline:
            found, told = visitor.visit()
        print(f"  after:  {who} is {found}: {told}")
        self.stage.require(found == wanted, f"{who} is {wanted}; it is {found}: {told}")

    def file(self, roots: str) -> Path:
        return self.work / f"{roots}.pem"

    def count_entries(self) -> int:
        """Of its ledger."""
        return len((self.work / "office" / "ledger.jsonl").read_bytes().splitlines())
