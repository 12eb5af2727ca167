# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ansible_collections.certwright.tls.plugins.plugin_utils._ca.csr import load_csr
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.keys import identify
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import Block, UnusableError
from ansible_collections.certwright.tls.tests.unit.authority import ca, make_key, shared_key
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._ca.ca_values import make_csr


def encode(public_key: Any) -> bytes:
    return bytes(public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


def wrap(content: bytes) -> str:
    return Block("CERTIFICATE REQUEST", content).text


def unwrap(text: str) -> bytes:
    return x509.load_pem_x509_csr(text.encode()).public_bytes(Encoding.DER)


def make_ed25519_csr() -> str:
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    return builder.sign(ed25519.Ed25519PrivateKey.generate(), None).public_bytes(Encoding.PEM).decode()


def exchange_key() -> str:
    """Another public key of the same length stands in a request that its owner signed."""
    key, other = make_key(), make_key()
    encoded = [item.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) for item in (key, other)]
    return wrap(unwrap(make_csr(key)).replace(*encoded))


def exchange_curve() -> str:
    """A curve that nobody knows: the last digit of P-256's object identifier is another one."""
    curve = bytes.fromhex("2a8648ce3d030107")
    return wrap(unwrap(make_csr(make_key())).replace(curve, curve[:-1] + b"\x7f"))


@pytest.mark.parametrize(
    "arguments", [["ec", "ec_paramgen_curve:P-256"], ["rsa", "rsa_keygen_bits:2048"]], ids=["EC", "RSA"]
)
def test_a_request_of_openssl_gives_its_public_key(arguments: list[str], tmp_path: Path) -> None:
    kind, option = arguments
    subprocess.run(
        [
            "openssl",
            "req",
            "-new",
            "-newkey",
            kind,
            "-pkeyopt",
            option,
            "-noenc",
            "-subj",
            "/CN=any",
            "-addext",
            "basicConstraints=critical,CA:TRUE",
            "-keyout",
            "key.pem",
            "-out",
            "csr.pem",
        ],
        cwd=tmp_path,
        capture_output=True,
        check=True,
    )
    command = ["openssl", "pkey", "-in", "key.pem", "-pubout"]
    shown = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True).stdout
    assert shown == encode(load_csr((tmp_path / "csr.pem").read_text()))


def test_a_request_under_the_older_label_and_with_text_before_it_is_read() -> None:
    key = make_key()
    text = make_csr(key).replace("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST")
    assert identify(key.public_key()) == identify(load_csr("Certificate Request:\n    Data:\n" + text))


REFUSED = {
    "nothing": (lambda: "", "csr_unreadable"),
    "a certificate": (ca().pem.decode, "csr_unreadable"),
    "cut off": (lambda: make_csr(make_key())[:200], "csr_unreadable"),
    "letters beyond ASCII": (lambda: "ä" + make_csr(make_key()), "csr_unreadable"),
    "much too long": (lambda: "\n" * 70_000 + make_csr(make_key()), "csr_unreadable"),
    "the key of somebody else": (exchange_key, "csr_signature"),
    "an altered signature": (lambda: wrap(unwrap(make_csr(make_key(), "CN=a"))[:-8] + bytes(8)), "csr_signature"),
    "RSA 1024": (lambda: make_csr(shared_key("RSA 1024")), "key_weak"),
    "Ed25519": (make_ed25519_csr, "key_unsupported"),
    "a curve of its own": (lambda: make_csr(make_key("EC secp256k1")), "key_unsupported"),
    "a curve that nobody knows": (exchange_curve, "key_unsupported"),
}


@pytest.mark.parametrize(("make", "code"), REFUSED.values(), ids=REFUSED)
def test_a_request_that_cannot_be_signed_is_refused(make: Any, code: str) -> None:
    text = make()
    with pytest.raises(UnusableError) as caught:
        load_csr(text)
    assert code == caught.value.code
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_request_whose_signature_is_of_no_known_kind_is_refused() -> None:
    """ecdsa-with-SHA256 becomes an algorithm that does not exist."""
    algorithm = bytes.fromhex("2a8648ce3d040302")
    key = make_key()
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    content = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)
    with pytest.raises(UnusableError) as caught:
        load_csr(wrap(content.replace(algorithm, algorithm[:-1] + b"\x7f")))
    assert caught.value.code == "csr_signature"
