# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography import x509

from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import load_certificates
from ansible_collections.certwright.tls.plugins.plugin_utils._core.issuance import (
    NO_MEMORY,
    Failure,
    Memory,
    RenewalWindow,
    find_cert_id,
)
from ansible_collections.certwright.tls.tests.unit.authority import NOW, ca

HOUR = timedelta(hours=1)
WINDOW = RenewalWindow(NOW, NOW + 43 * HOUR, "https://ca.example/why")
FAILURE = Failure(
    code="rate_limited",
    message="ca.example has had enough",
    first=NOW - HOUR,
    last=NOW,
    tries=2,
    next_try=NOW + HOUR,
    kind="transient",
    asked="4f",
)
MEMORY = Memory(WINDOW, "aki.serial", NOW + 6 * HOUR, FAILURE, "https://ca.example/terms", NOW)


@pytest.mark.parametrize(
    "memory",
    [
        pytest.param(MEMORY, id="everything"),
        pytest.param(NO_MEMORY, id="nothing"),
        pytest.param(Memory(failure=FAILURE), id="a failure"),
        pytest.param(Memory(window_of="aki.serial", ask_again=NOW), id="a CA that gave no window"),
    ],
)
def test_a_memory_comes_back_from_the_host_as_it_was(memory: Memory) -> None:
    assert memory == Memory.from_json(json.loads(json.dumps(memory.to_json())))


def test_what_the_host_keeps() -> None:
    assert MEMORY.to_json() == {
        "window": {"start": "2026-11-21T22:00:00Z", "end": "2026-11-23T17:00:00Z", "explanation": WINDOW.explanation},
        "window_of": "aki.serial",
        "ask_again": "2026-11-22T04:00:00Z",
        "failure": {
            "code": "rate_limited",
            "message": "ca.example has had enough",
            "first": "2026-11-21T21:00:00Z",
            "last": "2026-11-21T22:00:00Z",
            "tries": 2,
            "next_try": "2026-11-21T23:00:00Z",
            "kind": "transient",
            "asked": "4f",
        },
        "terms": "https://ca.example/terms",
        "terms_agreed": "2026-11-21T22:00:00Z",
    }
    assert NO_MEMORY.to_json() == {}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param(None, NO_MEMORY, id="no object"),
        pytest.param(["window"], NO_MEMORY, id="a list"),
        pytest.param({**MEMORY.to_json(), "mood": "good"}, MEMORY, id="unknown word"),
        pytest.param({**MEMORY.to_json(), "window": "soon"}, replace(MEMORY, window=None), id="window is text"),
        pytest.param({**MEMORY.to_json(), "ask_again": 17}, replace(MEMORY, ask_again=None), id="instant is a number"),
        pytest.param({**MEMORY.to_json(), "terms": None}, replace(MEMORY, terms=""), id="text is nothing"),
        pytest.param({"terms": "a\x1b[2Jb"}, Memory(terms="a\\x1b[2Jb"), id="text writes on the terminal"),
        pytest.param({"terms": "a" * 9999}, Memory(terms="a" * 2000), id="text is endless"),
    ],
)
def test_what_is_damaged_is_as_if_it_were_not_there(words: object, expected: Memory) -> None:
    assert expected == Memory.from_json(words)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param({"start": ""}, id="no start"),
        pytest.param({"end": "tomorrow"}, id="no end"),
        pytest.param({"end": "2026-11-21T22:00:00Z"}, id="ends as it begins"),
    ],
)
def test_a_damaged_window_is_none(damage: dict[str, Any]) -> None:
    assert RenewalWindow.from_json({**WINDOW.to_json(), **damage}) is None


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param({"code": ""}, id="no code"),
        pytest.param({"tries": 0}, id="no try"),
        pytest.param({"tries": True}, id="tries are a truth"),
        pytest.param({"tries": "2"}, id="tries are text"),
        pytest.param({"first": None}, id="no beginning"),
        pytest.param({"last": "yesterday"}, id="no end"),
        pytest.param({"next_try": "2026-13-01T00:00:00Z"}, id="no next try"),
    ],
)
def test_a_damaged_failure_is_none(damage: dict[str, Any]) -> None:
    assert Failure.from_json({**FAILURE.to_json(), **damage}) is None


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        pytest.param(NOW, NOW + timedelta(seconds=1), True, id="ends later"),
        pytest.param(NOW, NOW, False, id="ends as it begins"),
        pytest.param(NOW, NOW - HOUR, False, id="ends before it begins"),
        pytest.param(NOW, NOW + timedelta(milliseconds=1), False, id="shorter than records can say"),
    ],
)
def test_which_windows_are_sound(start: datetime, end: datetime, expected: bool) -> None:
    assert RenewalWindow(start, end).is_sound is expected


