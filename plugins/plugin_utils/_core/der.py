# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which kind of thing a DER or BER file holds, and what elements it has; nothing in here interprets a value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

INTEGER, OCTET_STRING, OBJECT_IDENTIFIER = 0x02, 0x04, 0x06
_END_MARK, _SEQUENCE, _CONSTRUCTED, _LONG_TAG = 0x00, 0x30, 0x20, 0x1F
# RFC 7292 nests its container twice in octet strings; what lies deeper are certificates.
_MAXIMUM_DEPTH = 2
# Nothing that asks for work is shorter; crumbs would cost time only.
_MINIMUM_SIZE = 20

# The label that PEM would have, by the tags of the elements of the outer SEQUENCE.
_LABELS = (
    (re.compile(rb"\x02\x30\x04"), "PRIVATE KEY"),
    (re.compile(rb"\x30\x04\Z"), "ENCRYPTED PRIVATE KEY"),
    (re.compile(rb"\x02{9}"), "RSA PRIVATE KEY"),
    (re.compile(rb"\x02{6}\Z"), "DSA PRIVATE KEY"),
    (re.compile(rb"\x02\x04"), "EC PRIVATE KEY"),
    (re.compile(rb"\x30\x03\Z"), "PUBLIC KEY"),
    (re.compile(rb"\x06\xa0\Z"), "PKCS7"),
    (re.compile(rb"\x02\x30\x30?\Z"), "PKCS12"),
)
# A certificate, a request and a revocation list are all signed: they differ in the tags one level below.
_SIGNED = re.compile(rb"\x30\x30\x03\Z")
_SIGNED_LABELS = (
    (re.compile(rb"\x02\x30\x30\xa0?\Z"), "CERTIFICATE REQUEST"),
    (re.compile(rb"\x02?\x30\x30[\x17\x18]"), "X509 CRL"),
    (re.compile(b""), "CERTIFICATE"),
)


class _Element(NamedTuple):
    """`length` is None when it is open (BER): it goes on until its end mark."""

    tag: int
    start: int
    content: int
    length: int | None

    @property
    def is_constructed(self) -> bool:
        return bool(self.tag & _CONSTRUCTED) or self.length is None

    @property
    def end(self) -> int:
        return self.content + (self.length or 0)


def find_files(content: bytes) -> tuple[tuple[str, bytes], ...]:
    """The files one behind the other, each with the label of its PEM; none at all when any byte belongs to no file."""
    found: list[tuple[str, bytes]] = []
    at = 0
    for element, end in _split(content, 0, len(content)):
        label = _find_label(content, element, end)
        if label is None:
            return ()
        found.append((label, content[at:end]))
        at = end
    return () if content[at:].strip(b"\0\t\r\n ") else tuple(found)


def scan(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and content of all elements, octet strings that hold a SEQUENCE opened; constructed ones have no content.

    It sees at least what any lenient parser sees, so that a limit kept here is kept there. Linear in time and memory.
    """
    yield from _scan(content, 0)


def _scan(content: bytes, depth: int) -> Iterator[tuple[int, bytes]]:
    files: list[bytes] = []
    strings: list[bytes] = []
    for element in _walk(content, 0):
        value = b"" if element.is_constructed else content[element.content : element.end]
        if element.tag in (_END_MARK, OCTET_STRING | _CONSTRUCTED):
            continue  # A string in chunks (BER) is known by its chunks
        if element.tag == OCTET_STRING:
            strings.append(value)
        else:
            files.extend(_join(strings))
            strings.clear()
        yield element.tag, value
    files.extend(_join(strings))
    for file in files if depth < _MAXIMUM_DEPTH else ():
        yield from _scan(file, depth + 1)


def _join(strings: Sequence[bytes]) -> list[bytes]:
    """Neighbours may be chunks of one string, or strings of their own."""
    files = (b"".join(strings), *strings[1:]) if strings else ()
    return [file for file in files if len(file) >= _MINIMUM_SIZE and file[0] == _SEQUENCE]


def _walk(content: bytes, start: int) -> Iterator[_Element]:
    """Every element in the order of its first byte, as far as the encoding holds."""
    element = _read_element(content, start)
    while element:
        yield element
        element = _read_element(content, element.content if element.is_constructed else element.end)


def _read_element(content: bytes, start: int) -> _Element | None:
    try:
        at = start + 1
        if content[start] & _LONG_TAG == _LONG_TAG:
            while content[at] & 0x80:
                at += 1
            at += 1
        size, at = content[at], at + 1
    except IndexError:
        return None
    if size == 0x80:
        return _Element(content[start], start, at, None)
    if size & 0x80:
        size, at = int.from_bytes(content[at : at + (size & 0x7F)], "big"), at + (size & 0x7F)
    return _Element(content[start], start, at, size)


def _split(content: bytes, start: int, end: int) -> Iterator[tuple[_Element, int]]:
    """The elements side by side, each with its end, up to the first that does not end within."""
    while start < end:
        element = _read_element(content, start)
        start = _find_end(content, element) if element else end + 1
        if element is None or start > end:
            return
        yield element, start


def _find_end(content: bytes, element: _Element) -> int:
    """Beyond the content for an element that has no end."""
    if element.length is not None:
        return element.end
    depth = 0
    for inner in _walk(content, element.start):
        depth += (inner.length is None) - (inner.tag == _END_MARK)
        if depth == 0:
            return inner.end
    return len(content) + 1


def _find_label(content: bytes, element: _Element, end: int) -> str | None:
    tags = _list_tags(content, element, end)
    if not _SIGNED.match(tags):
        return next((label for pattern, label in _LABELS if pattern.match(tags)), None)
    first, first_end = next(_split(content, element.content, end))
    inner = _list_tags(content, first, first_end)
    return next(label for pattern, label in _SIGNED_LABELS if pattern.match(inner))


def _list_tags(content: bytes, element: _Element, end: int) -> bytes:
    """The tags inside a SEQUENCE, as many as tell; of anything else none."""
    inside = islice(_split(content, element.content, end), 10 if element.tag == _SEQUENCE else 0)
    return bytes(found.tag for found, _end in inside if found.tag != _END_MARK)
