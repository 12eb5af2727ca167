# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`ansible-playbook certwright.tls.install` over several hosts: batches, who stops them, what is told at the end."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from ansible_collections.certwright.tls.tests.integration.playbook_run import PlaybookRun
from ansible_collections.certwright.tls.tests.integration.site import NAME, Site

HOSTS = ("web1", "web2", "web3", "web4")


@dataclass(frozen=True)
class Told:
    """Exit status, everything that was printed, and `tls_report` as a job gets it."""

    code: int
    output: str
    report: dict[str, Any]

    def hosts(self, word: str) -> list[str]:
        return sorted({row["host"] for row in self.report[word]})


class Rollout:
    """Hosts in one directory, each with a store of its own and a service that does not reload while it is broken."""

    def __init__(self, site: Site) -> None:
        self.site, self.playbook = site, "install"
        self.reload = site.script("reload", f"echo reloaded >>{site.host}/$1.log; [ ! -e {site.host}/$1.broken ]")
        site.store.mkdir()
        self.supply()

    def supply(self) -> None:
        supplied = self.site.supply(NAME)
        self.material = {word: str(self.site.controller.secrets / name) for word, name in supplied.words.items()}

    def break_service(self, host: str, *, mended: bool = False) -> None:
        path = self.site.host / f"{host}.broken"
        path.unlink() if mended else path.touch()

    def count_reloads(self) -> dict[str, int]:
        logs = {host: self.site.host / f"{host}.log" for host in HOSTS}
        return {host: len(log.read_text("ascii").splitlines()) for host, log in logs.items() if log.exists()}

    def start(self, *options: str, **words: Any) -> PlaybookRun:
        file = {"name": "all.pem", "parts": ["leaf", "chain", "key"]}
        service = {"custom": {"files": [file], "reload": [self.reload, "{{ inventory_hostname }}"], "ports": []}}
        variables = {
            # Nobody listens at that port.
            "ansible_connection": "{{ 'ssh' if inventory_hostname == 'gone' else 'local' }}",
            "ansible_host": "127.0.0.1",
            "ansible_port": 1,
            "tls_store_path": f"{self.site.store}/{{{{ inventory_hostname }}}}",
            "tls_system": {"external_url": NAME, "services": [service], **self.material},
            "tls_hosts": "all:!host1",
            "tls_rollout": [1, 1, "100%"],
            **words,
        }
        inventory = ("-i", f"{','.join(HOSTS)},")
        return self.site.controller.start(f"certwright.tls.{self.playbook}", *inventory, *options, variables=variables)

    def run(self, *options: str, **words: Any) -> Told:
        run = self.start(*options, **words)
        finished = run.finish()
        lines = [json.loads(line) for line in run.events.read_text(encoding="utf-8").splitlines()]
        reports = [line["result"] for line in lines if line["action"] == "ansible.builtin.set_stats"]
        assert len(reports) == 1, finished.output
        return Told(finished.code, finished.output, reports[0]["ansible_stats"]["data"]["tls_report"])


@pytest.fixture
def rollout(site: Site) -> Rollout:
    return Rollout(site)


def test_a_host_that_had_to_go_back_stops_the_batches_after_its_own_and_the_next_run_goes_on(rollout: Rollout) -> None:
    foretold = rollout.run("--check")
    assert (foretold.code, foretold.hosts("changed")) == (0, list(HOSTS)), foretold.output
    assert "would change 4, unchanged 0" in foretold.output
    assert rollout.count_reloads() == {}

    rollout.run()
    rollout.supply()
    rollout.break_service("web2")
    stopped = rollout.run()
    assert (stopped.code, stopped.hosts("changed"), stopped.hosts("failed")) == (2, ["web1"], ["web2"]), stopped.output
    assert (stopped.hosts("pending"), stopped.report["stopped_by"]) == (["web3", "web4"], ["web2"])
    assert "The rollout stopped after the batch of web2" in stopped.output
    # Once for the new files and once for those that were put back.
    assert rollout.count_reloads() == {"web1": 2, "web2": 3, "web3": 1, "web4": 1}

    # It is broken still, and stops the others again; unless it is left out.
    again = rollout.run()
    assert (again.code, again.hosts("changed"), again.report["stopped_by"]) == (2, [], ["web2"]), again.output
    others = rollout.run("--limit", "all:!web2")
    assert (others.code, others.hosts("changed")) == (0, ["web3", "web4"]), others.output
    rollout.break_service("web2", mended=True)
    mended = rollout.run()
    assert (mended.code, mended.hosts("changed")) == (0, ["web2"]), mended.output
    calm = rollout.run()
    assert (calm.code, calm.hosts("unchanged")) == (0, list(HOSTS))
    assert "changed 0, unchanged 4, pending 0" in calm.output


