# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The bag of certificates that Windows CAs hand over as .p7b (RFC 2315 signed data without a signature)."""

from __future__ import annotations

import warnings

try:
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
except ImportError:
    pass  # require_libraries() says so at run time

from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError, describe_source


def load_bag(content: bytes, source: str) -> tuple[bytes, ...]:
    """The DER of each certificate inside, in no meaningful order. Raises UnusableError: no_certificate."""
    try:
        with warnings.catch_warnings():
            # BER, which Java and Netscape wrote, is read with a UserWarning
            warnings.simplefilter("ignore")
            found = pkcs7.load_der_pkcs7_certificates(content)
    except (UnsupportedAlgorithm, x509.InvalidVersion, ValueError, TypeError):
        found = []
    if not found:
        fact = f"{describe_source(source)} holds PKCS#7 without certificates that can be read"
        way_out = "ask the CA for the certificate and its chain, or look at it by `openssl pkcs7 -print_certs -in FILE`"
        raise UnusableError("no_certificate", f"{fact}; {way_out}")
    return tuple(certificate.public_bytes(Encoding.DER) for certificate in found)
