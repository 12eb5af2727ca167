# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A certificate is proved with its key and chain before anybody gets it: clients would find a CA's slip otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from ipaddress import ip_address

try:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.x509 import verification
except ImportError:
    pass  # require_libraries() says so at run time

from ansible_collections.certwright.tls.plugins.plugin_utils._ca.authority_checks import find_path_faults, is_strict
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.keys import identify
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.profiles import CLIENT
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.signing import Signed, Signer, Wish, make_extensions
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.wish_checks import find_wish_problems
from ansible_collections.certwright.tls.plugins.plugin_utils._core.extensions import is_address, printable
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError


def is_issued(der: bytes, authority: x509.Certificate, *, key: str, serial: str) -> bool:
    """Whether it is what a ledger says of it: for that key (SHA-256, hex), of that serial number, signed by that CA."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        certificate.verify_directly_issued_by(authority)
        return (identify(certificate.public_key()), f"{certificate.serial_number:x}") == (key, serial)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False


def require_proved(signed: Signed, wish: Wish, signer: Signer, now: datetime) -> None:
    """Refuse a certificate that is not what was wished, or that clients of this usage would refuse.

    1. The wish is one that this CA may sign: names inside the constraints of each CA on the path, purposes, dates.
    2. The certificate carries the wished key, which is no key of the CA (JS7 hands out such ones).
    3. It says what was wished and nothing else.
    4. The CAs above it are CAs, in time, strong, signed by each other, and as many as they allow.
    5. The CA signed it: by the library's server or client verifier with the CA as the anchor; by its signature alone
       where that verifier has no opinion (see _can_library_prove), which with 1 to 4 proves the same.

    Raises UnusableError: key_of_ca, not_proved, and the codes of find_wish_problems.
    """
    for problem in find_wish_problems(wish, signer, now):
        raise UnusableError(problem.code, problem.message)
    _require_key(signed.certificate, wish, signer)
    for fact in _find_differences(signed.certificate, wish, signer, now):
        raise _unproved(fact)
    for reason in find_path_faults(signer.path, now):
        raise _unproved(reason.message)
    objection = _find_objection(signed.certificate, wish, signer, now)
    if objection:
        raise _unproved(objection)


def _require_key(certificate: x509.Certificate, wish: Wish, signer: Signer) -> None:
    found = certificate.public_key()
    if found in signer.public_keys:
        fact = "The signed certificate carries the CA's own key"
        raise UnusableError("key_of_ca", f"{fact}; it is not handed out. This is a defect: report it")
    if found != wish.public_key:
        raise _unproved("it carries another key than the request")


def _find_differences(certificate: x509.Certificate, wish: Wish, signer: Signer, now: datetime) -> Iterator[str]:
    if certificate.subject != wish.subject or certificate.issuer != signer.certificate.subject:
        yield "its subject or its issuer is another one"
    wished = {extension.oid: (extension, is_critical) for extension, is_critical in make_extensions(wish, signer)}
    if {item.oid: (item.value, item.critical) for item in certificate.extensions} != wished:
        yield "its names, usages or key identifiers are other ones"
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if not (signer.not_before <= begins <= now < ends <= min(signer.not_after, wish.not_after)):
        yield "its dates are other ones, or outside of the CA's"


def _find_objection(certificate: x509.Certificate, wish: Wish, signer: Signer, now: datetime) -> str | None:
    try:
        if _can_library_prove(wish, signer):
            _verify_by_library(certificate, wish, signer, now)
        else:
            certificate.verify_directly_issued_by(signer.certificate)
    except InvalidSignature:
        return "the CA's key did not sign it"
    except (verification.VerificationError, ValueError, TypeError) as error:
        return printable(str(error))[:200]
    return None


def _can_library_prove(wish: Wish, signer: Signer) -> bool:
    """It has no client verifier before release 43, refuses `_` in names, clients without SANs, and CAs of old profiles;
    wildcards below name constraints it learned after release 42.
    """
    if not is_strict(signer.certificate) or any("_" in name or "*" in name for name in wish.names):
        return False
    if wish.usage == CLIENT:
        return hasattr(verification, "ClientVerifier") and bool(wish.names or wish.emails)
    return True


def _verify_by_library(certificate: x509.Certificate, wish: Wish, signer: Signer, now: datetime) -> None:
    policy = verification.PolicyBuilder().store(_make_store(signer.certificate)).time(now)
    if wish.usage == CLIENT:
        policy.build_client_verifier().verify(certificate, [])
        return
    name = wish.names[0]
    subject = x509.IPAddress(ip_address(name)) if is_address(name) else x509.DNSName(name)
    policy.build_server_verifier(subject).verify(certificate, [])


@lru_cache(maxsize=8)
def _make_store(anchor: x509.Certificate) -> verification.Store:
    """The path above the anchor is proved once a batch, not once a certificate."""
    return verification.Store([anchor])


def _unproved(fact: str) -> UnusableError:
    return UnusableError("not_proved", f"The signed certificate is not handed out: {fact}. This is a defect: report it")
