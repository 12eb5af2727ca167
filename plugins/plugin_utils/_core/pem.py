# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the bytes an operator hands over to blocks: DER, or PEM (RFC 7468) whatever an editor wrote around it."""

from __future__ import annotations

import base64
import binascii
import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ansible_collections.certwright.tls.plugins.plugin_utils._core.der import find_files
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import TlsError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.look_alikes import explain

MAXIMUM_BYTES = 1024 * 1024
_MARKER = re.compile(r"-----(BEGIN|END) ([A-Z0-9 #]{1,64})-----")
_PROPER_NAMES = {"ca": "CA", "pkcs12": "PKCS#12"}
_LINE_END = re.compile(r"\r\n|\r|\n")


class UnusableError(TlsError):
    """One input cannot be used. The message never holds bytes of the input."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Block:
    """One PEM block, or a DER file under the label it would have.

    `headers` are those of RFC 1421, which only encrypted keys of the old format carry.
    """

    label: str
    content: bytes = field(repr=False)
    headers: tuple[str, ...] = field(default=(), repr=False)

    @property
    def text(self) -> str:
        """The block in one spelling: LF, 64 columns, a line end at the end."""
        body = base64.b64encode(self.content).decode("ascii")
        lines = [body[start : start + 64] for start in range(0, len(body), 64)]
        heading = [*self.headers, ""] if self.headers else []
        return "\n".join([f"-----BEGIN {self.label}-----", *heading, *lines, f"-----END {self.label}-----", ""])


def load_blocks(content: bytes, source: str) -> tuple[Block, ...]:
    """All blocks of a file in their order, each once; text around them is dropped.

    `source` is the option's base name (certificate, private_key, ca); raises UnusableError with the codes
    input_empty, input_too_large, not_pem, pem_truncated, pem_damaged.
    """
    require_sensible_size(content, source)
    blocks = _load_files(content, source) or _load_text(content, source)
    if not blocks:
        raise _not_pem(source, explain(content, source))
    return blocks


def require_sensible_size(content: bytes, source: str) -> None:
    """Raises UnusableError with the codes input_empty, input_too_large."""
    if not content.strip():
        way_out = f"pass the file as {source}_src or what is in it as {source}_content"
        raise UnusableError("input_empty", f"{describe_source(source)} is empty; {way_out}")
    if len(content) > MAXIMUM_BYTES:
        size = f"{len(content)} bytes long, more than {MAXIMUM_BYTES}"
        raise UnusableError("input_too_large", f"{describe_source(source)} is {size}; is it the right file?")


def describe_source(source: str) -> str:
    """The input as the subject of a sentence."""
    return f"The {_PROPER_NAMES.get(source, source.replace('_', ' '))} input"


def _load_files(content: bytes, source: str) -> tuple[Block, ...]:
    blocks = tuple(dict.fromkeys(Block(label, file) for label, file in find_files(content)))
    if any(block.label == "PKCS12" for block in blocks):
        raise _not_pem(source, "it is PKCS#12; pass it as pkcs12_src, which takes certificate, key and chain from it")
    return blocks


def _not_pem(source: str, explanation: str) -> UnusableError:
    return UnusableError("not_pem", f"{describe_source(source)} is neither PEM nor DER: {explanation}")


def _load_text(content: bytes, source: str) -> tuple[Block, ...]:
    bodies = _find_bodies(_decode(content), source)
    return tuple(dict.fromkeys(_load_block(label, body, source) for label, body in bodies))


def _decode(content: bytes) -> str:
    """Latin-1 never fails and PEM itself is ASCII; Windows editors also save UTF-16 with a byte order mark."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", errors="replace")
    return content.decode("latin-1")


def _find_bodies(text: str, source: str) -> Iterator[tuple[str, str]]:
    """One pass over all markers: a pattern that spans a block takes quadratic time on many BEGIN without END."""
    opening: re.Match[str] | None = None
    for marker in _MARKER.finditer(text):
        kind, label = marker.groups()
        if kind == "BEGIN" and opening is None:
            opening = marker
            continue
        if kind == "BEGIN" or opening is None or opening[2] != label:
            raise _truncated(source, f"the line `{marker[0]}` has no partner")
        yield label, text[opening.end() : marker.start()]
        opening = None
    if opening is not None:
        raise _truncated(source, f"the line `-----END {opening[2]}-----` is missing")


def _truncated(source: str, fact: str) -> UnusableError:
    return UnusableError("pem_truncated", f"{describe_source(source)} is truncated: {fact}; pass the whole file")


def _load_block(label: str, body: str, source: str) -> Block:
    lines = [line.strip() for line in _LINE_END.split(body)]
    headers = tuple(line for line in lines if ":" in line)
    encoded = "".join("".join(line.split()) for line in lines if ":" not in line)
    try:
        content = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        content = b""
    if not content:
        fact = f"the text of its {label} block is not base64"
        raise UnusableError(
            "pem_damaged", f"{describe_source(source)} is damaged: {fact}; pass the file as it was issued"
        )
    return Block(label, content, headers)
