# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kind of a public key, in the words operators use."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

try:
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
except ImportError:
    pass  # require_libraries() says so at run time

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

_CURVES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}


@dataclass(frozen=True)
class PublicKey:
    """`key_type` as "RSA 2048", "EC P-256" or "Ed25519"; `sha256` of the SubjectPublicKeyInfo, as hex."""

    key_type: str
    bits: int
    sha256: str


def load_public_key(public_key: PublicKeyTypes) -> PublicKey:
    encoded = public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return PublicKey(*_describe(public_key), hashlib.sha256(encoded).hexdigest())


def _describe(public_key: PublicKeyTypes) -> tuple[str, int]:
    if isinstance(public_key, rsa.RSAPublicKey):
        return f"RSA {public_key.key_size}", public_key.key_size
    if isinstance(public_key, ec.EllipticCurvePublicKey):
        name = public_key.curve.name
        return f"EC {_CURVES.get(name, name)}", public_key.key_size
    if isinstance(public_key, dsa.DSAPublicKey):
        return f"DSA {public_key.key_size}", public_key.key_size
    return type(public_key).__name__.replace("PublicKey", ""), 0
