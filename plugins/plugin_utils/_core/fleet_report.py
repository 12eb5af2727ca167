# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every certificate that was found on the hosts of a fleet, joined with what the inventory says should be there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.declared import Declared
from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import format_time, load_time
from ansible_collections.certwright.tls.plugins.plugin_utils._core.finding import report_codes
from ansible_collections.certwright.tls.plugins.plugin_utils._core.fleet_alarms import (
    Limits,
    find_alarms,
    find_failing,
    find_setback,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.fleet_drift import find_drift
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Reason

EXPIRED, PROBLEM, MISSING, DUE, UNMANAGED, OK = "expired", "problem", "missing", "due", "unmanaged", "ok"
URGENCIES = (EXPIRED, PROBLEM, MISSING, DUE, UNMANAGED, OK)
SCHEMA = 1
# A search meets what it cannot read. That is told, and nobody has to come for it.
UNREAD = ("keystore_unread", "no_certificate", "search_ended")
_ENDED = ("expired", "ca_expired", "crl_ended")
_ENDS_SOON = "ends_soon"
_UNKNOWN = "unknown"
# What is told before and after everything else of a certificate.
_FIRST, _LAST = _ENDED, (DUE, UNMANAGED, _UNKNOWN)
_NOT_ASKED = "it could not be asked"
_LEFT_OVER = "the inventory does not know it; declare it, or remove it (certwright.tls.remove)"
_FOREIGN = "neither the inventory nor the store knows it; declare it, or leave it to whoever renews it"

Result = Mapping[str, Any]


@dataclass(frozen=True)
class HostFound:
    """One host: the result of certificate_info, and what its inventory wants, or why that cannot be read."""

    host: str
    found: Result = field(default_factory=dict)
    declared: tuple[Declared, ...] = ()
    fault: str = ""

    @property
    def is_unreachable(self) -> bool:
        return bool(self.found.get("unreachable"))

    @property
    def was_asked(self) -> bool:
        return "certificates" in self.found

    @cached_property
    def ports(self) -> Mapping[tuple[str, str], list[Result]]:
        """By whose they are: that of a name in the store, or what they show where the store does not know it."""
        found: dict[tuple[str, str], list[Result]] = {}
        for port in self.found["ports"]:
            name = port["certificate"]
            owner = (_NAME, name) if name is not None else (_SHOWN, str(port["fingerprint_sha256"]))
            found.setdefault(owner, []).append(port)
        return found


@dataclass(frozen=True)
class FleetView:
    """By which clock and limits a fleet is judged."""

    now: datetime
    limits: Limits = field(default_factory=Limits)


def report_fleet(hosts: Sequence[HostFound], view: FleetView) -> dict[str, Any]:
    """Plain JSON, without anything that is secret. Times are UTC; `counts` are of `certificates` by urgency."""
    rows = [row for item in hosts for row in _find_rows(item, view)]
    return {
        "run": "report",
        "schema": SCHEMA,
        "generated": format_time(view.now),
        "hosts": len(hosts),
        "counts": {urgency: sum(1 for row in rows if row["urgency"] == urgency) for urgency in URGENCIES},
        "certificates": sorted(rows, key=_rank),
        "problems": [problem for item in hosts for problem in _find_problems(item)],
        "unreachable": [item.host for item in hosts if item.is_unreachable],
    }


def _rank(row: Result) -> tuple[int, float, str, str]:
    """The worst first, and of these what has the least of its life left."""
    left = row["life_left"]
    return URGENCIES.index(row["urgency"]), -1.0 if left is None else float(left), row["host"], row["certificate"]


def _find_rows(item: HostFound, view: FleetView) -> Iterator[dict[str, Any]]:
    if not item.was_asked:
        return
    declared = {wanted.name: wanted for wanted in item.declared}
    rows = item.found["certificates"]
    there = {str(row["name"]) for row in rows if row["source"] == _STORE}
    waiting = {str(row["name"]) for row in rows if row["state"] == _PENDING}
    for row in rows:
        if _is_told_at_a_service(item, row):
            continue
        wanted = declared.get(str(row["name"]))
        yield _join(item, _without_renewal(row) if _is_renewed_no_more(row, wanted, waiting) else row, wanted, view)
    unissued = {row["name"]: row for row in item.found["unissued"]}
    for wanted in item.declared:
        if wanted.name not in there:
            yield _tell_missing(item.host, wanted, unissued.get(wanted.name, _NEVER_TRIED), view)


def _is_told_at_a_service(item: HostFound, row: Result) -> bool:
    """Only ports of certificates in the store show it, each of which says so; nothing else is wrong with it."""
    if row["source"] != _PORT or row["name"] is not None or row["problems"]:
        return False
    shown = row["fingerprint_sha256"]
    kinds = {key[0] for key, ports in item.ports.items() for port in ports if port["fingerprint_sha256"] == shown}
    return kinds == {_NAME}


def _is_renewed_no_more(row: Result, wanted: Declared | None, waiting: set[str]) -> bool:
    """Its successor is there and waits, or there is to be none, or nobody renews it."""
    is_superseded = row["state"] != _PENDING and str(row["name"]) in waiting
    if wanted is None or not wanted.is_renewed or is_superseded:
        return True
    return wanted.is_last(load_time(row["not_after"] or ""))


def _without_renewal(row: Result) -> Result:
    return {**row, "next_renewal": "", "renewal_needed_by": ""}


_PENDING = "pending"
_STORE, _PORT, _NAME, _SHOWN = "store", "port", "name", "shown"
_NEVER_TRIED: Result = {"last_failure": None, "next_try": ""}
_COPIED = (
    *("source", "state", "path", "services", "names", "subject", "issuer", "serial", "not_before", "not_after"),
    *("life_left", "days_left", "key_type", "fingerprint_sha256", "is_ca"),
)


def _tell_missing(host: str, wanted: Declared, tried: Result, view: FleetView) -> dict[str, Any]:
    playbook = "renew" if wanted.is_renewed else "install"
    problems = [Reason(MISSING, f"{wanted.name} is not on the host; run certwright.tls.{playbook}")]
    problems.extend(find_failing(tried["last_failure"], view.limits))
    return {
        "host": host,
        "certificate": wanted.name,
        "engine": wanted.engine,
        "issuer_name": wanted.issuer,
        "urgency": MISSING,
        "problems": report_codes(problems),
        "ports": [],
        "next_renewal": "",
        **_describe_failure(tried["last_failure"], tried),
        **dict.fromkeys(_COPIED),
        "source": "inventory",
        "services": [],
        "names": list(wanted.names),
        "is_ca": False,
    }


def _join(item: HostFound, row: Result, wanted: Declared | None, view: FleetView) -> dict[str, Any]:
    """A file that holds what the store has is that certificate again, and what is wanted is asked of the store."""
    is_ours = row["source"] == _STORE
    ports = [port for owner in _list_owners(row) for port in item.ports.get(owner, ())]
    problems = [dict(found) for holder in (row, *ports) for found in holder["problems"]]
    wanted = wanted if is_ours else None
    problems.extend(report_codes(find_alarms(row, wanted, view.limits, view.now)))
    problems.extend(report_codes(find_drift(row, wanted) if wanted else _find_unknown(item, row)))
    return {
        "host": item.host,
        "certificate": str(row["name"] or row["path"]),
        "engine": wanted.engine if wanted else "",
        "issuer_name": wanted.issuer if wanted else "",
        "urgency": _judge({found["code"] for found in problems}),
        "problems": _sort_problems(problems),
        "ports": [_describe_port(port) for port in ports],
        "next_renewal": row["next_renewal"],
        **_describe_failure(find_setback(row, wanted), row),
        **{word: row[word] for word in _COPIED},
    }


def _sort_problems(problems: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The worst first: a view may show no more than that. That it is due says nothing beside its end."""
    is_near = any(found["code"] in (EXPIRED, _ENDS_SOON) for found in problems)
    return sorted((found for found in problems if not (is_near and found["code"] == DUE)), key=_rank_problem)


def _rank_problem(found: Mapping[str, Any]) -> int:
    code = found["code"]
    if code in _FIRST:
        return _FIRST.index(code) - len(_FIRST)
    return 1 + _LAST.index(code) if code in _LAST else 0


def _describe_failure(failure: Result | None, row: Result) -> dict[str, Any]:
    return {"last_failure": dict(failure) if failure else None, "next_try": row["next_try"] if failure else ""}


def _list_owners(row: Result) -> Iterator[tuple[str, str]]:
    """What is live has ports to be served at; anything has those that show it."""
    if row["source"] == _STORE and row["state"] != _PENDING:
        yield _NAME, str(row["name"])
    yield _SHOWN, row["fingerprint_sha256"]


def _find_unknown(item: HostFound, row: Result) -> Iterator[Reason]:
    """Nobody is told of what a trust store holds, nor of anything while the inventory cannot be read."""
    if item.fault or row["is_ca"] or row["state"] == "disabled":
        return
    if row["source"] == _STORE:
        yield Reason(UNMANAGED, _LEFT_OVER)
    elif row["name"] is None:
        yield Reason(_UNKNOWN, _FOREIGN)


def _judge(codes: set[str]) -> str:
    if codes & set(_ENDED):
        return EXPIRED
    if codes - {DUE, UNMANAGED, _UNKNOWN}:
        return PROBLEM
    return DUE if DUE in codes else (UNMANAGED if codes else OK)


def _describe_port(port: Result) -> dict[str, Any]:
    words = ("port", "address", "server_name", "starttls", "state", "is_live", "fingerprint_sha256")
    return {word: port[word] for word in words}


def _find_problems(item: HostFound) -> Iterator[dict[str, str]]:
    """What belongs to no certificate. A host that was not reached is told apart."""
    if item.fault:
        yield {"host": item.host, "subject": "inventory", "code": "inventory_invalid", "message": item.fault}
    if not item.was_asked:
        if not item.is_unreachable:
            message = str(item.found.get("msg") or _NOT_ASKED)
            yield {"host": item.host, "subject": "", "code": "failed", "message": message}
        return
    for problem in item.found["problems"]:
        yield {"host": item.host, **{word: str(problem[word]) for word in ("subject", "code", "message")}}
    owned = {owner for row in item.found["certificates"] for owner in _list_owners(row)}
    for owner, ports in item.ports.items():
        for port in ports if owner not in owned else ():
            for found in port["problems"]:
                yield {"host": item.host, "subject": f"port {port['port']}", **found}
