# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A CA in two lines: `ca().issue("a.example")`. Everything is made in memory and is gone with the test."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import cache
from ipaddress import ip_address, ip_network
from tempfile import NamedTemporaryFile
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import pkcs7, pkcs12
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

NOW = datetime(2026, 11, 21, 22, 0, tzinfo=timezone.utc)
SERVER, CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH
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
_MAKERS: dict[str, Any] = {
    "RSA 1024": lambda: rsa.generate_private_key(65537, 1024),
    "RSA 2048": lambda: rsa.generate_private_key(65537, 2048),
    "RSA 4096": lambda: rsa.generate_private_key(65537, 4096),
    "EC P-224": lambda: ec.generate_private_key(ec.SECP224R1()),
    "EC P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "EC P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "EC secp256k1": lambda: ec.generate_private_key(ec.SECP256K1()),
    "DSA 1024": lambda: dsa.generate_private_key(1024),
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
    "Ed448": ed448.Ed448PrivateKey.generate,
}


def make_key(key_type: str = "EC P-256") -> Any:
    """A new key each time."""
    return _MAKERS[key_type]()


@cache
def shared_key(key_type: str) -> Any:
    """The same key each time, for the types that take long to make."""
    return make_key(key_type)


@dataclass(frozen=True)
class Issued:
    """A certificate with its key and the CA that signed it (None: itself)."""

    certificate: x509.Certificate
    key: Any
    issuer: Authority | None

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def key_pem(self) -> bytes:
        return self.encode_key()

    def encode_key(self, passphrase: str | bytes | None = None, style: str = "PKCS8", encoding: str = "PEM") -> bytes:
        """`style` is PKCS8 or TraditionalOpenSSL (PKCS#1, SEC1), `encoding` PEM or DER."""
        return self.key.private_bytes(
            getattr(serialization.Encoding, encoding),
            getattr(serialization.PrivateFormat, style),
            _encryption(passphrase),
        )

    def encode_pkcs12(self, passphrase: str | None = None, *more: Issued, key: bool = True) -> bytes:
        """With its issuers up to the root, and `more` certificates; as new as `cryptography` writes it."""
        others = [issued.certificate for issued in (*self.issuers, *more)]
        return pkcs12.serialize_key_and_certificates(
            b"friendly", self.key if key else None, self.certificate, others, _encryption(passphrase)
        )

    @property
    def issuers(self) -> tuple[Authority, ...]:
        """From the direct issuer to the root."""
        return (self.issuer, *self.issuer.issuers) if self.issuer else ()

    @property
    def chain_pem(self) -> bytes:
        """The intermediates, without the root."""
        return b"".join(authority.pem for authority in self.issuers[:-1])

    @property
    def ca_pem(self) -> bytes:
        """The intermediates and the root."""
        return b"".join(authority.pem for authority in self.issuers)


@dataclass(frozen=True)
class Authority(Issued):
    """Issues servers' certificates and CAs below itself; see `build` for the options."""

    def issue(self, *names: str, **options: Any) -> Issued:
        key = options.pop("key", None) or make_key(options.pop("key_type", "EC P-256"))
        options = {"cn": names[0] if names else "nameless", "extended_usage": (SERVER,), **options}
        return Issued(build(key, names=names, issuer=self, **options), key, self)

    def authority(self, cn: str = "Test Intermediate", **options: Any) -> Authority:
        """A CA below this one."""
        key = options.pop("key", None) or make_key(options.pop("key_type", "EC P-256"))
        return Authority(build(key, cn=cn, issuer=self, **{**_CA_OPTIONS, **options}), key, self)


def encode_pkcs7(*issued: Issued, encoding: str = "DER") -> bytes:
    """A bag of certificates, as Windows CAs hand it over."""
    certificates = [one.certificate for one in issued]
    return pkcs7.serialize_certificates(certificates, getattr(serialization.Encoding, encoding))


def export_pkcs12(issued: Issued, *options: str, passphrase: str = "secret") -> bytes:
    """As `openssl pkcs12 -export` writes it: the certificate, its issuers and, unless told -nokeys, its key."""
    with NamedTemporaryFile() as file:
        file.write(issued.key_pem + issued.pem + issued.ca_pem)
        file.flush()
        command = ["openssl", "pkcs12", "-export", "-in", file.name, "-passout", f"pass:{passphrase}", *options]
        return subprocess.run(command, capture_output=True, check=True).stdout


def _encryption(passphrase: str | bytes | None) -> serialization.KeySerializationEncryption:
    password = passphrase.encode() if isinstance(passphrase, str) else passphrase
    return serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()


_CA_OPTIONS: dict[str, Any] = {
    "is_ca": True,
    "usage": ("digital_signature", "key_cert_sign", "crl_sign"),
    "not_after": NOW + timedelta(days=3650),
}


def ca(cn: str = "Test Root", **options: Any) -> Authority:
    """A root."""
    key = options.pop("key", None) or make_key(options.pop("key_type", "EC P-256"))
    return Authority(build(key, cn=cn, **{**_CA_OPTIONS, **options}), key, None)


