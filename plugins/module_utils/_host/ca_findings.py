# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the controller asks of a ledger, gathered while its chain is read: only what is asked for is parsed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

# A quotation mark within a text is always escaped: what looks like a key is one.
_TEXT = rb'"[^"\\]*(?:\\.[^"\\]*)*"'
_SERIAL = rb'","time":"[^"\\]*","run":' + _TEXT + rb',"serial":("[0-9a-f]+")'
_PARTIES = rb',"request":("[0-9a-f]*"),"key":' + _TEXT + rb',"host":(' + _TEXT + rb'),"name":(' + _TEXT + rb")[,}]"
_ISSUED = re.compile(rb"issued" + _SERIAL + _PARTIES)
_FURTHER = re.compile(
    rb'"usage":(' + _TEXT + rb').*?,"issuing":(' + _TEXT + rb').*?,"not_before":("[^"\\]*"),"not_after":("[^"\\]*")[,}]'
)
_REVOKED = re.compile(rb"revoked" + _SERIAL + rb"[,}]")
_LIVE = ("serial", "host", "name", "usage", "issuing", "not_before", "not_after")


# The number of its entry, and the words of _LIVE as JSON spells them.
_Issued = tuple[int, tuple[bytes, ...]]


class UnreadableError(ValueError):
    """An entry that follows from the one before and is not as its kind has to be."""


@dataclass(frozen=True)
class Ask:
    """Words are as JSON spells them, quotes included, so that lines need not be parsed to be compared."""

    requests: frozenset[bytes] = frozenset()
    serials: frozenset[bytes] = frozenset()
    hosts: frozenset[bytes] = frozenset()
    names: frozenset[bytes] = frozenset()
    kinds: frozenset[bytes] = frozenset()
    anchors: tuple[tuple[int, str], ...] = ()
    files: tuple[str, ...] = ()
    live_at: str = ""
    revoked_at: str = ""
    counts_at: str = ""
    backup: str = ""
    founds: bool = False

    @property
    def counts_every(self) -> bool:
        """Whether every certificate is looked at, and not only those asked for."""
        return bool(self.live_at or self.revoked_at or self.counts_at)

    @classmethod
    def from_json(cls, given: dict[str, Any]) -> Ask:
        sought = {word: _spell(given.get(word) or ()) for word in ("requests", "serials", "hosts", "names")}
        return cls(
            kinds=frozenset(str(kind).encode() for kind in given.get("kinds") or ()),
            anchors=tuple((int(item["number"]), str(item["hash"])) for item in given.get("anchors") or ()),
            files=tuple(given.get("files") or ()),
            live_at=given.get("live_at") or "",
            revoked_at=given.get("revoked_at") or "",
            counts_at=given.get("counts_at") or "",
            backup=given.get("backup") or "",
            founds=bool(given.get("founds")),
            **sought,
        )


# No kind is passed over: what is to be written has to be readable for whatever may be asked.
ALL = Ask(anchors=((0, ""),), live_at="9", counts_at="9")


def _spell(words: Iterable[str]) -> frozenset[bytes]:
    return frozenset(json.dumps(word).encode() for word in words)


