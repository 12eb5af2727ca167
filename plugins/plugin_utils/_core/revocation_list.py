# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists of revoked certificates (RFC 5280 5) that services check their clients by, and which of two is the better."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

try:
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import Encoding
except ImportError:
    pass  # require_libraries() says so at run time

from ansible_collections.certwright.tls.plugins.plugin_utils._core.extensions import printable
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError, load_blocks

_LABEL = "X509 CRL"
_SHOWN = 100
_SOON_SHARE = 4
# Those of a root live for years: nobody is told for years that one ends.
_SOONEST = timedelta(days=180)


@dataclass(frozen=True)
class RevocationList:
    """`issuer` is its key's identifier (else its name's digest), so that lists of one CA are compared with each other.

    Lists without a number (RFC 5280 asks for one) are ordered by their dates; one without an end never ends.
    """

    issuer: str
    title: str
    number: int | None
    this_update: datetime
    next_update: datetime | None
    pem: str = field(repr=False)

    @property
    def identity(self) -> tuple[str, int | None, datetime]:
        return self.issuer, self.number, self.this_update

    def has_ended(self, now: datetime) -> bool:
        return self.next_update is not None and self.next_update <= now

    def ends_soon(self, now: datetime) -> bool:
        """Less than a quarter of its life is left."""
        if self.next_update is None or self.has_ended(now):
            return False
        quarter = (self.next_update - self.this_update) / _SOON_SHARE
        return self.next_update - now < min(quarter, _SOONEST)

    def is_older_than(self, other: RevocationList) -> bool:
        if self.number is None or other.number is None:
            return self.this_update < other.this_update
        return (self.number, self.this_update) < (other.number, other.this_update)

    def describe(self) -> str:
        said = f" {self.number}" if self.number is not None else ""
        end = f", which ends on {self.next_update:%Y-%m-%d %H:%M} UTC" if self.next_update else ""
        return f"the list of revocations{said} of {self.title}{end}"

    def to_record(self) -> dict[str, Any]:
        """Its dates are for who reads the record; what is compared later is read from the text."""
        return {
            "issuer": self.issuer,
            "number": self.number,
            "this_update": _spell(self.this_update),
            "next_update": _spell(self.next_update) if self.next_update else "",
            "pem": self.pem,
        }


def load_lists(content: bytes) -> tuple[RevocationList, ...]:
    """All that a PEM text holds, of each CA the newest. Raises UnusableError: crl_unreadable, input_empty, …"""
    found: dict[str, RevocationList] = {}
    for block in load_blocks(content, "crl"):
        if block.label != _LABEL:
            fact = f"it holds a {block.label[:40]} beside lists of revocations"
            raise UnusableError("crl_unreadable", f"{fact}; supply the PEM of lists alone")
        loaded = _load(block.content)
        known = found.get(loaded.issuer)
        if known is None or known.is_older_than(loaded):
            found[loaded.issuer] = loaded
    return tuple(found.values())


def load_recorded(given: Iterable[Mapping[str, Any]]) -> tuple[RevocationList, ...]:
    """What a host recorded; what it cannot have recorded counts as nothing."""
    content = "".join(str(item.get("pem") or "") for item in given)
    try:
        return load_lists(content.encode("ascii", "replace"))
    except UnusableError:
        return ()


def describe_ending(item: RevocationList) -> str:
    return f"{item.describe()}, has less than a quarter of its life left; see why no newer one comes from its CA"


def find_best(lists: Iterable[RevocationList], now: datetime) -> dict[str, RevocationList]:
    """By issuer: one that has not ended rather than one that has, then the newest; of equals the first."""
    best: dict[str, RevocationList] = {}
    for item in lists:
        known = best.get(item.issuer)
        if known is None or _is_better(item, known, now):
            best[item.issuer] = item
    return best


def _is_better(item: RevocationList, known: RevocationList, now: datetime) -> bool:
    if item.has_ended(now) != known.has_ended(now):
        return known.has_ended(now)
    return known.is_older_than(item)


def _load(der: bytes) -> RevocationList:
    try:
        parsed = x509.load_der_x509_crl(der)
        extensions = parsed.extensions
        numbers = [item.value.crl_number for item in extensions if isinstance(item.value, x509.CRLNumber)]
        is_delta = any(isinstance(item.value, x509.DeltaCRLIndicator) for item in extensions)
        issuer, title = _find_issuer(parsed), printable(parsed.issuer.rfc4514_string())[:_SHOWN]
        begins, ends = parsed.last_update_utc, parsed.next_update_utc
        pem = parsed.public_bytes(Encoding.PEM).decode("ascii")
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension):
        fact = "a list of revocations in it is damaged"
        raise UnusableError("crl_unreadable", f"{fact}; fetch it again from its CA") from None
    if is_delta:
        fact = f"the list of {title} holds only what changed since another one"
        raise UnusableError("crl_unreadable", f"{fact}; supply the complete list")
    return RevocationList(issuer, title, next(iter(numbers), None), begins, ends, pem)


def _find_issuer(parsed: x509.CertificateRevocationList) -> str:
    """Lists for parts of what a CA issued (RFC 5280 5.2.5) do not replace each other."""
    name = parsed.issuer.public_bytes()
    key, part = b"", b""
    for item in parsed.extensions:
        if isinstance(item.value, x509.AuthorityKeyIdentifier):
            key = item.value.key_identifier or b""
        elif isinstance(item.value, x509.IssuingDistributionPoint):
            part = item.value.public_bytes()
    return sha256(name + b"\0" + key + b"\0" + part).hexdigest()[:32]


def _spell(instant: datetime) -> str:
    return f"{instant:%Y-%m-%dT%H:%M:%SZ}"
