# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run by the Python that has acme2certifier: its WSGI application behind TLS on one loopback port.

acme2certifier_process.py PORT CERTIFICATE PRIVATE_KEY      with ACME_SRV_CONFIGFILE
"""

from __future__ import annotations

import importlib
import socketserver
import ssl
import sys
import threading
from collections.abc import Iterable
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def get_request(self) -> tuple[Any, Any]:
        connection, address = super().get_request()
        return self.context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), address

    def server_bind(self) -> None:
        """Without the look-up of its own name, which may take seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "localhost", self.server_address[1]
        self.setup_environ()

    context: ssl.SSLContext


class _Handler(WSGIRequestHandler):
    def get_environ(self) -> dict[str, Any]:
        return {**super().get_environ(), "HTTP_X_FORWARDED_PROTO": "https"}

    def address_string(self) -> str:
        return str(self.client_address[0])


def main(port: int, certificate: str, private_key: str) -> None:
    application = importlib.import_module("acme2certifier.share.acme2certifier_wsgi").application
    one_at_a_time = threading.Lock()

    def serve(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """SQLite has one writer."""
        with one_at_a_time:
            return list(application(environ, start_response))

    server = make_server("127.0.0.1", port, serve, server_class=_Server, handler_class=_Handler)
    server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.context.load_cert_chain(certificate, private_key)
    server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
