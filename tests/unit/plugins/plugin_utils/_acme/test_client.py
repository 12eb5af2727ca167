# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._acme.account_key import load_account_key
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.problems import AcmeProblem
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._acme.scripted_ca import (
    ACCOUNT_KEY,
    INTERMEDIATE,
    Reply,
    ScriptedCa,
    Step,
    html,
    problem,
    with_words,
)

CERT_ID = "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE"
TERMS = "https://ca.example/terms/2"


@pytest.fixture
def server() -> Iterator[ScriptedCa]:
    with ScriptedCa(profiles={"classic": "as ever", "short": "a week"}) as started:
        yield started


@pytest.mark.parametrize(
    "refusal",
    [
        problem("alreadyReplaced", 409, "this certificate was replaced"),
        problem("unauthorized", 403, "requester account did not request the certificate being replaced"),
        problem("malformed", 404, "no certificate with this serial"),
        problem("malformed", 400, "parsing ARI CertID failed"),
        problem("urn:example:private", 400, "the `replaces` field is unknown"),
        Reply(409, b"conflict"),
    ],
    ids=["replaced already", "another account's", "unknown", "malformed", "a type of its own", "409 without a word"],
)
def test_a_refused_hint_does_not_cost_the_certificate(server: ScriptedCa, refusal: Reply) -> None:
    server.script("new_order", refusal)

    order = server.connect().place_order(["a.example"], replaces=CERT_ID)

    assert [payload.get("replaces") for payload in server.payloads("new_order")] == [CERT_ID, None]
    assert not order.replaced


def test_a_hint_that_is_taken_is_told(server: ScriptedCa) -> None:
    assert server.connect().place_order(["a.example"], replaces=CERT_ID).replaced
    assert server.count("new_order") == 1


@pytest.mark.parametrize(
    "refusal",
    [
        problem("rateLimited", 429, "too many", Retry_After="9000"),
        problem("rejectedIdentifier", 400, "blocked"),
        problem("externalAccountRequired", 403, "no"),
    ],
    ids=["a limit", "a blocked name", "an external account"],
)
def test_other_refusals_are_not_blamed_on_the_hint(server: ScriptedCa, refusal: Reply) -> None:
    server.script("new_order", refusal)
    with pytest.raises(AcmeProblem):
        server.connect().place_order(["a.example"], replaces=CERT_ID)

    assert server.count("new_order") == 1


def test_a_ca_without_renewal_information_is_given_no_hint(server: ScriptedCa) -> None:
    server.script("directory", with_words(renewalInfo=None))
    client = server.connect()
    client.place_order(["a.example"], replaces=CERT_ID)

    assert not client.has_renewal_info
    assert "replaces" not in server.payloads("new_order")[0]
    with pytest.raises(AcmeProblem, match="offers no renewalInfo"):
        client.renewal_info(CERT_ID)


def test_names_are_asked_for_as_what_they_are(server: ScriptedCa) -> None:
    server.connect().place_order(["*.a.example", "192.0.2.1"], profile="short")

    assert server.payloads("new_order") == [
        {
            "identifiers": [{"type": "dns", "value": "*.a.example"}, {"type": "ip", "value": "192.0.2.1"}],
            "profile": "short",
        }
    ]


def test_a_profile_that_the_ca_does_not_have_is_refused_before_it_is_asked(server: ScriptedCa) -> None:
    with pytest.raises(AcmeProblem) as failed:
        server.connect().place_order(["a.example"], profile="fast")

    assert failed.value.code == "profile_unknown"
    assert "knows classic, short; `fast` is not among them" in failed.value.message
    assert server.count("new_order") == 0


@pytest.mark.parametrize(
    ("step", "code", "kind"),
    [
        (problem("invalidProfile", 400, "gone"), "profile_unknown", "permanent"),
        (problem("rateLimited", 429, "paused, unpause at https://ca.example/u"), "paused", "permanent"),
        (problem("caa", 403, "forbidden"), "caa_forbids", "permanent"),
        (problem("accountDoesNotExist", 400, "gone"), "account_missing", "permanent"),
        (html(403), "bad_request", "permanent"),
    ],
    ids=["a profile that ended", "a pause", "CAA", "an account that is gone", "HTML"],
)
def test_refusals_of_an_order_are_typed(server: ScriptedCa, step: Step, code: str, kind: str) -> None:
    server.script("new_order", step)
    with pytest.raises(AcmeProblem) as failed:
        server.connect().place_order(["a.example"])

    assert (failed.value.code, failed.value.kind) == (code, kind)


def test_new_terms_are_agreed_to_by_who_agrees_to_any(server: ScriptedCa) -> None:
    server.script("new_order", problem("userActionRequired", 403, "new terms"))

    assert server.connect().place_order(["a.example"]).status == "pending"
    assert server.payloads("account")[-1] == {"termsOfServiceAgreed": True}


def test_new_terms_stop_who_agreed_to_the_old_ones(server: ScriptedCa) -> None:
    client = server.connect(terms_agreed=client_terms(server))
    server.meta["termsOfService"] = TERMS
    link = f'<{server.url}/directory>;rel="index", <{TERMS}>;rel="terms-of-service"'
    server.script("new_order", problem("userActionRequired", 403, "new terms", Link=link))
    with pytest.raises(AcmeProblem) as failed:
        client.place_order(["a.example"])

    assert (failed.value.kind, failed.value.code, failed.value.link) == ("permanent", "terms_changed", TERMS)
    assert server.count("new_order") == 1


