# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether clients can follow the path from the leaf to a root. Each check asks one question and yields refusals."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import (
    Certificate,
    is_self_signed,
    is_signed_by,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.constraints import find_forbidden_names
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inspection import Inspection, format_instant
from ansible_collections.certwright.tls.plugins.plugin_utils._core.leaf_checks import SERVER_USAGES
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Reason

# The floor of today's TLS libraries (OpenSSL's security level 2); kinds not listed have one fixed, sound length.
_MINIMUM_BITS = {"RSA": 2048, "EC": 256}
_OBSOLETE_KEYS = ("DSA",)
_WEAK_HASHES = ("md5", "sha1")


def find_missing_issuer(inspection: Inspection) -> Iterator[Reason]:
    """Only the root may be missing, so a leaf alone is not enough; nor is an end beside a root that was supplied."""
    bundle = inspection.bundle
    last = bundle.path[-1]
    unreached = next((certificate for certificate in bundle.unused if is_self_signed(certificate)), None)
    may_end_here = len(bundle.path) > 1 and unreached is None
    if inspection.find_anchor() or may_end_here or is_self_signed(last):
        return
    beside = f"; the supplied root {unreached.title} did not issue it" if unreached else ""
    url = next(iter(last.extensions.issuer_urls), None)
    source = f"; {last.title} says that it is at {url}" if url else ""
    yield Reason(
        "chain_incomplete",
        f"The certificate of {last.issuer}, which issued {last.title}, is missing{beside}; "
        f"add it to the CA input{source}",
    )


def find_invalid_signatures(inspection: Inspection) -> Iterator[Reason]:
    for certificate, issuer in pairwise(inspection.bundle.path):
        if not is_signed_by(certificate, issuer):
            yield Reason(
                "signature_invalid",
                f"{_describe(certificate, inspection)} names {issuer.title} as its issuer, but the supplied one of "
                "that name did not sign it: it is another CA of the same name, or a file is damaged; "
                "pass the one that did",
            )
    last = inspection.bundle.path[-1]
    if _claims_to_be_self_signed(last) and not is_self_signed(last):
        fact = "names itself as its issuer, but did not sign itself: the file is damaged"
        yield Reason("signature_invalid", f"{_describe(last, inspection)} {fact}; pass it as the CA published it")


def find_bad_dates(inspection: Inspection) -> Iterator[Reason]:
    for certificate in inspection.bundle.path:
        what = _describe(certificate, inspection)
        prefix = "" if certificate == inspection.bundle.leaf else "ca_"
        if certificate.not_after < inspection.now:
            fact = f"{what} expired on {format_instant(certificate.not_after)}"
            yield Reason(f"{prefix}expired", f"{fact}; pass its successor")
        if certificate.not_before > inspection.now:
            fact = f"{what} is not valid before {format_instant(certificate.not_before)}"
            yield Reason(f"{prefix}not_yet_valid", f"{fact}; wait until then, or correct the controller's clock")


def find_issuers_not_ca(inspection: Inspection) -> Iterator[Reason]:
    for issuer in inspection.bundle.issuers:
        if not issuer.may_issue:
            what = _describe(issuer, inspection)
            yield Reason(
                "issuer_not_ca", f"{what} is not a CA certificate, so clients refuse what it issued; use another CA"
            )


def find_exceeded_path_lengths(inspection: Inspection) -> Iterator[Reason]:
    """Self-issued CAs, made at a key roll-over, do not count (RFC 5280 4.2.1.9)."""
    below = 0
    for issuer in inspection.bundle.issuers:
        allowed = issuer.path_length
        if allowed is not None and below > allowed:
            fact = f"allows {allowed} CAs below it, but {below} are there"
            yield Reason(
                "path_length_exceeded", f"{_describe(issuer, inspection)} {fact}; use a CA that may issue them"
            )
        below += not issuer.is_self_issued


def find_violated_name_constraints(inspection: Inspection) -> Iterator[Reason]:
    """Every CA binds all below it, self-issued CAs excepted (RFC 5280 6.1.3 b)."""
    path = inspection.bundle.path
    for position, issuer in enumerate(path):
        bound = [path[0], *(certificate for certificate in path[1:position] if not certificate.is_self_issued)]
        names = [name for certificate in bound if position for name in find_forbidden_names(certificate, issuer)]
        if names:
            fact = f"may not issue for {', '.join(names)} by its name constraints"
            way_out = "have the constraints widened, or use another CA"
            yield Reason("name_constraint_violated", f"{_describe(issuer, inspection)} {fact}; {way_out}")


def find_unsuitable_ca_usages(inspection: Inspection) -> Iterator[Reason]:
    for issuer in inspection.bundle.issuers:
        usage, extended = issuer.extensions.key_usage, issuer.extensions.extended_key_usage
        what = _describe(issuer, inspection)
        if usage is not None and "key_cert_sign" not in usage:
            yield Reason(
                "usage_unsuitable", f"{what} may not sign certificates: its keyUsage lacks keyCertSign; use another CA"
            )
        if extended is not None and not extended & SERVER_USAGES:
            fact = "may not issue for TLS servers: its extendedKeyUsage lacks serverAuth"
            yield Reason("usage_unsuitable", f"{what} {fact}; use another CA")


def find_weak_keys(inspection: Inspection) -> Iterator[Reason]:
    for certificate in inspection.bundle.path:
        kind = certificate.key_type.split()[0]
        if kind in _OBSOLETE_KEYS or certificate.public_key.bits < _MINIMUM_BITS.get(kind, 0):
            fact = f"has a key of {certificate.key_type}, which clients refuse"
            way_out = "have it issued for a key of RSA 2048 or EC P-256 or better"
            yield Reason("weak_key", f"{_describe(certificate, inspection)} {fact}; {way_out}")


def find_weak_signatures(inspection: Inspection) -> Iterator[Reason]:
    """Nobody checks a root's signature on itself."""
    bundle = inspection.bundle
    for certificate in (bundle.leaf, *bundle.chain):
        if certificate.signature_hash in _WEAK_HASHES and certificate != bundle.root:
            fact = f"is signed with {certificate.signature_hash.upper()}, which clients refuse"
            yield Reason(
                "weak_signature", f"{_describe(certificate, inspection)} {fact}; have it issued again with SHA-256"
            )


def _claims_to_be_self_signed(certificate: Certificate) -> bool:
    """A CA that rolled its key names itself too, but points to its older key."""
    extensions = certificate.extensions
    return certificate.is_self_issued and extensions.authority_key in (None, extensions.subject_key)


def _describe(certificate: Certificate, inspection: Inspection) -> str:
    kind = "certificate" if certificate == inspection.bundle.leaf else "CA certificate"
    return f"The {kind} {certificate.title}"
