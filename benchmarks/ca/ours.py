# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 the certwright.tls authors

"""The task that is measured: internal_ca_cert with all requests in one list, delegated to localhost."""

from __future__ import annotations

import base64
import json
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509
from material import write_variables
from pairs import PING
from playbooks import Bench
from stage import Stage, require_signed

MODULE = "certwright.tls.internal_ca_cert"
PASSPHRASE = "open sesame"
BATCH = 1000


@dataclass(frozen=True)
class Ran:
    """The seconds of the task, of its whole playbook from the command line to its end, and of the task's parts."""

    task: float
    playbook: float
    parts: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class PartBench(Bench):
    """A Bench whose playbooks also write how long the parts of our task took."""

    @property
    def parts(self) -> Path:
        return self.work / "parts"

    def _environment(self) -> dict[str, str]:
        known = super()._environment()
        folders = f"{known['ANSIBLE_CALLBACK_PLUGINS']}:{Path(__file__).resolve().parent / 'callback_plugins'}"
        return {**known, "ANSIBLE_CALLBACK_PLUGINS": folders, "CERTWRIGHT_PART_TIMES": str(self.parts)}


@dataclass(frozen=True)
class Ours:
    """A new CA, and copies of it: every first batch is the first one of its ledger."""

    bench: PartBench
    stage: Stage
    fingerprint: str = ""

    @property
    def pristine(self) -> Path:
        return self.bench.work / "ca-new"

    @property
    def grown(self) -> Path:
        return self.bench.work / "ca-grown"

    @property
    def used(self) -> Path:
        return self.bench.work / "ca"

    def sign(self, size: int, *, after: Path | None = None) -> Ran:
        """As many certificates by a copy of the new CA, or of another one."""
        self._copy(after or self.pristine)
        ran = self.run(self.stage.list_requests(size), self.used, "issued")
        self._require(size)
        return ran

    def run(self, requests: list[dict[str, Any]], ca: Path, outcome: str) -> Ran:
        write_variables(self.bench.work, {"requests": requests})
        words = {"path": str(ca), "fingerprint": self.fingerprint, "passphrase": PASSPHRASE}
        ours = {MODULE: {**words, "requests": "{{ requests }}"}, "register": "ended", "delegate_to": "localhost"}
        return self._play({"name": "ours", **ours}, _prove(len(requests), outcome))

    def do_nothing(self, size: int) -> Ran:
        """The no-op, given the same list."""
        write_variables(self.bench.work, {"requests": self.stage.list_requests(size)})
        return self._play({"name": "no-op", PING: {"data": "{{ requests }}"}, "delegate_to": "localhost"})

    def grow(self, entries: int) -> list[float]:
        """A ledger of so many entries, by batches of a thousand; how long the task of each of them took."""
        self._copy(self.pristine)
        numbers = range(entries // BATCH)
        lists = (self.stage.list_requests(BATCH, domain=f".batch{number}") for number in numbers)
        seconds = [self.run(requests, self.used, "issued").task for requests in lists]
        self.used.rename(self.grown)
        return seconds

    def _copy(self, ca: Path) -> None:
        shutil.rmtree(self.used, ignore_errors=True)
        shutil.copytree(ca, self.used)

    def _play(self, *tasks: dict[str, Any]) -> Ran:
        self.bench.parts.unlink(missing_ok=True)
        started = time.monotonic()
        times = self.bench.play(list(tasks))
        playbook = time.monotonic() - started
        parts = json.loads(self.bench.parts.read_text(encoding="utf-8")) if self.bench.parts.exists() else {}
        return Ran(times[0].seconds, playbook, parts)

    def _require(self, size: int) -> None:
        """They are in the ledger, which has the issuer too."""
        lines = (self.used / "ledger.jsonl").read_text(encoding="utf-8").splitlines()
        entries = [entry for entry in map(json.loads, lines) if entry["kind"] == "issued"][-size:]
        certificates = {entry["host"]: base64.b64decode(entry["certificate"]) for entry in entries}
        require_signed(self.stage, size, certificates, self._find_issuer(json.loads(lines[0])))

    def _find_issuer(self, first: dict[str, Any]) -> x509.Certificate:
        held = first["state"]["authorities"]
        found = (x509.load_pem_x509_certificate(item["certificate"].encode("ascii")) for item in held)
        return next(item for item in found if item.subject != item.issuer)


def make_ours(bench: PartBench, stage: Stage) -> Ours:
    words = {"path": str(Ours(bench, stage).pristine), "create": True, "subject": "CN=Bench Root"}
    secrets = {"passphrase": PASSPHRASE, "root_passphrase": "open barley"}
    pin = bench.work / "pin"
    bench.run(
        [
            {"certwright.tls.internal_ca": {**words, **secrets}, "register": "made"},
            {"ansible.builtin.copy": {"content": "{{ made.fingerprint }}", "dest": str(pin), "mode": "0600"}},
        ]
    )
    return Ours(bench, stage, pin.read_text(encoding="ascii"))


def _prove(size: int, outcome: str) -> dict[str, Any]:
    that = [
        f"ended is {'not ' if outcome == 'unchanged' else ''}changed",
        f"ended.certificates | length == {size}",
        f"ended.certificates | map(attribute='outcome') | unique | list == ['{outcome}']",
        f"ended.certificates | map(attribute='certificate') | unique | length == {size}",
    ]
    return {"name": "proof", "ansible.builtin.assert": {"that": that, "quiet": True}}
