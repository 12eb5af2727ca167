# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""PEM (RFC 7468) as it lies on hosts: whatever an editor or a program wrote around, between and into its blocks."""

from __future__ import annotations

import base64
import binascii
import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_MARKER = re.compile(r"-----(BEGIN|END) ([A-Z0-9 ]{1,64})-----")
_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class Block:
    """One block. It is damaged when `content` is empty: no base64, or no end. `headers` are those of RFC 1421."""

    label: str
    content: bytes = field(default=b"", repr=False)
    headers: tuple[str, ...] = field(default=(), repr=False)

    @property
    def is_encrypted(self) -> bool:
        return self.label.startswith("ENCRYPTED") or any("ENCRYPTED" in header for header in self.headers)

    @property
    def text(self) -> str:
        """The block in one spelling: LF, 64 columns, a line end at the end."""
        body = base64.b64encode(self.content).decode("ascii")
        lines = [body[start : start + 64] for start in range(0, len(body), 64)]
        heading = [*self.headers, ""] if self.headers else []
        return "\n".join([f"-----BEGIN {self.label}-----", *heading, *lines, f"-----END {self.label}-----", ""])


def load_blocks(content: bytes) -> tuple[Block, ...]:
    """All blocks in their order, each once; empty when it is not PEM."""
    return tuple(dict.fromkeys(_load_block(label, body) for label, body in _find_bodies(_decode(content))))


def _decode(content: bytes) -> str:
    """Latin-1 never fails and PEM itself is ASCII; Windows editors also save UTF-16 with a byte order mark."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", errors="replace")
    return content.decode("latin-1")


def _find_bodies(text: str) -> Iterator[tuple[str, str]]:
    """One pass over all markers: a pattern that spans a block takes quadratic time on many BEGIN without END."""
    opening: re.Match[str] | None = None
    for marker in _MARKER.finditer(text):
        kind, label = marker.groups()
        closes = kind == "END" and opening is not None and opening[2] == label
        if opening is not None:
            yield opening[2], text[opening.end() : marker.start()] if closes else ""
        opening = marker if kind == "BEGIN" else None
    if opening is not None:
        yield opening[2], ""


def _load_block(label: str, body: str) -> Block:
    lines = [line.strip() for line in _LINE_END.split(body)]
    headers = tuple(line for line in lines if ":" in line)
    encoded = "".join("".join(line.split()) for line in lines if ":" not in line)
    try:
        return Block(label, base64.b64decode(encoded, validate=True), headers)
    except (binascii.Error, ValueError):
        return Block(label)
