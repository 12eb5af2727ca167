# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A request for a certificate (RFC 2986) that waits on a host with its key, and what a host has begun of a certificate.

A host is not trusted with other names than those that are declared: what it hands out is read before anybody signs it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

try:
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509.oid import ExtensionOID
except ImportError:
    pass  # require_libraries() says so at run time

from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import Observed, load_time
from ansible_collections.certwright.tls.plugins.plugin_utils._core.extensions import load_extensions, printable
from ansible_collections.certwright.tls.plugins.plugin_utils._core.key_type import PublicKey, load_public_key

# What the words of an order say when no order is meant: the CA is elsewhere.
PURPOSE = "request"


@dataclass(frozen=True)
class CertificateRequest:
    """`pem` is normalised text, `names` are as Certificate has them."""

    pem: str = field(repr=False)
    names: tuple[str, ...]
    public_key: PublicKey


@dataclass(frozen=True)
class Begun:
    """What was begun of a certificate: an order of the module that orders, or (`is_request`) a request by itself.

    `request` is None when it is not there, not with its key, or not as a host of ours makes one.
    """

    is_request: bool
    run: str
    claimed_until: datetime | None
    key_digest: str
    request: CertificateRequest | None


def load_request(text: str) -> CertificateRequest | None:
    """None for what is not as a host of ours makes it: empty subject, its names and nothing else, signed by its key."""
    try:
        parsed = x509.load_pem_x509_csr(text.encode("ascii"))
        names = load_extensions(parsed.extensions).names
        if not (_is_plain(parsed, len(names)) and parsed.is_signature_valid):
            return None
        return CertificateRequest(
            parsed.public_bytes(Encoding.PEM).decode("ascii"), names, load_public_key(parsed.public_key())
        )
    except (
        UnsupportedAlgorithm,
        ValueError,
        TypeError,
        KeyError,
        x509.DuplicateExtension,
        x509.UnsupportedGeneralNameType,
        x509.InvalidVersion,
    ):
        return None


def load_begun(observed: Observed) -> Begun | None:
    """None when nothing was."""
    document = observed.issuance.get("order")
    if not isinstance(document, Mapping):
        return None
    words, key = _mapping(document.get("order")), _mapping(document.get("key"))
    return Begun(
        is_request=words.get("purpose") == PURPOSE,
        run=printable(str(document.get("run", ""))[:100]),
        claimed_until=load_time(str(document.get("claimed_until", ""))),
        key_digest=str(key.get("digest", "")),
        request=load_request(str(observed.issuance.get("request") or "")),
    )


def load_waiting(observed: Observed) -> CertificateRequest | None:
    """A request by itself that can be signed, with its key beside it."""
    begun = load_begun(observed)
    return begun.request if begun is not None and begun.is_request else None


def _is_plain(parsed: x509.CertificateSigningRequest, names: int) -> bool:
    """A mail address or CA:TRUE that somebody slipped in would be signed by a CA that copies what it is given."""
    extensions = [extension.oid for extension in parsed.extensions]
    if parsed.subject.rdns or extensions != [ExtensionOID.SUBJECT_ALTERNATIVE_NAME]:
        return False
    entries = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return len(list(entries)) == names


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
