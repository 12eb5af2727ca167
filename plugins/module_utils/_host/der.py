# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""DER (X.690) as far as it takes to tell what something is, and to take a PKCS#7 apart. The controller judges it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

_INTEGER, _BITS, _OCTETS, _OID, _SEQUENCE, _TAGGED = 0x02, 0x03, 0x04, 0x06, 0x30, 0xA0
_UTC_TIME, _GENERALIZED_TIME = 0x17, 0x18
_TIMES = {_UTC_TIME, _GENERALIZED_TIME}
_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
# Windows and browsers write PKCS#12 in BER, whose outer lengths are left open.
_PKCS12 = re.compile(rb"\x30(?:[\x00-\x80]|\x81.|\x82..|\x83...|\x84....)\x02\x01\x03\x30", re.DOTALL)
_JAVA_KEYSTORES = (b"\xfe\xed\xfe\xed", b"\xce\xce\xce\xce")


@dataclass(frozen=True)
class Element:
    """One tag with its content; `whole` is both as they stand in the file."""

    tag: int
    content: bytes = field(repr=False)
    whole: bytes = field(repr=False)


def find_elements(content: bytes) -> Iterator[Element]:
    """One after the other; ends before the first that is not DER or not complete."""
    start = 0
    while start + 2 <= len(content):
        body, length = start + 2, content[start + 1]
        if length > 0x84 or length == 0x80:
            return
        if length > 0x80:
            body += length - 0x80
            length = int.from_bytes(content[start + 2 : body], "big")
        end = body + length
        if end > len(content):
            return
        yield Element(content[start], content[body:end], content[start:end])
        start = end


def is_certificate(content: bytes) -> bool:
    """Whether it is one element in the shape of a certificate (RFC 5280 4.1), which a key never has."""
    outer = tuple(islice(find_elements(content), 2))
    parts = _children(outer[0], 4) if outer and outer[0].whole == content else ()
    if _tags(parts) != [_SEQUENCE, _SEQUENCE, _BITS]:
        return False
    inner = [part for part in _children(parts[0], 7) if part.tag != _TAGGED]
    if _tags(inner[:6]) != [_INTEGER, *[_SEQUENCE] * 5]:
        return False
    return set(_tags(_children(inner[3], 3))) <= _TIMES and _tags(_children(inner[5], 3)) == [_SEQUENCE, _BITS]


def find_public_key(content: bytes) -> bytes:
    """The subjectPublicKeyInfo of a certificate (RFC 5280 4.1.2.7); empty of what is none."""
    parts = _parts_of_certificate(content)
    return parts[5].whole if parts else b""


def find_serial(content: bytes) -> str:
    """The serial number of a certificate in hex; empty of what is none."""
    parts = _parts_of_certificate(content)
    return f"{int.from_bytes(parts[0].content, 'big', signed=True):x}" if parts else ""


def find_end(content: bytes) -> str:
    """When a certificate ends, as every document of the store spells it (UTC); empty of what is none."""
    parts = _parts_of_certificate(content)
    if not parts:
        return ""
    found = _children(parts[3], 2)[-1]
    digits = found.content.decode("ascii", "replace").rstrip("Z")
    if found.tag == _UTC_TIME:  # two digits of the year, from 1950 on (RFC 5280 4.1.2.5.1)
        digits = f"{'19' if digits >= '50' else '20'}{digits}"
    year, month, day, hour, minute, second = (digits[:4], *(digits[at : at + 2] for at in range(4, 14, 2)))
    return f"{year}-{month}-{day}T{hour}:{minute}:{second}Z"


def _parts_of_certificate(content: bytes) -> list[Element]:
    """serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo; nothing of what is none."""
    if not is_certificate(content):
        return []
    (outer,) = find_elements(content)
    return [part for part in _children(_children(outer, 1)[0], 7) if part.tag != _TAGGED]


def describe_binary(content: bytes) -> str:
    """What a file without PEM is by its shape, in words; "" when it is nothing that we know."""
    if content.startswith(_JAVA_KEYSTORES):
        return "Java keystore"
    if _PKCS12.match(content):
        return "PKCS#12"
    for element in find_elements(content):
        label = find_key_label(element)
        if label:
            return "encrypted private key" if label.startswith("ENCRYPTED") else "private key"
        return "PKCS#7" if _tags(_children(element, 3)) == [_OID, _TAGGED] else ""
    return ""


def find_key_label(element: Element) -> str:
    """The PEM label of a private key (RFC 5958, 8017, 5915), by its shape; "" when it is none."""
    inner = _tags(_children(element, 10))
    if inner[:3] == [_INTEGER, _SEQUENCE, _OCTETS]:
        return "PRIVATE KEY"
    if inner[:2] == [_INTEGER, _OCTETS]:
        return "EC PRIVATE KEY"
    if inner == [_INTEGER] * 9:
        return "RSA PRIVATE KEY"
    return "ENCRYPTED PRIVATE KEY" if inner == [_SEQUENCE, _OCTETS] else ""


def find_pkcs7_certificates(content: bytes) -> Iterator[bytes]:
    """What stands where SignedData has its certificates (RFC 5652 5.1)."""
    outer = [part for whole in islice(find_elements(content), 1) for part in _children(whole, 2)]
    if _tags(outer) != [_OID, _TAGGED] or outer[0].content != _SIGNED_DATA:
        return
    for signed_data in _children(outer[1], 1):
        for part in _children(signed_data, 4):
            if part.tag == _TAGGED:
                yield from (element.whole for element in find_elements(part.content))


def _children(element: Element, count: int) -> tuple[Element, ...]:
    return tuple(islice(find_elements(element.content), count))


def _tags(elements: Iterable[Element]) -> list[int]:
    return [element.tag for element in elements]
