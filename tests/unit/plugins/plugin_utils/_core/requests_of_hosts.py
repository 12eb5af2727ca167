# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests for certificates in a test: as a host makes them, as it does not, and what it tells of one that waits."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from ansible_collections.certwright.tls.tests.unit.authority import shared_key

KEY_DIGEST = "5d" * 32
CLAIM = "2026-11-21T22:10:00Z"
ENDED_CLAIM = "2026-11-21T21:10:00Z"


def request_of(
    *names: str, key: Any = None, cn: str = "", san: tuple[x509.GeneralName, ...] = (), is_ca: bool = False
) -> str:
    """PEM. Addresses are names, too; the key is the same one unless it is said."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, cn)] if cn else [])
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    entries = (*(_entry(name) for name in names), *san)
    if entries:
        builder = builder.add_extension(x509.SubjectAlternativeName(entries), critical=False)
    if is_ca:
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    signed = builder.sign(key or shared_key("EC P-256"), hashes.SHA256())
    return signed.public_bytes(Encoding.PEM).decode("ascii")


def _entry(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def issuance_of(request: str, *, claimed_until: str = "", openssl: bool = True, **words: Any) -> dict[str, Any]:
    """As a host tells of a request by itself that waits; `words` replace those of the controller."""
    document = {
        "version": 1,
        "run": "job 6",
        "claimed_until": claimed_until,
        "order": {"purpose": "request", **words},
        "key": {"type": "ec256", "names": [], "digest": KEY_DIGEST},
        "challenges": [],
        "directories": [],
    }
    return {"memory": {}, "order": document, "openssl": openssl, "request": request, "damaged": []}


def order_of(request: str = "", *, claimed_until: str = "", **more: Any) -> dict[str, Any]:
    """As a host tells of an order by ACME that was begun."""
    words = {"purpose": None, "directory": "https://ca.example/directory", "url": "https://ca.example/order/1"}
    return issuance_of(request or request_of("a.example"), claimed_until=claimed_until, **words, **more)
