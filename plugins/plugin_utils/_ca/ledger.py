# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ledger of a CA: each entry holds the digest of the one before, and its head a tag that only the CA can make.

The host keeps the chain and checks it; the key of the tag never leaves the controller. A whole chain that somebody
wrote anew lacks the tag; an older copy has one, and is told from the ledger by what certificates' hosts remember of it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import format_time
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError

LEDGER_KEY_BYTES = 32
AUTHORITY = "authority"
_VERSION = 1


@dataclass(frozen=True)
class Head:
    """The end of a ledger: the number and digest (SHA-256, hex) of its last entry, and its size in bytes."""

    number: int
    hash: str
    size: int
    tag: str = ""
    time: str = ""

    def to_json(self) -> dict[str, Any]:
        return {"version": _VERSION, **asdict(self)}

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Head:
        return cls(int(given["number"]), str(given["hash"]), int(given["size"]), str(given["tag"]), str(given["time"]))


GENESIS = Head(0, "0" * 64, 0)


@dataclass(frozen=True)
class Entry:
    """One line. `hash` is what the next one, and the record of a certificate on its host, hold of it."""

    number: int
    hash: str
    kind: str
    words: Mapping[str, Any]


@dataclass(frozen=True)
class Linked:
    """Entries in their place: the lines to append, what they are, and the head that they end in."""

    lines: tuple[str, ...]
    entries: tuple[Entry, ...]
    head: Head


def load_entry(line: str) -> Entry:
    """Raises UnusableError (ca_damaged) for what is no entry."""
    try:
        words = json.loads(line)
        return Entry(int(words["number"]), digest_line(line), str(words["kind"]), words)
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        fact = "The ledger has a line that is no entry"
        raise UnusableError("ca_damaged", f"{fact}; restore the directory from its backup") from None


def link(
    head: Head, bodies: Iterable[Mapping[str, Any]], *, authority: str, ledger_key: bytes, now: datetime
) -> Linked:
    """The entries after `head`, numbered and chained. A body has its `kind` and words, and neither number nor time.

    `authority` is the digest of the entry that says what the CA is, empty where a body is the first to say so.
    """
    number, previous, size = head.number, head.hash, head.size
    lines: list[str] = []
    entries: list[Entry] = []
    for body in bodies:
        number += 1
        words = {"number": number, "previous": previous, "kind": body["kind"], "time": format_time(now), **body}
        line = json.dumps(words, separators=(",", ":"))
        previous, size = digest_line(line), size + len(line) + 1
        lines.append(line)
        entries.append(Entry(number, previous, str(body["kind"]), words))
        authority = previous if body["kind"] == AUTHORITY else authority
    ended = Head(number, previous, size, time=format_time(now))
    return Linked(tuple(lines), tuple(entries), _with_tag(ended, authority, ledger_key))


def require_sealed(head: Head, authority: str, ledger_key: bytes) -> None:
    """Raises UnusableError (ca_altered) for a ledger that this CA did not write, or that says another thing of it.

    `authority` is the digest of the entry that was handed over as what the CA is.
    """
    if not _is_equal(head.tag, _with_tag(head, authority, ledger_key).tag):
        fact = "The ledger was not written by this CA: its chain holds and its seal does not"
        way_out = "nothing is signed; find out who wrote it, and restore the directory from its backup"
        raise UnusableError("ca_altered", f"{fact}; {way_out}")


def seal_anchor(number: int, digest: str, ledger_key: bytes) -> str:
    """What shows later that this CA once had an entry of that number and digest: a host could make up the two."""
    return hmac.new(ledger_key, f"certwright-ca-anchor\n{number}\n{digest}".encode(), hashlib.sha256).hexdigest()


def is_sealed_anchor(anchor: Mapping[str, Any], ledger_key: bytes) -> bool:
    expected = seal_anchor(int(anchor["number"]), str(anchor["hash"]), ledger_key)
    return _is_equal(str(anchor.get("seal") or ""), expected)


def _is_equal(told: str, expected: str) -> bool:
    return hmac.compare_digest(told.encode("utf-8", "replace"), expected.encode("ascii"))


def digest_line(line: str) -> str:
    return hashlib.sha256(line.encode("utf-8")).hexdigest()


def _with_tag(head: Head, authority: str, ledger_key: bytes) -> Head:
    """HMAC-SHA256 (RFC 2104) over what the head says, and over which entry says what the CA is."""
    said = f"certwright-ca-head\n{head.number}\n{head.hash}\n{head.size}\n{authority}".encode()
    return Head(head.number, head.hash, head.size, hmac.new(ledger_key, said, hashlib.sha256).hexdigest(), head.time)
