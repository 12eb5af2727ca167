# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One host, seen from the anchor: its disk, its place in the network, its processes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from fleet_cgroups import cgroups_of
from fleet_layout import BITS, DOMAIN, GATEWAY, Host, Layout

REBOOTS = 133
"""How systemd-nspawn ends with --keep-unit when its host wants to start again."""


def run(*command: str | Path) -> None:
    subprocess.run([str(word) for word in command], check=True, stdin=subprocess.DEVNULL)


class RunningHost:
    """`process` is systemd-nspawn; the host's own first process is its child."""

    def __init__(self, layout: Layout, host: Host) -> None:
        self.layout, self.host = layout, host
        self.disk = layout.directory / "disks" / host.name
        self.root = self.disk / "root"
        self.process: subprocess.Popen[bytes] | None = None

    def connect(self) -> None:
        """A network namespace with one cable to the bridge, and the controller as its way out, which leads nowhere."""
        name, address = self.host.name, self.host.address
        run("ip", "netns", "add", name)
        run("ip", "link", "add", self._cable, "type", "veth", "peer", "name", "host0", "netns", name)
        run("ip", "link", "set", self._cable, "master", "fleet", "up")
        for words in (
            "link set lo up",
            f"address add {address}/{BITS} dev host0",
            "link set host0 up",
            f"route add default via {GATEWAY}",
        ):
            run("ip", "-n", name, *words.split())

    @property
    def _cable(self) -> str:
        return f"to-{self.host.name}"

    def plug(self) -> None:
        run("ip", "link", "set", self._cable, "up")

    def unplug(self) -> None:
        """The other side hears nothing from now on, not even a refusal."""
        run("ip", "link", "set", self._cable, "down")

    def make_disk(self) -> None:
        """The image with a layer of its own over it, which begins empty."""
        for name in ("changes", "work", "root"):
            (self.disk / name).mkdir(parents=True, exist_ok=True)
        layers = f"lowerdir={self.host.image},upperdir={self.disk}/changes,workdir={self.disk}/work"
        run("mount", "-t", "overlay", "-o", layers, "overlay", self.root)
        etc = self.root / "etc"
        (etc / "hostname").write_text(f"{self.host.name}\n", encoding="utf-8")
        own = f"127.0.0.1 localhost\n::1 localhost\n{self.host.address} {self.host.fqdn} {self.host.name}\n"
        (etc / "hosts").write_text(own, encoding="utf-8")
        (etc / "mailname").write_text(f"{self.host.fqdn}\n", encoding="utf-8")
        (etc / "resolv.conf").unlink(missing_ok=True)
        (etc / "resolv.conf").write_text(f"nameserver {GATEWAY}\nsearch {DOMAIN}\n", encoding="utf-8")
        self._place_keys()

    def _place_keys(self) -> None:
        for suffix, mode in (("", 0o600), (".pub", 0o644)):
            to = self.root / f"etc/ssh/ssh_host_ed25519_key{suffix}"
            to.write_bytes(Path(f"{self.layout.host_key}{suffix}").read_bytes())
            to.chmod(mode)
        for home in ("root", "home/deploy"):
            path = self.root / home / ".ssh/authorized_keys"
            path.write_bytes(Path(f"{self.layout.key}.pub").read_bytes())
            owner = path.parent.stat()
            os.chown(path, owner.st_uid, owner.st_gid)

    def boot(self) -> None:
        groups = [group / self.host.name for group in cgroups_of(self.layout.directory)]
        for group in groups:
            group.mkdir(parents=True, exist_ok=True)
        # --keep-unit has it use the control group that it is started in: two hosts in one would share a tree.
        enter = "".join(f"echo 0 >{group}/cgroup.procs; " for group in groups)
        command = ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--settings=no", "--boot"]
        command += [f"--directory={self.root}", f"--machine={self.host.name}", "--console=pipe", "--link-journal=no"]
        command += [f"--network-namespace-path=/run/netns/{self.host.name}", "--resolv-conf=off", "--timezone=off"]
        with (self.layout.directory / "logs" / self.host.name).open("ab") as log:
            self.process = subprocess.Popen(
                ["sh", "-c", f'{enter}exec "$@"', "sh", *command], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def wants_to_start_again(self) -> bool:
        return self.process is not None and self.process.poll() == REBOOTS

    def leader(self) -> int:
        """The host's first process, as the anchor and the controller number it."""
        if self.process is None or not self.is_running:
            raise ValueError(f"{self.host.name} is switched off; boot it")
        task = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        children = task.read_text(encoding="ascii").split()
        if not children:
            raise ValueError(f"{self.host.name} is starting or ending; try again")
        return int(children[0])

    def kill(self) -> None:
        """As if its power were cut: it says nothing to anybody."""
        if self.process is None or not self.is_running:
            return
        self.unplug()
        os.kill(self.leader(), signal.SIGKILL)
        self.process.wait(timeout=30)

    def discard_disk(self) -> None:
        """Mounts of a host that has just died go a moment later."""
        for _attempt in range(50):
            if subprocess.run(["umount", str(self.root)], check=False, capture_output=True).returncode == 0:
                break
            time.sleep(0.1)
        shutil.rmtree(self.disk)
