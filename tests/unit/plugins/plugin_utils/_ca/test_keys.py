# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ansible_collections.certwright.tls.plugins.plugin_utils._ca.keys import (
    KEY_TYPES,
    Envelope,
    export_key,
    find_key_fault,
    identify,
    make_key,
    open_key,
    seal_key,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.key_type import load_public_key
from ansible_collections.certwright.tls.plugins.plugin_utils._core.passphrase import Passphrase
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.private_key import load_private_key
from ansible_collections.certwright.tls.plugins.plugin_utils._core.sealing import seal
from ansible_collections.certwright.tls.tests.unit import authority

SALT, NONCE, PASSPHRASE, LEDGER_KEY = bytes(16), bytes(12), "pässphräse", bytes(range(32))


def numbers(key: Any) -> object:
    return key.private_numbers()


def code_of(action: Any) -> str:
    with pytest.raises(UnusableError) as caught:
        action()
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.value.code


def test_each_key_type_is_made() -> None:
    made = [load_public_key(make_key(key_type).public_key()).key_type for key_type in KEY_TYPES]
    assert made == ["EC P-256", "EC P-384", "RSA 2048", "RSA 3072", "RSA 4096"]


def test_a_key_type_that_strict_verifiers_refuse_is_not_made() -> None:
    assert code_of(lambda: make_key("ed25519")) == "key_unsupported"


@pytest.mark.parametrize("key_type", ["ec256", "rsa2048"])
@pytest.mark.parametrize("ledger_key", [LEDGER_KEY, None], ids=["with the ledger's key", "alone"])
def test_what_is_sealed_opens_again(key_type: str, ledger_key: bytes | None) -> None:
    key = make_key(key_type)
    opened = open_key(seal_key(Envelope(key, ledger_key), PASSPHRASE, salt=SALT, nonce=NONCE), PASSPHRASE)
    assert (numbers(key), ledger_key) == (numbers(opened.private_key), opened.ledger_key)


def test_an_envelope_shows_nothing() -> None:
    assert repr(Envelope(make_key(), LEDGER_KEY)) == "Envelope()"


def test_a_sealed_key_does_not_open_without_its_passphrase() -> None:
    text = seal_key(Envelope(make_key()), PASSPHRASE, salt=SALT, nonce=NONCE)
    assert "PRIVATE" not in text
    assert code_of(lambda: open_key(text, "another")) == "wrong_passphrase"
    assert code_of(lambda: open_key(text, "")) == "passphrase_missing"
    assert code_of(lambda: seal_key(Envelope(make_key()), "", salt=SALT, nonce=NONCE)) == "passphrase_missing"
    assert code_of(lambda: open_key(text[:100], PASSPHRASE)) == "sealed_unreadable"


def key_words(**words: object) -> bytes:
    plain = authority.Issued(authority.ca().certificate, authority.make_key(), None).key_pem.decode()
    return json.dumps({"version": 1, "private_key": plain, "ledger_key": None, **words}).encode()


ED25519 = authority.self_signed("a.example", key_type="Ed25519").key_pem.decode()
FOREIGN = {
    "no JSON": b"what nobody may read",
    "JSON of another shape": b"[]",
    "no key": b"{}",
    "a key that is none": key_words(private_key="-----BEGIN PRIVATE KEY-----"),
    "a key of another kind": key_words(private_key=ED25519),
    "a ledger key that is none": key_words(ledger_key="?"),
    "a version of the future": key_words(version=2),
}


@pytest.mark.parametrize("content", FOREIGN.values(), ids=FOREIGN)
def test_a_sealed_text_that_holds_something_else_is_told_apart(content: bytes) -> None:
    text = seal(content, PASSPHRASE, salt=SALT, nonce=NONCE)
    assert code_of(lambda: open_key(text, PASSPHRASE)) == "sealed_unreadable"


@pytest.mark.parametrize("key_type", ["ec256", "rsa2048"])
def test_an_exported_key_is_encrypted_and_openssl_and_we_read_it(key_type: str, tmp_path: Path) -> None:
    key = make_key(key_type)
    exported = export_key(key, PASSPHRASE)
    assert exported.startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----\n")
    assert numbers(key) == numbers(load_private_key(exported.encode(), Passphrase(PASSPHRASE)).parsed)
    (tmp_path / "key.pem").write_text(exported)
    command = ["openssl", "pkey", "-in", "key.pem", "-passin", f"pass:{PASSPHRASE}", "-pubout"]
    shown = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True).stdout
    assert key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo) == shown


@pytest.mark.parametrize(
    ("passphrase", "code"),
    [("", "passphrase_missing"), ("x" * 1024, "passphrase_too_long")],
    ids=["none", "longer than OpenSSL reads"],
)
def test_a_key_is_never_exported_without_encryption(passphrase: str, code: str) -> None:
    assert code == code_of(lambda: export_key(make_key(), passphrase))


def test_a_ca_is_known_by_its_public_key() -> None:
    key = make_key()
    assert load_public_key(key.public_key()).sha256 == identify(key.public_key())


JUDGED = {
    "EC P-256": (lambda: authority.shared_key("EC P-256"), None),
    "EC P-384": (lambda: authority.shared_key("EC P-384"), None),
    "RSA 2048": (lambda: authority.shared_key("RSA 2048"), None),
    "RSA 1024": (lambda: authority.shared_key("RSA 1024"), "key_weak"),
    "RSA with the exponent 3": (lambda: rsa.generate_private_key(3, 2048), "key_weak"),
    "EC P-224": (lambda: authority.shared_key("EC P-224"), "key_weak"),
    "a curve of its own": (lambda: authority.shared_key("EC secp256k1"), "key_unsupported"),
    "Ed25519": (lambda: authority.shared_key("Ed25519"), "key_unsupported"),
    "DSA": (lambda: authority.shared_key("DSA 1024"), "key_unsupported"),
}


@pytest.mark.parametrize(("find", "code"), JUDGED.values(), ids=JUDGED)
def test_a_key_is_judged_as_strict_clients_do(find: Any, code: str | None) -> None:
    fault = find_key_fault(find().public_key())
    assert code == (fault.code if fault else None)


def test_an_enormous_rsa_key_is_refused_before_anything_is_verified_with_it() -> None:
    enormous = rsa.RSAPublicNumbers(65537, (1 << 16399) + 1).public_key()
    fault = find_key_fault(enormous)
    assert fault
    assert fault.code == "key_unsupported"
