# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._acme.dns_caa import CaaProperty, CaaSet
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.dns_lookup import (
    NameServer,
    Resolver,
    ask_txt,
    load_place,
    say_place,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.problems import AcmeProblem
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._acme.authoritative import (
    NameServerProcess,
    free_port,
    serve_zones,
)

LINES = """
@ NS ns1
@ NS ns2.other.test.
ns1 A 127.0.0.1
@ CAA 0 issue "ca.example"
two A 192.0.2.1
two AAAA 2001:db8::1
text TXT "one" "piece"
text TXT "second"
no-address TXT "x"
closer CAA 128 issuewild ";"
closer CAA 0 issue "other.example; accounturi=https://ca.example/1"
alias CNAME www.delegated.other.test.
_acme-challenge.www CNAME www.Delegated.other.test.
_acme-challenge.twice CNAME _acme-challenge.www
_acme-challenge.loop CNAME _acme-challenge.pool
_acme-challenge.pool CNAME _acme-challenge.loop
child NS ns.foreign.example.
*.wild CNAME cdn.other.test.
_acme-challenge.explicit.wild CNAME www.delegated.other.test.
"""
ZONES = {
    "example.test": LINES,
    "other.test": '@ NS ns2\nns2 A 127.0.0.1\nwww.delegated A 192.0.2.9\nwww.delegated CAA 0 issue "alias.example"',
    "sub.example.test": "@ NS ns1.example.test.",
    "gap.test": "@ NS nowhere",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NameServerProcess]:
    with serve_zones(tmp_path_factory.mktemp("zones"), ZONES) as running:
        yield running


@pytest.fixture
def resolver(server: NameServerProcess) -> Resolver:
    return Resolver((server.place,))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("two.example.test", ("2001:db8::1", "192.0.2.1"), id="both families, IPv6 first"),
        pytest.param("alias.example.test", ("192.0.2.9",), id="through an alias"),
        pytest.param("no-address.example.test", (), id="there, without an address"),
    ],
)
def test_addresses(resolver: Resolver, name: str, expected: tuple[str, ...]) -> None:
    assert resolver.find_addresses(name) == expected


def test_a_name_that_does_not_exist_is_definite(resolver: Resolver, server: NameServerProcess) -> None:
    with pytest.raises(AcmeProblem) as refused:
        resolver.find_addresses("none.example.test")
    assert (refused.value.kind, refused.value.code) == ("permanent", "dns_name_unknown")
    fact = f"The name none.example.test does not exist in the DNS as the resolver {server.place} sees it; make its"
    assert refused.value.message.startswith(fact)


def test_silence_is_not_definite(resolver: Resolver, server: NameServerProcess) -> None:
    for deaf, place in ((resolver, server.place), (Resolver(("127.0.0.1",), free_port(), seconds=0.2), "127.0.0.1")):
        with pytest.raises(AcmeProblem) as refused:
            deaf.find_addresses("www.foreign.example")
        assert (refused.value.kind, refused.value.code) == ("transient", "dns_unreachable")
        fact = f"The resolver {place} gives no answer about the A records of www.foreign.example; see that"
        assert refused.value.message.startswith(fact)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("_acme-challenge.example.test", "_acme-challenge.example.test", id="no alias"),
        pytest.param("_acme-challenge.www.example.test", "www.delegated.other.test", id="into another zone"),
        pytest.param("_acme-challenge.twice.example.test", "www.delegated.other.test", id="two steps"),
        pytest.param("_acme-challenge.wild.example.test", "_acme-challenge.wild.example.test", id="only a wildcard's"),
        pytest.param("_acme-challenge.a.wild.example.test", "_acme-challenge.a.wild.example.test", id="wildcard above"),
        pytest.param("_acme-challenge.explicit.wild.example.test", "www.delegated.other.test", id="below a wildcard"),
    ],
)
def test_where_the_values_of_a_name_live(resolver: Resolver, name: str, expected: str) -> None:
    assert resolver.find_target(name) == expected


def test_an_alias_without_an_end_is_told(resolver: Resolver) -> None:
    with pytest.raises(AcmeProblem) as refused:
        resolver.find_target("_acme-challenge.loop.example.test")
    assert (refused.value.kind, refused.value.code) == ("permanent", "dns_alias_loop")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("text.example.test", ("onepiece", "second"), id="pieces belong together"),
        pytest.param("two.example.test", (), id="there, without values"),
        pytest.param("none.example.test", (), id="not there"),
    ],
)
def test_txt_values(resolver: Resolver, name: str, expected: tuple[str, ...]) -> None:
    assert resolver.find_txt(name) == expected


