# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One certificate for several hosts by the playbooks: its home orders it once, and its members serve it."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from acme_server import AcmeServer
from cryptography import x509
from fault_proxy import FaultProxy

from ansible_collections.certwright.tls.tests.integration.acme_site import AcmeSite, problems
from ansible_collections.certwright.tls.tests.integration.playbook_run import Controller, Finished
from ansible_collections.certwright.tls.tests.integration.servers import Nginx, free_port, wait_until
from ansible_collections.certwright.tls.tests.integration.site import NAME, Site
from ansible_collections.certwright.tls.tests.integration.test_renew_playbook import Fleet, Run

PASSPHRASE = "a pass phrase of tests, and of nothing else"
HOME, MEMBER, NEW = "host1", "host2", "host3"
LIFE = 60


class SharingFleet:
    """An nginx for each of two hosts: the first is the home and a member, the second a member. Others serve nothing."""

    def __init__(self, acme: AcmeSite) -> None:
        self.acme, self.site = acme, acme.site
        self.site.scanner.add_word(PASSPHRASE)
        # What connects to a host belongs to it: what is said for all would count for a home that is asked for others
        self.local, self.site.controller = self.site.variables, Controller(self.site.controller.root, {})
        self.inventory = self.site.controller.root / "inventory.json"
        self.place(HOME, MEMBER)
        acme.serve("system")
        self.nginx = {HOME: acme.nginx, MEMBER: Nginx(self.site.host / "nginx2", self.site.root / "run2")}
        service = self._serve_on_member(self.nginx[MEMBER])
        self.services: dict[str, Any] = {HOME: [acme.service()], MEMBER: [service]}
        self.issuer = {"shared_passphrase": PASSPHRASE}
        self.by_hand = self.served

    def _serve_on_member(self, nginx: Nginx) -> dict[str, Any]:
        issued = self.site.make(NAME)
        paths = {"fullchain.pem": self.site.tls / "member.pem", "privkey.pem": self.site.tls / "member.key"}
        for path, content in zip(paths.values(), (issued.pem, issued.key_pem), strict=True):
            path.write_bytes(content)
        nginx.configure(*paths.values())
        first = self.acme.nginx.config.read_text(encoding="utf-8").partition("\n")[0]
        if first.startswith("user "):
            nginx.config.write_text(f"{first}\n{nginx.config.read_text(encoding='utf-8')}", encoding="utf-8")
        nginx.start()
        return {"nginx": {**nginx.words, "paths": {name: str(path) for name, path in paths.items()}}}

    def place(self, *hosts: str, gone: str = "") -> None:
        """Each with a store of its own, since all of them are this machine."""
        nowhere = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": free_port()}
        words = {
            host: {**(nowhere if host == gone else self.local), "tls_store_path": str(self.site.store / host)}
            for host in hosts
        }
        self.inventory.write_text(json.dumps({"all": {"hosts": words}}), encoding="utf-8")
        self.site.store.mkdir(exist_ok=True)

    @property
    def fleet(self) -> Fleet:
        services = "{{ services_of[inventory_hostname] | default([]) }}"
        wildcard = {"issuer": "ca", "names": [NAME], "accept": ["test_issuer"], "shared": {"home": HOME}}
        fleet = Fleet(self.acme, tls_certificates={"wildcard": {**wildcard, "services": services}})
        fleet.declared["tls_issuers"]["ca"].update(self.issuer)
        fleet.declared["services_of"] = self.services
        del fleet.declared["tls_store_path"]
        return fleet

    def install(self, *options: str, **variables: Any) -> Finished:
        finished = self.fleet.play("install", "-i", str(self.inventory), *options, **variables)
        self.learn_secrets()
        return finished

    def renew(self, *options: str, **variables: Any) -> Run:
        run = self.fleet.renew("-i", str(self.inventory), *options, **variables)
        self.learn_secrets()
        return run

    def learn_secrets(self) -> None:
        for path in self.site.store.glob("*/certificates/*/*/privkey.pem"):
            self.acme.keep_secret(path.read_bytes())

    @property
    def served(self) -> dict[str, str]:
        return {host: nginx.served() for host, nginx in self.nginx.items()}

    @property
    def orders(self) -> int:
        return len(self.acme.front.orders)

    def leaf(self, host: str = HOME, name: str = "wildcard") -> str:
        """SHA-256 of what is live there."""
        pem = (self.site.store / host / "live" / name / "cert.pem").read_text(encoding="ascii")
        return sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()

    def await_served(self, fingerprint: str) -> None:
        """By both; old workers may still answer for a moment."""
        wait_until(lambda: set(self.served.values()) == {fingerprint}, "the shared certificate at both ports")

    def find_keys_at_home(self) -> dict[str, list[str]]:
        """Where what is handed out lies, beside the store of a member."""
        kept = self.site.store / HOME / "certificates" / "wildcard.shared"
        assert list(kept.rglob("privkey.sealed"))
        return self.site.scanner.find_in_tree(kept)

    def stop(self) -> None:
        self.nginx[MEMBER].stop()
        self.learn_secrets()


