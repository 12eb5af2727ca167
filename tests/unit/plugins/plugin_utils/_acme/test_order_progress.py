# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from ansible_collections.certwright.tls.plugins.plugin_utils._acme.client import Client
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.orders import Order
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.problems import AcmeProblem
from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import load_certificates
from ansible_collections.certwright.tls.tests.unit.authority import NOW, make_key
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._acme.scripted_ca import (
    ERROR,
    INTERMEDIATE,
    ROOT,
    Reply,
    ScriptedCa,
    Step,
    cut,
    html,
    problem,
    usual,
    with_headers,
    with_words,
)

NAMES = ("a.example", "*.a.example")
PENDING = with_words(status="pending")


@pytest.fixture
def server() -> Iterator[ScriptedCa]:
    with ScriptedCa() as started:
        yield started


@pytest.fixture
def client(server: ScriptedCa) -> Client:
    client = server.connect()
    client.register()
    return client


def request(*names: str) -> str:
    key = make_key()
    san = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
    builder = x509.CertificateSigningRequestBuilder(x509.Name([])).add_extension(san, critical=True)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode("ascii")


REQUEST = request(*NAMES)


def place(client: Client, *names: str) -> Order:
    order = client.place_order(names or NAMES)
    for authorization in order.authorizations:
        challenge = authorization.find_challenge("dns-01")
        assert challenge is not None
        client.answer(challenge)
    return order


def obtain(client: Client) -> bytes:
    order = client.await_authorizations(place(client))
    return client.download(client.finalize(order, REQUEST), REQUEST)


def fail(client: Client) -> AcmeProblem:
    with pytest.raises(AcmeProblem) as failed:
        obtain(client)
    return failed.value


def test_an_order_ends_with_a_chain(server: ScriptedCa, client: Client) -> None:
    chain = load_certificates(obtain(client), "certificate")

    assert chain[0].names == NAMES
    assert chain[1].pem.encode() == INTERMEDIATE.pem
    assert server.time.slept == []
    assert [server.count(kind) for kind in ("new_order", "finalize", "certificate")] == [1, 1, 1]


def test_an_order_shows_what_is_to_be_proved(client: Client) -> None:
    order = client.place_order(NAMES)

    assert [(each.title, each.name, each.wildcard, each.status) for each in order.authorizations] == [
        ("a.example", "a.example", False, "pending"),
        ("*.a.example", "a.example", True, "pending"),
    ]
    assert order.expires == NOW + timedelta(days=7)
    assert order.title == "the order for a.example and 1 more"
    assert order.authorizations[0].find_challenge("tls-alpn-01") is None


@pytest.mark.parametrize(
    ("kind", "steps", "slept"),
    [
        pytest.param("order", [with_words(status="pending")] * 2, [0.05, 0.07], id="polled early and often"),
        pytest.param(
            "order",
            [lambda reply: PENDING(with_headers(Retry_After="3")(reply))],
            [3.0],
            id="a wish",
        ),
        pytest.param("order", [with_words(status="on hold")], [0.05], id="a state that we do not know"),
        pytest.param("order", [usual, with_words(status="processing", certificate="")], [0.05], id="processing"),
        pytest.param("order", [usual, with_words(certificate="")], [0.05], id="valid before its certificate is there"),
        pytest.param("order", [html(502)], [0.375], id="a tired server"),
        pytest.param("finalize", [problem("orderNotReady", 403)], [0.05], id="finalized too early"),
        pytest.param("certificate", [cut], [0.375], id="a cut download"),
        pytest.param("certificate", [Reply(200, ROOT.pem[:200])], [0.375], id="half a download of older libraries"),
    ],
)
def test_an_order_survives(
    server: ScriptedCa, client: Client, kind: str, steps: list[Step], slept: list[float]
) -> None:
    server.script(kind, *steps)

    assert obtain(client).count(b"BEGIN CERTIFICATE") == 2
    assert server.time.slept == slept


def test_a_finalization_whose_answer_was_lost_is_noticed(server: ScriptedCa, client: Client) -> None:
    server.script("finalize", cut)

    assert obtain(client).count(b"BEGIN CERTIFICATE") == 2
    assert server.count("finalize") == 2


def test_an_order_that_was_finalized_meanwhile_is_not_finalized_again(server: ScriptedCa, client: Client) -> None:
    issued = with_words(status="valid", certificate="https://ca.example/c")
    server.script("order", with_words(status="processing"), issued)

    assert client.finalize(place(client), REQUEST).certificate == "https://ca.example/c"
    assert server.count("finalize") == 0


def test_a_challenge_whose_answer_was_lost_is_noticed(server: ScriptedCa, client: Client) -> None:
    server.script("challenge", cut, problem("malformed", 400, "challenge is not pending"))

    assert obtain(client).count(b"BEGIN CERTIFICATE") == 2


