# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One X.509 certificate as a value: what it says is read once, here, and never parsed again."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

try:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, padding, rsa
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.utils import CryptographyDeprecationWarning
    from cryptography.x509.oid import NameOID
except ImportError:
    pass  # require_libraries() says so at run time

from ansible_collections.certwright.tls.plugins.plugin_utils._core.der import find_files
from ansible_collections.certwright.tls.plugins.plugin_utils._core.extensions import (
    Extensions,
    load_extensions,
    printable,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.java_name import describe_java
from ansible_collections.certwright.tls.plugins.plugin_utils._core.key_type import PublicKey, load_public_key
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import (
    Block,
    UnusableError,
    describe_source,
    load_blocks,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pkcs7 import load_bag

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

_LABELS = ("CERTIFICATE", "X509 CERTIFICATE")
# Where PKCS#7 and PKCS#12 both begin with the type of what they hold, a certificate has its serial number
_PKCS7_TYPE = bytes.fromhex("2a864886f70d0107")
_BAG_LABELS = ("PKCS7", "PKCS #7 SIGNED DATA", "CMS")
# Far above any real chain; keeps the search for a path short on hostile input.
_MAXIMUM_CERTIFICATES = 100

# What stands in a file that holds no certificate, and the way out.
_OTHER_BLOCKS = (
    ("PRIVATE KEY", "a private key; are the certificate and the private key swapped?"),
    ("CERTIFICATE REQUEST", "a certificate request (CSR); pass the certificate that the CA returned for it"),
    ("PKCS12", "PKCS#12 in the lines of PEM; pass the .p12 or .pfx file itself as pkcs12_src"),
    (
        "TRUSTED CERTIFICATE",
        "a trusted certificate of OpenSSL; convert it by `openssl x509 -in FILE -out FILE.pem` and pass that",
    ),
)


@dataclass(frozen=True, eq=False)
class Certificate:
    """What one certificate says. Two are equal when their fingerprints are.

    `fingerprint` (SHA-256) and `serial` are hex, `pem` is normalised text, `subject` and `issuer` are RFC 4514 text,
    dates are aware UTC, `names` are the SAN's DNS names (lower case, A-labels) and addresses.
    """

    fingerprint: str
    pem: str = field(repr=False)
    subject: str
    issuer: str
    common_name: str | None
    serial: str
    not_before: datetime
    not_after: datetime
    version: int
    signature_hash: str | None
    public_key: PublicKey
    extensions: Extensions
    parsed: x509.Certificate = field(repr=False)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Certificate) and self.fingerprint == other.fingerprint

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    @property
    def names(self) -> tuple[str, ...]:
        return self.extensions.names

    @property
    def key_type(self) -> str:
        return self.public_key.key_type

    @property
    def is_ca(self) -> bool:
        return self.extensions.is_ca

    @property
    def may_issue(self) -> bool:
        """A root of version 1 has no extensions and is a CA all the same, as every TLS stack has it."""
        return self.is_ca or (self.version == 1 and self.is_self_issued)

    @property
    def path_length(self) -> int | None:
        return self.extensions.path_length

    @property
    def is_self_issued(self) -> bool:
        return is_same_name(self.subject, self.issuer)

    @property
    def title(self) -> str:
        """What messages call it; a subject may be empty when names are there (RFC 5280 4.1.2.6)."""
        return self.subject or next(iter(self.names), f"serial {self.serial}")


@lru_cache(maxsize=16)
def load_certificates(content: bytes, source: str) -> tuple[Certificate, ...]:
    """Every certificate of a file (PEM, DER, PKCS#7) in its order, each once, whatever else the file holds.

    Hundreds of certificates come with the same file of CAs, which is read once.
    Raises UnusableError: the codes of load_blocks, no_certificate, certificate_unreadable, too_many_certificates.
    """
    blocks = [_unmask(block) for block in load_blocks(content, source)]
    certificates = [found for block in blocks for found in _find_certificates(block, source)]
    if not certificates:
        raise UnusableError("no_certificate", f"{describe_source(source)} holds {_describe_others(blocks)}")
    return load_each(certificates, source)


def load_each(certificates: Sequence[bytes], source: str) -> tuple[Certificate, ...]:
    """DER certificates as values, each once. Raises UnusableError: certificate_unreadable, too_many_certificates."""
    if len(certificates) > _MAXIMUM_CERTIFICATES:
        fact = f"holds {len(certificates)} certificates, more than {_MAXIMUM_CERTIFICATES}"
        raise UnusableError("too_many_certificates", f"{describe_source(source)} {fact}; pass the chain only")
    return tuple(dict.fromkeys(_load(certificate, source) for certificate in certificates))


def load_anchors(content: bytes) -> tuple[Certificate, ...]:
    """The certificates of a trust store; unreadable ones are left out, for the store is not the operator's material."""
    anchors = (_load_anchor(block) for block in load_blocks(content, "trust_store"))
    return tuple(anchor for anchor in anchors if anchor)


def is_same_name(name: str, other: str) -> bool:
    """Compare as RFC 5280 7.1 asks: CAs re-encode names, so case and repeated blanks do not count."""
    return name == other or name.casefold().split() == other.casefold().split()


@lru_cache(maxsize=4096)
def is_signed_by(certificate: Certificate, issuer: Certificate) -> bool:
    """Whether the issuer's key made the signature; names are not compared. Asked once: many leaves share their CAs."""
    parsed = certificate.parsed
    public_key: Any = issuer.parsed.public_key()
    try:
        public_key.verify(parsed.signature, parsed.tbs_certificate_bytes, *_load_parameters(parsed, public_key))
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError, AttributeError):
        # AttributeError: a key for key agreement (X25519) verifies nothing.
        return False
    return True