@pytest.fixture
def shared(acme: AcmeSite) -> Iterator[SharingFleet]:
    fleet = SharingFleet(acme)
    yield fleet
    fleet.stop()


@pytest.fixture
def short_lived(site: Site, idle_nginx: Nginx, tmp_path: Path) -> Iterator[SharingFleet]:
    with AcmeServer(tmp_path, validity=LIFE) as server, FaultProxy(server, renewal_info=False) as front:
        fleet = SharingFleet(AcmeSite(site, idle_nginx, front))
        yield fleet
        fleet.stop()


def test_a_home_orders_once_its_members_serve_it_and_an_unchanged_run_costs_a_look(shared: SharingFleet) -> None:
    before = shared.site.look()
    foretold = shared.install("--check")
    assert (foretold.code, shared.site.look(), shared.orders) == (0, before, 0), foretold.output
    assert "its home is to order it first: wildcard" in foretold.output
    check = shared.renew("--check")
    expected = {"renewed": ["host1/wildcard.shared", "host1/wildcard", "host2/wildcard"]}
    assert (check.code, check.find(), shared.site.look()) == (0, expected, before), check.output

    installed = shared.install()
    assert (installed.code, shared.orders) == (0, 1), installed.output
    shared.await_served(shared.leaf(HOME, "wildcard.shared"))
    assert shared.find_keys_at_home() == {}

    # A look of the first play at each host; then one of the home for the whole batch, and one of each member.
    for options in ((), ("--check",)):
        executions = shared.site.executions
        again = shared.install(*options, tls_rollout="100%")
        assert (again.code, shared.site.executions - executions) == (0, 2 + 1 + 2), again.output
        assert not any(result.get("changed") for result in again.results)
    executions = shared.site.executions
    kept = shared.renew(tls_rollout="100%")
    expected = {"not_due": ["host1/wildcard.shared", "host1/wildcard", "host2/wildcard"]}
    assert (kept.code, kept.find("ends_soon"), shared.site.executions - executions) == (0, expected, 5), kept.output
    assert shared.orders == 1
    # At its home it is known under both of its names.
    path = shared.site.controller.root / "report.json"
    told = shared.fleet.play("report", "-i", str(shared.inventory), tls_report_json=str(path))
    rows = json.loads(path.read_text("utf-8"))["certificates"]
    assert {(row["host"], row["certificate"], row["issuer_name"], row["urgency"]) for row in rows} == {
        (HOME, "wildcard.shared", "ca", "ok"),
        (HOME, "wildcard", "ca", "ok"),
        (MEMBER, "wildcard", "ca", "ok"),
    }, told.output


def test_a_shared_certificate_that_is_due_is_renewed_everywhere(short_lived: SharingFleet) -> None:
    expected = {"renewed": ["host1/wildcard.shared", "host1/wildcard", "host2/wildcard"]}
    assert short_lived.renew().find() == expected
    first = short_lived.leaf()
    sleep_until_half(short_lived)
    renewed = short_lived.renew()
    assert (renewed.code, renewed.find("pending", "ends_soon"), short_lived.orders) == (0, expected, 2), renewed.output
    second = short_lived.leaf()
    assert second != first
    short_lived.await_served(second)
    assert short_lived.find_keys_at_home() == {}


