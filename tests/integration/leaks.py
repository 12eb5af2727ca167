# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds key material of the tests in anything that a run left or said, whole or in pieces."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization

# A piece this long does not occur by chance, and is far shorter than the 64 characters of a line of PEM.
PIECE = 24
_RUNS = re.compile(rb"[A-Za-z0-9+/]{%d,}" % PIECE)
_FORMATS = (serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL)


class SecretScanner:
    """Keeps pieces of every secret: base64 and hexadecimal of a key in both of its formats, and plain passphrases.

    A private key's encoding holds the public key too; pieces that a certificate may show are no secret.
    """

    def __init__(self) -> None:
        self._pieces: set[bytes] = set()
        self._public: set[bytes] = set()
        self._words: set[bytes] = set()

    def add_key(self, key: Any, *, also: Iterable[bytes] = ()) -> None:
        """`also` are further PEM encodings of it, encrypted ones for example."""
        for form in _FORMATS:
            der = key.private_bytes(serialization.Encoding.DER, form, serialization.NoEncryption())
            self._add_der(der)
        for pem in also:
            self._add_der(base64.b64decode(b"".join(line for line in pem.splitlines() if b"-" not in line)))

    def add_public(self, der: bytes) -> None:
        for shift in range(3):
            self._public.update(_pieces(base64.b64encode(b"\0" * shift + der)))
        self._public.update(_pieces(der.hex().encode()))

    def add_word(self, word: str) -> None:
        self._words.add(word.encode())

    def _add_der(self, der: bytes) -> None:
        self._pieces.update(_pieces(base64.b64encode(der)))
        self._pieces.update(_pieces(der.hex().encode()))

    def find(self, content: bytes) -> list[str]:
        """The pieces that are there; empty when nothing leaked."""
        secret = self._pieces - self._public
        found = {piece for form in _spellings(content) for piece in _pieces(form) if piece in secret}
        found.update(word for word in self._words if word in content)
        return sorted(piece.decode() for piece in found)

    def find_in_tree(self, root: Path, *, spared: Iterable[Path] = ()) -> dict[str, list[str]]:
        """By file, what leaked into it. What is spared may hold keys: it is where they belong."""
        places = tuple(spared)
        found = {
            str(path.relative_to(root)): self.find(path.read_bytes())
            for path in sorted(root.rglob("*"))
            if path.is_file() and not path.is_symlink() and not any(path.is_relative_to(place) for place in places)
        }
        return {name: pieces for name, pieces in found.items() if pieces}


def _spellings(content: bytes) -> Iterator[bytes]:
    """As it is, with upper-case hexadecimal made lower, and with the line ends of PEM (also escaped ones) taken out."""
    yield content
    yield content.lower()
    yield re.sub(rb"(\\r|\\n|\r|\n)+", b"", content)


def _pieces(content: bytes) -> Iterator[bytes]:
    for run in _RUNS.findall(content):
        for start in range(len(run) - PIECE + 1):
            yield run[start : start + PIECE]