@pytest.mark.further
def test_an_unreachable_host_is_named_and_stops_the_others_only_when_told(rollout: Rollout) -> None:
    with_gone = ("-i", "gone,")
    done = rollout.run(*with_gone)
    assert (done.code, done.hosts("changed"), done.report["unreachable"]) == (2, list(HOSTS), ["gone"]), done.output
    assert "gone was not reached" in done.output

    rollout.supply()
    first = {"tls_hosts": "gone:web*", "tls_stop_at_unreachable": True}
    stopped = rollout.run(*with_gone, **first)
    assert (stopped.hosts("pending"), stopped.report["stopped_by"]) == (list(HOSTS), ["gone"]), stopped.output


def test_one_half_is_taken_by_its_tag_and_a_limit_holds_for_both(rollout: Rollout) -> None:
    stored = rollout.run("--tags", "issue")
    assert (stored.code, stored.hosts("pending"), rollout.count_reloads()) == (0, list(HOSTS), {}), stored.output
    limited = rollout.run("--tags", "activate", "--limit", "web3")
    assert (limited.code, limited.hosts("changed"), rollout.count_reloads()) == (0, ["web3"], {"web3": 1})
    rollout.break_service("web1")
    stopped = rollout.run("--tags", "activate")
    assert (stopped.code, stopped.hosts("failed"), stopped.hosts("pending")) == (2, ["web1"], list(HOSTS[1:])), (
        stopped.output
    )
    rollout.break_service("web1", mended=True)
    rest = rollout.run("--skip-tags", "issue")
    assert (rest.code, rest.hosts("changed")) == (0, ["web1", "web2", "web4"]), rest.output
    calm = rollout.run("--skip-tags", "activate")
    assert (calm.code, calm.hosts("unchanged")) == (0, list(HOSTS)), calm.output


def test_the_tags_of_another_play_leave_everything_alone(rollout: Rollout) -> None:
    run = rollout.start("--tags", "app")
    finished = run.finish()
    assert (finished.code, finished.results) == (0, ()), finished.output


def test_a_variable_that_names_one_that_is_not_there_fails_its_host_and_no_other(rollout: Rollout) -> None:
    domains = "{{ [] if inventory_hostname != 'web2' else of_nobody }}"
    told = rollout.run(tls_domains=domains)
    assert (told.code, told.hosts("failed")) == (2, ["web2"]), told.output
    assert told.hosts("changed") == ["web1", "web3", "web4"]


def test_one_that_is_refused_keeps_its_host_from_its_services_and_no_other_host(rollout: Rollout) -> None:
    faulty = "{{ 'other.example.net' if inventory_hostname == 'web1' else '" + NAME + "' }}"
    service = {
        "custom": {"files": [{"name": "all.pem", "parts": ["leaf", "chain", "key"]}], "reload": ["true"], "ports": []}
    }
    words = {"tls_system": {"external_url": faulty, "services": [service], **rollout.material}}
    refused = rollout.run(**words)
    assert (refused.code, refused.hosts("failed"), refused.hosts("changed")) == (2, ["web1"], list(HOSTS[1:])), (
        refused.output
    )
