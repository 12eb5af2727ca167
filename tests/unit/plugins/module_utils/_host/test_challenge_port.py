# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import fcntl
import http.client
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.module_utils._host.open_orders import OpenOrders
from ansible_collections.certwright.tls.tests.unit.plugins.module_utils._host.nginx_server import free_port
from ansible_collections.certwright.tls.tests.unit.plugins.module_utils._host.order_host import (
    CONTENT,
    OTHER,
    TOKEN,
    OrderHost,
)

PATH = f"/.well-known/acme-challenge/{TOKEN}"


class ListeningHost(OrderHost):
    """With a free port for its listener."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.port = free_port()

    def listening(self, token: str = TOKEN) -> dict[str, Any]:
        return {"port": self.port, "token": token, "content": f"{token}.thumbprint"}

    def ask(self, path: str = PATH, address: str = "127.0.0.1", method: str = "GET") -> tuple[int, str]:
        connection = http.client.HTTPConnection(address, self.port, timeout=5)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode("ascii")
        finally:
            connection.close()

    def is_listening(self) -> bool:
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self.port)) == 0

    def await_end(self, seconds: float = 5) -> bool:
        """Whether the listener has ended: its lock is free, and nobody answers."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with open(os.path.join(self.store.challenges(self.port), ".listening"), "rb") as lock:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    return not self.is_listening()
                except BlockingIOError:
                    time.sleep(0.02)
        return False

    def find_process(self) -> int:
        """The process that holds the lock."""
        inode = os.stat(os.path.join(self.store.challenges(self.port), ".listening")).st_ino
        for line in Path("/proc/locks").read_text(encoding="ascii").splitlines():
            words = line.split()
            if "FLOCK" in words and words[5].endswith(f":{inode}"):
                found = [pid for pid in self._holders(inode) if pid != os.getpid()]
                return found[0]
        raise AssertionError("nobody holds the lock")

    def _holders(self, inode: int) -> Iterator[int]:
        for name in filter(str.isdecimal, os.listdir("/proc")):
            # A process may end while it is looked at
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                if any(os.stat(link).st_ino == inode for link in self._links(name)):
                    yield int(name)

    @staticmethod
    def _links(process: str) -> list[Path]:
        return [link for link in Path("/proc", process, "fd").iterdir() if os.path.exists(link)]


@pytest.fixture
def host(tmp_path: Path) -> Iterator[ListeningHost]:
    made = ListeningHost(tmp_path)
    yield made
    for name in ("site", "other"):
        OpenOrders(made.store).finish(name)
    if os.path.isdir(made.store.challenges(made.port)):
        assert made.await_end()


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


ADDRESSES = ["127.0.0.1", *(["::1"] if has_ipv6() else [])]


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_listener_answers_for_its_tokens_and_nothing_else(host: ListeningHost, address: str) -> None:
    host.prepared(host.listening())
    assert host.ask(address=address) == (200, CONTENT)
    assert host.ask(address=address, method="HEAD") == (200, "")
    for path in (
        "/",
        f"{PATH}x",
        "/.well-known/acme-challenge/",
        "/.well-known/acme-challenge/.listening",
        f"{PATH}/..",
    ):
        assert host.ask(path, address) == (404, "")
    assert host.ask(address=address, method="POST") == (404, "")


def test_the_listener_ends_when_its_last_token_is_gone(host: ListeningHost) -> None:
    other = host.wanted(host.listening(OTHER), name="other")
    assert [item["refused"] for item in host.prepare(host.wanted(host.listening()), other).values()] == [None, None]
    OpenOrders(host.store).finish("site")
    assert host.ask() == (404, "")
    assert host.ask(f"/.well-known/acme-challenge/{OTHER}") == (200, f"{OTHER}.thumbprint")
    OpenOrders(host.store).finish("other")
    assert host.await_end()


def test_the_listener_ends_by_itself_when_nobody_ends_the_order(host: ListeningHost) -> None:
    host.prepare(host.wanted(host.listening()), listen_seconds=1.5)
    assert host.ask() == (200, CONTENT)
    assert host.await_end(4)
    assert os.path.exists(os.path.join(host.store.challenges(host.port), TOKEN))


