# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 the certwright.tls authors

"""What an unchanged run over a fleet costs: certwright.tls.install beside a ping of the same hosts, over ssh."""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from statistics import median
from typing import Any

from fleet import Fleet, find_obstacle

from ansible_collections.certwright.tls.tests.unit.authority import ca

AIM = 2.0
CALLBACKS = Path(__file__).resolve().parents[1] / "callback_plugins"
PING = [{"hosts": "all", "gather_facts": False, "tasks": [{"ansible.builtin.ping": {}}]}]
_SITE = """server {{ listen 443 ssl; ssl_certificate {live}/fullchain.pem; ssl_certificate_key {live}/privkey.pem; }}
"""
_RECAP = re.compile(r"^(\w+) +: ok=(\d+) +changed=(\d+) +unreachable=(\d+) +failed=(\d+)", re.MULTILINE)


@dataclass(frozen=True)
class Run:
    """Seconds of a whole command: on the clock, of processors on the controller, of processors on all hosts."""

    wall: float
    controller: float
    hosts: float


class Bench:
    """A fleet whose nginx serve what was installed, and the commands that are measured over it."""

    def __init__(self, fleet: Fleet, work: Path, forks: int) -> None:
        self.fleet, self.work = fleet, work
        self.times = work / "times"
        os.environ.pop("ANSIBLE_REMOTE_TMP", None)
        os.environ |= {
            "ANSIBLE_FORKS": str(forks),
            "ANSIBLE_PIPELINING": "true",
            "ANSIBLE_GATHERING": "explicit",
            "ANSIBLE_CALLBACK_PLUGINS": str(CALLBACKS),
            "CERTWRIGHT_TASK_TIMES": str(self.times),
        }
        self.variables = work / "variables.json"
        self.playbook = work / "ping.json"
        self.playbook.write_text(json.dumps(PING), encoding="utf-8")

    def prepare(self) -> None:
        """Each host has a certificate of its own, which its nginx serves; the first run is not measured."""
        issuer = ca(not_before=datetime.now(timezone.utc) - timedelta(days=1))
        for host in self.fleet.hosts:
            life = {"not_after": datetime.now(timezone.utc) + timedelta(days=80)}
            issued = issuer.issue(host.fqdn, **life)
            for suffix, content in (("pem", issued.pem), ("key", issued.key_pem)):
                (self.work / f"{host.name}.{suffix}").write_bytes(content)
        (self.work / "ca.pem").write_bytes(issuer.pem)
        self.variables.write_text(json.dumps(self._words()), encoding="utf-8")
        self.install()
        for host in self.fleet.hosts:
            site = _SITE.format(live="/etc/ssl/certwright/live/system/nginx")
            self.fleet.sh(host.name, "sh", "-c", 'printf %s "$0" >/etc/nginx/sites-enabled/default', site)
            self.fleet.sh(host.name, "systemctl", "start", "nginx")
        # The reload that the store asks for, since nginx was not up.
        self.install()

    def _words(self) -> dict[str, Any]:
        place = f"{self.work}/{{{{ inventory_hostname }}}}"
        material = {
            "certificate_src": f"{place}.pem",
            "private_key_src": f"{place}.key",
            "ca_src": f"{self.work}/ca.pem",
        }
        system = {"external_url": "{{ ansible_host }}", "engine": "files", "services": ["nginx"], **material}
        return {"tls_system": system}

    def ping(self) -> str:
        return self.fleet.run("ansible", "-m", "ping", "all", "-o", timeout=900).stdout

    def ping_playbook(self) -> str:
        return self.fleet.run("ansible-playbook", str(self.playbook), timeout=900).stdout

    def install(self) -> str:
        self.times.write_text("", encoding="utf-8")
        return self.fleet.run(
            "ansible-playbook", "certwright.tls.install", "-e", f"@{self.variables}", timeout=1800
        ).stdout

    def measure(self, command: Callable[[], str]) -> Run:
        hosts, controller, started = self.fleet.processor_seconds(), _children(), time.monotonic()
        said = command()
        wall = time.monotonic() - started
        run = Run(wall, _children() - controller, self.fleet.processor_seconds() - hosts)
        self._require_unchanged(said)
        return run

    def _require_unchanged(self, said: str) -> None:
        """Of every host, whether it is the recap of a playbook or the lines of a ping."""
        recap = [tuple(map(int, numbers)) for _host, *numbers in _RECAP.findall(said)]
        good = sum(ok > 0 and not any(others) for ok, *others in recap) or said.count("SUCCESS")
        if good != len(self.fleet.hosts):
            raise SystemExit(f"Only {good} of {len(self.fleet.hosts)} hosts were reached and unchanged:\n{said}")

    def read_tasks(self) -> dict[str, float]:
        """By task, the seconds until its last host was done; those of one name together."""
        found: dict[str, float] = {}
        for line in self.times.read_text(encoding="utf-8").splitlines():
            item = json.loads(line)
            found[item["name"]] = max(found.get(item["name"], 0.0), item["seconds"])
        return found


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def show(title: str, runs: list[Run], floor: list[Run], aim: bool = False) -> None:
    ratios = [run.wall / least.wall for run, least in zip(runs, floor, strict=True)]
    word = f"  aim {AIM} {'met' if median(ratios) <= AIM else 'missed'}" if aim else ""
    walls, controller, hosts = ([getattr(run, name) for run in runs] for name in ("wall", "controller", "hosts"))
    row = f"    {title:26}{median(ratios):8.2f}  ({min(ratios):.2f} to {max(ratios):.2f})".ljust(60)
    print(f"{row}{median(walls):7.1f} {median(controller):12.1f} {median(hosts):7.1f}{word}", flush=True)


