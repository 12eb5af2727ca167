# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fleet itself: what its hosts are, that they can be cut off, and that nothing of it is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ansible_collections.certwright.tls.tests.integration.servers import wait_until

if TYPE_CHECKING:
    from fleet import Fleet
    from fleet_site import FleetSite

RUN = Path(__file__).with_name("run.py")


@pytest.fixture(scope="module")
def pair(fleet: Callable[..., Fleet]) -> Fleet:
    """Debian 12 and 13."""
    return fleet(2)


def ping(site: FleetSite) -> dict[str, str]:
    """The status of a task by host."""
    run = site.start([{"hosts": "all", "gather_facts": False, "tasks": [{"ansible.builtin.ping": {}}]}])
    run.actions = ("ansible.builtin.ping",)
    return {result["host"]: result["status"] for result in run.finish().results}


def test_hosts_of_both_releases_run_systemd_and_let_deploy_become_root(
    pair: Fleet, fleet_site: Callable[[Fleet], FleetSite]
) -> None:
    assert [pair.sh(host.name, "systemctl", "is-system-running", "--wait").strip() for host in pair.hosts] == [
        "running"
    ] * 2
    versions = [pair.sh(host.name, "cat", "/etc/debian_version").partition(".")[0] for host in pair.hosts]
    assert versions == ["12", "13"]
    who = fleet_site(pair).run([{"hosts": "all", "tasks": [{"certwright.tls.certificate_info": {"store": True}}]}])
    assert who.code == 0, who.output
    seen = pair.sh("h01", "getent", "hosts", "h02.fleet.test")
    assert seen.split()[0] == pair.hosts[1].address


def test_a_certificate_is_rolled_out_to_both_and_the_other_one_sees_it(
    pair: Fleet, fleet_site: Callable[[Fleet], FleetSite]
) -> None:
    site = fleet_site(pair)
    issued, material = site.supply("www.fleet.test")
    system = {"external_url": "www.fleet.test", "engine": "files", "services": ["nginx"], **material}
    done = site.run("certwright.tls.install", tls_system=system)
    assert done.code == 0, done.output
    site.serve_by_nginx("h01", "h02")
    for host in ("h01", "h02"):
        pair.sh(host, "systemctl", "start", "nginx")
    assert site.served("h01", seen_from="h02") == sha256(issued.der).hexdigest()

    newer, material = site.supply("www.fleet.test")
    done = site.run("certwright.tls.install", tls_system={**system, **material})
    assert done.code == 0, done.output
    fingerprint = sha256(newer.der).hexdigest()
    assert [site.served("h01", seen_from="h02"), site.served("h02", seen_from="h01")] == [fingerprint] * 2


def test_a_host_can_be_cut_off_killed_and_made_afresh(pair: Fleet, fleet_site: Callable[[Fleet], FleetSite]) -> None:
    site = fleet_site(pair)
    pair.cut("h02")
    assert ping(site) == {"h01": "ok", "h02": "unreachable"}
    pair.join("h02")
    assert ping(site) == {"h01": "ok", "h02": "ok"}

    pair.sh("h02", "touch", "/root/kept")
    pair.kill("h02")
    pair.boot("h02")
    assert pair.sh("h02", "ls", "/root") == "kept\n"
    pair.reset("h02")
    assert pair.sh("h02", "ls", "/root") == ""


def test_a_host_that_starts_itself_again_comes_back(pair: Fleet) -> None:
    from fleet import FleetFailed  # noqa: PLC0415

    boot = pair.sh("h01", "cat", "/proc/1/stat").split()[21]
    pair.sh("h01", "systemctl", "reboot", check=False)

    def has_booted() -> bool:
        try:
            return pair.sh("h01", "cat", "/proc/1/stat").split()[21] != boot
        except FleetFailed:
            return False

    wait_until(has_booted, "a host that has booted again")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["ended", "killed"])
def test_nothing_is_left_of_a_fleet(number: signal.Signals, tmp_path_factory: pytest.TempPathFactory) -> None:
    """After SIGKILL its files and empty groups stay, for the next fleet to sweep; no process does."""
    temporary = tmp_path_factory.mktemp("t")
    mark = temporary / "up"
    command = [sys.executable, str(RUN), "with", "1", "--", "sh", "-c", f'echo "$CERTWRIGHT_FLEET" >{mark}; sleep 600']
    environment = os.environ | {"TMPDIR": str(temporary)}
    process = subprocess.Popen(command, env=environment)
    try:
        wait_until(lambda: mark.exists() and mark.read_text().endswith("\n"), "a fleet")
        directory = Path(mark.read_text().strip())
        assert len(find_processes(directory.name)) > 1
    finally:
        process.send_signal(number)
        process.wait(timeout=30)
    wait_until(lambda: find_processes(directory.name) == [], "the end of all processes")
    if number == signal.SIGKILL:
        subprocess.run([*command[:4], "--", "true"], env=environment, check=True, timeout=60)
    assert list(temporary.glob("certwright-*")) == []
    assert [path for path in Path("/sys/fs/cgroup").rglob("certwright-*") if path.name == directory.name] == []


def find_processes(word: str) -> list[int]:
    """Those whose command line or control group names the fleet."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            text = (path / "cgroup").read_text() + (path / "cmdline").read_text(errors="replace")
        except OSError:
            continue
        if f"/{word}/" in text:
            found.append(int(path.name))
    return found