def self_signed(*names: str, **options: Any) -> Issued:
    """A leaf that signed itself, CA:FALSE unless `is_ca=True`."""
    key = options.pop("key", None) or make_key(options.pop("key_type", "EC P-256"))
    return Issued(build(key, names=names, **{"cn": names[0], **options}), key, None)


def build(
    key: Any,
    *,
    cn: str | None = None,
    subject: x509.Name | None = None,
    names: tuple[str, ...] = (),
    san: tuple[x509.GeneralName, ...] | None = None,
    issuer: Authority | None = None,
    is_ca: bool | None = False,
    path_length: int | None = None,
    usage: tuple[str, ...] | None = ("digital_signature",),
    extended_usage: tuple[x509.ObjectIdentifier, ...] | None = None,
    permitted: tuple[str, ...] | None = None,
    excluded: tuple[str, ...] | None = None,
    issuer_url: str | None = None,
    key_ids: bool = True,
    extra: tuple[x509.ExtensionType, ...] = (),
    not_before: datetime = NOW - timedelta(days=30),
    not_after: datetime = NOW + timedelta(days=60),
    serial: int | None = None,
    signature_hash: str = "sha256",
) -> x509.Certificate:
    """`is_ca=None` and `usage=None` leave the extension out; `san` replaces what `names` makes.

    Constraints are domains and networks; `signature_hash` may be sha1 and md5 with an RSA issuer.
    """
    signer = issuer.key if issuer else key
    if subject is None:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, cn)] if cn else [])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_after)
    )
    extensions: list[tuple[x509.ExtensionType | None, bool]] = [
        (None if is_ca is None else x509.BasicConstraints(is_ca, path_length), True),
        (_alternative_names(names, san), False),
        (None if usage is None else x509.KeyUsage(**{name: name in usage for name in _KEY_USAGES}), True),
        (x509.ExtendedKeyUsage(extended_usage) if extended_usage else None, False),
        (_name_constraints(permitted, excluded), True),
        (_issuer_url(issuer_url), False),
        (x509.SubjectKeyIdentifier.from_public_key(key.public_key()) if key_ids else None, False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()) if key_ids else None, False),
        *((extension, False) for extension in extra),
    ]
    for extension, is_critical in extensions:
        if extension is not None:
            builder = builder.add_extension(extension, critical=is_critical)
    is_edwards = isinstance(signer, (ed25519.Ed25519PrivateKey, ed448.Ed448PrivateKey))
    certificate = builder.sign(signer, None if is_edwards else hashes.SHA256())
    return certificate if signature_hash == "sha256" else _sign_weakly(certificate, signer, signature_hash)


def _alternative_names(
    names: tuple[str, ...], san: tuple[x509.GeneralName, ...] | None
) -> x509.SubjectAlternativeName | None:
    entries = tuple(_general_name(name) for name in names) if san is None else san
    return x509.SubjectAlternativeName(entries) if entries else None


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _name_constraints(
    permitted: tuple[str, ...] | None, excluded: tuple[str, ...] | None
) -> x509.NameConstraints | None:
    if permitted is None and excluded is None:
        return None
    return x509.NameConstraints(
        None if permitted is None else [_subtree(name) for name in permitted],
        None if excluded is None else [_subtree(name) for name in excluded],
    )


def _subtree(name: str) -> x509.GeneralName:
    if "@" in name:
        return x509.RFC822Name(name)
    try:
        return x509.IPAddress(ip_network(name))
    except ValueError:
        return x509.DNSName(name)


def _issuer_url(url: str | None) -> x509.AuthorityInformationAccess | None:
    if url is None:
        return None
    location = x509.UniformResourceIdentifier(url)
    return x509.AuthorityInformationAccess([x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, location)])


def _sign_weakly(certificate: x509.Certificate, signer: rsa.RSAPrivateKey, name: str) -> x509.Certificate:
    """`cryptography` signs no certificate with MD5 or SHA-1: the algorithm is exchanged and the signature made anew."""
    prefix = bytes.fromhex("2a864886f70d0101")  # sha256WithRSAEncryption is this and 0b
    old, new = prefix + b"\x0b", prefix + {"md5": b"\x04", "sha1": b"\x05"}[name]
    body = certificate.tbs_certificate_bytes.replace(old, new)
    algorithm: hashes.HashAlgorithm = {"md5": hashes.MD5, "sha1": hashes.SHA1}[name]()
    der = certificate.public_bytes(serialization.Encoding.DER).replace(certificate.tbs_certificate_bytes, body)
    der = der.replace(old, new).replace(certificate.signature, signer.sign(body, padding.PKCS1v15(), algorithm))
    return x509.load_der_x509_certificate(der)


def der(tag: int, *parts: bytes) -> bytes:
    """One element (X.690) with a length as short as can be."""
    content = b"".join(parts)
    size = len(content).to_bytes(max(1, (len(content).bit_length() + 7) // 8), "big")
    return bytes([tag]) + (size if len(content) < 0x80 else bytes([0x80 | len(size)]) + size) + content


def der_integer(number: int) -> bytes:
    return der(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big"))
