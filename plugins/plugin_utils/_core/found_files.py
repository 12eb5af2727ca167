# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates in files of a host: a leaf is a row with the chain that lies beside, a trust store is one row."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import Certificate
from ansible_collections.certwright.tls.plugins.plugin_utils._core.finding import MANY_CAS, Finding
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Problem, Reason

_BCFKS = "BCFKS"
_KEYSTORES = ("PKCS#12", "Java keystore", _BCFKS)
_WAYS_IN = {_BCFKS: "look at it by `keytool` with that provider"}
_PLAIN_KEY = "private key"
_OTHERS_MAY = 0o006


@dataclass(frozen=True)
class FoundFile:
    """What the host told of a file; `fact` is why it could not be read, `unread` why a keystore stayed closed, `ended`
    why a directory was not searched to its end."""

    path: str
    certificates: tuple[Certificate, ...]
    holds: tuple[str, ...]
    fact: str
    mode: int
    unread: str = ""
    ended: str = ""

    @classmethod
    def from_answer(cls, answer: Mapping[str, Any], known: Mapping[str, Certificate]) -> FoundFile:
        certificates = tuple(known[item] for item in answer["certificates"] if item in known)
        words = {word: answer[word] for word in ("path", "fact", "mode", "unread", "ended")}
        return cls(certificates=certificates, holds=tuple(answer["holds"]), **words)

    @property
    def directory(self) -> str:
        return posixpath.dirname(self.path)

    @property
    def leaves(self) -> tuple[Certificate, ...]:
        return tuple(item for item in self.certificates if not item.may_issue)

    @property
    def cas(self) -> tuple[Certificate, ...]:
        return tuple(item for item in self.certificates if item.may_issue)

    @property
    def holds_private_key(self) -> bool:
        return any(_PLAIN_KEY in item for item in self.holds)

    @property
    def is_of_cas(self) -> bool:
        return bool(self.cas) and not self.leaves and not self.holds_private_key

    def find_faults(self) -> Iterator[Reason]:
        """An encrypted key may lie open."""
        if _PLAIN_KEY in self.holds and self.mode & _OTHERS_MAY:
            fact = f"{self.path} holds a private key and has mode {self.mode:04o}: everybody on the host may use it"
            yield Reason("key_exposed", f"{fact}; run `chmod o-rwx` and have the certificate issued for a new key")


def find_in_files(
    answers: Iterable[Mapping[str, Any]], known: Mapping[str, Certificate], *, names: tuple[str, ...]
) -> tuple[list[Finding], list[Problem]]:
    """Findings in the order of the files, trust stores last, and what could not be read."""
    files = [FoundFile.from_answer(answer, known) for answer in answers]
    beside: dict[str, list[Certificate]] = {}
    for file in files:
        beside.setdefault(file.directory, []).extend(file.cas)
    stores = _find_trust_stores(files)
    findings = [
        finding
        for file in files
        if not (file.is_of_cas and file.directory in stores)
        for finding in _find_in_file(file, beside[file.directory], names=names)
    ]
    findings.extend(_find_cas(directory, cas) for directory, cas in stores.items())
    return findings, [problem for file in files for problem in _find_problems(file)]


def _find_in_file(file: FoundFile, beside: Iterable[Certificate], *, names: tuple[str, ...]) -> Iterator[Finding]:
    for leaf in file.leaves:
        yield Finding(
            source="file",
            certificates=tuple(dict.fromkeys((leaf, *file.cas, *beside))),
            path=file.path,
            names=names,
            faults=tuple(file.find_faults()),
            holds_private_key=file.holds_private_key,
        )
    if file.cas and not file.leaves:
        found = _find_cas(file.path, file.cas)
        yield replace(found, faults=tuple(file.find_faults()), holds_private_key=file.holds_private_key)


def _find_cas(path: str, cas: Iterable[Certificate]) -> Finding:
    return Finding("file", tuple(dict.fromkeys(cas)), path=path, holds_private_key=False, is_ca=True)


def _find_trust_stores(files: Iterable[FoundFile]) -> dict[str, list[Certificate]]:
    """By directory, the CAs of so many files that nobody wants to see each."""
    found: dict[str, list[FoundFile]] = {}
    for file in files:
        if file.is_of_cas:
            found.setdefault(file.directory, []).append(file)
    return {
        directory: [certificate for file in of_cas for certificate in file.cas]
        for directory, of_cas in found.items()
        if len(of_cas) > MANY_CAS
    }


def _find_problems(file: FoundFile) -> Iterator[Problem]:
    if file.certificates:
        return
    faults = tuple(file.find_faults())
    yield from (Problem(file.path, fault.code, fault.message) for fault in faults)
    keystore = next((item for item in file.holds if item in _KEYSTORES), None)
    if file.ended:
        yield Problem(file.path, "search_ended", f"{file.path} {file.ended}; name the directories below it")
    elif file.fact:
        way_out = "correct the path, or run with `become`"
        yield Problem(file.path, "file_unreadable", f"{file.path} {file.fact}; {way_out}")
    elif keystore and file.unread:
        fact = f"{file.path}, a {keystore} file, {file.unread}"
        way_out = _WAYS_IN.get(keystore, "pass keystore_passphrase, or look at it by `keytool -list -v -keystore FILE`")
        yield Problem(file.path, "keystore_unread", f"{fact}; {way_out}")
    elif not faults:
        others = f", only {', '.join(file.holds)}" if file.holds else ""
        yield Problem(file.path, "no_certificate", f"{file.path} holds no certificate{others}; name another path")
