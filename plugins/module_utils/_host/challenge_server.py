# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers http-01 challenges at a port of this host, and nothing else, until nobody needs it."""

from __future__ import annotations

import contextlib
import os
import re
import select
import socket
import threading
import time
from collections.abc import Sequence

LONGEST = 3600.0
CLIENT_SECONDS = 5.0
_CLIENTS = 256
_REQUEST_BYTES = 8192
_TICK = 0.25
_ASKED = re.compile(rb"(?:GET|HEAD) /\.well-known/acme-challenge/([A-Za-z0-9_-]{1,200}) HTTP/1\.[01]\r?\n")
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_HEADERS = "HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"


class ChallengeServer:
    """`directory` is a descriptor of the one with the token files, so that it can be read by nobody in particular.

    Each client has a thread and a deadline of its own: a slow one holds up nobody else.
    """

    def __init__(self, sockets: Sequence[socket.socket], directory: int, listen_seconds: float) -> None:
        self.sockets, self.directory, self.listen_seconds = sockets, directory, listen_seconds
        self.clients = threading.Semaphore(_CLIENTS)
        self.answers = True

    def run(self) -> None:
        """Ends when no token is left, when none is young enough, and at the latest after an hour."""
        ending = time.monotonic() + LONGEST
        poll = select.poll()
        for listening in self.sockets:
            listening.setblocking(False)
            poll.register(listening, select.POLLIN)
        by_descriptor = {listening.fileno(): listening for listening in self.sockets}
        while time.monotonic() < ending and self._is_needed():
            for descriptor, _events in poll.poll(_TICK * 1000):
                self._accept(by_descriptor[descriptor])

    def _is_needed(self) -> bool:
        """Looked at again once nobody is answered any more: whoever was answered has not come too late."""
        self.answers = True
        if self._has_young_token():
            return True
        self.answers = False
        self.answers = self._has_young_token()
        return self.answers

    def _has_young_token(self) -> bool:
        for name in os.listdir(self.directory):
            with contextlib.suppress(OSError):
                age = time.time() - os.stat(name, dir_fd=self.directory, follow_symlinks=False).st_mtime
                if not name.startswith(".") and age < self.listen_seconds:
                    return True
        return False

    def _accept(self, listening: socket.socket) -> None:
        try:
            client, _address = listening.accept()
        except OSError:  # it has gone again, or there are too many
            time.sleep(0.01)
            return
        if not self.clients.acquire(blocking=False):
            client.close()
            return
        try:
            threading.Thread(target=self._answer, args=(client,), daemon=True).start()
        except RuntimeError:  # the host gives no more threads
            client.close()
            self.clients.release()

    def _answer(self, client: socket.socket) -> None:
        try:
            with client, contextlib.suppress(OSError):
                asked = _receive(client)
                if asked and self.answers:
                    client.sendall(self._find_answer(asked))
                    client.shutdown(socket.SHUT_WR)
        finally:
            self.clients.release()

    def _find_answer(self, asked: bytes) -> bytes:
        found = _ASKED.match(asked)
        content = self._read_token(found[1].decode("ascii")) if found else None
        status, body = ("404 Not Found", b"") if content is None else ("200 OK", content)
        headers = _HEADERS.format(status=status, length=len(body)).encode("ascii")
        return headers + (b"" if asked.startswith(b"HEAD") else body)

    def _read_token(self, token: str) -> bytes | None:
        try:
            descriptor = os.open(token, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=self.directory)
        except OSError:
            return None
        try:
            return os.read(descriptor, _REQUEST_BYTES)
        finally:
            os.close(descriptor)


def _receive(client: socket.socket) -> bytes:
    """The head of a request; empty when it did not come in time, or is larger than any that is meant for us."""
    deadline = time.monotonic() + CLIENT_SECONDS
    received = b""
    while not _BLANK_LINE.search(received):
        client.settimeout(max(0.001, deadline - time.monotonic()))
        piece = client.recv(4096)
        received += piece
        if not piece or len(received) > _REQUEST_BYTES:
            return b""
    client.settimeout(CLIENT_SECONDS)
    return received
