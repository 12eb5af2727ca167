# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._acme.client import Client
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.problems import AcmeProblem
from ansible_collections.certwright.tls.tests.unit.authority import NOW
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._acme.scripted_ca import (
    Reply,
    ScriptedCa,
    Step,
    cut,
    html,
    problem,
    with_headers,
)

BAD_NONCE = problem("badNonce", 400, "old")


@pytest.fixture
def server() -> Iterator[ScriptedCa]:
    with ScriptedCa() as started:
        yield started


@pytest.fixture
def client(server: ScriptedCa) -> Client:
    client = server.connect()
    client.register()
    return client


def fail(client: Client) -> AcmeProblem:
    with pytest.raises(AcmeProblem) as failed:
        client.place_order(["a.example"])
    return failed.value


@pytest.mark.parametrize(
    ("steps", "slept"),
    [
        pytest.param([html(503)], [0.375], id="503 with HTML"),
        pytest.param([html(503, Retry_After="7")], [7.0], id="503 with seconds"),
        pytest.param([html(503, Retry_After="Sat, 21 Nov 2026 22:00:09 GMT")], [9.0], id="503 with a date"),
        pytest.param([html(500), html(502), html(504)], [0.375, 0.75, 1.5], id="three in a row"),
        pytest.param([html(429, Retry_After="2")], [2.0], id="429 of a front door with seconds"),
        pytest.param([html(429)], [0.375], id="429 without a word"),
        pytest.param([problem("rateLimited", 429, Retry_After="12")], [12.0], id="a short limit"),
        pytest.param([problem("serverInternal", 500)], [0.375], id="an internal error"),
        pytest.param([cut], [0.375], id="a cut body"),
        pytest.param([Reply(201, b"")], [0.375], id="an empty body"),
        pytest.param([Reply(201, b"<html>")], [0.375], id="HTML that says it is fine"),
        pytest.param([Reply(201, [1])], [0.375], id="JSON that is no object"),
        pytest.param([BAD_NONCE], [], id="a refused nonce"),
        pytest.param([BAD_NONCE] * 5, [0.01, 0.02, 0.03], id="many refused nonces: dice from the third on"),
        pytest.param(
            [BAD_NONCE] * 12,
            [0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.375],
            id="more refused nonces than are counted",
        ),
    ],
)
def test_what_passes_by_itself_is_tried_again(
    server: ScriptedCa, client: Client, steps: list[Step], slept: list[float]
) -> None:
    server.script("new_order", *steps)

    assert client.place_order(["a.example"]).status == "pending"
    assert server.count("new_order") == len(steps) + 1
    assert server.time.slept == slept


@pytest.mark.parametrize(
    ("steps", "code", "tries", "wait"),
    [
        pytest.param([html(503)] * 9, "server_unavailable", 5, None, id="a server that stays away"),
        pytest.param(
            [html(503, Retry_After="3600")], "server_unavailable", 1, timedelta(hours=1), id="503 for an hour"
        ),
        pytest.param(
            [problem("rateLimited", 429, Retry_After="90000")], "rate_limited", 1, timedelta(hours=25), id="a limit"
        ),
        pytest.param(
            [problem("rateLimited", 429, "retry after 2026-11-22 22:00:00 UTC")],
            "rate_limited",
            1,
            timedelta(days=1),
            id="a limit that only the text dates",
        ),
        pytest.param([html(429)] * 9, "rate_limited", 2, None, id="429 without a word, twice"),
        pytest.param([cut] * 9, "network_unreachable", 5, None, id="cut again and again"),
        pytest.param([Reply(201, b"")] * 9, "bad_answer", 5, None, id="empty again and again"),
        pytest.param([BAD_NONCE] * 99, "bad_nonce", 50, None, id="every nonce refused"),
    ],
)
def test_what_does_not_pass_soon_is_told_and_passes_later(  # noqa: PLR0917
    server: ScriptedCa, client: Client, steps: list[Step], code: str, tries: int, wait: timedelta | None
) -> None:
    server.script("new_order", *steps)

    failed = fail(client)

    assert (failed.kind, failed.code) == ("transient", code)
    assert server.count("new_order") == tries
    assert failed.retry_after == (NOW + wait if wait else None)


