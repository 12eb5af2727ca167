# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real servers of a test: nginx in a directory of its own, and one that is slow to show a new certificate."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

SLOW_SERVER = Path(__file__).parent / "slow_server.py"
_SYSTEM_PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin"))


def find_program(name: str) -> str | None:
    return shutil.which(name, path=_SYSTEM_PATH)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(is_so: Callable[[], object], what: str, *, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"In {seconds:g} s: not {what}"
        time.sleep(0.02)


def served(port: int, name: str = "www.example.org") -> str:
    """SHA-256 of the leaf that a client of that name is shown."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", port), timeout=5) as connection,
        context.wrap_socket(connection, server_hostname=name) as channel,
    ):
        return hashlib.sha256(channel.getpeercert(binary_form=True) or b"").hexdigest()


def is_running(pid: int) -> bool:
    """A zombie is gone: nobody may be there to bury it."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def stop_process(pid: int) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.kill(pid, number)
            wait_until(lambda: not is_running(pid), f"ended: {pid}", seconds=10)
        except ProcessLookupError:
            return
        except AssertionError:
            continue
        return


class Nginx:
    """A real nginx: `nginx.conf` is the operator's, everything that it writes itself is in `run`."""

    def __init__(self, directory: Path, run: Path) -> None:
        directory.mkdir(parents=True)
        run.mkdir(parents=True)
        self.binary = find_program("nginx")
        self.config, self.run, self.port = directory / "nginx.conf", run, free_port()
        self.pid_file = run / "nginx.pid"

    @property
    def words(self) -> dict[str, object]:
        """Of the preset `nginx`, for this instance."""
        return {"config": str(self.config), "pid_file": str(self.pid_file), "ports": [self.port]}

    def command(self, *words: str) -> list[str]:
        return [self.binary or "nginx", *words, "-c", str(self.config)]

    def configure(
        self,
        certificate: str | Path,
        private_key: str | Path,
        *,
        names: Iterable[str] = ("www.example.org",),
        more: str = "",
    ) -> None:
        """One server block; `more` is further text of the http block."""
        places = " ".join(
            f"{kind}_temp_path {self.run / kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        self.config.write_text(
            f"pid {self.pid_file}; error_log {self.run / 'error.log'} info; events {{}}\n"
            f"http {{ access_log {self.run / 'access.log'}; {places}\n"
            f"{self.block(certificate, private_key, names=names)}\n{more}\n}}\n",
            encoding="utf-8",
        )

    def block(self, certificate: str | Path, private_key: str | Path, *, names: Iterable[str]) -> str:
        return (
            f"server {{ listen 127.0.0.1:{self.port} ssl; server_name {' '.join(names)};\n"
            f"ssl_certificate {certificate}; ssl_certificate_key {private_key}; }}"
        )

    def start(self) -> None:
        subprocess.run(self.command(), check=True, capture_output=True, timeout=20)
        wait_until(self.is_up, "an nginx that is up")

    def is_up(self) -> bool:
        return is_running(self.pid)

    @property
    def pid(self) -> int:
        try:
            return int(self.pid_file.read_text(encoding="ascii").strip() or 0)
        except FileNotFoundError:
            return 0

    def served(self, name: str = "www.example.org") -> str:
        return served(self.port, name)

    def reload(self) -> None:
        """Old workers may still answer for a moment."""
        subprocess.run(self.command("-s", "reload"), check=True, capture_output=True, timeout=20)

    def stop(self) -> None:
        if self.is_up():
            stop_process(self.pid)


class SlowServer:
    """Shows the new certificate only some handshakes and some time after its reload (SIGHUP), and keeps a log of it."""

    def __init__(self, run: Path, certificate: Path, private_key: Path) -> None:
        run.mkdir(parents=True, exist_ok=True)
        self.log, self.pid_file, self.port = run / "slow.log", run / "slow.pid", free_port()
        words = [str(self.port), str(certificate), str(private_key), str(self.log), str(self.pid_file)]
        self.process = subprocess.Popen([sys.executable, str(SLOW_SERVER), *words])
        wait_until(self.pid_file.exists, "a slow server that is up")

    @property
    def shown_after_reload(self) -> list[str]:
        """`old` or `new` for each handshake since the first reload."""
        words = self.log.read_text(encoding="ascii").split()
        return words[words.index("reload") + 1 :]

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
