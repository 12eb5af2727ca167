# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The published list of revocations: that of who signs, and during a roll-over that of who signed before."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._authority_draft import Draft, Situation
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.crl import (
    Crl,
    Revocation,
    is_due,
    load_crl,
    make_crl,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.state import PREVIOUS, HeldAuthority
from ansible_collections.certwright.tls.plugins.plugin_utils._ca_directory import CaView
from ansible_collections.certwright.tls.plugins.plugin_utils._ca_keys import make_signer
from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import format_time, load_time
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inspection import format_instant
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import Block
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Reason


@dataclass(frozen=True)
class Published:
    """By authority, its newest list; `issuing` is whom the entry is of. All of them were signed together."""

    issuing: str
    lists: Mapping[str, Crl]

    @property
    def own(self) -> Crl:
        return self.lists[self.issuing]

    @property
    def pem(self) -> str:
        """The one of who signs first."""
        others = (crl for authority, crl in self.lists.items() if authority != self.issuing)
        return "".join(Block("X509 CRL", crl.der).text for crl in (self.own, *others))


def find_published(view: CaView) -> Published | None:
    """Raises UnusableError (crl_unreadable)."""
    entries = [entry for entry in view.entries if entry.kind == "crl"]
    if not entries:
        return None
    words = entries[-1].words
    others = {str(item["issuing"]): _decode(item["crl"]) for item in words.get("others") or ()}
    return Published(str(words["issuing"]), {str(words["issuing"]): _decode(words["crl"]), **others})


def publish(draft: Draft, situation: Situation) -> Draft:
    """A newer list when it is time. Unchanged where none is wanted, or nobody signs yet."""
    state = draft.state
    if not state.crl.enabled or state.issuing is None:
        return draft
    before = find_published(situation.view)
    signing = [state.issuing, *(held for held in state.issuers if held.phase == PREVIOUS and held.key)]
    reasons = tuple(_find_reasons(before, signing, situation))
    if not reasons:
        return draft
    number = situation.view.head.number + len(draft.find_entries(situation.view.state, "")) + 1
    number = max(number, 1 + max((crl.number for crl in before.lists.values()), default=0)) if before else number
    made = {held.id: _make(held, draft, situation, before=before, number=number) for held in signing}
    return draft.with_body(_describe(state.issuing.id, made), *reasons)


def _find_reasons(before: Published | None, signing: list[HeldAuthority], situation: Situation) -> Iterator[Reason]:
    if before is None or any(held.id not in before.lists for held in signing):
        yield Reason("crl_missing", f"{signing[0].title} has published no list of revocations yet")
        return
    for held in signing:
        new = {item.serial for item in _find_revocations(situation.view, held.id)} - before.lists[held.id].serials
        if new:
            yield Reason("certificate_revoked", f"{len(new)} revoked certificates of {held.title} are not on its list")
    if is_due(before.own, situation.now):
        yield Reason("crl_due", f"The list of revocations ends on {format_instant(before.own.next_update)}")


def _find_revocations(view: CaView, issuing: str) -> tuple[Revocation, ...]:
    """Those that have not ended: nobody accepts the others anyhow."""
    told: list[Mapping[str, Any]] = view.told.get("revoked") or []
    return tuple(
        Revocation(int(item["serial"], 16), _load_instant(item["time"]), str(item["revocation_reason"]))
        for item in told
        if item["issuing"] == issuing
    )


def _make(held: HeldAuthority, draft: Draft, situation: Situation, *, before: Published | None, number: int) -> Crl:
    signer = make_signer(draft.state, held, situation.keyring.open(held))
    return load_crl(
        make_crl(
            _find_revocations(situation.view, held.id),
            signer,
            number=number,
            now=situation.now,
            life=timedelta(days=draft.state.crl.life_days),
            previous=before.lists.get(held.id) if before else None,
        )
    )


def _describe(issuing: str, made: Mapping[str, Crl]) -> dict[str, Any]:
    own = made[issuing]
    others = [{"issuing": held, "crl": _encode(crl)} for held, crl in made.items() if held != issuing]
    return {
        "kind": "crl",
        "issuing": issuing,
        "crl_number": own.number,
        "this_update": format_time(own.this_update),
        "next_update": format_time(own.next_update),
        "crl": _encode(own),
        **({"others": others} if others else {}),
    }


def _decode(text: str) -> Crl:
    return load_crl(base64.b64decode(text))


def _encode(crl: Crl) -> str:
    return base64.b64encode(crl.der).decode("ascii")


def _load_instant(text: str) -> datetime:
    found = load_time(text)
    if found is None:
        raise ValueError("a revocation without a time")
    return found