CLOSER = (
    CaaProperty(0, "issue", "other.example; accounturi=https://ca.example/1"),
    CaaProperty(128, "issuewild", ";"),
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param(
            "a.b.example.test", CaaSet("example.test", (CaaProperty(0, "issue", "ca.example"),)), id="up to the apex"
        ),
        pytest.param("a.closer.example.test", CaaSet("closer.example.test", CLOSER), id="the closer one alone"),
        pytest.param(
            "*.closer.example.test", CaaSet("closer.example.test", CLOSER), id="a wildcard begins at its domain"
        ),
        pytest.param(
            "alias.example.test",
            CaaSet("alias.example.test", (CaaProperty(0, "issue", "alias.example"),)),
            id="an alias has its target's",
        ),
    ],
)
def test_the_caa_set_of_a_name(resolver: Resolver, name: str, expected: CaaSet) -> None:
    found = resolver.find_caa(name)
    assert CaaSet(found.domain, tuple(sorted(found.properties, key=lambda item: item.flags))) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("_acme-challenge.www.a.example.test", "example.test", id="some labels up"),
        pytest.param("sub.example.test", "sub.example.test", id="the zone's own name"),
        pytest.param("x.sub.example.test", "sub.example.test", id="the deeper of two"),
    ],
)
def test_the_zone_of_a_name(resolver: Resolver, name: str, expected: str) -> None:
    assert resolver.find_zone(name) == expected


def test_each_authoritative_server_of_the_zone_is_found(server: NameServerProcess, tmp_path: Path) -> None:
    resolver = system_resolver(server, tmp_path)
    places = (("127.0.0.1", server.port),)
    assert resolver.find_servers("a.example.test") == (
        NameServer("ns1.example.test", places),
        NameServer("ns2.other.test", places),
    )
    assert resolver.find_resolvers() == (NameServer(server.place, places, is_authoritative=False),)


def system_resolver(server: NameServerProcess, directory: Path) -> Resolver:
    path = directory / "resolv.conf"
    path.write_text(f"nameserver {server.address}\n", encoding="ascii")
    return Resolver(port=server.port, configuration=str(path))


def test_a_server_without_an_address_is_not_forgotten(server: NameServerProcess, tmp_path: Path) -> None:
    assert system_resolver(server, tmp_path).find_servers("a.gap.test") == (NameServer("nowhere.gap.test", ()),)


def test_a_chosen_resolver_is_the_one_that_is_believed(server: NameServerProcess) -> None:
    assert Resolver((server.place, "127.0.0.9"), 5353).find_servers("a.example.test") == (
        NameServer(server.place, (("127.0.0.1", server.port),), is_authoritative=False),
        NameServer("127.0.0.9:5353", (("127.0.0.9", 5353),), is_authoritative=False),
    )


def test_a_controller_without_a_resolver_is_told(tmp_path: Path) -> None:
    with pytest.raises(AcmeProblem) as refused:
        Resolver(configuration=str(tmp_path / "none")).find_txt("a.example.test")
    assert refused.value.message == f"{tmp_path}/none names no resolver; name one in `resolver`"


def test_values_as_one_server_has_them(server: NameServerProcess) -> None:
    asked = NameServer("asked", (("127.0.0.1", server.port),))
    assert ask_txt(
        NameServer("half", (("127.0.0.1", free_port()), *asked.places), seconds=0.2), "text.example.test"
    ) == {
        "onepiece",
        "second",
    }
    assert ask_txt(asked, "none.example.test") == frozenset()
    assert ask_txt(asked, "www.foreign.example") is None
    assert ask_txt(NameServer("nowhere", ()), "text.example.test") is None
    assert ask_txt(asked, "a.child.example.test") is None, "another server has it"


@pytest.mark.parametrize(
    ("text", "place", "shown"),
    [
        ("127.0.0.1", ("127.0.0.1", 53), "127.0.0.1"),
        ("127.0.0.1:8053", ("127.0.0.1", 8053), "127.0.0.1:8053"),
        ("::1", ("::1", 53), "::1"),
        ("[::1]:8053", ("::1", 8053), "[::1]:8053"),
        ("[::1]", ("::1", 53), "::1"),
    ],
    ids=["IPv4", "with a port", "IPv6", "IPv6 with a port", "in brackets"],
)
def test_addresses_of_resolvers_have_a_port_or_none(text: str, place: tuple[str, int], shown: str) -> None:
    assert load_place(text, 53) == place
    assert say_place(place) == shown
