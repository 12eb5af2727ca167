# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps of a roll-over as a task asks for them; each is unchanged when it is done."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.certwright.tls.plugins.plugin_utils._authority_draft import Draft, Situation
from ansible_collections.certwright.tls.plugins.plugin_utils._authority_founding import (
    find_constraint_notices,
    keep_constraints,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._authority_making import Made, Maker, vouch
from ansible_collections.certwright.tls.plugins.plugin_utils._authority_rules import find_trusted
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.constraints import load_constraints
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.rollover import (
    Left,
    distrust,
    find_due,
    find_left,
    find_overlap_end,
    needs_root,
    prepare,
    switch,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.state import (
    NEXT,
    PREVIOUS,
    SWITCHED,
    TRUST,
    CaState,
    HeldAuthority,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._ca_directory import refuse
from ansible_collections.certwright.tls.plugins.plugin_utils._ca_keys import make_signer
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inspection import format_instant
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Problem, Reason


def roll_over(draft: Draft, situation: Situation) -> Draft:
    steps = {"prepare": _prepare, "switch": _switch, "distrust": _distrust}
    step = steps.get(situation.task.rollover.step)
    return step(draft, situation) if step else draft


def find_waiting(state: CaState, situation: Situation) -> tuple[Left, ...]:
    """Whom the next phase waits for, hosts that this task names as trusting aside."""
    trusted = find_trusted(situation, [root.id for root in state.roots])
    fleet = situation.task.fleet
    return find_left(state, live=situation.live, trusted=trusted, now=situation.now, fleet=fleet)


def _prepare(draft: Draft, situation: Situation) -> Draft:
    due = find_due(draft.state, now=situation.now, ahead=situation.task.rollover.ahead)
    if not due:
        return draft
    made = _make_next(draft.state, situation)
    state = prepare(draft.state, made.authorities, now=situation.now)
    facts = [reason.message for reason in due]
    root = draft.state.root
    if root and root.loaded and any(held.is_root for held in made.authorities):
        fact = f"{root.title} is exchanged too: it ends on {format_instant(root.loaded.not_after)}"
        facts.append(f"{fact}, and what is signed below it no later")
    return draft.to(state, Reason("rollover_prepared", "; ".join(facts)), files=made.files)


def _make_next(state: CaState, situation: Situation) -> Made:
    """An issuing CA, and a root when that is due too, or when it issues itself."""
    task, issuing, root = situation.task, state.issuing, state.root
    if issuing is None or root is None or issuing.loaded is None or root.loaded is None:
        raise refuse(task.path, "certificate_awaited", "there is no CA to roll over yet; import its certificate first")
    maker = _make_maker(state, situation, root)
    issuing_subject = task.making.issuing_subject or issuing.loaded.parsed.subject
    if task.request:
        return maker.make_request(issuing_subject)
    signer = make_signer(state, root, situation.keyring.open(root))
    life = task.making.issuing_life
    if not needs_root(state, now=situation.now, ahead=task.rollover.ahead, issuing_life=life):
        return maker.make_issuing(issuing_subject, signer)
    made = maker.make_all(task.making.subject or root.loaded.parsed.subject, issuing_subject)
    vouched = (vouch(new, signer, now=situation.now) if new.is_root else new for new in made.authorities)
    return Made(tuple(vouched), made.files)


def _make_maker(state: CaState, situation: Situation, root: HeldAuthority) -> Maker:
    """The next CA has the shape and the limits of the present one, unless the task says others."""
    making = situation.task.making
    path_length = root.loaded.path_length if root.loaded else None
    making = replace(
        making,
        with_issuing=not root.issues,
        path_length=making.path_length if path_length is None else path_length,
        constraints=making.constraints or load_constraints(state.constraints or {}),
    )
    return Maker(situation.keyring, making, situation.keyring.ledger_key(state), situation.now, NEXT)


def _switch(draft: Draft, situation: Situation) -> Draft:
    state, path = draft.state, situation.task.path
    if state.rollover.phase == SWITCHED:
        return draft
    following = state.next_issuing
    if state.rollover.phase != TRUST or following is None:
        raise refuse(path, "rollover_not_prepared", "there is no next CA to switch to; begin by `rollover: prepare`")
    if following.loaded is None:
        fact = "the request of the next CA is not signed yet"
        raise refuse(path, "certificate_awaited", f"{fact}; import its certificate by certificate_src and chain_src")
    _require_nobody_left(state, situation)
    switched = replace(switch(state, now=situation.now), constraints=keep_constraints(following, situation, state))
    draft = draft.to(switched, Reason("rollover_switched", f"{following.title} signs from now on"))
    return replace(draft, notices=(*draft.notices, *find_constraint_notices(following, state)))


def _distrust(draft: Draft, situation: Situation) -> Draft:
    state, path = draft.state, situation.task.path
    if not state.rollover.phase:
        return draft
    if state.rollover.phase == TRUST:
        raise refuse(path, "rollover_not_switched", "the previous CA still signs; `rollover: switch` comes first")
    _require_new_pin(state, situation)
    end = find_overlap_end(state, min_overlap=situation.task.rollover.min_overlap)
    if end and situation.now < end:
        fact = f"the previous root is to be trusted until {format_instant(end)}, for clients that nobody counted"
        raise refuse(path, "overlap_too_short", f"{fact}; wait, or say a shorter min_overlap")
    _require_nobody_left(state, situation)
    gone = [authority for authority in state.authorities if authority.phase == PREVIOUS]
    message = f"{', '.join(authority.title for authority in gone)} is not trusted any more"
    return draft.to(distrust(state), Reason("rollover_distrusted", message), drop=[held.key for held in gone])


def _require_new_pin(state: CaState, situation: Situation) -> None:
    """Otherwise the next run would not find the CA that it pins."""
    root = state.root.loaded if state.root else None
    wanted = situation.task.fingerprint
    if root and wanted and wanted != root.fingerprint:
        message = f"the inventory still pins the previous root; set fingerprint to {root.fingerprint} first"
        raise refuse(situation.task.path, "fingerprint_outdated", message)


def _require_nobody_left(state: CaState, situation: Situation) -> None:
    left = find_waiting(state, situation)
    if left:
        raise RefusedError.from_problems(Problem(situation.task.path, item.code, item.message) for item in left)
