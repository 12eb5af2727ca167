# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whom a certificate is ordered from, as whom, and how it is shown that its names are ours: words in, values out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.extensions import is_address
from ansible_collections.certwright.tls.plugins.plugin_utils._core.internal_signing import Signing
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Problem
from ansible_collections.certwright.tls.plugins.plugin_utils._core.renewal import FORCE_AGE

LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory"
LETS_ENCRYPT_STAGING = "https://acme-staging-v02.api.letsencrypt.org/directory"
HTTP_01, DNS_01 = "http-01", "dns-01"
KEY_TYPES = {
    "ec256": "EC P-256",
    "ec384": "EC P-384",
    "rsa2048": "RSA 2048",
    "rsa3072": "RSA 3072",
    "rsa4096": "RSA 4096",
}
DEFAULT_KEY_TYPE = "ec256"
ON_HOST, ON_CONTROLLER = "host", "controller"
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+\Z")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+\Z")
# Plain http is for servers on loopback only (RFC 8555 6.1).
_SECURE_URL = re.compile(r"(?:https://[^\s/]+|http://(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?)(?:/\S*)?\Z")


@dataclass(frozen=True)
class Issuer:
    """An ACME server (RFC 8555) and the account that asks it.

    `terms_agreed` is empty (not agreed), `yes` (to what is current), or the URL of the terms that are agreed to.
    `contact` is an address; `ca_certificates` the path of what the server's own certificate is verified with.
    """

    directory: str
    contact: str
    terms_agreed: str = ""
    account_key: bytes = field(default=b"", repr=False)
    eab_kid: str = ""
    eab_hmac_key: str = field(default="", repr=False)
    ca_certificates: str = ""

    @property
    def is_test(self) -> bool:
        """As far as its address says."""
        return "staging" in self.directory.lower()


@dataclass(frozen=True)
class Validation:
    """How the CA is shown that a name is ours: a file at `webroot`, a listener on `port`, or a TXT record.

    `words` are those of whoever looks up and changes records: `resolver` always, the rest for dns-01.
    """

    type: str
    webroot: str = ""
    port: int = 80
    is_checked: bool = True
    words: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class OrderWords:
    """What one certificate is ordered as. `key_type` is empty when nobody said one: a default is never a difference.

    `signing` is there for a certificate of an internal CA.
    """

    issuer: Issuer
    validation: Validation
    key_type: str = ""
    key_origin: str = ON_HOST
    profile: str = ""
    force: bool = False
    ignore_backoff: bool = False
    force_age: timedelta = FORCE_AGE
    is_scheduled: bool = False
    signing: Signing | None = None


def load_order_words(
    name: str, arguments: Mapping[str, Any], *, names: tuple[str, ...], issuer: Issuer, is_scheduled: bool = False
) -> OrderWords:
    """Raises RefusedError with everything that keeps this certificate from being ordered."""
    given = arguments.get("challenge") or {}
    validation = _load_validation(given)
    problems = [
        *_find_issuer_problems(
            name, issuer, is_doubled=bool(arguments.get("acme_directory") and arguments.get("staging"))
        ),
        *_find_agreement_problems(name, issuer),
        *_find_validation_problems(name, validation, given),
        *_find_name_problems(name, names, validation),
    ]
    if problems:
        raise RefusedError.from_problems(problems)
    return OrderWords(
        issuer,
        validation,
        key_type=str(arguments.get("key_type") or ""),
        key_origin=str(arguments.get("key_origin") or ON_HOST),
        profile=str(arguments.get("profile") or ""),
        force=bool(arguments.get("force")),
        ignore_backoff=bool(arguments.get("ignore_backoff")),
        force_age=timedelta(hours=int(arguments.get("force_age", 24))),
        is_scheduled=is_scheduled,
    )


# Two ways of saying the same: what is said nearer takes away the other that was said for all.
_EITHER = (
    ("acme_directory", "staging"),
    ("account_key_src", "account_key_content"),
    ("eab_hmac_key_src", "eab_hmac_key"),
    ("shared_passphrase_src", "shared_passphrase"),
    ("days", "not_after"),
)


