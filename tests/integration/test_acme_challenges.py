# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a CA is shown that a name is ours, and that nothing of it stays behind, and nothing of others goes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest
from acme_server import AcmeServer
from dns_server import DnsServer, find_dns_servers
from fault_proxy import FaultProxy
from processes import is_listening

from ansible_collections.certwright.tls.tests.integration.acme_faults import Held
from ansible_collections.certwright.tls.tests.integration.acme_site import (
    CHALLENGES,
    AcmeSite,
    fingerprint,
    has_warning,
    outcomes,
    problems,
)
from ansible_collections.certwright.tls.tests.integration.processes_of_a_run import kill
from ansible_collections.certwright.tls.tests.integration.servers import wait_until
from ansible_collections.certwright.tls.tests.integration.site import Site

ZONE = """\
www A 127.0.0.1
api A 127.0.0.1
_acme-challenge.api CNAME moved
"""

WRONG_SECRET = "d3JvbmcgYnV0IHNlY3JldCwgdG9vIQ=="


def test_a_listener_answers_on_a_port_that_is_free_and_ends_with_the_order(acme: AcmeSite) -> None:
    acme.serve("system", web=False)
    words = {"port": acme.http_port, "resolver": [acme.ca.dns]}
    ordered = acme.order(acme.certificate("system", "shop.example.org"), challenge=words)
    assert outcomes(ordered) == {"system": "activated"}, ordered
    assert acme.served() == fingerprint(ordered)
    assert acme.find_challenges() == []
    wait_until(lambda: not is_listening(acme.http_port), "a listener that has ended")
    assert len(acme.front.orders) == 1


def test_what_cannot_be_shown_is_refused_by_itself_and_a_file_of_somebody_else_stays(acme: AcmeSite) -> None:
    acme.serve("system", "taken.example", "astray.example", "elsewhere.example")
    elsewhere = acme.site.host / "elsewhere"
    elsewhere.mkdir()
    foreign = acme.webroot / CHALLENGES / "somebody-elses"
    foreign.parent.mkdir(parents=True)
    foreign.write_text("not ours", encoding="ascii")
    before = acme.find_challenges()

    taken = {"port": acme.http_port, "resolver": [acme.ca.dns]}
    result = acme.order(
        acme.certificate(),
        acme.certificate("taken.example", challenge=taken),
        acme.certificate("astray.example", challenge=acme.webroot_words(webroot="/nowhere/to/be/seen")),
        acme.certificate("elsewhere.example", challenge=acme.webroot_words(webroot=str(elsewhere))),
    )
    assert result["status"] == "failed"
    refused = {
        "taken.example": "port_taken",
        "astray.example": "webroot_missing",
        "elsewhere.example": "challenge_not_served",
    }
    assert problems(result) == refused
    assert "nginx" in result["msg"]
    assert "/nowhere/to/be/seen" in result["msg"]
    assert outcomes(result) == {"system": "activated", **dict.fromkeys(refused, "failed")}
    # Nothing that would fail was asked for: failures are counted there.
    assert (acme.front.counts["challenge"], list(elsewhere.iterdir())) == (1, [])
    for name, shown in (("system", fingerprint(result)), *list(acme.by_hand.items())[1:]):
        assert acme.served(name) == shown
    assert (acme.find_challenges(), foreign.read_text(encoding="ascii")) == (before, "not ours")


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DnsServer]:
    """A real authoritative server that takes updates with a TSIG key."""
    if not find_dns_servers():
        pytest.fail("a DNS server is needed: apt-get install --no-install-recommends knot")
    with DnsServer(tmp_path_factory.mktemp("dns"), {"z.test": ZONE}) as server:
        yield server


@pytest.fixture
def front(names: DnsServer, acme_ca: AcmeServer, request: pytest.FixtureRequest) -> Iterator[FaultProxy]:
    """For dns-01 the CA asks the real server."""
    if "zone" not in request.fixturenames:
        with FaultProxy(acme_ca) as proxy:
            yield proxy
        return
    directory = request.getfixturevalue("tmp_path")
    with AcmeServer(directory, dns=names.address) as server, FaultProxy(server) as proxy:
        yield proxy