def is_self_signed(certificate: Certificate) -> bool:
    """Self-issued is not enough: a CA that rolls its key signs the new one, of the same name, with the old."""
    return certificate.is_self_issued and is_signed_by(certificate, certificate)


def describe(certificate: Certificate) -> dict[str, str | list[str]]:
    """Plain types for results and diffs."""
    return {
        "names": list(certificate.names),
        "subject": certificate.subject,
        "distinguished_name": describe_java(certificate.parsed.subject),
        "issuer": certificate.issuer,
        "serial": certificate.serial,
        "not_before": f"{certificate.not_before:%Y-%m-%dT%H:%M:%SZ}",
        "not_after": f"{certificate.not_after:%Y-%m-%dT%H:%M:%SZ}",
        "key_type": certificate.key_type,
        "fingerprint_sha256": certificate.fingerprint,
    }


def _unmask(block: Block) -> Block:
    """Windows CAs and `certutil -encode` call whatever they write a certificate."""
    if block.label not in _LABELS or _PKCS7_TYPE not in block.content[:30]:
        return block
    other = next((label for label, file in find_files(block.content) if label in ("PKCS7", "PKCS12")), block.label)
    return Block(other, block.content)


def _find_certificates(block: Block, source: str) -> tuple[bytes, ...]:
    if block.label in _BAG_LABELS:
        return load_bag(block.content, source)
    return (block.content,) if block.label in _LABELS else ()


def _describe_others(blocks: Sequence[Block]) -> str:
    for label, explanation in _OTHER_BLOCKS:
        if any(block.label.endswith(label) for block in blocks):
            return f"no certificate but {explanation}"
    return f"a block of the kind {blocks[0].label} but no certificate; pass the file that the CA sent"


def _load_anchor(block: Block) -> Certificate | None:
    try:
        return _load(block.content, "trust_store")
    except UnusableError:
        return None


def _load(content: bytes, source: str) -> Certificate:
    try:
        with warnings.catch_warnings():
            # A serial that is not positive: the strict verifier says so where it matters
            warnings.simplefilter("ignore", CryptographyDeprecationWarning)
            return _read(content)
    except (
        UnsupportedAlgorithm,  # the kind of key
        ValueError,
        TypeError,
        KeyError,  # `cryptography` 42 at a string of unknown kind
        x509.DuplicateExtension,
        x509.UnsupportedGeneralNameType,
        x509.InvalidVersion,
    ) as error:
        fact = f"holds a certificate that cannot be read ({printable(str(error))[:160]})"
        way_out = "have it issued again, or look at it by `openssl x509 -in FILE -noout -text`"
        raise UnusableError("certificate_unreadable", f"{describe_source(source)} {fact}; {way_out}") from None


@lru_cache(maxsize=1024)
def _read(content: bytes) -> Certificate:
    """Hundreds of bundles bring the same CAs: each is read once."""
    parsed = x509.load_der_x509_certificate(content)
    common_names = parsed.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return Certificate(
        fingerprint=parsed.fingerprint(hashes.SHA256()).hex(),
        pem=Block("CERTIFICATE", parsed.public_bytes(Encoding.DER)).text,
        subject=printable(parsed.subject.rfc4514_string()),
        issuer=printable(parsed.issuer.rfc4514_string()),
        common_name=printable(str(common_names[0].value)) if common_names else None,
        serial=f"{parsed.serial_number:x}",
        not_before=parsed.not_valid_before_utc,
        not_after=parsed.not_valid_after_utc,
        version=parsed.version.value + 1,
        signature_hash=_load_signature_hash(parsed),
        public_key=load_public_key(parsed.public_key()),
        extensions=load_extensions(parsed.extensions),
        parsed=parsed,
    )


def _load_signature_hash(parsed: x509.Certificate) -> str | None:
    try:
        algorithm = parsed.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return None
    return algorithm.name if algorithm else None


def _load_parameters(parsed: x509.Certificate, public_key: object) -> tuple[object, ...]:
    if isinstance(public_key, rsa.RSAPublicKey):
        # `cryptography` names no padding for MD5, whose certificates had only this one
        return parsed.signature_algorithm_parameters or padding.PKCS1v15(), parsed.signature_hash_algorithm
    if isinstance(public_key, ec.EllipticCurvePublicKey):
        return (parsed.signature_algorithm_parameters,)
    if isinstance(public_key, dsa.DSAPublicKey):
        return (parsed.signature_hash_algorithm,)
    return ()
