# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The published lists of revocations: of who signs, in a roll-over also before and after, and of the roots above.

Servers that check a whole chain (nginx, haproxy) refuse every client while the list of one CA of it is missing, so a
root has one too. Its key is rarely there: that list is good until the root ends.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
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
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.state import (
    NEXT,
    PREVIOUS,
    ROOT,
    HeldAuthority,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._ca_directory import CaView
from ansible_collections.certwright.tls.plugins.plugin_utils._ca_keys import make_signer
from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import format_time, load_time
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inspection import format_instant
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import Block
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice, Reason


@dataclass(frozen=True)
class Published:
    """By authority, its newest list; `issuing` is whom the entry is of. All but those of roots were signed together."""

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
    beside = (held for held in state.issuers if held.phase in (PREVIOUS, NEXT) and held.key and held.loaded)
    signing = [state.issuing, *beside]
    due, draft = _find_due_roots(draft, situation, before)
    restored = _explain_restored(draft) if before else ()
    reasons = (*_find_reasons(before, signing, situation), *restored, *_explain_roots(due, before))
    if not reasons:
        return draft
    number = _find_number(before, situation.now)
    made = {held.id: _make(held, draft, situation, before=before, number=number) for held in (*signing, *due)}
    known = before.lists if before else {}
    made.update({held.id: known[held.id] for held in state.roots if held.id in known and held.id not in made})
    return draft.with_body(_describe(state.issuing.id, made), *reasons)


def _find_number(before: Published | None, now: datetime) -> int:
    """By the clock, for it grows even when the ledger does not: clients ignore a list of a lower number."""
    known = before.lists.values() if before else ()
    return max((int(now.timestamp()), *(1 + crl.number for crl in known)))


def _explain_restored(draft: Draft) -> Iterator[Reason]:
    """What hosts have may be newer than what came back."""
    if any(body["kind"] == "restored" for body in draft.bodies):
        yield Reason("crl_due", "The list of revocations that came back may be older than the one that hosts have")


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


def _find_due_roots(draft: Draft, situation: Situation, before: Published | None) -> tuple[list[HeldAuthority], Draft]:
    """Roots that do not issue, whose list is wanted and whose key can be opened now; without one that is said."""
    known = before.lists if before else {}
    roots = [held for held in draft.state.roots if held.role == ROOT and held.loaded]
    wanted = [held for held in roots if held.id not in known or is_due(known[held.id], situation.now)]
    opened = bool(situation.task.passphrases.root)
    due = [held for held in wanted if opened and (situation.keyring.has(held) or held.key in draft.files)]
    notices = tuple(_notice_missing(held) for held in wanted if held not in due and held.id not in known)
    return due, replace(draft, notices=(*draft.notices, *notices))


def _notice_missing(root: HeldAuthority) -> Notice:
    fact = f"{root.title} has no list of revocations, and servers that check a whole chain refuse all clients without"
    return Notice("crl_root_missing", f"{fact}: run once with root_passphrase, and the root's key in its place")


def _explain_roots(due: list[HeldAuthority], before: Published | None) -> Iterator[Reason]:
    """Said once, and not of a CA that has just begun to publish."""
    known = before.lists if before else {}
    for held in due if before else ():
        code, words = ("crl_due", "is to be signed anew") if held.id in known else ("crl_missing", "is not there yet")
        yield Reason(code, f"The list of revocations of {held.title} {words}")


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
            life=_find_life(held, draft, situation),
            previous=before.lists.get(held.id) if before else None,
        )
    )


def _find_life(held: HeldAuthority, draft: Draft, situation: Situation) -> timedelta:
    if held.role == ROOT and held.loaded:
        return held.loaded.not_after - situation.now
    return timedelta(days=draft.state.crl.life_days)


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
