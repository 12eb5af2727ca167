# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What hosts call a run of Ansible, and whether a run of that name has ended."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from typing import Any

_PROCESS = re.compile(r"(?:job [^,]*, )?pid (\d+) of (.+)\Z")


def find_run_name(task_vars: Mapping[str, Any] | None = None) -> str:
    """What later runs call this one: the worker that does its work, which may outlive its run, and the job of AWX.

    The jobs of a sliced template, and of a workflow, have one number of a workflow in common.
    """
    told = task_vars or {}
    job = os.environ.get("JOB_ID") or os.environ.get("AWX_JOB_ID") or _read_number(told.get("awx_job_id"))
    workflow = _read_number(told.get("awx_workflow_job_id"))
    own = f"pid {os.getpid()} of {_find_place()}"
    if not job:
        return own
    return f"job {job} of workflow {workflow}, {own}" if workflow else f"job {job}, {own}"


def _read_number(told: Any) -> str:
    text = str(told or "")
    return text if text.isdecimal() else ""


def _find_place() -> str:
    """Where process numbers mean the same: containers and clones may have one name, but not one boot and namespace."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            subject = f"{file.read()} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        subject = "unknown"
    return f"{os.uname().nodename} ({hashlib.sha256(subject.encode()).hexdigest()[:8]})"


def is_over(run: str) -> bool:
    """Known only of a process of this controller; of all others it is not known, so they are not over."""
    found = _PROCESS.match(run)
    if found is None or found.group(2) != _find_place():
        return False
    try:
        os.kill(int(found.group(1)), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    return False


def is_scheduled(task_vars: Mapping[str, Any]) -> bool:
    """As AWX and its predecessor tell a job how it was started, and as our own timer does."""
    if os.environ.get("CERTWRIGHT_SCHEDULED"):
        return True
    words = [f"{prefix}_{job}_launch_type" for prefix in ("awx", "tower") for job in ("job", "workflow_job")]
    return "scheduled" in (str(task_vars.get(word, "")) for word in words)
