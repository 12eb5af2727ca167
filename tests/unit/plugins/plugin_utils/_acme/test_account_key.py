# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._acme.account_key import load_account_key, make_account_key
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.problems import AcmeProblem
from ansible_collections.certwright.tls.tests.unit.authority import self_signed, shared_key


def pem(key_type: str, passphrase: bytes | None = None) -> bytes:
    issued = self_signed("a.example", key=shared_key(key_type))
    return issued.encode_key(passphrase)


@pytest.mark.parametrize(
    ("content", "algorithm"),
    [
        (make_account_key(), "ES256"),
        (pem("EC P-384"), "ES384"),
        (pem("RSA 2048"), "RS256"),
        (pem("EC P-256").replace(b"\n", b"\r\n"), "ES256"),
    ],
    ids=["a made one", "EC P-384", "RSA", "line ends of Windows"],
)
def test_a_key_has_the_algorithm_of_its_kind(content: bytes, algorithm: str) -> None:
    key = load_account_key(content)

    assert key.algorithm.name == algorithm
    assert len(key.thumbprint) == 43


def test_an_old_key_format_is_read_too() -> None:
    content = self_signed("a.example").encode_key(style="TraditionalOpenSSL")

    assert load_account_key(content).algorithm.name == "ES256"


@pytest.mark.parametrize(
    ("content", "code", "fact"),
    [
        (b" \n", "account_key_missing", "is empty"),
        (b"secret words", "account_key_unusable", "is no PEM private key"),
        (pem("EC P-256", b"secret"), "account_key_unusable", "is encrypted"),
        (pem("RSA 1024"), "account_key_unusable", "is RSA with only 1024 bits"),
        (pem("EC secp256k1"), "account_key_unusable", "is on the curve secp256k1"),
        (pem("DSA 1024"), "account_key_unusable", "is of a type that ACME servers do not take"),
    ],
    ids=["empty", "other text", "encrypted", "short RSA", "another curve", "DSA"],
)
def test_other_keys_are_refused_without_their_bytes(content: bytes, code: str, fact: str) -> None:
    with pytest.raises(AcmeProblem) as refused:
        load_account_key(content)
    assert (refused.value.kind, refused.value.code) == ("permanent", code)
    assert refused.value.message == (
        f"The account key {fact}; pass an unencrypted PEM key, RSA with 2048 bits at least or EC P-256, P-384 or P-521"
    )
    assert refused.value.__context__ is None or refused.value.__suppress_context__


def test_the_key_is_not_shown() -> None:
    assert "jwk" not in repr(load_account_key(make_account_key()))
