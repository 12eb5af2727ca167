# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run of installation or removal over a fleet: what became of every certificate, where, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.internal_batch import find_unanswered
from ansible_collections.certwright.tls.plugins.plugin_utils._core.renewal_report import ORDERS_HELD
from ansible_collections.certwright.tls.plugins.plugin_utils._core.renewal_steps import PUT_BACK, find_warning

CHANGED, UNCHANGED, PENDING, DEFERRED = "changed", "unchanged", "pending", "deferred"
HELD_BACK, FAILED = "held_back", "failed"
REMOVALS = ("remove", "decommission")
STATES = (CHANGED, UNCHANGED, PENDING, DEFERRED, HELD_BACK, FAILED)
_NOT_ASKED = "it ended before it was asked"
_HELD = "another certificate of this host was refused, and one stops all; mend that one, or say tls_on_problem: skip"
_STOPPED = "it is stored, and the rollout had stopped before it was handed to its services; the next run goes on"
_NOT_BEGUN = "the rollout had stopped before it was begun; what waits on it is taken up by the next run"
_UNREACHED = "{host} was not reached in each step, so nobody knows how far it came; run again"
_STORED = "it is stored, and its services do not have it yet; the next run goes on"

Result = Mapping[str, Any]


@dataclass(frozen=True)
class HostRun:
    """What the steps of a run came to on one host, each a task's result; a step that was not taken is empty.

    `stored` are those that kept, ordered or requested certificates, the later ones knowing more; `activated` handed
    what was stored to its services, `received` what homes handed out. `refused` are problems that were found over all
    hosts together, each with `certificate`, `code` and `message`; `held` is due, and over the budget of the fleet.
    """

    host: str
    stored: tuple[Result, ...] = ()
    activated: Result = field(default_factory=dict)
    received: Result = field(default_factory=dict)
    refused: tuple[Result, ...] = ()
    held: tuple[str, ...] = ()

    @property
    def steps(self) -> tuple[Result, ...]:
        return (*self.stored, self.activated, self.received)

    @property
    def is_unreachable(self) -> bool:
        return any(step.get("unreachable") for step in self.steps)

    @property
    def names(self) -> tuple[str, ...]:
        """In the order of the inventory, as the steps have it."""
        return tuple(dict.fromkeys(str(name) for step in self.steps for name in step.get("outcomes") or ()))

    @property
    def unmanaged(self) -> tuple[str, ...]:
        """Each task leaves alone what the others keep."""
        left = dict.fromkeys(str(name) for step in self.steps for name in step.get("unmanaged") or ())
        return tuple(name for name in left if name not in self.names)

    @property
    def unknown(self) -> frozenset[str]:
        """What was to be removed, and the host has not."""
        return frozenset(str(name) for step in self.steps for name in step.get("unknown") or ())


STEPS = ("read", "due", "ordered", "requested", "signed", "stored", "activated", "received")
# A later step knows more than the look before it.
_PAIRS = (("read", "read"), ("due", "ordered"), ("requested", "signed"), ("stored", "stored"))
_PERMISSION = "permission"
WORDS = (*STEPS, _PERMISSION)


def load_runs(variables: Mapping[str, Result], words: Mapping[str, str]) -> list[HostRun]:
    """`variables` are those of each host, and `words` says which of them holds the result of a step.

    `read` is of a task that fails where the inventory cannot be read, `due` and `ordered` are of letsencrypt_cert,
    `requested` and `signed` of internal_certificate, `stored` of domain_certificate, `activated` of
    certificate_activate, `received` of letsencrypt_cert again; `permission` is of permitted_orders, on any host.
    """
    found = {
        host: {word: _load_result(told.get(words.get(word, ""))) for word in WORDS} for host, told in variables.items()
    }
    permission = next((steps[_PERMISSION] for steps in found.values() if steps[_PERMISSION]), {})
    silent = find_unanswered({host: steps["requested"] for host, steps in found.items()}, {})
    return [
        HostRun(
            host=host,
            stored=tuple(steps[later] or steps[first] for first, later in _PAIRS),
            activated=steps["activated"],
            received=steps["received"],
            refused=(
                *((permission.get("refused") or {}).get(host) or ()),
                *({"certificate": "", **fault} for fault in silent if fault["host"] == host),
            ),
            held=tuple((permission.get("held") or {}).get(host) or ()),
        )
        for host, steps in found.items()
    ]


def _load_result(result: Any) -> Result:
    """A step that was skipped said nothing."""
    return {} if not isinstance(result, Mapping) or result.get("skipped") else result


def find_pending(runs: Sequence[HostRun]) -> list[str]:
    """The hosts on which something waits for its services."""
    return [run.host for run in runs if any(item["pending"] for step in run.stored for item in _outcomes(step))]


def _outcomes(step: Result) -> Iterator[Result]:
    yield from (step.get("outcomes") or {}).values()


@dataclass(frozen=True)
class Row:
    """One certificate, or a whole host where `certificate` is empty; `outcome` is the word of the module."""

    host: str
    certificate: str
    state: str
    outcome: str = ""
    code: str = ""
    message: str = ""
    services: tuple[str, ...] = ()


def find_stopping(runs: Sequence[HostRun], *, at_unreachable: bool, at_failure: bool = False) -> list[str]:
    """The hosts after which no further batch is begun: a service went back there, or nobody knows how it went.

    `at_failure` is for what cannot be put back: any fault stops then.
    """
    return [
        run.host
        for run in runs
        if _is_stopping(run)
        or (at_unreachable and run.is_unreachable)
        or (at_failure and bool(run.activated.get("failed")))
    ]