def show_profile(tasks: dict[str, float], wall: float) -> None:
    print("\n    where the last run's time goes              s")
    for name, seconds in tasks.items():
        print(f"        {name[:36]:36}{seconds:8.2f}")
    print(f"        {'start, end, and what was skipped':36}{wall - sum(tasks.values()):8.2f}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", type=int, default=50, help="as many (default: %(default)s)")
    parser.add_argument("--forks", type=int, default=20, help="of Ansible, for both (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each (default: %(default)s)")
    parser.add_argument("--directory", help="where material is written (default: a temporary directory)")
    parser.add_argument("--interpreter", help="nothing: hosts have their own")
    words = parser.parse_args()
    obstacle = find_obstacle()
    if obstacle:
        print(f"fleet: left out, {obstacle}\n")
        return 0
    work = Path(tempfile.mkdtemp(prefix="bench-", dir=words.directory))
    try:
        with Fleet(words.hosts) as fleet:
            measure_all(Bench(fleet, work, words.forks), words)
    finally:
        shutil.rmtree(work)
    return 0


def measure_all(bench: Bench, words: argparse.Namespace) -> None:
    bench.prepare()
    commands = {
        "ansible -m ping": bench.ping,
        "playbook, ping": bench.ping_playbook,
        "install, unchanged": bench.install,
    }
    for command in commands.values():
        bench.measure(command)
    runs: dict[str, list[Run]] = {title: [] for title in commands}
    for _round in range(words.rounds):
        for title, command in commands.items():
            runs[title].append(bench.measure(command))
    machine = f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}"
    print(f"{words.hosts} hosts, {words.forks} forks, {words.rounds} rounds, {machine}\n")
    print("    over all hosts               ratio  (least to most)          s  controller s hosts s")
    for title, measured in runs.items():
        show(title, measured, runs["ansible -m ping"], aim=title.startswith("install"))
    show_profile(bench.read_tasks(), runs["install, unchanged"][-1].wall)
    print(flush=True)


if __name__ == "__main__":
    sys.exit(main())