def test_a_challenge_that_is_refused_is_told(server: ScriptedCa, client: Client) -> None:
    server.script("challenge", problem("malformed", 400, "no such challenge"), with_words(status="pending"))

    assert fail(client).message == (
        f"{server.url.removeprefix('http://')} refuses the dns-01 challenge: no such challenge; "
        "the CA's own words above say what it wants"
    )


def test_a_challenge_that_meets_a_limit_is_told(server: ScriptedCa, client: Client) -> None:
    server.script("challenge", problem("rateLimited", 429, "slow", Retry_After="900"))

    assert (fail(client).code, server.count("challenge")) == ("rate_limited", 1)


def test_a_finalization_that_failed_meanwhile_says_why(server: ScriptedCa, client: Client) -> None:
    error = {"type": f"{ERROR}caa", "detail": "late"}
    server.script("finalize", problem("orderNotReady", 403))
    server.script("order", usual, with_words(status="invalid", error=error))

    assert (fail(client).code, server.count("finalize")) == ("caa_forbids", 1)


def test_a_challenge_that_the_ca_looked_at_is_left_alone(server: ScriptedCa, client: Client) -> None:
    place(client)
    order = client.load_order(f"{server.url}/order/1")
    challenge = order.authorizations[0].challenges[0]
    client.answer(challenge)

    assert (challenge.status, server.count("challenge")) == ("valid", 2)


def test_a_begun_order_goes_on_by_its_address(server: ScriptedCa, client: Client) -> None:
    order = client.finalize(place(client), REQUEST)
    begun = server.connect().load_order(order.url)

    assert client.finalize(begun, REQUEST) == begun
    assert client.download(begun, REQUEST).count(b"BEGIN CERTIFICATE") == 2
    assert [server.count(kind) for kind in ("new_order", "finalize")] == [1, 1]


@pytest.mark.parametrize(
    "step",
    [
        Reply(404, {"detail": "not found"}),
        problem("unauthorized", 403, "of another account"),
        problem("malformed", 404, "no order"),
    ],
    ids=["unknown", "of another account", "malformed"],
)
def test_an_order_that_is_gone_is_told_apart(server: ScriptedCa, client: Client, step: Step) -> None:
    server.script("order", step)
    with pytest.raises(AcmeProblem) as failed:
        client.load_order(f"{server.url}/order/7")

    assert failed.value.code == "order_gone"


@pytest.mark.parametrize("status", ["pending", "processing", "on hold", ""])
def test_an_order_without_an_end_is_left_for_a_later_run(server: ScriptedCa, client: Client, status: str) -> None:
    server.script("order", *[with_words(status=status, certificate="")] * 2000)

    order = place(client)
    order = order if status != "processing" else replace(order, status="processing")
    with pytest.raises(AcmeProblem) as failed:
        client.finalize(order, REQUEST)

    assert (failed.value.kind, failed.value.code) == ("transient", "order_pending")
    assert "a later run goes on with it" in failed.value.message
    assert NOW + timedelta(seconds=590) < server.time.now < NOW + timedelta(seconds=600)


def test_a_wish_beyond_the_end_ends_at_once(server: ScriptedCa, client: Client) -> None:
    server.script("order", lambda reply: PENDING(with_headers(Retry_After="1800")(reply)))

    failed = fail(client)

    assert (failed.code, failed.retry_after, server.time.slept) == ("order_pending", NOW + timedelta(minutes=30), [])


def dead(kind: str, status: str = "invalid", challenge: str = "dns-01") -> Step:
    def change(reply: Reply) -> Reply:
        error = {"type": ERROR + kind, "detail": f"because of {kind}", "status": 403} if kind else None
        failed = {"type": challenge, "url": "https://ca.example/c", "status": "invalid", "error": error}
        return replace(reply, body={**reply.body, "status": status, "challenges": [{"type": "http-01"}, failed]})

    return change


@pytest.mark.parametrize(
    ("steps", "verdict", "message"),
    [
        pytest.param(
            [dead("unauthorized"), usual],
            ("permanent", "unauthorized"),
            "a.example could not be validated by dns-01: because of unauthorized; see that every name "
            "server of the zone has the TXT record, and no CNAME leads elsewhere",
            id="one of two",
        ),
        pytest.param(
            [dead("serverInternal"), dead("caa")],
            ("permanent", "caa_forbids"),
            "a.example could not be validated by dns-01: because of serverInternal; nothing is to be done, a later run "
            "tries again | *.a.example could not be validated by dns-01: because of caa; ",
            id="both, the worse one counts",
        ),
        pytest.param(
            [dead("serverInternal")], ("transient", "server_unavailable"), "a.example could not", id="it will pass"
        ),
        pytest.param(
            [dead("incorrectResponse", challenge="http-01")],
            ("permanent", "incorrect_response"),
            "a.example could not be validated by http-01: because of incorrectResponse; see that the CA ",
            id="http-01",
        ),
        pytest.param(
            [dead("unauthorized", challenge="other-01")],
            ("permanent", "unauthorized"),
            "a.example could not be validated by other-01: because of unauthorized; see that the account is active",
            id="a challenge that we do not know",
        ),
        pytest.param([dead("")], ("permanent", "order_invalid"), "The authorization of a.example is", id="mute"),
        *[
            pytest.param(
                [dead("", status)],
                ("transient", "order_expired"),
                f"The authorization of a.example is {status}; a later run orders anew",
                id=status,
            )
            for status in ("expired", "deactivated", "revoked")
        ],
    ],
)
def test_each_name_that_failed_has_its_fact(
    server: ScriptedCa, client: Client, steps: list[Step], verdict: tuple[str, str], message: str
) -> None:
    order = place(client)
    server.script("order", with_words(status="invalid"))
    server.script("authorization", *steps)
    with pytest.raises(AcmeProblem) as failed:
        client.await_authorizations(order)

    assert (failed.value.kind, failed.value.code) == verdict
    assert failed.value.message.startswith(message)


