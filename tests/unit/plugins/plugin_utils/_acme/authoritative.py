# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real authoritative name server on the loopback that takes signed updates: knot, else bind9."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import dns.message
import dns.query
import pytest

# Each with its Debian package.
PROGRAMS = {"knotd": "knot", "named": "bind9"}
_SYSTEM_PATHS = f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin"

_KNOT = """
server:
    listen: {address}@{port}
    rundir: {directory}
    user: {user}
    udp-workers: 1
    tcp-workers: 2
    background-workers: 1
log:
  - target: stderr
    any: warning
database:
    storage: {directory}
key:
  - id: {key}
    algorithm: hmac-sha256
    secret: {secret}
  - id: stranger
    algorithm: hmac-sha256
    secret: {secret}
acl:
  - id: update
    action: update
    key: {key}
template:
  - id: default
    storage: {directory}
    acl: update
    zonefile-sync: -1
    zonefile-load: whole
zone:
{zones}
"""
_KNOT_ZONE = "  - domain: {zone}\n    file: {zone}.zone"
_BIND = """
options {{
    directory "{directory}";
    listen-on port {port} {{ {address}; }};
    listen-on-v6 {{ none; }};
    recursion no;
    dnssec-validation no;
    pid-file "{directory}/named.pid";
    session-keyfile "{directory}/session.key";
    lock-file none;
}};
controls {{ }};
key "{key}" {{ algorithm hmac-sha256; secret "{secret}"; }};
key "stranger" {{ algorithm hmac-sha256; secret "{secret}"; }};
{zones}
"""
_BIND_ZONE = 'zone "{zone}" {{ type primary; file "{directory}/{zone}.zone"; allow-update {{ key "{key}"; }}; }};'
_SOA = "@ 60 SOA ns1 hostmaster 1 3600 600 86400 1\n"


@dataclass(frozen=True)
class NameServerProcess:
    """Where it listens, and the key that may change its zones; the key `stranger` is known and may not."""

    address: str
    port: int
    directory: Path
    key_name: str = "certwright"
    secret: str = field(default_factory=lambda: b64encode(secrets.token_bytes(32)).decode("ascii"))

    @property
    def place(self) -> str:
        return f"{self.address}:{self.port}"

    def txt(self, name: str) -> set[str]:
        """What the set at a name holds now."""
        answer = dns.query.udp(dns.message.make_query(name, "TXT"), self.address, timeout=5, port=self.port)
        return {text.decode() for rrset in answer.answer for record in rrset for text in getattr(record, "strings", ())}


def require_program(*programs: str) -> str:
    """The first that is there; these tests are nothing without a real server, and where there is none they say so."""
    wanted = programs or tuple(PROGRAMS)
    for program in wanted:
        found = shutil.which(program, path=_SYSTEM_PATHS)
        if found:
            return found
    packages = " or ".join(PROGRAMS[program] for program in wanted)
    pytest.skip(f"no name server ({', '.join(wanted)}) here; apt-get install {packages}")


def free_port() -> int:
    """Free for both TCP and UDP, at every address of the loopback."""
    while True:
        with socket.socket() as stream, socket.socket(type=socket.SOCK_DGRAM) as datagrams:
            stream.bind(("0.0.0.0", 0))
            port = int(stream.getsockname()[1])
            try:
                datagrams.bind(("0.0.0.0", port))
            except OSError:
                continue
            return port


@contextmanager
def serve_zones(
    directory: Path,
    zones: Mapping[str, str],
    *,
    address: str = "127.0.0.1",
    port: int = 0,
    secret: str = "",
    program: str = "",
) -> Iterator[NameServerProcess]:
    """Zones by name, each as the lines after its SOA; it answers when this returns."""
    program = program or require_program()
    directory.mkdir(parents=True, exist_ok=True)
    server = NameServerProcess(address, port or free_port(), directory, **({"secret": secret} if secret else {}))
    for zone, lines in zones.items():
        (directory / f"{zone}.zone").write_text(f"$ORIGIN {zone.rstrip('.')}.\n{_SOA}{lines}\n", encoding="ascii")
    command = _write_configuration(program, server, zones)
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log)
    try:
        _await_answer(server, list(zones)[0], process)  # noqa: RUF015 - pylint wants no next() in a generator
        yield server
    finally:
        process.terminate()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _write_configuration(program: str, server: NameServerProcess, zones: Mapping[str, str]) -> list[str]:
    is_knot = program.endswith("knotd")
    words = {
        "directory": server.directory,
        "address": server.address,
        "port": server.port,
        "key": server.key_name,
        "secret": server.secret,
        "user": _user(),
    }
    each = _KNOT_ZONE if is_knot else _BIND_ZONE
    blocks = "\n".join(each.format(zone=zone, **words) for zone in zones)
    path = server.directory / "server.conf"
    path.write_text((_KNOT if is_knot else _BIND).format(zones=blocks, **words), encoding="ascii")
    return [program, "-c", str(path)] if is_knot else [program, "-g", "-n", "1", "-c", str(path)]


def _user() -> str:
    return pwd.getpwuid(os.getuid()).pw_name


def _await_answer(server: NameServerProcess, zone: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 15
    while True:
        try:
            answer = dns.query.udp(dns.message.make_query(zone, "SOA"), server.address, timeout=0.2, port=server.port)
            if answer.answer:
                return
        except (OSError, dns.exception.Timeout):
            pass
        if process.poll() is not None or time.monotonic() > deadline:
            raise AssertionError(f"no name server: {(server.directory / 'log').read_text(encoding='utf-8')[-2000:]}")
        time.sleep(0.02)
