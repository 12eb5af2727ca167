# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import subprocess
import time
import tracemalloc

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.der import find_files, scan
from ansible_collections.certwright.tls.tests.unit.authority import (
    Issued,
    build,
    ca,
    der,
    der_integer,
    encode_pkcs7,
    shared_key,
)

LEAF = ca().issue("a.example")
RSA = ca().issue("a.example", key=shared_key("RSA 2048"))
DSA = Issued(LEAF.certificate, shared_key("DSA 1024"), None)
BARE = Issued(build(LEAF.key, cn="Root", is_ca=None, usage=None, key_ids=False), LEAF.key, None)
OLD = "TraditionalOpenSSL"


def version_1() -> bytes:
    """A certificate without its version and, as it has none, without extensions."""
    signed = BARE.certificate.tbs_certificate_bytes
    content = signed.partition(bytes.fromhex("a003020102"))[2]
    return der(0x30, der(0x30, content), BARE.der.partition(signed)[2])


def open_ended(content: bytes) -> bytes:
    """The same SEQUENCE in BER, closed by a mark instead of measured by a length."""
    return b"\x30\x80" + content[4:] + b"\0\0"


def openssl(*arguments: str, text: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *arguments], input=text, capture_output=True, check=True).stdout


@pytest.mark.parametrize(
    ("content", "label"),
    [
        pytest.param(LEAF.der, "CERTIFICATE", id="certificate"),
        pytest.param(version_1(), "CERTIFICATE", id="certificate of version 1"),
        pytest.param(
            openssl("req", "-new", "-key", "/dev/stdin", "-subj", "/CN=a", "-outform", "DER", text=LEAF.key_pem),
            "CERTIFICATE REQUEST",
            id="request",
        ),
        pytest.param(
            der(
                0x30,
                der(0x30, der(0x02, b"\1"), der(0x30), der(0x30), der(0x17, b"260101000000Z")),
                der(0x30),
                der(3, b"\0"),
            ),
            "X509 CRL",
            id="revocation list",
        ),
        pytest.param(encode_pkcs7(LEAF), "PKCS7", id="PKCS#7"),
        pytest.param(open_ended(encode_pkcs7(LEAF)), "PKCS7", id="PKCS#7 without lengths"),
        pytest.param(LEAF.encode_pkcs12("secret"), "PKCS12", id="PKCS#12"),
        pytest.param(open_ended(LEAF.encode_pkcs12("secret")), "PKCS12", id="PKCS#12 without lengths"),
        pytest.param(LEAF.encode_key(encoding="DER"), "PRIVATE KEY", id="PKCS#8"),
        pytest.param(LEAF.encode_key("secret", encoding="DER"), "ENCRYPTED PRIVATE KEY", id="encrypted PKCS#8"),
        pytest.param(LEAF.encode_key(style=OLD, encoding="DER"), "EC PRIVATE KEY", id="SEC1"),
        pytest.param(RSA.encode_key(style=OLD, encoding="DER"), "RSA PRIVATE KEY", id="PKCS#1"),
        pytest.param(DSA.encode_key(style=OLD, encoding="DER"), "DSA PRIVATE KEY", id="DSA of old"),
        pytest.param(openssl("pkey", "-pubout", "-outform", "DER", text=LEAF.key_pem), "PUBLIC KEY", id="public key"),
    ],
)
def test_a_der_file_is_called_what_its_pem_is_called(content: bytes, label: str) -> None:
    assert find_files(content) == ((label, content),)


def test_files_may_stand_one_behind_the_other() -> None:
    key = LEAF.encode_key(encoding="DER")
    assert find_files(LEAF.der + key + b"\r\n\0") == (("CERTIFICATE", LEAF.der), ("PRIVATE KEY", key))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"hello", id="text"),
        pytest.param(LEAF.der[:-1], id="no end"),
        pytest.param(LEAF.der + b"more", id="more behind it"),
        pytest.param(LEAF.der + LEAF.der[:-1], id="second one without end"),
        pytest.param(open_ended(LEAF.encode_pkcs12("secret"))[:-2], id="no end mark"),
        pytest.param(der_integer(5), id="no SEQUENCE"),
        pytest.param(der(0x30, der(0x0C, b"a")), id="SEQUENCE of no known kind"),
        pytest.param(b"\x30\x82\x01", id="half a length"),
        pytest.param(b"\x3f\x81", id="half a tag"),
    ],
)
def test_what_is_no_such_file_has_no_name(content: bytes) -> None:
    assert find_files(content) == ()