def test_a_dead_authorization_ends_an_order_that_stays_pending(server: ScriptedCa, client: Client) -> None:
    order = place(client)
    server.script("order", *[with_words(status="pending")] * 20)
    server.script("authorization", usual, dead("caa"), dead("caa"), dead("caa"))
    with pytest.raises(AcmeProblem) as failed:
        client.await_authorizations(order)

    assert (failed.value.code, server.count("order")) == ("caa_forbids", 5)


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        ({"type": f"{ERROR}caa", "detail": "late"}, ("permanent", "caa_forbids")),
        ({"type": f"{ERROR}serverInternal", "detail": "late"}, ("transient", "server_unavailable")),
        ({"type": f"{ERROR}malformed", "detail": "late"}, ("permanent", "order_invalid")),
        ({}, ("permanent", "order_invalid")),
    ],
    ids=["CAA", "an internal error", "anything", "nothing"],
)
def test_an_order_that_fails_after_its_names_were_proved_says_why(
    server: ScriptedCa, client: Client, error: dict[str, str], verdict: tuple[str, str]
) -> None:
    server.script("order", usual, with_words(status="invalid", error=error))

    failed = fail(client)

    assert (failed.kind, failed.code) == verdict


def test_a_refused_request_is_told_at_once(server: ScriptedCa, client: Client) -> None:
    server.script("finalize", problem("badCSR", 400, "weak key"))

    assert (fail(client).code, server.count("order")) == ("bad_csr", 1)


def test_a_finalization_that_is_forbidden_is_told(server: ScriptedCa, client: Client) -> None:
    server.script("finalize", problem("unauthorized", 403, "no"))

    assert (fail(client).code, server.count("finalize")) == ("unauthorized", 1)


@pytest.mark.parametrize("kind", ["new_order", "order"])
def test_an_order_for_other_names_is_refused(server: ScriptedCa, client: Client, kind: str) -> None:
    others = [{"type": "dns", "value": name} for name in ("a.example", "evil.example")]
    server.script(kind, with_words(identifiers=others))

    failed = fail(client)

    assert (failed.kind, failed.code) == ("permanent", "identifiers_changed")
    assert "without *.a.example, with evil.example" in failed.message


def test_the_order_and_the_case_of_names_do_not_count(server: ScriptedCa, client: Client) -> None:
    names = [{"type": "dns", "value": name.upper()} for name in reversed(NAMES)]
    server.script("new_order", with_words(identifiers=names))

    assert set(client.place_order(NAMES).names) == set(NAMES)


OTHER = INTERMEDIATE.issue(*NAMES)
STRANGER = ROOT.authority("Stranger")


@pytest.mark.parametrize(
    ("content", "fact"),
    [
        (INTERMEDIATE.pem, "lacks a.example, *.a.example"),
        (INTERMEDIATE.issue("b.example").pem + INTERMEDIATE.pem, "lacks a.example, *.a.example"),
        (OTHER.pem + INTERMEDIATE.pem, "has another key than the request that it was made for"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "cannot be read ("),
    ],
    ids=["the chain without the leaf", "another leaf", "another key", "no certificate"],
)
def test_a_wrong_chain_is_refused(server: ScriptedCa, client: Client, content: bytes, fact: str) -> None:
    server.script("certificate", Reply(200, content))

    failed = fail(client)

    assert (failed.kind, failed.code) == ("permanent", "certificate_unfit")
    assert failed.message.startswith(f"The certificate that the CA issued {fact}")


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ({"finalize": ""}, "an address to finalize at"),
        ({"authorizations": []}, "the authorizations of an order"),
        ({"authorizations": None}, "the authorizations of an order"),
    ],
)
def test_an_order_with_parts_missing_passes_later(
    server: ScriptedCa, client: Client, body: dict[str, object], what: str
) -> None:
    server.script("new_order", with_words(**body))

    failed = fail(client)

    assert (failed.code, failed.message) == ("bad_answer", f"The CA answers without {what}; a later run tries again")


def test_a_request_that_cannot_be_read_is_refused(client: Client) -> None:
    with pytest.raises(AcmeProblem) as failed:
        client.finalize(place(client), "no request")

    assert failed.value.code == "bad_csr"
