# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from ansible_collections.certwright.tls.plugins.module_utils._host.commands import CommandResult, run_command


def test_output_and_code_come_back() -> None:
    result = run_command(("sh", "-c", "echo out; echo err >&2; exit 3"), deadline=10)
    assert (result.code, sorted(result.output.split()), result.ok) == (3, ["err", "out"], False)
    assert result.summary.startswith("`sh -c echo out; echo err >&2; exit 3` ended with 3: ")


def test_a_missing_program_is_said_to_be_missing() -> None:
    result = run_command(("certwright-no-such-program",), deadline=10)
    assert (result.code, result.output) == (127, "cannot start: No such file or directory")


def test_of_alternatives_the_first_that_is_there_runs() -> None:
    result = run_command(("certwright-no-such-program|echo|false", "a|b"), deadline=10)
    assert (result.argv, result.output) == (("echo", "a|b"), "a|b\n")
    missing = run_command(("certwright-no-such-program|certwright-nor-this",), deadline=10)
    assert (missing.argv, missing.code) == (("certwright-no-such-program",), 127)


def test_a_deadline_ends_the_whole_group(tmp_path: Path) -> None:
    begun = time.monotonic()
    result = run_command(("sh", "-c", f"echo begun; sleep 60 & echo $! > {tmp_path}/pid; wait"), deadline=0.5)
    assert time.monotonic() - begun < 20
    assert (result.code, "begun" in result.output, "did not end within 0.5 s" in result.output) == (124, True, True)
    require_gone(int((tmp_path / "pid").read_text(encoding="ascii")))


def require_gone(pid: int) -> None:
    deadline = time.monotonic() + 5
    while is_running(pid):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_running(pid: int) -> bool:
    try:
        return Path("/proc", str(pid), "stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_service_that_a_command_starts_holds_nobody_up_and_stays(tmp_path: Path) -> None:
    begun = time.monotonic()
    result = run_command(("sh", "-c", f"sleep 60 & echo $! > {tmp_path}/pid; echo started"), deadline=20)
    daemon = int((tmp_path / "pid").read_text(encoding="ascii"))
    try:
        assert (result.ok, result.output, is_running(daemon)) == (True, "started\n", True)
        assert time.monotonic() - begun < 20
    finally:
        os.kill(daemon, 9)


def test_a_command_gets_no_terminal_no_input_and_no_descriptors(tmp_path: Path) -> None:
    with (tmp_path / "open").open("w", encoding="ascii") as file:
        os.set_inheritable(file.fileno(), True)
        result = run_command(
            ("sh", "-c", "cat; ls /proc/$$/fd; cut -d' ' -f6 /proc/$$/stat; echo $$; pwd"), deadline=10
        )
        descriptors, (session, own, where) = result.output.split()[:-3], result.output.split()[-3:]
        assert str(file.fileno()) not in descriptors
    assert (session, where) == (own, "/")


def test_commands_find_the_system_programs_and_speak_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    result = run_command(("sh", "-c", "echo $PATH $LC_ALL"), deadline=10)
    path, words = result.output.split()
    assert words == "C"
    assert path.split(":")[:2] == ["/usr/bin", "/bin"]
    assert "/usr/sbin" in path.split(":")


@pytest.mark.parametrize(
    ("result", "summary"),
    [
        (CommandResult(("a", "b"), 1, " \n"), "`a b` ended with 1: it printed nothing"),
        (CommandResult(("a",), 1, "x" * 3000), "`a` ended with 1: " + "x" * 2000),
        (CommandResult((), 127, "there is no command"), "there is no command"),
    ],
    ids=["silent", "long", "none"],
)
def test_a_summary_is_one_sentence(result: CommandResult, summary: str) -> None:
    assert result.summary == summary
