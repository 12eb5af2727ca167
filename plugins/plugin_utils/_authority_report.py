# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A CA as a task result: plain JSON, names, dates and fingerprints, and no key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._authority_crl import find_published
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.crl import Crl
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.rollover import Left, find_due
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.state import CaState, HeldAuthority
from ansible_collections.certwright.tls.plugins.plugin_utils._ca_directory import CaView
from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import format_time, load_time
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inspection import format_instant
from ansible_collections.certwright.tls.plugins.plugin_utils._core.java_name import describe_java
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice

_LEFT_AT_RENEWAL = 1 / 3


def report_ca(view: CaView, state: CaState | None, *, left: Iterable[Left], ahead: timedelta) -> dict[str, Any]:
    """What is there, for both modules. A state of None is a directory without a CA."""
    if state is None:
        return {"ca": None, "ledger": _describe_ledger(view), "backup": view.told.get("backup")}
    published = find_published(view) if state.crl.enabled else None
    root, issuing = state.root or next(iter(state.roots), None), state.issuing
    return {
        **({"ca": describe_ca(view, state, root)} if root else {}),
        "ca_id": state.id,
        "issuing_id": issuing.id if issuing else "",
        "fingerprint": root.loaded.fingerprint if root and root.loaded else "",
        "anchors": list(state.anchors),
        "chain": list(state.chain_of(issuing)) if issuing else [],
        "cross": list(state.crosses),
        "rollover": {
            "phase": state.rollover.phase,
            "begun": _format(state.rollover.begun),
            "left": [item.describe() for item in left],
        },
        "dates": describe_dates(view, state, published.own if published else None, ahead=ahead),
        "counts": view.told.get("counts"),
        "revoked": [str(item["serial"]) for item in view.told.get("revoked") or ()],
        "ledger": _describe_ledger(view),
        "backup": view.told.get("backup"),
        **({"request": request} if (request := _find_request(state)) else {}),
        **({"crl": published.pem} if published else {}),
    }


def describe_ca(view: CaView, state: CaState, root: HeldAuthority) -> dict[str, Any]:
    """The root, and who issues below it; the same words twice where they are one."""
    issuing = state.issuing
    return {
        **_describe_authority(view, root),
        "issuing": _describe_authority(view, issuing) if issuing else None,
        "phase": state.rollover.phase,
    }


def describe_dates(view: CaView, state: CaState, crl: Crl | None, *, ahead: timedelta) -> dict[str, str]:
    ends = [held.loaded.not_after for held in (state.root, state.issuing) if held and held.loaded]
    half = crl.this_update + (crl.next_update - crl.this_update) / 2 if crl else None
    return {
        "renewal_due": _format(min(_find_renewals(view), default=None)),
        "rollover_due": _format(min(ends) - ahead if ends and not state.rollover.phase else None),
        "crl_due": _format(half),
        "crl_next_update": _format(crl.next_update if crl else None),
    }


def find_notices(
    view: CaView, state: CaState, *, now: datetime, ahead: timedelta, max_age: timedelta | None = None
) -> tuple[Notice, ...]:
    """What the operator is to know. `max_age` is of a backup that is declared; None where none is."""
    due = find_due(state, now=now, ahead=ahead)
    notices = [Notice("rollover_due", f"{item.message}; begin a roll-over by `rollover: prepare`") for item in due]
    backup = view.told.get("backup")
    if max_age is not None and backup is not None and not backup["is_complete"]:
        notices.extend(_find_backup_notices(backup, now=now, max_age=max_age))
    return tuple(notices)


def describe_diff(before: CaState | None, after: CaState, *, path: str, hides_new: bool) -> dict[str, str]:
    """`hides_new` keeps silent about what would be made: it does not exist."""
    known = {held.certificate for held in before.authorities} if before else set()
    hidden = [held for held in after.authorities if hides_new and held.certificate not in known]
    return {
        "before_header": path,
        "after_header": path,
        "before": _describe_state(before, hidden=()) if before else "",
        "after": _describe_state(after, hidden=hidden),
    }


def _describe_state(state: CaState, *, hidden: Iterable[HeldAuthority]) -> str:
    return "".join(_describe_lines(held, hide=held in hidden) for held in state.authorities) + _describe_rules(state)


def _describe_rules(state: CaState) -> str:
    lines = [f"roll-over: {state.rollover.phase or 'none'}"]
    if state.crl.enabled:
        lines.append(f"revocation list: {state.crl.life_days} days {state.crl.url}".rstrip())
    lines.extend(
        f"waiver: {' '.join((item.host, item.name)).strip()} until {format_instant(item.until)}"
        for item in state.waivers
    )
    return "".join(f"{line}\n" for line in lines)


def _describe_lines(held: HeldAuthority, *, hide: bool) -> str:
    title = f"{held.role} ({held.phase}): {held.title}"
    if held.loaded is None or hide:
        return f"{title}\n"
    dates = f"{format_time(held.loaded.not_before)} to {format_time(held.loaded.not_after)}"
    return f"{title}, {dates}, {held.loaded.key_type}, {held.loaded.fingerprint}\n"


def _describe_authority(view: CaView, held: HeldAuthority) -> dict[str, Any]:
    loaded = held.loaded
    if loaded is None:
        return {}
    kept = "sealed" if view.files.get(held.key) else "offline"
    return {
        "subject": loaded.subject,
        "distinguished_name": describe_java(loaded.parsed.subject),
        "serial": loaded.serial,
        "not_before": format_time(loaded.not_before),
        "not_after": format_time(loaded.not_after),
        "key_type": loaded.key_type,
        "fingerprint": loaded.fingerprint,
        "certificate": loaded.pem,
        "key": kept if held.key else "elsewhere",
    }


def _describe_ledger(view: CaView) -> dict[str, Any]:
    return {"number": view.head.number, "hash": view.head.hash if view.head.number else ""}


def _find_request(state: CaState) -> str:
    return next((held.request for held in state.issuers if held.request), "")


def _find_renewals(view: CaView) -> Iterator[datetime]:
    told: list[Mapping[str, Any]] = view.told.get("live") or []
    for item in told:
        begin, end = load_time(str(item["not_before"])), load_time(str(item["not_after"]))
        if begin and end:
            yield end - (end - begin) * _LEFT_AT_RENEWAL


def _find_backup_notices(backup: Mapping[str, Any], *, now: datetime, max_age: timedelta) -> Iterator[Notice]:
    if not backup["number"]:
        yield Notice("backup_missing", f"The backup {backup['path']} holds nothing of this CA")
        return
    made = load_time(str(backup["time"]))
    if made is None or now - made > max_age:
        since = format_instant(made) if made else "a time that is not known"
        yield Notice("backup_behind", f"The backup {backup['path']} is of {since}, and entries were added since")


def _format(instant: datetime | None) -> str:
    return format_time(instant) if instant else ""
