# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A CA that is handed over where one is: the same, its newer certificate, the signed request, or another one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ansible_collections.certwright.tls.plugins.plugin_utils._authority_draft import Draft, Situation
from ansible_collections.certwright.tls.plugins.plugin_utils._authority_founding import (
    describe_constraints,
    find_constraint_notices,
    find_import_notices,
    keep_constraints,
    require_key,
    require_sound,
    require_wanted_root,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._authority_import import Imported
from ansible_collections.certwright.tls.plugins.plugin_utils._authority_making import Maker, vouch
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.keys import Envelope
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.rollover import prepare
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.state import (
    ACTIVE,
    DISTRUSTED,
    NEXT,
    CaState,
    HeldAuthority,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._ca_directory import refuse
from ansible_collections.certwright.tls.plugins.plugin_utils._ca_keys import make_signer
from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import Certificate, is_same_name
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inspection import format_instant
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice, Reason


def take_in(draft: Draft, situation: Situation) -> Draft:
    """Unchanged when it is what is there. Raises RefusedError: ca_in_use, key_mismatch, private_key_missing, …"""
    imported = situation.task.imported
    if imported is None:
        return draft
    held = draft.state.find(imported.id)
    if held is not None and held.issues and held.loaded == imported.certificate:
        return _take_root_key(draft, situation, imported)
    require_sound(situation, imported)
    if held is not None and held.request:
        return _complete(draft, situation, imported, held)
    if held is not None and held.phase == ACTIVE and not held.is_root:
        return _update(draft, situation, imported, held)
    if draft.state.issuing is None and imported.key is None:
        fact = f"{imported.certificate.title} is not for the key whose request waits"
        raise refuse(situation.task.path, "key_mismatch", f"{fact}; have that request signed, see `internal_ca_info`")
    require_key(situation, imported)
    if situation.task.rollover.step == "prepare" and not draft.state.rollover.phase and draft.state.issuing:
        return _prepare(draft, situation, imported)
    return _replace(draft, situation, imported)


def _take_root_key(draft: Draft, situation: Situation, imported: Imported) -> Draft:
    """The key of a root that was elsewhere so far."""
    root = draft.state.find(imported.top.public_key.sha256)
    if root is None or imported.root_key is None or root.key or root.issues:
        return draft
    require_sound(situation, imported)
    files = situation.keyring.seal(root, Envelope(imported.parsed_root_key))
    kept = replace(root, key=next(iter(files)))
    state = draft.state.with_authorities(_exchange(draft.state.authorities, root, kept))
    return draft.to(state, Reason("root_key_imported", f"The key of {root.title} is kept here too"), files=files)


def _complete(draft: Draft, situation: Situation, imported: Imported, waiting: HeldAuthority) -> Draft:
    """What was signed elsewhere begins to sign, or to wait for the switch of a roll-over."""
    is_first = draft.state.issuing is None
    if is_first:
        require_wanted_root(situation, imported)
    phase = ACTIVE if is_first else NEXT
    state = _join(draft.state, imported, waiting, phase)
    if is_first:
        own = describe_constraints(state.authorities[-1]) or state.constraints
        state = replace(state, id=imported.top.fingerprint, constraints=own)
    message = f"{imported.certificate.title} came back signed by {imported.certificate.issuer}"
    draft = draft.to(state, Reason("certificate_imported", message))
    unvouched = () if is_first else _find_unvouched(state, imported)
    return replace(draft, notices=(*draft.notices, *find_import_notices(imported), *unvouched))


def _update(draft: Draft, situation: Situation, imported: Imported, held: HeldAuthority) -> Draft:
    """A newer certificate for the same key and name: what was issued below it stays good."""
    if held.loaded is None or not is_same_name(held.loaded.subject, imported.certificate.subject):
        fact = f"{imported.certificate.title} has the key of {held.title} and another name"
        way_out = "so nothing that was issued would be below it; roll over"
        raise refuse(situation.task.path, "ca_in_use", f"{fact}, {way_out}")
    _require_known_root(draft.state, situation, imported)
    _require_newer(held.loaded, situation, imported)
    state = _join(draft.state, imported, held, ACTIVE)
    state = replace(state, constraints=keep_constraints(state.authorities[-1], situation, draft.state))
    message = f"{held.title} has a newer certificate, until {imported.certificate.not_after:%Y-%m-%d}"
    return draft.to(state, Reason("ca_updated", message))


def _require_known_root(state: CaState, situation: Situation, imported: Imported) -> None:
    """Hosts trust the roots that are there. Another one reaches them by a roll-over only, and so does its pin."""
    if imported.top.public_key.sha256 not in {root.id for root in state.roots}:
        fact = f"{imported.certificate.title} is below another root now, {imported.top.title}, which no host trusts yet"
        way_out = "have a request of a roll-over signed there, by `rollover: prepare` with `request: true`"
        raise refuse(situation.task.path, "ca_in_use", f"{fact}; {way_out}")


def _require_newer(held: Certificate, situation: Situation, imported: Imported) -> None:
    """A file that was left behind moves no CA backwards."""
    given = imported.certificate
    if (given.not_before, given.not_after) < (held.not_before, held.not_after):
        fact = f"the certificate of {held.title} that is there is newer, it ends on {format_instant(held.not_after)}"
        raise refuse(situation.task.path, "certificate_older", f"{fact}; hand over that one, or take the option out")


def _find_unvouched(state: CaState, imported: Imported) -> tuple[Notice, ...]:
    """A root to which no pin of the inventory leads is pinned by hand, at the switch and not before."""
    pinned = state.root.loaded if state.root else None
    if pinned is None or any(held.loaded == imported.top for held in state.find_reached(pinned.fingerprint)):
        return ()
    fact = f"{imported.top.title} is not signed by the present root, so the present pin does not lead to it"
    way_out = f"set fingerprint to {imported.top.fingerprint} right after `rollover: switch`, and not before"
    return (Notice("root_unvouched", f"{fact}; {way_out}"),)


def _prepare(draft: Draft, situation: Situation, imported: Imported) -> Draft:
    """The next CA of a roll-over comes from outside."""
    made = _make_maker(draft, situation, NEXT).hold_imported(imported)
    known = {authority.certificate for authority in draft.state.authorities}
    fresh = [authority for authority in made.authorities if authority.certificate not in known]
    vouched = [_vouch_if_possible(authority, draft.state, situation) for authority in fresh]
    message = f"{imported.certificate.title} is to follow {draft.state.issuing.title if draft.state.issuing else ''}"
    state = prepare(draft.state, vouched, now=situation.now)
    draft = draft.to(state, Reason("rollover_prepared", message), files=made.files)
    return replace(draft, notices=(*draft.notices, *_find_unvouched(state, imported)))


def _vouch_if_possible(authority: HeldAuthority, state: CaState, situation: Situation) -> HeldAuthority:
    """A root whose key is here signs its successor, when its passphrase came along."""
    root = state.root
    if not authority.is_root or root is None or not situation.keyring.has(root) or not situation.task.passphrases.root:
        return authority
    signer = make_signer(state, root, situation.keyring.open(root))
    same_name = root.loaded and authority.loaded and is_same_name(root.loaded.subject, authority.loaded.subject)
    return vouch(authority, signer, now=situation.now) if same_name else authority


def _replace(draft: Draft, situation: Situation, imported: Imported) -> Draft:
    """Another CA, because nobody holds a certificate of the one that is there."""
    if draft.state.issuing and not situation.task.fingerprint:
        fact = f"another CA is there, {draft.state.issuing.title}, and the inventory does not pin it"
        raise refuse(situation.task.path, "ca_other", f"{fact}; give the new one a directory of its own")
    live = situation.live
    if live or draft.state.rollover.phase:
        fact = f"{len(live)} certificates of the CA that is there are in use" if live else "a roll-over is under way"
        way_out = "roll over to this one by `rollover: prepare`, or give it a directory of its own"
        raise refuse(situation.task.path, "ca_in_use", f"{fact}; {way_out}")
    made = _make_maker(draft, situation, ACTIVE).hold_imported(imported)
    gone = [replace(authority, phase=DISTRUSTED, key="", request="") for authority in draft.state.authorities]
    state = replace(
        draft.state,
        id=draft.state.id or imported.top.fingerprint,
        authorities=(*(authority for authority in gone if authority.certificate), *made.authorities),
        constraints=keep_constraints(made.authorities[-1], situation, draft.state),
    )
    message = f"{imported.certificate.title} takes the place of a CA whose certificates nobody uses"
    notices = (*draft.notices, *find_constraint_notices(made.authorities[-1], draft.state))
    draft = draft.to(state, Reason("ca_replaced", message), files=made.files, drop=draft.state.key_files)
    return replace(draft, notices=notices)


def _join(state: CaState, imported: Imported, held: HeldAuthority, phase: str) -> CaState:
    """Its certificate and what is above it; a root that is known already stays as it is."""
    *above, issuing = imported.hold(phase=phase)
    joined = replace(issuing, key=held.key)
    others = [authority for authority in state.authorities if authority != held]
    known = {authority.certificate for authority in others}
    return state.with_authorities([*others, *(root for root in above if root.certificate not in known), joined])


def _exchange(
    authorities: Iterable[HeldAuthority], old: HeldAuthority, new: HeldAuthority
) -> tuple[HeldAuthority, ...]:
    return tuple(new if authority == old else authority for authority in authorities)


def _make_maker(draft: Draft, situation: Situation, phase: str) -> Maker:
    ledger_key = situation.keyring.ledger_key(draft.state)
    return Maker(situation.keyring, situation.task.making, ledger_key, situation.now, phase)
