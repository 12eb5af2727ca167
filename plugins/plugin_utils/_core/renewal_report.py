# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run of renewal over a fleet: what became of every certificate, by host and all together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.ca_failure import find_failures
from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import load_time
from ansible_collections.certwright.tls.plugins.plugin_utils._core.internal_batch import find_unanswered
from ansible_collections.certwright.tls.plugins.plugin_utils._core.next_run import NextRun
from ansible_collections.certwright.tls.plugins.plugin_utils._core.renewal import Life
from ansible_collections.certwright.tls.plugins.plugin_utils._core.renewal_steps import HostRun, Result, find_warning
from ansible_collections.certwright.tls.plugins.plugin_utils._core.sharing import name_at_home

RENEWED, ACTIVATED, NOT_DUE = "renewed", "activated", "not_due"
DEFERRED, FAILED, EXPIRED = "deferred", "failed", "expired"
STATES = (RENEWED, ACTIVATED, NOT_DUE, DEFERRED, FAILED, EXPIRED)
FIRST_HALF, SECOND_HALF = "issue", "activate"
# Of what waits for its services nothing else is known in a run of the second half alone.
UNTOLD = ""
_KEPT = (RENEWED, ACTIVATED, NOT_DUE)
_ENDING = ("due", "expired")
_CLOSE, _CLOSE_OF_SHORT = 1 / 6, 1 / 4
_OVERDUE = "it is stored and not activated, and what the services have has ended or is about to; see why they refuse it"
ORDERS_HELD = "it is due, and over the budget of orders of this run; the next run goes on"
_LEFT = "it is due, and this run ended before it was ordered; the next run goes on"
_UNRECEIVED = "this run ended before it was received from its home; the next run goes on"
_ACTIVATED = "an earlier run had stored it, and its services have it since this one"
_NO_PERMISSION: Mapping[str, Any] = {"permitted": {}, "held": {}, "refused": {}}


@dataclass(frozen=True)
class Row:
    """One certificate: `until` is when it becomes due or is tried again. `certificate` is empty for a whole host.

    `is_news` says that this run tried, and did not only tell again what an earlier one met.
    """

    host: str
    certificate: str
    state: str
    code: str = ""
    message: str = ""
    until: str = ""
    not_after: str = ""
    next_run_needed: str = ""
    pending: bool = False
    email: str = ""
    is_news: bool = False
    is_due: bool = False


@dataclass(frozen=True)
class Circumstances:
    """Of all hosts of a run: whether it only checks, and who stopped its rollout.

    `half` is `issue` or `activate` where it is not both.
    """

    next_run: NextRun
    is_check: bool = False
    half: str = ""
    stopped_by: tuple[str, ...] = ()


def report_renewals(runs: Sequence[HostRun], permission: Result, *, how: Circumstances) -> dict[str, Any]:
    """Plain JSON for people, AWX and metrics, without anything that is secret.

    In check mode `renewed` are those that would be.
    """
    rows = list(_find_all_rows(runs, permission, how))
    pending = [row for row in rows if row.pending]
    needed = sorted(row.next_run_needed for row in rows if row.next_run_needed)
    sooner = [row for row in rows if row.state in _KEPT and how.next_run.is_too_late_for(row.next_run_needed)]
    return {
        "run": "renew",
        "half": how.half,
        "check": how.is_check,
        "checked": sum(1 for row in rows if row.certificate),
        "due": sum(1 for row in rows if row.is_due),
        **{state: [_describe(row) for row in rows if row.state == state] for state in STATES},
        "pending": [_place(row) for row in pending],
        "ends_soon": [row for run in runs for row in find_ending(run)],
        "next_run_needed": needed[0] if needed else "",
        "next_run_expected": how.next_run.text,
        "needed_sooner": [{**_place(row), "next_run_needed": row.next_run_needed} for row in sooner],
        "unreachable": [run.host for run in runs if run.is_unreachable],
        # The last batch has none after it.
        "stopped_by": list(how.stopped_by) if pending else [],
        "warnings": list(_find_warnings(how.next_run, [row.next_run_needed for row in sooner])),
    }


def _find_warnings(next_run: NextRun, sooner: Sequence[str]) -> Iterator[str]:
    if next_run.fault:
        yield next_run.fault
    if sooner:
        fact = f"of {len(sooner)} certificates the renewal is needed before the schedule comes again"
        yield f"{fact} (tls_renew_every: {next_run.every}), the first by {min(sooner)}; run it more often"