def test_a_limit_is_told_in_the_words_of_the_ca(server: ScriptedCa, client: Client) -> None:
    server.script("new_order", problem("rateLimited", 429, "too many\ncertificates\x1b[1m", Retry_After="9000"))

    assert fail(client).message == (
        f"{server.url.removeprefix('http://')} refuses the order for a.example: too many certificates\\x1b[1m; "
        "a later run tries again once the limit allows it"
    )


def test_what_is_refused_for_good_is_not_tried_again(server: ScriptedCa, client: Client) -> None:
    server.script("new_order", problem("rejectedIdentifier"))

    assert (fail(client).code, server.count("new_order"), server.time.slept) == ("rejected_identifier", 1, [])


def test_the_nonce_of_a_refusal_is_the_next_one(server: ScriptedCa, client: Client) -> None:
    server.script("new_order", with_headers(Replay_Nonce="refused1"), BAD_NONCE)
    server.script("new_order")
    client.place_order(["a.example"])
    asked = server.count("nonce")
    server.script("new_order", problem("badNonce", 400, "old", Replay_Nonce="next"))

    client.place_order(["a.example"])

    assert [each for each in server.requests if each.kind == "new_order"][-1].protected["nonce"] == "next"
    assert server.count("nonce") == asked


@pytest.mark.parametrize(
    ("steps", "code"),
    [
        ([Reply(200, b"", {"Replay-Nonce": ""})] * 9, "bad_answer"),
        ([html(503, Replay_Nonce="")] * 9, "server_unavailable"),
    ],
    ids=["none", "a tired server"],
)
def test_a_server_without_nonces_is_told(server: ScriptedCa, steps: list[Step], code: str) -> None:
    client = server.connect()
    server.script("nonce", *steps)
    with pytest.raises(AcmeProblem) as failed:
        client.register()

    assert (failed.value.code, server.count("nonce")) == (code, 5)


def test_requests_after_the_first_bring_the_account_and_the_url(server: ScriptedCa, client: Client) -> None:
    client.place_order(["a.example"])

    first, *others = [request for request in server.requests if request.protected]
    assert "jwk" in first.protected
    assert {request.protected.get("kid") for request in others} == {f"{server.url}/account/1"}
    assert all(request.protected["url"] == f"{server.url}{request.path}" for request in [first, *others])
    assert len({request.protected["nonce"] for request in [first, *others]}) == len(others) + 1


def test_nothing_is_asked_after_the_end(server: ScriptedCa) -> None:
    client = server.connect(deadline=10)
    client.register()
    server.time.sleep(10)
    asked = len(server.requests)

    assert (fail(client).code, len(server.requests)) == ("out_of_time", asked)


def test_refused_nonces_end_with_the_time_given(server: ScriptedCa) -> None:
    client = server.connect(deadline=0.12)
    client.register()
    server.script("new_order", *[BAD_NONCE] * 99)

    assert (fail(client).code, server.time.slept) == ("bad_nonce", [0.01, 0.02, 0.03, 0.04])


def test_waiting_ends_with_the_time_given(server: ScriptedCa) -> None:
    client = server.connect(deadline=5)
    client.register()
    server.script("new_order", html(503, Retry_After="6"))

    assert (fail(client).code, server.time.slept) == ("server_unavailable", [])


def test_an_account_key_is_asked_for_where_one_is_needed(server: ScriptedCa) -> None:
    client = server.connect(account_key=b"")
    with pytest.raises(AcmeProblem) as failed:
        client.register()

    assert failed.value.code == "account_key_missing"


def test_a_server_that_is_gone_is_told(server: ScriptedCa) -> None:
    server.stop()
    with pytest.raises(AcmeProblem) as failed:
        server.connect()

    assert failed.value.code == "network_unreachable"
    assert failed.value.message == (
        f"{server.url.removeprefix('http://')} gave no whole answer: Failed to establish a new connection: [Errno 111] "
        "Connection refused; let the controller reach it, or set https_proxy; a later run tries again"
    )
