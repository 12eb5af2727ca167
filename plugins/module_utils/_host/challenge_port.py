# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A port of this host at which challenges are answered by a process of ours, which outlives this execution."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import pwd
import signal
import socket
import time
from collections.abc import Callable, Iterable

from ansible_collections.certwright.tls.plugins.module_utils._host.challenge_server import ChallengeServer
from ansible_collections.certwright.tls.plugins.module_utils._host.challenges import WELL_KNOWN
from ansible_collections.certwright.tls.plugins.module_utils._host.files import read_optional
from ansible_collections.certwright.tls.plugins.module_utils._host.listeners import (
    observe_listeners,
    observe_owner_starts,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.order import ChallengeFile, RefusedError
from ansible_collections.certwright.tls.plugins.module_utils._host.store import Store

LOCK = ".listening"
_PATIENCE = 5.0
_ABSENT = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL, errno.EPROTONOSUPPORT)


def require_answering(store: Store, port: int, file: ChallengeFile, *, listen_seconds: float) -> None:
    """The port answers with this file. Started only where none of ours is; one that is about to end is waited for."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        _start_unless_there(store, port, listen_seconds)
        if _is_answered(port, file):
            return
        if time.monotonic() > deadline:
            fact = f"The listener at port {port} was started and does not answer on this host itself"
            raise RefusedError("listener_silent", f"{fact}; see its firewall, or set `webroot`")
        time.sleep(0.05)


def _start_unless_there(store: Store, port: int, listen_seconds: float) -> None:
    """The lock is held by the process that listens, and ends with it, whatever ends it."""
    lock = os.open(os.path.join(store.challenges(port), LOCK), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _start(store.challenges(port), port, lock=lock, listen_seconds=listen_seconds)
    finally:
        os.close(lock)


def _start(path: str, port: int, *, lock: int, listen_seconds: float) -> None:
    sockets = _listen(port)
    directory = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        server = ChallengeServer(sockets, directory, listen_seconds)
        _detach(server.run, {lock, directory, *(item.fileno() for item in sockets)})
    finally:
        os.close(directory)
        for item in sockets:
            item.close()


def _listen(port: int) -> list[socket.socket]:
    """On all addresses of both families, as far as the host has them."""
    sockets: list[socket.socket] = []
    try:
        for family, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):  # noqa: S104
            sockets.extend(_bind(family, address, port))
    except OSError as error:
        for item in sockets:
            item.close()
        raise _refuse(port, error) from None
    if not sockets:
        raise RefusedError("port_unfit", "The host has neither IPv4 nor IPv6; set `webroot`")
    return sockets


def _bind(family: int, address: str, port: int) -> list[socket.socket]:
    try:
        made = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        if error.errno in _ABSENT:
            return []
        raise
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind((address, port))
        made.listen(128)
    except OSError as error:
        made.close()
        if error.errno in _ABSENT:
            return []
        raise
    return [made]


def _refuse(port: int, error: OSError) -> RefusedError:
    if error.errno == errno.EADDRINUSE:
        fact = f"The port {port} is taken by {_find_owner(port)}"
        return RefusedError("port_taken", f"{fact}; set `webroot` to a directory that it serves, or free the port")
    fact = f"No listener can be started at port {port}: {error.strerror}"
    return RefusedError("port_forbidden", f"{fact}; run with `become`, or set `webroot`")


def _find_owner(port: int) -> str:
    pid = observe_owner_starts(observe_listeners(), [port])[port].partition(":")[0]
    name = read_optional(f"/proc/{pid}/comm") if pid else None
    return f"{name.decode('utf-8', 'replace').strip()} (pid {pid})" if name else "another program"


def _detach(run: Callable[[], None], keep: Iterable[int]) -> None:
    """In a process that neither the connection nor this execution waits for, and that holds none of their files."""
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    try:
        os.setsid()
        if os.fork() == 0:
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            _leave_everything(set(keep))
            run()
    finally:
        os._exit(0)


def _leave_everything(keep: set[int]) -> None:
    """The store's lock above all: it would be held as long as this process lives."""
    os.chdir("/")
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    for name in os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else map(str, range(1024)):
        if int(name) > 2 and int(name) not in keep:
            with contextlib.suppress(OSError):
                os.close(int(name))
    # All it needs from here on are open descriptors: what strangers may talk to is not root.
    if os.geteuid() == 0:
        _become_nobody()


def _become_nobody() -> None:
    """Or nothing at all: the order is then refused, since nothing answers."""
    try:
        nobody = pwd.getpwnam("nobody")
        os.setgroups([])
        os.setgid(nobody.pw_gid)
        os.setuid(nobody.pw_uid)
    except (KeyError, OSError):
        os._exit(1)


def _is_answered(port: int, file: ChallengeFile) -> bool:
    path = f"/{WELL_KNOWN}/{os.path.basename(file.path)}"
    return any(_ask(address, port, path).endswith(file.content.encode()) for address in ("127.0.0.1", "::1"))


def _ask(address: str, port: int, path: str) -> bytes:
    received = b""
    with contextlib.suppress(OSError), socket.create_connection((address, port), timeout=1) as connection:
        connection.sendall(f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode("ascii"))
        while True:
            piece = connection.recv(4096)
            received += piece
            if not piece or len(received) > 65536:
                break
    return received
