# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each kind of certificate is for, as the extensions that say so (RFC 5280 4.2.1.3, 4.2.1.9, 4.2.1.12)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

try:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.x509.oid import ExtendedKeyUsageOID
except ImportError:
    pass  # require_libraries() says so at run time

if TYPE_CHECKING:
    Extensions = tuple[tuple[x509.ExtensionType, bool], ...]

SERVER, CLIENT, BOTH = "server", "client", "both"
USAGES = (SERVER, CLIENT, BOTH)
_KEY_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


def make_leaf_extensions(usage: str, public_key: object) -> Extensions:
    """Each with whether it is critical; one set of objects serves all certificates of a batch."""
    return _make_leaf_extensions(usage, isinstance(public_key, rsa.RSAPublicKey))


@cache
def list_purposes(usage: str) -> tuple[x509.ObjectIdentifier, ...]:
    server, client = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH
    return {SERVER: (server,), CLIENT: (client,), BOTH: (server, client)}[usage]


@cache
def make_authority_extensions(path_length: int | None) -> Extensions:
    """Signing certificates and CRLs is all that a CA's key is for."""
    usage = _make_key_usage("key_cert_sign", "crl_sign")
    return (x509.BasicConstraints(ca=True, path_length=path_length), True), (usage, True)


@cache
def _make_leaf_extensions(usage: str, is_rsa: bool) -> Extensions:
    """Only RSA keys encipher keys, of TLS 1.2's oldest suites; a client never does."""
    enciphers = is_rsa and usage != CLIENT
    key_usage = _make_key_usage("digital_signature", *(("key_encipherment",) if enciphers else ()))
    return (
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (key_usage, True),
        (x509.ExtendedKeyUsage(list_purposes(usage)), False),
    )


def _make_key_usage(*usages: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{usage: usage in usages for usage in _KEY_USAGES})
