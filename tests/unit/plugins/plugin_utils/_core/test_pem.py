# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import time

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import (
    MAXIMUM_BYTES,
    Block,
    UnusableError,
    describe_source,
    load_blocks,
)
from ansible_collections.certwright.tls.tests.unit.authority import ca

CONTENT = bytes(range(100))
BLOCK = Block("CERTIFICATE", CONTENT)
TEXT = BLOCK.text.encode()
BEGIN, END = b"-----BEGIN CERTIFICATE-----", b"-----END CERTIFICATE-----"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(TEXT, id="as openssl writes it"),
        pytest.param(TEXT.replace(b"\n", b"\r\n"), id="line ends of Windows"),
        pytest.param(TEXT.replace(b"\n", b"\r"), id="line ends of old Macs"),
        pytest.param(TEXT.replace(b"\n", b"\n    "), id="indented by YAML"),
        pytest.param(TEXT.replace(b"\n", b" "), id="folded to one line by YAML"),
        pytest.param(TEXT.rstrip(), id="no line end at the end"),
        pytest.param(b"\xef\xbb\xbf" + TEXT, id="UTF-8 with a byte order mark"),
        pytest.param(TEXT.decode().encode("utf-16"), id="UTF-16 as Notepad calls Unicode"),
        pytest.param(
            b"Bag Attributes\n    friendlyName: caf\xe9\nsubject=CN = a\n" + TEXT + b"regards\n", id="text around"
        ),
        pytest.param(TEXT + TEXT, id="the same block twice"),
        pytest.param(b"\n".join([BEGIN, base64.b64encode(CONTENT), END]), id="base64 in one long line"),
    ],
)
def test_one_block_is_read_from_every_spelling(content: bytes) -> None:
    assert load_blocks(content, "certificate") == (BLOCK,)


def test_blocks_keep_their_order_and_their_kinds() -> None:
    other = Block("EC PARAMETERS", b"\x06\x01")
    assert load_blocks((other.text + BLOCK.text).encode(), "private_key") == (other, BLOCK)


def test_the_text_of_a_block_has_64_columns_and_ends_with_a_line_end() -> None:
    lines = BLOCK.text.split("\n")
    assert [len(line) for line in lines] == [27, 64, 64, 8, 25, 0]


def test_the_label_of_an_old_pkcs7_has_a_number_sign() -> None:
    block = Block("PKCS #7 SIGNED DATA", CONTENT)
    assert load_blocks(block.text.encode(), "certificate") == (block,)


def test_the_headers_of_an_old_encrypted_key_survive() -> None:
    headers = ("Proc-Type: 4,ENCRYPTED", "DEK-Info: AES-256-CBC,00112233445566778899AABBCCDDEEFF")
    block = Block("RSA PRIVATE KEY", CONTENT, headers)
    assert load_blocks(block.text.replace("\n", "\r\n").encode(), "private_key") == (block,)


@pytest.mark.parametrize(
    ("content", "code", "message"),
    [
        pytest.param(
            b" \r\n",
            "input_empty",
            "The CA input is empty; pass the file as ca_src or what is in it as ca_content",
            id="empty",
        ),
        pytest.param(
            b"x" * (MAXIMUM_BYTES + 1),
            "input_too_large",
            "The CA input is 1048577 bytes long, more than 1048576; is it the right file?",
            id="too large",
        ),
        pytest.param(
            TEXT[:60],
            "pem_truncated",
            "The CA input is truncated: the line `-----END CERTIFICATE-----` is missing; pass the whole file",
            id="no end",
        ),
        pytest.param(
            TEXT[30:],
            "pem_truncated",
            "The CA input is truncated: the line `-----END CERTIFICATE-----` has no partner; pass the whole file",
            id="no beginning",
        ),
        pytest.param(
            TEXT[:60] + b"\n" + TEXT,
            "pem_truncated",
            "The CA input is truncated: the line `-----BEGIN CERTIFICATE-----` has no partner; pass the whole file",
            id="second begins inside the first",
        ),
        pytest.param(
            TEXT.replace(b"END CERTIFICATE", b"END PRIVATE KEY"),
            "pem_truncated",
            "The CA input is truncated: the line `-----END PRIVATE KEY-----` has no partner; pass the whole file",
            id="ends as another kind",
        ),
        pytest.param(
            TEXT.replace(b"AAEC", b"AA*C"),
            "pem_damaged",
            "The CA input is damaged: the text of its CERTIFICATE block is not base64; pass the file as it was issued",
            id="bad base64",
        ),
        pytest.param(
            BEGIN + b"\n" + END,
            "pem_damaged",
            "The CA input is damaged: the text of its CERTIFICATE block is not base64; pass the file as it was issued",
            id="empty block",
        ),
    ],
)
def test_a_damaged_input_is_refused_with_the_fact_and_the_way_out(content: bytes, code: str, message: str) -> None:
    with pytest.raises(UnusableError) as refused:
        load_blocks(content, "ca")
    assert (refused.value.code, refused.value.message) == (code, message)


def test_der_comes_as_the_block_that_pem_would_have() -> None:
    leaf = ca().issue("a.example")
    key = leaf.encode_key(encoding="DER")
    expected = (Block("CERTIFICATE", leaf.der), Block("PRIVATE KEY", key))
    assert load_blocks(leaf.der + key + leaf.der + b"\r\n", "certificate") == expected


@pytest.mark.parametrize(
    ("content", "source", "explanation"),
    [
        pytest.param(
            ca().encode_pkcs12("secret"),
            "ca",
            "it is PKCS#12; pass it as pkcs12_src, which takes certificate, key and chain from it",
            id="PKCS#12",
        ),
        pytest.param(
            b"hello",
            "certificate",
            "it has no line such as `-----BEGIN CERTIFICATE-----`; pass the text or file that the CA sent",
            id="anything else",
        ),
    ],
)
def test_what_is_neither_pem_nor_der_is_refused(content: bytes, source: str, explanation: str) -> None:
    with pytest.raises(UnusableError) as refused:
        load_blocks(content, source)
    assert refused.value.code == "not_pem"
    assert refused.value.message == f"{describe_source(source)} is neither PEM nor DER: {explanation}"


def test_an_input_is_called_by_its_option() -> None:
    sources = ("certificate", "private_key", "ca", "pkcs12")
    expected = ["The certificate input", "The private key input", "The CA input", "The PKCS#12 input"]
    assert [describe_source(source) for source in sources] == expected


@pytest.mark.parametrize(
    "content",
    [
        BEGIN * 30000,
        b"-" * 1000000,
        (BEGIN + END) * 10000,
        b"MI" * 500000 + b"!",
        b"\x30\x80" * 100000,
        b"\x30\x00" * 100000,
    ],
)
def test_hostile_input_costs_linear_time(content: bytes) -> None:
    began = time.process_time()
    with pytest.raises(UnusableError):
        load_blocks(content, "certificate")
    assert time.process_time() - began < 1


def test_a_block_never_shows_its_content() -> None:
    assert repr(Block("RSA PRIVATE KEY", CONTENT, ("DEK-Info: x",))) == "Block(label='RSA PRIVATE KEY')"