def overlay(common: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """The words for all with those of one over them; None is not said."""
    said = {word: value for word, value in said.items() if value is not None}
    replaced = {other for pair in _EITHER for word in pair if said.get(word, False) is not False for other in pair}
    return {**{word: value for word, value in common.items() if word not in replaced}, **said}


def find_directory(arguments: Mapping[str, Any]) -> str:
    """`staging: true` is one word for Let's Encrypt's own test CA."""
    said = str(arguments.get("acme_directory") or "").strip()
    return said or (LETS_ENCRYPT_STAGING if arguments.get("staging") else LETS_ENCRYPT)


def find_contact(arguments: Mapping[str, Any]) -> str:
    """As BlueMind has it: an address of its own, else one of the default domain."""
    email, domain = (str(arguments.get(word) or "").strip() for word in ("email", "default_domain"))
    return email or (f"no-reply@{domain}" if domain else "")


def load_terms(value: object) -> str:
    """`true` agrees to what is current, a URL to just these."""
    text = str(value or "").strip()
    if text.lower() in ("true", "yes", "on", "1"):
        return "yes"
    return "" if text.lower() in ("", "false", "no", "off", "0", "none") else text


def _load_validation(given: Mapping[str, Any]) -> Validation:
    default = Validation(HTTP_01)
    return Validation(
        type=str(given.get("type") or HTTP_01),
        webroot=str(given.get("webroot") or ""),
        port=default.port if given.get("port") is None else int(given["port"]),
        is_checked=given.get("self_check") is None or bool(given["self_check"]),
        words={word: given[word] for word in _WORDS if given.get(word) not in (None, [], {})},
    )


_WORDS = (
    *("provider", "resolver", "propagation_timeout", "server", "server_port", "zone", "tsig_name", "tsig_secret"),
    *("tsig_algorithm", "ttl", "program", "hook_timeout", "lexicon_provider", "lexicon_options"),
)


def _find_issuer_problems(name: str, issuer: Issuer, *, is_doubled: bool) -> Iterator[Problem]:
    if is_doubled:
        fact = "acme_directory and staging are both said, and staging is Let's Encrypt's"
        yield Problem(name, "issuer_invalid", f"{fact}; say one of them")
    if not _SECURE_URL.match(issuer.directory):
        fact = "acme_directory must be the https:// URL of an ACME directory"
        yield Problem(name, "issuer_invalid", f"{fact}; leave it out for Let's Encrypt, or say `staging: true`")
    if not issuer.contact:
        fact = "no contact is known, whom the CA and the alarms of renewal write to"
        yield Problem(
            name, "contact_missing", f"{fact}; say `email`, or `default_domain` for no-reply@<default domain>"
        )
    elif not _EMAIL.match(issuer.contact):
        yield Problem(name, "contact_missing", "`email` must be one address, such as pki@example.org")
    if not issuer.account_key:
        fact = "there is no account key; pass account_key_src or account_key_content"
        way_out = "or say `account_key_create: true` to have one made at account_key_src"
        yield Problem(name, "account_key_missing", f"{fact}, {way_out}")


def _find_agreement_problems(name: str, issuer: Issuer) -> Iterator[Problem]:
    if issuer.terms_agreed not in ("", "yes") and not _URL.match(issuer.terms_agreed):
        fact = "terms_agreed must be true, false, or the URL of the terms that are agreed to"
        yield Problem(name, "issuer_invalid", f"{fact}; read the CA's terms and say `terms_agreed: true`")
    if bool(issuer.eab_kid) != bool(issuer.eab_hmac_key):
        lacking = "eab_hmac_key" if issuer.eab_kid else "eab_kid"
        yield Problem(name, "eab_incomplete", f"{lacking} is missing; the CA hands out both together")


def _find_validation_problems(name: str, validation: Validation, given: Mapping[str, Any]) -> Iterator[Problem]:
    if validation.type == HTTP_01:
        if not given.get("webroot") and given.get("port") is None:
            fact = "challenge says neither `webroot` nor `port`"
            way_out = "name the directory that the web server shows, or the port (80) that a listener of ours may take"
            yield Problem(name, "challenge_incomplete", f"{fact}; {way_out}")
        if validation.webroot and not validation.webroot.startswith("/"):
            yield Problem(name, "challenge_incomplete", "challenge.webroot must be an absolute path on the host")
        if validation.words.keys() - {"resolver"}:
            words = ", ".join(sorted(validation.words.keys() - {"resolver"}))
            yield Problem(name, "challenge_incomplete", f"{words} belongs to `type: dns-01`, and challenge is http-01")
    elif given.get("webroot") or given.get("port") is not None:
        fact = "webroot and port belong to `type: http-01`, and challenge is dns-01"
        yield Problem(name, "challenge_incomplete", f"{fact}; leave them out, or say the other type")
    if not 1 <= validation.port <= 65535:
        yield Problem(name, "challenge_incomplete", "challenge.port must be a port, 1 to 65535")


def _find_name_problems(name: str, names: tuple[str, ...], validation: Validation) -> Iterator[Problem]:
    for item in names:
        if is_address(item):
            fact = f"{item} is an address, and certificates for addresses are not ordered by this release"
            yield Problem(name, "name_not_public", f"{fact}; use a host name, or `internal_ca`")
        elif item.startswith("*.") and validation.type != DNS_01:
            fact = f"{item} is a wildcard, which a CA gives for dns-01 only (RFC 8555 7.1.3)"
            yield Problem(name, "wildcard_needs_dns", f"{fact}; say `challenge: {{type: dns-01, …}}`")
        elif "_" in item or "." not in item.removeprefix("*."):
            yield Problem(
                name, "name_not_public", f"{item} is no public host name; use its full name, or `internal_ca`"
            )
