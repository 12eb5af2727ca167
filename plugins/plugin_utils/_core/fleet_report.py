# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every certificate that was found on the hosts of a fleet, joined with what the inventory says should be there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.declared import Declared

EXPIRED, PROBLEM, MISSING, DUE, UNMANAGED, OK = "expired", "problem", "missing", "due", "unmanaged", "ok"
URGENCIES = (EXPIRED, PROBLEM, MISSING, DUE, UNMANAGED, OK)
_ENDED = ("expired", "ca_expired", "crl_ended")
_NOT_ASKED = "it could not be asked"
_UNKNOWN = "the inventory does not know it; declare it, or remove it (certwright.tls.remove)"

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


def report_fleet(hosts: Sequence[HostFound]) -> dict[str, Any]:
    """Plain JSON, without anything that is secret. Times are UTC; `counts` are of `certificates` by urgency."""
    rows = [row for item in hosts for row in _find_rows(item)]
    return {
        "run": "report",
        "hosts": len(hosts),
        "counts": {urgency: sum(1 for row in rows if row["urgency"] == urgency) for urgency in URGENCIES},
        "certificates": sorted(rows, key=_rank),
        "problems": [problem for item in hosts for problem in _find_problems(item)],
        "unreachable": [item.host for item in hosts if item.is_unreachable],
    }


def _rank(row: Result) -> tuple[int, float, str, str]:
    """The worst first, and of these what has the least of its life left."""
    left = row.get("life_left")
    return URGENCIES.index(row["urgency"]), -1.0 if left is None else float(left), row["host"], row["certificate"]


def _find_rows(item: HostFound) -> Iterator[dict[str, Any]]:
    if not item.was_asked:
        return
    declared = {wanted.name: wanted for wanted in item.declared}
    ports = item.found.get("ports") or ()
    there = set()
    for row in item.found["certificates"]:
        name = str(row["name"] or "")
        there.add(name if row["source"] == "store" else "")
        yield _join(item, row, declared.get(name), [port for port in ports if name and port["certificate"] == name])
    for wanted in item.declared:
        if wanted.name not in there:
            yield _tell_missing(item.host, wanted)


def _tell_missing(host: str, wanted: Declared) -> dict[str, Any]:
    fact = f"{wanted.name} is not on the host; install it (certwright.tls.install)"
    return {
        "host": host,
        "certificate": wanted.name,
        "source": "inventory",
        "engine": wanted.engine,
        "urgency": MISSING,
        "names": list(wanted.names),
        "life_left": None,
        "problems": [{"code": "missing", "message": fact}],
    }


def _join(item: HostFound, row: Result, wanted: Declared | None, ports: Sequence[Result]) -> dict[str, Any]:
    problems = [dict(found) for holder in (row, *ports) for found in holder["problems"]]
    is_ours = row["source"] == "store"
    if wanted is not None and is_ours:
        problems.extend(_find_drift(row, wanted))
    is_unmanaged = is_ours and wanted is None and not item.fault and row["state"] != "disabled"
    if is_unmanaged:
        problems.append({"code": UNMANAGED, "message": _UNKNOWN})
    told = {
        "host": item.host,
        "certificate": str(row["name"] or row["path"]),
        "engine": wanted.engine if wanted else "",
        "urgency": _judge({found["code"] for found in problems}),
        "problems": problems,
        "ports": [_describe_port(port) for port in ports],
    }
    return {**told, **{word: row[word] for word in _COPIED}}


_COPIED = (
    *("source", "state", "path", "services", "names", "subject", "issuer", "serial", "not_before", "not_after"),
    *("life_left", "days_left", "key_type", "fingerprint_sha256", "is_ca"),
)


def _find_drift(row: Result, wanted: Declared) -> Iterator[dict[str, str]]:
    """An adopted one is somebody else's. A name is compared as DNS does (RFC 4343)."""
    there = {str(name).lower() for name in row["names"] or ()}
    missing = [name for name in wanted.names if name.lower() not in there]
    if missing and row["state"] == "live":
        fact = f"the inventory wants {', '.join(missing)}, which the certificate does not have"
        yield {"code": "name_missing", "message": f"{fact}; install it (certwright.tls.install)"}


def _judge(codes: set[str]) -> str:
    if codes & set(_ENDED):
        return EXPIRED
    others = codes - {DUE, UNMANAGED}
    if others:
        return PROBLEM
    return DUE if DUE in codes else (UNMANAGED if codes else OK)


def _describe_port(port: Result) -> dict[str, Any]:
    words = ("port", "address", "server_name", "starttls", "state", "is_live", "fingerprint_sha256")
    return {word: port[word] for word in words}


def _find_problems(item: HostFound) -> Iterator[dict[str, str]]:
    """What belongs to no certificate. A host that was not reached is told apart."""
    if item.fault:
        yield {"host": item.host, "subject": "inventory", "code": "inventory_invalid", "message": item.fault}
    if not item.was_asked and not item.is_unreachable:
        message = str(item.found.get("msg") or _NOT_ASKED)
        yield {"host": item.host, "subject": "", "code": "failed", "message": message}
    for problem in item.found.get("problems") or ():
        yield {"host": item.host, **{word: str(problem[word]) for word in ("subject", "code", "message")}}
