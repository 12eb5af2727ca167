# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules of a CA as a task words them: its list of revocations, its waivers, and what is told of the hosts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.certwright.tls.plugins.plugin_utils._authority_span import load_span
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.rollover import Fleet
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.state import CrlRule, Waiver
from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import load_time
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError

_DAY, _DAY_FORM = timedelta(days=1), re.compile(r"\d{4}-\d\d-\d\d")
_URL = re.compile(r"[!-~]+")


def load_crl_rule(words: Mapping[str, Any]) -> CrlRule:
    """Raises UnusableError: life_invalid (a list of no day is out of date when it is signed), crl_url_invalid."""
    life, url = load_span(str(words["life"]), "crl.life", least=_DAY), str(words["url"] or "")
    if url and not _is_url(url):
        fact = "crl.url would be on every certificate, and is no URL of http, https or ldap in ASCII"
        raise UnusableError("crl_url_invalid", f"{fact}; write it as http://pki.example.org/ca.crl")
    return CrlRule(enabled=bool(words["enabled"]), life_days=life.days, url=url)


def load_waiver(words: Mapping[str, Any], now: datetime) -> Waiver:
    """A day counts as a whole. Raises UnusableError: until_invalid, waiver_invalid."""
    text, host, name = str(words["until"]).strip(), str(words["host"] or ""), str(words["name"] or "")
    until = load_time(f"{text}T23:59:59Z" if _DAY_FORM.fullmatch(text) else text)
    if until is None:
        raise UnusableError("until_invalid", "A waiver's `until` is no date; write it as 2027-03-31")
    if not host and not name:
        fact = "A waiver names neither a host nor a certificate"
        raise UnusableError("waiver_invalid", f"{fact}; say which roll-over need not wait for")
    at = now.astimezone(timezone.utc).replace(microsecond=0)
    return Waiver(host, name, str(words["reason"]), until, at)


def without_times(waivers: tuple[Waiver, ...]) -> tuple[Waiver, ...]:
    """As declared: when each was written down does not count."""
    return tuple(replace(waiver, time=waiver.until) for waiver in waivers)


def load_fleet(arguments: Mapping[str, Any]) -> Fleet:
    return Fleet(
        frozenset(str(host) for host in arguments["trusting"] or ()),
        {str(item["host"]): _load_numbers(item["numbers"]) for item in arguments["in_use"] or ()},
    )


def _load_numbers(given: Any) -> frozenset[int] | None:
    return None if given is None else frozenset(int(number) for number in given)


def _is_url(text: str) -> bool:
    """Of LDAP a host may be left out: the client's own directory is asked (RFC 4516 2)."""
    try:
        parts = urlsplit(text)
        has_place = bool(parts.hostname) or (parts.scheme in ("ldap", "ldaps") and bool(parts.path.strip("/")))
    except ValueError:
        return False
    return bool(_URL.fullmatch(text)) and parts.scheme in ("http", "https", "ldap", "ldaps") and has_place
