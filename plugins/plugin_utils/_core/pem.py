# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the bytes an operator hands over to PEM blocks (RFC 7468), whatever an editor or `openssl` wrote around them."""

from __future__ import annotations

import base64
import binascii
import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import TlsError

MAXIMUM_BYTES = 1024 * 1024
_MARKER = re.compile(r"-----(BEGIN|END) ([A-Z0-9 ]{1,64})-----")
_LINE_END = re.compile(r"\r\n|\r|\n")

_KEYTOOL = "`keytool -importkeystore -srckeystore FILE -destkeystore FILE.p12 -deststoretype PKCS12`"
# What was handed over instead of PEM, by its first bytes, and the way out. {option} is the option's base name.
_LOOK_ALIKES = (
    (re.compile(rb"\s*\[\s*u?['\"]"), "it is a list written as text; join its parts to one text"),
    (re.compile(rb"\s*\$ANSIBLE_VAULT;"), "it is still encrypted by ansible-vault; pass the decrypted text"),
    (re.compile(rb"\xfe\xed\xfe\xed"), f"it is a Java keystore; convert it by {_KEYTOOL} and {{pkcs12}}"),
    (
        re.compile(rb"\x30(?:[\x00-\x80]|\x81.|\x82..|\x83...|\x84....)\x02\x01\x03\x30", re.DOTALL),
        "it is PKCS#12; convert it by {pkcs12}",
    ),
    (
        re.compile(rb"\x30[\x80-\x84].{0,4}\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02", re.DOTALL),
        "it is PKCS#7; convert it by `openssl pkcs7 -inform DER -print_certs -in FILE -out FILE.pem`",
    ),
    (re.compile(rb"\x30[\x00-\x84]"), "it is DER; convert it by {der}"),
    (re.compile(rb"[^-]*-{1,10}\s*BEGIN\b"), "its BEGIN line is damaged; it reads like `-----BEGIN CERTIFICATE-----`"),
    (re.compile(rb"\s*MI[A-Za-z0-9+/=\s\\]+\Z"), "it is base64 without its BEGIN and END lines; pass the whole file"),
    (re.compile(rb"\s*[^\n\0]{1,300}\.(?:pem|crt|cer|key|p12|pfx)\s*\Z"), "it is a path; {option}_src takes paths"),
)
_TO_PEM = {
    "private_key": {
        "der": "`openssl pkey -inform DER -in FILE -out FILE.pem`",
        "pkcs12": "`openssl pkcs12 -in FILE.p12 -nocerts -nodes -out FILE.pem`",
    }
}
_CERTIFICATE_TO_PEM = {
    "der": "`openssl x509 -inform DER -in FILE -out FILE.pem`",
    "pkcs12": "`openssl pkcs12 -in FILE.p12 -nokeys -out FILE.pem`",
}


class UnusableError(TlsError):
    """One input cannot be used. The message never holds bytes of the input."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Block:
    """One PEM block. `headers` are those of RFC 1421, which only encrypted keys of the old format carry."""

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
    _require_sensible_size(content, source)
    text = _decode(content)
    blocks = tuple(dict.fromkeys(_load_block(label, body, source) for label, body in _find_bodies(text, source)))
    if not blocks:
        raise UnusableError("not_pem", f"{describe_source(source)} is not PEM: {_explain(content, source)}")
    return blocks


def describe_source(source: str) -> str:
    """The input as the subject of a sentence."""
    return f"The {'CA' if source == 'ca' else source.replace('_', ' ')} input"


def _require_sensible_size(content: bytes, source: str) -> None:
    if not content.strip():
        raise UnusableError("input_empty", f"{describe_source(source)} is empty; pass its PEM text or file")
    if len(content) > MAXIMUM_BYTES:
        size = f"{len(content)} bytes long, more than {MAXIMUM_BYTES}"
        raise UnusableError("input_too_large", f"{describe_source(source)} is {size}; is it the right file?")


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


def _explain(content: bytes, source: str) -> str:
    commands = _TO_PEM.get(source, _CERTIFICATE_TO_PEM)
    for pattern, explanation in _LOOK_ALIKES:
        if pattern.match(content):
            return explanation.format(option=source, **commands)
    return "it has no line such as `-----BEGIN CERTIFICATE-----`; pass the text or file that the CA sent"
