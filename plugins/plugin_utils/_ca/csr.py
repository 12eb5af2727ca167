# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A certificate request (RFC 2986): all that is taken from it is a public key whose owner signed it."""

from __future__ import annotations

from typing import TYPE_CHECKING

try:
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
except ImportError:
    pass  # require_libraries() says so at run time

from ansible_collections.certwright.tls.plugins.plugin_utils._ca.keys import find_key_fault
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError

if TYPE_CHECKING:
    from ansible_collections.certwright.tls.plugins.plugin_utils._ca.keys import CaPublicKey

_LARGEST = 64 * 1024


def load_csr(text: str) -> CaPublicKey:
    """The public key of a PEM request; names come from the inventory, whatever the request says.

    Raises UnusableError: csr_unreadable, csr_signature, key_weak, key_unsupported.
    """
    request = _parse(text)
    public_key = _load_public_key(request)
    if not request.is_signature_valid:
        fact = "The certificate request is not signed by the key that it names: it was altered, or put together"
        raise UnusableError("csr_signature", f"{fact}; make it anew from the private key")
    return public_key


def _parse(text: str) -> x509.CertificateSigningRequest:
    try:
        return x509.load_pem_x509_csr(text[:_LARGEST].encode("ascii"))
    except (ValueError, TypeError, x509.InvalidVersion, UnsupportedAlgorithm):
        fact = "The certificate request cannot be read as PEM"
        way_out = "pass what `openssl req -new -key FILE` prints, and look at it by `openssl req -noout -text`"
        raise UnusableError("csr_unreadable", f"{fact}; {way_out}") from None


def _load_public_key(request: x509.CertificateSigningRequest) -> CaPublicKey:
    """Judged before the signature: one of an enormous key would take minutes to verify."""
    try:
        public_key = request.public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm):
        public_key = None
    fault = find_key_fault(public_key)
    if fault:
        raise UnusableError(fault.code, f"The certificate request cannot be signed. {fault.message}")
    return public_key  # type: ignore[return-value]  # find_key_fault() knows no other kinds