def test_the_next_order_starts_another_listener(host: ListeningHost) -> None:
    host.prepare(host.wanted(host.listening()), listen_seconds=0.5)
    assert host.await_end()
    host.prepared(host.listening(OTHER))
    assert host.ask() == (404, "")
    assert host.ask(f"/.well-known/acme-challenge/{OTHER}") == (200, f"{OTHER}.thumbprint")


def test_a_listener_of_ours_is_used_again_by_another_order(host: ListeningHost) -> None:
    host.prepared(host.listening())
    process = host.find_process()
    answer = host.prepare(host.wanted(host.listening(OTHER), name="other"), run="second")["other"]
    assert (answer["refused"], host.find_process()) == (None, process)
    assert host.ask(f"/.well-known/acme-challenge/{OTHER}") == (200, f"{OTHER}.thumbprint")


def test_an_order_right_after_the_last_one_is_answered_whatever_the_old_listener_does(host: ListeningHost) -> None:
    for number in range(20):
        token = f"token{number}"
        host.prepared(host.listening(token))
        assert host.ask(f"/.well-known/acme-challenge/{token}") == (200, f"{token}.thumbprint")
        OpenOrders(host.store).finish("site")
        time.sleep(0.05 * (number % 8))


def test_the_listener_is_nobodys_child_holds_no_lock_and_is_not_root(host: ListeningHost) -> None:
    host.prepared(host.listening())
    process = host.find_process()
    status = Path("/proc", str(process), "status").read_text(encoding="ascii")
    words = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert int(words["PPid"]) != os.getpid()
    assert os.getsid(process) != os.getsid(0)
    links = [os.readlink(link) for link in Path("/proc", str(process), "fd").iterdir()]
    assert sorted(link.partition(":")[0] for link in links if link != "/dev/null") == [
        host.store.challenges(host.port),
        os.path.join(host.store.challenges(host.port), ".listening"),
        *(["socket"] * len(ADDRESSES)),
    ]
    if os.geteuid() == 0:
        assert set(words["Uid"].split()) == {words["Uid"].split()[0]} != {"0"}


def trickle(client: socket.socket) -> float:
    """Seconds until the server is tired of a client that sends a little all the time."""
    begun = time.monotonic()
    client.settimeout(0.2)
    while time.monotonic() - begun < 20:
        with contextlib.suppress(socket.timeout):
            client.sendall(b"x")
            if client.recv(1) == b"":
                break
    return time.monotonic() - begun


def test_slow_and_silent_clients_hold_up_nobody(host: ListeningHost) -> None:
    host.prepared(host.listening())
    slow = [socket.create_connection(("127.0.0.1", host.port), timeout=10) for _number in range(30)]
    for client in slow[:20]:
        client.sendall(b"GET /.well")
    begun = time.monotonic()
    assert host.ask() == (200, CONTENT)
    assert time.monotonic() - begun < 2
    assert trickle(slow[0]) < 8
    for client in slow:
        client.close()


def test_a_request_without_an_end_is_cut_off(host: ListeningHost) -> None:
    host.prepared(host.listening())
    with socket.create_connection(("127.0.0.1", host.port), timeout=3) as client:
        client.sendall(b"x" * 8193)
        assert client.recv(1) == b""
    assert host.ask() == (200, CONTENT)


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0", *(["::1"] if has_ipv6() else [])])
def test_a_port_that_is_taken_is_told_with_who_has_it(host: ListeningHost, address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.create_server((address, host.port), family=family):
        code, message = host.refused(host.listening())
    assert code == "port_taken"
    assert f"(pid {os.getpid()})" in message
    assert os.listdir(host.store.challenges(host.port)) == [".listening"]


def test_a_listener_that_was_killed_is_replaced(host: ListeningHost) -> None:
    host.prepared(host.listening())
    os.kill(host.find_process(), signal.SIGKILL)
    assert host.await_end()
    host.prepared(host.listening())
    assert host.ask() == (200, CONTENT)