@pytest.mark.parametrize(
    ("memory", "cert_id", "expected"),
    [
        pytest.param(MEMORY, "aki.serial", WINDOW, id="of this certificate"),
        pytest.param(MEMORY, "aki.other", None, id="of the one before"),
        pytest.param(MEMORY, "", None, id="certificate without a cert id"),
        pytest.param(Memory(WINDOW), "", None, id="window of nobody"),
    ],
)
def test_a_window_is_of_one_certificate(memory: Memory, cert_id: str, expected: RenewalWindow | None) -> None:
    assert expected == memory.window_for(cert_id)


@pytest.mark.parametrize(
    ("memory", "cert_id", "now", "expected"),
    [
        pytest.param(MEMORY, "aki.serial", NOW, False, id="it rests"),
        pytest.param(MEMORY, "aki.serial", NOW + 6 * HOUR, True, id="it has rested"),
        pytest.param(MEMORY, "aki.other", NOW, True, id="another certificate"),
        pytest.param(MEMORY, "", NOW, False, id="no cert id to ask by"),
        pytest.param(replace(MEMORY, ask_again=None), "aki.serial", NOW, True, id="no instant"),
        pytest.param(replace(MEMORY, ask_again=NOW + 24 * HOUR), "aki.serial", NOW, False, id="a day"),
        pytest.param(
            replace(MEMORY, ask_again=NOW + 25 * HOUR), "aki.serial", NOW, True, id="more than any CA may say"
        ),
    ],
)
def test_when_the_window_is_asked_for(memory: Memory, cert_id: str, now: datetime, expected: bool) -> None:
    assert memory.should_ask(cert_id, now) is expected


OTHER = RenewalWindow(NOW + HOUR, NOW + 2 * HOUR)


@pytest.mark.parametrize(
    ("window", "cert_id", "rest", "expected_window", "expected_rest"),
    [
        pytest.param(OTHER, "aki.serial", 6 * HOUR, OTHER, 6 * HOUR, id="moved window"),
        pytest.param(OTHER, "aki.other", 6 * HOUR, OTHER, 6 * HOUR, id="new certificate"),
        pytest.param(None, "aki.serial", HOUR, WINDOW, HOUR, id="no answer"),
        pytest.param(RenewalWindow(NOW, NOW), "aki.serial", HOUR, WINDOW, HOUR, id="answer that cannot be"),
        pytest.param(None, "aki.other", HOUR, None, HOUR, id="no answer for a new certificate"),
        pytest.param(OTHER, "aki.serial", None, OTHER, HOUR / 60, id="no Retry-After"),
        pytest.param(OTHER, "aki.serial", -HOUR, OTHER, HOUR / 60, id="Retry-After in the past"),
        pytest.param(OTHER, "aki.serial", 99 * HOUR, OTHER, 24 * HOUR, id="Retry-After of days"),
    ],
)
def test_what_of_an_answer_is_remembered(
    window: RenewalWindow | None,
    cert_id: str,
    rest: timedelta | None,
    expected_window: RenewalWindow | None,
    expected_rest: timedelta,
) -> None:
    expected = replace(MEMORY, window=expected_window, window_of=cert_id, ask_again=NOW + expected_rest)
    ask_again = None if rest is None else NOW + rest
    assert expected == MEMORY.with_window(window, cert_id=cert_id, ask_again=ask_again, now=NOW)


@pytest.mark.parametrize(
    ("serial", "expected"),
    [
        # The certificate of RFC 9773 A has this serial and this key identifier
        pytest.param(0x8765_4321, "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE", id="the example of the standard"),
        pytest.param(0x7F, "aYhba4dGQEHhs3uEe6CuLN4ByNQ.fw", id="highest of one byte"),
        pytest.param(0x80, "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIA", id="high bit"),
        pytest.param(0x0100, "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AQA", id="two bytes"),
    ],
)
def test_what_a_ca_knows_a_certificate_by(serial: int, expected: str) -> None:
    key_identifier = bytes.fromhex("69885b6b87464041e1b37b847ba0ae2cde01c8d4")
    authority_key = x509.AuthorityKeyIdentifier(key_identifier, None, None)
    leaf = ca().issue("a.example", serial=serial, key_ids=False, extra=(authority_key,))
    assert expected == find_cert_id(load_certificates(leaf.pem, "certificate")[0])


def test_a_negative_serial_of_a_private_ca_is_spelled_as_its_certificate_has_it() -> None:
    certificate = load_certificates(ca().issue("a.example").pem, "certificate")[0]
    assert find_cert_id(replace(certificate, serial="-80")).endswith(".gA")


def test_without_an_authority_key_there_is_no_cert_id() -> None:
    leaf = ca().issue("a.example", key_ids=False)
    assert find_cert_id(load_certificates(leaf.pem, "certificate")[0]) == ""
