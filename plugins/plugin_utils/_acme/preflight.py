# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a CA would refuse, found out before a limit is spent on it: names that do not exist, CAA that forbids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

from ansible_collections.certwright.tls.plugins.plugin_utils._acme.dns_caa import (
    CaaClient,
    find_caa_fault,
    needs_account,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.dns_lookup import Resolver
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.problems import AcmeProblem
from ansible_collections.certwright.tls.plugins.plugin_utils._core.extensions import is_address
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice

_AT_ONCE = 16

Finding = AcmeProblem | Notice


def find_preflight(
    names: Iterable[str],
    *,
    resolver: Resolver,
    caa_identities: Iterable[str],
    account_url: str,
    challenge_type: str,
) -> tuple[tuple[AcmeProblem, ...], tuple[Notice, ...]]:
    """What is definite refuses, silence is a notice: the CA may see what we do not.

    A CA without CAA identities in its directory (a private one) looks at no CAA records, and neither do we.
    """
    client = CaaClient(tuple(caa_identities), account_url, challenge_type)

    def look(name: str) -> list[Finding]:
        return list(_find_about(name, resolver, client))

    wanted = [name for name in dict.fromkeys(names) if not is_address(name)]
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        found = [finding for findings in pool.map(look, wanted) for finding in findings]
    problems = tuple(finding for finding in found if isinstance(finding, AcmeProblem))
    return problems, tuple(finding for finding in found if isinstance(finding, Notice))


def _find_about(name: str, resolver: Resolver, client: CaaClient) -> Iterator[Finding]:
    try:
        yield from _find_absence(name, resolver, client.challenge_type)
        if client.identities:
            yield from _find_forbidding(name, resolver, client)
    except AcmeProblem as problem:
        yield problem if problem.kind == "permanent" else Notice("dns_silent", problem.message)


def _find_absence(name: str, resolver: Resolver, challenge_type: str) -> Iterator[Finding]:
    """For dns-01 a name needs no address, and need not exist before its TXT record does; its domain must."""
    if challenge_type == "dns-01":
        if not resolver.find_zone(name.removeprefix("*.")):
            fact = f"The domain of {name} does not exist in the DNS"
            yield AcmeProblem("permanent", "dns_name_unknown", f"{fact}; register it, or correct the name")
    elif not resolver.find_addresses(name):
        fact = f"The name {name} has neither an A nor an AAAA record"
        yield AcmeProblem("permanent", "dns_name_unknown", f"{fact}; make one, or prove the name by dns-01")


def _find_forbidding(name: str, resolver: Resolver, client: CaaClient) -> Iterator[Finding]:
    found = resolver.find_caa(name)
    is_wildcard = name.startswith("*.")
    fault = find_caa_fault(found, client, is_wildcard=is_wildcard)
    if fault:
        fact = f"The CAA set at {found.domain} forbids a certificate for {name}: it {fault}"
        way_out = f'let it permit the CA, as in `CAA 0 issue "{client.identities[0]}"`'
        yield AcmeProblem("permanent", "caa_forbids", f"{fact}; {way_out}")
    elif needs_account(found, client, is_wildcard=is_wildcard):
        fact = f"The CAA set at {found.domain} permits {name} for named accounts alone, and ours is not known yet"
        yield Notice("caa_account_unknown", f"{fact}; put its URL there once it is registered")
