# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A certificate is signed from what the inventory wishes and a public key, never from what a request says."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from ipaddress import ip_address
from typing import TYPE_CHECKING

try:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding
except ImportError:
    pass  # require_libraries() says so at run time

from ansible_collections.certwright.tls.plugins.plugin_utils._ca.asked import title_of
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.constraints import Constraints, load_constraints_of
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.profiles import make_leaf_extensions
from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import Certificate, load_each
from ansible_collections.certwright.tls.plugins.plugin_utils._core.extensions import is_address
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import Block

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

    from ansible_collections.certwright.tls.plugins.plugin_utils._ca.keys import CaKey, CaPublicKey

# Clocks of hosts differ; a certificate is used the minute it was made.
CLOCK_DIFFERENCE = timedelta(minutes=5)


@dataclass(frozen=True)
class Signer:
    """The CA that signs, with its key. `chain` begins with its own certificate and ends below the root.

    Without a key it judges what it would sign. A root that signs by itself has an empty chain. `constraints` are those
    of the CA's rules; what the certificates on the path say is added. What is the same for all certificates of a batch
    is made once.
    """

    certificate: x509.Certificate
    key: CaKey | None = field(repr=False)
    chain: tuple[x509.Certificate, ...]
    root: x509.Certificate
    constraints: Constraints | None = None
    crl_url: str = ""

    @property
    def signing_key(self) -> CaKey:
        if self.key is None:
            raise LookupError("The key of this CA was not opened")
        return self.key

    @cached_property
    def path(self) -> tuple[Certificate, ...]:
        """From the signing certificate to the root."""
        return load_each([item.public_bytes(Encoding.DER) for item in (*self.chain, self.root)], "ca")

    @cached_property
    def not_before(self) -> datetime:
        return max(authority.not_before for authority in self.path)

    @cached_property
    def not_after(self) -> datetime:
        """The first end on the path: nothing lives longer than what vouches for it."""
        return min(authority.not_after for authority in self.path)

    @cached_property
    def limits(self) -> tuple[Constraints, ...]:
        found = (self.constraints, *(load_constraints_of(authority.parsed) for authority in self.path))
        return tuple(dict.fromkeys(limit for limit in found if limit))

    @cached_property
    def public_keys(self) -> tuple[PublicKeyTypes, ...]:
        return tuple(authority.parsed.public_key() for authority in self.path)

    @cached_property
    def authority_key(self) -> x509.AuthorityKeyIdentifier:
        """By key only: issuer and serial would bind what was issued to one certificate of a CA that is rolled over."""
        try:
            own = self.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        except x509.ExtensionNotFound:
            return x509.AuthorityKeyIdentifier.from_issuer_public_key(self.signing_key.public_key())
        return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own)

    @cached_property
    def distribution_points(self) -> x509.CRLDistributionPoints | None:
        if not self.crl_url:
            return None
        point = x509.DistributionPoint([x509.UniformResourceIdentifier(self.crl_url)], None, None, None)
        return x509.CRLDistributionPoints([point])

    @cached_property
    def signature_hash(self) -> hashes.SHA256 | hashes.SHA384 | hashes.SHA512:
        return choose_hash(self.signing_key)


@dataclass(frozen=True)
class Wish:
    """One certificate to be signed. `names` are DNS names and addresses in load_name's spelling."""

    name: str
    host: str
    public_key: CaPublicKey
    usage: str
    names: tuple[str, ...]
    emails: tuple[str, ...]
    subject: x509.Name
    not_after: datetime

    @property
    def title(self) -> str:
        return title_of(self.host, self.name)


@dataclass(frozen=True)
class Signed:
    """`serial_hex` is lower case, `sha256` the fingerprint, as hex."""

    certificate: x509.Certificate = field(repr=False)
    der: bytes = field(repr=False)
    pem: str = field(repr=False)
    serial_hex: str
    sha256: str
    not_before: datetime
    not_after: datetime


def sign(wish: Wish, signer: Signer, *, serial: int, now: datetime) -> Signed:
    """What was wished, signed; find_wish_problems() comes before, require_proved() after it.

    `serial` is random, of 127 bits. The end is the wished one, or the CA's own where that is sooner.
    """
    not_before = max((now - CLOCK_DIFFERENCE).replace(microsecond=0), signer.not_before)
    not_after = min(wish.not_after.replace(microsecond=0), signer.not_after)
    builder = (
        x509.CertificateBuilder()
        .subject_name(wish.subject)
        .issuer_name(signer.certificate.subject)
        .public_key(wish.public_key)
        .serial_number(serial)
        .not_valid_before(not_before)
        .not_valid_after(not_after)
    )
    for extension, is_critical in make_extensions(wish, signer):
        builder = builder.add_extension(extension, is_critical)
    certificate = builder.sign(signer.signing_key, signer.signature_hash)
    der = certificate.public_bytes(Encoding.DER)
    pem, fingerprint = Block("CERTIFICATE", der).text, hashlib.sha256(der).hexdigest()
    return Signed(certificate, der, pem, f"{serial:x}", fingerprint, not_before, not_after)


def make_extensions(wish: Wish, signer: Signer) -> list[tuple[x509.ExtensionType, bool]]:
    """An empty subject makes the names critical (RFC 5280 4.2.1.6)."""
    names, points = _make_alternative_name(wish), signer.distribution_points
    return [
        *make_leaf_extensions(wish.usage, wish.public_key),
        (x509.SubjectKeyIdentifier.from_public_key(wish.public_key), False),
        (signer.authority_key, False),
        *([(names, not wish.subject.rdns)] if names else []),
        *([(points, False)] if points else []),
    ]


def _make_alternative_name(wish: Wish) -> x509.SubjectAlternativeName | None:
    """Each name as what it is: clients find an address only where addresses stand (RFC 9525 6.5)."""
    names = [*map(_make_general_name, wish.names), *map(x509.RFC822Name, wish.emails)]
    return x509.SubjectAlternativeName(names) if names else None


def choose_hash(key: CaKey) -> hashes.SHA256 | hashes.SHA384 | hashes.SHA512:
    """As strong as the key."""
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.key_size > 256:
        return hashes.SHA384() if key.key_size == 384 else hashes.SHA512()
    return hashes.SHA256()


def _make_general_name(name: str) -> x509.GeneralName:
    return x509.IPAddress(ip_address(name)) if is_address(name) else x509.DNSName(name)
