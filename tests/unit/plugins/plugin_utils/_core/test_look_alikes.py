# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import time

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.look_alikes import explain
from ansible_collections.certwright.tls.tests.unit.authority import ca

LEAF = ca().issue("a.example")
BINARY = "it begins like a binary file, but is truncated, damaged or of another kind; copy it in binary mode"
DESTROYED = "it is binary that was read as text, which destroys it; pass the file itself as {}_src"
KEYSTORE = (
    "it is a Java keystore; convert it by `keytool -importkeystore -srckeystore FILE -destkeystore FILE.p12 "
    "-deststoretype PKCS12` and pass that as pkcs12_src"
)


@pytest.mark.parametrize(
    ("content", "option", "explanation"),
    [
        pytest.param(
            b"['a', 'b']", "certificate", "it is a list written as text; join its parts to one text", id="list"
        ),
        pytest.param(
            b"$ANSIBLE_VAULT;1.1;AES256\n3132",
            "pkcs12",
            "it is still encrypted by ansible-vault; pass the decrypted text",
            id="vault",
        ),
        pytest.param(b"\xfe\xed\xfe\xed\x00\x00\x00\x02", "certificate", KEYSTORE, id="JKS"),
        pytest.param(b"\xce\xce\xce\xce\x00\x00\x00\x02", "pkcs12", KEYSTORE, id="JCEKS"),
        pytest.param(LEAF.der[:-1], "certificate", BINARY, id="DER without its end"),
        pytest.param(LEAF.encode_pkcs12()[:50], "pkcs12", BINARY, id="PKCS#12 without its end"),
        pytest.param(
            LEAF.der.decode("utf-8", "replace").encode(),
            "certificate",
            DESTROYED.format("certificate"),
            id="DER read as UTF-8",
        ),
        pytest.param(
            LEAF.encode_pkcs12().decode("latin-1").encode(),
            "pkcs12",
            DESTROYED.format("pkcs12"),
            id="PKCS#12 read as Latin-1",
        ),
        pytest.param(
            LEAF.pem.replace(b"-----", b"----"),
            "certificate",
            "its BEGIN line is damaged; it reads like `-----BEGIN CERTIFICATE-----`",
            id="four dashes",
        ),
        pytest.param(
            b"MIIBszCCAVmg\nAwIB",
            "certificate",
            "it is base64 without its BEGIN and END lines; pass the whole file",
            id="PEM without its lines",
        ),
        pytest.param(
            b"MIIBszCCAVmg\nAwIB",
            "pkcs12",
            "it is base64; pass that text as pkcs12_content, encoded only once",
            id="base64 of PKCS#12",
        ),
        pytest.param(
            b"Bag Attributes\n" + LEAF.pem,
            "pkcs12",
            "it is PEM; pass it as certificate_src, and its private key as private_key_src",
            id="PEM as PKCS#12",
        ),
        pytest.param(b"/etc/ssl/www key.pem\n", "private_key", "it is a path; private_key_src takes paths", id="path"),
        pytest.param(b"www.pfx", "pkcs12", "it is a path; pkcs12_src takes paths", id="path of PKCS#12"),
        pytest.param(
            b"hello",
            "certificate",
            "it has no line such as `-----BEGIN CERTIFICATE-----`; pass the text or file that the CA sent",
            id="anything else",
        ),
        pytest.param(
            b"hello",
            "private_key",
            "it has no line such as `-----BEGIN PRIVATE KEY-----`; pass the key that was made together with the "
            "certificate request",
            id="anything else for a key",
        ),
        pytest.param(
            LEAF.key_pem.replace(b"-----", b"----"),
            "private_key",
            "its BEGIN line is damaged; it reads like `-----BEGIN PRIVATE KEY-----`",
            id="four dashes around a key",
        ),
        pytest.param(
            b"hello", "pkcs12", "it is none; pass the .p12 or .pfx file as it was exported", id="anything for PKCS#12"
        ),
    ],
)
def test_the_way_out_is_told_by_what_the_input_looks_like(content: bytes, option: str, explanation: str) -> None:
    assert explain(content, option) == explanation


@pytest.mark.parametrize("content", [b"-" * 1000000, b"MI" * 500000 + b"!", b" " * 1000000, b"x" * 1000000])
def test_hostile_input_costs_linear_time(content: bytes) -> None:
    began = time.process_time()
    explain(content, "certificate")
    explain(content, "pkcs12")
    assert time.process_time() - began < 1
