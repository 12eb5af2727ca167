# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, hmac

from ansible_collections.certwright.tls.plugins.plugin_utils._acme.problems import AcmeProblem
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._acme.scripted_ca import (
    Reply,
    ScriptedCa,
    problem,
    with_headers,
    with_words,
)

TERMS = "https://ca.example/terms/1"
HMAC_KEY = bytes(range(100, 132))


@pytest.fixture
def server() -> Iterator[ScriptedCa]:
    with ScriptedCa() as started:
        started.has_account = False
        yield started


def fail(server: ScriptedCa, **settings: Any) -> AcmeProblem:
    with pytest.raises(AcmeProblem) as failed:
        server.connect(**settings).register()
    return failed.value


@pytest.mark.parametrize("agreed", [True, TERMS], ids=["to any terms", "to these terms"])
def test_a_new_account_is_registered_by_who_agrees(server: ScriptedCa, agreed: str | bool) -> None:
    client = server.connect(terms_agreed=agreed)

    assert client.find_account() == ""
    assert client.register() == client.account == f"{server.url}/account/1"
    assert server.payloads("account")[-1] == {"termsOfServiceAgreed": True, "contact": ["mailto:pki@example.org"]}


def test_an_account_that_is_there_is_found_without_agreeing(server: ScriptedCa) -> None:
    server.has_account = True

    assert server.connect(terms_agreed=False).register() == f"{server.url}/account/1"
    assert server.payloads("account") == [{"onlyReturnExisting": True}]


@pytest.mark.parametrize(
    ("agreed", "code", "message"),
    [
        (
            False,
            "terms_not_agreed",
            f"registers only who agrees to its terms; read {TERMS} and set `terms_agreed: true`",
        ),
        ("", "terms_not_agreed", f"registers only who agrees to its terms; read {TERMS} and set `terms_agreed: true`"),
        (
            "https://ca.example/terms/0",
            "terms_changed",
            f"have changed since they were agreed to; read {TERMS} and set",
        ),
    ],
    ids=["no", "nothing", "to older terms"],
)
def test_nobody_agrees_for_the_operator(server: ScriptedCa, agreed: str | bool, code: str, message: str) -> None:
    failed = fail(server, terms_agreed=agreed)

    assert (failed.kind, failed.code, failed.link) == ("permanent", code, TERMS)
    assert message in failed.message
    assert server.payloads("account") == [{"onlyReturnExisting": True}]


def test_a_ca_without_terms_asks_for_no_agreement(server: ScriptedCa) -> None:
    server.meta.clear()

    assert server.connect(terms_agreed=False, contact="").register()
    assert server.payloads("account")[-1] == {}


@pytest.mark.parametrize("padding", ["", "="], ids=["as JOSE has it", "padded"])
@pytest.mark.parametrize("altchars", [b"-_", b"+/"], ids=["base64url", "base64"])
def test_an_account_is_bound_to_that_of_the_cas_page(server: ScriptedCa, altchars: bytes, padding: str) -> None:
    server.meta["externalAccountRequired"] = True
    text = base64.b64encode(HMAC_KEY, altchars).decode("ascii").rstrip("=") + padding
    server.connect(eab_kid="kid-1", eab_hmac_key=text).register()

    binding = server.payloads("account")[-1]["externalAccountBinding"]
    protected = json.loads(base64.urlsafe_b64decode(binding["protected"] + "=="))
    assert protected == {"alg": "HS256", "kid": "kid-1", "url": f"{server.url}/account"}
    verify(f"{binding['protected']}.{binding['payload']}".encode(), binding["signature"])


def verify(content: bytes, signature: str) -> None:
    check = hmac.HMAC(HMAC_KEY, hashes.SHA256())
    check.update(content)
    try:
        check.verify(base64.urlsafe_b64decode(signature + "=="))
    except InvalidSignature:
        pytest.fail("the binding is signed with another key")


@pytest.mark.parametrize(
    ("settings", "code", "fact"),
    [
        ({}, "external_account_required", "registers only its own customers"),
        ({"eab_kid": "kid"}, "external_account_unusable", "eab_hmac_key is not base64"),
        ({"eab_kid": "kid", "eab_hmac_key": "what? this!"}, "external_account_unusable", "eab_hmac_key is not base64"),
        (
            {"eab_hmac_key": "aGlkZGVuIHdvcmRzIGhlcmU"},
            "external_account_unusable",
            "eab_hmac_key comes without eab_kid",
        ),
    ],
    ids=["none", "no key", "no base64", "no id"],
)
def test_an_unusable_binding_is_refused_before_it_is_sent(
    server: ScriptedCa, settings: dict[str, str], code: str, fact: str
) -> None:
    server.meta["externalAccountRequired"] = True

    failed = fail(server, **settings)

    assert (failed.kind, failed.code) == ("permanent", code)
    assert fact in failed.message
    assert failed.message.endswith("; pass eab_kid and eab_hmac_key from the CA's account page")
    assert server.count("account") == 1


@pytest.mark.parametrize(
    ("step", "code"),
    [
        (problem("unauthorized", 403, "unknown kid"), "external_account_refused"),
        (problem("malformed", 400, "unknown kid"), "external_account_refused"),
        (problem("invalidContact", 400, "not you"), "contact_refused"),
    ],
    ids=["unauthorized", "malformed", "for another reason"],
)
def test_a_binding_that_the_ca_refuses_is_told(server: ScriptedCa, step: Reply, code: str) -> None:
    server.script("account", problem("accountDoesNotExist"), step)

    assert fail(server, eab_kid="kid-1", eab_hmac_key="aGlkZGVuIHdvcmRzIGhlcmU").code == code


def test_a_ca_that_wants_the_binding_before_it_looks_is_registered_at(server: ScriptedCa) -> None:
    server.script("account", problem("externalAccountRequired", 403))

    assert server.connect().register() == f"{server.url}/account/1"


@pytest.mark.parametrize("status", ["deactivated", "revoked"])
def test_an_account_that_has_ended_is_told(server: ScriptedCa, status: str) -> None:
    server.has_account = True
    server.script("account", with_words(status=status))

    assert (fail(server).code, server.count("account")) == ("account_ended", 1)


@pytest.mark.parametrize(
    ("step", "code"),
    [
        (problem("invalidContact", 400, "example.org is forbidden"), "contact_refused"),
        (problem("unauthorized", 403, "account is deactivated"), "unauthorized"),
        (Reply(200, {"status": "valid"}), "bad_answer"),
    ],
    ids=["its contact", "its key", "an answer without its address"],
)
def test_an_account_that_is_refused_says_why(server: ScriptedCa, step: Reply, code: str) -> None:
    server.script("account", problem("accountDoesNotExist"), step)

    assert fail(server).code == code


def test_an_answer_without_an_address_is_no_account(server: ScriptedCa) -> None:
    server.has_account = True
    server.script("account", with_headers(Location=""))

    assert fail(server).code == "bad_answer"
