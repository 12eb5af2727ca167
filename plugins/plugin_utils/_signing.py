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
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.ledger import Entry, seal_anchor
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.proof import is_issued, require_proved
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.signing import Signed, Signer, Wish, sign
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.state import CaState, HeldAuthority
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.wish_checks import find_wish_problems
from ansible_collections.certwright.tls.plugins.plugin_utils._ca_directory import (
    KEYS,
    Appended,
    Body,
    CaDirectory,
    CaView,
    refuse,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._ca_keys import (
    find_ledger_key,
    make_serial,
    make_signer,
    open_key_of,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import format_time, load_time
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice, Problem, Reason
from ansible_collections.certwright.tls.plugins.plugin_utils._core.renewal import Life, find_due
from ansible_collections.certwright.tls.plugins.plugin_utils._ready_ca import require_newest, require_ready
from ansible_collections.certwright.tls.plugins.plugin_utils._revoking import Revocation, ask_for, find_revoked

if TYPE_CHECKING:
    from ansible_collections.certwright.tls.plugins.plugin_utils._ca.keys import CaPublicKey

ISSUED, UNCHANGED, REFUSED = "issued", "unchanged", "refused"


@dataclass(frozen=True)
class Item:
    """One request with the key that it is for; `key` is the SHA-256 of that, `digest` of all that makes a request.

    `anchors` are what its host remembers of the ledger; `successor` is the same request for the key that comes next,
    and `holds` the serial number (hex) of the certificate that is there now.
    """

    asked: Asked
    public_key: CaPublicKey
    key: str
    digest: str
    anchors: tuple[Mapping[str, Any], ...] = ()
    successor: Item | None = None
    holds: str = ""


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

    @property
    def all_anchors(self) -> Iterator[Mapping[str, Any]]:
        """With their hosts, as far as these ask for something."""
        yield from self.anchors
        for item in self.items:
            yield from ({**anchor, "host": item.asked.host} for anchor in item.anchors)


@dataclass(frozen=True)
class Ended:
    """Answers in the order of their requests, what was revoked, and the directory as it was left."""

    answers: tuple[Answer, ...]
    revoked: tuple[Entry, ...]
    problems: tuple[Problem, ...]
    view: CaView
    backup: Mapping[str, Any] | None = None
    notices: tuple[Notice, ...] = ()
    ledger_key: bytes = field(default=b"", repr=False)

    def seal(self, entry: Entry) -> str:
        """What shows that the entry was there once; empty where nothing was signed, so that no key was opened."""
        return seal_anchor(entry.number, entry.hash, self.ledger_key) if self.ledger_key else ""


def sign_batch(directory: CaDirectory, batch: Batch, *, now: datetime, check_mode: bool) -> Ended:
    """1. read 2. what the ledger has is answered from it 3. the rest is signed and proved 4. one append 5. answered.

    Nothing is handed over that is not in the ledger, which is on disk there when the append has answered.
    """
    ask = _word_ask(batch)
    view = directory.read(**ask)  # 1
    state, authority = require_ready(view, batch.fingerprint)
    envelope = open_key_of(view, authority, batch.passphrase()) if view.lost_anchors else None
    notices = require_newest(view, batch.all_anchors, find_ledger_key(view, envelope)) if envelope else ()
    judge = make_signer(state, authority, None)
    answers = [_judge(_look_up(item, view, authority, now), judge, now) for item in batch.items]  # 2
    wanted, unknown = find_revoked(batch.revocations, view, now)
    new = [answer for answer in answers if answer.outcome == ISSUED]
    if check_mode or not (new or wanted):
        planned = tuple(Entry(0, "", "revoked", body) for body in wanted)
        return Ended(tuple(answers), planned, unknown, view, notices=notices)
    view.require_clock(now)
    envelope = envelope or open_key_of(view, authority, batch.passphrase())
    ledger_key = find_ledger_key(view, envelope)
    view.require_sealed(ledger_key)
    signer = replace(judge, key=envelope.private_key)
    signed = {answer.item.digest: _sign(answer.item, signer, now) for answer in new}  # 3

    def build(current: CaView) -> Sequence[Body]:
        """Another run may have signed, revoked or switched meanwhile."""
        if require_ready(current, batch.fingerprint)[1] != authority:
            raise refuse(view.path, "ca_busy", "it switched to another issuing certificate meanwhile; run again")
        items = [item.item for item in new if _look_up(item.item, current, authority, now).outcome == ISSUED]
        revoking, _unknown = find_revoked(batch.revocations, current, now)
        return [*_word_all(items, signed, authority), *revoking]

    appended = directory.append(  # 4
        view, build, ledger_key=ledger_key, ask=ask, backup_to=batch.backup_to
    )
    entries = {str(entry.words.get("request")): entry for entry in appended.entries}
    found = [_look_up(answer.item, appended.view, authority, now) for answer in answers]
    ended = (_end(answer, signed, entries, other) for answer, other in zip(answers, found, strict=True))  # 5
    revoked = tuple(entry for entry in appended.entries if entry.kind == "revoked")
    return Ended(tuple(ended), revoked, unknown, appended.view, appended.backup, notices + _note(appended), ledger_key)


def _word_ask(batch: Batch) -> dict[str, Any]:
    anchors = {(int(anchor["number"]), str(anchor["hash"])) for anchor in batch.all_anchors}
    asked = ask_for(batch.revocations)
    return {
        "requests": [item.digest for item in batch.items],
        "anchors": [{"number": number, "hash": digest} for number, digest in sorted(anchors)],
        "files": [KEYS],
        **asked,
        "serials": [*asked["serials"], *(item.holds for item in batch.items if item.holds)],
    }


def _look_up(item: Item, view: CaView, authority: HeldAuthority, now: datetime) -> Answer:
    """The ledger's certificate for the same request, unless there is a reason for another one."""
    if item.holds and not _is_own(item, view.issued.get(item.holds)):
        fact = "The file that is there holds a certificate that this CA did not sign for it"
        way_out = "move the file away, or correct the path"
        return Answer(item, REFUSED, Reason("pkcs12_unusable", f"{fact}; {way_out}"))
    known = view.requested.get(item.digest)
    if known is None:
        fact = "The ledger has no certificate for this key, these names and this usage"
        return Answer(item.successor or item, ISSUED, Reason("certificate_missing", fact))
    reason = _find_reason(known, view, authority, now)
    if reason and item.successor is None and _is_compromised(known, view):
        fact = "The certificate of this very key was revoked since the key was disclosed"
        reason = Reason("key_compromised", f"{fact}; make a new key and a request with it")
    if reason:
        return Answer(item.successor or item, ISSUED, reason)
    _require_issued(known, item, view, authority)
    return Answer(item, UNCHANGED, entry=known)


def _require_issued(known: Entry, item: Item, view: CaView, authority: HeldAuthority) -> None:
    """The word of its host is not enough to hand out a certificate."""
    der = base64.b64decode(known.words["certificate"])
    signer = authority.loaded
    if signer is None or not is_issued(der, signer.parsed, key=item.key, serial=str(known.words["serial"])):
        fact = f"the ledger's certificate for {item.asked.title} is not what this CA signed"
        raise refuse(view.path, "ca_altered", f"{fact}; look into its host, and restore the directory from its backup")


def _is_own(item: Item, entry: Entry | None) -> bool:
    """A key is not thrown away for the word of somebody else's request."""
    return entry is not None and (entry.words["host"], entry.words["name"]) == (item.asked.host, item.asked.name)


def _is_compromised(known: Entry, view: CaView) -> bool:
    revoked = view.revoked.get(str(known.words["serial"]))
    return revoked is not None and revoked.words["revocation_reason"] == "key_compromise"


def _find_reason(known: Entry, view: CaView, authority: HeldAuthority, now: datetime) -> Reason | None:
    serial = str(known.words["serial"])
    if serial in view.revoked:
        return Reason("revoked", f"The ledger's certificate ({serial}) is revoked")
    if known.words["issuing"] != authority.id:
        return Reason("issuing_ca_differs", f"The ledger's certificate ({serial}) is of another issuing certificate")
    begins, ends = (load_time(str(known.words[word])) for word in ("not_before", "not_after"))
    due = find_due(Life(begins, ends), None, now, cert_id="") if begins and ends else ()
    return due[0] if due else None


def _judge(answer: Answer, signer: Signer, now: datetime) -> Answer:
    """What the CA would not sign is refused before its key is opened, and in check mode too."""
    if answer.outcome != ISSUED:
        return answer
    if answer.reason and answer.reason.code == "key_compromised":
        return replace(answer, outcome=REFUSED)
    problems = find_wish_problems(_make_wish(answer.item, signer, now), signer, now)
    if not problems:
        return answer
    facts = "; ".join(problem.message for problem in problems)
    return replace(answer, outcome=REFUSED, reason=Reason(problems[0].code, facts))


def _make_wish(item: Item, signer: Signer, now: datetime) -> Wish:
    asked = item.asked
    whole = signer.not_after - signer.not_before
    return Wish(
        name=asked.name,
        host=asked.host,
        public_key=item.public_key,
        usage=asked.usage,
        names=asked.names,
        emails=asked.emails,
        subject=asked.find_subject(signer.certificate.subject),
        not_after=asked.find_end(now, limit=signer.not_after, whole=whole),
    )


def _sign(item: Item, signer: Signer, now: datetime) -> Signed | Problem:
    wish = _make_wish(item, signer, now)
    try:
        signed = sign(wish, signer, serial=make_serial(), now=now)
        require_proved(signed, wish, signer, now)
    except UnusableError as error:
        return Problem(item.asked.title, error.code, error.message)
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


def _note(appended: Appended) -> tuple[Notice, ...]:
    return (Notice("left_over", appended.notice),) if appended.notice else ()


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
