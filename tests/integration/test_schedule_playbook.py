# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`ansible-playbook certwright.tls.schedule`: units that systemd understands, and lines that cron's shell runs."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.certwright.tls.tests.integration.internal_site import CA_HOST, HOSTS, InternalSite
from ansible_collections.certwright.tls.tests.integration.playbook_run import find_ansible
from ansible_collections.certwright.tls.tests.integration.servers import find_program
from ansible_collections.certwright.tls.tests.integration.site import Site

GUIDE = Path(__file__).parents[2] / "docs" / "operators-guide.md"
INVENTORY = "/srv/an inventory/50% of $all.yml"


def schedule(site: Site, units: Path, *options: str, **words: Any) -> bool:
    """Whether something was changed."""
    given = {"tls_schedule_directory": str(units), "tls_schedule_cron_directory": str(units), **words}
    given.setdefault("tls_schedule_inventory", INVENTORY)
    play = site.controller.start("certwright.tls.schedule", *options, variables=given)
    play.actions = ("ansible.builtin.template", "ansible.builtin.file")
    finished = play.finish()
    assert finished.code == 0, finished.output
    return any(result["changed"] for result in finished.results)


def test_the_units_are_written_once_understood_by_systemd_and_taken_away(site: Site) -> None:
    units = site.root / "units"
    units.mkdir()
    words = {"tls_schedule_user": "root", "tls_schedule_options": ["--limit", 'web "1"'], "tls_schedule_delay": "30min"}
    assert schedule(site, units, "--check", **words)
    assert list(units.iterdir()) == []
    assert [schedule(site, units, **words) for _run in range(2)] == [True, False]

    service = (units / "certwright-tls-renew.service").read_text()
    (command,) = (line.partition("=")[2] for line in service.splitlines() if line.startswith("ExecStart="))
    program, *rest = shlex.split(command)
    assert program.endswith("/ansible-playbook")
    spelled = INVENTORY.replace("%", "%%").replace("$", "$$")
    assert rest == ["certwright.tls.renew", "-i", spelled, "--limit", 'web "1"']
    timer = (units / "certwright-tls-renew.timer").read_text()
    assert {"OnCalendar=hourly", "RandomizedDelaySec=30min", "Persistent=true"} <= set(timer.splitlines())

    assert schedule(site, units, "--check", tls_schedule_state="absent")
    assert [schedule(site, units, tls_schedule_state="absent") for _run in range(2)] == [True, False]
    assert list(units.iterdir()) == []


def test_systemd_finds_nothing_to_complain_about(site: Site) -> None:
    verifier = find_program("systemd-analyze")
    if verifier is None:
        pytest.skip("systemd-analyze is not there")
    units = site.root / "units"
    units.mkdir()
    schedule(site, units, tls_schedule_environment_file="-/etc/none", tls_schedule_working_directory="/srv")
    files = sorted(str(path) for path in units.iterdir())
    verified = subprocess.run([verifier, "verify", *files], capture_output=True, text=True, check=False, timeout=60)
    assert (verified.returncode, verified.stderr) == (0, "")


class ControlNode:
    """What a line of cron finds: an inventory, an environment file, and nothing else; and what it leaves."""

    def __init__(self, office: InternalSite) -> None:
        self.office, self.root = office, office.site.root / "a node"
        self.root.mkdir()
        self.inventory, self.log, self.report = (self.root / name for name in ("50%.yml", "renew.log", "renew.json"))
        variables = {
            **office.site.variables,
            **office.inventory,
            "tls_hosts": "host*",
            "tls_renew_json": str(self.report),
        }
        hosts: dict[str, Any] = {host: {} for host in (*HOSTS, CA_HOST)}
        self.inventory.write_text(yaml.safe_dump({"all": {"hosts": hosts, "vars": variables}}), encoding="utf-8")
        self.environment = self.root / "environment"
        self.environment.write_text(f"ANSIBLE_COLLECTIONS_PATH='{os.environ['ANSIBLE_COLLECTIONS_PATH']}'\n")

    def run(self, line: str) -> subprocess.CompletedProcess[str]:
        """As cron does: its variables alone, and a percent sign stands for itself where it is escaped."""
        home = self.root / "home"
        home.mkdir(exist_ok=True, parents=True)
        bare = {"HOME": str(home), "LOGNAME": "root", "PATH": "/usr/bin:/bin", "SHELL": "/bin/sh"}
        command = ["/bin/sh", "-c", line.replace("\\%", "%")]
        return subprocess.run(command, env=bare, capture_output=True, text=True, check=False, timeout=240)

    def read(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.report.read_text(encoding="utf-8"))
        return told


