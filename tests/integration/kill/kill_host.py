# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host to kill transactions on: a store, a foreign path and a running nginx, reset to its base before each kill."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ansible_collections.certwright.tls.tests.unit.plugins.module_utils._host.nginx_server import (
    Nginx,
    Site,
    Supply,
    await_served,
    fingerprint_of,
    free_port,
    served,
    supply,
)

OLD, NEW, THIRD = supply("old.example"), supply("new.example"), supply("third.example")
RUNNER = Path(__file__).with_name("run_transaction.py")
LIMITS = {"check": 20, "reload": 20, "probe": 8, "handshake": 4, "lock": 20}
NAME = "site"


@dataclass(frozen=True)
class Scenario:
    """What is there before, what is done, and how it ends when nothing is killed.

    `foreign` is how nginx is told of its files: by the live paths (""), by one foreign path that becomes a `link` or
    stays a file (`in_place`), or by a `pair` of paths, certificate and key, that become links. `interrupted` is the
    kill that went before, by the words of a fault point.
    """

    name: str
    outcome: str
    installed: bool = True
    foreign: str = ""
    reload_fails: bool = False
    activate: bool = True
    keep: int = 3
    interrupted: tuple[str, str, int] | None = None

    @property
    def is_first(self) -> bool:
        return not self.installed and not self.foreign

    @property
    def puts_foreign_back(self) -> bool:
        return bool(self.foreign) and not self.installed and self.reload_fails

    @property
    def final(self) -> Supply:
        return OLD if self.reload_fails or not self.activate else NEW


