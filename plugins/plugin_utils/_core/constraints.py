# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Name constraints: the names a CA may issue for (RFC 5280 4.2.1.10)."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import Certificate
from ansible_collections.certwright.tls.plugins.plugin_utils._core.extensions import is_address


def find_forbidden_names(certificate: Certificate, issuer: Certificate) -> tuple[str, ...]:
    """Names on the certificate that this CA above it, at whatever distance, may not issue for."""
    return tuple(name for name in certificate.names if _is_forbidden(name, issuer))


def _is_forbidden(name: str, issuer: Certificate) -> bool:
    permitted, excluded = issuer.extensions.permitted, issuer.extensions.excluded
    if is_address(name):
        address = ip_address(name)
        return _is_in(address, excluded.networks) or not (not permitted.networks or _is_in(address, permitted.networks))
    return _is_below(name, excluded.dns) or not (not permitted.dns or _is_below(name, permitted.dns))


def _is_in(address: IPv4Address | IPv6Address, networks: Iterable[IPv4Network | IPv6Network]) -> bool:
    return any(address in network for network in networks)


def _is_below(name: str, domains: Iterable[str]) -> bool:
    """A constraint covers itself and everything below it; with a leading dot only what is below; empty covers all."""
    return any(not domain or name == domain or name.endswith("." + domain.removeprefix(".")) for domain in domains)
