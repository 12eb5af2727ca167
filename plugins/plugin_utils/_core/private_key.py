# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A private key as a value. No message and no chained exception here ever holds bytes of a key or a passphrase."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

try:
    from cryptography.exceptions import InternalError, InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        load_der_private_key,
        load_pem_private_key,
    )
except ImportError:
    pass  # require_libraries() says so at run time

from ansible_collections.certwright.tls.plugins.plugin_utils._core.key_type import PublicKey, load_public_key
from ansible_collections.certwright.tls.plugins.plugin_utils._core.passphrase import Passphrase, describe_unused
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import Block, UnusableError, load_blocks
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice
from ansible_collections.certwright.tls.plugins.plugin_utils._core.stretching import load_work

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import Certificate

    SigningKey = (
        rsa.RSAPrivateKey
        | dsa.DSAPrivateKey
        | ec.EllipticCurvePrivateKey
        | ed25519.Ed25519PrivateKey
        | ed448.Ed448PrivateKey
    )

_SOURCE = "private_key"
_ENCRYPTED = "ENCRYPTED PRIVATE KEY"
_LABELS = ("PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "DSA PRIVATE KEY", _ENCRYPTED)
# OpenSSL verifies nothing beyond it, and a signature would take minutes.
_MAXIMUM_RSA_BITS = 16384
_PROOF = b"certwright.tls: this private key belongs to this certificate"

# What stands in a file that holds no private key, and the way out.
_OTHER_BLOCKS = (
    ("CERTIFICATE REQUEST", "a certificate request (CSR); the key is the file that was made together with it"),
    ("CERTIFICATE", "a certificate; are the certificate and the private key swapped?"),
    ("OPENSSH PRIVATE KEY", "an OpenSSH key; convert a copy by `ssh-keygen -p -m PKCS8 -f COPY`"),
    ("EC PARAMETERS", "only the name of a curve; pass the whole output of `openssl ecparam -genkey`"),
    ("PUBLIC KEY", "a public key; the private one was made together with the certificate request"),
)


@dataclass(frozen=True)
class PrivateKey:
    """`pem` is unencrypted PKCS#8 text, whatever was handed over."""

    pem: str = field(repr=False)
    public_key: PublicKey
    notices: tuple[Notice, ...]
    parsed: SigningKey = field(repr=False, compare=False)

    @property
    def key_type(self) -> str:
        return self.public_key.key_type


def load_private_key(content: bytes, passphrase: Passphrase | None) -> PrivateKey:
    """The one private key of a PEM or DER file. belongs_to() proves an RSA key, by a signature; nothing checks it here.

    Raises UnusableError: the codes of load_blocks, no_private_key, several_private_keys, private_key_encrypted,
    wrong_passphrase, private_key_unreadable, key_type_unsupported.
    """
    block = _find_key(load_blocks(content, _SOURCE))
    if not _is_encrypted(block):
        fact = "the private key is not encrypted"
        notices = describe_unused(passphrase, option="private_key_passphrase", fact=fact)
        parsed = _parse(block, None)
        if parsed is None:
            raise _unreadable("its content is not a key")
        return read_private_key(parsed, notices)
    if passphrase is None or not passphrase.text:
        raise UnusableError(
            "private_key_encrypted",
            "The private key is encrypted; pass private_key_passphrase, or the key without encryption: "
            "`openssl pkcs12 -nocerts` writes an encrypted one unless it is told -nodes (-noenc since OpenSSL 3), and "
            "the PKCS#12 file itself can be passed as pkcs12_src",
        )
    return read_private_key(_decrypt(block, passphrase), ())


def read_private_key(parsed: object, notices: tuple[Notice, ...]) -> PrivateKey:
    """The value of a key that the library has read. Raises UnusableError: key_type_unsupported."""
    key = _require_usable(parsed)
    return PrivateKey(_serialize(key), load_public_key(key.public_key()), notices, key)


def belongs_to(private_key: PrivateKey, certificate: Certificate) -> bool:
    """Whether a signature by the key is good under the certificate: it proves both halves as a service uses them."""
    if private_key.public_key != certificate.public_key:
        return False
    try:
        _sign_and_verify(private_key.parsed)
    except (InvalidSignature, InternalError, ValueError):
        return False
    return True


def require_sound(private_key: PrivateKey) -> None:
    """Refuse a key that fails OpenSSL's full check (35 to 240 ms for RSA): only for what is about to be installed."""
    try:
        load_pem_private_key(private_key.pem.encode("ascii"), None)
    except ValueError:
        raise _unreadable("its numbers do not fit together") from None


def _find_key(blocks: Sequence[Block]) -> Block:
    keys = [block for block in blocks if block.label in _LABELS]
    if not keys:
        raise UnusableError("no_private_key", f"The private key input holds {_describe_others(blocks)}")
    if len(keys) > 1:
        fact = f"The private key input holds {len(keys)} different keys"
        raise UnusableError("several_private_keys", f"{fact}; pass only the one that belongs to the certificate")
    return keys[0]


def _describe_others(blocks: Sequence[Block]) -> str:
    for label, explanation in _OTHER_BLOCKS:
        if any(block.label.endswith(label) for block in blocks):
            return f"no private key but {explanation}"
    return f"a block of the kind {blocks[0].label} but no private key; pass the file made together with the request"


def _is_encrypted(block: Block) -> bool:
    return block.label == _ENCRYPTED or any("ENCRYPTED" in header for header in block.headers)


def _decrypt(block: Block, passphrase: Passphrase) -> object:
    if not load_work(block.content).is_bearable:
        fact = "The private key cannot be used: trying its passphrase would take minutes or hundreds of megabytes"
        way_out = "write it anew by `openssl pkcs8 -topk8 -in FILE -out FILE.pem`"
        raise UnusableError("private_key_unreadable", f"{fact}; {way_out}")
    parsed = _parse(block, passphrase.encode())
    if parsed is None:
        fact = "The private key cannot be decrypted: private_key_passphrase is wrong, or the file is damaged"
        raise UnusableError("wrong_passphrase", f"{fact}; try it by `openssl pkey -in FILE -noout`")
    return parsed


def _parse(block: Block, password: bytes | None) -> object | None:
    """None when the bytes are no key under this password. Raises UnusableError: key_type_unsupported."""
    try:
        if block.headers:
            return load_pem_private_key(block.text.encode("latin-1"), password, unsafe_skip_rsa_key_validation=True)
        return load_der_private_key(block.content, password, unsafe_skip_rsa_key_validation=True)
    except UnsupportedAlgorithm:
        raise _unsupported("Its kind or its encryption is not supported") from None
    except (ValueError, TypeError):
        return None


def _require_usable(parsed: object) -> SigningKey:
    if isinstance(
        parsed, (dsa.DSAPrivateKey, ec.EllipticCurvePrivateKey, ed25519.Ed25519PrivateKey, ed448.Ed448PrivateKey)
    ):
        return parsed
    if isinstance(parsed, rsa.RSAPrivateKey) and parsed.key_size <= _MAXIMUM_RSA_BITS:
        return parsed
    raise _unsupported("No TLS server can use a key of its kind or length")


def _serialize(parsed: SigningKey) -> str:
    return parsed.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")


def _unreadable(fact: str) -> UnusableError:
    way_out = "pass the file made together with the request, and try it by `openssl pkey -in FILE -noout -check`"
    return UnusableError("private_key_unreadable", f"The private key is damaged: {fact}; {way_out}")


def _unsupported(fact: str) -> UnusableError:
    way_out = "pass an RSA, EC or Ed25519 key as `openssl pkey -in FILE -out FILE.pem` writes it"
    return UnusableError("key_type_unsupported", f"The private key cannot be used. {fact}; {way_out}")


def _sign_and_verify(key: SigningKey) -> None:
    if isinstance(key, rsa.RSAPrivateKey):
        pkcs1 = padding.PKCS1v15()
        signature = key.sign(_PROOF, pkcs1, hashes.SHA256())
        key.public_key().verify(signature, _PROOF, pkcs1, hashes.SHA256())
    elif isinstance(key, ec.EllipticCurvePrivateKey):
        algorithm = ec.ECDSA(hashes.SHA256())
        key.public_key().verify(key.sign(_PROOF, algorithm), _PROOF, algorithm)
    elif isinstance(key, dsa.DSAPrivateKey):
        key.public_key().verify(key.sign(_PROOF, hashes.SHA256()), _PROOF, hashes.SHA256())
    else:
        key.public_key().verify(key.sign(_PROOF), _PROOF)
