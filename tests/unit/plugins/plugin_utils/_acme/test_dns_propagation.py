# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._acme.dns_lookup import Resolver
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.dns_propagation import await_values
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.dns_records import TxtRecord
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.dns_update import DnsUpdate, TsigKey
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.patience import Patience
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.problems import AcmeProblem
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._acme.authoritative import (
    NameServerProcess,
    free_port,
    serve_zones,
)

ZONES = {
    "example.test": "@ NS ns1\n@ NS ns2\nns1 A 127.0.0.1\nns2 A 127.0.0.2",
    "half.test": "@ NS ns1\n@ NS ns2\nns1 A 127.0.0.1\nns2 A 127.0.0.3",
    "deaf.test": "@ NS ns1\nns1 A 127.0.0.3",
}


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[NameServerProcess, NameServerProcess]]:
    """Two that know nothing of each other: what one has, the other has not yet."""
    port, directory = free_port(), tmp_path_factory.mktemp("zones")
    with (
        serve_zones(directory / "first", ZONES, port=port) as first,
        serve_zones(
            directory / "second", {"example.test": ZONES["example.test"]}, address="127.0.0.2", port=port
        ) as second,
    ):
        yield first, second


def add(server: NameServerProcess, name: str, *values: str) -> None:
    for value in values:
        solver = DnsUpdate(server.address, server.port, key=TsigKey(server.key_name, server.secret))
        solver.present(TxtRecord(name, value))


@dataclass
class Time:
    """Passes only when somebody sleeps; what is due happens meanwhile."""

    now: datetime
    due: list[Callable[[], None]] = field(default_factory=list)
    slept: float = 0

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        self.now += timedelta(seconds=seconds)
        if self.due:
            self.due.pop(0)()

    def patience(self, seconds: float = 120) -> Patience:
        return Patience(lambda: self.now, self.sleep, lambda: 0.5, self.now + timedelta(seconds=seconds))


def system_resolver(server: NameServerProcess, directory: Path) -> Resolver:
    path = directory / "resolv.conf"
    path.write_text(f"nameserver {server.address}\n", encoding="ascii")
    return Resolver(port=server.port, configuration=str(path), seconds=0.5)


def test_all_values_are_awaited_at_every_authoritative_server(
    servers: tuple[NameServerProcess, NameServerProcess], tmp_path: Path, now: datetime
) -> None:
    first, second = servers
    name, time = "_acme-challenge.example.test", Time(now)
    add(first, name, "apex", "wildcard")
    add(second, name, "foreign")
    time.due = [lambda: add(second, name, "apex"), lambda: None, lambda: add(second, name, "wildcard")]
    assert await_values(system_resolver(first, tmp_path), name, ["apex", "wildcard"], time.patience()) is None
    assert (time.due, time.slept < 1) == ([], True)


def test_a_server_that_never_follows_is_named(
    servers: tuple[NameServerProcess, NameServerProcess], tmp_path: Path, now: datetime
) -> None:
    name, time = "_acme-challenge.late.example.test", Time(now)
    add(servers[0], name, "value")
    with pytest.raises(AcmeProblem) as refused:
        await_values(system_resolver(servers[0], tmp_path), name, ["value"], time.patience())
    assert (refused.value.kind, refused.value.code) == ("transient", "dns_not_propagated")
    fact = (
        f"The server ns2.example.test does not show the TXT values at {name} after 120 s; see that the zone's servers"
    )
    assert refused.value.message.startswith(fact)
    assert 100 < time.slept <= 120


def test_a_chosen_resolver_is_awaited_alone(
    servers: tuple[NameServerProcess, NameServerProcess], now: datetime
) -> None:
    first, second = servers
    name, time = "_acme-challenge.chosen.example.test", Time(now)
    add(first, name, "value")
    assert await_values(Resolver((first.place,)), name, ["value"], time.patience()) is None
    with pytest.raises(AcmeProblem) as refused:
        await_values(Resolver((first.place, second.place)), name, ["value"], time.patience())
    fact = f"The server {second.place} does not show the TXT values at {name} after 120 s; it may remember that the"
    assert refused.value.message.startswith(fact)


def test_a_chosen_resolver_that_is_silent_is_told(now: datetime) -> None:
    place = f"127.0.0.1:{free_port()}"
    with pytest.raises(AcmeProblem) as refused:
        await_values(Resolver((place,), seconds=0.2), "_acme-challenge.example.test", ["value"], Time(now).patience())
    assert (refused.value.kind, refused.value.code) == ("transient", "dns_unreachable")
    assert refused.value.message.startswith(f"The resolver {place} gives no answer about _acme-challenge.example.test;")


def test_one_silent_server_is_passed_over_with_a_notice(
    servers: tuple[NameServerProcess, NameServerProcess], tmp_path: Path, now: datetime
) -> None:
    name = "_acme-challenge.half.test"
    add(servers[0], name, "value")
    notice = await_values(system_resolver(servers[0], tmp_path), name, ["value"], Time(now).patience())
    assert notice is not None
    assert notice.code == "dns_server_silent"
    assert notice.message.startswith(f"ns2.half.test gave no answer about {name}, the zone's other servers show")


def test_behind_a_firewall_the_systems_resolver_is_asked(
    servers: tuple[NameServerProcess, NameServerProcess], tmp_path: Path, now: datetime
) -> None:
    name, time = "_acme-challenge.deaf.test", Time(now)
    resolver = system_resolver(servers[0], tmp_path)
    time.due = [lambda: None, lambda: add(servers[0], name, "value")]
    assert await_values(resolver, name, ["value"], time.patience()) is None
    notice = await_values(resolver, name, ["another"], time.patience())
    assert notice is not None
    assert notice.code == "dns_not_checked"
    assert "ns1.deaf.test cannot be asked from here" in notice.message
