# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One batch for a fleet: what hosts have requested goes to each CA together, and its answers go back to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

# Whose a request is, which its CA need not know.
_ISSUER = "issuer"
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


def find_signed(answers: Result, host: str) -> list[dict[str, Any]]:
    """Of the answers of internal_ca_cert, in a loop over CAs or of one, those for this host."""
    certificates = (found for answer in _list_results(answers) for found in answer.get("certificates") or ())
    return [dict(found) for found in certificates if str(found.get("host", "")) == host]


def find_answered(answers: Result) -> dict[str, dict[str, Any]]:
    """By CA the answers of internal_ca_info in a loop over their names; one that failed has none."""
    return {_name_item(answer): dict(answer) for answer in _list_results(answers) if answer.get("ca_id")}


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