@pytest.mark.parametrize("playbook", ["renew", pytest.param("install", marks=pytest.mark.further)])
def test_the_halves_are_runs_of_their_own_and_the_second_needs_no_home(shared: SharingFleet, playbook: str) -> None:
    """As an unsliced job and a sliced one have it: the second has only a part of the hosts in its inventory."""
    play = shared.renew if playbook == "renew" else shared.install
    told = play("--tags", "issue")
    assert (told.code, shared.orders, shared.served) == (0, 1, shared.by_hand), told.output
    shared.place(MEMBER)
    for check in (("--check",), ()):
        assert shared.served == shared.by_hand
        member = play("--tags", "activate", "--limit", MEMBER, *check)
        assert (member.code, "wildcard" in member.output) == (0, True), member.output
    assert shared.served[HOME] == shared.by_hand[HOME]
    shared.place(HOME, MEMBER)
    assert play("--tags", "activate", "--limit", HOME).code == 0
    shared.await_served(shared.leaf(HOME, "wildcard.shared"))
    shared.place(HOME, MEMBER)
    kept = shared.renew()
    assert (kept.find("pending"), shared.orders) == (
        {"not_due": ["host1/wildcard.shared", "host1/wildcard", "host2/wildcard"]},
        1,
    )


def test_a_member_keeps_what_it_has_while_its_home_is_gone_and_a_new_one_fails(shared: SharingFleet) -> None:
    assert shared.install().code == 0
    fingerprint = shared.leaf()
    shared.place(HOME, MEMBER, NEW, gone=HOME)
    silent = shared.renew()
    assert (silent.code, silent.report["unreachable"]) == (2, [HOME]), silent.output
    assert silent.find() == {"deferred": ["host2/wildcard"], "failed": ["host3/wildcard"]}
    told = [silent.report[state][0]["message"] for state in ("deferred", "failed")]
    assert all("its home host1 handed out nothing" in message for message in told), told
    assert silent.report["failed"][0]["code"] == "home_silent"
    kept = shared.install("--limit", MEMBER)
    assert (kept.code, "(home_silent)" in " ".join(kept.output.split())) == (0, True), kept.output
    fails = shared.install("--limit", NEW)
    assert (fails.code, "run the issue play for host1 first" in " ".join(fails.output.split())) == (2, True)

    shared.place(MEMBER)
    unknown = shared.renew("--limit", MEMBER)
    assert (unknown.code, unknown.find()) == (0, {"deferred": ["host2/wildcard"]}), unknown.output
    assert shared.served[MEMBER] == fingerprint


@pytest.mark.further
def test_another_passphrase_opens_nothing_and_touches_no_service(shared: SharingFleet) -> None:
    assert shared.install("--limit", HOME).code == 0
    shared.issuer = {"shared_passphrase": "another pass phrase, of the wrong vault"}
    shared.place(HOME, MEMBER, NEW)
    stopped = shared.install(tls_rollout=1)
    failed = [(result["host"], problems(result)) for result in stopped.results if result["status"] == "failed"]
    expected = [(host, {"wildcard": "wrong_passphrase"}) for host in (MEMBER, NEW)]
    assert (stopped.code, failed) == (2, expected), stopped.output
    shared.place(HOME, MEMBER)
    assert shared.served[MEMBER] == shared.by_hand[MEMBER]
    run = shared.renew()
    assert (run.code, run.find()) == (
        2,
        {"not_due": ["host1/wildcard.shared", "host1/wildcard"], "failed": ["host2/wildcard"]},
    ), run.output
    assert run.report["failed"][0]["code"] == "wrong_passphrase"

    shared.issuer = {"shared_passphrase": PASSPHRASE}
    assert shared.renew().find()["renewed"] == ["host2/wildcard"]
    shared.await_served(shared.leaf())
    assert shared.orders == 1


