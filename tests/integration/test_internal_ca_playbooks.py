# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A CA of one's own through the playbooks: made, pinned, asked, silent, renewed and rolled over, while nginx serves."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)

from ansible_collections.certwright.tls.tests.integration.earlier_ca import EarlierCa
from ansible_collections.certwright.tls.tests.integration.internal_site import (
    ANSWERED,
    CA_HOST,
    HOSTS,
    REFUSED,
    InternalSite,
    make_request,
    name_of,
    verify,
)
from ansible_collections.certwright.tls.tests.integration.playbook_run import Finished
from ansible_collections.certwright.tls.tests.integration.processes_of_a_run import kill
from ansible_collections.certwright.tls.tests.integration.servers import Nginx, free_port, wait_until
from ansible_collections.certwright.tls.tests.integration.site import Site, codes

PASSPHRASE = "jane takes it along"


def outcomes(finished: Finished) -> dict[str, list[str]]:
    """By host, what the tasks that had something to say of `web` said, in their order."""
    found: dict[str, list[str]] = {}
    for result in finished.results:
        if result.get("outcomes"):
            found.setdefault(result["host"], []).append(result["outcomes"]["web"]["outcome"])
    return found


def rows(report: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Of each state that has any, the codes by host."""
    states = ("renewed", "not_due", "deferred", "failed", "expired")
    return {state: {row["host"]: row.get("code", "") for row in report[state]} for state in states if report[state]}


def test_two_hosts_are_served_by_a_ca_that_was_made_and_pinned_and_then_cost_one_execution_each(
    site: Site, idle_nginx: Nginx
) -> None:
    office = InternalSite(site, idle_nginx)
    office.serve()
    made = office.make()
    assert [(result["host"], result["status"]) for result in made.results if result["changed"]] == [(CA_HOST, "ok")]

    before, executions = site.look(), site.executions
    foretold = office.install("--check")
    assert outcomes(foretold) == {host: ["planned"] for host in HOSTS}
    assert (site.look(), site.executions, office.ca.issued) == (before, executions + 3, [])
    assert {host: office.served(host) for host in HOSTS} == office.by_hand

    executions = site.executions
    installed = office.install()
    assert outcomes(installed) == {host: ["requested", "staged", "activated"] for host in HOSTS}
    # The CA is read, and read and appended to; each host looks, makes a key, looks, stores, looks and hands it over
    assert site.executions == executions + 3 + 2 * 6
    assert [(entry["host"], entry["name"]) for entry in office.ca.issued] == [(host, "web") for host in HOSTS]
    for host in HOSTS:
        assert office.served(host) == office.stored(host) != office.by_hand[host]
        assert office.visit(host, office.ca.root) == ANSWERED
        pem = office.leaf(host).public_bytes(Encoding.PEM).decode()
        options = ("-purpose", "sslserver", "-verify_hostname", name_of(host))
        assert verify(office.ca.files, leaf=pem, chain=office.ca.chain, root=office.ca.root, options=options) == "OK"

    before, executions = site.look(), site.executions
    again = office.install()
    assert outcomes(again) == {host: ["unchanged"] for host in HOSTS}
    assert not any(result["changed"] for result in again.results)
    assert (site.look(), site.executions) == (before, executions + len(HOSTS) + 1)


def test_an_operators_client_certificate_opens_what_asks_for_one(office: InternalSite) -> None:
    site, files = office.site, office.ca.files
    (files / "jane.pass").write_text(PASSPHRASE, encoding="ascii")
    site.scanner.add_word(PASSPHRASE)
    place = {"path": str(files / "jane.p12"), "passphrase_src": str(files / "jane.pass")}
    jane = {"name": "jane", "usage": "client", "emails": ["jane@example.org"], "subject": "CN=Jane", "pkcs12": place}
    key, csr = make_request()
    front = {"name": "front", "names": [name_of(host) for host in HOSTS], "csr": csr}
    foretold, signed, again = office.run(
        {**office.ca.sign(jane), "check_mode": True}, office.ca.sign(jane, front), office.ca.sign(jane, front)
    )
    told = [[answer["outcome"] for answer in result["certificates"]] for result in (foretold, signed, again)]
    assert told == [["issued"], ["issued"] * 2, ["unchanged"] * 2]
    assert (foretold["changed"], signed["changed"], again["changed"]) == (True, True, False)
    assert (files / "jane.p12").stat().st_mode & 0o777 == 0o600

    office.serve_by_hand(key, signed["certificates"][1])
    client = take_out(office, files / "jane.p12")
    assert [office.visit(host, office.ca.root) for host in HOSTS] == [REFUSED] * 2
    assert [office.visit(host, office.ca.root, client) for host in HOSTS] == [ANSWERED] * 2
    # What a server has opens nothing
    server = office.files_of(HOSTS[0])
    assert office.visit(HOSTS[0], office.ca.root, server) == REFUSED


def take_out(office: InternalSite, path: Path) -> tuple[Path, Path]:
    """Certificates and key of a keystore, as a client takes them."""
    key, leaf, others = pkcs12.load_key_and_certificates(path.read_bytes(), PASSPHRASE.encode())
    assert key is not None
    assert leaf is not None
    office.site.scanner.add_key(key)
    certificates, private_key = path.with_suffix(".pem"), path.with_suffix(".key")
    certificates.write_bytes(b"".join(item.public_bytes(Encoding.PEM) for item in (leaf, *others)))
    private_key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return certificates, private_key


def test_what_is_due_is_renewed_by_date_and_the_rest_when_it_is_forced(office: InternalSite) -> None:
    office.serve()
    EarlierCa(office).install({"host1": 80, "host2": 10})
    earlier = {host: office.served(host) for host in HOSTS}
    assert earlier == {host: office.stored(host) for host in HOSTS}

    limit = {"tls_hosts": "host*"}
    foretold, report = office.renew("--check", **limit)
    assert (foretold.code, rows(report)) == (0, {"renewed": {"host1": "due_by_date"}, "not_due": {"host2": ""}})
    assert (office.ca.issued, {host: office.served(host) for host in HOSTS}) == ([], earlier)

    renewed, report = office.renew(tls_force="web", **limit)
    assert (renewed.code, rows(report)) == (0, {"renewed": {"host1": "due_by_date", "host2": "forced"}})
    assert (report["checked"], report["pending"], report["ends_soon"]) == (2, [], [])
    for host in HOSTS:
        assert office.served(host) == office.stored(host) != earlier[host]
    assert [entry["host"] for entry in office.ca.issued] == list(HOSTS)


def test_a_roll_over_by_playbooks_goes_on_only_when_nobody_is_left_behind(office: InternalSite) -> None:
    office.serve()
    old_pin, old_root = office.ca.pin, office.ca.root
    office.words |= {"rollover_ahead": "4000d", "min_overlap": "0d"}

    def roll_over(step: str, *, hosts: str, code: int = 0) -> Finished:
        finished = office.play("internal_ca", "-e", f"tls_ca_rollover={step}", tls_hosts=hosts)
        assert finished.code == code, finished.output
        return finished

    prepared = roll_over("prepare", hosts="all")
    assert office.told(prepared)["reasons"] == ["rollover_prepared"]
    # Each host is looked at before its CA is
    assert outcomes(prepared) == {host: ["planned", "requested", "staged", "activated"] for host in HOSTS}
    before = {host: office.served(host) for host in HOSTS}
    refused = roll_over("switch", hosts=CA_HOST, code=2)
    assert office.told(refused)["problems"] == ["trust_missing"] * len(HOSTS)
    trusting = {**office.ca.place, **office.ca.secret, "trusted": list(HOSTS)}
    (given,) = office.run({"certwright.tls.internal_ca": trusting})
    assert codes(given) == ["hosts_trust"]
    (new_root,) = (pem for pem in given["anchors"] if pem != old_root)

    switched = office.told(roll_over("switch", hosts=CA_HOST))
    assert (switched["reasons"], {host: office.served(host) for host in HOSTS}) == (["rollover_switched"], before)
    office.ca.pin = switched["fingerprint"]
    assert office.ca.pin != old_pin
    # It is refused for the certificates that are left, and this run issues them anew
    left = roll_over("distrust", hosts="all", code=2)
    assert office.told(left)["problems"] == ["certificate_left"] * len(HOSTS)
    assert outcomes(left) == {host: ["planned", "requested", "staged", "activated"] for host in HOSTS}
    for host in HOSTS:
        assert office.served(host) == office.stored(host) != before[host]
        assert [office.visit(host, root) for root in (old_root, new_root)] == [ANSWERED] * 2

    # The ledger has newer ones for both, and nobody has seen them in use
    unseen = office.told(roll_over("distrust", hosts=CA_HOST, code=2))
    assert unseen["problems"] == ["certificate_left"] * len(HOSTS)
    assert "was not looked at" in unseen["msg"]
    done = roll_over("distrust", hosts="all")
    assert office.told(done)["reasons"] == ["rollover_distrusted"]
    assert outcomes(done) == {host: ["unchanged"] * 2 for host in HOSTS}
    (shown,) = office.run(office.ca.show(**office.ca.secret))
    assert (shown["anchors"], shown["proved"], shown["rollover"]["left"]) == ([new_root], True, [])


@pytest.mark.further
def test_an_old_copy_is_noticed_before_it_is_written_to_and_taken_when_its_digest_is_repeated(
    office: InternalSite,
) -> None:
    office.serve()
    older = office.site.root / "older"
    shutil.copytree(office.ca.path, older)
    office.install()
    shutil.rmtree(office.ca.path)
    shutil.move(older, office.ca.path)
    before = (office.ca.path / "ledger.jsonl").read_bytes()
    refused = office.play("internal_ca")
    told = office.told(refused)
    assert (refused.code, told["problems"]) == (2, ["ca_rolled_back"])
    assert (office.ca.path / "ledger.jsonl").read_bytes() == before

    (digest,) = re.findall(r"accept_restored: (\w+)`", told["msg"])
    accepted = office.play("internal_ca", "-e", f"tls_ca_accept_restored={digest}")
    assert (accepted.code, office.told(accepted)["reasons"]) == (0, ["restored_accepted"])
    # Which a form says where nothing is to be done.
    kept = office.play("internal_ca", "-e", "tls_ca_rollover=keep")
    assert (kept.code, office.told(kept)["reasons"]) == (0, [])


@pytest.mark.further
def test_a_ca_that_is_silent_keeps_nobody_from_serving_and_says_where_it_should_be(office: InternalSite) -> None:
    office.serve()
    del office.declared["host2"]["web"]
    office.install()
    office.declared["host1"] = {"web": office.certificate("host1", names=[name_of("host1"), "www.example.org"])}
    office.declared["host2"] = {"web": office.certificate("host2")}
    kept = office.served("host1")
    gone = office.site.root / "gone.ini"
    gone.write_text(f"{CA_HOST} reach=ssh ansible_host=127.0.0.1 ansible_port={free_port()}\n", encoding="ascii")
    run, report = office.renew("-i", str(gone), ansible_connection="{{ reach | default('local') }}")
    assert (run.code, rows(report)) == (2, {"deferred": {"host1": "ca_silent"}, "failed": {"host2": "ca_silent"}})
    assert (report["unreachable"], office.served("host1"), office.stored("host1")) == ([CA_HOST], kept, kept)

    away = office.ca.path.rename(office.site.host / "away")
    office.ca.path.mkdir(mode=0o700)
    run, report = office.renew()
    faults = dict.fromkeys((*HOSTS, CA_HOST), "ca_missing")
    assert (run.code, rows(report)) == (2, {"failed": faults})
    assert all(str(office.ca.path) in row["message"] for row in report["failed"])
    assert (list(office.ca.path.iterdir()), office.served("host1")) == ([], kept)

    office.ca.path.rmdir()
    away.rename(office.ca.path)
    assert outcomes(office.install()) == {host: ["requested", "staged", "activated"] for host in HOSTS}
    assert {host: office.served(host) for host in HOSTS} == {host: office.stored(host) for host in HOSTS}
    assert office.served("host1") != kept


def test_a_request_that_is_refused_fails_its_own_host_alone(office: InternalSite) -> None:
    office.serve()
    office.declared["host2"] = {"web": office.certificate("host2", names=["host2.example.net"])}
    installed = office.install(code=2)
    (failed,) = (result for result in installed.results if result["status"] == "failed" and "outcomes" in result)
    assert (failed["host"], codes(failed, "problems")) == ("host2", ["name_outside_constraints"])
    assert office.served("host1") == office.stored("host1") != office.by_hand["host1"]
    assert (office.served("host2"), office.stored("host2")) == (office.by_hand["host2"], "")
    assert [entry["host"] for entry in office.ca.issued] == ["host1"]


@pytest.mark.further
@pytest.mark.parametrize("instant", ["before", "after"], ids=["its host stores it", "the answer was on its way"])
def test_a_controller_that_is_killed_once_it_was_signed_gets_the_same_certificates(
    office: InternalSite, instant: str
) -> None:
    """The ledger has them. Then either no host is reached any more, or the answer itself is lost."""
    office.serve()
    holding, held = office.site.root / "holding", office.site.root / "held"
    office.hold(holding, held, **{instant: True})
    holding.touch()
    run = office.start("install", tls_hosts="host*")
    wait_until(held.exists, "a run whose certificates are signed", seconds=60)
    kill(run)
    signed = {entry["host"]: entry["serial"] for entry in office.ca.issued}
    assert (sorted(signed), [office.stored(host) for host in HOSTS]) == (list(HOSTS), ["", ""])

    holding.unlink()
    again = office.install()
    assert outcomes(again) == {host: ["requested", "staged", "activated"] for host in HOSTS}
    assert {host: f"{office.leaf(host).serial_number:x}" for host in HOSTS} == signed
    assert len(office.ca.issued) == len(HOSTS)
    assert {host: office.served(host) for host in HOSTS} == {host: office.stored(host) for host in HOSTS}
