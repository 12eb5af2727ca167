# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The key of an ACME account as josepy has it, and its signatures' algorithm (RFC 8555 6.2)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

try:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        load_pem_private_key,
    )
    from josepy.b64 import b64encode
    from josepy.jwa import ES256, ES384, ES512, RS256, JWASignature
    from josepy.jwk import JWK, JWKEC, JWKRSA
except ImportError:
    pass  # require_acme() says so at run time

from ansible_collections.certwright.tls.plugins.plugin_utils._acme.problems import AcmeProblem

if TYPE_CHECKING:
    AccountKeyType = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

_MINIMUM_RSA_BITS = 2048
_WAY_OUT = "pass an unencrypted PEM key, RSA with 2048 bits at least or EC P-256, P-384 or P-521"


@dataclass(frozen=True)
class AccountKey:
    """`thumbprint` is RFC 7638's in base64url, which key authorizations end with."""

    jwk: JWK = field(repr=False)
    algorithm: JWASignature
    thumbprint: str


def load_account_key(pem: bytes) -> AccountKey:
    """Raises AcmeProblem: account_key_unusable; the message never holds bytes of the key."""
    if not pem.strip():
        raise AcmeProblem("permanent", "account_key_missing", f"The account key is empty; {_WAY_OUT}")
    key = _load(pem)
    if isinstance(key, rsa.RSAPrivateKey):
        return _describe(JWKRSA(key=key), RS256)
    algorithms = {"secp256r1": ES256, "secp384r1": ES384, "secp521r1": ES512}
    return _describe(JWKEC(key=key), algorithms[key.curve.name])


def make_account_key() -> bytes:
    """A new P-256 key as PEM (PKCS#8)."""
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _describe(jwk: JWK, algorithm: JWASignature) -> AccountKey:
    return AccountKey(jwk, algorithm, b64encode(jwk.thumbprint()).decode("ascii"))


def _load(pem: bytes) -> AccountKeyType:
    try:
        key = load_pem_private_key(pem, None)
    except TypeError:
        raise _unusable("is encrypted") from None
    except (ValueError, UnsupportedAlgorithm):
        raise _unusable("is no PEM private key") from None
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size < _MINIMUM_RSA_BITS:
        raise _unusable(f"is RSA with only {key.key_size} bits")
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name not in ("secp256r1", "secp384r1", "secp521r1"):
        raise _unusable(f"is on the curve {key.curve.name}")
    if not isinstance(key, (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey)):
        raise _unusable("is of a type that ACME servers do not take")
    return key


def _unusable(fact: str) -> AcmeProblem:
    return AcmeProblem("permanent", "account_key_unusable", f"The account key {fact}; {_WAY_OUT}")
