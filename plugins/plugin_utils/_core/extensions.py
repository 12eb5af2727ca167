# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The extensions of a certificate that our checks ask about, as plain values (RFC 5280 4.2)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, TypeVar

try:
    from cryptography import x509
    from cryptography.x509.oid import AuthorityInformationAccessOID
except ImportError:
    pass  # require_libraries() says so at run time

if TYPE_CHECKING:
    from collections.abc import Iterable

    ExtensionT = TypeVar("ExtensionT", bound=x509.ExtensionType)

_KEY_USAGES = ("digital_signature", "key_encipherment", "key_agreement", "key_cert_sign")


@dataclass(frozen=True)
class Subtrees:
    """One side of a name constraint; kinds of names other than DNS and IP are left to the strict verifier."""

    dns: tuple[str, ...] = ()
    networks: tuple[IPv4Network | IPv6Network, ...] = ()


@dataclass(frozen=True)
class Extensions:
    """None means that the extension is absent, which differs from empty. Usages are OIDs, key identifiers hex."""

    names: tuple[str, ...]
    misplaced_names: tuple[str, ...]
    is_ca: bool
    path_length: int | None
    key_usage: frozenset[str] | None
    extended_key_usage: frozenset[str] | None
    permitted: Subtrees
    excluded: Subtrees
    issuer_urls: tuple[str, ...]
    subject_key: str | None
    authority_key: str | None


def load_extensions(extensions: x509.Extensions) -> Extensions:
    constraints = _find(extensions, x509.BasicConstraints)
    dns_names, addresses = _load_names(extensions)
    permitted, excluded = _load_name_constraints(extensions)
    subject_key = _find(extensions, x509.SubjectKeyIdentifier)
    authority_key = _find(extensions, x509.AuthorityKeyIdentifier)
    return Extensions(
        names=(*(name for name in dns_names if not is_address(name)), *addresses),
        misplaced_names=tuple(name for name in dns_names if is_address(name)),
        is_ca=constraints is not None and constraints.ca,
        path_length=constraints.path_length if constraints else None,
        key_usage=_load_key_usage(extensions),
        extended_key_usage=_load_extended_key_usage(extensions),
        permitted=permitted,
        excluded=excluded,
        issuer_urls=_load_issuer_urls(extensions),
        subject_key=subject_key.digest.hex() if subject_key else None,
        authority_key=(authority_key.key_identifier or b"").hex() or None if authority_key else None,
    )


@lru_cache(maxsize=4096)
def is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def printable(text: str) -> str:
    """Text of a certificate for messages: a name with control characters must not write on the terminal."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)


def _find(extensions: x509.Extensions, kind: type[ExtensionT]) -> ExtensionT | None:
    try:
        return extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _load_names(extensions: x509.Extensions) -> tuple[list[str], list[str]]:
    """DNS names and addresses apart: an address that stands as a DNS name matches nothing (RFC 9525 6.5)."""
    alternative = _find(extensions, x509.SubjectAlternativeName)
    if alternative is None:
        return [], []
    dns_names = dict.fromkeys(printable(name.lower()) for name in alternative.get_values_for_type(x509.DNSName))
    addresses = dict.fromkeys(str(address) for address in alternative.get_values_for_type(x509.IPAddress))
    return list(dns_names), list(addresses)


def _load_key_usage(extensions: x509.Extensions) -> frozenset[str] | None:
    usage = _find(extensions, x509.KeyUsage)
    return frozenset(name for name in _KEY_USAGES if getattr(usage, name)) if usage else None


def _load_extended_key_usage(extensions: x509.Extensions) -> frozenset[str] | None:
    usage = _find(extensions, x509.ExtendedKeyUsage)
    return frozenset(oid.dotted_string for oid in usage) if usage else None


def _load_name_constraints(extensions: x509.Extensions) -> tuple[Subtrees, Subtrees]:
    constraints = _find(extensions, x509.NameConstraints)
    if constraints is None:
        return Subtrees(), Subtrees()
    return _load_subtrees(constraints.permitted_subtrees or ()), _load_subtrees(constraints.excluded_subtrees or ())


def _load_subtrees(names: Iterable[x509.GeneralName]) -> Subtrees:
    names = tuple(names)
    return Subtrees(
        dns=tuple(printable(name.value.lower()) for name in names if isinstance(name, x509.DNSName)),
        networks=tuple(ip_network(str(name.value)) for name in names if isinstance(name, x509.IPAddress)),
    )


def _load_issuer_urls(extensions: x509.Extensions) -> tuple[str, ...]:
    access = _find(extensions, x509.AuthorityInformationAccess) or ()
    return tuple(
        printable(entry.access_location.value)
        for entry in access
        if entry.access_method == AuthorityInformationAccessOID.CA_ISSUERS
        and isinstance(entry.access_location, x509.UniformResourceIdentifier)
    )
