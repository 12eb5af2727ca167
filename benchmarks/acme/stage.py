# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 the certwright.tls authors

"""One CA that answers at once and one web server that shows a directory, for every client that is measured."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from acme_server import AcmeServer
from processes import Process, find_program, free_port, is_listening
from webroot_server import WebrootServer

_CONFIGURATION = """
pid {place}/nginx.pid;
error_log {place}/error.log;
worker_processes 1;
daemon off;
events {{}}
http {{
    access_log off;
    client_body_temp_path {place}/body;
    proxy_temp_path {place}/proxy;
    fastcgi_temp_path {place}/fastcgi;
    uwsgi_temp_path {place}/uwsgi;
    scgi_temp_path {place}/scgi;
    server {{ listen 127.0.0.1:{port}; root {webroot}; }}
}}
"""


class Stage:
    """Names are handed out once each, so that no authorization and no order is found again.

    `ca` holds the public CAs beside the server's own: whoever reads them for each connection pays for it here too.
    """

    def __init__(self, server: AcmeServer, webroot: Path, web_server: str) -> None:
        self._server, self.webroot, self.web_server = server, webroot, web_server
        self.directory, self.dns, self.http_port = server.directory, server.dns, server.http_port
        self.ca = _write_trusted(server)
        self._serial = count(1)

    def take_names(self, size: int) -> tuple[str, ...]:
        serial = next(self._serial)
        return tuple(f"site{number:02d}.run{serial}.example.test" for number in range(size))

    def count_requests(self, path: str = "") -> int:
        """What the CA was asked since it started, for anything or for one path."""
        return self._server.log.read_text(encoding="utf-8").count(f"{path} -> calling handler()")

    def count_orders(self) -> int:
        return self.count_requests("/order-plz")


def _write_trusted(server: AcmeServer) -> str:
    from certifi import where  # noqa: PLC0415  it comes with the library acme

    path = server.run / "public-and-own.pem"
    path.write_text("".join(Path(each).read_text(encoding="utf-8") for each in (where(), server.ca)), encoding="utf-8")
    return str(path)


@contextlib.contextmanager
def building_stage(work: Path) -> Iterator[Stage]:
    """Pebble without its sleeps and refused nonces. Raises ProgramMissing where there is none."""
    place, webroot = work / "stage", work / "webroot"
    (webroot / ".well-known" / "acme-challenge").mkdir(parents=True)
    port = free_port()
    with AcmeServer(place, http_port=port) as server, _showing(webroot, port, place) as web_server:
        yield Stage(server, webroot, web_server)


@contextlib.contextmanager
def _showing(webroot: Path, port: int, place: Path) -> Iterator[str]:
    nginx = find_program("nginx")
    if not nginx:
        with WebrootServer(webroot, port):
            yield "a thread of the benchmark"
        return
    configuration = place / "nginx.conf"
    configuration.write_text(_CONFIGURATION.format(place=place, port=port, webroot=webroot), encoding="utf-8")
    command = [nginx, "-c", str(configuration), "-p", str(place), "-e", str(place / "error.log")]
    process = Process(command, place / "nginx.log")
    try:
        process.await_ready(lambda: is_listening(port))
        yield "nginx"
    finally:
        process.stop()
