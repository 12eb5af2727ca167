# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task wants of a CA, read once: words, files and secrets, with all of their faults together."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from ansible_collections.certwright.tls.plugins.plugin_utils._authority_import import Imported, load_imported
from ansible_collections.certwright.tls.plugins.plugin_utils._authority_rule_words import (
    load_crl_rule,
    load_fleet,
    load_waiver,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._authority_span import load_span
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.constraints import Constraints, load_constraints
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.rollover import Fleet
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.state import CrlRule, Waiver, normalize_fingerprint
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.subjects import load_subject
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError, TlsError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Problem
from ansible_collections.certwright.tls.plugins.plugin_utils._remote import PipelinedAction, read_file
from ansible_collections.certwright.tls.plugins.plugin_utils._secrets import read_secret

if TYPE_CHECKING:
    from cryptography import x509

ISSUING_VARIABLE, ROOT_VARIABLE = "CERTWRIGHT_CA_PASSPHRASE", "CERTWRIGHT_CA_ROOT_PASSPHRASE"
_DAY = timedelta(days=1)
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")
_FILES = ("certificate", "private_key", "chain", "root_certificate", "root_private_key")

Value = TypeVar("Value")


@dataclass(frozen=True)
class Making:
    """How new authorities are made; subjects are None where the task does not say them."""

    subject: x509.Name | None
    issuing_subject: x509.Name | None
    key_type: str
    life: timedelta
    issuing_life: timedelta
    with_issuing: bool
    path_length: int
    constraints: Constraints | None


@dataclass(frozen=True)
class Passphrases:
    """Empty where nobody gave one."""

    issuing: str = field(default="", repr=False)
    root: str = field(default="", repr=False)
    new_issuing: str = field(default="", repr=False)
    new_root: str = field(default="", repr=False)


@dataclass(frozen=True)
class Export:
    """`kind` is issuing or root, `path` a file of the controller."""

    kind: str
    path: str
    passphrase: str = field(repr=False)


@dataclass(frozen=True)
class RollOverWish:
    """The phase to get to, or empty."""

    step: str
    ahead: timedelta
    min_overlap: timedelta


@dataclass(frozen=True)
class AuthorityTask:
    """`crl` and `waivers` are None where what was said before counts; `accepted` is the digest of a loss."""

    path: str
    fingerprint: str
    may_create: bool
    making: Making
    passphrases: Passphrases
    imported: Imported | None
    request: bool
    export: Export | None
    backup_to: str
    backup_max_age: timedelta
    crl: CrlRule | None
    rollover: RollOverWish
    waivers: tuple[Waiver, ...] | None
    trusted: tuple[str, ...]
    fleet: Fleet
    anchors: tuple[Mapping[str, Any], ...]
    accepted: str
    reason: str

    @property
    def founds(self) -> bool:
        """Whether a CA is to be made where none is."""
        return self.may_create and (not self.fingerprint or self.imported is not None)


@dataclass(frozen=True)
class Question:
    """What is shown. Certificates by serial, name or host come with everything, all live ones as a list."""

    path: str
    fingerprint: str
    passphrase: str = field(repr=False)
    serials: tuple[str, ...]
    names: tuple[str, ...]
    hosts: tuple[str, ...]
    shows_live: bool
    ahead: timedelta
    backup_to: str
    max_age: timedelta


def read_task(action: PipelinedAction, arguments: Mapping[str, Any], *, now: datetime) -> AuthorityTask:
    """Raises RefusedError with all that is wrong; the subject of each problem is the directory."""
    path = str(arguments["path"])
    reader = _Reader(action, path, arguments)
    task = AuthorityTask(
        path=path,
        fingerprint=reader.read(lambda: _load_fingerprint(str(arguments["fingerprint"] or "")), ""),
        may_create=bool(arguments["create"]),
        making=_read_making(reader, arguments),
        passphrases=Passphrases(
            issuing=reader.read_passphrase("passphrase", ISSUING_VARIABLE),
            root=reader.read_passphrase("root_passphrase", ROOT_VARIABLE),
            new_issuing=reader.read_new_passphrase("new_passphrase"),
            new_root=reader.read_new_passphrase("new_root_passphrase"),
        ),
        imported=reader.read(reader.load_imported, None),
        request=bool(arguments["request"]),
        export=reader.read_export(),
        backup_to=str(arguments["backup_to"] or ""),
        backup_max_age=reader.read_span("backup_max_age"),
        crl=reader.read_crl(),
        rollover=RollOverWish(
            str(arguments["rollover"] or ""), reader.read_span("rollover_ahead"), reader.read_span("min_overlap")
        ),
        waivers=reader.read_waivers(now),
        trusted=tuple(str(host) for host in arguments["trusted"] or ()),
        fleet=load_fleet(arguments),
        anchors=tuple(
            {"number": int(item["number"]), **{word: str(item[word]) for word in ("hash", "seal", "host")}}
            for item in arguments["anchors"] or ()
        ),
        accepted=str(arguments["accept_restored"] or "").strip(),
        reason=str(arguments["reason"] or ""),
    )
    if reader.problems:
        raise RefusedError.from_problems(reader.problems)
    return task


def read_question(action: PipelinedAction, arguments: Mapping[str, Any]) -> Question:
    """What internal_ca_info is asked. Raises RefusedError as read_task() does."""
    path = str(arguments["path"])
    reader = _Reader(action, path, arguments)
    question = Question(
        path=path,
        fingerprint=reader.read(lambda: _load_fingerprint(str(arguments["fingerprint"] or "")), ""),
        passphrase=reader.read_passphrase("passphrase", ISSUING_VARIABLE),
        serials=tuple(_spell_serial(str(serial)) for serial in arguments["serials"] or ()),
        names=tuple(str(name) for name in arguments["names"] or ()),
        hosts=tuple(str(host) for host in arguments["hosts"] or ()),
        shows_live=bool(arguments["live"]),
        ahead=reader.read_span("rollover_ahead"),
        backup_to=str(arguments["backup_to"] or ""),
        max_age=reader.read_span("backup_max_age"),
    )
    if reader.problems:
        raise RefusedError.from_problems(reader.problems)
    return question


def _spell_serial(text: str) -> str:
    """As the ledger has it: hex, lower case, without colons and leading zeros."""
    return text.strip().lower().replace(":", "").removeprefix("0x").lstrip("0")


class _Reader:
    """Reads on after a fault, so that all of them are told at once."""

    def __init__(self, action: PipelinedAction, path: str, arguments: Mapping[str, Any]) -> None:
        self._action, self._path, self._arguments = action, path, arguments
        self.problems: list[Problem] = []

    def read(self, load: Callable[[], Value], otherwise: Value) -> Value:
        try:
            return load()
        except UnusableError as error:
            self.problems.append(Problem(self._path, error.code, error.message))
        except RefusedError as error:
            self.problems.extend(error.problems)
        except TlsError as error:
            self.problems.append(Problem(self._path, "file_unreadable", str(error)))
        return otherwise

    def read_passphrase(self, option: str, variable: str = "") -> str:
        return self.read(lambda: read_secret(self._action, self._path, self._arguments, option, variable), "")

    def read_new_passphrase(self, option: str) -> str:
        """An empty variable of a vault must not look like a rotation."""
        found = self.read_passphrase(option)
        if not found and (self._arguments.get(option) is not None or self._arguments.get(f"{option}_src")):
            fact = f"`{option}` is said and empty"
            way_out = "pass the new passphrase, or leave it out"
            self.problems.append(Problem(self._path, "passphrase_missing", f"{fact}; {way_out}"))
        return found

    def read_span(self, option: str, *, least: timedelta = timedelta()) -> timedelta:
        return self.read(lambda: load_span(str(self._arguments[option]), option, least=least), least)

    def read_subject(self, option: str) -> x509.Name | None:
        text = str(self._arguments[option] or "").strip()
        return self.read(lambda: load_subject(text), None) if text else None

    def read_export(self) -> Export | None:
        words = self._arguments["export"]
        if not words:
            return None
        secret = self.read(lambda: read_secret(self._action, self._path, words, "passphrase"), "")
        return Export(str(words["kind"]), str(words["path"]), secret)

    def read_crl(self) -> CrlRule | None:
        words = self._arguments["crl"]
        return self.read(lambda: load_crl_rule(words), None) if words else None

    def read_waivers(self, now: datetime) -> tuple[Waiver, ...] | None:
        given = self._arguments["waivers"]
        if given is None:
            return None
        return tuple(found for words in given if (found := self.read(lambda: load_waiver(words, now), None)))  # noqa: B023 - called at once

    def load_imported(self) -> Imported | None:
        contents = {word: self._read_content(word) for word in _FILES}
        if not any(contents.values()):
            return None
        words = ("private_key_passphrase", "root_private_key_passphrase")
        secrets = {word: read_secret(self._action, self._path, self._arguments, word) for word in words}
        return load_imported(contents, secrets)

    def _read_content(self, word: str) -> bytes:
        source = self._arguments[f"{word}_src"]
        if source:
            return read_file(self._action, str(source))
        return str(self._arguments[f"{word}_content"] or "").encode("utf-8", "surrogateescape")


def _read_making(reader: _Reader, arguments: Mapping[str, Any]) -> Making:
    with_issuing, path_length = bool(arguments["issuing"]), arguments["path_length"]
    return Making(
        subject=reader.read_subject("subject"),
        issuing_subject=reader.read_subject("issuing_subject"),
        key_type=str(arguments["key_type"]),
        life=reader.read_span("life", least=_DAY),
        issuing_life=reader.read_span("issuing_life", least=_DAY),
        with_issuing=with_issuing,
        path_length=int(with_issuing) if path_length is None else int(path_length),
        constraints=reader.read(lambda: _load_constraints(arguments["name_constraints"] or {}), None),
    )


def _load_constraints(words: Mapping[str, Any]) -> Constraints | None:
    kinds = ("permitted", "excluded")
    given = {kind: [*(words.get(f"{kind}_names") or ()), *(words.get(f"{kind}_addresses") or ())] for kind in kinds}
    return load_constraints({kind: [str(name) for name in names] for kind, names in given.items()})


def _load_fingerprint(text: str) -> str:
    digits = normalize_fingerprint(text)
    if digits and not _FINGERPRINT.fullmatch(digits):
        fact = "fingerprint is no SHA-256 of a certificate, which has 64 hexadecimal digits"
        raise UnusableError("fingerprint_invalid", f"{fact}; take it from the result of the task that made the CA")
    return digits
