# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules of a CA as declared: passphrases, the list of revocations, waivers, and who was given its roots."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from ansible_collections.certwright.tls.plugins.plugin_utils._authority_draft import Draft, Situation
from ansible_collections.certwright.tls.plugins.plugin_utils._authority_rule_words import without_times
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.anchors import digest_lost, explain_lost
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.ledger import is_sealed_anchor
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.rollover import find_idle_waivers
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.state import (
    DISTRUSTED,
    CaState,
    HeldAuthority,
    Waiver,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._ca_directory import refuse
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inspection import format_instant
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice, Reason
from ansible_collections.certwright.tls.plugins.plugin_utils._ready_ca import require_newest


def accept_loss(draft: Draft, situation: Situation) -> Draft:
    """Refuse a ledger that is older than what hosts remember of it, unless this loss was accepted (ca_rolled_back).

    Only what this CA has sealed for a host counts: of anything else that a host remembers there is a notice.
    """
    view, anchors = situation.view, situation.task.anchors
    if not view.lost_anchors:
        return draft
    ledger_key = situation.keyring.ledger_key(draft.state)
    claimed = [anchor for anchor in anchors if not is_sealed_anchor(anchor, ledger_key)]
    draft = replace(draft, notices=(*draft.notices, *require_newest(view, claimed, ledger_key)))
    gone = {(item["number"], item["hash"]) for item in view.lost_anchors}
    proved = {(item["number"], item["hash"]) for item in anchors if is_sealed_anchor(item, ledger_key)}
    lost = [{"number": number, "hash": digest} for number, digest in sorted(gone & proved)]
    if not lost:
        return draft
    if situation.task.accepted != digest_lost(lost):
        message = explain_lost(lost, number=view.head.number)
        raise refuse(situation.task.path, "ca_rolled_back", message)
    body = {"kind": "restored", "reason": situation.task.reason or "accepted", "lost": lost}
    message = f"{len(lost)} entries that hosts remember are lost, and the CA goes on without them"
    return draft.with_body(body, Reason("restored_accepted", message))


def rotate(draft: Draft, situation: Situation) -> Draft:
    """Keys under their new passphrases, each in a new file; unchanged when they are."""
    given = situation.task.passphrases
    if given.new_issuing:
        chosen = [authority for authority in draft.state.authorities if authority.issues]
        draft = _rotate(draft, situation, chosen, Reason("passphrase_changed", "The issuing key has a new passphrase"))
    if given.new_root:
        chosen = [authority for authority in draft.state.authorities if authority.is_root and not authority.issues]
        reason = Reason("root_passphrase_changed", "The root's key has a new passphrase")
        draft = _rotate(draft, situation, chosen, reason)
    return draft


def _rotate(draft: Draft, situation: Situation, chosen: list[HeldAuthority], reason: Reason) -> Draft:
    files: dict[str, str] = {}
    moved: dict[str, HeldAuthority] = {}
    for authority in chosen:
        if not authority.key or authority.phase == DISTRUSTED or authority.key in draft.files:
            continue
        if situation.keyring.is_sealed_anew(authority):
            continue
        sealed = situation.keyring.seal(authority, situation.keyring.open(authority), anew=True)
        files.update(sealed)
        moved[authority.key] = replace(authority, key=next(iter(sealed)))
    if not moved:
        return draft
    kept = [moved.get(authority.key, authority) for authority in draft.state.authorities]
    return draft.to(draft.state.with_authorities(kept), reason, files=files, drop=tuple(moved))


def keep_rules(draft: Draft, situation: Situation) -> Draft:
    """What is declared of revocations, waivers and trust."""
    task, state = situation.task, draft.state
    if task.crl is not None and task.crl != state.crl:
        message = "A list of revocations is published" if task.crl.enabled else "No list of revocations is published"
        draft = draft.to(replace(state, crl=task.crl), Reason("crl_rule_changed", message))
    if task.waivers is not None:
        draft = _keep_waivers(draft, situation)
    return _keep_trust(draft, situation)


def _keep_waivers(draft: Draft, situation: Situation) -> Draft:
    wanted = situation.task.waivers or ()
    notices = _find_waiver_notices(replace(draft.state, waivers=wanted), situation)
    draft = replace(draft, notices=(*draft.notices, *notices))
    if without_times(wanted) == without_times(draft.state.waivers):
        return draft
    message = f"{len(wanted)} waivers are declared for roll-overs"
    return draft.to(replace(draft.state, waivers=wanted), Reason("waivers_changed", message))


def _find_waiver_notices(state: CaState, situation: Situation) -> Iterator[Notice]:
    task = situation.task
    for waiver in state.waivers:
        if waiver.until <= situation.now:
            when = format_instant(waiver.until)
            yield Notice("waiver_ended", f"The waiver for {_name_waiver(waiver)} has ended, on {when}")
    hosts = {*situation.trusted, *task.trusted, *task.fleet.trusting}
    for waiver in find_idle_waivers(state, live=situation.live, hosts=hosts, now=situation.now):
        fact = f"The waiver for {_name_waiver(waiver)} covers nobody: no certificate in use, and no host that trusts"
        way_out = "say both `host` and `name` as the ledger has them, or take it out"
        yield Notice("waiver_idle", f"{fact} the CA, is of that name; {way_out}")


def _name_waiver(waiver: Waiver) -> str:
    return " ".join((waiver.host, waiver.name)).strip()


def _keep_trust(draft: Draft, situation: Situation) -> Draft:
    """Only what is new is written down."""
    roots = [root.id for root in draft.state.roots]
    known = situation.trusted
    hosts = sorted({host for host in situation.task.trusted if not set(roots) <= set(known.get(host, ()))})
    if not hosts or not roots:
        return draft
    message = f"{len(hosts)} hosts were given the roots of the CA ({', '.join(hosts[:10])})"
    return draft.with_body({"kind": "trusted", "hosts": hosts, "roots": roots}, Reason("hosts_trust", message))


def find_trusted(situation: Situation, roots: list[str]) -> Mapping[str, tuple[str, ...]]:
    """By host, with those that this task names."""
    known = situation.trusted
    named = {host: (*known.get(host, ()), *roots) for host in situation.task.trusted}
    return {**known, **named}