def test_the_line_of_cron_renews_with_its_bare_environment_and_is_loud_when_that_fails(office: InternalSite) -> None:
    office.serve()
    node, units = ControlNode(office), office.site.root / "units"
    units.mkdir()
    words = {
        "tls_schedule_with": "cron",
        "tls_schedule_inventory": str(node.inventory),
        "tls_schedule_environment_file": str(node.environment),
        "tls_schedule_working_directory": str(node.root),
        "tls_schedule_log": str(node.log),
        "tls_schedule_options": ["-e", "tls_probe_timeout=20"],
        "tls_renew_every": "1h",
    }
    assert schedule(office.site, units, "--check", **words)
    assert [schedule(office.site, units, **words) for _run in range(2)] == [True, False]
    (path,) = units.iterdir()
    *_settings, line = path.read_text(encoding="utf-8").splitlines()
    minute, hour, *days, user, command = line.split(" ", 6)
    assert (0 <= int(minute) < 60, hour, days, user) == (True, "*", ["*", "*", "*"], "root")

    done = node.run(command)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), done.stdout
    office.learn_secrets()
    assert [row["host"] for row in node.read()["renewed"]] == list(HOSTS)
    assert [office.served(host) for host in HOSTS] == [office.stored(host) for host in HOSTS]
    assert "renewed 2, not due 0" in node.log.read_text(encoding="utf-8")

    # A run that goes on keeps the next one from beginning
    log = node.log.read_bytes()
    with (node.root / "renew.log.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        skipped = node.run(command)
    assert (skipped.returncode, skipped.stdout, node.log.read_bytes()) == (0, "", log)

    node.inventory.write_text("all: {hosts: {host1: {tls_host_certificates: 1}}}", encoding="utf-8")
    failed = node.run(command)
    assert (failed.returncode, "PLAY RECAP" in failed.stdout) == (1, True), failed.stdout

    units_of_timer = {**words, "tls_schedule_with": "systemd"}
    assert schedule(office.site, units, **units_of_timer)
    assert sorted(path.suffix for path in units.iterdir()) == [".service", ".timer"]
    service = (units / "certwright-tls-renew.service").read_text(encoding="utf-8")
    assert '"-e" "tls_renew_every=1h"' in service


@pytest.mark.further
def test_the_line_of_the_guide_renews(office: InternalSite) -> None:
    """As it stands there, but for the places."""
    office.serve()
    node = ControlNode(office)
    (line,) = re.findall(r"^```crontab\n(.*)\n```$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    *_times, command = line.split(" ", 5)
    collections = node.root / "home" / ".ansible" / "collections"
    collections.parent.mkdir(parents=True)
    collections.symlink_to(os.environ["ANSIBLE_COLLECTIONS_PATH"])
    places = {
        "/opt/ansible/bin/ansible-playbook": find_ansible("ansible-playbook"),
        "/srv/ansible/inventory.yml": f"'{node.inventory}'",
    }
    for place, own in places.items():
        assert place in command
        command = command.replace(place, own)
    done = node.run(command)
    office.learn_secrets()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), done.stdout
    assert [row["host"] for row in node.read()["renewed"]] == list(HOSTS)
    assert "renewed 2, not due 0" in (node.root / "home" / "renew.log").read_text(encoding="utf-8")
