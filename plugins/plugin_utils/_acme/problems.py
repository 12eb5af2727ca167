# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What went wrong on the way to a certificate, typed: a stable code, whether it heals by itself, and the way out.

RFC 8555 6.7 has the types of problem documents; RFC 9773 and the profiles draft add some. A CA's own words are public
and shown, bounded and without control characters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any, Literal

from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import TlsError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.extensions import printable

Kind = Literal["transient", "permanent"]

_MAXIMUM_TEXT = 500
_MAXIMUM_LINK = 2000
_MAXIMUM_SUBPROBLEMS = 20
# Let's Encrypt pauses names that failed for months under the type rateLimited, with a link that lifts it.
_PAUSED = re.compile(r"unpause|temporarily prevented", re.IGNORECASE)
_LINK = re.compile(r"https://[^\s\"'<>]+")
_RETRY_AFTER = re.compile(r"retry after (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC", re.IGNORECASE)
# At validation these pass by themselves; a name that does not exist does not.
_PASSING_DNS = re.compile(r"SERVFAIL|timed out|timeout|networking error", re.IGNORECASE)

_TRY_LATER = "nothing is to be done, a later run tries again"
_LOOK_AT_TEXT = "the CA's own words above say what it wants"
_TYPES: dict[str, tuple[Kind, str, str]] = {
    "accountDoesNotExist": ("permanent", "account_missing", "register the account, or pass the key of the old one"),
    "alreadyReplaced": ("permanent", "already_replaced", "order without `replaces`"),
    "alreadyRevoked": ("permanent", "already_revoked", "nothing is to be done"),
    "badCSR": ("permanent", "bad_csr", "choose another key_type, or let key and request be made anew"),
    "badNonce": ("transient", "bad_nonce", _TRY_LATER),
    "badPublicKey": ("permanent", "account_key_refused", "pass an EC P-256 or RSA 2048 account key"),
    "badRevocationReason": ("permanent", "bad_revocation_reason", "choose another reason"),
    "badSignatureAlgorithm": ("permanent", "account_key_refused", "pass an EC P-256 or RSA 2048 account key"),
    "caa": ("permanent", "caa_forbids", "add the CA to the CAA records of the name, or remove them"),
    "connection": ("permanent", "connection_failed", "let the CA reach the host on the challenge's port"),
    "dns": ("permanent", "dns_failed", "let the name resolve everywhere, or correct the record"),
    "dnssec": ("permanent", "dns_failed", "correct the DNSSEC signatures of the zone"),
    "externalAccountRequired": (
        "permanent",
        "external_account_required",
        "pass eab_kid and eab_hmac_key from the CA's account page",
    ),
    "incorrectResponse": ("permanent", "incorrect_response", "see that nothing else answers the challenge"),
    "invalidContact": ("permanent", "contact_refused", "set `email` to an address that the CA accepts"),
    "invalidEmail": ("permanent", "contact_refused", "set `email` to an address that the CA accepts"),
    "invalidProfile": ("permanent", "profile_unknown", "choose a profile that the CA's directory lists, or none"),
    "malformed": ("permanent", "bad_request", _LOOK_AT_TEXT),
    "onionCAARequired": ("permanent", "caa_forbids", "publish the CAA set of the onion service"),
    "orderNotReady": ("transient", "order_not_ready", _TRY_LATER),
    "rateLimited": ("transient", "rate_limited", "a later run tries again once the limit allows it"),
    "rejectedIdentifier": ("permanent", "rejected_identifier", "take the name off the certificate or ask another CA"),
    "serverInternal": ("transient", "server_unavailable", _TRY_LATER),
    "tls": ("permanent", "tls_failed", "let the challenge be answered without a broken redirect to HTTPS"),
    "unauthorized": ("permanent", "unauthorized", "see that the account is active and may do this"),
    "unknownHost": ("permanent", "dns_failed", "let the name resolve everywhere, or correct the record"),
    "unsupportedContact": ("permanent", "contact_refused", "set `email` to an address that the CA accepts"),
    "unsupportedIdentifier": (
        "permanent",
        "rejected_identifier",
        "take the name off the certificate or ask another CA",
    ),
    "userActionRequired": ("permanent", "terms_changed", "read and agree to the CA's new terms"),
}


