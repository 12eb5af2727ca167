# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._acme.orders import (
    Challenge,
    load_authorization,
    load_order,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.problems import AcmeProblem

URL = "https://ca.example/order/1"


def test_an_order_is_read_with_what_it_says() -> None:
    document = {
        "status": "valid",
        "expires": "2026-11-28T22:00:00.5Z",
        "identifiers": [{"type": "dns", "value": "A.example"}, "damaged"],
        "finalize": "https://ca.example/f",
        "certificate": "https://ca.example/c",
        "replaces": "a.b",
        "profile": "short",
        "notBefore": 7,
    }
    order = load_order(document, url=URL)

    assert (order.url, order.status, order.names, order.title) == (
        URL,
        "valid",
        ("a.example",),
        "the order for a.example",
    )
    assert order.expires == datetime(2026, 11, 28, 22, tzinfo=timezone.utc)
    assert (order.certificate, order.profile, order.replaced) == ("https://ca.example/c", "short", True)
    assert isinstance(hash(order), int)


def test_an_order_without_names_has_a_title() -> None:
    assert load_order({"finalize": "https://ca.example/f"}, url=URL).title == "the order for no name"


@pytest.mark.parametrize(
    ("document", "title"),
    [
        ({"identifier": {"value": "A.example"}, "wildcard": True}, "*.a.example"),
        ({"identifier": {"value": "*.a.example"}}, "*.a.example"),
        ({"identifier": {"value": "a.example"}, "wildcard": "no"}, "a.example"),
    ],
    ids=["as RFC 8555 has it", "with its wildcard", "without one"],
)
def test_an_authorization_knows_its_wildcard(document: dict[str, object], title: str) -> None:
    authorization = load_authorization(document, url=URL)

    assert (authorization.title, authorization.name) == (title, "a.example")


@pytest.mark.parametrize("token", ["", None, 7, "../../etc/passwd", "a b", "a" * 513, "é"])
def test_a_challenge_without_a_token_that_could_be_a_file_is_not_offered(token: object) -> None:
    challenges = [{"type": "http-01", "url": "u", "token": token}, {"type": "dns-persist-01"}, "damaged"]
    authorization = load_authorization({"identifier": {"value": "a.example"}, "challenges": challenges}, url=URL)

    assert authorization.find_challenge("http-01") is None
    assert authorization.challenges == (
        Challenge("u", "http-01", "", "pending"),
        Challenge("", "dns-persist-01", "", "pending"),
    )


def test_a_challenge_is_found_by_its_type() -> None:
    challenges = [{"type": kind, "url": kind, "token": "t0-_"} for kind in ("tls-alpn-01", "dns-01")]
    authorization = load_authorization({"identifier": {"value": "a.example"}, "challenges": challenges}, url=URL)

    assert authorization.find_challenge("dns-01") == Challenge("dns-01", "dns-01", "t0-_", "pending")


@pytest.mark.parametrize("document", [{}, {"identifier": None}, {"identifier": {"value": 7}}])
def test_an_authorization_of_nobody_is_no_answer(document: dict[str, object]) -> None:
    with pytest.raises(AcmeProblem, match="The CA answers without the name of an authorization"):
        load_authorization(document, url=URL)


def test_an_order_without_an_address_is_no_answer() -> None:
    with pytest.raises(AcmeProblem, match="The CA answers without the address of an order"):
        load_order({"finalize": "https://ca.example/f"}, url="")
