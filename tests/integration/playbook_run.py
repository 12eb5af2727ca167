# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run of the real `ansible-playbook`, with every secret-revealing option on, and what it reported."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CALLBACKS = Path(__file__).parent / "callback_plugins"
TIMEOUT = 120
_KEPT = ("PATH", "LANG", "LC_ALL", "ANSIBLE_COLLECTIONS_PATH")


@dataclass(frozen=True)
class Finished:
    """Exit status, everything that was printed (at -vvvv), and the results of the tasks in their order."""

    code: int
    output: str
    results: tuple[dict[str, Any], ...]

    @property
    def result(self) -> dict[str, Any]:
        """Of the only task."""
        assert len(self.results) == 1, self.output
        return self.results[0]


@dataclass
class PlaybookRun:
    """A started run; `finish` waits for it."""

    process: subprocess.Popen[bytes]
    output: Path
    events: Path
    actions: tuple[str, ...] = field(default=("certwright.tls.",))
    left_out: tuple[str, ...] = ("certwright.tls.report_table",)
    """It only shows what others did."""

    def finish(self, *, seconds: float = TIMEOUT) -> Finished:
        try:
            code = self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.signal(signal.SIGKILL)
            self.process.wait()
            raise
        lines = self.events.read_text(encoding="utf-8").splitlines() if self.events.exists() else []
        events = [json.loads(line) for line in lines]
        results = tuple(
            dict(event["result"], status=event["status"], host=event["host"])
            for event in events
            if event["action"].startswith(self.actions) and event["action"] not in self.left_out
        )
        return Finished(code, self.output.read_text(encoding="utf-8", errors="replace"), results)

    def signal(self, number: signal.Signals) -> None:
        """To the whole process group, as a terminal and a job runner do."""
        os.killpg(self.process.pid, number)


@dataclass(frozen=True)
class Controller:
    """A directory with everything of one test's controller: home, temporary files, inventory, playbooks, output."""

    root: Path
    variables: dict[str, Any]
    inventory: str = "host1,"
    within: tuple[str, ...] = ()
    """What the command is run by, as a fleet's network."""
    environment: dict[str, str] = field(default_factory=dict)
    """Over that of every controller."""

    @property
    def secrets(self) -> Path:
        """Where the operator keeps what is secret; nothing of it may appear anywhere else."""
        return self.root / "files"

    def start(self, playbook: str | list[dict[str, Any]], *options: str, variables: dict[str, Any]) -> PlaybookRun:
        """`playbook` is a name or the plays themselves."""
        number = len(list(self.root.glob("output-*")))
        output, events = self.root / f"output-{number}", self.root / f"events-{number}"
        if not isinstance(playbook, str):
            path = self.root / f"playbook-{number}.yml"
            path.write_text(json.dumps(playbook, indent=1), encoding="utf-8")
            playbook = str(path)
        # Variables go by a file: in argv every user of the controller would read them.
        given = self.secrets / f"variables-{number}.json"
        given.write_text(json.dumps(self.variables | variables), encoding="utf-8")
        # Who starts the tests in the background leaves SIGINT ignored, and every child inherits that.
        program = [*self.within, "env", "--default-signal=INT", find_ansible("ansible-playbook")]
        command = [*program, "-i", self.inventory, "-vvvv", "--diff", "-e", f"@{given}", *options, playbook]
        with output.open("wb") as file:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                env=self._environment(events),
                cwd=self.root,
                start_new_session=True,
            )
        return PlaybookRun(process, output, events)

    def _environment(self, events: Path) -> dict[str, str]:
        """Nothing of the user's own configuration."""
        for name in ("home", "tmp"):
            (self.root / name).mkdir(exist_ok=True)
        (self.root / "ansible.cfg").touch()
        return {
            **{name: os.environ[name] for name in _KEPT if name in os.environ},
            "HOME": str(self.root / "home"),
            "TMPDIR": str(self.root / "tmp"),
            "ANSIBLE_CONFIG": str(self.root / "ansible.cfg"),
            "ANSIBLE_CALLBACK_PLUGINS": str(CALLBACKS),
            "ANSIBLE_CALLBACKS_ENABLED": "task_results",
            "ANSIBLE_PIPELINING": "false",
            "ANSIBLE_NOCOLOR": "true",
            "ANSIBLE_RETRY_FILES_ENABLED": "false",
            "CERTWRIGHT_TASK_RESULTS": str(events),
            "PYTHONDONTWRITEBYTECODE": "1",
            **self.environment,
        }


def find_ansible(name: str) -> str:
    return str(Path(os.environ.get("CERTWRIGHT_ANSIBLE_BIN", Path(sys.executable).parent)) / name)
