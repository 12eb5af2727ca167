# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a certificate in the store is renewed, what failed last, and when that is tried again."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.issuance import Memory
from ansible_collections.certwright.tls.plugins.plugin_utils._core.outlook import NO_OUTLOOK, find_outlook
from ansible_collections.certwright.tls.tests.unit.authority import ca
from ansible_collections.certwright.tls.tests.unit.survey_answers import load

# From 2026-10-22T22:00:00Z to 2027-01-20T22:00:00Z.
LEAF = load(ca().issue("a.example"))
DIRECTORY = "https://ca.example/directory"
WINDOW = {"start": "2026-12-01T00:00:00Z", "end": "2026-12-01T00:00:02Z", "explanation": ""}
FAILED = {
    "code": "rate_limited",
    "message": "no\x1b[2J",
    "first": "2026-11-20T00:00:00Z",
    "last": "2026-11-21T00:00:00Z",
    "tries": 2,
    "next_try": "2026-11-21T00:10:00Z",
    "kind": "transient",
}
ORDER = {"issuer": DIRECTORY, "order": {"cert_id": "x.y"}}
RENEWALS: list[tuple[str, dict[str, Any], dict[str, Any], bool, tuple[str, str]]] = [
    ("a third is left", ORDER, {}, True, ("2026-12-21T22:00:00Z", "2027-01-05T22:00:00Z")),
    (
        "its CA asks",
        ORDER,
        {"window": WINDOW, "window_of": "x.y"},
        True,
        ("2026-12-01T00:00:0", "2026-12-01T00:00:02Z"),
    ),
    ("its CA asked of an older one", ORDER, {"window": WINDOW, "window_of": "a.b"}, True, ("2026-12-21", "2027-01-05")),
    ("signed by a CA of ours", {"issuer": "internal_ca:77"}, {}, True, ("2026-12-21", "2027-01-05")),
    ("supplied", {"issuer": "files"}, {}, True, ("", "")),
    ("of an unknown issuer", {}, {}, True, ("", "")),
    ("it lies elsewhere", ORDER, {}, False, ("", "")),
]


@pytest.mark.parametrize(
    ("record", "memory", "is_renewed", "expected"), [item[1:] for item in RENEWALS], ids=[item[0] for item in RENEWALS]
)
def test_the_next_renewal_is_told_where_a_run_renews(
    record: dict[str, Any], memory: dict[str, Any], is_renewed: bool, expected: tuple[str, str]
) -> None:
    found = {"record": record, "activation": {}}
    told = find_outlook(found, Memory.from_json(memory), LEAF, is_renewed=is_renewed).to_json()
    for word, start in zip(("next_renewal", "renewal_needed_by"), expected, strict=True):
        assert told[word].startswith(start)
        assert bool(told[word]) == bool(start)
    assert (told["last_failure"], told["next_try"]) == (None, "")


SETBACKS: list[tuple[str, dict[str, Any], dict[str, Any], tuple[Any, ...], str]] = [
    ("an order", {"failure": FAILED}, {}, ("rate_limited", 2, True), "2026-11-21T00:10:00Z"),
    ("for good", {"failure": {**FAILED, "kind": "permanent"}}, {}, ("rate_limited", 2, False), "2026-11-21T00:10:00Z"),
    ("an activation", {}, {"time": "2026-11-22T00:00:00Z", "tries": 3}, ("activation_failed", 3, False), ""),
    ("a damaged one", {}, {"time": "2026-11-22T00:00:00Z", "tries": "x"}, ("activation_failed", 1, False), ""),
    (
        "the later of both",
        {"failure": FAILED},
        {"time": "2026-11-22T00:00:00Z", "tries": 3, "message": "nginx\x1b[2J"},
        ("activation_failed", 3, False),
        "2026-11-21T00:10:00Z",
    ),
]


@pytest.mark.parametrize(
    ("memory", "activation", "expected", "next_try"),
    [item[1:] for item in SETBACKS],
    ids=[item[0] for item in SETBACKS],
)
def test_what_failed_last_is_told_without_anything_that_a_terminal_obeys(
    memory: dict[str, Any], activation: dict[str, Any], expected: tuple[Any, ...], next_try: str
) -> None:
    found = {"record": ORDER, "activation": activation}
    told = find_outlook(found, Memory.from_json(memory), None, is_renewed=True).to_json()
    failure = told["last_failure"]
    assert (failure["code"], failure["tries"], failure["heals"]) == expected
    assert (told["next_try"], "\x1b" in failure["message"], told["next_renewal"]) == (next_try, False, "")


def test_what_the_store_does_not_know_has_nothing_ahead() -> None:
    assert NO_OUTLOOK.to_json() == {
        "recorded_issuer": "",
        "next_renewal": "",
        "renewal_needed_by": "",
        "last_failure": None,
        "next_try": "",
    }