class Runner:
    """The separate process that runs and kills transactions."""

    def __init__(self, directory: Path) -> None:
        self.scratch = directory / "tmp"
        self.scratch.mkdir(parents=True)
        self.process = subprocess.Popen(
            [sys.executable, str(RUNNER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=dict(os.environ, TMPDIR=str(self.scratch)),
        )

    def ask(self, task: dict[str, Any]) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(task) + "\n")
        self.process.stdin.flush()
        answer = dict(json.loads(self.process.stdout.readline()))
        self._await_orphans()
        assert "error" not in answer, answer["error"]
        return answer

    def _await_orphans(self) -> None:
        """Commands of a killed transaction come to their end by themselves."""
        mark, deadline = f"CERTWRIGHT_KILL_MARK={self.process.pid}".encode(), time.monotonic() + 20
        while any(mark in _environment(pid) for pid in os.listdir("/proc") if pid.isdigit()):
            assert time.monotonic() < deadline, "a command does not end"
            time.sleep(0.005)

    def end(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(timeout=20)
        if self.process.stdout is not None:
            self.process.stdout.close()


def _environment(pid: str) -> list[bytes]:
    try:
        return Path("/proc", pid, "environ").read_bytes().split(b"\0")
    except OSError:
        return []


class KillHost:
    """One directory with everything in it; several of them work side by side."""

    def __init__(self, directory: Path) -> None:
        self.root, self.ground = directory, directory / "ground"
        self.store, self.foreign = self.ground / "store", self.ground / "foreign" / "site.pem"
        self.foreign_key = self.foreign.with_name("site.key")
        self.runner = Runner(directory)
        self.port = free_port()
        self.nginx = Nginx(self.ground)
        (directory / "fresh").mkdir()
        self.fresh = Nginx(directory / "fresh", "fresh")
        self.bases: dict[str, Path] = {}

    # What is asked of the host

    def task(self, scenario: Scenario, wanted: Supply = NEW, **words: Any) -> dict[str, Any]:
        return {
            "store": str(self.store),
            "name": NAME,
            "services": [self._service(scenario)],
            "material": asdict(wanted.material),
            "record": {"fingerprint": wanted.fingerprint, "services": [self._service(scenario)]},
            "put_back": not scenario.is_first,
            "activate": scenario.activate,
            "limits": dict(LIMITS, keep_generations=scenario.keep),
            **words,
        }

    def _service(self, scenario: Scenario) -> dict[str, Any]:
        first: dict[str, Any] = {"name": "site.pem", "parts": ["leaf", "chain", "key"], "mode": "0600"}
        key: dict[str, Any] = {"name": "privkey.pem", "parts": ["key"], "mode": "0640", "group": str(os.getgid())}
        if scenario.foreign:
            first.update(path=str(self.foreign), in_place=scenario.foreign == "in_place")
        if scenario.foreign == "pair":
            first.update(parts=["leaf", "chain"])
            key.update(path=str(self.foreign_key))
        return {
            "name": "nginx",
            "files": [first, key],
            "pid_file": str(self.nginx.pid_file),
            "check": self.nginx.check,
            "reload": [str(self.ground / "reload")] if scenario.reload_fails else self.nginx.reload,
            "references": self.nginx.command("-T", "-q"),
            "probes": [{"port": self.port}],
        }

    def _site(self, scenario: Scenario, port: int) -> Site:
        live = self.store / "live" / NAME / "nginx"
        path = str(self.foreign) if scenario.foreign else str(live / "site.pem")
        return Site("localhost", port, path, str(self.foreign_key) if scenario.foreign == "pair" else path)

    # Its states

    def reset(self, scenario: Scenario) -> None:
        base = self.bases.get(scenario.name) or self._prepare(scenario)
        self._copy(base, self.ground)

    @staticmethod
    def _copy(source: Path, target: Path) -> None:
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target, symlinks=True)

    def _prepare(self, scenario: Scenario) -> Path:
        """The base of a scenario, made by transactions that nobody killed, and by the one that somebody did."""
        shutil.rmtree(self.ground, ignore_errors=True)
        self.foreign.parent.mkdir(parents=True)
        if scenario.foreign and not scenario.installed:
            self._write_foreign(scenario)
        refusal = f"! cmp -s {self.store}/live/{NAME}/cert.pem {self.root}/new.pem"
        script = f"#!/bin/sh\n{' '.join(self.nginx.reload)} || exit\n{refusal}\n"
        (self.root / "new.pem").write_text(NEW.material.leaf, encoding="ascii")
        (self.ground / "reload").write_text(script, encoding="ascii")
        (self.ground / "reload").chmod(0o755)
        self.fresh.configure(self._site(scenario, free_port()))
        if scenario.installed:
            with self.running(Scenario("base", "activated", installed=False, foreign=scenario.foreign)) as (host, base):
                host.runner.ask(host.task(base, OLD))
                assert await_served(host.port, OLD.fingerprint) == OLD.fingerprint
        if scenario.interrupted:
            self._interrupt(scenario, *scenario.interrupted)
        self.bases[scenario.name] = self.root / f"base {scenario.name}"
        self._copy(self.ground, self.bases[scenario.name])
        return self.bases[scenario.name]

    def _displaced(self, scenario: Scenario) -> dict[Path, str]:
        """What stands at foreign paths before anything of ours does."""
        if not scenario.foreign or scenario.installed:
            return {}
        if scenario.foreign == "pair":
            return {self.foreign: OLD.material.leaf, self.foreign_key: OLD.material.key}
        return {self.foreign: OLD.material.leaf + OLD.material.key}

    def _write_foreign(self, scenario: Scenario) -> None:
        for path, text in self._displaced(scenario).items():
            path.write_text(text, encoding="ascii")
            path.chmod(0o600)

    def _interrupt(self, scenario: Scenario, words: str, when: str, which: int) -> None:
        self._copy(self.ground, self.root / "before the kill")
        with self.running(scenario):
            points = self.runner.ask(self.task(scenario))["points"]
        point = [number for number, text in enumerate(points, 1) if words in text][which]
        self._copy(self.root / "before the kill", self.ground)
        with self.running(scenario):
            assert self.runner.ask(self.task(scenario, point=point, when=when)) == {"signal": 9}

    @contextlib.contextmanager
    def running(self, scenario: Scenario) -> Iterator[tuple[KillHost, Scenario]]:
        """nginx as it is before: a first install finds it up without the site that its configuration names by now."""
        site = self._site(scenario, self.port)
        self.nginx.configure(*([site] if os.path.exists(site.certificate) else []))
        self.nginx.start()
        try:
            self.nginx.configure(site)
            yield self, scenario
        finally:
            self.nginx.stop()

    # What must hold

    def require_startable(self, scenario: Scenario) -> None:
        """The service starts on what is there, and shows the old or the new pair; a new one may be missing whole."""
        tested = self.nginx.test()
        if tested.returncode and scenario.is_first:
            assert "No such file or directory" in tested.stderr
            assert not os.path.lexists(self.store / "live" / NAME)
            return
        assert tested.returncode == 0, tested.stderr
        self.fresh.configure(self._site(scenario, port := free_port()))
        with self.fresh:
            assert served(port) in [item.fingerprint for item in ((NEW,) if scenario.is_first else (OLD, NEW))]

    def require_nothing_lost(self, scenario: Scenario) -> None:
        """Displaced files and old generations have their bytes, and no key is open to more than was declared."""
        for foreign, text in self._displaced(scenario).items():
            kept = [foreign, *foreign.parent.glob(f"{foreign.name}.before-certwright*")]
            assert text in [path.read_text(encoding="ascii") for path in kept]
        live = (self.store / "live" / NAME / "cert.pem") if scenario.installed else None
        if live and (scenario.keep or live.read_text(encoding="ascii") == OLD.material.leaf):
            first = self.store / "certificates" / NAME / "000001"
            assert (first / "manifest.json").exists()
            assert (first / "cert.pem").read_text(encoding="ascii") == OLD.material.leaf
            assert (first / "privkey.pem").read_text(encoding="ascii") == OLD.material.key
        for path in _files(self.ground):
            declared = 0o640 if path.parts[-2:] == ("nginx", "privkey.pem") else 0o600
            if b"PRIVATE KEY" in path.read_bytes():
                assert stat.S_IMODE(path.stat().st_mode) & ~declared == 0, path
        assert list(self.runner.scratch.iterdir()) == []

    def require_recovered(self, scenario: Scenario) -> None:
        """After one more run: the right generation is live and served, and nothing is left lying about."""
        if scenario.puts_foreign_back:
            assert not os.path.lexists(self.store / "live" / NAME)
            assert not self.foreign.is_symlink()
        else:
            live = (self.store / "live" / NAME / "cert.pem").read_text(encoding="ascii")
            assert fingerprint_of(live) == scenario.final.fingerprint
        assert await_served(self.port, scenario.final.fingerprint) == scenario.final.fingerprint
        assert not (self.store / "journal.json").exists()
        assert [path for path in _names(self.ground) if path.name.endswith((".new", ".certwright-new"))] == []
        kept = sorted(path.name for path in self.foreign.parent.glob("*.before-certwright*"))
        displaced = {} if scenario.puts_foreign_back else self._displaced(scenario)
        assert kept == sorted(f"{path.name}.before-certwright" for path in displaced)
        for directory in ("", "certificates", "live", f"certificates/{NAME}"):
            assert stat.S_IMODE((self.store / directory).stat().st_mode) == 0o711, directory or "store"

    def require_stageable(self, scenario: Scenario) -> None:
        """One more staging cleans up what was left half made, and changes nothing that is live."""
        self.runner.ask(self.task(scenario, THIRD, activate=False))
        generations = list((self.store / "certificates" / NAME).iterdir())
        assert [path.name for path in generations if not (path / "manifest.json").exists()] == []
        assert all(stat.S_IMODE(path.stat().st_mode) == 0o711 for path in generations)
        assert served(self.port) == scenario.final.fingerprint


def _names(directory: Path) -> Iterator[Path]:
    for parent, directories, files in os.walk(directory):
        for name in (*directories, *files):
            yield Path(parent, name)


def _files(directory: Path) -> Iterator[Path]:
    return (path for path in _names(directory) if not path.is_symlink() and path.is_file())
