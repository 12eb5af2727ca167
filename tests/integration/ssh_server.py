# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An sshd of the test's own on loopback, with its own keys, and a home and temporary directory for who logs in."""

from __future__ import annotations

import getpass
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from ansible_collections.certwright.tls.tests.integration.servers import (
    find_program,
    free_port,
    is_running,
    wait_until,
)

_PRIVILEGE_SEPARATION = Path("/run/sshd")


class SshServer:
    """`variables` are those of the host in the inventory; `home` is what it calls ~."""

    def __init__(self, directory: Path) -> None:
        self.home, self.directory, self.port = directory / "home", directory, free_port()
        for name in ("home", "tmp"):
            (directory / name).mkdir(parents=True)
        for name in ("host", "user"):
            command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(directory / name)]
            subprocess.run(command, check=True, timeout=20)
        (directory / "sshd_config").write_text(self._config(), encoding="utf-8")
        self.process: subprocess.Popen[bytes] | None = None

    def _config(self) -> str:
        words = {
            "Port": self.port,
            "ListenAddress": "127.0.0.1",
            "HostKey": self.directory / "host",
            "AuthorizedKeysFile": self.directory / "user.pub",
            "PidFile": "none",
            "UsePAM": "no",
            "StrictModes": "no",
            "PermitRootLogin": "yes",
            "PasswordAuthentication": "no",
            "Subsystem": "sftp internal-sftp",
            "SetEnv": f"HOME={self.home} TMPDIR={self.directory / 'tmp'}",
        }
        return "".join(f"{word} {value}\n" for word, value in words.items())

    @property
    def temporary(self) -> tuple[Path, ...]:
        """Where Ansible's transfers and the host's programs put temporary files: remote_tmp and TMPDIR."""
        return (self.home / ".ansible" / "tmp", self.directory / "tmp")

    @property
    def variables(self) -> dict[str, Any]:
        common = "-F /dev/null -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o ControlMaster=no"
        return {
            "ansible_connection": "ssh",
            "ansible_host": "127.0.0.1",
            "ansible_port": self.port,
            "ansible_user": getpass.getuser(),
            "ansible_ssh_private_key_file": str(self.directory / "user"),
            "ansible_ssh_args": common,
            # Its default is below the home of the user database, which is not the test's to look at.
            "ansible_remote_tmp": str(self.temporary[0]),
        }

    def start(self) -> None:
        # The system's own start makes it at boot; it stays, since another sshd may have come to need it.
        _PRIVILEGE_SEPARATION.mkdir(mode=0o755, exist_ok=True)
        command = [find_program("sshd") or "sshd", "-D", "-E", str(self.directory / "log")]
        self.process = subprocess.Popen([*command, "-f", str(self.directory / "sshd_config")])
        log = self.directory / "log"
        wait_until(lambda: log.exists() and "listening" in log.read_text(encoding="utf-8"), "an sshd that listens")

    def cut_connections(self) -> None:
        """Both ends see it go, as when a network is lost; what runs in the session is not told."""
        sessions = self._sessions()
        assert sessions
        for pid in sessions:
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not any(is_running(pid) for pid in sessions), "cut connections")

    def _sessions(self) -> list[int]:
        """Every process of sshd's own below the listening one; not the commands that they run."""
        parents = {pid: parent for pid, name, parent in _list_processes() if name.startswith("sshd")}
        found, young = [], [self.process.pid] if self.process else []
        while young:
            young = [pid for pid, parent in parents.items() if parent in young]
            found.extend(young)
        return found

    def stop(self) -> None:
        for pid in self._sessions():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if self.process:
            self.process.terminate()
            self.process.wait(timeout=20)


def _list_processes() -> Iterator[tuple[int, str, int]]:
    """Pid, name and parent of each (proc(5)); the name may hold blanks and parentheses."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            before, _parenthesis, after = path.read_text(encoding="utf-8", errors="replace").rpartition(")")
        except OSError:
            continue
        pid, _blank, name = before.partition(" (")
        yield int(pid), name, int(after.split()[1])