def _is_stopping(run: HostRun) -> bool:
    steps = (run.activated, run.received)
    return any(_has_gone_back(step) or (bool(step.get("failed")) and "outcomes" not in step) for step in steps)


def _has_gone_back(step: Result) -> bool:
    """Each time anew: who leaves a canary broken has not said that the others may follow."""
    return any(item["outcome"] in PUT_BACK for item in _outcomes(step))


@dataclass(frozen=True)
class Circumstances:
    """Of all hosts of a run: whether it only checks, who stopped its rollout, and whether each was to be asked."""

    is_check: bool = False
    stopped_by: tuple[str, ...] = ()
    asked: bool = True


def report_run(runs: Sequence[HostRun], *, run: str, how: Circumstances) -> dict[str, Any]:
    """Plain JSON for people, AWX and metrics, without anything that is secret.

    In check mode `changed` are those that would be.
    """
    rows = [row for item in runs for row in find_rows(item, how)]
    has_left = any(row.state == PENDING for row in rows)
    return {
        "run": run,
        "check": how.is_check,
        "checked": sum(1 for row in rows if row.certificate),
        **{state: [_describe(row) for row in rows if row.state == state] for state in STATES},
        # What a removal was not told of is what stays.
        "unmanaged": []
        if run in REMOVALS
        else [{"host": item.host, "certificate": name} for item in runs for name in item.unmanaged],
        "unreachable": [item.host for item in runs if item.is_unreachable],
        "unknown": _find_unknown(runs),
        # The last batch has none after it.
        "stopped_by": list(how.stopped_by) if has_left else [],
    }


def _find_unknown(runs: Sequence[HostRun]) -> list[str]:
    """The names that were to be removed and that no host has which could be asked."""
    known = {name for run in runs for name in run.names if name not in run.unknown}
    return sorted({name for run in runs for name in run.unknown} - known)


def find_faults(report: Result) -> dict[str, str]:
    """By host, what it fails for, as lines."""
    faults: dict[str, list[str]] = {host: [_UNREACHED.format(host=host)] for host in report["unreachable"]}
    for row in report["failed"]:
        faults.setdefault(row["host"], []).append(f"{row.get('certificate') or row['host']}: {row['message']}")
    return {host: "\n".join(lines) for host, lines in faults.items()}


def find_rows(run: HostRun, how: Circumstances) -> Iterator[Row]:
    """One for each certificate, and one for the host where it could not even be asked."""
    yield from _find_host_rows(run, how)
    for name in run.names:
        yield _judge(run, name, how)


def _find_host_rows(run: HostRun, how: Circumstances) -> Iterator[Row]:
    """In a run that only activates, a host on which it did not begin is named where somebody stopped it."""
    if run.is_unreachable:
        return
    if not any(run.steps) and how.asked:
        yield Row(run.host, "", FAILED, FAILED, "not_asked", _NOT_ASKED)
    elif not any(run.steps) and how.stopped_by:
        yield Row(run.host, "", PENDING, PENDING, PENDING, _NOT_BEGUN)
    known = run.names
    for problem in _list_problems(run):
        if problem["certificate"] not in known:
            yield Row(run.host, str(problem["certificate"]), FAILED, FAILED, problem["code"], problem["message"])


def _list_problems(run: HostRun) -> Iterator[Result]:
    """What failed last comes first. A step that could say nothing of its certificates speaks for the host."""
    for step in (run.received, run.activated):
        yield from _list_step_problems(step)
    yield from run.refused
    for step in reversed(run.stored):
        yield from _list_step_problems(step)


def _list_step_problems(step: Result) -> Iterator[Result]:
    told = step.get("problems") or ()
    yield from told
    if step.get("failed") and not told:
        yield {"certificate": "", "code": FAILED, "message": str(step.get("msg", ""))}


def _judge(run: HostRun, name: str, how: Circumstances) -> Row:
    steps = [step for step in run.steps if name in (step.get("outcomes") or {})]
    outcomes = [step["outcomes"][name] for step in steps]
    last = outcomes[-1]
    problem = next((item for item in _list_problems(run) if item["certificate"] == name), None)
    reasons = [reason for step in steps for reason in step.get("reasons") or () if reason["certificate"] == name]
    services = tuple(str(item["name"]) for item in last.get("services") or ())
    row = Row(run.host, name, FAILED, str(last["outcome"]), services=services)
    if problem is not None:
        return replace(row, code=problem["code"], message=problem["message"])
    if name in run.held:
        return Row(run.host, name, DEFERRED, DEFERRED, "orders_held", ORDERS_HELD)
    state = _find_state(outcomes, is_check=how.is_check)
    if state == HELD_BACK:
        return replace(row, state=state, code=HELD_BACK, message=_HELD)
    if state == PENDING:
        return replace(row, state=state, code=PENDING, message=_STOPPED if how.stopped_by else _STORED)
    if state == DEFERRED:
        renewal = (steps[-1].get("renewals") or {}).get(name) or {}
        return replace(
            row, state=state, code=str(renewal.get("put_off") or DEFERRED), message=find_warning(steps[-1], name)
        )
    first = next((str(item["code"]) for item in reasons), "")
    return replace(row, state=state, code=first, message="; ".join(item["message"] for item in reasons))


def _find_state(outcomes: Sequence[Result], *, is_check: bool) -> str:
    last = outcomes[-1]
    if last["outcome"] in (HELD_BACK, DEFERRED):
        return str(last["outcome"])
    if last["pending"] and not is_check:
        return PENDING
    return CHANGED if any(item["changed"] for item in outcomes) else UNCHANGED


def _describe(row: Row) -> dict[str, Any]:
    words = {**asdict(row), "services": list(row.services)}
    del words["state"]
    return {word: value for word, value in words.items() if value not in ("", [])}
