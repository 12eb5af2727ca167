# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Programs of a test: found or named with the package that brings them, awaited, logged, ended by their own number."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_SYSTEM_PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin"))
# Below what Linux hands out for outgoing connections, so that none of those takes the port before its server does.
_PORTS = range(10000, 30000)


class ProgramMissing(Exception):
    """A test's server is not installed; the message says how to get it."""


class StartFailed(Exception):
    """A server ended or stayed silent; the message ends with what it said last."""


def find_program(name: str) -> str:
    """Its path, or an empty text."""
    return shutil.which(name, path=_SYSTEM_PATH) or ""


def require_program(name: str, package: str) -> str:
    path = find_program(name)
    if not path:
        raise ProgramMissing(f"The program {name} is missing; install it with: apt-get install {package}")
    return path


def free_port(*addresses: str) -> int:
    """A port that nobody uses, neither by TCP nor by UDP, on any of the addresses (loopback when none is given)."""
    for port in random.sample(_PORTS, 200):
        if all(_is_free(address, port) for address in addresses or ("127.0.0.1",)):
            return port
    raise StartFailed(f"No free port from {_PORTS.start} to {_PORTS.stop}")


def _is_free(address: str, port: int) -> bool:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind) as probe:
            try:
                probe.bind((address, port))
            except OSError:
                return False
    return True


def is_listening(port: int, address: str = "127.0.0.1") -> bool:
    try:
        socket.create_connection((address, port), timeout=1).close()
    except OSError:
        return False
    return True


class Process:
    """One program in the foreground; what it prints is kept in `log`."""

    def __init__(self, command: Sequence[str], log: Path, *, environment: Mapping[str, str] | None = None) -> None:
        self.name, self.log = Path(command[0]).name, log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})},
                cwd=log.parent,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def await_ready(self, is_ready: Callable[[], object], *, seconds: float = 20.0) -> None:
        """Return as soon as it is so; a program that ended or never comes up is stopped and quoted."""
        deadline = time.monotonic() + seconds
        while not is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise StartFailed(f"{self.name} did not start; the end of {self.log}:\n{self.tail()}")
            time.sleep(0.01)

    def tail(self, characters: int = 2000) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")[-characters:]

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def stop(self) -> None:
        """It is gone afterwards, also when it is deaf to SIGTERM."""
        self._process.terminate()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
