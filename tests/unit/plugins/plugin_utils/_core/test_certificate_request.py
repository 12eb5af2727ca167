# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host hands out to be signed: read before anybody signs it, and nothing but what was asked for."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import pytest
from cryptography import x509

from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate_request import (
    Begun,
    load_begun,
    load_request,
    load_waiting,
)
from ansible_collections.certwright.tls.tests.unit.authority import shared_key
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.requests_of_hosts import (
    CLAIM,
    KEY_DIGEST,
    issuance_of,
    order_of,
    request_of,
)
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.test_deployment import found

PEM = request_of("a.example", "*.b.example", "192.0.2.7", "2001:db8::1")
REQUEST = load_request(PEM)


def forged(pem: str) -> str:
    """The last byte of the signature is another one."""
    der = bytearray(base64.b64decode("".join(pem.splitlines()[1:-1])))
    der[-1] ^= 1
    text = base64.b64encode(bytes(der)).decode("ascii")
    return f"-----BEGIN CERTIFICATE REQUEST-----\n{text}\n-----END CERTIFICATE REQUEST-----\n"


def test_a_request_as_a_host_makes_it() -> None:
    assert REQUEST is not None
    assert REQUEST.names == ("a.example", "*.b.example", "192.0.2.7", "2001:db8::1")
    assert (REQUEST.pem, REQUEST.public_key.key_type) == (PEM, "EC P-256")
    assert PEM.splitlines()[1] not in repr(REQUEST)


def test_what_stands_around_it_is_not_handed_out() -> None:
    assert load_request(f"\x1b[2Jhello\n{PEM}and more\n") == REQUEST


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("hello", id="no request"),
        pytest.param("h\u00e4llo\udc00", id="no text"),
        pytest.param(PEM[:-80], id="cut off"),
        pytest.param(forged(PEM), id="not signed by its key"),
        pytest.param(request_of(), id="without names"),
        pytest.param(request_of("a.example", cn="b.example"), id="with a subject"),
        pytest.param(request_of("a.example", is_ca=True), id="that wishes to be a CA"),
        pytest.param(request_of("a.example", san=(x509.RFC822Name("root@a.example"),)), id="with a mail address"),
        pytest.param(request_of("a.example", san=(x509.DNSName("192.0.2.7"),)), id="with an address that is no name"),
        pytest.param(request_of("a.example", san=(x509.DNSName("a.example"),)), id="with a name twice"),
    ],
)
def test_what_is_not_as_a_host_of_ours_makes_it_counts_as_none(text: str) -> None:
    assert load_request(text) is None


BEGUN = Begun(True, "job 6", None, KEY_DIGEST, REQUEST)


@pytest.mark.parametrize(
    ("issuance", "expected"),
    [
        pytest.param({}, None, id="never asked"),
        pytest.param({**issuance_of(PEM), "order": None}, None, id="nothing was begun"),
        pytest.param(issuance_of(PEM), BEGUN, id="a request by itself"),
        pytest.param(issuance_of(""), replace(BEGUN, request=None), id="its key is gone"),
        pytest.param(
            order_of(PEM, claimed_until=CLAIM),
            replace(BEGUN, is_request=False, claimed_until=datetime(2026, 11, 21, 22, 10, tzinfo=timezone.utc)),
            id="an order by ACME",
        ),
        pytest.param(
            {"order": {"run": "\x1b[2J" + "x" * 200, "order": 7, "key": None}},
            Begun(False, r"\x1b[2J" + "x" * 96, None, "", None),
            id="words that nobody of us wrote",
        ),
    ],
)
def test_what_was_begun(issuance: dict[str, Any], expected: Begun | None) -> None:
    assert expected == load_begun(found(issuance=issuance))


@pytest.mark.parametrize(
    ("issuance", "waits"),
    [
        pytest.param({}, False, id="nothing was begun"),
        pytest.param(issuance_of(PEM), True, id="a request"),
        pytest.param(issuance_of(""), False, id="a request whose key is gone"),
        pytest.param(order_of(PEM), False, id="that of an order by ACME"),
    ],
)
def test_what_waits_to_be_signed_elsewhere(issuance: dict[str, Any], waits: bool) -> None:
    assert load_waiting(found(issuance=issuance)) == (REQUEST if waits else None)


def test_each_kind_of_key_is_known() -> None:
    kinds = [load_request(request_of("a.example", key=shared_key(kind))) for kind in ("EC P-384", "RSA 2048")]
    assert [request.public_key.key_type for request in kinds if request] == ["EC P-384", "RSA 2048"]
