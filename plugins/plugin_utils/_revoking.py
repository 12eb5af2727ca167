# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task revokes: the words, and which live certificates of the ledger they mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._ca.ledger import Entry
from ansible_collections.certwright.tls.plugins.plugin_utils._ca_directory import Body, CaView
from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import load_certificates
from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import load_time
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Problem

_HEX = frozenset("0123456789abcdef")


@dataclass(frozen=True)
class Revocation:
    """Either a serial number (hex), of a host where one is said, or a host, a name, or a name on a host."""

    reason: str
    serial: str = ""
    host: str = ""
    name: str = ""

    @property
    def title(self) -> str:
        return self.serial or " ".join(part for part in (self.host, self.name) if part)

    def means(self, entry: Entry) -> bool:
        words = entry.words
        if self.serial:
            return bool(words["serial"] == self.serial) and self.host in ("", words["host"])
        return self.host in ("", words["host"]) and self.name in ("", words["name"])


def load_revocations(elements: Iterable[Mapping[str, Any]]) -> tuple[tuple[Revocation, ...], tuple[Problem, ...]]:
    """With those that cannot be told (revocation_invalid), which keep no other one from being revoked."""
    found: list[Revocation] = []
    problems: list[Problem] = []
    for index, words in enumerate(elements):
        try:
            found.append(_load(words))
        except UnusableError as error:
            problems.append(Problem(f"revoke[{index}]", "revocation_invalid", error.message))
    return tuple(found), tuple(problems)


def _load(words: Mapping[str, Any]) -> Revocation:
    said = {word: str(words.get(word) or "") for word in ("serial", "certificate", "name", "host")}
    ways = sum(bool(said[word]) for word in ("serial", "certificate", "name")) or int(bool(said["host"]))
    if ways != 1:
        fact = "says none of serial, certificate, name and host" if not ways else "says more than one thing to revoke"
        raise UnusableError("revocation_invalid", f"it {fact}; say one, and its host beside it")
    serial = _load_serial(said["serial"], said["certificate"])
    return Revocation(str(words.get("reason") or "unspecified"), serial, said["host"], said["name"])


def _load_serial(text: str, certificate: str) -> str:
    if certificate:
        return load_certificates(certificate.encode("utf-8", "replace"), "certificate")[0].serial
    digits = text.lower().replace(":", "").replace(" ", "").removeprefix("0x").lstrip("0")
    if text and (not digits or set(digits) - _HEX):
        raise UnusableError("revocation_invalid", "its serial is no number in hex; take it from internal_ca_info")
    return digits


def ask_for(revocations: Sequence[Revocation]) -> dict[str, list[str]]:
    """What the host has to look up for them."""
    return {
        "serials": [item.serial for item in revocations if item.serial],
        "hosts": [item.host for item in revocations if item.host and not item.serial],
        "names": [item.name for item in revocations if item.name and not item.host],
    }


def find_revoked(
    revocations: Iterable[Revocation], view: CaView, now: datetime
) -> tuple[tuple[Body, ...], tuple[Problem, ...]]:
    """Entries to append for what is live, and those that mean nothing in this ledger."""
    known, revoked = view.issued, set(view.revoked)
    bodies: dict[str, Body] = {}
    problems: list[Problem] = []
    for revocation in revocations:
        meant = [entry for entry in known.values() if revocation.means(entry)]
        if not meant:
            fact = "the ledger has no certificate of it"
            problems.append(Problem(revocation.title, "certificate_unknown", f"{fact}; see internal_ca_info"))
        for body in _word_revoked(revocation, meant, revoked, now):
            bodies.setdefault(str(body["serial"]), body)
    return tuple(bodies.values()), tuple(problems)


def _word_revoked(revocation: Revocation, meant: Iterable[Entry], revoked: set[str], now: datetime) -> Iterator[Body]:
    for entry in meant:
        ends = load_time(str(entry.words["not_after"]))
        if entry.words["serial"] in revoked or (ends is not None and ends <= now):
            continue
        yield {
            "kind": "revoked",
            "serial": entry.words["serial"],
            "revocation_reason": revocation.reason,
            "host": entry.words["host"],
            "name": entry.words["name"],
        }
