# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a CA, ours or an imported one, can sign what clients accept. Each check yields refusals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

try:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding
except ImportError:
    pass  # require_libraries() says so at run time

from ansible_collections.certwright.tls.plugins.plugin_utils._ca.constraints import has_foreign_constraints
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.keys import find_key_fault, identify
from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import (
    Certificate,
    is_same_name,
    is_self_signed,
    is_signed_by,
    load_each,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.constraints import find_forbidden_names
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inspection import format_instant
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice, Reason

if TYPE_CHECKING:
    from ansible_collections.certwright.tls.plugins.plugin_utils._ca.keys import CaKey

_WEAK_HASHES = ("md5", "sha1")


def find_authority_problems(certificate: x509.Certificate, key: CaKey | None, *, now: datetime) -> tuple[Reason, ...]:
    """Why nothing is to be signed with this CA; `key` is None for one whose key is elsewhere.

    The codes: ca_not_ca, ca_no_key_cert_sign, ca_expired, ca_not_yet_valid, ca_weak, ca_unsupported, ca_key_mismatch.
    """
    authority = _load(certificate)
    reasons = list(_find_authority_faults(authority, now))
    if key is not None and identify(key.public_key()) != authority.public_key.sha256:
        fact = f"The private key does not belong to the CA certificate {authority.title} ({authority.key_type})"
        reasons.append(Reason("ca_key_mismatch", f"{fact}; pass the key that this certificate was made for"))
    return tuple(reasons)


def find_authority_notices(certificate: x509.Certificate) -> tuple[Notice, ...]:
    """What strict clients dislike of a CA that others accept: OpenSSL's X509_V_FLAG_X509_STRICT, Python from 3.13."""
    authority = _load(certificate)
    lacking = [
        *([] if is_strict(certificate) else ["a critical basicConstraints and keyUsage"]),
        *([] if authority.extensions.subject_key else ["a subjectKeyIdentifier"]),
    ]
    if not lacking:
        return ()
    fact = (
        f"The CA certificate {authority.title} lacks {' and '.join(lacking)}; strict clients (Python from 3.13) refuse"
    )
    return (Notice("ca_not_strict", f"{fact} what it signs; have it made anew for the same key, or make a new CA"),)


def find_path_problems(
    certificate: x509.Certificate, chain: Sequence[x509.Certificate], root: x509.Certificate, *, now: datetime
) -> tuple[Reason, ...]:
    """Why clients that have the root do not accept what the CA signs; the chain is what lies between the two, in order.

    The codes of find_authority_problems for each of them, and signature_invalid, path_length_exceeded,
    name_constraint_violated.
    """
    path = dict.fromkeys(_load(item) for item in (certificate, *chain, root))
    return find_path_faults(tuple(path), now)


@lru_cache(maxsize=64)
def find_path_faults(path: tuple[Certificate, ...], now: datetime) -> tuple[Reason, ...]:
    """From the signing CA to its root. Asked once for all certificates of a batch."""
    return (
        *(reason for authority in path for reason in _find_authority_faults(authority, now)),
        *_find_breaks(path),
        *_find_exceeded_path_lengths(path),
        *_find_forbidden(path),
    )


def is_strict(certificate: x509.Certificate) -> bool:
    """Whether it has what RFC 5280 4.2.1.3 and 4.2.1.9 ask of a CA; many private ones do not."""
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
        certificate.extensions.get_extension_for_class(x509.KeyUsage)
    except x509.ExtensionNotFound:
        return False
    return constraints.critical


def _find_authority_faults(authority: Certificate, now: datetime) -> Iterator[Reason]:
    what = f"The CA certificate {authority.title}"
    usage = authority.extensions.key_usage
    if not authority.may_issue:
        yield Reason("ca_not_ca", f"{what} is no CA certificate (CA:TRUE is missing); pass the one of the CA")
    if usage is not None and "key_cert_sign" not in usage:
        yield Reason("ca_no_key_cert_sign", f"{what} may not sign: its keyUsage lacks keyCertSign; use another CA")
    if authority.not_after <= now:
        fact = f"{what} expired on {format_instant(authority.not_after)}"
        yield Reason("ca_expired", f"{fact}; pass its successor, or make a new CA")
    if authority.not_before > now:
        fact = f"{what} is not valid before {format_instant(authority.not_before)}"
        yield Reason("ca_not_yet_valid", f"{fact}; wait until then, or correct the controller's clock")
    yield from _find_weaknesses(authority, what)
    if has_foreign_constraints(authority.parsed):
        fact = f"{what} constrains other kinds of names than DNS names and addresses"
        yield Reason("ca_unsupported", f"{fact}, which cannot be proved here; use another CA")


def _find_weaknesses(authority: Certificate, what: str) -> Iterator[Reason]:
    """Nobody checks a root's signature on itself."""
    fault = find_key_fault(authority.parsed.public_key())
    if fault:
        yield Reason("ca_weak", f"{what} cannot be used. {fault.message}")
    if authority.signature_hash in _WEAK_HASHES and not is_self_signed(authority):
        fact = f"{what} is signed with {authority.signature_hash.upper()}, which clients refuse"
        yield Reason("ca_weak", f"{fact}; have it issued again with SHA-256")


def _find_breaks(path: Sequence[Certificate]) -> Iterator[Reason]:
    for certificate, issuer in pairwise(path):
        if not is_same_name(certificate.issuer, issuer.subject) or not is_signed_by(certificate, issuer):
            fact = f"The CA certificate {certificate.title} (issued by {certificate.issuer}) was not signed by"
            way_out = "pass the chain in its order, from the CA up to its root"
            yield Reason("signature_invalid", f"{fact} {issuer.title}; {way_out}")


def _find_exceeded_path_lengths(path: Sequence[Certificate]) -> Iterator[Reason]:
    """Self-issued CAs, made at a key roll-over, do not count (RFC 5280 4.2.1.9)."""
    below = 0
    for authority in path:
        allowed = authority.path_length
        if allowed is not None and below > allowed:
            fact = f"The CA certificate {authority.title} allows {allowed} CAs below it, but {below} are there"
            yield Reason("path_length_exceeded", f"{fact}; use a CA that may issue them")
        below += not authority.is_self_issued


def _find_forbidden(path: Sequence[Certificate]) -> Iterator[Reason]:
    """A CA may have names itself."""
    for position, authority in enumerate(path):
        names = [name for below in path[:position] for name in find_forbidden_names(below, authority)]
        if names:
            fact = f"The CA certificate {authority.title} may not issue for {', '.join(names)} by its name constraints"
            yield Reason("name_constraint_violated", f"{fact}; have the CA below it made without the name")


def _load(certificate: x509.Certificate) -> Certificate:
    return load_each([certificate.public_bytes(Encoding.DER)], "ca")[0]
