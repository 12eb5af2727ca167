# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A CA's front door that counts, adds renewal information and profiles, and fails by script.

Clients talk to the proxy's own directory. The CA is told the client's Host header, so every URL it gives out and every
signed `url` it checks is the proxy's: nothing is rewritten. See `faults` for what can be injected.
"""

from __future__ import annotations

import fnmatch
import http.client
import http.server
import os
import socket
import ssl
import struct
import sys
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from acme_server import RunningServer
from exchange import Answer, Fault, Request, json_answer
from faults import ERROR
from processes import free_port
from renewal_windows import RenewalWindows
from resource_kinds import DIRECTORY, ResourceKinds

RENEWAL_INFO = "/renewal-info-of-the-proxy"
_PER_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}
_NEW = 201
EVER = float("inf")


@dataclass
class Rule:
    """What happens to requests of a kind (`newOrder`), of a path (`/order-plz`, `/certZ/*`), or to all (`*`)."""

    on: str
    fault: Fault
    left: float
    skip: int = 0
    used: int = 0

    def matches(self, request: Request) -> bool:
        return fnmatch.fnmatchcase(request.path if self.on.startswith("/") else request.kind, self.on)

    def take(self) -> bool:
        """Is it this one's turn? The first ones may go by, and it ends after its number."""
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.left <= 0:
            return False
        self.left -= 1
        self.used += 1
        return True


