# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task has to say of certificates of internal CAs: it hands out requests, or takes in what was signed for them.

The CA itself is asked by another task, once for a whole fleet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate_request import CertificateRequest
from ansible_collections.certwright.tls.plugins.plugin_utils._core.due import Due, find_leeway
from ansible_collections.certwright.tls.plugins.plugin_utils._core.internal_issued import Signature, with_signature
from ansible_collections.certwright.tls.plugins.plugin_utils._core.internal_request import (
    find_waiting,
    load_made,
    word_preparation,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.issuance import Memory
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_outcome import FAILED
from ansible_collections.certwright.tls.plugins.plugin_utils._core.ordered import Ending, Ordered, Requested
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice
from ansible_collections.certwright.tls.plugins.plugin_utils._core.report import load_notices
from ansible_collections.certwright.tls.plugins.plugin_utils._remote import Host


class InternalTalk:
    """`signed` is None in the task that requests. `requests` are those to be signed, None where one would be made."""

    def __init__(self, host: Host, *, signed: Mapping[str, Signature] | None, now: datetime) -> None:
        self._host, self.signed, self._now = host, signed, now
        self.notices: list[Notice] = []
        self.requests: dict[str, CertificateRequest | None] = {}

    def close(self) -> None:
        """Nobody was called."""

    def ask_windows(self, _items: Iterable[Due]) -> dict[str, Memory]:
        """A third of its life says when; these CAs have no other wish."""
        return {}

    def foresee_all(self, due: Iterable[Due]) -> dict[str, Ordered]:
        for item in due:
            waiting = find_waiting(item.wish, item.observed)
            self.requests[item.name] = waiting.request if waiting else None
        return {}

    def order(self, due: Iterable[Due]) -> dict[str, Ordered]:
        if self.signed is not None:
            return {item.name: with_signature(item, self.signed.get(item.name), now=self._now) for item in due}
        return self._request(list(due))

    def _request(self, due: list[Due]) -> dict[str, Ordered]:
        """What waits already is handed out again; all that is missing is made in one execution."""
        found = {item.name: find_waiting(item.wish, item.observed) for item in due}
        asked = [word_preparation(item) for item in due if found[item.name] is None]
        told = self._host.prepare(asked, listen_seconds=0)["certificates"] if asked else {}
        self.notices.extend(load_notices(told.values()))
        wishes: dict[str, Ordered] = {}
        for item in due:
            waiting = found[item.name]
            try:
                self.requests[item.name] = waiting.request if waiting else load_made(item.wish, told[item.name])
                wishes[item.name] = replace(item.wish, requested=Requested(item.reasons, is_made=waiting is None))
            except UnusableError as error:
                # Another run is at it, and may have stored it by now
                verdict = find_leeway(item.observed, self._now) if error.code == "claimed" else FAILED
                wishes[item.name] = replace(item.wish, ending=Ending(verdict, error.code, error.message))
        return wishes
