# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 the certwright.tls authors

"""Playbooks over a local connection, and how long each of their tasks took."""

from __future__ import annotations

import json
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
MODULE = "certwright.tls.deployment"
NO_OP = {"name": "no-op", "ansible.builtin.ping": {}}


@dataclass(frozen=True)
class TaskTime:
    """One task that ended well: its name, its wall time on the controller, and what the host's side answered."""

    name: str
    seconds: float
    answer: dict[str, Any]


@dataclass(frozen=True)
class Bench:
    """One directory, and how playbooks are run there."""

    work: Path
    rounds: int
    interpreter: str

    def store(self, size: int) -> Path:
        return self.work / f"store-{size}"

    def play(self, tasks: list[dict[str, Any]]) -> list[TaskTime]:
        self.run(tasks)
        lines = (json.loads(line) for line in self._times.read_text(encoding="utf-8").splitlines())
        return [TaskTime(**line) for line in lines]

    def run(self, tasks: list[dict[str, Any]]) -> float:
        """The seconds of the whole playbook, from the command line to its end."""
        playbook = self.work / "playbook.json"
        playbook.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": tasks}]), encoding="utf-8")
        self._times.write_text("", encoding="utf-8")
        command = ["ansible-playbook", "-i", "host,", "-c", "local", str(playbook)]
        started = time.monotonic()
        ended = subprocess.run(command, env=self._environment(), check=False, capture_output=True, text=True)
        seconds = time.monotonic() - started
        if ended.returncode:
            raise SystemExit(ended.stdout[-4000:] + ended.stderr[-4000:])
        return seconds

    @property
    def _times(self) -> Path:
        return self.work / "times"

    def _environment(self) -> dict[str, str]:
        return dict(
            os.environ,
            ANSIBLE_CALLBACK_PLUGINS=str(HERE / "callback_plugins"),
            ANSIBLE_CALLBACKS_ENABLED="task_times",
            ANSIBLE_PIPELINING="true",
            ANSIBLE_PYTHON_INTERPRETER=self.interpreter,
            CERTWRIGHT_TASK_TIMES=str(self._times),
        )


def task(name: str, request: str) -> dict[str, Any]:
    return {"name": name, MODULE: {"request": request}}
