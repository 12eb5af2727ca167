# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._acme.dns_records import TxtRecord, challenge_name
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.dns_update import DnsUpdate, TsigKey
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.problems import AcmeProblem
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._acme.authoritative import (
    PROGRAMS,
    NameServerProcess,
    free_port,
    require_program,
    serve_zones,
)

EXAMPLE = """
@ NS ns1
ns1 A 127.0.0.1
child NS ns.other.test.
*.wild CNAME cdn.other.test.
_acme-challenge.busy TXT "foreign"
"""
ZONES = {"example.test": EXAMPLE} | dict.fromkeys(("deep.example.test", "other.test"), "@ NS ns1\nns1 A 127.0.0.1")


@pytest.fixture(scope="module", params=PROGRAMS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NameServerProcess]:
    with serve_zones(tmp_path_factory.mktemp("zones"), ZONES, program=require_program(request.param)) as running:
        yield running


def solver(server: NameServerProcess) -> DnsUpdate:
    return DnsUpdate(server.address, server.port, key=TsigKey(server.key_name, server.secret))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("www.example.org", "_acme-challenge.www.example.org", id="host"),
        pytest.param("*.example.org", "_acme-challenge.example.org", id="a wildcard shares the name of its domain"),
    ],
)
def test_where_a_ca_looks(name: str, expected: str) -> None:
    assert challenge_name(name) == expected


def test_apex_and_wildcard_have_their_values_at_one_name_and_each_is_removed_alone(server: NameServerProcess) -> None:
    apex, wildcard = (TxtRecord("_acme-challenge.example.test", value) for value in ("apex", "wildcard"))
    for record in (apex, wildcard, apex):
        solver(server).present(record)
    assert server.txt(apex.name) == {"apex", "wildcard"}
    solver(server).clean_up(apex)
    assert server.txt(apex.name) == {"wildcard"}
    solver(server).clean_up(wildcard)
    assert server.txt(apex.name) == set()


def test_a_foreign_value_in_the_set_stays(server: NameServerProcess) -> None:
    record = TxtRecord("_acme-challenge.busy.example.test", "ours")
    solver(server).present(record)
    assert server.txt(record.name) == {"foreign", "ours"}
    solver(server).clean_up(record)
    assert server.txt(record.name) == {"foreign"}


def test_removing_what_is_not_there_is_no_error(server: NameServerProcess) -> None:
    solver(server).clean_up(TxtRecord("_acme-challenge.nowhere.example.test", "ours"))
    solver(server).clean_up(TxtRecord("_acme-challenge.busy.example.test", "ours"))
    assert server.txt("_acme-challenge.busy.example.test") == {"foreign"}


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        pytest.param("_acme-challenge.a.b.example.test", "", id="found, some labels up"),
        pytest.param("deep.example.test", "", id="found, the zone's own name"),
        pytest.param("_acme-challenge.www.deep.example.test", "", id="found, the deeper of two"),
        pytest.param("_acme-challenge.named.other.test", "other.test", id="named"),
    ],
)
def test_the_zone_is_found_or_named(server: NameServerProcess, name: str, zone: str) -> None:
    replace(solver(server), zone=zone).present(TxtRecord(name, "value"))
    assert server.txt(name) == {"value"}


def test_a_value_takes_the_place_of_a_wildcards_alias(server: NameServerProcess) -> None:
    record = TxtRecord("_acme-challenge.www.wild.example.test", "value")
    solver(server).present(record)
    assert server.txt(record.name) == {"value"}


def test_a_server_is_found_by_its_name(server: NameServerProcess) -> None:
    record = TxtRecord("_acme-challenge.local.example.test", "value")
    replace(solver(server), server="localhost").present(record)
    assert server.txt(record.name) == {"value"}


RECORD = TxtRecord("_acme-challenge.www.example.test", "refused")


@pytest.mark.parametrize(
    ("changes", "record", "facts"),
    [
        pytest.param({"key": None}, RECORD, ("a request without a key",), id="no key"),
        pytest.param(
            {"zone": "other.test"}, RECORD, ("does not lie in the zone other.test (NOTZONE)",), id="not in it"
        ),
        pytest.param(
            {},
            TxtRecord("_acme-challenge.www.child.example.test", "refused"),
            ("it has delegated _acme-challenge.www.child.example.test to other servers", "name their primary"),
            id="delegated to others",
        ),
        pytest.param(
            {}, TxtRecord("_acme-challenge.a.foreign.example", "refused"), ("zone for _acme-challenge.a",), id="foreign"
        ),
        pytest.param({"zone": "nowhere.test"}, RECORD, ("`server`", "zone"), id="a zone that it has not"),
    ],
)
def test_a_refusal_says_what_it_means_and_the_way_out(
    server: NameServerProcess, changes: dict[str, object], record: TxtRecord, facts: tuple[str, ...]
) -> None:
    with pytest.raises(AcmeProblem) as refused:
        replace(solver(server), **changes).present(record)  # type: ignore[arg-type]
    assert (refused.value.kind, refused.value.code) == ("permanent", "dns_update_refused")
    assert refused.value.message.startswith(f"The DNS server 127.0.0.1 port {server.port} refuses: ")
    assert [fact for fact in facts if fact not in refused.value.message] == []


@pytest.mark.parametrize(
    ("key", "fact"),
    [
        pytest.param({"name": "nobody"}, "it does not know the key nobody, or not for this (BADKEY)", id="unknown key"),
        pytest.param(
            {"secret": "d3Jvbmc="}, "the secret of the key certwright is another one there (BADSIG)", id="secret"
        ),
        pytest.param({"algorithm": "hmac-sha512"}, "it does not know the key certwright, or not for", id="algorithm"),
        pytest.param({"name": "stranger"}, "stranger", id="a key that may not change this"),
    ],
)
def test_a_key_that_is_not_taken_is_told_without_its_secret(
    server: NameServerProcess, key: dict[str, str], fact: str
) -> None:
    right = TsigKey(server.key_name, server.secret)
    with pytest.raises(AcmeProblem) as refused:
        replace(solver(server), key=replace(right, **key)).present(RECORD)
    assert (refused.value.kind, refused.value.code) == ("permanent", "dns_update_refused")
    assert fact in refused.value.message
    assert server.secret not in refused.value.message
    assert server.secret not in repr(solver(server))


def test_clocks_that_disagree_are_named(server: NameServerProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    true_time = time.time
    monkeypatch.setattr(time, "time", lambda: true_time() - 3600)
    with pytest.raises(AcmeProblem) as refused:
        solver(server).present(RECORD)
    assert refused.value.code == "dns_update_refused"
    assert (
        "its clock and the controller's are more than five minutes apart (BADTIME); set both" in refused.value.message
    )


@pytest.mark.parametrize(
    ("host", "fact"),
    [("127.0.0.1", "127.0.0.1: Connection refused"), ("no-such-host.invalid", "it has no address")],
    ids=["nobody listens", "no such host"],
)
def test_a_server_that_is_not_there_heals_by_itself(host: str, fact: str) -> None:
    port = free_port()
    with pytest.raises(AcmeProblem) as refused:
        DnsUpdate(host, port).present(RECORD)
    assert (refused.value.kind, refused.value.code) == ("transient", "dns_unreachable")
    assert refused.value.message.startswith(f"The DNS server {host} port {port} cannot be asked ({fact}")
