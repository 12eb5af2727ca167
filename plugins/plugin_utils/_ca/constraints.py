# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The names that our own CA binds itself to (RFC 5280 4.2.1.10), and what would lie outside of them.

Only DNS names and addresses: strict verifiers refuse certificates below a CA with constraints of other kinds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

try:  # noqa: SIM105 - ansible-test wants imports at the top
    from cryptography import x509
except ImportError:
    pass  # require_libraries() says so at run time

from ansible_collections.certwright.tls.plugins.plugin_utils._core.extensions import is_address, printable
from ansible_collections.certwright.tls.plugins.plugin_utils._core.names import load_name
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Reason

_WAY_OUT = "say domains such as example.org, which cover what is below them too, and networks such as 10.0.0.0/8"


@dataclass(frozen=True)
class Constraints:
    """Domains as load_name() spells them, networks as ipaddress does.

    A kind of which nothing is permitted is not limited at all; excluded ones count in any case.
    """

    permitted_names: tuple[str, ...] = ()
    permitted_addresses: tuple[str, ...] = ()
    excluded_names: tuple[str, ...] = ()
    excluded_addresses: tuple[str, ...] = ()

    def describe(self) -> dict[str, list[str]]:
        """Words that load_constraints() reads back."""
        return {
            "permitted": [*self.permitted_names, *self.permitted_addresses],
            "excluded": [*self.excluded_names, *self.excluded_addresses],
        }

    def to_extension(self) -> x509.NameConstraints:
        permitted = [*_make_subtrees(self.permitted_names, self.permitted_addresses)]
        excluded = [*_make_subtrees(self.excluded_names, self.excluded_addresses)]
        return x509.NameConstraints(permitted or None, excluded or None)

    def find_outside(self, names: Iterable[str], emails: Iterable[str]) -> tuple[Reason, ...]:
        """One reason that names all of them; a mail address counts as its host."""
        outside = [name for name in names if self._is_outside(name)]
        outside.extend(email for email in emails if self._is_outside(email.rpartition("@")[2].lower()))
        if not outside:
            return ()
        fact = f"{', '.join(outside)} lies outside of what the CA may issue for ({self._describe_limits()})"
        way_out = "correct the name, or use a CA whose constraints cover it; those of a CA never change"
        return (Reason("name_outside_constraints", f"{fact}; {way_out}"),)

    def _is_outside(self, name: str) -> bool:
        if is_address(name):
            address = ip_address(name)
            excluded = any(address in ip_network(network) for network in self.excluded_addresses)
            permitted = any(address in ip_network(network) for network in self.permitted_addresses)
            return excluded or not (permitted or not self.permitted_addresses)
        excluded = any(_is_under(name, domain) or _is_reached(domain, name) for domain in self.excluded_names)
        permitted = any(_is_under(name, domain) for domain in self.permitted_names)
        return excluded or not (permitted or not self.permitted_names)

    def _describe_limits(self) -> str:
        words = self.describe()
        return "; ".join(f"{word}: {', '.join(found)}" for word, found in words.items() if found)


def load_constraints(words: Mapping[str, Any] | None) -> Constraints | None:
    """From `permitted` and `excluded`, lists of domains and networks; None when they say nothing.

    Raises UnusableError: constraint_invalid.
    """
    names: dict[str, tuple[str, ...]] = {}
    for side in ("permitted", "excluded"):
        loaded = [_load_item(str(item)) for item in ((words or {}).get(side) or ())]
        names[f"{side}_names"] = tuple(dict.fromkeys(item for item in loaded if "/" not in item))
        names[f"{side}_addresses"] = tuple(dict.fromkeys(item for item in loaded if "/" in item))
    return Constraints(**names) if any(names.values()) else None


def load_constraints_of(certificate: x509.Certificate) -> Constraints | None:
    """What a CA certificate says; other kinds than DNS and IP are judged by has_foreign_constraints()."""
    found = _find_extension(certificate)
    if found is None:
        return None
    permitted, excluded = found.permitted_subtrees or [], found.excluded_subtrees or []
    return Constraints(
        permitted_names=tuple(_list_domains(permitted)),
        permitted_addresses=tuple(_list_networks(permitted)),
        excluded_names=tuple(_list_domains(excluded)),
        excluded_addresses=tuple(_list_networks(excluded)),
    )


def has_foreign_constraints(certificate: x509.Certificate) -> bool:
    """Whether it constrains kinds of names that nothing here can judge."""
    found = _find_extension(certificate)
    subtrees = [*(found.permitted_subtrees or []), *(found.excluded_subtrees or [])] if found else []
    return any(not isinstance(subtree, (x509.DNSName, x509.IPAddress)) for subtree in subtrees)


def _find_extension(certificate: x509.Certificate) -> x509.NameConstraints | None:
    try:
        return certificate.extensions.get_extension_for_class(x509.NameConstraints).value
    except x509.ExtensionNotFound:
        return None


def _list_domains(subtrees: Iterable[x509.GeneralName]) -> Iterator[str]:
    return (printable(subtree.value.lower()) for subtree in subtrees if isinstance(subtree, x509.DNSName))


def _list_networks(subtrees: Iterable[x509.GeneralName]) -> Iterator[str]:
    return (str(subtree.value) for subtree in subtrees if isinstance(subtree, x509.IPAddress))


def _make_subtrees(names: Iterable[str], networks: Iterable[str]) -> Iterator[x509.GeneralName]:
    yield from (x509.DNSName(name) for name in names)
    yield from (x509.IPAddress(ip_network(network)) for network in networks)


def _is_reached(domain: str, name: str) -> bool:
    """Whether the wildcard `name` stands for the excluded domain too."""
    return name.startswith("*.") and domain.partition(".")[2] == name.removeprefix("*.")


def _is_under(name: str, domain: str) -> bool:
    """Of a foreign CA a domain may be empty (all names) or begin with a dot (only what is below)."""
    return not domain or name == domain or name.endswith("." + domain.removeprefix("."))


def _load_item(text: str) -> str:
    """A network always has its `/`, a domain never."""
    try:
        if "/" in text or is_address(text.strip()):
            return str(ip_network(text.strip()))
        name, _notice = load_name(text)
    except ValueError as error:
        raise _invalid(text, printable(str(error))) from None
    except UnusableError as error:
        raise UnusableError("constraint_invalid", f"{error.message}; of name constraints: {_WAY_OUT}") from None
    if name.startswith("*."):
        raise _invalid(text, "has a wildcard, where a domain covers all names below it anyway")
    return name


def _invalid(text: str, fact: str) -> UnusableError:
    return UnusableError(
        "constraint_invalid", f"The name constraint `{printable(text[:80])}` is wrong: {fact}; {_WAY_OUT}"
    )
