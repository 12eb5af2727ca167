# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""anchor.py DIRECTORY: the first process of a fleet's pid namespace. When it ends, the kernel ends everything in it.

It has network and mounts of its own too, so nothing of a fleet is seen outside, and no packet of a host reaches another
network. It does what it is told over a socket: one line with a JSON list, as in ["cut", "h01"], and one line back.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from fleet_host import RunningHost, run
from fleet_layout import BITS, GATEWAY, Layout

_PRIVATE = ("/run/netns", "/run/systemd/nspawn")
"""What `ip` and systemd-nspawn leave behind; here it goes with the anchor."""

_METHODS = {
    "leader": ["leader"],
    "cut": ["unplug"],
    "join": ["plug"],
    "kill": ["kill"],
    "boot": [],
    "reset": ["kill", "discard_disk", "make_disk"],
}


class Anchor:
    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.hosts = {host.name: RunningHost(layout, host) for host in layout.hosts}
        self.children: list[subprocess.Popen[bytes]] = []

    def set_up(self) -> None:
        for path in _PRIVATE:
            Path(path).mkdir(parents=True, exist_ok=True)
            run("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", path)
        # In memory: nothing is left to sweep, and no host waits for the disk.
        run("mount", "-t", "tmpfs", "-o", "size=75%", "tmpfs", self.layout.directory / "disks")
        for name in ("resolv.conf", "hosts"):
            run("mount", "--bind", self.layout.directory / name, f"/etc/{name}")
        run("ip", "link", "set", "lo", "up")
        run("ip", "link", "add", "fleet", "type", "bridge")
        run("ip", "address", "add", f"{GATEWAY}/{BITS}", "dev", "fleet")
        run("ip", "link", "set", "fleet", "up")
        for host in self.hosts.values():
            host.connect()
            host.make_disk()
        command = ["dnsmasq", "--keep-in-foreground", f"--conf-file={self.layout.directory}/dnsmasq.conf"]
        log = f"--log-facility={self.layout.directory}/logs/dnsmasq"
        self.children.append(subprocess.Popen([*command, log], stdin=subprocess.DEVNULL))

    def start(self, names: list[str]) -> list[str]:
        """Boots them side by side; those whose sshd does not answer within a minute and a second for each."""
        for name in names:
            self.hosts[name].boot()
        deadline = time.monotonic() + 60 + len(names)
        silent = list(names)
        while silent and time.monotonic() < deadline:
            silent = [name for name in silent if not _greets(self.hosts[name].host.address)]
            time.sleep(0.05 if silent else 0)
        return silent

    def answer(self, word: str, names: list[str]) -> Any:
        """What a command comes to: nothing, or what was asked for."""
        hosts = [self.hosts[self.layout.find(name).name] for name in names]
        answers = [getattr(host, method)() for method in _METHODS[word] for host in hosts]
        if word in ("boot", "reset"):
            self._start_again(hosts)
        return answers

    def _start_again(self, hosts: list[RunningHost]) -> None:
        off = [host for host in hosts if not host.is_running]
        for host in off:
            host.plug()
        silent = self.start([host.host.name for host in off])
        if silent:
            raise ValueError(f"no sshd answers on {', '.join(silent)}; see {self.layout.directory}/logs")

    def serve(self, listener: socket.socket) -> None:
        listener.settimeout(0.2)
        while True:
            self._reap()
            again = [host for host in self.hosts.values() if host.wants_to_start_again]
            self.start([host.host.name for host in again])
            with suppress(TimeoutError, OSError):
                connection, _address = listener.accept()
                with connection:
                    connection.settimeout(10)
                    self._converse(connection)

    def _converse(self, connection: socket.socket) -> None:
        word, *names = json.loads(connection.recv(65536))
        try:
            said = {"answer": self.answer(word, names)}
        except (ValueError, OSError, subprocess.SubprocessError) as error:
            said = {"error": str(error)}
        connection.sendall(json.dumps(said).encode() + b"\n")

    def _reap(self) -> None:
        """The first process inherits every orphan. Hosts are left to those who wait for them."""
        processes = [*(host.process for host in self.hosts.values() if host.process), *self.children]
        own = {process.pid for process in processes}
        with suppress(ChildProcessError):
            while found := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                if found.si_pid in own:
                    for process in processes:
                        process.poll()
                else:
                    os.waitpid(found.si_pid, 0)


def _greets(address: str) -> bool:
    try:
        with socket.create_connection((address, 22), timeout=0.3) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


def main() -> None:
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    layout = Layout.load(Path(sys.argv[1]))
    anchor = Anchor(layout)
    anchor.set_up()
    silent = anchor.start(list(anchor.hosts))
    if silent:
        sys.exit(f"No sshd answers on {', '.join(silent)}; see {layout.directory}/logs")
    with socket.socket(socket.AF_UNIX) as listener:
        # Under another name until it listens, so that who waits for it finds it ready.
        young = layout.socket.with_suffix(".young")
        listener.bind(str(young))
        listener.listen()
        young.rename(layout.socket)
        anchor.serve(listener)


main()
