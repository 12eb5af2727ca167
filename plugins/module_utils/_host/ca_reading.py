# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A CA's directory as it is: read without a lock, since the part of a ledger that is committed never changes."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.certwright.tls.plugins.module_utils._host.ca_directory import (
    CaDirectory,
    CaProblem,
    damaged,
    find_openness,
    find_status,
    locate,
    locate_backup,
    open_plain,
    read_key_file,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.ca_findings import Ask, Findings, UnreadableError
from ansible_collections.certwright.tls.plugins.module_utils._host.ca_ledger import (
    Chain,
    Head,
    follow_ledger,
    read_head,
)

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Observed:
    """One look. `chain` and `findings` can go on with lines that are appended; with a problem they are as far as known.

    A status is `ready` also where a problem keeps us from knowing: it must never be taken for a place to begin at.
    """

    status: str
    findings: Findings = field(repr=False)
    chain: Chain = field(default_factory=Chain, repr=False)
    head: Head | None = None
    tail: int = 0
    problem: CaProblem | None = None

    @property
    def end(self) -> tuple[int, str] | None:
        """What a writer must have seen to append to it."""
        return None if self.head is None else (self.head.number, self.head.hash)


def read_ca(given: dict[str, Any]) -> dict[str, Any]:
    """The answer to `ca_read`. Changes nothing.

    Key files come first: what an entry names is there until a later entry has dropped it.
    """
    directory, ask = locate(given["path"]), Ask.from_json(given.get("ask") or {})
    files, problem = read_key_files(directory, ask)
    observed = observe_ca(directory, ask)
    if observed.status == "empty" and not ask.founds:
        # An empty place to mount at is open to all, and what matters is that no CA is there
        observed = replace(observed, problem=None)
    return describe(directory, observed, files=files, problem=problem)


def observe_ca(directory: CaDirectory, ask: Ask) -> Observed:
    """Verified as a whole, whatever is asked."""
    nothing = Findings(Ask(anchors=ask.anchors, backup=ask.backup))
    try:
        status = find_status(directory)
    except CaProblem as problem:
        return Observed("ready", nothing, problem=problem)
    if status == "missing":
        return Observed(status, Findings(ask))
    openness = find_openness(directory)
    if status == "empty":
        return Observed(status, Findings(ask), problem=openness)
    head = None
    try:
        head = read_head(directory)
        return _follow(directory, ask, head, openness)
    except CaProblem as problem:
        return Observed("ready", nothing, head=head, problem=problem)


def _follow(directory: CaDirectory, ask: Ask, head: Head, openness: CaProblem | None) -> Observed:
    findings = Findings(ask)
    if not head.number:
        tail = os.stat(directory.ledger).st_size if os.path.exists(directory.ledger) else 0
        return Observed("empty", findings, tail=tail, problem=openness)
    chain = Chain()
    try:
        chain, tail = follow_ledger(directory, head, findings.take)
    except UnreadableError:
        raise damaged(directory, "ledger.jsonl has an entry that cannot be read") from None
    return Observed("ready", findings, chain, head, tail, openness)


def read_key_files(directory: CaDirectory, ask: Ask) -> tuple[dict[str, str | None], CaProblem | None]:
    """Those that can be read, and why another one cannot."""
    files: dict[str, str | None] = {}
    problem = None
    for name in _list_names(directory, ask.files):
        try:
            files[name] = read_key_file(directory, name)
        except CaProblem as found:
            files[name], problem = None, found
        except OSError as error:
            fact = f"{name} of the {directory.noun} {directory.path} cannot be read: {error.strerror}"
            files[name], problem = None, CaProblem("ca_unreadable", f"{fact}; run with `become`")
    return files, problem


def _list_names(directory: CaDirectory, asked: Iterable[str]) -> Iterator[str]:
    """`keys/` means all that are there."""
    for name in asked:
        if name == "keys/":
            yield from list_key_files(directory)
        else:
            yield name


def describe(
    directory: CaDirectory,
    observed: Observed,
    *,
    files: dict[str, str | None],
    problem: CaProblem | None = None,
) -> dict[str, Any]:
    """As the controller reads it. `time` is this host's clock."""
    findings, problem = observed.findings, observed.problem or problem
    return {
        "status": observed.status,
        "time": time.time(),
        "head": None if observed.head is None else observed.head.to_json(),
        "tail": observed.tail,
        "authority": findings.authority.decode(),
        "entries": findings.list_entries(),
        "anchors": findings.list_anchors(),
        "files": files,
        "live": findings.list_live(),
        "revoked": findings.list_revoked(),
        "trusted": findings.list_trusted(),
        "counts": findings.count(),
        "backup": None if not findings.ask.backup else describe_backup(directory, observed),
        "problem": None if problem is None else problem.to_json(),
    }


def describe_backup(directory: CaDirectory, observed: Observed) -> dict[str, Any]:
    """How far it goes. Complete is one that could take the CA's place as it is now."""
    path = observed.findings.ask.backup
    found: dict[str, Any] = {"path": path, "number": 0, "hash": "", "time": "", "is_complete": False}
    try:
        backup = locate_backup(path)
        if find_status(backup) != "ready":
            return found
        head = read_head(backup)
        found.update(number=head.number, hash=head.hash, time=head.time)
        is_safe = find_openness(backup) is None and observed.problem is None
        found["is_complete"] = is_safe and head == observed.head and is_copy(directory, backup, head.size)
    except (CaProblem, OSError):
        return found
    return found


def is_copy(directory: CaDirectory, backup: CaDirectory, size: int) -> bool:
    """Whether the ledgers are equal up to `size`, and the backup has each key file as it is."""
    if not starts_alike(directory, backup, size):
        return False
    return all(read_key_file(backup, name) == read_key_file(directory, name) for name in list_key_files(directory))


def list_key_files(directory: CaDirectory) -> list[str]:
    if os.path.islink(directory.keys) or not os.path.isdir(directory.keys):
        return []
    return [f"keys/{name}" for name in sorted(os.listdir(directory.keys)) if name.endswith(".sealed")]


def starts_alike(directory: CaDirectory, other: CaDirectory, size: int) -> bool:
    """Byte by byte: a digest of what once was equal says nothing of a disk."""
    with open(open_plain(directory, directory.ledger), "rb") as one, open(open_plain(other, other.ledger), "rb") as two:
        left = size
        while left:
            mine, theirs = one.read(min(left, _CHUNK)), two.read(min(left, _CHUNK))
            if not mine or mine != theirs:
                return False
            left -= len(mine)
    return True
