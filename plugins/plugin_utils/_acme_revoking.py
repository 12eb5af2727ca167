# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates of a host that are to be revoked: by the account that ordered them, or for an internal CA to do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import TlsError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_words import Issuer, find_directory
from ansible_collections.certwright.tls.plugins.plugin_utils._core.report import without_pem
from ansible_collections.certwright.tls.plugins.plugin_utils._core.revocation import (
    ELSEWHERE,
    INTERNAL,
    REASONS,
    find_kind,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.tombstone import Leaf
from ansible_collections.certwright.tls.plugins.plugin_utils._issuers import Members, OrderReader
from ansible_collections.certwright.tls.plugins.plugin_utils._remote import PipelinedAction

if TYPE_CHECKING:
    from ansible_collections.certwright.tls.plugins.plugin_utils._acme.client import Client

# Name, leaf, reason, and why no CA is to be asked (else empty)
Revocation = tuple[str, Leaf, str, str]


class AcmeRevoker:
    """`issuers` are the words of those that the inventory has; an account is looked for once."""

    def __init__(self, action: PipelinedAction, issuers: Sequence[Mapping[str, Any]], *, check_mode: bool) -> None:
        self._issuers, self._check_mode = issuers, check_mode
        self._reader = OrderReader(action, stage_only=True, is_scheduled=False, may_create=False, members=Members(""))
        self._clients: dict[Issuer, Client] = {}

    def revoke(self, wanted: Iterable[Revocation]) -> dict[str, Any]:
        """The task's result. Each with its reason; what an internal CA signed is left to that (`outcome` is asked)."""
        revocations = [self._word(*item) for item in wanted]
        return {
            "changed": any(item["outcome"] in ("revoked", "planned") for item in revocations),
            "revocations": revocations,
        }

    def _word(self, name: str, leaf: Leaf, reason: str, objection: str) -> dict[str, Any]:
        kind = find_kind(leaf)
        judged = ("failed", objection) if objection else _OTHERS.get(kind)
        outcome, message = judged or self._attempt(leaf, reason)
        return {
            "certificate": name,
            "fingerprint": leaf.fingerprint,
            "serial": leaf.serial,
            "issuer": leaf.issuer,
            "pem": leaf.pem,
            "kind": kind,
            "reason": reason,
            "outcome": outcome,
            "message": message,
        }

    def _attempt(self, leaf: Leaf, reason: str) -> tuple[str, str]:
        known = [words for words in self._issuers if find_directory(words) == leaf.issuer]
        if not known:
            fact = f"no issuer of tls_issuers has the directory {leaf.issuer}"
            return "failed", f"{fact}; declare it there, with its account key"
        told = []
        for words in known:
            try:
                self._revoke(words, leaf, reason)
            except TlsError as error:
                told.append(f"the issuer {words['name']}: {without_pem(str(error))}")
                continue
            return ("planned" if self._check_mode else "revoked"), ""
        return "failed", "; ".join(told)

    def _revoke(self, words: Mapping[str, Any], leaf: Leaf, reason: str) -> None:
        issuer = self._reader.read_issuer(str(words["name"]), words)
        if self._check_mode:
            return
        self._connect(issuer).revoke(leaf.pem.encode("ascii"), REASONS[reason])

    def _connect(self, issuer: Issuer) -> Client:
        # Here, because a removal without a revocation has nothing to say to a CA.
        from ansible_collections.certwright.tls.plugins.plugin_utils._acme.dependencies import (  # noqa: PLC0415
            require_acme,
        )

        require_acme()
        from ansible_collections.certwright.tls.plugins.plugin_utils._acme.client import Client  # noqa: PLC0415
        from ansible_collections.certwright.tls.plugins.plugin_utils._conversations import attempt  # noqa: PLC0415

        if issuer not in self._clients:
            client = attempt(issuer)
            if not isinstance(client, Client):
                raise client
            self._clients[issuer] = client
        return self._clients[issuer]


_OTHERS = {INTERNAL: ("asked", ""), ELSEWHERE: ("elsewhere", "")}
