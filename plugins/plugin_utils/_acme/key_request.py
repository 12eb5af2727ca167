# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A key that is born on the controller, and the request (CSR) for its certificate (RFC 2986, RFC 8555 7.4)."""

from __future__ import annotations

from dataclasses import dataclass, field

try:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
except ImportError:
    pass  # require_libraries() says so at run time

from ansible_collections.certwright.tls.plugins.plugin_utils._core.key_type import load_public_key

_CURVES = {"ec256": "SECP256R1", "ec384": "SECP384R1"}


@dataclass(frozen=True)
class KeyRequest:
    """`private_key` and `request` are PEM; the subject of the request is empty, its names are in the SAN."""

    private_key: str = field(repr=False)
    request: str


def make_key_request(key_type: str, names: tuple[str, ...]) -> KeyRequest:
    """`key_type` is one of KEY_TYPES of order_words."""
    key = _make_key(key_type)
    sans = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).add_extension(sans, critical=False)
    request = builder.sign(key, hashes.SHA256())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return KeyRequest(pem.decode("ascii"), request.public_bytes(Encoding.PEM).decode("ascii"))


def _make_key(key_type: str) -> ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey:
    if key_type in _CURVES:
        return ec.generate_private_key(getattr(ec, _CURVES[key_type])())
    return rsa.generate_private_key(public_exponent=65537, key_size=int(key_type.removeprefix("rsa")))


def find_request_key(request: str) -> str:
    """SHA-256 (hex) of the public key that the request is for."""
    return load_public_key(x509.load_pem_x509_csr(request.encode("ascii")).public_key()).sha256