def client_terms(server: ScriptedCa) -> str:
    return server.connect().terms


def test_an_order_needs_an_account(server: ScriptedCa) -> None:
    server.has_account = False
    client = server.connect()
    with pytest.raises(AcmeProblem) as failed:
        client.place_order(["a.example"])

    assert (failed.value.code, client.account) == ("account_missing", "")


@pytest.mark.parametrize(
    ("url", "is_its_own"),
    [
        ("{url}/order/1", True),
        ("{url}", True),
        ("https://other.example/order/1", False),
        ("{url}0/order/1", False),
        ("http://127.0.0.1/order/1", False),
        ("https://[::1/order/1", False),
        ("order/1", False),
        ("", False),
    ],
    ids=["its order", "itself", "another host", "another port", "no port", "no URL", "a path", "nothing"],
)
def test_only_addresses_of_the_ca_are_its_own(server: ScriptedCa, url: str, is_its_own: bool) -> None:
    assert server.connect().is_its_own(url.format(url=server.url)) == is_its_own


@pytest.mark.parametrize(
    ("step", "code"),
    [(html(503, Retry_After="9000"), "server_unavailable"), (with_words(finalize=""), "bad_answer")],
    ids=["away", "half of it"],
)
def test_an_order_that_cannot_be_read_now_is_not_gone(server: ScriptedCa, step: Step, code: str) -> None:
    client = server.connect()
    order = client.place_order(["a.example"])
    server.script("order", step)
    with pytest.raises(AcmeProblem) as failed:
        client.load_order(order.url)

    assert (failed.value.kind, failed.value.code) == ("transient", code)


def test_what_answers_a_challenge_is_made_of_token_and_key(server: ScriptedCa) -> None:
    client = server.connect()
    expected = f"token.{load_account_key(ACCOUNT_KEY).thumbprint}"
    digest = base64.urlsafe_b64encode(hashlib.sha256(expected.encode()).digest()).decode().rstrip("=")

    assert (client.key_authorization("token"), client.txt_value("token")) == (expected, digest)


def test_without_an_account_key_only_reading_works(server: ScriptedCa) -> None:
    client = server.connect(account_key=b"")
    window, again = client.renewal_info(CERT_ID)

    assert window.explanation == "https://ca.example/why"
    assert again > server.time.now
    with pytest.raises(AcmeProblem, match="No account key is given"):
        client.key_authorization("token")


def test_threads_have_clients_of_their_own_and_share_the_rest(server: ScriptedCa) -> None:
    first = server.connect()
    first.register()
    with ThreadPoolExecutor(8) as pool:
        orders = list(pool.map(lambda number: first.again().place_order([f"a{number}.example"]), range(40)))

    assert {order.names[0] for order in orders} == {f"a{number}.example" for number in range(40)}
    assert [server.count(kind) for kind in ("directory", "account", "new_order")] == [1, 1, 40]


def test_another_client_may_have_more_time(server: ScriptedCa) -> None:
    first = server.connect(deadline=10)
    first.register()
    server.time.sleep(11)
    with pytest.raises(AcmeProblem, match="time of this task is over"):
        first.again().place_order(["a.example"])

    second = first.again(deadline=10)
    assert second.place_order(["a.example"]).status == "pending"
    second.close()


@pytest.mark.parametrize("steps", [[], [problem("alreadyRevoked", 400, "twice")]], ids=["first", "revoked before"])
def test_a_certificate_is_revoked_afterwards(server: ScriptedCa, steps: list[Step]) -> None:
    server.script("revoke", *steps)
    issued = INTERMEDIATE.issue("a.example")
    server.connect().revoke(issued.pem + INTERMEDIATE.pem, reason=4)

    certificate = base64.urlsafe_b64encode(issued.der).decode().rstrip("=")
    assert server.payloads("revoke") == [{"certificate": certificate, "reason": 4}]


def test_a_refused_revocation_is_told(server: ScriptedCa) -> None:
    server.script("revoke", problem("badRevocationReason", 400, "no"))
    with pytest.raises(AcmeProblem) as failed:
        server.connect().revoke(INTERMEDIATE.pem, reason=8)

    assert failed.value.code == "bad_revocation_reason"


def test_an_authorization_is_given_up(server: ScriptedCa) -> None:
    client = server.connect()
    order = client.place_order(["a.example"])
    client.deactivate_authorization(order.authorizations[0].url)

    assert server.payloads("authorization") == [None, {"status": "deactivated"}]


def test_what_the_ca_says_about_itself(server: ScriptedCa) -> None:
    client = server.connect()

    assert client.terms == "https://ca.example/terms/1"
    assert client.profiles == {"classic": "as ever", "short": "a week"}
    assert client.caa_identities == ("ca.example",)
    assert not client.needs_eab
    assert client.has_renewal_info
    assert client.clock_difference == timedelta(0)


def test_no_key_is_in_what_is_shown(server: ScriptedCa) -> None:
    client = server.connect(eab_kid="kid", eab_hmac_key="hidden-words-of-the-ca")

    assert "hidden" not in repr(client.settings)
    assert "BEGIN" not in repr(client.settings)
