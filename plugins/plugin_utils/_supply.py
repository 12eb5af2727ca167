# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Supplied material as it comes in task arguments; files are read on the controller, secrets from where they are."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.bundle import Material
from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import Certificate, load_anchors
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError, TlsError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.passphrase import Passphrase
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pkcs12 import load_base64
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Problem
from ansible_collections.certwright.tls.plugins.plugin_utils._remote import PipelinedAction, read_file
from ansible_collections.certwright.tls.plugins.plugin_utils._secrets import read_variable

# What counts where an option and its file are both left out, and with _SRC behind it the name of a file.
_ENVIRONMENT = {
    "private_key": "CERTWRIGHT_PRIVATE_KEY",
    "private_key_passphrase": "CERTWRIGHT_PRIVATE_KEY_PASSPHRASE",
    "pkcs12": "CERTWRIGHT_PKCS12",
    "pkcs12_passphrase": "CERTWRIGHT_PKCS12_PASSPHRASE",
}


class Supply:
    """The material of one certificate, read part by part; what cannot be read is kept, to be told together."""

    def __init__(self, action: PipelinedAction, name: str, arguments: Mapping[str, Any]) -> None:
        self.action, self.name, self.arguments = action, name, arguments
        self.problems: list[Problem] = []

    def read_material(self) -> Material:
        """All files that cannot be read are named together. Raises RefusedError."""
        certificate, ca, pkcs12 = self._read("certificate"), self._read("ca"), self._read("pkcs12")
        private_key = self._read("private_key")
        if not self._is_given("pkcs12", "private_key"):
            # With a certificate the variable of the key is meant, else that of the PKCS#12
            wanted = "private_key" if self._is_given("certificate") else "pkcs12"
            fallback = self._read_environment(wanted)
            private_key, pkcs12 = (fallback, None) if wanted == "private_key" else (None, fallback)
        material = Material(
            name=self.name,
            certificate=certificate,
            private_key=private_key,
            ca=ca,
            pkcs12=pkcs12,
            passphrase=self._read_passphrase("private_key_passphrase"),
            pkcs12_passphrase=self._read_passphrase("pkcs12_passphrase"),
        )
        self._require_readable()
        return material

    def read_source(self) -> dict[str, str | None]:
        """Paths on the host, and the passphrases that it needs there; these are read here. Raises RefusedError."""
        passphrases = {
            "passphrase": self._read_passphrase("private_key_passphrase"),
            "pkcs12_passphrase": self._read_passphrase("pkcs12_passphrase"),
        }
        self._require_readable()
        paths = {part: self.arguments.get(f"{part}_src") for part in ("certificate", "private_key", "ca", "pkcs12")}
        return {
            **{part: None if path is None else str(path) for part, path in paths.items()},
            **{word: None if found is None else found.text for word, found in passphrases.items()},
        }

    def _require_readable(self) -> None:
        if self.problems:
            raise RefusedError.from_problems(self.problems)

    def _is_given(self, *parts: str) -> bool:
        words = [f"{part}_{form}" for part in parts for form in ("src", "content")]
        return any(self.arguments.get(word) is not None for word in words)

    def _read(self, part: str) -> bytes | None:
        source = self.arguments.get(f"{part}_src")
        content = self.arguments.get(f"{part}_content")
        if source is not None:
            return self._attempt(lambda: read_file(self.action, str(source)))
        return None if content is None else self._attempt(lambda: self._load_text(part, str(content)))

    def _attempt(self, load: Callable[[], bytes]) -> bytes | None:
        try:
            return load()
        except UnusableError as error:
            self.problems.append(Problem(self.name, error.code, error.message))
        except TlsError as error:
            self.problems.append(Problem(self.name, "file_unreadable", str(error)))
        return None

    def _read_environment(self, part: str) -> bytes | None:
        text = self._read_variable(part)
        return self._attempt(lambda: self._load_text(part, text)) if text else None

    def _read_variable(self, part: str) -> str:
        try:
            return read_variable(self.action, _ENVIRONMENT[part])
        except TlsError as error:
            self.problems.append(Problem(self.name, "file_unreadable", str(error)))
            return ""

    def _load_text(self, part: str, text: str) -> bytes:
        return load_base64(text) if part == "pkcs12" else text.encode("utf-8", "surrogateescape")

    def _read_passphrase(self, option: str) -> Passphrase | None:
        """A file wins over the option, both over the environment. One line end at its end is not part of it."""
        source, given = self.arguments.get(f"{option}_src"), self.arguments.get(option)
        if source is not None:
            try:
                content = read_file(self.action, str(source))
            except TlsError as error:
                self.problems.append(Problem(self.name, "file_unreadable", str(error)))
                return None
            return Passphrase(_without_line_end(content.decode("utf-8", "surrogateescape")))
        if given:  # a survey's field that was left empty says nothing
            return Passphrase(_without_line_end(str(given)))
        found = self._read_variable(option)
        return Passphrase(_without_line_end(found), is_declared=False) if found else None


def _without_line_end(text: str) -> str:
    """An editor's, which is not part of a passphrase; blanks and further line ends are."""
    return text.removesuffix("\n").removesuffix("\r")


@lru_cache(maxsize=1)
def read_anchors() -> tuple[Certificate, ...]:
    """The controller's trust store, read once a process; empty where there is none."""
    path = ssl.get_default_verify_paths().cafile
    for candidate in (path, "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"):
        try:
            with open(candidate or "", "rb") as file:
                return load_anchors(file.read())
        except (OSError, TlsError):
            continue
    return ()
