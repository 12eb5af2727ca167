# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One batch for a fleet: what hosts have requested goes to each CA together, and its answers go back to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.ca_failure import (
    explain_failure,
    has_failed,
)

# Whose a request is, which its CA need not know.
_ISSUER = "issuer"
# Heals by itself: other batches are at it.
_BUSY = "ca_busy"
Result = Mapping[str, Any]


def find_batches(results: Mapping[str, Result]) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """By CA its `requests` and `anchors`. `results` are those of internal_certificate by host.

    What is to be made yet has no request that could be signed. A CA that nobody asks for anything is left out.
    """
    batches: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for issuer, request in _find_each(results.values(), "requests"):
        if request.get("csr"):
            batches.setdefault(issuer, {"requests": [], "anchors": []})["requests"].append(request)
    for issuer, anchor in _find_each(results.values(), "anchors"):
        if issuer in batches and anchor not in batches[issuer]["anchors"]:
            batches[issuer]["anchors"].append(anchor)
    return batches


def find_signed(answers: Result, host: str, requests: Iterable[Result] = ()) -> list[dict[str, Any]]:
    """Of the answers of internal_ca_cert, in a loop over CAs or of one, those for this host.

    `requests` are what it asked for: a CA that failed as a whole refused each of them that is its own.
    """
    asked = list(requests)
    signed: list[dict[str, Any]] = []
    for answer in _list_results(answers):
        certificates = answer.get("certificates") or ()
        signed.extend(dict(found) for found in certificates if str(found.get("host", "")) == host)
        if has_failed(answer) and "certificates" not in answer:
            signed.extend(_refuse(request, answer) for request in asked if _is_of(request, answer, answers))
    return signed


def _is_of(request: Result, answer: Result, answers: Result) -> bool:
    """Without a loop there is one CA."""
    return "results" not in answers or str(request.get(_ISSUER) or "") == _name_item(answer)


def _refuse(request: Result, answer: Result) -> dict[str, Any]:
    reason = explain_failure(answer)
    outcome = "deferred" if reason.code == _BUSY else "refused"
    asked = {word: str(request.get(word) or "") for word in ("host", "name")}
    return {**asked, "outcome": outcome, "code": reason.code, "message": reason.message}


def find_asked(orders: Iterable[Mapping[str, Any]], issuers: Mapping[str, Any]) -> list[str]:
    """The CAs of certificates, and those that their services trust. One that is not declared is asked by nobody."""
    names: dict[str, None] = {}
    for order in orders:
        names[str(order.get(_ISSUER) or "")] = None
        for trusted in _find_trusted(order.get("services") or ()):
            declared = issuers.get(trusted)
            if isinstance(declared, Mapping) and declared.get("fingerprint") and declared.get("host"):
                names[trusted] = None
    return [name for name in names if name]


def _find_trusted(services: Iterable[object]) -> Iterator[str]:
    for service in services:
        for words in service.values() if isinstance(service, Mapping) else ():
            named = words.get("trust") if isinstance(words, Mapping) else None
            yield from (str(name) for name in named) if isinstance(named, (list, tuple)) else ()


def find_answered(answers: Result) -> dict[str, dict[str, Any]]:
    """By CA the answers of internal_ca_info in a loop over their names, those that failed included.

    One that was not reached, or not asked, has none.
    """
    return {
        _name_item(answer): dict(answer)
        for answer in _list_results(answers)
        if answer.get("ca_id") or has_failed(answer)
    }


def find_unanswered(results: Mapping[str, Result], kept: Mapping[str, Result]) -> list[dict[str, str]]:
    """The CAs that failed to tell of themselves: each once, as `issuer`, `code`, `message`, and the `host` to say so.

    `results` are those of internal_certificate by host; the first that names a CA says it, due or not. `kept` are
    those of internal_ca by host, in a loop: what failed there is told there.
    """
    told = {_name_item(answer) for result in kept.values() for answer in _list_results(result) if has_failed(answer)}
    rows = []
    for host, result in results.items():
        for found in result.get("unanswered") or ():
            if found[_ISSUER] not in told:
                told.add(found[_ISSUER])
                fact = f"the internal CA {found[_ISSUER]} could not be read: {found['message']}"
                rows.append({"host": host, "issuer": found[_ISSUER], "code": found["code"], "message": fact})
    return rows


def _find_each(results: Iterable[Result], word: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for result in results:
        for found in result.get(word) or ():
            yield str(found.get(_ISSUER) or ""), {key: value for key, value in found.items() if key != _ISSUER}


def _list_results(answers: Result) -> list[Result]:
    """A task without a loop has one."""
    return list(answers["results"]) if "results" in answers else [answers]


def _name_item(answer: Result) -> str:
    """What the loop was over is a name, or a mapping with it."""
    item = answer.get(str(answer.get("ansible_loop_var") or "item"), "")
    return str(item.get(_ISSUER) or "") if isinstance(item, Mapping) else str(item)
