# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host answered, as rows: every certificate with its verdict, every port with what it should serve."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import Certificate, load_certificates
from ansible_collections.certwright.tls.plugins.plugin_utils._core.finding import (
    Finding,
    View,
    report_codes,
    report_finding,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.found_files import find_in_files
from ansible_collections.certwright.tls.plugins.plugin_utils._core.found_ports import (
    FoundPort,
    Stored,
    find_ports,
    report_port,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.issuance import Memory
from ansible_collections.certwright.tls.plugins.plugin_utils._core.outlook import (
    Outlook,
    find_order_setback,
    find_outlook,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.question import Question, find_absent
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Problem, Reason
from ansible_collections.certwright.tls.plugins.plugin_utils._core.recorded_lists import find_list_faults

_DRIFT = {
    "missing": ("file_missing", "is missing"),
    "content": ("file_differs", "was changed by somebody else"),
    "attributes": ("attributes_differ", "has another owner, group or mode than it was given"),
}
_RENEWED = ("live", "pending")
# What only a whole path can prove: of a port the leaf is known, in the store no root is kept.
_UNTOLD = frozenset({"chain_incomplete", "root_not_proved", "profile_unproved"})


def report_survey(answer: Mapping[str, Any], question: Question, view: View) -> dict[str, Any]:
    """`certificates`, `ports` and `problems` of a result. Rows are in the order of the store, the paths, the ports."""
    known, unreadable = _load_texts(answer["texts"])
    stored = tuple(Stored.from_answer(name, found) for name, found in answer["certificates"].items())
    ports = tuple(find_ports(answer["served"], stored))
    in_files, problems = find_in_files(answer["files"], known, names=question.names)
    in_store = list(_find_in_store(answer, known, view.now)) if question.shows_store else []
    shown = [_with_name(finding, stored) for finding in (*in_store, *in_files)]
    shown.extend(_find_at_ports(ports, known, question=question, shown=shown, stored=stored))
    return {
        "certificates": [report_finding(finding, view) for finding in shown],
        "ports": [report_port(port, known.get(port.fingerprint), question.names) for port in ports],
        "unissued": list(_find_unissued(answer)),
        "problems": _report_problems((*_find_store_problems(answer, question), *problems, *unreadable)),
    }


def _load_texts(texts: Mapping[str, str]) -> tuple[dict[str, Certificate], list[Problem]]:
    """By fingerprint; somebody else's file may hold anything."""
    known, problems = {}, []
    for fingerprint, text in texts.items():
        try:
            (known[fingerprint],) = load_certificates(text.encode(), "certificate")
        except UnusableError as error:
            problems.append(Problem(f"sha256 {fingerprint[:16]}", error.code, error.message))
    return known, problems


def _find_store_problems(answer: Mapping[str, Any], question: Question) -> Iterator[Problem]:
    store = str(answer["store"])
    if answer["store_fact"]:
        if question.shows_store:
            yield Problem(store, "store_unreadable", answer["store_fact"])
        return
    for name in find_absent(question, answer["certificates"]):
        yield Problem(name, "not_stored", f"The store {store} holds no certificate {name}; is the name right?")
    if answer["journal"] and question.shows_store:
        fact = f"{answer['journal']['run']} of {answer['journal']['started']} was interrupted"
        yield Problem(store, "interrupted", f"{fact}; the next run that applies something ends or undoes it")


def _report_problems(problems: Sequence[Problem]) -> list[dict[str, str]]:
    return [{"subject": item.certificate, **report_codes([item])[0]} for item in problems]


def _find_in_store(answer: Mapping[str, Any], known: Mapping[str, Certificate], now: datetime) -> Iterator[Finding]:
    for name, states in answer["certificates"].items():
        memory = Memory.from_json(answer["memories"].get(name))
        for state, found in states.items():
            finding = _load_stored(name, state, found, known)
            faults, remarks = find_list_faults(found["record"], now)
            outlook = find_outlook(found, memory, finding.leaf, is_renewed=finding.state in _RENEWED)
            yield replace(finding, faults=(*finding.faults, *faults), remarks=remarks, outlook=outlook)


def _find_unissued(answer: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """What was ordered in vain, and has never been there."""
    for name, words in answer["memories"].items():
        memory = Memory.from_json(words)
        setback = find_order_setback(memory)
        if setback and name not in answer["certificates"]:
            failure = Outlook(setback=setback, next_try=memory.failure.next_try if memory.failure else None).to_json()
            yield {"name": name, **{word: failure[word] for word in ("last_failure", "next_try")}}


def _load_stored(name: str, state: str, found: Mapping[str, Any], known: Mapping[str, Certificate]) -> Finding:
    record = found["record"]
    certificates = tuple(known[item] for item in found["certificates"] if item in known)
    return Finding(
        source="store",
        certificates=certificates,
        name=name,
        generation=found["generation"],
        state=_describe_state(state, record),
        path=found["path"],
        services=tuple(service["name"] for service in record.get("services") or ()),
        names=tuple(record.get("declared_names") or ()),
        faults=tuple(_find_faults(state, found)),
        # The root that was supplied proved the path at install.
        untold=_UNTOLD if record.get("root") else frozenset(),
        holds_private_key=found["holds_private_key"],
        is_own_root=bool(record.get("root")) and record.get("root") == record.get("fingerprint"),
    )


def _describe_state(state: str, record: Mapping[str, Any]) -> str:
    """A domain without a certificate of its own has links to the one that it follows."""
    return "disabled" if state == "live" and record.get("follows") else state


def _find_faults(state: str, found: Mapping[str, Any]) -> Iterator[Reason]:
    if state == "pending":
        why = f"; its last activation failed: {found['failure']}" if found["failure"] else ""
        fact = f"Generation {found['generation']} is stored and not active"
        yield Reason("activation_pending", f"{fact}{why}; activate it by certwright.tls.certificate_activate")
    elif found["failure"] and state == "adopted":
        fact = f"The adopted file {found['path']} {found['failure']}"
        yield Reason("file_unreadable", f"{fact}; put it back, or supply a certificate with `state: present`")
    for item in found["drift"]:
        code, words = _DRIFT[item["fact"]]
        yield Reason(code, f"The file {item['file']} of generation {found['generation']} {words}")


def _with_name(finding: Finding, stored: Sequence[Stored]) -> Finding:
    """A file may hold what the store knows under a name."""
    names = (item.name for item in stored if finding.fingerprint and finding.fingerprint in item.fingerprints)
    return finding if finding.name else finding.named(next(names, None))


def _find_at_ports(
    ports: Sequence[FoundPort],
    known: Mapping[str, Certificate],
    *,
    question: Question,
    shown: Sequence[Finding],
    stored: Sequence[Stored],
) -> Iterator[Finding]:
    """What no row shows yet, once however many ports serve it."""
    rows = {finding.fingerprint for finding in shown}
    for port in ports:
        if port.fingerprint in known and port.fingerprint not in rows:
            rows.add(port.fingerprint)
            found = Finding(
                source="port",
                certificates=(known[port.fingerprint],),
                path=port.place,
                names=question.names if port.asked else (),
                untold=_UNTOLD,
            )
            yield _with_name(found, stored)
