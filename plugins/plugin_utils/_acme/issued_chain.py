# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a CA hands over at the end, checked before anybody stores it (RFC 8555 7.4.2)."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

try:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
except ImportError:
    pass  # require_acme() says so at run time

from ansible_collections.certwright.tls.plugins.plugin_utils._acme.problems import AcmeProblem
from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import (
    Certificate,
    is_same_name,
    is_signed_by,
    load_certificates,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.names import covers
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError

if TYPE_CHECKING:
    from cryptography.x509 import CertificateSigningRequest

_WAY_OUT = "nothing was stored; a later run orders anew, and the CA should know"
_PEM_END = re.compile(rb"-----END CERTIFICATE-----\s*\Z")


def find_cut(content: bytes) -> str:
    """What is wrong with a file that did not arrive whole, "" when nothing is."""
    return "" if _PEM_END.search(content) else "no whole PEM file of certificates"


def load_chain(content: bytes, *, names: Sequence[str], csr_pem: str = "") -> bytes:
    """The chain as PEM, the leaf first, in one spelling.

    Raises AcmeProblem certificate_unfit where the leaf lacks a name of the order, has another key than the request,
    or is not signed by the certificate that follows it.
    """
    try:
        chain = load_certificates(content, "certificate")
    except UnusableError as error:
        raise _unfit(f"cannot be read ({error.message})") from None
    leaf = chain[0]
    missing = [name for name in names if not covers(leaf.names, name)]
    if missing:
        raise _unfit(f"lacks {', '.join(missing[:10])}")
    if csr_pem and _encode_key(leaf) != load_request_key(csr_pem):
        raise _unfit("has another key than the request that it was made for")
    _require_linked(chain)
    return "".join(certificate.pem for certificate in chain).encode("ascii")


def load_request(csr_pem: str) -> str:
    """A certificate request as finalizing wants it: DER in base64url."""
    der = _load_request(csr_pem).public_bytes(Encoding.DER)
    return base64.urlsafe_b64encode(der).decode("ascii").rstrip("=")


def load_request_key(csr_pem: str) -> bytes:
    return _load_request(csr_pem).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _load_request(csr_pem: str) -> CertificateSigningRequest:
    try:
        return x509.load_pem_x509_csr(csr_pem.encode("ascii", "replace"))
    except (ValueError, UnsupportedAlgorithm, InvalidSignature):
        text = "The certificate request cannot be read; remove the begun order, so that key and request are made anew"
        raise AcmeProblem("permanent", "bad_csr", text) from None


def _require_linked(chain: Sequence[Certificate]) -> None:
    """The leaf's issuer comes next, where one comes at all; the rest may be in any order, and roots are left out."""
    leaf, issuer = chain[0], chain[min(1, len(chain) - 1)]
    if issuer != leaf and not (is_same_name(leaf.issuer, issuer.subject) and is_signed_by(leaf, issuer)):
        raise _unfit("is followed by a certificate that did not sign it")


def _encode_key(certificate: Certificate) -> bytes:
    return certificate.parsed.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _unfit(fact: str) -> AcmeProblem:
    return AcmeProblem("permanent", "certificate_unfit", f"The certificate that the CA issued {fact}; {_WAY_OUT}")
