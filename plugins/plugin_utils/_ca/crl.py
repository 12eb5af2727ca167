# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The list of what the CA revoked (RFC 5280 5): complete, numbered, and never replaced by an older one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

try:
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import Encoding
except ImportError:
    pass  # require_libraries() says so at run time

from ansible_collections.certwright.tls.plugins.plugin_utils._ca.signing import CLOCK_DIFFERENCE, Signer
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError

DEFAULT_LIFE = timedelta(days=30)
_UNSPECIFIED = "unspecified"
# Not `certificateHold`, which would have to be lifted, nor what only attribute certificates have.
REVOCATION_REASONS = (
    _UNSPECIFIED,
    "key_compromise",
    "affiliation_changed",
    "superseded",
    "cessation_of_operation",
    "privilege_withdrawn",
)


@dataclass(frozen=True)
class Revocation:
    """`reason` is one of REVOCATION_REASONS."""

    serial: int
    time: datetime
    reason: str = _UNSPECIFIED


@dataclass(frozen=True)
class Crl:
    """`authority_key` is the identifier of the key that signed it, as hex."""

    number: int
    this_update: datetime
    next_update: datetime
    serials: frozenset[int]
    authority_key: str
    der: bytes = field(repr=False)


def make_crl(  # noqa: PLR0913 - what a list says
    revocations: Iterable[Revocation],
    signer: Signer,
    *,
    number: int,
    now: datetime,
    life: timedelta = DEFAULT_LIFE,
    previous: Crl | None = None,
) -> bytes:
    """DER of a list that is good from now on for `life`. Raises UnusableError: crl_older, ca_no_crl_sign,
    revocation_reason_unknown, not_proved.
    """
    if previous is not None and number <= previous.number:
        fact = f"The CRL with the number {number} would follow one with the number {previous.number}"
        raise UnusableError("crl_older", f"{fact}; clients would refuse it: use the next number of the CA's ledger")
    _require_crl_sign(signer)
    builder = _begin(signer, number=number, begins=now - CLOCK_DIFFERENCE, ends=now + life)
    for revocation in revocations:
        builder = builder.add_revoked_certificate(_make_entry(revocation))
    made = builder.sign(signer.signing_key, signer.signature_hash)
    if not made.is_signature_valid(signer.certificate.public_key()):  # type: ignore[arg-type]  # a key that signs
        raise UnusableError(
            "not_proved", "The CRL is not signed by the CA's key; pass the key of the CA that is active"
        )
    return made.public_bytes(Encoding.DER)


def load_crl(der: bytes) -> Crl:
    """Raises UnusableError: crl_unreadable."""
    try:
        parsed = x509.load_der_x509_crl(der)
        extensions = parsed.extensions
        number = extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
        authority_key = extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
        begins, ends = parsed.last_update_utc, parsed.next_update_utc
        serials = frozenset(entry.serial_number for entry in parsed)
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.ExtensionNotFound, x509.DuplicateExtension):
        ends = None
    if ends is None:
        fact = "The CRL is damaged, or none of this CA"
        raise UnusableError("crl_unreadable", f"{fact}; look at it by `openssl crl -inform DER -noout -text -in FILE`")
    return Crl(number, begins, ends, serials, (authority_key or b"").hex(), der)


def is_due(crl: Crl, now: datetime) -> bool:
    """At half of its life, so that a missed run or two leave no host with a list that is over."""
    return now >= crl.this_update + (crl.next_update - crl.this_update) / 2


def _begin(signer: Signer, *, number: int, begins: datetime, ends: datetime) -> x509.CertificateRevocationListBuilder:
    builder = x509.CertificateRevocationListBuilder().issuer_name(signer.certificate.subject)
    builder = builder.last_update(begins.replace(microsecond=0)).next_update(ends.replace(microsecond=0))
    builder = builder.add_extension(x509.CRLNumber(number), critical=False)
    return builder.add_extension(signer.authority_key, critical=False)


def _require_crl_sign(signer: Signer) -> None:
    try:
        usage = signer.certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return
    if not usage.crl_sign:
        fact = f"The CA certificate {signer.path[0].title} may not sign CRLs: its keyUsage lacks cRLSign"
        raise UnusableError("ca_no_crl_sign", f"{fact}; do without a CRL, or use another CA")


def _make_entry(revocation: Revocation) -> x509.RevokedCertificate:
    """Without a reason where there is none to tell (RFC 5280 5.3.1)."""
    if revocation.reason not in REVOCATION_REASONS:
        fact = f"The reason `{revocation.reason[:40]}` of a revocation is not known"
        raise UnusableError("revocation_reason_unknown", f"{fact}; say one of {', '.join(REVOCATION_REASONS)}")
    builder = x509.RevokedCertificateBuilder().serial_number(revocation.serial)
    builder = builder.revocation_date(revocation.time.replace(microsecond=0))
    if revocation.reason != _UNSPECIFIED:
        reason = x509.ReasonFlags[revocation.reason]
        builder = builder.add_extension(x509.CRLReason(reason), critical=False)
    return builder.build()
