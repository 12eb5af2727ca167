# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.certwright.tls.plugins.module_utils._host.request import Limits, Service
from ansible_collections.certwright.tls.plugins.module_utils._host.services import (
    check_service,
    check_staged,
    dump_configuration,
    find_unit,
    observe_state,
    reload_service,
    start_service,
)

LIMITS = Limits(check=10, reload=10)


def test_a_process_file_of_a_running_process_is_a_running_service(tmp_path: Path) -> None:
    (tmp_path / "pid").write_text(f"{os.getpid()}\n", encoding="ascii")
    state = observe_state(Service("s", pid_file=str(tmp_path / "pid")), LIMITS)
    assert (state.running, state.start.partition(":")[0]) == (True, str(os.getpid()))
    assert state == observe_state(Service("s", pid_file=str(tmp_path / "pid")), LIMITS)


@pytest.mark.parametrize("text", [None, "", "nonsense", "4194999"], ids=["missing", "empty", "no number", "gone"])
def test_without_a_process_the_service_is_stopped(tmp_path: Path, text: str) -> None:
    if text is not None:
        (tmp_path / "pid").write_text(text, encoding="ascii")
    assert not observe_state(Service("s", pid_file=str(tmp_path / "pid")), LIMITS).running


def test_of_process_files_the_first_that_is_there_counts_and_only_its_first_line(tmp_path: Path) -> None:
    (tmp_path / "pid").write_text(f"{os.getpid()}\n/var/lib/data\n1700000000\n", encoding="ascii")
    service = Service("s", pid_file=f"{tmp_path}/none|{tmp_path}/pid", reload=("echo", "{pid_file}"))
    assert observe_state(service, LIMITS).running
    assert reload_service(service, LIMITS).output == f"{tmp_path}/pid\n"
    assert not observe_state(Service("s", pid_file=f"{tmp_path}/none|{tmp_path}/nor"), LIMITS).running


SYSTEMCTL = """#!/bin/sh
eval "unit=\\${$#}"
case $unit in
b.service) echo LoadState=loaded; echo ActiveState=inactive ;;
c.service) echo ActiveState=active; echo LoadState=loaded ;;
*) echo LoadState=not-found; echo ActiveState=inactive ;;
esac
"""


@pytest.mark.parametrize(
    ("units", "found"),
    [
        ("a.service|b.service|x.service", "b.service"),
        ("a.service|b.service|c.service", "c.service"),
        ("c.service", "c.service"),
        ("a.service", "a.service"),
        ("a.service|x.service", "a.service"),
    ],
    ids=["the first that is there", "the first that is up", "one", "one that is not there", "none is there"],
)
def test_of_units_the_first_that_systemd_knows_is_meant(
    units: str, found: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "systemctl").write_text(SYSTEMCTL, encoding="ascii")
    (tmp_path / "systemctl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert find_unit(units, LIMITS) == found


@pytest.mark.parametrize(("command", "running"), [((), True), (("true",), True), (("false",), False)])
def test_a_status_command_tells_and_without_one_the_service_is_taken_to_be_up(
    command: tuple[str, ...], running: bool
) -> None:
    assert observe_state(Service("s", status=command), LIMITS).running is running


@pytest.mark.parametrize(
    ("service", "code", "says"),
    [
        (Service("s", reload=("echo", "reloaded")), 0, "reloaded"),
        (Service("s", method="restart", restart=("echo", "restarted"), restart_allowed=True), 0, "restarted"),
        (Service("s", method="restart", restart=("false",)), 0, ""),
        (Service("s", method="none", reload=("false",)), 0, ""),
        (Service("s"), 127, "no command for the reload of s"),
        (Service("s", method="restart", restart_allowed=True), 127, "no command for the restart of s"),
    ],
    ids=["reload", "restart", "restart not allowed", "watches", "no reload", "no restart"],
)
def test_a_service_takes_new_files_in_its_own_way(service: Service, code: int, says: str) -> None:
    result = reload_service(service, LIMITS)
    assert (result.code, says in result.output) == (code, True)


def test_a_service_that_went_down_is_started_by_its_restart_or_named() -> None:
    assert start_service(Service("s", restart=("true",)), LIMITS).ok
    assert "no command that starts it" in start_service(Service("s"), LIMITS).output


def test_a_service_without_a_check_has_no_objection() -> None:
    assert check_service(Service("s"), LIMITS).ok
    assert check_staged(Service("s"), "/staged", LIMITS).ok


def test_a_staged_check_is_told_the_directory() -> None:
    assert (
        check_staged(Service("s", staged_check=("echo", "{directory}/a.pem")), "/staged", LIMITS).output
        == "/staged/a.pem\n"
    )


@pytest.mark.parametrize(
    ("command", "expected"), [((), None), (("false",), None), (("echo", "x"), "x\n")], ids=["none", "fails", "asked"]
)
def test_a_configuration_is_shown_or_unknown(command: tuple[str, ...], expected: str) -> None:
    assert dump_configuration(Service("s", references=command), LIMITS) == expected
