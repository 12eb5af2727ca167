# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One job as AWX lays it out and starts it by ansible-runner, and what it left: events, artifacts, output."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.certwright.tls.tests.integration.playbook_run import find_ansible
from ansible_collections.certwright.tls.tests.integration.processes_of_a_run import find_children, kill_all
from ansible_collections.certwright.tls.tests.integration.snapshot import Snapshot, take_snapshot

PLAYBOOKS = ("install", "renew", "remove", "decommission", "form", "report", "internal_ca")
RUNNER = "CERTWRIGHT_ANSIBLE_RUNNER"
SECONDS = 240
_COLLECTIONS = "ANSIBLE_COLLECTIONS_PATH"
# The facts of a host of which none are known, as older and newer ansible-cores keep them.
_EMPTY = ({}, {"__payload__": "{}"})
_OWN = Path(__file__).parents[2] / ".venv" / "runner" / "bin" / "ansible-runner"


def find_runner() -> str:
    """Of an environment of its own, as tools/integration makes it; it takes the ansible-playbook of its PATH."""
    found = os.environ.get(RUNNER) or (str(_OWN) if _OWN.exists() else shutil.which("ansible-runner"))
    assert found, f"ansible-runner is missing: tools/venv runner, or name it in {RUNNER}"
    return found


@dataclass(frozen=True)
class Ended:
    """Exit status as artifacts have it, the last event's data, and the texts of everything that was told."""

    code: int
    status: str
    artifacts: Path
    output: str

    @property
    def tail(self) -> str:
        """Of the output, for who reads why a test failed."""
        return "\n".join(self.output.splitlines()[-60:])

    @property
    def events(self) -> list[dict[str, Any]]:
        paths = (self.artifacts / "job_events").glob("*.json")
        return sorted((json.loads(path.read_text("utf-8")) for path in paths), key=lambda event: event["counter"])

    @property
    def report(self) -> dict[str, Any]:
        """`tls_report` as a workflow hands it on."""
        last = self.events[-1]
        assert last["event"] == "playbook_on_stats", self.output
        told = last["event_data"]["artifact_data"]
        assert set(told) == {"tls_report"}, told
        report: dict[str, Any] = told["tls_report"]
        return report

    def hosts(self, word: str) -> list[str]:
        return sorted(row if isinstance(row, str) else row["host"] for row in self.report[word])


