# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Services that show their certificate as a client's too, and what is no such certificate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import Certificate
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Problem
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import Service

SERVER, CLIENT, BOTH = "server", "client", "both"
_CLIENT_AUTH, _ANY_PURPOSE = "1.3.6.1.5.5.7.3.2", "2.5.29.37.0"  # RFC 5280 4.2.1.12
_WAY_OUT = "or give it a certificate of its own for clients: `keystore: server` here, `keystore: client` there"


def find_needed_usage(services: Iterable[Service]) -> str:
    """What a certificate has to be for; empty where any will do."""
    needed = {service.usage for service in services if service.usage}
    return BOTH if len(needed) > 1 else next(iter(needed), "")


def find_usage_problems(name: str, services: Iterable[Service], usage: str) -> Iterator[Problem]:
    """Of the usage that was declared."""
    for service in services:
        if service.usage and usage not in (service.usage, BOTH):
            fact = f"the service {service.name} needs the usage {service.usage}, and {usage} is declared"
            yield Problem(name, "usage_unsuitable", f"{fact}; say `usage: {service.usage}`, {_WAY_OUT}")


def find_public_problems(name: str, services: Iterable[Service]) -> Iterator[Problem]:
    """Of a certificate that a public CA is to sign: they stopped to sign for clients in 2026."""
    for service in _find_clients(services):
        fact = f"the service {service.name} shows its certificate as a client, and public CAs sign for servers only"
        yield Problem(name, "usage_unsuitable", f"{fact}; take an issuer of the type internal_ca, {_WAY_OUT}")


def find_leaf_problems(name: str, services: Iterable[Service], leaf: Certificate) -> Iterator[Problem]:
    """Of a certificate that was supplied."""
    purposes = leaf.extensions.extended_key_usage
    wildcards = [item for item in leaf.names if item.startswith("*.")]
    for service in _find_clients(services):
        fact = f"the service {service.name} shows its certificate as a client"
        if purposes is not None and not {_CLIENT_AUTH, _ANY_PURPOSE} & purposes:
            yield Problem(
                name, "usage_unsuitable", f"{fact}, and {leaf.title} is not for that (clientAuth); have it, {_WAY_OUT}"
            )
        if wildcards:
            fact = f"{fact}, and {', '.join(wildcards)} is a wildcard, while a client is one host"
            yield Problem(name, "wildcard_for_client", f"{fact}; take one with its own name, {_WAY_OUT}")


def _find_clients(services: Iterable[Service]) -> Iterator[Service]:
    return (service for service in services if service.usage in (CLIENT, BOTH))
