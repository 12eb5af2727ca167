# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a declaration of services names on the controller: passphrases of keystores, whom a service trusts, and lists of
revocations."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import load_certificates
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError, TlsError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.keystore_passphrase import (
    NO_TEXT,
    KeystorePassphrase,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Problem
from ansible_collections.certwright.tls.plugins.plugin_utils._core.revocation_list import load_lists
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import PKCS12, TRUSTSTORE
from ansible_collections.certwright.tls.plugins.plugin_utils._remote import PipelinedAction, read_file
from ansible_collections.certwright.tls.plugins.plugin_utils._secrets import read_secret
from ansible_collections.certwright.tls.plugins.plugin_utils._services.presets import PRESETS

_VARIABLE = "CERTWRIGHT_KEYSTORE_PASSPHRASE"
_SALT_BYTES = 16


def read_service_files(action: PipelinedAction, name: str, services: Iterable[object]) -> tuple[object, ...]:
    """The same declarations with passphrases and trusted certificates in the place of files.

    What has another form than a declaration is passed on as it is: whoever reads it says so. Raises RefusedError:
    file_unreadable, passphrase_missing and what is wrong with a file of certificates, all of them together.
    """
    reader = _Reader(action, name)
    resolved = tuple(reader.read_entry(entry) for entry in services)
    if reader.problems:
        raise RefusedError.from_problems(reader.problems)
    return resolved


class _Reader:
    """The services of one certificate; what cannot be read is kept, to be told together."""

    def __init__(self, action: PipelinedAction, name: str) -> None:
        self.action, self.name = action, name
        self.problems: list[Problem] = []

    def read_entry(self, entry: object) -> object:
        if not isinstance(entry, Mapping):
            return entry
        return {
            kind: self._read_words(str(kind), words) if isinstance(words, Mapping) else words
            for kind, words in entry.items()
        }

    def _read_words(self, kind: str, words: Mapping[Any, Any]) -> dict[Any, Any]:
        has_keystores = kind in PRESETS and "passphrase" in PRESETS[kind].words
        read = self._read_passphrase(words, f"the service {kind} has keystores") if has_keystores else dict(words)
        if isinstance(words.get("files"), (list, tuple)):
            read["files"] = [self._read_file(file) if _is_keystore(file) else file for file in words["files"]]
        for word, load in _LOADERS.items():
            sources = words.get(f"{word}_src")
            if isinstance(sources, (str, list, tuple)) and sources:
                del read[f"{word}_src"]
                paths = [sources] if isinstance(sources, str) else sources
                given = [str(words[f"{word}_content"])] if words.get(f"{word}_content") else []
                read[f"{word}_content"] = "\n".join([*given, *(self._read_pem(str(path), load) for path in paths)])
        return read

    def _read_file(self, file: Mapping[Any, Any]) -> dict[Any, Any]:
        return self._read_passphrase(file, f"the file {file.get('name')} is a keystore")

    def _read_passphrase(self, words: Mapping[Any, Any], what: str) -> dict[Any, Any]:
        kept = {word: value for word, value in words.items() if word != "passphrase_src"}
        if isinstance(words.get("passphrase"), NO_TEXT):
            return kept
        try:
            text = read_secret(self.action, self.name, words, "passphrase", _VARIABLE)
        except RefusedError as error:
            self.problems.extend(error.problems)
            return kept
        if not text:
            fact = f"{what}, and there is no passphrase for it"
            way_out = f"say its `passphrase_src` or `passphrase`, or set {_VARIABLE}"
            self.problems.append(Problem(self.name, "passphrase_missing", f"{fact}; {way_out}"))
            return kept
        return {**kept, "passphrase": KeystorePassphrase(text, _make_salt())}

    def _read_pem(self, path: str, load: Callable[[bytes], str]) -> str:
        try:
            return load(read_file(self.action, path))
        except UnusableError as error:
            self.problems.append(Problem(self.name, error.code, f"{path}: {error.message}"))
        except TlsError as error:
            self.problems.append(Problem(self.name, "file_unreadable", str(error)))
        return ""


def _load_trust(content: bytes) -> str:
    return "".join(certificate.pem for certificate in load_certificates(content, "trust"))


def _load_crl(content: bytes) -> str:
    return "".join(item.pem for item in load_lists(content))


_LOADERS: Mapping[str, Callable[[bytes], str]] = {"trust": _load_trust, "crl": _load_crl}


def _is_keystore(file: object) -> bool:
    return isinstance(file, Mapping) and file.get("format") in (PKCS12, TRUSTSTORE)


@lru_cache(maxsize=1)
def _make_salt() -> bytes:
    """One for each process, so that a passphrase that all keystores of a host share is stretched once."""
    return os.urandom(_SALT_BYTES)