def _find_all_rows(runs: Sequence[HostRun], permission: Result, how: Circumstances) -> Iterator[Row]:
    if how.half == SECOND_HALF:
        yield from (row for run in runs for row in _find_activated(run, how))
        return
    ordered = [row for run in runs for row in find_rows(run, permission, is_check=how.is_check)]
    yield from ordered
    for run in runs:
        yield from _find_signed(run, is_check=how.is_check)
        yield from _find_unkept(run)
    yield from _find_unanswered(runs)
    yield from (row for run in runs for row in _find_received(run, ordered, is_check=how.is_check))


def find_rows(run: HostRun, permission: Result, *, is_check: bool) -> Iterator[Row]:
    """One for each certificate that is to be renewed; one for the host when it could not even be asked."""
    latest = run.latest
    yield from _find_host_faults(run)
    for name in latest.get("outcomes") or ():
        yield _judge(run, str(name), permission, is_check=is_check)


def _find_activated(run: HostRun, how: Circumstances) -> Iterator[Row]:
    """Nobody asked what is due: one for each certificate that waited, and one for a host that was not begun."""
    yield from _find_host_faults(run)
    if how.stopped_by and run.activated.get("skipped"):
        yield Row(run.host, "", UNTOLD, pending=True)
    alone = HostRun(run.host, issued=run.activated, activated=run.activated)
    for name in run.activated.get("outcomes") or ():
        row = _judge(alone, str(name), _NO_PERMISSION, is_check=how.is_check)
        is_news = name not in (run.activated.get("retried") or ())
        yield replace(row, state=UNTOLD if row.state == NOT_DUE else row.state, is_news=is_news)


def _find_signed(run: HostRun, *, is_check: bool) -> Iterator[Row]:
    """One for each certificate of an internal CA. It has no budget, so whatever is tried is news."""
    names = tuple(run.internal.latest.get("outcomes") or ())
    tried = {"permitted": {run.host: names}, "held": {}, "refused": {}}
    yield from (_judge(run.internal, str(name), tried, is_check=is_check) for name in names)


def _find_unkept(run: HostRun) -> Iterator[Row]:
    """For each CA of this host that could not be kept: its list of revocations may end, and take all clients down."""
    for result in run.kept.get("results", [run.kept]):
        fact = f"the internal CA {result.get('item') or 'of this host'} could not be kept"
        for reason in find_failures(result):
            yield Row(run.host, "", FAILED, reason.code, f"{fact}: {reason.message}", is_news=True)


def _find_unanswered(runs: Sequence[HostRun]) -> Iterator[Row]:
    """One for each CA that could not tell of itself, on the first host that asked: nothing need be due to know it."""
    for found in find_unanswered({run.host: run.requested for run in runs}, {run.host: run.kept for run in runs}):
        yield Row(found["host"], "", FAILED, found["code"], found["message"], is_news=True)


def _find_received(run: HostRun, ordered: Sequence[Row], *, is_check: bool) -> Iterator[Row]:
    """One for each certificate that this host has from a home, by what it received there."""
    received = HostRun(run.host, issued=run.received)
    for name in run.received.get("outcomes") or ():
        renewal = (run.received.get("renewals") or {}).get(name) or {}
        # Without a new one it only meets again what is wrong, be it the passphrase or a home that is gone
        is_news = bool(renewal.get("ordered"))
        yield replace(_judge(received, str(name), _NO_PERMISSION, is_check=is_check), is_news=is_news)
    has_fault = run.received.get("failed") and "outcomes" not in run.received
    if not (run.is_unreachable or has_fault):
        yield from _find_unreceived(run, ordered, is_check=is_check)


def _find_unreceived(run: HostRun, ordered: Sequence[Row], *, is_check: bool) -> Iterator[Row]:
    """The rollout had stopped; or it is a check, and the home would order it first."""
    renewed = {(row.host, row.certificate) for row in ordered if row.state == RENEWED}
    for name, words in run.shared.items():
        if name in (run.received.get("outcomes") or ()):
            continue
        if is_check and (words["home"], name_at_home(name)) in renewed:
            yield Row(run.host, name, RENEWED, RENEWED, f"its home {words['home']} would order it, and hand it out")
        else:
            yield Row(run.host, name, DEFERRED, "not_received", _UNRECEIVED)


def find_ending(run: HostRun) -> Iterator[dict[str, Any]]:
    """What nears its end in the store and is not in the list of what is renewed, and so is nobody's to renew."""
    for row in run.found.get("certificates") or ():
        is_ending = any(problem["code"] in _ENDING for problem in row["problems"])
        is_own = row["source"] == "store" and row["state"] != "disabled"
        if is_ending and is_own and row["name"] not in run.renewed_names:
            yield {
                "host": run.host,
                "certificate": row["name"],
                "not_after": row["not_after"],
                "days_left": row["days_left"],
                "email": run.contacts.get(row["name"], ""),
                "is_close": _is_close(row),
            }