@dataclass
class Job:
    """A private data directory. `hosts` are the variables of each, all of them or those of a slice.

    `files` are what credentials become, by name; their paths are extra variables of that name, as injectors have it.
    """

    root: Path
    hosts: dict[str, dict[str, Any]]
    variables: dict[str, Any]
    number: int = 1
    environment: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    survey: dict[str, Any] = field(default_factory=dict)
    options: str = ""

    def lay_out(self) -> Snapshot:
        """A template may only name a playbook that the project has."""
        for name in ("project", "inventory", "env", "home", "tmp"):
            (self.root / name).mkdir(parents=True)
        for playbook in PLAYBOOKS:
            plays = [{"name": playbook, "import_playbook": f"certwright.tls.{playbook}"}]
            (self.root / "project" / f"{playbook}.yml").write_text(json.dumps(plays), encoding="utf-8")
        inventory = {
            "all": {"hosts": list(self.hosts), "vars": self.variables},
            "_meta": {"hostvars": self.hosts},
        }
        script = self.root / "inventory" / "hosts"
        script.write_text(f"#!{sys.executable}\nprint({json.dumps(inventory)!r})\n", encoding="utf-8")
        script.chmod(0o700)
        self._lay_out_environment()
        return self.look()

    def _lay_out_environment(self) -> None:
        env = self.root / "env"
        paths = {}
        for name, content in self.files.items():
            paths[name] = str(env / f"tmp{name}")
            (env / f"tmp{name}").write_text(content, encoding="utf-8")
        awx = {"awx_job_id": self.number, "tower_job_id": self.number, "awx_job_launch_type": "manual"}
        texts = {
            "extravars": json.dumps({**awx, **paths, **self.survey}),
            "envvars": json.dumps({**self._find_variables(), **self.environment}),
            "settings": json.dumps({"suppress_env_files": True, "idle_timeout": SECONDS}),
            "cmdline": f"--forks 5 -vvv {self.options}",
        }
        for name, text in texts.items():
            (env / name).write_text(text, encoding="utf-8")

    def _find_variables(self) -> dict[str, str]:
        """As AWX has them; of its places for collections only the last one is there."""
        places = (f"{self.root}/requirements_collections", "~/.ansible/collections", os.environ[_COLLECTIONS])
        return {
            "ANSIBLE_COLLECTIONS_PATH": ":".join(places),
            "ANSIBLE_CACHE_PLUGIN": "jsonfile",
            "ANSIBLE_UNSAFE_WRITES": "1",
            "ANSIBLE_HOST_KEY_CHECKING": "False",
            "ANSIBLE_FORCE_COLOR": "False",
            "ANSIBLE_RETRY_FILES_ENABLED": "False",
            "ANSIBLE_PARAMIKO_RECORD_HOST_KEYS": "False",
            "AWX_HOST": "https://awx.example.org",
            "JOB_ID": str(self.number),
            "INVENTORY_ID": "2",
            "PROJECT_REVISION": "0123456789abcdef0123456789abcdef01234567",
            "HOME": str(self.root / "home"),
            "TMPDIR": str(self.root / "tmp"),
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def look(self) -> Snapshot:
        """Everything but artifacts, the runner's own log, and directories of Ansible's, whose files it deletes."""
        found = take_snapshot(self.root)
        own = (".", "artifacts", "daemon.log")
        kept = {path: facts for path, facts in found.items() if path not in own and not path.startswith("artifacts/")}
        emptied = [path for path in kept if path.startswith(("home", "tmp")) and (self.root / path).is_dir()]
        return {path: facts for path, facts in kept.items() if path not in emptied}

    def find_changes(self, before: Snapshot) -> list[str]:
        now = self.look()
        return sorted(path for path in {*before, *now} if before.get(path) != now.get(path))

    def start(self, playbook: str) -> subprocess.Popen[bytes]:
        return self._popen("run", str(self.root), "-p", f"{playbook}.yml", "--ident", "job", output="output")

    def _popen(self, *words: str, output: str, **streams: Any) -> subprocess.Popen[bytes]:
        path = f"{Path(find_ansible('ansible-playbook')).parent}:{os.environ['PATH']}"
        with (self.root.parent / f"{self.root.name}.{output}").open("wb") as file:
            streams.setdefault("stdout", file)
            return subprocess.Popen(
                [find_runner(), *words],
                stdin=streams.pop("stdin", subprocess.DEVNULL),
                stderr=file,
                env={"PATH": path, "LANG": "C.UTF-8", "HOME": str(self.root / "home")},
                start_new_session=True,
                **streams,
            )

    def finish(self, process: subprocess.Popen[bytes]) -> Ended:
        try:
            process.wait(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        return self.read(self.root / "artifacts" / "job")

    def read(self, artifacts: Path) -> Ended:
        told = [*sorted(self.root.parent.glob(f"{self.root.name}.*")), artifacts / "stdout"]
        output = "".join(path.read_text("utf-8", "replace") for path in told if path.is_file())
        code, status = ((artifacts / name).read_text("ascii") for name in ("rc", "status"))
        return Ended(int(code), status, artifacts, output)

    def run(self, playbook: str) -> Ended:
        """Nothing but artifacts and hosts is changed by it, and nothing of a host stays in a cache."""
        before = self.lay_out()
        ended = self.finish(self.start(playbook))
        assert not self.find_changes(before), self.find_changes(before)
        cached = [json.loads(path.read_text("utf-8")) for path in (ended.artifacts / "fact_cache").iterdir()]
        assert all(found in _EMPTY for found in cached), cached
        return ended

    def relay(self, playbook: str) -> Ended:
        """The same over a mesh: packed here, worked off elsewhere, and its events brought back."""
        before = self.lay_out()
        elsewhere = self.root.parent / f"{self.root.name}-worker"
        elsewhere.mkdir()
        transmit = self._popen(
            "transmit", str(self.root), "-p", f"{playbook}.yml", output="transmit", stdout=subprocess.PIPE
        )
        work = ("worker", "--private-data-dir", str(elsewhere))
        worker = self._popen(*work, output="worker", stdin=transmit.stdout, stdout=subprocess.PIPE)
        assert transmit.stdout
        assert worker.stdout
        process = self._popen("-q", "process", str(self.root), "--ident", "job", output="process", stdin=worker.stdout)
        # They are the children's.
        transmit.stdout.close()
        worker.stdout.close()
        ended = self.finish(process)
        assert (transmit.wait(10), worker.wait(10)) == (0, 0), ended.output
        assert not self.find_changes(before), self.find_changes(before)
        return ended


def cancel(process: subprocess.Popen[bytes]) -> None:
    """It is told to end, and the container is gone with everything in it before it could."""
    children = list(find_children(process.pid))
    os.kill(process.pid, signal.SIGTERM)
    kill_all(process, children)