class FaultProxy:
    """In front of a running server; a context. Its TLS is that of the server: clients trust `ca`."""

    def __init__(
        self,
        server: RunningServer,
        *,
        renewal_info: bool = True,
        profiles: Mapping[str, str] | None = None,
        meta: Mapping[str, Any] | None = None,
        check_replaces: bool = True,
    ) -> None:
        """`renewal_info`: ours in place of what the server has. `profiles` are offered, and others refused.

        `meta` are further words of the directory's. With `check_replaces` an order is judged as Let's Encrypt
        judges what it replaces; else that is only recorded.
        """
        self.server, self.ca = server, server.ca
        self.renewal_info, self.check_replaces = renewal_info, check_replaces
        self.profiles, self.meta = dict(profiles or {}), dict(meta or {})
        self.windows = RenewalWindows()
        self.requests: list[Request] = []
        self._rules: list[Rule] = []
        self._lock = threading.Lock()
        upstream = urlsplit(server.directory)
        self.upstream = (upstream.hostname or "", upstream.port or 443)
        self.trust = ssl.create_default_context(cafile=server.ca)
        self.kinds = ResourceKinds(upstream.path)
        self.port = free_port()
        self.base = f"https://127.0.0.1:{self.port}"
        self.directory = self.base + upstream.path
        self._listener = _Listener(self)

    def __enter__(self) -> FaultProxy:
        """What the CA's directory names is known from now on, whether or not a client asks for it."""
        directory = Answer(200, self.server.fetch(self.server.directory))
        self.kinds.learn(DIRECTORY, self._extend_directory(directory))
        threading.Thread(target=self._listener.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        """A defect of the proxy or of a fault is not taken for the fault that a test wanted."""
        self._listener.shutdown()
        self._listener.server_close()
        if self._listener.defects and not any(exception):
            raise self._listener.defects[0]

    def inject(self, on: str, fault: Fault, *, times: float = 1, after: int = 0) -> Rule:
        """The next `times` matching requests meet the fault, once `after` of them went by; `times` may be EVER."""
        rule = Rule(on, fault, times, after)
        with self._lock:
            self._rules.append(rule)
        return rule

    def clear(self) -> None:
        """No fault is left and nothing has been counted; windows and what the URLs are stay."""
        with self._lock:
            self._rules.clear()
            self.requests.clear()

    @property
    def counts(self) -> Counter[str]:
        """Requests of each kind, refused ones (badNonce, too) included."""
        with self._lock:
            return Counter(request.kind for request in self.requests)

    def seen(self, kind: str) -> list[Request]:
        with self._lock:
            return [request for request in self.requests if request.kind == kind]

    @property
    def orders(self) -> list[dict[str, Any]]:
        """Payloads of the orders that the CA really made, whatever became of its answer."""
        return [request.payload for request in self.seen("newOrder") if request.ca_status == _NEW]

    @property
    def replaces(self) -> list[str]:
        """Each `replaces` that was sent, refused ones included."""
        return [request.payload["replaces"] for request in self.seen("newOrder") if "replaces" in request.payload]

    def serve(self, exchange: ProxiedExchange) -> Answer:
        request = exchange.request
        with self._lock:
            self.requests.append(request)
            rule = next((rule for rule in self._rules if rule.matches(request) and rule.take()), None)
        answer = rule.fault(exchange) if rule else exchange.forward()
        request.status = answer.status
        return answer

    def answer_itself(self, request: Request) -> Answer | None:
        """Renewal information, and what a CA with profiles and renewal information refuses."""
        if request.path.startswith(f"{RENEWAL_INFO}/"):
            return self.windows.answer(request.path.rpartition("/")[2])
        if request.kind != "newOrder":
            return None
        profile = request.payload.get("profile")
        if self.profiles and profile is not None and profile not in self.profiles:
            words = {"type": f"{ERROR}invalidProfile", "detail": f"profile {profile!r} not recognized", "status": 400}
            return json_answer(400, words)
        return self.windows.refuse(request) if self.check_replaces and self.renewal_info else None

    def learn(self, request: Request, answer: Answer) -> Answer:
        """The answer with what the proxy adds, after its URLs, certificates and revocations were noted."""
        given = self._extend_directory(answer) if request.kind == DIRECTORY else answer
        self.kinds.learn(request.kind, given)
        if given.status >= 400:
            return given
        if request.kind == "certificate":
            self.windows.learn(given.body, str(request.protected.get("kid", "")))
        if request.kind == "revokeCert":
            self.windows.learn_revocation(request.payload)
        if request.kind == "newOrder":
            self.windows.learn_order(request.payload)
            return given.changed({key: request.payload.get(key) for key in ("replaces", "profile")})
        return given

    def _extend_directory(self, answer: Answer) -> Answer:
        meta = {**answer.words.get("meta", {}), **self.meta}
        if self.profiles:
            meta["profiles"] = self.profiles
        ours = {"renewalInfo": self.base + RENEWAL_INFO} if self.renewal_info else {}
        return answer.changed({"meta": meta, **ours})


class ProxiedExchange:
    """One request on its way."""

    def __init__(self, proxy: FaultProxy, request: Request, connection: http.client.HTTPSConnection) -> None:
        self.request = request
        self._proxy, self._connection = proxy, connection

    def forward(self) -> Answer:
        answer = self._proxy.answer_itself(self.request)
        if answer is not None:
            return answer if self.request.kind == "renewalInfo" else answer.with_header("Replay-Nonce", self.nonce())
        answer = self._ask(self.request.method, self.request.path, self.request.body)
        self.request.ca_status = answer.status
        return self._proxy.learn(self.request, answer)

    def nonce(self) -> str:
        return self._ask("HEAD", self._proxy.kinds.find_path("newNonce")).header("Replay-Nonce")

    def _ask(self, method: str, path: str, body: bytes = b"") -> Answer:
        """Once more where the CA had closed an idle connection."""
        try:
            return self._ask_once(method, path, body)
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            self._connection.close()
            return self._ask_once(method, path, body)

    def _ask_once(self, method: str, path: str, body: bytes) -> Answer:
        sent = {key: value for key, value in self.request.headers if key.lower() not in _PER_HOP}
        self._connection.request(method, path, body or None, sent)
        with self._connection.getresponse() as response:
            headers = tuple(pair for pair in response.getheaders() if pair[0].lower() not in _PER_HOP)
            return Answer(response.status, response.read(), headers)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Listener

    def log_message(self, *_words: Any) -> None:
        """Tests ask `requests`, nobody reads a log."""

    def setup(self) -> None:
        super().setup()
        proxy = self.server.proxy
        self._upstream = http.client.HTTPSConnection(*proxy.upstream, context=proxy.trust, timeout=60)

    def finish(self) -> None:
        self._upstream.close()
        super().finish()

    def do_GET(self) -> None:
        proxy = self.server.proxy
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = Request(proxy.kinds.find(self.path), self.command, self.path, tuple(self.headers.items()), body)
        self._send(proxy.serve(ProxiedExchange(proxy, request, self._upstream)))

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        self.do_GET()

    def _send(self, answer: Answer) -> None:
        if answer.status:
            self.send_response(answer.status)
            for name, value in (*answer.headers, ("Content-Length", str(len(answer.body)))):
                self.send_header(name, value)
            self.end_headers()
        if answer.status and self.command != "HEAD":
            self.wfile.write(answer.body[: len(answer.body) // 2] if answer.cut else answer.body)
        if answer.cut:
            self._reset()

    def _reset(self) -> None:
        """RST, not an orderly end: what a client of a crashed server sees."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())


class _Listener(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, proxy: FaultProxy) -> None:
        self.proxy = proxy
        self.defects: list[BaseException] = []
        self._context = proxy.server.listener.server_context()
        super().__init__(("127.0.0.1", proxy.port), _Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        """The handshake is the connection's own thread's, so that a slow client stops nobody."""
        connection, address = super().get_request()
        return self._context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no defect; what else goes wrong is seen by the client as a reset."""
        found = sys.exc_info()[1]
        if found is not None and not isinstance(found, OSError):
            self.defects.append(found)
