# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates made by the openssl program, and servers on the loopback that speak as a test tells them."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

Talk = Callable[[socket.socket], None]


@dataclass(frozen=True)
class Leaf:
    """A self-signed certificate and its private key, as files."""

    certificate: Path
    private_key: Path
    fingerprint: str

    def context(self) -> ssl.SSLContext:
        """A TLS server that shows this leaf."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(str(self.certificate), str(self.private_key))
        return context

    def talk(self, connection: socket.socket) -> None:
        """Shakes hands and waits until the client goes."""
        with self.context().wrap_socket(connection, server_side=True) as tls:
            tls.recv(1)


@pytest.fixture(scope="session")
def make_leaf(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Leaf]:
    made: dict[str, Leaf] = {}

    def make(name: str) -> Leaf:
        if name not in made:
            directory = tmp_path_factory.mktemp("leaf")
            certificate, key = directory / "cert.pem", directory / "key.pem"
            command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
            command += ["-days", "2", "-subj", f"/CN={name}", "-keyout", str(key), "-out", str(certificate)]
            subprocess.run(command, check=True, capture_output=True, timeout=60)
            der = ssl.PEM_cert_to_DER_cert(certificate.read_text(encoding="ascii"))
            made[name] = Leaf(certificate, key, hashlib.sha256(der).hexdigest())
        return made[name]

    return make


@pytest.fixture
def serve() -> Iterator[Callable[..., int]]:
    """serve(talk, address) listens there and lets talk(connection) answer each client in its own thread; the port."""
    ends: list[Callable[[], None]] = []

    def start(talk: Talk, address: str = "127.0.0.1", port: int = 0, **options: bool) -> int:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        server = socket.create_server((address, port), family=family, backlog=64, **options)
        threads: list[threading.Thread] = []

        def answer(connection: socket.socket) -> None:
            with connection, contextlib.suppress(OSError):
                talk(connection)

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection = server.accept()[0]
                    connection.settimeout(5)
                    threads.append(threading.Thread(target=answer, args=(connection,)))
                    threads[-1].start()

        def end() -> None:
            server.shutdown(socket.SHUT_RDWR)
            acceptor.join()
            server.close()
            for thread in threads:
                thread.join()

        acceptor = threading.Thread(target=accept)
        acceptor.start()
        ends.append(end)
        return int(server.getsockname()[1])

    yield start
    for end in ends:
        end()