def _is_close(row: Result) -> bool:
    """As close to its end as a renewal that fails is no longer put off."""
    first, last = load_time(row["not_before"]), load_time(row["not_after"])
    is_short = first is not None and last is not None and Life(first, last).is_short
    return bool(row["life_left"] < (_CLOSE_OF_SHORT if is_short else _CLOSE))


def _find_host_faults(run: HostRun) -> Iterator[Row]:
    if run.is_unreachable:
        return
    if not any(run.steps):
        yield Row(run.host, "", FAILED, "not_asked", "failed before it was asked", is_news=True)
    for step in (step for step in run.steps if step is not run.kept):
        if step.get("failed") and "outcomes" not in step:
            for problem in step.get("problems") or (
                {"certificate": "", "code": FAILED, "message": step.get("msg", "")},
            ):
                yield Row(run.host, str(problem["certificate"]), FAILED, problem["code"], problem["message"])


def _judge(run: HostRun, name: str, permission: Result, *, is_check: bool) -> Row:
    outcome, renewal = run.latest["outcomes"][name], (run.latest.get("renewals") or {}).get(name) or {}
    activated = (run.activated.get("outcomes") or {}).get(name) or {}
    is_pending = not is_check and bool((activated or outcome)["pending"])
    state, code, message = _find_state(run, name, permission, is_check=is_check)
    served = str(renewal.get("served_verdict") or "") if is_pending else ""
    if served:
        state, code = served, code or "activation_overdue"
        message = message or _OVERDUE
    return Row(
        host=run.host,
        certificate=name,
        state=state,
        code=code,
        message=message,
        until=str(renewal.get("renew_at" if state in _KEPT else "next_try", "")),
        not_after=_find_end(run, name, renewal, is_pending=is_pending),
        next_run_needed=str(renewal.get("next_run_needed", "")),
        pending=is_pending,
        email=str(renewal.get("email", "")),
        is_due=bool(renewal.get("ordered") or renewal.get("due")),
        is_news=name in (permission["permitted"].get(run.host) or ()) and "outcomes" in run.issued,
    )


def _find_end(run: HostRun, name: str, renewal: Result, *, is_pending: bool) -> str:
    """Of what the services have. Beside one that waits to be activated it is known in the run that ordered it."""
    if not is_pending:
        return str(renewal.get("not_after", ""))
    if renewal.get("served_not_after"):
        return str(renewal["served_not_after"])
    before = (run.due.get("renewals") or {}).get(name) or {}
    return str(before.get("not_after", "")) if renewal.get("ordered") else ""


def _find_state(run: HostRun, name: str, permission: Result, *, is_check: bool) -> tuple[str, str, str]:
    """The state with the code and message of what is wrong, or of what was put off."""
    verdict = str(run.latest["outcomes"][name]["outcome"])
    problem = next(_find_problems(run, name, permission), None)
    if problem is not None:
        return EXPIRED if verdict == EXPIRED else FAILED, problem["code"], problem["message"]
    renewal = (run.latest.get("renewals") or {}).get(name) or {}
    if name in (permission["held"].get(run.host) or ()):
        return DEFERRED, "orders_held", ORDERS_HELD
    if verdict == DEFERRED:
        return DEFERRED, str(renewal.get("put_off") or DEFERRED), find_warning(run.latest, name)
    if renewal.get("ordered") or (is_check and renewal.get("due")):
        reasons = (item for item in run.latest.get("reasons") or () if item["certificate"] == name)
        reason = next(reasons, {"code": RENEWED, "message": ""})
        return RENEWED, reason["code"], reason["message"]
    if renewal.get("due"):
        return DEFERRED, "not_ordered", _LEFT
    activated = (run.activated.get("outcomes") or {}).get(name) or {}
    return (ACTIVATED, ACTIVATED, _ACTIVATED) if activated.get("changed") else (NOT_DUE, "", "")


def _find_problems(run: HostRun, name: str, permission: Result) -> Iterator[Mapping[str, str]]:
    """What failed last comes first."""
    fleet = permission["refused"].get(run.host) or ()
    for problem in (*(run.activated.get("problems") or ()), *fleet, *(run.latest.get("problems") or ())):
        if problem["certificate"] == name:
            yield problem


def _place(row: Row) -> dict[str, str]:
    return {"host": row.host, **({"certificate": row.certificate} if row.certificate else {})}


def _describe(row: Row) -> dict[str, Any]:
    left_out = ("state", "pending", "next_run_needed", "is_due")
    return {word: value for word, value in asdict(row).items() if word not in left_out and value not in ("", False)}
