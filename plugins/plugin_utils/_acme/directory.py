# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a CA offers and demands, said once (RFC 8555 7.1.1): addresses, terms, profiles, external accounts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._acme.instants import load_http_date
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.network import Network, read_json
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.problems import AcmeProblem, bounded
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.transport import find_host

_NEEDED = ("newNonce", "newAccount", "newOrder")


@dataclass(frozen=True)
class Directory:
    """`clock_difference` is the server's clock minus ours, None when it did not say."""

    url: str
    addresses: Mapping[str, str]
    terms: str
    profiles: Mapping[str, str]
    caa_identities: tuple[str, ...]
    needs_eab: bool
    clock_difference: timedelta | None

    def require(self, word: str) -> str:
        """The address of something that not every CA has."""
        if word not in self.addresses:
            fact = f"{find_host(self.url)} offers no {word}"
            raise AcmeProblem("permanent", "not_offered", f"{fact}; ask another CA or do without")
        return self.addresses[word]


def fetch_directory(network: Network, url: str) -> Directory:
    """Raises AcmeProblem directory_unusable where the address has something else."""
    try:
        answer = network.get(url, doing="its directory")
    except AcmeProblem as problem:
        if problem.code in ("bad_answer", "not_found", "bad_request"):
            raise _unusable(url, problem.fact) from None
        raise
    document = read_json(answer)
    if not all(isinstance(document.get(word), str) for word in _NEEDED):
        raise _unusable(url, f"{find_host(url)} answers JSON without {', '.join(_NEEDED)}")
    return _load(document, url=url, date=load_http_date(answer.headers.get("Date", "")), now=network.patience.clock())


def _load(document: Mapping[str, Any], *, url: str, date: datetime | None, now: datetime) -> Directory:
    found = document.get("meta")
    meta = found if isinstance(found, Mapping) else {}
    terms, profiles, identities = (meta.get(word) for word in ("termsOfService", "profiles", "caaIdentities"))
    return Directory(
        url=url,
        addresses={word: value for word, value in document.items() if isinstance(value, str)},
        terms=bounded(terms) if isinstance(terms, str) else "",
        profiles={str(k): bounded(str(v)) for k, v in profiles.items()} if isinstance(profiles, Mapping) else {},
        caa_identities=tuple(str(each) for each in identities) if isinstance(identities, list) else (),
        needs_eab=meta.get("externalAccountRequired") is True,
        clock_difference=date - now if date else None,
    )


def _unusable(url: str, fact: str) -> AcmeProblem:
    way_out = "set acme_directory to the CA's directory URL"
    return AcmeProblem(
        "permanent", "directory_unusable", f"{bounded(url)[:200]} is no ACME directory: {fact}; {way_out}"
    )
