# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests for an internal CA: which one is handed out again, how a host is told to make one, what the CA is told."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.internal_request import (
    describe_request,
    find_waiting,
    load_made,
    word_preparation,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError
from ansible_collections.certwright.tls.tests.unit.authority import shared_key
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.internal_certificates import (
    NAMES,
    NO_ORDER,
    due_of,
    held,
    waiting,
    wish_of,
)
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.ordered_certificates import (
    wish_of as acme_wish_of,
)
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.requests_of_hosts import (
    KEY_DIGEST,
    request_of,
)
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.test_deployment import found


@pytest.mark.parametrize(
    ("issuance", "words", "expected"),
    [
        pytest.param(waiting(), {}, True, id="it is what is wished for"),
        pytest.param(waiting(*reversed(NAMES)), {"key_type": "ec256"}, True, id="in another order"),
        pytest.param(waiting(), {"usage": "client", "subject": "CN=a", "days": 3}, True, id="what no request says"),
        pytest.param(waiting(), {"key_type": "rsa2048"}, False, id="another key is declared"),
        pytest.param(waiting(key=shared_key("EC secp256k1")), {}, False, id="a key that nobody declares"),
        pytest.param(waiting("a.example"), {}, False, id="a name is missing"),
        pytest.param(waiting(*NAMES, "b.example"), {}, False, id="a name too many"),
        pytest.param(waiting(purpose="request"), {}, False, id="of somebody who signs elsewhere"),
        pytest.param(waiting(purpose=""), {}, False, id="of an order by ACME"),
        pytest.param({**waiting(), "request": ""}, {}, False, id="its key is gone"),
        pytest.param({**waiting(), "order": None}, {}, False, id="its words are gone"),
        pytest.param({**waiting(), "request": request_of(*NAMES, cn="root")}, {}, False, id="not as hosts make it"),
        pytest.param(NO_ORDER, {}, False, id="nothing"),
        pytest.param({}, {}, False, id="nobody asked"),
    ],
)
def test_a_request_that_fits_is_handed_out_again(issuance: Any, words: dict[str, Any], expected: bool) -> None:
    waits = find_waiting(wish_of(**words), found(issuance=issuance))
    assert expected is (waits is not None)
    assert waits is None or waits.key_digest == KEY_DIGEST


def test_the_digest_of_a_key_may_be_unknown() -> None:
    issuance = waiting()
    waits = find_waiting(wish_of(), found(issuance={**issuance, "order": {**issuance["order"], "key": None}}))
    assert waits is not None
    assert waits.key_digest == ""


def test_what_the_host_is_told_to_make() -> None:
    told = word_preparation(due_of(wish_of(key_type="rsa2048"), live=held(15, 3), issuance=NO_ORDER))
    assert told == {
        "name": "web",
        "claimed_until": "",
        "generations": [3],
        "order": {"purpose": "internal_ca", "names": list(NAMES), "key_type": "rsa2048"},
        "key": {"type": "rsa2048", "names": list(NAMES)},
        "reuse": True,
        "ended_run": "",
    }
    told = word_preparation(due_of(issuance=waiting(purpose="")))
    assert (told["key"]["type"], told["reuse"]) == ("ec256", False)


def test_what_the_host_made_is_looked_at() -> None:
    assert load_made(wish_of(), {"refused": None, "request": request_of(*NAMES)}).names == NAMES


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        pytest.param({"refused": {"code": "openssl_failed", "message": "no"}}, "openssl_failed", id="it could not"),
        pytest.param({"refused": None, "request": ""}, "request_unfit", id="nothing"),
        pytest.param({"refused": None, "request": request_of("b.example")}, "request_unfit", id="for another name"),
    ],
)
def test_what_the_host_did_not_make_is_a_failure(told: dict[str, Any], expected: str) -> None:
    with pytest.raises(UnusableError) as refusal:
        load_made(wish_of(), told)
    assert expected == refusal.value.code


def test_what_the_ca_is_told_and_what_is_left_out() -> None:
    waits = find_waiting(wish_of(), found(issuance=waiting()))
    assert waits is not None
    anchors = [{"number": 7, "hash": "5d" * 32}]
    expected = {
        "issuer": "",
        "name": "web",
        "host": "web1",
        "csr": waits.request.pem,
        "usage": "server",
        "names": ["a.example"],
        "ips": ["192.0.2.7"],
        "emails": [],
        "anchors": anchors,
    }
    assert expected == describe_request(wish_of(), waits.request, host="web1", anchors=anchors)
    words = {"usage": "both", "subject": "CN=a", "emails": ["a@b.example"]}
    wish = wish_of(issuer="office", not_after="2027-01-20T00:00:00Z", **words)
    said = {**words, "issuer": "office", "csr": "", "not_after": "2027-01-20T00:00:00Z", "anchors": []}
    assert {**expected, **said} == describe_request(wish, None, host="web1", anchors=[])
    assert describe_request(wish_of(days=90), None, host="", anchors=[])["days"] == 90
    agent = [{"js7_agent": {"owner": "js7", "ports": [4443], "passphrase": "an orchard"}}]
    assert describe_request(wish_of(services=agent), None, host="", anchors=[])["subject_form"] == "js7"
    assert describe_request(acme_wish_of(), None, host="", anchors=[])["usage"] == "server"