class Zone:
    """The words for it, and what is in it."""

    def __init__(self, site: Site, names: DnsServer) -> None:
        self.site, self.names = site, names
        (site.controller.secrets / "tsig").write_text(names.key.secret, encoding="ascii")
        site.scanner.add_word(names.key.secret)

    @property
    def words(self) -> dict[str, Any]:
        return {
            "type": "dns-01",
            "provider": "rfc2136",
            "server": "127.0.0.1",
            "server_port": self.names.port,
            "tsig_name": self.names.key.name,
            "tsig_secret_src": "tsig",
            "resolver": [self.names.address],
        }

    def hook(self) -> str:
        """A program of the operator's own; it says what it was told to do."""
        text = f"""#!{sys.executable}
import sys, dns.query, dns.update, dns.tsig
verb, name, value = sys.argv[1:]
with open({str(self.site.root / "hook.log")!r}, "a") as log:
    log.write(f"{{verb}} {{name}}\\n")
key = dns.tsig.Key({self.names.key.name!r}, {self.names.key.secret!r}, {self.names.key.algorithm!r})
update = dns.update.UpdateMessage("z.test", keyring=key)
change = update.add if verb == "present" else update.delete
change(name.rstrip(".") + ".", *([60] if verb == "present" else []), "TXT", value)
sys.exit(dns.query.tcp(update, "127.0.0.1", timeout=5, port={self.names.port}).rcode())
"""
        path = self.site.controller.secrets / "hook"
        path.write_text(text, encoding="utf-8")
        path.chmod(0o700)
        return str(path)

    def values(self, name: str) -> list[str]:
        return self.names.find_values(name)


@pytest.fixture
def zone(site: Site, names: DnsServer) -> Iterator[Zone]:
    yield Zone(site, names)
    for name in ("_acme-challenge.z.test", "_acme-challenge.www.z.test", "moved.z.test"):
        for value in names.find_values(name):
            names.remove_value(name, value)


def test_records_prove_a_wildcard_with_its_apex_a_moved_name_and_what_a_program_of_the_operator_adds(
    acme: AcmeSite, zone: Zone
) -> None:
    acme.serve("system")
    zone.names.add_value("_acme-challenge.z.test", "foreign")
    hook = {"type": "dns-01", "provider": "hook", "program": zone.hook(), "resolver": zone.words["resolver"]}
    wrong = {**zone.words, "tsig_secret_src": None, "tsig_secret": "{{ vaulted_secret }}"}
    acme.site.scanner.add_word(WRONG_SECRET)
    task = acme.task(
        acme.certificate("wild", external_url="z.test", other_urls=["*.z.test"], services=[]),
        acme.certificate("moved", external_url="api.z.test", services=[]),
        acme.certificate("hooked", external_url="www.z.test", challenge=hook, services=[]),
        acme.certificate("unsigned", external_url="mail.z.test", challenge=wrong, services=[]),
        challenge=zone.words,
    )
    result = acme.run(task, vaulted_secret=WRONG_SECRET).result
    assert outcomes(result) == {"wild": "activated", "moved": "activated", "hooked": "activated", "unsigned": "failed"}
    assert list(problems(result)) == ["unsigned"]
    assert not has_warning(result, "record_left")
    assert acme.names_on("wild") == ["*.z.test", "z.test"]
    values = [zone.values(name) for name in ("_acme-challenge.z.test", "moved.z.test", "_acme-challenge.www.z.test")]
    assert values == [["foreign"], [], []]
    hooked = (acme.site.root / "hook.log").read_text(encoding="ascii").split("\n")[:-1]
    assert hooked == ["present _acme-challenge.www.z.test", "clean_up _acme-challenge.www.z.test"]
    assert len(acme.front.orders) == 4
    assert acme.find_challenges() == []


@pytest.mark.further
def test_records_of_a_run_that_was_killed_are_removed_by_the_next(acme: AcmeSite, zone: Zone) -> None:
    acme.serve("system")
    held = Held()
    acme.front.inject("challenge", held)
    task = acme.task(acme.certificate("wild", external_url="z.test", services=[]), challenge=zone.words)
    run = acme.start(task)
    held.await_reached()
    kill(run)
    held.release()
    left = zone.values("_acme-challenge.z.test")
    assert len(left) == 1

    result = acme.run(task).result
    assert outcomes(result) == {"wild": "activated"}, result
    assert zone.values("_acme-challenge.z.test") == []
    assert len(acme.front.orders) == 1


@pytest.mark.further
def test_a_listener_of_a_run_that_was_killed_serves_the_next_and_ends(acme: AcmeSite) -> None:
    acme.serve("system", web=False)
    held = Held()
    acme.front.inject("challenge", held)
    task = acme.task(acme.certificate(), challenge={"port": acme.http_port, "resolver": [acme.ca.dns]})
    run = acme.start(task)
    held.await_reached()
    kill(run)
    held.release()
    assert is_listening(acme.http_port)
    assert acme.find_challenges() != []

    result = acme.run(task).result
    assert outcomes(result) == {"system": "activated"}, result
    assert acme.served() == fingerprint(result)
    assert (acme.find_challenges(), len(acme.front.orders)) == ([], 1)
    wait_until(lambda: not is_listening(acme.http_port), "a listener that has ended")