class Findings:
    """What was found so far; `take` is given every line once, in order."""

    def __init__(self, ask: Ask) -> None:
        self.ask = ask
        self.authority = b""
        self._lines: dict[int, bytes] = {}
        self._last: dict[bytes, tuple[int, bytes]] = {}
        self._serials = set(ask.serials)
        self._issued: list[_Issued] = []
        self._revoked: dict[bytes, bytes] = {}
        self._trusted: dict[str, dict[str, None]] = {}
        self._anchored = frozenset(number for number, _digest in ask.anchors)
        self._digests: set[tuple[int, str]] = set()
        self._takers = self._choose_takers()

    def _choose_takers(self) -> dict[bytes, Callable[[int, bytes, int], None]]:
        ask = self.ask
        takers: dict[bytes, Callable[[int, bytes, int], None]] = {b"authority": self._take_authority}
        if ask.requests or ask.serials or ask.hosts or ask.names or ask.counts_every:
            takers.update({b"issued": self._take_issued, b"revoked": self._take_revoked})
        if ask.live_at:
            takers[b"trusted"] = self._take_trusted
        if ask.anchors:
            takers[b"restored"] = self._take_restored
        return takers

    def take(self, number: int, line: bytes, start: int, digest: bytes) -> None:
        """`start` is where the kind begins. Raises UnreadableError."""
        end = line.find(b'"', start)
        kind = line[start:end]
        taker = self._takers.get(kind)
        if taker is not None:
            taker(number, line, start)
        if kind in self.ask.kinds:
            self._last[kind] = (number, line)
        if number in self._anchored:
            self._digests.add((number, digest.decode()))

    def _take_authority(self, _number: int, line: bytes, _start: int) -> None:
        self.authority = line

    def _take_issued(self, number: int, line: bytes, start: int) -> None:
        found = _ISSUED.match(line, start)
        if found is None:
            raise UnreadableError
        serial, request, host, name = found.groups()
        ask = self.ask
        if serial in self._serials or request in ask.requests or host in ask.hosts or name in ask.names:
            self._lines[number] = line
            self._serials.add(serial)
        if ask.counts_every:
            further = _FURTHER.search(line, found.end() - 1)
            if further is None:
                raise UnreadableError
            self._issued.append((number, (serial, host, name, *further.groups())))

    def _take_revoked(self, number: int, line: bytes, start: int) -> None:
        found = _REVOKED.match(line, start)
        if found is None:
            raise UnreadableError
        self._revoked.setdefault(found.group(1), line)
        if found.group(1) in self._serials:
            self._lines[number] = line

    def _take_trusted(self, _number: int, line: bytes, _start: int) -> None:
        words = _parse(line)
        for host in words.get("hosts") or ():
            self._trusted.setdefault(host, {}).update(dict.fromkeys(words.get("roots") or ()))

    def _take_restored(self, _number: int, line: bytes, _start: int) -> None:
        """An operator has accepted that these are lost."""
        self._digests.update((item["number"], item["hash"]) for item in _parse(line).get("lost") or ())

    def list_entries(self) -> list[str]:
        """Ascending, each once."""
        return [line.decode() for _number, line in sorted({**self._lines, **dict(self._last.values())}.items())]

    def list_anchors(self) -> list[dict[str, Any]]:
        return [
            {"number": number, "hash": digest, "known": (number, digest) in self._digests}
            for number, digest in self.ask.anchors
        ]

    def list_live(self) -> list[dict[str, Any]]:
        if not self.ask.live_at:
            return []
        return [_describe(item) for item in self._issued if self._is_live(item, self.ask.live_at)]

    def list_revoked(self) -> list[dict[str, Any]]:
        """For a list of revocations: those that have not ended at that instant."""
        if not self.ask.revoked_at:
            return []
        named = [item for item in self._issued if item[1][0] in self._revoked]
        return [self._describe_revoked(item) for item in named if not _is_over(item, self.ask.revoked_at)]

    def _describe_revoked(self, item: _Issued) -> dict[str, Any]:
        words, told = _parse(self._revoked[item[1][0]]), _describe(item)
        said = {word: words.get(word) for word in ("number", "time", "revocation_reason")}
        return {**said, **{word: told[word] for word in ("serial", "issuing", "not_after")}}

    def list_trusted(self) -> dict[str, list[str]]:
        return {host: list(roots) for host, roots in self._trusted.items()}

    def count(self) -> dict[str, int] | None:
        """Each issued one is either revoked, or live, or expired."""
        if not self.ask.counts_at:
            return None
        revoked = sum(words[0] in self._revoked for _number, words in self._issued)
        live = sum(self._is_live(item, self.ask.counts_at) for item in self._issued)
        issued = len(self._issued)
        return {"issued": issued, "revoked": revoked, "live": live, "expired": issued - revoked - live}

    def _is_live(self, item: _Issued, instant: str) -> bool:
        return item[1][0] not in self._revoked and not _is_over(item, instant)


def _is_over(item: _Issued, instant: str) -> bool:
    """Instants are all spelled alike, so that their text can be compared."""
    return item[1][-1] <= b'"%b"' % instant.encode()


def _describe(item: _Issued) -> dict[str, Any]:
    number, words = item
    return {"number": number, **dict(zip(_LIVE, map(_load_text, words)))}


def _load_text(spelled: bytes) -> str:
    return str(json.loads(spelled)) if b"\\" in spelled else spelled[1:-1].decode()


def _parse(line: bytes) -> dict[str, Any]:
    """It was JSON when it was appended, and each byte of it has been verified."""
    return dict(json.loads(line))
