# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One account at one ACME CA (RFC 8555), as the rest of the collection sees it."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from ansible_collections.certwright.tls.plugins.plugin_utils._acme import accounts, order_progress
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.account_key import load_account_key
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.connections import Connections
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.directory import Directory, fetch_directory
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.network import Network, read_json
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.orders import (
    Challenge,
    Order,
    load_order,
    require_same_names,
    to_identifiers,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.patience import Patience
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.problems import AcmeProblem
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.renewal_info import fetch_renewal_info
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.settings import Settings
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.transport import find_host, find_origin
from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import load_certificates
from ansible_collections.certwright.tls.plugins.plugin_utils._core.issuance import RenewalWindow

# A hint that is refused must not cost the certificate; for one of another account CAs answer 403 or 404.
_HINT_REFUSALS = ("already_replaced", "bad_request", "unauthorized", "not_found", "conflict")
_NAMES_HINT = re.compile(r"replace|\bARI\b|cert(ificate )?id", re.IGNORECASE)


class Client:
    """For one thread: `again()` gives another one its own, with the same directory and account."""

    def __init__(self, settings: Settings, network: Network, directory: Directory, connections: Connections) -> None:
        self.settings = settings
        self.directory = directory
        self._network = network
        self._connections = connections

    @property
    def terms(self) -> str:
        """The URL of the CA's terms, "" when it has none."""
        return self.directory.terms

    @property
    def profiles(self) -> Mapping[str, str]:
        """Names and descriptions."""
        return self.directory.profiles

    @property
    def caa_identities(self) -> tuple[str, ...]:
        return self.directory.caa_identities

    @property
    def needs_eab(self) -> bool:
        return self.directory.needs_eab

    @property
    def has_renewal_info(self) -> bool:
        return "renewalInfo" in self.directory.addresses

    @property
    def clock_difference(self) -> timedelta | None:
        """The CA's clock minus ours, to the second; None when it did not say."""
        return self.directory.clock_difference

    @property
    def account(self) -> str:
        """The URL of the account, "" before it was found or registered."""
        return self._network.account

    def again(self, deadline: float | None = None) -> Client:
        """A client for the thread that asks; with `deadline` its end is that many seconds from now."""
        patience = self._network.patience if deadline is None else self._network.patience.renewed(deadline)
        network = Network(self._connections.find_line(), patience, self._network.key)
        network.new_nonce, network.account = self._network.new_nonce, self._network.account
        return Client(self.settings, network, self.directory, self._connections)

    def close(self) -> None:
        """The connections of all threads are closed; none of its clients is used again."""
        self._connections.close()

    def find_account(self) -> str:
        """The URL of the key's account, "" when the CA has none."""
        self._network.account = ""
        self._network.account = accounts.find_account(self._network, self.directory)
        return self._network.account

    def register(self) -> str:
        """The URL of the account that the key has, or of a new one: only where the terms are agreed to."""
        if not self.find_account():
            self._network.account = accounts.register(self._network, self.directory, self.settings)
        return self._network.account

    def place_order(self, names: Sequence[str], *, profile: str = "", replaces: str = "") -> Order:
        """A new order with its authorizations, or the pending one that the CA has for these names.

        `replaces` is the cert id of what is renewed (RFC 9773 5): a hint, given up where the CA refuses it.
        """
        self._require_account()
        self._require_profile(profile)
        hint = replaces if self.has_renewal_info else ""
        try:
            return self._place(names, profile, hint)
        except AcmeProblem as problem:
            if problem.code == "terms_changed":
                accounts.agree(self._network, self._read_directory(), self.settings)
            elif not hint or not _is_about_hint(problem):
                raise
            else:
                hint = ""
        return self._place(names, profile, hint)

    def load_order(self, url: str) -> Order:
        """An order that was begun. Raises AcmeProblem order_gone where the CA has it no more, or not for us."""
        self._require_account()
        try:
            return order_progress.fetch_order(self._network, url)
        except AcmeProblem as problem:
            if problem.code in ("not_found", "unauthorized"):
                raise AcmeProblem("permanent", "order_gone", f"{problem.fact}; order anew") from None
            raise

    def is_its_own(self, url: str) -> bool:
        """Whether the CA itself could have given out this URL: what is signed goes nowhere else."""
        return bool(url) and find_origin(url) == find_origin(self.directory.require("newOrder"))

    def key_authorization(self, token: str) -> str:
        """What the file of an http-01 challenge holds (RFC 8555 8.1)."""
        return f"{token}.{self._network.require_key().thumbprint}"

    def txt_value(self, token: str) -> str:
        """What the TXT record of a dns-01 challenge holds (RFC 8555 8.4)."""
        digest = hashlib.sha256(self.key_authorization(token).encode("ascii")).digest()
        return base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")

    def answer(self, challenge: Challenge) -> None:
        """The CA is asked to look; one that looked already is left alone."""
        order_progress.answer_challenge(self._network, challenge)

    def await_authorizations(self, order: Order) -> Order:
        """See order_progress."""
        return order_progress.await_authorizations(self._network, order)

    def finalize(self, order: Order, csr_pem: str) -> Order:
        """The order once it is issued; see order_progress."""
        return order_progress.finalize(self._network, order, csr_pem)

    def download(self, order: Order, csr_pem: str = "") -> bytes:
        """The chain as PEM, the leaf first; with the request its key is compared."""
        return order_progress.download(self._network, order, csr_pem)

    def renewal_info(self, cert_id: str) -> tuple[RenewalWindow, datetime]:
        """The CA's window, and when to ask again; no account is needed."""
        return fetch_renewal_info(self._network, self.directory, cert_id)

    def revoke(self, certificate_pem: bytes, reason: int = 0) -> None:
        """Revoked afterwards, by this run or an earlier one (RFC 8555 7.6, reasons RFC 5280 5.3.1)."""
        self._require_account()
        certificate = load_certificates(certificate_pem, "certificate")[0]
        content = base64.b64decode("".join(certificate.pem.split("\n")[1:-2]))
        words = {"certificate": base64.urlsafe_b64encode(content).decode("ascii").rstrip("="), "reason": reason}
        try:
            self._network.tell(self.directory.require("revokeCert"), words, doing="the revocation")
        except AcmeProblem as problem:
            if problem.code != "already_revoked":
                raise

    def deactivate_authorization(self, url: str) -> None:
        """The name has to be proved again before the next certificate (RFC 8555 7.5.2)."""
        self._network.post(url, {"status": "deactivated"}, doing="the end of an authorization")

    def _place(self, names: Sequence[str], profile: str, hint: str) -> Order:
        words = {"identifiers": to_identifiers(names), "profile": profile, "replaces": hint}
        payload = {word: value for word, value in words.items() if value}
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        answer = self._network.post(
            self.directory.require("newOrder"), payload, doing=f"the order for {names[0]}{more}"
        )
        order = load_order(read_json(answer), url=answer.headers.get("Location", ""))
        require_same_names(order, names)
        order = replace(order, replaced=bool(hint))
        return order_progress.with_authorizations(self._network, order, answer)

    def _read_directory(self) -> Directory:
        """Terms that change in the middle of a run are in the directory as it is now."""
        self.directory = fetch_directory(self._network, self.settings.directory)
        return self.directory

    def _require_account(self) -> None:
        if not self._network.account and not self.find_account():
            fact = f"{find_host(self.directory.url)} has no account for this account key"
            raise AcmeProblem("permanent", "account_missing", f"{fact}; agree to its terms by `terms_agreed: true`")

    def _require_profile(self, profile: str) -> None:
        if profile and profile not in self.profiles:
            known = f"knows {', '.join(sorted(self.profiles))}" if self.profiles else "has no profiles"
            text = f"{find_host(self.directory.url)} {known}; `{profile}` is not among them, choose one or none"
            raise AcmeProblem("permanent", "profile_unknown", text)


def connect(
    settings: Settings,
    *,
    deadline: float,
    clock: Callable[[], datetime],
    sleep: Callable[[float], None],
    dice: Callable[[], float],
) -> Client:
    """A client that has read the directory. `deadline` is in seconds from now, for all that the client does.

    `clock` gives aware UTC, `dice` gives 0.0 up to 1.0. Raises AcmeProblem; nothing else comes out of a client.
    """
    patience = Patience(clock, sleep, dice, clock() + timedelta(seconds=deadline))
    key = load_account_key(settings.account_key) if settings.account_key else None
    connections = Connections(settings.ca_certificates)
    network = Network(connections.find_line(), patience, key)
    directory = fetch_directory(network, settings.directory)
    network.new_nonce = directory.require("newNonce")
    return Client(settings, network, directory, connections)


def _is_about_hint(problem: AcmeProblem) -> bool:
    return problem.kind == "permanent" and (
        problem.code in _HINT_REFUSALS or _NAMES_HINT.search(problem.message) is not None
    )
