# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Twenty hosts at once: a rollout that stops, a host that is cut off, two runs at once, a controller that is killed."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest

from ansible_collections.certwright.tls.tests.integration.playbook_run import PlaybookRun
from ansible_collections.certwright.tls.tests.integration.servers import wait_until
from ansible_collections.certwright.tls.tests.unit.authority import Issued

if TYPE_CHECKING:
    from fleet import Fleet
    from fleet_site import FleetSite

NAME = "www.fleet.test"
BROKEN, CUT = "h05", "h07"
ROLLOUT = [1, 5, "100%"]
SECONDS = 600
DROP_IN = "/etc/systemd/system/nginx.service.d/broken.conf"
GENERATIONS = "/etc/ssl/certwright/certificates/system"


class Web:
    """Twenty web servers of one certificate; `served` is what each shows to its neighbour."""

    def __init__(self, hosts: Fleet, site: FleetSite) -> None:
        self.hosts, self.site = hosts, site
        self.names = [host.name for host in hosts.hosts]

    def supply(self) -> tuple[str, dict[str, Any]]:
        """The fingerprint of a new certificate, and the variables that install it."""
        issued, material = self.site.supply(NAME)
        system = {"external_url": NAME, "engine": "files", "services": ["nginx"], **material}
        return fingerprint_of(issued), {"tls_system": system, "tls_rollout": ROLLOUT}

    def install(self, variables: dict[str, Any]) -> tuple[int, dict[str, Any], str]:
        """Exit status, `tls_report` and output."""
        run = self.start(variables)
        finished = run.finish(seconds=SECONDS)
        return finished.code, load_report(run), finished.output

    def start(self, variables: dict[str, Any]) -> PlaybookRun:
        return self.site.start("certwright.tls.install", **variables)

    def served(self) -> dict[str, str]:
        neighbours = dict(zip(self.names, [*self.names[1:], self.names[0]], strict=True))
        return {name: self.site.served(name, seen_from=other) for name, other in neighbours.items()}

    def count_generations(self) -> set[str]:
        return {self.hosts.sh(name, "sh", "-c", f"ls {GENERATIONS} | wc -l").strip() for name in self.names}


def fingerprint_of(issued: Issued) -> str:
    return sha256(issued.der).hexdigest()


def load_report(run: PlaybookRun) -> dict[str, Any]:
    lines = [json.loads(line) for line in run.events.read_text(encoding="utf-8").splitlines()]
    (told,) = [line["result"] for line in lines if line["action"] == "ansible.builtin.set_stats"]
    report: dict[str, Any] = told["ansible_stats"]["data"]["tls_report"]
    return report


def hosts_of(report: dict[str, Any], word: str) -> set[str]:
    return {row["host"] for row in report[word]}


def break_reload(hosts: Fleet, host: str) -> None:
    hosts.sh(host, "mkdir", "-p", DROP_IN.rpartition("/")[0])
    hosts.sh(host, "sh", "-c", f"printf '[Service]\\nExecReload=\\nExecReload=/bin/false\\n' >{DROP_IN}")
    hosts.sh(host, "systemctl", "daemon-reload")


def mend_reload(hosts: Fleet, host: str) -> None:
    hosts.sh(host, "rm", DROP_IN)
    hosts.sh(host, "systemctl", "daemon-reload")


@pytest.fixture(scope="module")
def hosts(fleet: Callable[..., Fleet]) -> Fleet:
    return fleet(20)


@pytest.fixture
def web(hosts: Fleet, fleet_site: Callable[[Fleet], FleetSite]) -> tuple[Web, str]:
    """All serve the same certificate, whose fingerprint is told."""
    web = Web(hosts, fleet_site(hosts))
    fingerprint, variables = web.supply()
    web.site.serve_by_nginx(*web.names)
    code, report, output = web.install({**variables, "tls_rollout": ["100%"]})
    assert (code, hosts_of(report, "changed")) == (0, set(web.names)), output
    for name in web.names:
        hosts.sh(name, "systemctl", "start", "nginx")
    assert set(web.served().values()) == {fingerprint}
    return web, fingerprint


def test_a_host_that_goes_back_stops_the_rollout_and_one_that_is_cut_off_stops_nobody(web: tuple[Web, str]) -> None:
    site, before = web
    fingerprint, variables = site.supply()
    break_reload(site.hosts, BROKEN)
    site.hosts.cut(CUT)
    code, report, output = site.install(variables)
    site.hosts.join(CUT)
    # The inventory has the odd hosts first, one is not reached, and the canary is alone.
    first = {"h01", "h03", "h09", "h11", "h13"}
    assert (code, hosts_of(report, "changed"), report["unreachable"]) == (2, first, [CUT]), output
    assert (hosts_of(report, "failed"), report["stopped_by"]) == ({BROKEN}, [BROKEN])
    assert hosts_of(report, "pending") == set(site.names) - first - {BROKEN, CUT}
    assert site.served() == {name: fingerprint if name in first else before for name in site.names}

    # Mended, the next run takes up what waits, and the host that was cut off as well.
    mend_reload(site.hosts, BROKEN)
    code, report, output = site.install(variables)
    assert (code, hosts_of(report, "changed")) == (0, set(site.names) - first), output
    assert set(site.served().values()) == {fingerprint}


def test_two_runs_at_once_end_well_with_one_generation_more(web: tuple[Web, str]) -> None:
    site, _before = web
    earlier = site.count_generations()
    fingerprint, variables = site.supply()
    runs = [site.start(variables), site.start(variables)]
    assert [run.finish(seconds=SECONDS).code for run in runs] == [0, 0]
    assert set(site.served().values()) == {fingerprint}
    assert site.count_generations() == {str(int(number) + 1) for number in earlier}


def test_a_controller_that_is_killed_in_the_middle_leaves_hosts_that_the_next_run_takes_up(
    web: tuple[Web, str],
) -> None:
    site, before = web
    fingerprint, variables = site.supply()
    run = site.start(variables)
    wait_until(lambda: site.site.served("h01", seen_from="h02") == fingerprint, "a canary", seconds=60)
    run.signal(signal.SIGKILL)
    run.process.wait()
    between = site.served()
    assert set(between.values()) <= {before, fingerprint}
    assert before in between.values(), "it was killed too late to tell"
    code, _report, output = site.install(variables)
    assert code == 0, output
    assert set(site.served().values()) == {fingerprint}
