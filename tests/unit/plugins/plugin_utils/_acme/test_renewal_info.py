# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._acme.problems import AcmeProblem
from ansible_collections.certwright.tls.plugins.plugin_utils._core.issuance import RenewalWindow
from ansible_collections.certwright.tls.tests.unit.authority import NOW
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._acme.scripted_ca import (
    Reply,
    ScriptedCa,
    Step,
    html,
    problem,
    with_headers,
    with_words,
)

CERT_ID = "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE"


@pytest.fixture
def server() -> Iterator[ScriptedCa]:
    with ScriptedCa() as started:
        yield started


def test_the_window_and_its_explanation_are_read(server: ScriptedCa) -> None:
    window, again = server.connect().renewal_info(CERT_ID)

    start = datetime(2026, 12, 1, tzinfo=timezone.utc)
    assert window == RenewalWindow(start, start + timedelta(days=2), "https://ca.example/why")
    assert again == NOW + timedelta(hours=6)
    assert server.requests[-1].path == f"/renewal_info/{CERT_ID}"
    assert server.requests[-1].protected == {}


@pytest.mark.parametrize(
    ("wish", "wait"),
    [
        ("21600", timedelta(hours=6)),
        ("Sun, 22 Nov 2026 00:00:00 GMT", timedelta(hours=2)),
        ("1", timedelta(minutes=1)),
        ("999999", timedelta(days=1)),
    ],
    ids=["seconds", "a date", "too soon", "too late"],
)
def test_the_next_question_is_when_the_ca_wants_it_within_reason(
    server: ScriptedCa, wish: str, wait: timedelta
) -> None:
    server.script("renewal_info", with_headers(Retry_After=wish))

    assert server.connect().renewal_info(CERT_ID)[1] == NOW + wait


def window(start: object, end: object) -> Step:
    return with_words(suggestedWindow={"start": start, "end": end})


@pytest.mark.parametrize(
    "step",
    [
        window("2026-12-03T00:00:00Z", "2026-12-01T00:00:00Z"),
        window("2026-12-03T00:00:00Z", "2026-12-03T00:00:00Z"),
        window("soon", "2026-12-01T00:00:00Z"),
        window(None, None),
        with_words(suggestedWindow=None),
        Reply(200, {}),
    ],
    ids=["backwards", "empty", "no date", "nothing", "no window", "nothing at all"],
)
def test_a_window_that_cannot_be_used_is_told(server: ScriptedCa, step: Step) -> None:
    server.script("renewal_info", step)
    with pytest.raises(AcmeProblem) as failed:
        server.connect().renewal_info(CERT_ID)

    assert (failed.value.kind, failed.value.code) == ("transient", "renewal_info_unusable")
    assert failed.value.retry_after == NOW + timedelta(hours=6)


@pytest.mark.parametrize(
    ("steps", "code"),
    [
        ([html(503)] * 9, "server_unavailable"),
        ([problem("malformed", 404, "unknown certificate")], "not_found"),
        ([Reply(200, b"[1, 2")] * 9, "bad_answer"),
    ],
    ids=["a tired server", "an unknown certificate", "no JSON"],
)
def test_no_window_is_told(server: ScriptedCa, steps: list[Step], code: str) -> None:
    server.script("renewal_info", *steps)
    with pytest.raises(AcmeProblem) as failed:
        server.connect().renewal_info(CERT_ID)

    assert failed.value.code == code
