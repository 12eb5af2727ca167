# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run of renewal over a fleet: what became of every certificate, by host and all together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.ca_failure import find_failures
from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import load_time
from ansible_collections.certwright.tls.plugins.plugin_utils._core.internal_batch import find_unanswered
from ansible_collections.certwright.tls.plugins.plugin_utils._core.renewal import Life
from ansible_collections.certwright.tls.plugins.plugin_utils._core.sharing import name_at_home

RENEWED, NOT_DUE, DEFERRED, FAILED, EXPIRED = "renewed", "not_due", "deferred", "failed", "expired"
STATES = (RENEWED, NOT_DUE, DEFERRED, FAILED, EXPIRED)
PUT_BACK = ("rolled_back", "kept_new_unproved", "stranded")
_ENDING = ("due", "expired")
_CLOSE, _CLOSE_OF_SHORT = 1 / 6, 1 / 4
_OVERDUE = "it is stored and not activated, and what the services have has ended or is about to; see why they refuse it"
ORDERS_HELD = "it is due, and over the budget of orders of this run; the next run goes on"
_LEFT = "it is due, and this run ended before it was ordered; the next run goes on"
_UNRECEIVED = "this run ended before it was received from its home; the next run goes on"
_NO_PERMISSION: Mapping[str, Any] = {"permitted": {}, "held": {}, "refused": {}}

Result = Mapping[str, Any]


@dataclass(frozen=True)
class HostRun:
    """What the steps of a run said of one host; a step that was not taken said nothing.

    `due` is of the first look, in check mode; `issued` of the orders; `received` of what homes handed out, and `shared`
    says what that would be, by name as the orders have it; `requested` and `signed` are of internal CAs, `kept` of
    those whose directories the host has, in a loop; `found` of the certificates that nobody renews.
    """

    host: str
    due: Result = field(default_factory=dict)
    issued: Result = field(default_factory=dict)
    activated: Result = field(default_factory=dict)
    received: Result = field(default_factory=dict)
    requested: Result = field(default_factory=dict)
    signed: Result = field(default_factory=dict)
    kept: Result = field(default_factory=dict)
    shared: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    found: Result = field(default_factory=dict)
    contacts: Mapping[str, str] = field(default_factory=dict)

    @property
    def steps(self) -> tuple[Result, ...]:
        return self.due, self.issued, self.activated, self.received, self.requested, self.signed, self.kept, self.found

    @property
    def is_unreachable(self) -> bool:
        return any(step.get("unreachable") for step in self.steps)

    @property
    def latest(self) -> Result:
        """The orders know more than the look before them."""
        return self.issued if "outcomes" in self.issued else self.due

    @property
    def internal(self) -> HostRun:
        """The same for what an internal CA signs."""
        return HostRun(self.host, due=self.requested, issued=self.signed, activated=self.activated)

    @property
    def renewed_names(self) -> frozenset[str]:
        """What is ordered here, or at a home, or signed by a CA of ours."""
        steps = (self.latest, self.received, self.internal.latest)
        return frozenset((*self.shared, *(name for step in steps for name in step.get("outcomes") or ())))


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


def report_renewals(runs: Sequence[HostRun], permission: Result, *, is_check: bool) -> dict[str, Any]:
    """Plain JSON for people, AWX and metrics, without anything that is secret.

    In check mode `renewed` are those that would be.
    """
    ordered = [row for run in runs for row in find_rows(run, permission, is_check=is_check)]
    received = (row for run in runs for row in _find_received(run, ordered, is_check=is_check))
    signed = (row for run in runs for row in (*_find_signed(run, is_check=is_check), *_find_unkept(run)))
    rows = [*ordered, *signed, *_find_unanswered(runs), *received]
    needed = sorted(row.next_run_needed for row in rows if row.next_run_needed)
    listed = {state: [_describe(row) for row in rows if row.state == state] for state in STATES}
    return {
        "run": "renew",
        "check": is_check,
        "checked": sum(1 for row in rows if row.certificate),
        **listed,
        "pending": [{"host": row.host, "certificate": row.certificate} for row in rows if row.pending],
        "ends_soon": [row for run in runs for row in find_ending(run)],
        "next_run_needed": needed[0] if needed else "",
        "unreachable": [run.host for run in runs if run.is_unreachable],
    }


def find_rows(run: HostRun, permission: Result, *, is_check: bool) -> Iterator[Row]:
    """One for each certificate that is to be renewed; one for the host when it could not even be asked."""
    latest = run.latest
    yield from _find_host_faults(run)
    for name in latest.get("outcomes") or ():
        yield _judge(run, str(name), permission, is_check=is_check)


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


def find_put_back(results: Mapping[str, Result]) -> list[str]:
    """The hosts on which a service did not take its new certificate, by their results of the activation.

    What has failed before stops nobody again: a vhost that is broken for a week would stop all renewals of a fleet.
    """
    return [str(host) for host, result in results.items() if _is_put_back(result)]


def _is_put_back(result: Result) -> bool:
    outcomes = (result.get("outcomes") or {}).items()
    return any(item["outcome"] in PUT_BACK and not _is_retried(result, name) for name, item in outcomes)


def _is_retried(result: Result, name: str) -> bool:
    """certificate_activate says so; a member that goes back with what it did not receive now has had it before."""
    renewal = (result.get("renewals") or {}).get(name) or {}
    return name in (result.get("retried") or ()) or renewal.get("ordered") is False


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
        until=str(renewal.get("renew_at" if state in (RENEWED, NOT_DUE) else "next_try", "")),
        not_after=_find_end(run, name, renewal, is_pending=is_pending),
        next_run_needed=str(renewal.get("next_run_needed", "")),
        pending=is_pending,
        email=str(renewal.get("email", "")),
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
        return DEFERRED, DEFERRED, _find_warning(run.latest, name)
    if renewal.get("ordered") or (is_check and renewal.get("due")):
        reasons = (item for item in run.latest.get("reasons") or () if item["certificate"] == name)
        reason = next(reasons, {"code": RENEWED, "message": ""})
        return RENEWED, reason["code"], reason["message"]
    return (DEFERRED, "not_ordered", _LEFT) if renewal.get("due") else (NOT_DUE, "", "")


def _find_problems(run: HostRun, name: str, permission: Result) -> Iterator[Mapping[str, str]]:
    """What failed last comes first."""
    fleet = permission["refused"].get(run.host) or ()
    for problem in (*(run.activated.get("problems") or ()), *fleet, *(run.latest.get("problems") or ())):
        if problem["certificate"] == name:
            yield problem


def _find_warning(result: Result, name: str) -> str:
    """What was put off is told as a warning, which begins with its name and ends with its code."""
    told = (str(warning) for warning in result.get("warnings") or () if str(warning).startswith(f"{name}: "))
    return next((text.partition(": ")[2] for text in told), "")


def _describe(row: Row) -> dict[str, Any]:
    left_out = ("state", "pending", "next_run_needed")
    return {word: value for word, value in asdict(row).items() if word not in left_out and value not in ("", False)}
