# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The account at one CA (RFC 8555 7.3): found by its key, or registered when the terms are agreed to."""

from __future__ import annotations

import re
from typing import Any

try:
    from acme.messages import Directory as LibraryDirectory
    from acme.messages import ExternalAccountBinding
except ImportError:
    pass  # require_acme() says so at run time

from ansible_collections.certwright.tls.plugins.plugin_utils._acme.account_key import AccountKey
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.directory import Directory
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.network import Network, read_json
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.problems import AcmeProblem
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.settings import Settings
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.transport import find_host

_BASE64 = re.compile(r"[A-Za-z0-9_+/-]{16,}={0,2}")
_ENDED = ("deactivated", "revoked")


def find_account(network: Network, directory: Directory) -> str:
    """The URL of the key's account, "" when there is none. Raises AcmeProblem: account_ended."""
    try:
        return _ask(network, directory, {"onlyReturnExisting": True})
    except AcmeProblem as problem:
        # Some CAs ask for the binding before they look: registering finds the account all the same.
        if problem.code in ("account_missing", "external_account_required"):
            return ""
        raise


def register(network: Network, directory: Directory, settings: Settings) -> str:
    """The URL of a new account, or of the one that the key has meanwhile.

    Raises AcmeProblem: terms_not_agreed, terms_changed, external_account_required, external_account_unusable,
    external_account_refused.
    """
    require_terms(directory, settings.terms_agreed)
    words: dict[str, Any] = {"termsOfServiceAgreed": True} if directory.terms else {}
    if settings.contact:
        words["contact"] = [f"mailto:{settings.contact.removeprefix('mailto:')}"]
    binding = _bind(network.require_key(), directory, settings)
    if not binding:
        return _ask(network, directory, words)
    try:
        return _ask(network, directory, {**words, "externalAccountBinding": binding})
    except AcmeProblem as problem:
        if problem.code not in ("unauthorized", "bad_request"):
            raise
        text = f"{problem.fact}; compare eab_kid and eab_hmac_key with the CA's account page"
        raise AcmeProblem("permanent", "external_account_refused", text) from None


def agree(network: Network, directory: Directory, settings: Settings) -> None:
    """Terms that changed are agreed to for the account we have (RFC 8555 7.3.3), when the operator agreed."""
    require_terms(directory, settings.terms_agreed)
    network.post(network.account, {"termsOfServiceAgreed": True}, doing="the agreement to its terms")


def require_terms(directory: Directory, agreed: str | bool) -> None:
    """Nobody agrees for the operator: `agreed` is True for whatever the terms are, or the URL that was agreed to."""
    if not directory.terms or agreed is True or agreed == directory.terms:
        return
    host = find_host(directory.url)
    if agreed:
        fact = f"The terms of {host} have changed since they were agreed to"
        text = f"{fact}; read {directory.terms} and set terms_agreed"
        raise AcmeProblem("permanent", "terms_changed", text, link=directory.terms)
    text = f"{host} registers only who agrees to its terms; read {directory.terms} and set `terms_agreed: true`"
    raise AcmeProblem("permanent", "terms_not_agreed", text, link=directory.terms)


def _ask(network: Network, directory: Directory, words: dict[str, Any]) -> str:
    answer = network.post(directory.require("newAccount"), words, doing="the account")
    url, status = answer.headers.get("Location", ""), read_json(answer).get("status")
    if status in _ENDED:
        text = f"The account of this key at {find_host(directory.url)} is {status}; pass another account key"
        raise AcmeProblem("permanent", "account_ended", text)
    if not url:
        text = f"{find_host(directory.url)} answers without the account's address; a later run tries again"
        raise AcmeProblem("transient", "bad_answer", text)
    return url


def _bind(key: AccountKey, directory: Directory, settings: Settings) -> dict[str, Any] | None:
    """RFC 8555 7.3.4. CAs show the key in either alphabet of base64."""
    host, way_out = find_host(directory.url), "pass eab_kid and eab_hmac_key from the CA's account page"
    if not settings.eab_kid and not settings.eab_hmac_key:
        if directory.needs_eab:
            text = f"{host} registers only its own customers; {way_out}"
            raise AcmeProblem("permanent", "external_account_required", text)
        return None
    if not settings.eab_kid or not _BASE64.fullmatch(settings.eab_hmac_key):
        fact = "eab_hmac_key is not base64" if settings.eab_kid else "eab_hmac_key comes without eab_kid"
        raise AcmeProblem("permanent", "external_account_unusable", f"For {host} {fact}; {way_out}")
    addresses = LibraryDirectory({"newAccount": directory.require("newAccount")})
    public = key.jwk.public_key()
    return dict(ExternalAccountBinding.from_data(public, settings.eab_kid, settings.eab_hmac_key, addresses))
