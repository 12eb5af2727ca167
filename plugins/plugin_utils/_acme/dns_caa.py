# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which CAs a domain lets issue for it (RFC 8659), for which account and by which challenge (RFC 8657)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_CRITICAL = 128
_KNOWN_TAGS = ("issue", "issuewild", "iodef", "issuemail", "issuevmc", "contactemail", "contactphone")
_PARAMETER = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9-]*)\s*=\s*([!-:<-~]*)\s*")


@dataclass(frozen=True)
class CaaProperty:
    """One record of the set; the value is text as it stands in the zone, without its quotes."""

    flags: int
    tag: str
    value: str


@dataclass(frozen=True)
class CaaSet:
    """The relevant set of a name: the first that is there on the way up; empty where there is none at all."""

    domain: str = ""
    properties: tuple[CaaProperty, ...] = ()


@dataclass(frozen=True)
class CaaClient:
    """Who asks: the CA's names in CAA records, the account's URL ("" before there is one), the challenge."""

    identities: tuple[str, ...]
    account_url: str
    challenge_type: str


def find_caa_fault(found: CaaSet, client: CaaClient, *, is_wildcard: bool) -> str:
    """Why the set forbids the CA to issue, as the end of a sentence; empty when it does not."""
    unknown = [item.tag for item in found.properties if item.flags & _CRITICAL and item.tag.lower() not in _KNOWN_TAGS]
    if unknown:
        return f"holds the critical property `{unknown[0]}`, which no CA may pass over"
    tag, values = _find_relevant(found, is_wildcard=is_wildcard)
    if not values:
        return ""
    faults = [_find_value_fault(value, client) for value in values]
    # The fault that is nearest to a permission says most.
    return "" if "" in faults else f"{max(faults, key=lambda fault: fault.startswith('permits'))} by its `{tag}`"


def needs_account(found: CaaSet, client: CaaClient, *, is_wildcard: bool) -> bool:
    """Whether a permission depends on an account that is not there yet."""
    _tag, values = _find_relevant(found, is_wildcard=is_wildcard)
    return not client.account_url and any("accounturi" in dict(_parse(value)[1] or ()) for value in values)


def _find_relevant(found: CaaSet, *, is_wildcard: bool) -> tuple[str, Sequence[str]]:
    """RFC 8659 4.3: `issuewild` counts for wildcards alone, and where there is one, nothing else does."""
    for tag in ("issuewild", "issue") if is_wildcard else ("issue",):
        values = [item.value for item in found.properties if item.tag.lower() == tag]
        if values:
            return tag, values
    return "", ()


def _find_value_fault(value: str, client: CaaClient) -> str:
    domain, parameters = _parse(value)
    if domain.lower() not in [identity.lower() for identity in client.identities] or parameters is None:
        return f"does not name {' or '.join(client.identities)}"
    return _find_account_fault(parameters, client.account_url) or _find_method_fault(parameters, client.challenge_type)


def _find_account_fault(parameters: Sequence[tuple[str, str]], account_url: str) -> str:
    """A property with several accounts can never be satisfied (RFC 8657 3); one per property is the way."""
    accounts = [text for word, text in parameters if word == "accounturi"]
    if not accounts or not account_url or accounts == [account_url]:
        return ""
    return (
        f"permits only the account {accounts[0]}, and ours is {account_url},"
        if len(accounts) == 1
        else "permits nobody"
    )


def _find_method_fault(parameters: Sequence[tuple[str, str]], challenge_type: str) -> str:
    methods = [text for word, text in parameters if word == "validationmethods"]
    if not methods or (len(methods) == 1 and challenge_type in [label.strip() for label in methods[0].split(",")]):
        return ""
    return f"permits only the challenges {' and '.join(methods) or '(none)'}, not {challenge_type},"


def _parse(value: str) -> tuple[str, tuple[tuple[str, str], ...] | None]:
    """The CA's domain and the parameters, words in lower case; None for malformed ones (RFC 8659 4.2)."""
    domain, _semicolon, rest = value.partition(";")
    parts = [part for part in rest.split(";") if part.strip()]
    found = [_PARAMETER.fullmatch(part) for part in parts]
    parameters = tuple((match[1].lower(), match[2]) for match in found if match)
    return domain.strip(), parameters if len(parameters) == len(parts) else None
