# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 the certwright.tls authors

"""One local port that speaks TLS and answers every server name: nginx where there is one, else a thread of ours."""

from __future__ import annotations

import contextlib
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

_CONFIGURATION = """
pid {work}/nginx.pid;
error_log {work}/error.log;
worker_processes 1;
daemon off;
events {{}}
http {{
    access_log off;
    client_body_temp_path {work}/body;
    proxy_temp_path {work}/proxy;
    fastcgi_temp_path {work}/fastcgi;
    uwsgi_temp_path {work}/uwsgi;
    scgi_temp_path {work}/scgi;
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        return 200;
    }}
}}
"""


@contextlib.contextmanager
def serving(work: Path, *, certificate: Path, key: Path) -> Iterator[tuple[int, str]]:
    """The port and what answers there, until the block ends."""
    if shutil.which("nginx"):
        with _serving_nginx(work, certificate=certificate, key=key) as port:
            yield port, "nginx"
        return
    with _serving_thread(certificate=certificate, key=key) as port:
        yield port, "a thread of the benchmark"


@contextlib.contextmanager
def _serving_nginx(work: Path, *, certificate: Path, key: Path) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    configuration = work / "nginx.conf"
    configuration.write_text(_CONFIGURATION.format(work=work, port=port, certificate=certificate, key=key))
    process = subprocess.Popen(["nginx", "-c", str(configuration), "-p", str(work), "-e", str(work / "error.log")])
    try:
        _await_port(port)
        yield port
    finally:
        process.terminate()
        process.wait()


def _await_port(port: int) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


@contextlib.contextmanager
def _serving_thread(*, certificate: Path, key: Path) -> Iterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    threading.Thread(target=_accept, args=(listener, context), daemon=True).start()
    with listener:
        yield int(listener.getsockname()[1])


def _accept(listener: socket.socket, context: ssl.SSLContext) -> None:
    while True:
        try:
            connection, _address = listener.accept()
        except OSError:  # closed: the benchmark is over
            return
        threading.Thread(target=_shake_hands, args=(connection, context), daemon=True).start()


def _shake_hands(connection: socket.socket, context: ssl.SSLContext) -> None:
    connection.settimeout(5)
    with contextlib.suppress(OSError), connection:
        context.wrap_socket(connection, server_side=True).close()
