# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The certificate with which a server on loopback speaks TLS, below a CA of its own that clients are told to trust."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_LOOPBACK = ("127.0.0.1", "::1")


@dataclass(frozen=True)
class Listener:
    """Three PEM files: what clients trust, and what the server shows."""

    ca: Path
    certificate: Path
    private_key: Path

    def server_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.private_key)
        return context


def make_listener(run: Path, *names: str) -> Listener:
    """Valid for localhost, both loopback addresses and the further names."""
    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for role in ("ca", "server"))
    ca = make_certificate("certwright test listener CA", ca_key, ca_key, is_ca=True)
    certificate = make_certificate("localhost", key, ca_key, issuer=ca, names=("localhost", *_LOOPBACK, *names))
    listener = Listener(run / "listener-ca.pem", run / "listener.pem", run / "listener.key")
    listener.ca.write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    listener.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    listener.private_key.touch(0o600)
    listener.private_key.write_bytes(encode_key(key))
    return listener


def encode_key(key: ec.EllipticCurvePrivateKey) -> bytes:
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return key.private_bytes(*form)


def make_certificate(
    subject: str,
    key: ec.EllipticCurvePrivateKey,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    issuer: x509.Certificate | None = None,
    names: tuple[str, ...] = (),
    is_ca: bool = False,
) -> x509.Certificate:
    """Valid from an hour ago for ten years; signed by itself without an issuer."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    now = datetime.now(timezone.utc)
    builder = (
        x509.CertificateBuilder(name if issuer is None else issuer.subject, name, key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if is_ca:
        builder = builder.add_extension(_CA_USAGE, critical=True)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), False)
    return builder.sign(issuer_key, hashes.SHA256())


_CA_USAGE = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
