# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A CA as it is shown: its authorities, its next dates, and what it issued, as far as that is asked for."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._authority import ask_for
from ansible_collections.certwright.tls.plugins.plugin_utils._authority_report import find_notices, report_ca
from ansible_collections.certwright.tls.plugins.plugin_utils._authority_words import Question
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.ledger import Entry
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.rollover import Left, LiveCertificate, find_left
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.state import CaState
from ansible_collections.certwright.tls.plugins.plugin_utils._ca_directory import CaDirectory, CaView, refuse
from ansible_collections.certwright.tls.plugins.plugin_utils._ca_keys import find_ledger_key, open_key_of
from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import format_time
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import Block, UnusableError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.report import report_warnings
from ansible_collections.certwright.tls.plugins.plugin_utils._ready_ca import require_ca
from ansible_collections.certwright.tls.plugins.plugin_utils._remote import Host

_ROW = ("serial", "name", "host", "usage", "issuing", "not_before", "not_after")


def show(host: Host, question: Question, *, now: datetime) -> dict[str, Any]:
    """The result of internal_ca_info. Raises RefusedError for what is not the CA that is pinned, and damage."""
    asked = {"serials": question.serials, "names": question.names, "hosts": question.hosts}
    ask = ask_for(now, backup=question.backup_to)
    view = CaDirectory(host, question.path).read(**ask, **{word: list(value) for word, value in asked.items()})
    try:
        return _report(view, question, now=now)
    except UnusableError as error:
        raise refuse(question.path, error.code, error.message) from None


def _report(view: CaView, question: Question, *, now: datetime) -> dict[str, Any]:
    state = require_ca(view, question.fingerprint) if question.fingerprint else view.state
    result = {"changed": False, "state": _find_stage(view, state)}
    if state is None:
        return {**result, **report_ca(view, None, left=(), ahead=question.ahead), "certificates": []}
    max_age = question.max_age if question.backup_to else None
    is_proved = _prove(view, state, question.passphrase)
    vouched = state.roots if is_proved or not question.fingerprint else state.find_reached(question.fingerprint)
    return {
        **result,
        **report_ca(view, state, left=_find_left(view, state, now), ahead=question.ahead),
        # Without a proof only those count that the pinned one vouches for
        "anchors": [root.certificate for root in vouched if root.loaded and now < root.loaded.not_after],
        "proved": is_proved,
        "certificates": _list_certificates(view, question, now=now),
        "warnings": report_warnings(find_notices(view, state, now=now, ahead=question.ahead, max_age=max_age)),
    }


def _find_stage(view: CaView, state: CaState | None) -> str:
    if state is None:
        return view.status
    return "ready" if state.issuing else "requested"


def _find_left(view: CaView, state: CaState, now: datetime) -> tuple[Left, ...]:
    live = tuple(LiveCertificate.from_json(item) for item in view.told.get("live") or ())
    return find_left(state, live=live, trusted=view.told.get("trusted") or {}, now=now)


def _prove(view: CaView, state: CaState, passphrase: str) -> bool:
    """Whether the ledger is what this CA wrote. Only its passphrase can tell; a wrong one, and a wrong seal, raise."""
    holder = state.issuing or state.next_issuing
    if not passphrase or holder is None:
        return False
    view.require_sealed(find_ledger_key(view, open_key_of(view, holder, passphrase)))
    return True


def _list_certificates(view: CaView, question: Question, *, now: datetime) -> list[dict[str, Any]]:
    """What was asked for, then whatever else is live."""
    rows = {serial: _describe_issued(entry, view.revoked.get(serial), now=now) for serial, entry in view.issued.items()}
    live: list[Mapping[str, Any]] = view.told.get("live") or []
    for item in live if question.shows_live else ():
        rows.setdefault(str(item["serial"]), {**{word: str(item[word]) for word in _ROW}, "status": "issued"})
    return list(rows.values())


def _describe_issued(entry: Entry, revoked: Entry | None, *, now: datetime) -> dict[str, Any]:
    words = entry.words
    ended = "expired" if str(words["not_after"]) <= format_time(now) else "issued"
    row = {word: str(words[word]) for word in _ROW}
    return {
        **row,
        "names": [str(name) for name in words["names"]],
        "number": entry.number,
        "status": "revoked" if revoked else ended,
        "revoked": str(revoked.words["time"]) if revoked else "",
        "revocation_reason": str(revoked.words["revocation_reason"]) if revoked else "",
        "certificate": Block("CERTIFICATE", base64.b64decode(words["certificate"])).text,
    }
