# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._acme.dns_lookup import Resolver
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.preflight import find_preflight
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._acme.authoritative import (
    NameServerProcess,
    free_port,
    serve_zones,
)

ACCOUNT = "https://ca.example/acct/1"
OPEN = """
@ NS ns1
ns1 A 192.0.2.1
www A 192.0.2.1
www6 AAAA 2001:db8::1
alias CNAME www
broken CNAME www.foreign.example.
text TXT "no address"
"""
RESTRICTED = f"""
@ NS ns1
@ CAA 0 issue "ca.example"
ns1 A 192.0.2.1
a A 192.0.2.1
forbidden A 192.0.2.1
forbidden CAA 0 issue "other.example"
hosts A 192.0.2.1
hosts CAA 0 issue "ca.example"
hosts CAA 0 issuewild ";"
account A 192.0.2.1
account CAA 0 issue "ca.example; accounturi={ACCOUNT}"
method A 192.0.2.1
method CAA 0 issue "ca.example; validationmethods=dns-01"
critical A 192.0.2.1
critical CAA 0 issue "ca.example"
critical CAA 128 tbs "unknown"
"""
PARENT = "@ NS ns1.example.test."


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NameServerProcess]:
    zones = {"example.test": OPEN, "restricted.test": RESTRICTED, "test": PARENT}
    with serve_zones(tmp_path_factory.mktemp("zones"), zones) as running:
        yield running


def codes(
    server: NameServerProcess,
    *names: str,
    challenge: str = "http-01",
    account: str = ACCOUNT,
    identity: str = "ca.example",
) -> list[str]:
    problems, notices = find_preflight(
        names,
        resolver=Resolver((server.place,)),
        caa_identities=[identity] if identity else [],
        account_url=account,
        challenge_type=challenge,
    )
    return [finding.code for finding in (*problems, *notices)]


@pytest.mark.parametrize(
    ("names", "challenge", "expected"),
    [
        pytest.param(("www.example.test", "www6.example.test", "alias.example.test"), "http-01", [], id="all there"),
        pytest.param(("192.0.2.1", "2001:db8::1"), "http-01", [], id="addresses are not looked up"),
        pytest.param(("none.example.test",), "http-01", ["dns_name_unknown"], id="does not exist"),
        pytest.param(("text.example.test",), "http-01", ["dns_name_unknown"], id="has no address"),
        pytest.param(("none.example.test", "*.example.test"), "dns-01", [], id="dns-01 wants no address"),
        pytest.param(("www.foreign.example",), "http-01", ["dns_silent"], id="no answer"),
        pytest.param(("www.foreign.example",), "dns-01", ["dns_silent"], id="no answer about the zone"),
        pytest.param(("broken.example.test",), "http-01", ["dns_silent"], id="an alias to where nobody answers"),
        pytest.param(
            ("none.example.test", "www.foreign.example", "text.example.test"),
            "http-01",
            ["dns_name_unknown", "dns_name_unknown", "dns_silent"],
            id="all together",
        ),
    ],
)
def test_names_that_do_not_exist(
    server: NameServerProcess, names: tuple[str, ...], challenge: str, expected: list[str]
) -> None:
    assert codes(server, *names, challenge=challenge) == expected


@pytest.mark.parametrize(
    ("name", "words", "expected"),
    [
        pytest.param("a.restricted.test", {}, [], id="permitted above"),
        pytest.param("a.restricted.test", {"identity": "other.example"}, ["caa_forbids"], id="another CA"),
        pytest.param("forbidden.restricted.test", {}, ["caa_forbids"], id="the closer set counts"),
        pytest.param("forbidden.restricted.test", {"identity": ""}, [], id="a CA that looks at none"),
        pytest.param("hosts.restricted.test", {}, [], id="host"),
        pytest.param("*.hosts.restricted.test", {"challenge": "dns-01"}, ["caa_forbids"], id="wildcard"),
        pytest.param("account.restricted.test", {}, [], id="our account"),
        pytest.param("account.restricted.test", {"account": f"{ACCOUNT}0"}, ["caa_forbids"], id="another account"),
        pytest.param("account.restricted.test", {"account": ""}, ["caa_account_unknown"], id="no account yet"),
        pytest.param("method.restricted.test", {}, ["caa_forbids"], id="another challenge"),
        pytest.param("method.restricted.test", {"challenge": "dns-01"}, [], id="the challenge"),
        pytest.param("critical.restricted.test", {}, ["caa_forbids"], id="critical and unknown"),
    ],
)
def test_caa(server: NameServerProcess, name: str, words: dict[str, str], expected: list[str]) -> None:
    assert codes(server, name, **words) == expected


def test_a_refusal_says_where_the_set_is_and_what_to_put_there(server: NameServerProcess) -> None:
    problems, _notices = find_preflight(
        ["www.forbidden.restricted.test", "forbidden.restricted.test"],
        resolver=Resolver((server.place,)),
        caa_identities=["ca.example"],
        account_url=ACCOUNT,
        challenge_type="dns-01",
    )
    fact = 'it does not name ca.example by its `issue`; let it permit the CA, as in `CAA 0 issue "ca.example"`'
    assert [(problem.kind, problem.message) for problem in problems] == [
        (
            "permanent",
            f"The CAA set at forbidden.restricted.test forbids a certificate for {name}: {fact}",
        )
        for name in ("www.forbidden.restricted.test", "forbidden.restricted.test")
    ]


def test_a_domain_that_nobody_registered(tmp_path_factory: pytest.TempPathFactory) -> None:
    with serve_zones(tmp_path_factory.mktemp("root"), {".": PARENT}) as root:
        assert codes(root, "*.nobody.example", challenge="dns-01", identity="") == ["dns_name_unknown"]


def test_silence_costs_little(server: NameServerProcess) -> None:
    problems, notices = find_preflight(
        [f"h{number}.example.test" for number in range(16)],
        resolver=Resolver(("127.0.0.1",), free_port(), seconds=0.2),
        caa_identities=["ca.example"],
        account_url="",
        challenge_type="http-01",
    )
    assert (problems, [notice.code for notice in notices]) == ((), ["dns_silent"] * 16)
