# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The chain of a ledger: each line has the digest of the one before, and the head has that of the last."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ansible_collections.certwright.tls.plugins.module_utils._host.ca_directory import (
    CaDirectory,
    damaged,
    naming,
    open_plain,
)

GENESIS = "0" * 64
_MAXIMUM_HEAD = 4096
_HEAD = re.compile(
    rb'\{"version":1,"number":(?:0|[1-9][0-9]{0,17}),"hash":"[0-9a-f]{64}","size":(?:0|[1-9][0-9]{0,17}),'
    rb'"tag":"(?:[0-9a-f]{64})?","time":"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"\}\n'
)

# Number of the entry, its line, where its kind begins in that, and its digest.
Take = Callable[[int, bytes, int, bytes], None]


@dataclass(frozen=True)
class Head:
    """The end of a ledger. Only the controller can check the `tag`."""

    number: int
    hash: str
    size: int
    tag: str
    time: str

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Head:
        """Raises ValueError for what could not be read again."""
        words = {name: given[name] for name in ("number", "hash", "size", "tag", "time") if name in given}
        return load_head(
            (json.dumps({"version": given.get("version"), **words}, separators=(",", ":")) + "\n").encode()
        )

    @classmethod
    def begun(cls, time: str) -> Head:
        """Of a directory without an entry."""
        return cls(0, GENESIS, 0, "", time)

    def to_json(self) -> dict[str, Any]:
        return {"version": 1, **asdict(self)}

    def to_bytes(self) -> bytes:
        return (json.dumps(self.to_json(), separators=(",", ":")) + "\n").encode()


def load_head(content: bytes) -> Head:
    """Raises ValueError unless each byte is as we write it."""
    if not _HEAD.fullmatch(content):
        raise ValueError
    words = json.loads(content)
    del words["version"]
    head = Head(**words)
    if not head.number and head != Head.begun(head.time):
        raise ValueError
    return head


def read_head(directory: CaDirectory) -> Head:
    with open(open_plain(directory, directory.head), "rb") as file, naming(directory.head):
        content = file.read(_MAXIMUM_HEAD)
    try:
        return load_head(content)
    except ValueError:
        raise damaged(directory, "head.json is not as it was written") from None


@dataclass
class Chain:
    """Where a ledger has come to. `time` is what the last entry says."""

    number: int = 0
    hash: bytes = GENESIS.encode()
    size: int = 0
    last: bytes = field(default=b"", repr=False)

    def follow(self, line: bytes, take: Take) -> bool:
        """Whether the line, with its end, follows from those before; what follows is taken."""
        number = self.number + 1
        start = b'{"number":%d,"previous":"%b","kind":"' % (number, self.hash)
        if not line.startswith(start) or line[-2:] != b"}\n":
            return False
        self.last = line[:-1]
        self.number, self.hash = number, hashlib.sha256(self.last).hexdigest().encode()
        self.size += len(line)
        take(number, self.last, len(start), self.hash)
        return True

    def is_ended_by(self, head: Head) -> bool:
        """The time is in no digest: that of the last entry vouches for it."""
        ends = (head.number, head.hash.encode(), head.size) == (self.number, self.hash, self.size)
        return ends and (not self.number or b'"time":"%b"' % head.time.encode() in self.last[:300])


def follow_ledger(directory: CaDirectory, head: Head, take: Take) -> tuple[Chain, int]:
    """The chain up to its head, and how many bytes lie behind that. Raises CaProblem unless each byte is right."""
    chain = Chain()
    with open(open_plain(directory, directory.ledger), "rb", buffering=1 << 20) as file, naming(directory.ledger):
        for line in file:
            if chain.size >= head.size:
                break
            if not chain.follow(line, take):
                raise damaged(directory, _describe_break(chain.number))
        tail = file.seek(0, 2) - head.size
    if not chain.is_ended_by(head):
        fact = f"ledger.jsonl ends with entry {chain.number} after {chain.size} bytes"
        raise damaged(directory, f"{fact}, which is not the end that head.json says (entry {head.number})")
    return chain, tail


def _describe_break(number: int) -> str:
    if not number:
        return "entry 1 in ledger.jsonl is not the first entry of a CA"
    return (
        f"entry {number + 1} in ledger.jsonl does not follow from entry {number}: one of them is not as it was written"
    )


def find_line_fault(line: str) -> str:
    """What keeps a line from being an entry that can be read again: it must be spelled in one way only."""
    try:
        words = json.loads(line)
    except ValueError:
        return "is no JSON"
    if not isinstance(words, dict) or not isinstance(words.get("kind"), str):
        return "has no kind"
    return "" if json.dumps(words, separators=(",", ":")) == line else "is not spelled as entries are"


def follow_lines(chain: Chain, lines: Iterable[str], takers: tuple[Take, ...]) -> str:
    """What is wrong with lines that are to follow, or nothing."""

    def take(number: int, line: bytes, start: int, digest: bytes) -> None:
        for taker in takers:
            taker(number, line, start, digest)

    for line in lines:
        fault = find_line_fault(line)
        if fault or not chain.follow(line.encode() + b"\n", take):
            return f"The line for entry {chain.number + 1} {fault or 'does not follow from the entry before it'}"
    return ""
