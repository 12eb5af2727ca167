# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs of Ansible by name, and which of them are known to be over."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._run_name import find_run_name, is_over

# Where process numbers mean the same: the node, its boot and its namespace.
NODE = f"{os.uname().nodename} ("


@pytest.fixture(autouse=True)
def no_job(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("JOB_ID", "AWX_JOB_ID"):
        monkeypatch.delenv(variable, raising=False)


def ended_process() -> int:
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def name_of(pid: int, *, place: str | None = None) -> str:
    """As a run of this controller would be called that had this process."""
    own = find_run_name().partition(" of ")[2]
    return f"pid {pid} of {place or own}"


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        pytest.param({}, f"pid {os.getpid()} of {NODE}", id="the process that has the workers"),
        pytest.param({"JOB_ID": "7"}, "job 7", id="a job of AWX"),
        pytest.param({"AWX_JOB_ID": "8"}, "job 8", id="a job of another AWX"),
        pytest.param({"JOB_ID": "", "AWX_JOB_ID": ""}, f"pid {os.getpid()} of {NODE}", id="empty variables"),
    ],
)
def test_what_a_run_is_called(variables: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)
    assert find_run_name().startswith(expected)
    assert find_run_name() == find_run_name()


@pytest.mark.parametrize(
    ("job", "told", "expected"),
    [
        pytest.param("7", {"awx_workflow_job_id": 3}, "job 7 of workflow 3, pid ", id="a node of a workflow"),
        pytest.param("", {"awx_job_id": "9"}, "job 9, pid ", id="the variable alone"),
        pytest.param("7", {"awx_workflow_job_id": ""}, "job 7, pid ", id="no workflow"),
        pytest.param("", {"awx_job_id": "9, pid 1 of x"}, "pid ", id="what is no number"),
        pytest.param("", {"awx_workflow_job_id": 3}, "pid ", id="a workflow without a job"),
    ],
)
def test_a_job_is_called_by_its_numbers(
    job: str, told: dict[str, Any], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOB_ID", job)
    assert find_run_name(told).startswith(expected)
    assert is_over(find_run_name(told)) is False
    ended = find_run_name(told).replace(f"pid {os.getpid()} ", f"pid {ended_process()} ")
    assert is_over(ended) is True


@pytest.mark.parametrize(
    ("find_pid", "expected"),
    [
        pytest.param(os.getpid, False, id="a process that lives"),
        pytest.param(lambda: 1, False, id="somebody else's process"),
        pytest.param(ended_process, True, id="a process that has ended"),
        pytest.param(lambda: 10**30, False, id="a number that no process has"),
    ],
)
def test_whether_a_run_of_this_controller_is_over(find_pid: Callable[[], int], expected: bool) -> None:
    assert is_over(name_of(find_pid())) is expected


@pytest.mark.parametrize(
    "place",
    [
        pytest.param("another.example (02a7bb1d)", id="of another controller"),
        pytest.param(f"{os.uname().nodename} (00000000)", id="of one that is called alike, or of an earlier boot"),
        pytest.param(os.uname().nodename, id="of a place that is not said"),
    ],
)
def test_of_other_places_nobody_knows(place: str) -> None:
    assert is_over(name_of(ended_process(), place=place)) is False


@pytest.mark.parametrize(
    "run", ["job 6", "", "pid of x", f"{name_of(ended_process())}\n", f"x {name_of(ended_process())}"]
)
def test_what_is_no_process_is_not_over(run: str) -> None:
    assert is_over(run) is False


def test_the_name_of_this_run_is_read_back() -> None:
    assert is_over(find_run_name()) is False
