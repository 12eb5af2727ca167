# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fleet of real hosts: systemd, sshd and servers of Debian 12 and 13, each in namespaces of its own, on this machine.

    with Fleet(20) as fleet:
        fleet.run("ansible", "-m", "ping", "all")
        fleet.cut("h07")

It needs root. The hosts reach each other and the controller, and nothing else; nothing outside reaches them. Whatever
becomes of the process that made it, the kernel ends all of it with that process.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from fleet_cgroups import hierarchies, processor_seconds, remove_cgroups
from fleet_images import SUITES, ensure_images
from fleet_layout import DOMAIN, Host, Layout

PROGRAMS = ("systemd-nspawn", "mmdebstrap", "dnsmasq", "ip", "ssh", "ssh-keygen", "unshare", "nsenter", "setpriv")
_ANCHOR = Path(__file__).with_name("anchor.py")
_PREFIX = "certwright-fleet-"
_INOTIFY = Path("/proc/sys/fs/inotify/max_user_instances")
_NAMESPACES = (
    "unshare",
    "--mount",
    "--net",
    "--pid",
    "--fork",
    "--kill-child=KILL",
    "--mount-proc",
    "--propagation=private",
)
_WITH_PARENT = ("setpriv", "--pdeathsig", "KILL")
_ELSEWHERE = "take a virtual machine or a privileged container"


class FleetFailed(Exception):
    """What a fleet could not do, with the fact and the way out."""


def find_obstacle() -> str | None:
    """Why no fleet can be had on this machine."""
    if os.geteuid() != 0:
        return "a fleet takes root, for namespaces and mounts; run as root"
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing:
        packages = "systemd-container mmdebstrap dnsmasq-base iproute2 openssh-client util-linux"
        return f"{', '.join(missing)} missing; install: apt-get install --no-install-recommends {packages}"
    tried = subprocess.run([*_NAMESPACES, "true"], check=False, capture_output=True, text=True)
    if tried.returncode != 0:
        return f"this machine gives no namespaces ({tried.stderr.strip()}); {_ELSEWHERE}"
    if not all(os.access(hierarchy, os.W_OK) for hierarchy in hierarchies()):
        return f"/sys/fs/cgroup cannot be written; {_ELSEWHERE}"
    return None


