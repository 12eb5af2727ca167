# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The stand-in on a port of this machine, for whoever has its token."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from ansible_collections.certwright.tls.tests.awx.controller import Controller

TOKEN = "the-token"


@contextmanager
def serve(controller: Controller) -> Iterator[str]:
    """Its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"controller": controller}))
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    controller: Controller

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length) or b"{}")
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self._say(401, {"detail": "Authentication credentials were not provided."})
            return
        self._say(*self.controller.answer(self.command, self.path, body))

    do_POST = do_PATCH = do_DELETE = do_GET  # noqa: N815 - the names that the library calls

    def _say(self, code: int, body: Any) -> None:
        content = b"" if body is None else json.dumps(body).encode()
        self.send_response(code)
        for word, value in (("X-API-Product-Name", "AWX"), ("X-API-Product-Version", "24.6.1")):
            self.send_header(word, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_words: object) -> None:
        return
