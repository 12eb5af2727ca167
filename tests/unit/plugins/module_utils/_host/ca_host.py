# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A CA's directory and the controller that writes into it: entries are linked here as the controller links them."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.module_utils._host.ca_append import Addition, append
from ansible_collections.certwright.tls.plugins.module_utils._host.ca_reading import read_ca

NOW, LATER, FAR = "2026-11-22T08:00:00Z", "2027-03-01T00:00:00Z", "2027-12-24T08:00:00Z"
SEALED = '{"version":1,"sealed":"c2VhbGVk"}\n'
ISSUING = "ab" * 32
Body = dict[str, Any]


def authority(*keys: str) -> Body:
    authorities = [{"id": ISSUING, "role": "issuing", "key": key} for key in keys or ("keys/one.sealed",)]
    return {"kind": "authority", "run": "first", "reason": "created", "state": {"authorities": authorities}}


def digest_of(word: str) -> str:
    return hashlib.sha256(word.encode()).hexdigest()


def issued(serial: str, host: str = "web1", name: str = "system", *, request: str = "", until: str = FAR) -> Body:
    return {
        "kind": "issued",
        "run": 'the "first"',
        "serial": serial,
        "request": digest_of(request or serial),
        "key": digest_of("key"),
        "host": host,
        "name": name,
        "usage": "server",
        "issuing": ISSUING,
        "names": [f"{host}.example"],
        "not_before": NOW,
        "not_after": until,
        "certificate": "TUlJ" * 200,
    }


def revoked(serial: str, host: str = "web1") -> Body:
    words = {"serial": serial, "revocation_reason": "unspecified", "host": host, "name": "system"}
    return {"kind": "revoked", "run": "second", **words}


def link(head: dict[str, Any] | None, *bodies: Body) -> tuple[list[str], dict[str, Any]]:
    number, previous, size = (head["number"], head["hash"], head["size"]) if head else (0, "0" * 64, 0)
    lines: list[str] = []
    for body in bodies:
        number += 1
        words = {"number": number, "previous": previous, "kind": body["kind"], "time": NOW, **body}
        lines.append(json.dumps(words, separators=(",", ":")))
        previous, size = digest_of(lines[-1]), size + len(lines[-1]) + 1
    tag = digest_of(f"tag of {number}")
    return lines, {"version": 1, "number": number, "hash": previous, "size": size, "tag": tag, "time": NOW}


class CaHost:
    """Nothing is there at first. `append` is a controller that saw the latest end."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.path, self.backup = directory, directory / "ca", directory / "backup"
        self.ledger, self.head = self.path / "ledger.jsonl", self.path / "head.json"

    def read(self, **ask: Any) -> dict[str, Any]:
        return read_ca({"action": "ca_read", "path": str(self.path), "ask": ask})

    def request(self, *bodies: Body, **words: Any) -> dict[str, Any]:
        head = self.read()["head"]
        lines, after = link(head, *bodies)
        expect = None if head is None else {"number": head["number"], "hash": head["hash"]}
        asked = {"path": str(self.path), "expect": expect, "lines": lines, "head": after, "limits": {"lock": 20}}
        return {"action": "ca_append", **asked, **words}

    def send(self, request: dict[str, Any]) -> dict[str, Any]:
        return append(Addition.from_json(request))

    def append(self, *bodies: Body, **words: Any) -> dict[str, Any]:
        return self.send(self.request(*bodies, **words))

    def create(self, *bodies: Body, **words: Any) -> CaHost:
        """A CA with one key, and these entries behind its first."""
        files = {"keys/one.sealed": SEALED}
        assert self.append(authority(), *bodies, create=True, files=files, **words)["done"]
        return self

    def problem(self, **ask: Any) -> tuple[str, str]:
        """Code and message of what keeps it from signing; empty when nothing does."""
        problem = self.read(**ask)["problem"] or {"code": "", "message": ""}
        return problem["code"], problem["message"]

    def snapshot(self) -> dict[str, bytes]:
        """All files but the lock, which says who was last."""
        return snapshot(self.path)


def snapshot(path: Path) -> dict[str, bytes]:
    files = {str(file.relative_to(path)): file for file in sorted(path.rglob("*")) if file.is_file()}
    return {name: file.read_bytes() for name, file in files.items() if name != "lock"}


@contextmanager
def small_disk(path: Path, size: str) -> Iterator[None]:
    """A file system of its own, which only root can have."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount the small tmpfs that is to run full")
    path.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", str(path)]
    mounted = subprocess.run(command, check=False, capture_output=True, text=True, timeout=20)
    if mounted.returncode:
        pytest.skip(f"the small tmpfs that is to run full cannot be mounted here: {mounted.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", str(path)], check=True, timeout=20)
