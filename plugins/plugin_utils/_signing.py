# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One batch of a CA: looked up in its ledger, signed where it is new, and in the ledger before it is handed over."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ansible_collections.certwright.tls.plugins.plugin_utils._ca.asked import Asked
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.keys import Envelope
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.ledger import Entry
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.proof import require_proved
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.signing import Signed, Signer, Wish, sign
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.state import CaState, HeldAuthority
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.wish_checks import find_wish_problems
from ansible_collections.certwright.tls.plugins.plugin_utils._ca_directory import (
    KEYS,
    Body,
    CaDirectory,
    CaView,
    refuse,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._ca_keys import make_serial, make_signer, open_key_of
from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import format_time, load_time
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Problem, Reason
from ansible_collections.certwright.tls.plugins.plugin_utils._core.renewal import Life, find_due
from ansible_collections.certwright.tls.plugins.plugin_utils._ready_ca import require_ready
from ansible_collections.certwright.tls.plugins.plugin_utils._revoking import Revocation, ask_for, find_revoked

if TYPE_CHECKING:
    from ansible_collections.certwright.tls.plugins.plugin_utils._ca.keys import CaPublicKey

ISSUED, UNCHANGED, REFUSED = "issued", "unchanged", "refused"


@dataclass(frozen=True)
class Item:
    """One request with the key that it is for; `key` is the SHA-256 of that, `digest` of all that makes a request.

    `anchors` are what its host remembers of the ledger; `successor` is the same request for the key that comes next.
    """

    asked: Asked
    public_key: CaPublicKey
    key: str
    digest: str
    anchors: tuple[Mapping[str, Any], ...] = ()
    successor: Item | None = None


@dataclass(frozen=True)
class Answer:
    """What became of one request. No entry when it was refused, or in check mode would be new."""

    item: Item
    outcome: str
    reason: Reason | None = None
    entry: Entry | None = None


@dataclass(frozen=True)
class Batch:
    """What a task asks of a CA. `passphrase` gives that of its issuing key, once there is something to sign.

    `anchors` are what hosts remember that ask for nothing now.
    """

    items: tuple[Item, ...]
    revocations: tuple[Revocation, ...]
    fingerprint: str
    passphrase: Callable[[], str] = field(repr=False)
    backup_to: str = ""
    anchors: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class Ended:
    """Answers in the order of their requests, what was revoked, and the directory as it was left."""

    answers: tuple[Answer, ...]
    revoked: tuple[Entry, ...]
    problems: tuple[Problem, ...]
    view: CaView
    backup: Mapping[str, Any] | None = None
    notice: str = ""


def sign_batch(directory: CaDirectory, batch: Batch, *, now: datetime, check_mode: bool) -> Ended:
    """1. read 2. what the ledger has is answered from it 3. the rest is signed and proved 4. one append 5. answered.

    Nothing is handed over that is not in the ledger, which is on disk there when the append has answered.
    """
    ask = _word_ask(batch)
    view = directory.read(**ask)  # 1
    state, authority = require_ready(view, batch.fingerprint)
    answers = [_look_up(item, view, authority, now) for item in batch.items]  # 2
    wanted, unknown = find_revoked(batch.revocations, view, now)
    new = [answer for answer in answers if answer.outcome == ISSUED]
    if check_mode or not (new or wanted):
        return Ended(tuple(answers), (), unknown, view)
    view.require_clock(now)
    envelope = open_key_of(view, authority, batch.passphrase())
    signer = make_signer(state, authority, envelope)
    signed = {answer.item.digest: _sign(answer.item, signer, now) for answer in new}  # 3

    def build(current: CaView) -> Sequence[Body]:
        """Another run may have signed, revoked or switched meanwhile."""
        if require_ready(current, batch.fingerprint)[1] != authority:
            raise refuse(view.path, "ca_busy", "it switched to another issuing certificate meanwhile; run again")
        items = [item.item for item in new if _look_up(item.item, current, authority, now).outcome == ISSUED]
        revoking, _unknown = find_revoked(batch.revocations, current, now)
        return [*_word_all(items, signed, authority), *revoking]

    appended = directory.append(  # 4
        view, build, ledger_key=_require_ledger_key(view, envelope), ask=ask, backup_to=batch.backup_to
    )
    entries = {str(entry.words.get("request")): entry for entry in appended.entries}
    found = [_look_up(answer.item, appended.view, authority, now) for answer in answers]
    ended = (_end(answer, signed, entries, other) for answer, other in zip(answers, found, strict=True))  # 5
    revoked = tuple(entry for entry in appended.entries if entry.kind == "revoked")
    return Ended(tuple(ended), revoked, unknown, appended.view, appended.backup, appended.notice)


def _word_ask(batch: Batch) -> dict[str, Any]:
    known = (*batch.anchors, *(anchor for item in batch.items for anchor in item.anchors))
    anchors = {(int(anchor["number"]), str(anchor["hash"])) for anchor in known}
    return {
        "requests": [item.digest for item in batch.items],
        "anchors": [{"number": number, "hash": digest} for number, digest in sorted(anchors)],
        "files": [KEYS],
        **ask_for(batch.revocations),
    }


def _look_up(item: Item, view: CaView, authority: HeldAuthority, now: datetime) -> Answer:
    """The ledger's certificate for the same request, unless there is a reason for another one."""
    known = view.requested.get(item.digest)
    if known is None:
        fact = "The ledger has no certificate for this key, these names and this usage"
        return Answer(item.successor or item, ISSUED, Reason("certificate_missing", fact))
    reason = _find_reason(known, view, authority, now)
    return Answer(item.successor or item, ISSUED, reason) if reason else Answer(item, UNCHANGED, entry=known)


def _find_reason(known: Entry, view: CaView, authority: HeldAuthority, now: datetime) -> Reason | None:
    serial = str(known.words["serial"])
    if serial in view.revoked:
        return Reason("revoked", f"The ledger's certificate ({serial}) is revoked")
    if known.words["issuing"] != authority.id:
        return Reason("issuing_ca_differs", f"The ledger's certificate ({serial}) is of another issuing certificate")
    begins, ends = (load_time(str(known.words[word])) for word in ("not_before", "not_after"))
    due = find_due(Life(begins, ends), None, now, cert_id="") if begins and ends else ()
    return due[0] if due else None


def _sign(item: Item, signer: Signer, now: datetime) -> Signed | Problem:
    asked = item.asked
    whole = signer.not_after - signer.not_before
    wish = Wish(
        name=asked.name,
        host=asked.host,
        public_key=item.public_key,
        usage=asked.usage,
        names=asked.names,
        emails=asked.emails,
        subject=asked.subject,
        not_after=asked.find_end(now, limit=signer.not_after, whole=whole),
    )
    problems = find_wish_problems(wish, signer, now)
    if problems:
        return replace(problems[0], message="; ".join(problem.message for problem in problems))
    try:
        signed = sign(wish, signer, serial=make_serial(), now=now)
        require_proved(signed, wish, signer, now)
    except UnusableError as error:
        return Problem(asked.title, error.code, error.message)
    return signed


def _word_all(
    items: Iterable[Item], signed: Mapping[str, Signed | Problem], authority: HeldAuthority
) -> Iterator[Body]:
    for item in items:
        found = signed[item.digest]
        if isinstance(found, Signed):
            yield _word_issued(item, found, authority)


def _word_issued(item: Item, signed: Signed, authority: HeldAuthority) -> Body:
    asked = item.asked
    return {
        "kind": "issued",
        "serial": signed.serial_hex,
        "request": item.digest,
        "key": item.key,
        "host": asked.host,
        "name": asked.name,
        "usage": asked.usage,
        "issuing": authority.id,
        "names": list(asked.names),
        "not_before": format_time(signed.not_before),
        "not_after": format_time(signed.not_after),
        "certificate": base64.b64encode(signed.der).decode("ascii"),
    }


def _end(answer: Answer, signed: Mapping[str, Signed | Problem], entries: Mapping[str, Entry], other: Answer) -> Answer:
    """Of what two batches asked at the same time one has signed (the `other`), and both get it."""
    if answer.outcome != ISSUED:
        return answer
    found = signed[answer.item.digest]
    if isinstance(found, Problem):
        return replace(answer, outcome=REFUSED, reason=Reason(found.code, found.message))
    entry = entries.get(answer.item.digest)
    return replace(answer, entry=entry) if entry else other


def _require_ledger_key(view: CaView, envelope: Envelope) -> bytes:
    if envelope.ledger_key is None:
        fact = "the envelope of the issuing key has no key for the ledger"
        raise refuse(view.path, "ca_damaged", f"{fact}; restore the directory from its backup")
    return envelope.ledger_key


def find_refused(answers: Iterable[Answer]) -> tuple[Problem, ...]:
    return tuple(
        Problem(answer.item.asked.title, answer.reason.code, answer.reason.message)
        for answer in answers
        if answer.outcome == REFUSED and answer.reason
    )


def find_chain(state: CaState, entry: Entry) -> tuple[tuple[str, ...], str]:
    """What goes with a certificate of the ledger: its chain, with what leads to an older root while that is trusted."""
    authority = state.find(str(entry.words["issuing"]))
    if authority is None:
        return (), ""
    root = state.root_of(authority)
    crosses = state.crosses if root == state.root else ()
    return (*state.chain_of(authority), *crosses), root.certificate if root else ""