SALT, ROUNDS, TEXT = der(0x04, b"salt"), der_integer(2048), b"long enough to be opened"
HELD, OPENED = der(0x30, der(0x0C, TEXT), ROUNDS), [(0x30, b""), (0x0C, TEXT), (2, b"\x08\0")]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(der(0x30, SALT, ROUNDS), [(0x30, b""), (4, b"salt"), (2, b"\x08\0")], id="plain"),
        pytest.param(
            b"\x30\x80" + SALT + ROUNDS + b"\0\0", [(0x30, b""), (4, b"salt"), (2, b"\x08\0")], id="without length"
        ),
        pytest.param(
            der(0x30, der(0x24, der(4, b"sa"), der(4, b"lt")), ROUNDS),
            [(0x30, b""), (4, b"sa"), (4, b"lt"), (2, b"\x08\0")],
            id="a string in chunks",
        ),
        pytest.param(
            der(4, HELD),
            [(4, HELD), *OPENED],
            id="an octet string that holds elements",
        ),
        pytest.param(der(4, HELD) + ROUNDS, [(4, HELD), (2, b"\x08\0"), *OPENED], id="one before something else"),
        pytest.param(
            der(0x24, der(4, HELD[:3]), der(4, HELD[3:])),
            [(4, HELD[:3]), (4, HELD[3:]), *OPENED],
            id="elements in chunks",
        ),
        pytest.param(
            SALT + der(4, HELD),
            [(4, b"salt"), (4, HELD), *OPENED],
            id="the second of two octet strings holds elements",
        ),
        pytest.param(der(4, der(0x30, ROUNDS)), [(4, der(0x30, ROUNDS))], id="an octet string too short to matter"),
        pytest.param(b"\x1f\x81\x01\x01a" + ROUNDS, [(0x1F, b"a"), (2, b"\x08\0")], id="a long tag"),
        pytest.param(ROUNDS + b"\x02\x05ab", [(2, b"\x08\0"), (2, b"ab")], id="cut in the middle"),
    ],
)
def test_everything_a_lenient_parser_could_see_is_seen(content: bytes, expected: list[tuple[int, bytes]]) -> None:
    assert list(scan(content)) == expected


def test_certificates_inside_a_container_are_not_opened() -> None:
    content = HELD
    for _depth in range(5):
        content = der(0x30, der(4, content))
    assert (2, b"\x08\0") not in list(scan(content))


def nested() -> bytes:
    content = b""
    for _depth in range(17):
        content = der(0x04, der(0x30, content, b"\x30\0" * 25_000))
    return content


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"\x30\x80" * 40_000, id="ever deeper"),
        pytest.param(b"\x30\0" * 40_000, id="many empty ones"),
        pytest.param(b"\x04\x01\x30" * 40_000, id="many octet strings"),
        pytest.param(b"\x02\x01\x30" * 40_000, id="many numbers"),
        pytest.param(b"\x1f" + b"\xff" * 500_000, id="a tag without end"),
        pytest.param(b"\x24\x80" * 40_000, id="chunks of chunks"),
        pytest.param(nested(), id="octet strings in octet strings"),
    ],
)
def test_hostile_input_costs_linear_time_and_memory(content: bytes) -> None:
    began = time.process_time()
    assert find_files(content) == ()
    for _element in scan(content):
        pass
    assert time.process_time() - began < 2
    tracemalloc.start()
    try:
        for _element in scan(content):
            pass
        assert tracemalloc.get_traced_memory()[1] < 64 * 2**20
    finally:
        tracemalloc.stop()
