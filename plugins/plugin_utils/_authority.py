# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A CA kept as declared: one execution to look, and one for whatever is to be written down."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._authority_crl import publish
from ansible_collections.certwright.tls.plugins.plugin_utils._authority_draft import Draft, Situation
from ansible_collections.certwright.tls.plugins.plugin_utils._authority_export import export
from ansible_collections.certwright.tls.plugins.plugin_utils._authority_founding import found
from ansible_collections.certwright.tls.plugins.plugin_utils._authority_keys import Keyring
from ansible_collections.certwright.tls.plugins.plugin_utils._authority_report import (
    describe_diff,
    find_notices,
    report_ca,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._authority_rollover import find_waiting, roll_over
from ansible_collections.certwright.tls.plugins.plugin_utils._authority_rules import accept_loss, keep_rules, rotate
from ansible_collections.certwright.tls.plugins.plugin_utils._authority_takeover import take_in
from ansible_collections.certwright.tls.plugins.plugin_utils._authority_words import AuthorityTask
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.ledger import GENESIS
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.state import CaState
from ansible_collections.certwright.tls.plugins.plugin_utils._ca_directory import (
    KEYS,
    Body,
    CaDirectory,
    CaView,
    refuse,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import format_time
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import TlsError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice, Reason
from ansible_collections.certwright.tls.plugins.plugin_utils._core.report import report_warnings
from ansible_collections.certwright.tls.plugins.plugin_utils._remote import Host

_TRIES = 5
_STEPS: tuple[Callable[[Draft, Situation], Draft], ...] = (accept_loss, take_in, rotate, keep_rules, roll_over, publish)


class _Moved(TlsError):
    """Another run appended in between: what was planned is about a state that is over."""


@dataclass(frozen=True)
class Kept:
    """How it ended. `view` is the directory after the run, `draft` None where there was and is no CA."""

    before: CaView
    view: CaView
    draft: Draft
    reasons: tuple[Reason, ...]
    notices: tuple[Notice, ...]


def ask_for(
    now: datetime, *, anchors: Sequence[Mapping[str, Any]] = (), backup: str = "", founds: bool = False
) -> dict[str, Any]:
    """Everything that a CA is judged and shown by, whatever is to be done. `founds` is for a place to make one at."""
    at = format_time(now)
    return {
        "kinds": ["crl"],
        "files": [KEYS],
        "anchors": [{"number": item["number"], "hash": item["hash"]} for item in anchors],
        "backup": backup or None,
        "founds": founds,
        **dict.fromkeys(("live_at", "counts_at", "revoked_at"), at),
    }


def keep_authority(host: Host, task: AuthorityTask, *, now: datetime, check_mode: bool) -> dict[str, Any]:
    """The result of internal_ca. Raises RefusedError; nothing is changed then."""
    directory = CaDirectory(host, task.path)
    keyring = Keyring(task.path, {}, task.passphrases)
    for _try in range(_TRIES):
        try:
            kept = _keep(host, directory, task, keyring, now=now, check_mode=check_mode)
        except _Moved:
            continue
        except UnusableError as error:
            raise refuse(task.path, error.code, error.message) from None
        return _report(kept, task, now=now, check_mode=check_mode)
    fact = f"other runs changed the CA {_TRIES} times while this one tried"
    raise refuse(task.path, "changed_underneath", f"{fact}; nothing was changed, run it again")


def _keep(  # noqa: PLR0913 - what a try needs
    host: Host, directory: CaDirectory, task: AuthorityTask, keyring: Keyring, *, now: datetime, check_mode: bool
) -> Kept:
    ask = ask_for(now, anchors=task.anchors, backup=task.backup_to, founds=task.founds)
    view = directory.read(**ask)
    situation = Situation(task, view, keyring.on(view.files), now)
    draft = _plan(situation)
    if not (draft.reasons or task.export):
        return _refresh_backup(host, directory, Kept(view, view, draft, (), draft.notices), ask, check_mode=check_mode)
    view.require_clock(now)
    exported = (export(task.export, draft.state, situation, check_mode=True),) if task.export else ()
    kept = Kept(view, view, draft, (*draft.reasons, *exported), draft.notices)
    if check_mode:
        return kept
    if draft.reasons:
        kept = _append(directory, situation, kept, ask)
    if task.export:
        # At last: a run that has to try again must not meet its own file
        export(task.export, draft.state, situation, check_mode=False)
    return kept


def _plan(situation: Situation) -> Draft:
    """The draft of a new CA, or what the steps make of the one that is there."""
    state = situation.view.state
    if state is None:
        draft = found(situation)
        return publish(keep_rules(draft, situation), situation)
    draft = Draft(state, notices=_require_pinned(state, situation.task))
    for step in _STEPS:
        draft = step(draft, situation)
    return draft


def _require_pinned(state: CaState, task: AuthorityTask) -> tuple[Notice, ...]:
    """The CA that is there is the one that is meant; without a pin only for who was to create it."""
    known = ", ".join(root.loaded.fingerprint for root in state.roots if root.loaded)
    if task.fingerprint:
        if state.roots and not state.is_pinned(task.fingerprint):
            fact = f"the CA that is there is not the pinned one; its roots are {known}"
            raise refuse(task.path, "ca_other", f"{fact}. Correct the path, or the fingerprint after looking at both")
        return ()
    if not task.may_create:
        fact = "the inventory does not pin this CA"
        raise refuse(task.path, "fingerprint_missing", f"{fact}; set fingerprint to what its creation returned")
    _require_same_name(state, task)
    return (
        Notice("fingerprint_unpinned", f"Pin the CA in the inventory; its fingerprint is {known or 'not known yet'}"),
    )


def _require_same_name(state: CaState, task: AuthorityTask) -> None:
    wanted, roots = task.making.subject, state.roots
    subjects = [held.loaded.parsed.subject for held in roots if held.loaded]
    if wanted is None or task.request or not roots or wanted in subjects:
        return
    fact = f"another CA is there, {roots[0].title}"
    raise refuse(task.path, "ca_other", f"{fact}; give the new one a directory of its own")


def _append(directory: CaDirectory, situation: Situation, kept: Kept, ask: Mapping[str, Any]) -> Kept:
    view, draft = situation.view, kept.draft
    ledger_key = situation.keyring.ledger_key(draft.state)

    def build(current: CaView) -> list[Body]:
        if current.head != view.head:
            raise _Moved
        return draft.find_entries(view.state, situation.task.reason)

    appended = directory.append(
        view,
        build,
        ledger_key=ledger_key,
        ask=ask,
        files=draft.files,
        drop=draft.drop,
        create=view.head == GENESIS,
        backup_to=situation.task.backup_to,
    )
    left = (Notice("left_over", appended.notice),) if appended.notice else ()
    return replace(kept, view=appended.view, notices=(*kept.notices, *left, *_find_failed_backup(appended.backup)))


def _refresh_backup(
    host: Host, directory: CaDirectory, kept: Kept, ask: Mapping[str, Any], *, check_mode: bool
) -> Kept:
    """A backup that was declared later, or failed last time, is made although nothing is to be written down."""
    backup, head = kept.view.told.get("backup"), kept.view.head
    if backup is None or backup["is_complete"]:
        return kept
    reason = Reason("backup_made", f"The backup {backup['path']} was behind")
    if check_mode:
        return replace(kept, reasons=(reason,))
    words = {
        "create": False,
        "expect": {"number": head.number, "hash": head.hash},
        "lines": [],
        "head": head.to_json(),
        "files": {},
        "drop": [],
        "ask": dict(ask),
        "backup_to": backup["path"],
    }
    answer = host.append_ca(directory.path, words)
    if not answer["done"]:
        directory.load(answer["current"])  # a backup that is ahead is no other run's doing
        raise _Moved
    failed = _find_failed_backup(answer["backup"])
    view = replace(kept.view, told={**kept.view.told, "backup": answer["current"].get("backup")})
    return replace(kept, view=view, reasons=() if failed else (reason,), notices=(*kept.notices, *failed))


def _find_failed_backup(backup: Mapping[str, Any] | None) -> tuple[Notice, ...]:
    if backup is None or backup["done"]:
        return ()
    return (Notice("backup_failed", str(backup["message"])),)


def _report(kept: Kept, task: AuthorityTask, *, now: datetime, check_mode: bool) -> dict[str, Any]:
    """In check mode what is there, with what would be changed."""
    before, after = kept.before.state, kept.draft.state
    state = before if check_mode else after
    situation = Situation(task, kept.view, Keyring(task.path, {}, task.passphrases), now)
    left = find_waiting(state, situation) if state else ()
    notices = list(kept.notices)
    if state:
        max_age = task.backup_max_age if task.backup_to else None
        notices.extend(find_notices(kept.view, state, now=now, ahead=task.rollover.ahead, max_age=max_age))
    return {
        "changed": bool(kept.reasons),
        "reasons": [{"code": reason.code, "message": reason.message} for reason in kept.reasons],
        **report_ca(kept.view, state, left=left, ahead=task.rollover.ahead),
        "diff": describe_diff(before, after, path=task.path, hides_new=check_mode),
        "warnings": report_warnings(notices),
    }