class AcmeProblem(TlsError):
    """One thing that failed: `kind` says whether it heals by itself, `retry_after` when to come back at the earliest.

    `link` is what the operator has to open (new terms, a pause to lift); the message has it too.
    """

    def __init__(
        self,
        kind: Kind,
        code: str,
        message: str,
        retry_after: datetime | None = None,
        *,
        link: str = "",
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.code = code
        self.message = message
        self.retry_after = retry_after
        self.link = link

    @property
    def fact(self) -> str:
        """The message without the way out (no way out has a semicolon), for who knows a better one."""
        return self.message.rpartition("; ")[0] or self.message


def load_problem(
    document: Mapping[str, Any],
    *,
    subject: str,
    status: int = 0,
    retry_after: datetime | None = None,
    link: str = "",
) -> AcmeProblem:
    """A problem document (RFC 7807) as what it means to us; `subject` is the sentence's beginning, until the colon."""
    text = describe(document) or (f"HTTP status {status}" if status else "no reason given")
    kind, code, way_out = _classify(document, text, status)
    link = _find_link(code, document, link)
    way_out = f"{way_out}: {link}" if link else way_out
    again = retry_after or (_find_instant(text) if kind == "transient" else None)
    return AcmeProblem(kind, code, f"{subject}: {text}; {way_out}", again, link=link)


def describe(document: Mapping[str, Any]) -> str:
    """The CA's own words, those of subproblems included, each with its name."""
    own = document.get("detail") or document.get("title") or find_type(document)
    subproblems = [f"{_find_name(each)}{describe({**each, 'subproblems': ()})}" for each in _find_subproblems(document)]
    return bounded(" | ".join([str(own), *subproblems] if own else subproblems))


def bounded(text: str) -> str:
    """Foreign text for a message: one line, no control characters, at most 500 characters."""
    line = printable(" ".join(text[: 4 * _MAXIMUM_TEXT].split()))
    return line if len(line) <= _MAXIMUM_TEXT else f"{line[: _MAXIMUM_TEXT - 1]}…"


def find_type(document: Mapping[str, Any]) -> str:
    """The last part of the type: older servers have `urn:acme:error:`, newer ones `urn:ietf:params:acme:error:`."""
    kind = document.get("type")
    return kind.rpartition(":")[2][:64] if isinstance(kind, str) and kind.startswith("urn:") else ""


def _classify(document: Mapping[str, Any], text: str, status: int) -> tuple[Kind, str, str]:
    """A compound problem is as bad as its worst part."""
    problem_type = find_type(document)
    if problem_type == "compound" and _find_subproblems(document):
        parts = [_classify({**each, "subproblems": ()}, text, status) for each in _find_subproblems(document)]
        return next((part for part in parts if part[0] == "permanent"), parts[0])
    if problem_type == "rateLimited" and _PAUSED.search(text):
        return "permanent", "paused", "correct why the name could not be validated, then lift the pause"
    if problem_type == "dns" and _PASSING_DNS.search(text):
        return "transient", "dns_failed", "see that all name servers of the zone answer, a later run tries again"
    if problem_type == "malformed" and status == 404:
        return _classify_status(status)
    return _TYPES.get(problem_type) or _classify_status(status)


def _classify_status(status: int) -> tuple[Kind, str, str]:
    """For answers without a type that we know: HTML of a proxy or of a tired server above all."""
    if status == 429:
        return _TYPES["rateLimited"]
    if status >= 500 or status in (408, 425):
        return "transient", "server_unavailable", _TRY_LATER
    if status == 404:
        return "permanent", "not_found", "it has ended or belongs to another account, so order anew"
    if status == 409:
        return "permanent", "conflict", _LOOK_AT_TEXT
    return "permanent", "bad_request", _LOOK_AT_TEXT


def _find_link(code: str, document: Mapping[str, Any], link: str) -> str:
    """New terms are in a Link header or in `instance` (RFC 8555 7.3.3), a pause's end is in the text."""
    if code == "paused":
        found = _LINK.search(str(document.get("detail", "")))
        link = found[0].rstrip(".,;") if found else ""
    elif code == "terms_changed":
        link = link or str(document.get("instance", ""))
    else:
        link = ""
    return printable(link[:_MAXIMUM_LINK]) if _LINK.match(link) else ""


def _find_instant(text: str) -> datetime | None:
    found = _RETRY_AFTER.search(text)
    try:
        return datetime.strptime(found[1], "%Y-%m-%d %H:%M:%S").replace(tzinfo=timezone.utc) if found else None
    except ValueError:
        return None


def _find_subproblems(document: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    subproblems = document.get("subproblems")
    if not isinstance(subproblems, (list, tuple)):
        return ()
    return [each for each in subproblems[:_MAXIMUM_SUBPROBLEMS] if isinstance(each, Mapping)]


def _find_name(document: Mapping[str, Any]) -> str:
    identifier = document.get("identifier")
    return f"{identifier.get('value', '')}: " if isinstance(identifier, Mapping) else ""
