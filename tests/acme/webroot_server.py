# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The web server of a host whose webroot gets http-01 files: a folder served on one port."""

from __future__ import annotations

import functools
import http.server
import threading
from pathlib import Path
from typing import Any


class _Server(http.server.ThreadingHTTPServer):
    requests: list[str]


class _Handler(http.server.SimpleHTTPRequestHandler):
    server: _Server

    def log_message(self, *_words: Any) -> None:
        """Tests ask `requests`, nobody reads a log."""

    def do_GET(self) -> None:
        self.server.requests.append(self.path)
        super().do_GET()


class WebrootServer:
    """Serves `folder` on 127.0.0.1; a context."""

    def __init__(self, folder: Path, port: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.port, self.requests = folder, port, list[str]()
        handler = functools.partial(_Handler, directory=str(folder))
        self._server = _Server(("127.0.0.1", port), handler)
        self._server.requests = self.requests

    def __enter__(self) -> WebrootServer:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def place(self, token: str, content: str) -> None:
        """As a client does it by the webroot."""
        path = self.folder / ".well-known" / "acme-challenge" / token
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="ascii")
