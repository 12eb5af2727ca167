# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys of the CA and of certificates: made, judged, sealed and exported. Nothing here shows one."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

try:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import (
        BestAvailableEncryption,
        Encoding,
        NoEncryption,
        PrivateFormat,
        load_pem_private_key,
    )
except ImportError:
    pass  # require_libraries() says so at run time

from ansible_collections.certwright.tls.plugins.plugin_utils._core.key_type import load_public_key
from ansible_collections.certwright.tls.plugins.plugin_utils._core.passphrase import Passphrase
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Reason
from ansible_collections.certwright.tls.plugins.plugin_utils._core.sealing import seal, unseal

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

    CaKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
    CaPublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey

_MAKERS: dict[str, Callable[[], CaKey]] = {
    "ec256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ec384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "rsa2048": lambda: rsa.generate_private_key(65537, 2048),
    "rsa3072": lambda: rsa.generate_private_key(65537, 3072),
    "rsa4096": lambda: rsa.generate_private_key(65537, 4096),
}
KEY_TYPES = tuple(_MAKERS)
DEFAULT_KEY_TYPE = "ec256"
_CURVES = ("secp256r1", "secp384r1", "secp521r1")
_SMALLEST_RSA, _LARGEST_RSA, _SMALLEST_EXPONENT = 2048, 16384, 65537
_WAY_OUT = "make one of EC P-256, EC P-384, or RSA 2048 or longer"
# As long as OpenSSL lets a passphrase be.
_LONGEST_PASSPHRASE = 1023
_VERSION = 1


@dataclass(frozen=True)
class Envelope:
    """What one sealed file of a CA holds; `ledger_key` goes with the issuing CA's key only."""

    private_key: CaKey = field(repr=False)
    ledger_key: bytes | None = field(default=None, repr=False)


def make_key(key_type: str = DEFAULT_KEY_TYPE) -> CaKey:
    """A new key of one of KEY_TYPES. Raises UnusableError: key_unsupported."""
    if key_type not in _MAKERS:
        fact = f"The key type `{key_type[:40]}` is not known"
        raise UnusableError("key_unsupported", f"{fact}; use one of {', '.join(KEY_TYPES)}")
    return _MAKERS[key_type]()


def identify(public_key: PublicKeyTypes) -> str:
    """SHA-256 of the SubjectPublicKeyInfo, hex: what a CA is known by in the ledger."""
    return load_public_key(public_key).sha256


def find_key_fault(public_key: object) -> Reason | None:
    """Why strict clients would refuse a certificate for this key: key_weak or key_unsupported."""
    if isinstance(public_key, rsa.RSAPublicKey):
        return _find_rsa_fault(public_key)
    if isinstance(public_key, ec.EllipticCurvePublicKey):
        if public_key.curve.name in _CURVES:
            return None
        code = "key_weak" if public_key.key_size < 256 else "key_unsupported"
        return Reason(code, f"The key is of the curve {public_key.curve.name}, which clients refuse; {_WAY_OUT}")
    return Reason("key_unsupported", f"The key is of a kind that strict TLS clients refuse, as Ed25519; {_WAY_OUT}")


def seal_key(envelope: Envelope, passphrase: str, *, salt: bytes, nonce: bytes) -> str:
    """Text that open_key() opens; salt and nonce are new random bytes. Raises UnusableError: passphrase_missing."""
    ledger_key = base64.b64encode(envelope.ledger_key).decode("ascii") if envelope.ledger_key else None
    words = {"version": _VERSION, "private_key": _serialize(envelope.private_key), "ledger_key": ledger_key}
    return seal(json.dumps(words).encode("ascii"), passphrase, salt=salt, nonce=nonce)


def open_key(text: str, passphrase: str) -> Envelope:
    """Raises UnusableError: wrong_passphrase, passphrase_missing, sealed_unreadable."""
    plaintext = unseal(text, passphrase)
    try:
        words = json.loads(plaintext)
        private_key = _load_key(words["private_key"])
        ledger_key = base64.b64decode(words["ledger_key"], validate=True) if words["ledger_key"] else None
        is_known = words["version"] == _VERSION
    except (ValueError, TypeError, KeyError, AttributeError, UnsupportedAlgorithm):
        is_known = False
    if not is_known:
        fact = "The sealed text opens, but holds no key of a CA"
        raise UnusableError("sealed_unreadable", f"{fact} that this release knows; restore it from a backup")
    return Envelope(private_key, ledger_key)


def export_key(key: CaKey, passphrase: str) -> str:
    """Encrypted PKCS#8 as PEM, as strong as the library writes it. Raises UnusableError: passphrase_missing,
    passphrase_too_long.
    """
    password = Passphrase(passphrase).encode()
    if not password:
        fact = "The passphrase to export the CA's key with is empty"
        raise UnusableError("passphrase_missing", f"{fact}; pass one: the key is never written without encryption")
    if len(password) > _LONGEST_PASSPHRASE:
        fact = f"The passphrase to export the CA's key with is longer than {_LONGEST_PASSPHRASE} bytes"
        raise UnusableError("passphrase_too_long", f"{fact}, which OpenSSL could not read; pass a shorter one")
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password)).decode("ascii")


def _find_rsa_fault(public_key: rsa.RSAPublicKey) -> Reason | None:
    if public_key.key_size > _LARGEST_RSA:
        return Reason("key_unsupported", f"The key is RSA {public_key.key_size}, which nobody can verify; {_WAY_OUT}")
    if public_key.key_size < _SMALLEST_RSA:
        return Reason("key_weak", f"The key is RSA {public_key.key_size}, which clients refuse; {_WAY_OUT}")
    if public_key.public_numbers().e < _SMALLEST_EXPONENT:
        return Reason("key_weak", f"The RSA key has a public exponent below {_SMALLEST_EXPONENT}; {_WAY_OUT}")
    return None


def _serialize(key: CaKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")


def _load_key(text: str) -> CaKey:
    """The seal proves that these are the bytes of then, so RSA numbers are not checked again (35 to 240 ms)."""
    key: Any = load_pem_private_key(text.encode("ascii"), None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, (ec.EllipticCurvePrivateKey, rsa.RSAPrivateKey)):
        raise TypeError
    return key
