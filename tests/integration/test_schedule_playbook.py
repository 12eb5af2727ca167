# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`ansible-playbook certwright.tls.schedule`: units that systemd understands, written once and taken away again."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.certwright.tls.tests.integration.servers import find_program
from ansible_collections.certwright.tls.tests.integration.site import Site

INVENTORY = "/srv/an inventory/50% of $all.yml"


def schedule(site: Site, units: Path, *options: str, **words: Any) -> bool:
    """Whether something was changed."""
    given = {"tls_schedule_directory": str(units), "tls_schedule_inventory": INVENTORY, **words}
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