@pytest.mark.further
def test_a_member_that_had_to_go_back_keeps_it_from_the_next(shared: SharingFleet) -> None:
    nginx, (certificate, private_key) = shared.nginx[HOME], shared.acme.files_of("system")
    files = [{"name": "fullchain.pem", "parts": ["leaf", "chain"], "path": str(certificate)}]
    files.append({"name": "privkey.pem", "parts": ["key"], "path": str(private_key)})
    deaf = {"files": files, "pid_file": str(nginx.pid_file), "reload": ["true"], "ports": [nginx.port]}
    shared.services[HOME] = [{"custom": deaf}]
    stopped = shared.renew(tls_probe_timeout=1)
    assert (stopped.code, stopped.find("pending")) == (
        2,
        {
            "renewed": ["host1/wildcard.shared"],
            "failed": ["host1/wildcard"],
            "deferred": ["host2/wildcard"],
            "pending": ["host1/wildcard"],
        },
    ), stopped.output
    assert [row["code"] for row in (*stopped.report["failed"], *stopped.report["deferred"])] == [
        "rolled_back",
        "not_received",
    ]
    assert shared.served == shared.by_hand

    shared.services[HOME] = [{"custom": {**deaf, "reload": nginx.command("-s", "reload")}}]
    mended = shared.renew()
    assert (mended.code, mended.report["pending"], shared.orders) == (0, [], 1), mended.output
    shared.await_served(shared.leaf())


def sleep_until_half(fleet: SharingFleet) -> None:
    """Of the life of what is live at home."""
    path = fleet.site.store / HOME / "live" / "wildcard.shared" / "cert.pem"
    leaf = x509.load_pem_x509_certificate(path.read_bytes())
    instant = leaf.not_valid_before_utc + timedelta(seconds=LIFE / 2 + 1)
    time.sleep(max(0.0, (instant - datetime.now(timezone.utc)).total_seconds()))


def test_a_shared_certificate_goes_from_its_members_and_is_revoked_once_by_its_home(shared: SharingFleet) -> None:
    """Without a system certificate to fall back to nothing goes that a configuration names."""
    assert shared.install().code == 0
    live = shared.site.store / HOME / "live" / "wildcard" / "cert.pem"
    serial = x509.load_pem_x509_certificate(live.read_bytes()).serial_number

    def remove(*options: str) -> Finished:
        words = {"tls_remove": ["wildcard"], "tls_revoke": True}
        return shared.fleet.play("remove", "-i", str(shared.inventory), *options, **words)

    refused = remove()
    assert (refused.code, refused.output.count("to fall back to has no")) != (0, 0)
    assert not shared.acme.ca.is_revoked(serial)

    issued = shared.site.make(NAME)
    other = shared.site.tls / "other.pem"
    other.write_bytes(issued.pem + issued.key_pem)
    for nginx in shared.nginx.values():
        nginx.configure(other, other)
    # Not while a member may still have it: outside of the run, out of reach, or with the home going as a whole.
    decommission = {"tls_hosts": HOME, "tls_revoke": True}
    kept = [remove("--limit", HOME), shared.fleet.play("decommission", "-i", str(shared.inventory), **decommission)]
    shared.place(HOME, MEMBER, gone=MEMBER)
    kept.append(remove())
    shared.place(HOME, MEMBER)
    for finished in kept:
        assert (finished.code != 0, "shared_in_use" in finished.output) == (True, True), finished.output
        assert f"in this run: {MEMBER}" in " ".join(finished.output.split()), finished.output
    assert not shared.acme.ca.is_revoked(serial)
    assert list((shared.site.store / HOME / "certificates" / "wildcard.shared").rglob("privkey.sealed"))

    gone = remove()
    assert gone.code == 0, gone.output
    assert shared.acme.ca.is_revoked(serial)
    assert shared.acme.front.counts["revokeCert"] == 1
    assert [list((shared.site.store / host / "certificates").iterdir()) for host in (HOME, MEMBER)] == [[], []]
    notes = [path.name for host in (HOME, MEMBER) for path in sorted((shared.site.store / host / "removed").iterdir())]
    assert notes == ["wildcard.json", "wildcard.shared.json", "wildcard.json"]