class Fleet:
    """`suites` are dealt out in turn. It is up inside of its context; `hosts` know their names and addresses."""

    def __init__(self, count: int, *, suites: tuple[str, ...] = SUITES) -> None:
        self.count, self.suites = count, suites
        self.layout = Layout(Path(os.devnull), ())
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Fleet:
        obstacle = find_obstacle()
        if obstacle:
            raise FleetFailed(obstacle)
        _sweep()
        images = ensure_images(self.suites)
        # Short, since Unix sockets below it may have paths of 108 characters at most. The pid is for the next sweep.
        directory = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
        self.layout = Layout.plan(directory, self.count, images)
        self.layout.write()
        self._make_keys()
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    @property
    def hosts(self) -> tuple[Host, ...]:
        return self.layout.hosts

    @property
    def inventory(self) -> Path:
        """The group fleet, and one for each suite; deploy logs in and becomes root."""
        return self.layout.directory / "inventory.yml"

    @property
    def environment(self) -> dict[str, str]:
        """What a program on the controller is given beside its own: where the fleet is, and Ansible's way there."""
        return {
            "CERTWRIGHT_FLEET": str(self.layout.directory),
            "ANSIBLE_INVENTORY": str(self.inventory),
            "ANSIBLE_SSH_CONTROL_PATH_DIR": str(self.layout.directory / "ssh"),
        }

    def words(self, *command: str, directory: Path | None = None) -> list[str]:
        """The command line that runs `command` on the controller, in that directory or in that of who calls it."""
        back = ["sh", "-c", 'cd "$0" && exec "$@"', str(directory or Path.cwd()), *command]
        return ["nsenter", "--target", str(self._anchor_pid()), "--mount", "--net", "--pid", "--", *back]

    def run(self, *command: str, check: bool = True, timeout: float = 300) -> subprocess.CompletedProcess[str]:
        """On the controller, in its namespaces; `controller.fleet.test` is its name."""
        done = subprocess.run(
            self.words(*command),
            check=False,
            capture_output=True,
            text=True,
            timeout=timeout,
            stdin=subprocess.DEVNULL,
            env=os.environ | self.environment,
        )
        if check and done.returncode != 0:
            raise FleetFailed(f"{' '.join(command)} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done

    def sh(self, host: str, *command: str, check: bool = True) -> str:
        """What a command prints that root runs on the host, without ssh."""
        (leader,) = tell(self.layout, "leader", host)
        return self.run("nsenter", "--target", str(leader), "--all", "--", *command, check=check, timeout=60).stdout

    def cut(self, *hosts: str) -> None:
        """They go on running, and answer nobody."""
        tell(self.layout, "cut", *hosts)

    def join(self, *hosts: str) -> None:
        tell(self.layout, "join", *hosts)

    def kill(self, *hosts: str) -> None:
        """Their power is cut; what they wrote is kept."""
        tell(self.layout, "kill", *hosts)

    def boot(self, *hosts: str) -> None:
        tell(self.layout, "boot", *hosts)

    def reset(self, *hosts: str) -> None:
        """Fresh disks, fresh boots: about 0.3 s a host."""
        tell(self.layout, "reset", *hosts)

    def processor_seconds(self) -> float:
        """What all hosts together have used."""
        return processor_seconds(self.layout.directory)

    def stop(self) -> None:
        """Of everything that it started nothing runs afterwards."""
        if self.process:
            self.process.kill()
            self.process.wait()
        remove_cgroups(self.layout.directory)
        shutil.rmtree(self.layout.directory, ignore_errors=True)

    def _make_keys(self) -> None:
        for path in (self.layout.key, self.layout.host_key):
            command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "fleet", "-f", str(path)]
            subprocess.run(command, check=True, timeout=30)
        kind, key = Path(f"{self.layout.host_key}.pub").read_text(encoding="ascii").split()[:2]
        known = f"*.{DOMAIN},{','.join(host.name for host in self.hosts)} {kind} {key}\n"
        (self.layout.directory / "known_hosts").write_text(known, encoding="ascii")

    def _start(self) -> None:
        _allow_watches(self.count)
        log = self.layout.directory / "logs/anchor"
        command = [
            *_WITH_PARENT,
            *_NAMESPACES,
            sys.executable,
            str(_ANCHOR),
            str(self.layout.directory),
        ]
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                start_new_session=True,
            )
        while not self.layout.socket.exists():
            if self.process.poll() is not None:
                raise FleetFailed(f"The fleet does not start: {log.read_text(encoding='utf-8', errors='replace')}")
            time.sleep(0.02)

    def _anchor_pid(self) -> int:
        """The only child of unshare."""
        if self.process is None:
            raise FleetFailed("This fleet is not up; use it inside of its context")
        task = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return int(task.read_text(encoding="ascii").split()[0])


def tell(layout: Layout, *words: str) -> Any:
    """What the anchor answers; booting may take it a minute."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(120 + len(layout.hosts))
        connection.connect(str(layout.socket))
        connection.sendall(json.dumps(words).encode())
        said: dict[str, Any] = json.loads(connection.makefile().readline() or '{"error": "the fleet has ended"}')
    if "error" in said:
        raise FleetFailed(f"fleet {' '.join(words)}: {said['error']}")
    return said["answer"]


def _allow_watches(count: int) -> None:
    """Each systemd holds a few; beyond the kernel's 128 a host's first process just ends. The limit stays raised."""
    needed = 512 + 16 * count
    if int(_INOTIFY.read_text(encoding="ascii")) < needed:
        _INOTIFY.write_text(str(needed), encoding="ascii")


def _sweep() -> None:
    """What fleets left whose makers were killed: files and empty groups, since the kernel ended all processes."""
    old = {path.name for hierarchy in hierarchies() for path in hierarchy.glob(f"{_PREFIX}*")}
    old |= {path.name for path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*")}
    for name in old:
        owner = name.removeprefix(_PREFIX).partition("-")[0]
        if not Path(f"/proc/{owner}").exists():
            directory = Path(tempfile.gettempdir()) / name
            with suppress(OSError):
                remove_cgroups(directory)
            shutil.rmtree(directory, ignore_errors=True)
