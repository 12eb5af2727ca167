# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An ACME server that checks nothing: it issues for anything, unless a test scripts what it says instead.

    with ScriptedCa() as server:
        server.script("order", server.problem("rateLimited", 429, Retry_After="7"), cut)

A step is a Reply, or a function that makes one of the reply that would have come. Steps of a kind are used up in their
order; then it behaves well again. Time stands still but for what the client sleeps.
"""

from __future__ import annotations

import base64
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ansible_collections.certwright.tls.plugins.plugin_utils._acme.account_key import make_account_key
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.client import Client, connect
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.settings import Settings
from ansible_collections.certwright.tls.tests.unit.authority import NOW, build, ca

ROOT = ca("Scripted Root")
INTERMEDIATE = ROOT.authority("Scripted Intermediate")
ACCOUNT_KEY = make_account_key()
ERROR = "urn:ietf:params:acme:error:"


@dataclass
class Time:
    """A clock that moves only when somebody sleeps; `slept` has each sleep's seconds."""

    now: datetime = NOW
    slept: list[float] = field(default_factory=list)

    def clock(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 3))
        self.now += timedelta(seconds=seconds)


@dataclass(frozen=True)
class Reply:
    """`cut` closes the connection in the middle of the body; `body` is sent as JSON unless it is bytes."""

    status: int = 200
    body: Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False


Change = Callable[[Reply], Reply]
Step = Reply | Change


@dataclass(frozen=True)
class Request:
    kind: str
    path: str
    protected: dict[str, Any]
    payload: Any
    headers: dict[str, str]


def usual(reply: Reply) -> Reply:
    return reply


def cut(reply: Reply) -> Reply:
    return replace(reply, cut=True)


def with_words(**words: Any) -> Change:
    """The usual body with other words."""
    return lambda reply: replace(reply, body={**reply.body, **words})


def with_headers(**headers: str) -> Change:
    """The usual reply with more headers; `_` stands for `-`."""
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda reply: replace(reply, headers={**reply.headers, **more})


def problem(kind: str, status: int = 400, detail: str = "as scripted", **headers: str) -> Reply:
    """A problem document; a kind with a colon is the whole type."""
    body = {"type": kind if ":" in kind else f"{ERROR}{kind}", "detail": detail}
    return Reply(status, body, {name.replace("_", "-"): value for name, value in headers.items()})


def html(status: int, **headers: str) -> Reply:
    return Reply(status, b"<html>Sorry</html>", {name.replace("_", "-"): value for name, value in headers.items()})


class ScriptedCa:
    """Serves on loopback while the `with` lasts; `requests` are all that came, in their order."""

    def __init__(self, **meta: Any) -> None:
        self.meta = {"termsOfService": "https://ca.example/terms/1", "caaIdentities": ["ca.example"], **meta}
        self.time = Time()
        self.requests: list[Request] = []
        self.has_account = True
        self.orders: dict[str, dict[str, Any]] = {}
        self.proved: set[str] = set()
        self._steps: dict[str, list[Step]] = defaultdict(list)
        self._nonces = 0

    def __enter__(self) -> ScriptedCa:
        handler = type("Handler", (_Handler,), {"ca": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Nobody listens afterwards; stopping again does no harm."""
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def connect(self, deadline: float = 600, **settings: Any) -> Client:
        words = {"account_key": ACCOUNT_KEY, "terms_agreed": True, "contact": "pki@example.org", **settings}
        chosen = Settings(words.pop("directory", f"{self.url}/directory"), **words)
        return connect(chosen, deadline=deadline, clock=self.time.clock, sleep=self.time.sleep, dice=lambda: 0.5)

    def script(self, kind: str, *steps: Step) -> None:
        self._steps[kind].extend(steps)

    def count(self, kind: str) -> int:
        return sum(request.kind == kind for request in self.requests)

    def payloads(self, kind: str) -> list[Any]:
        return [request.payload for request in self.requests if request.kind == kind]

    def take_nonce(self) -> str:
        self._nonces += 1
        return base64.urlsafe_b64encode(self._nonces.to_bytes(12, "big")).decode("ascii")

    def reply(self, request: Request) -> Reply:
        self.requests.append(request)
        steps = self._steps[request.kind]
        step = steps.pop(0) if steps else usual
        if isinstance(step, Reply):
            return step
        return step(getattr(self, f"_reply_{request.kind}")(request))

    def _reply_directory(self, _request: Request) -> Reply:
        words = {
            "newNonce": "nonce",
            "newAccount": "account",
            "newOrder": "new_order",
            "revokeCert": "revoke",
            "renewalInfo": "renewal_info",
        }
        return Reply(200, {**{word: f"{self.url}/{path}" for word, path in words.items()}, "meta": self.meta})

    def _reply_nonce(self, _request: Request) -> Reply:
        return Reply(200, b"")

    def _reply_account(self, request: Request) -> Reply:
        if not self.has_account and (request.payload or {}).get("onlyReturnExisting"):
            return problem("accountDoesNotExist", 400)
        status = 200 if self.has_account else 201
        self.has_account = True
        return Reply(status, {"status": "valid"}, {"Location": f"{self.url}/account/1"})

    def _reply_new_order(self, request: Request) -> Reply:
        number = str(len(self.orders) + 1)
        self.orders[number] = {"identifiers": request.payload["identifiers"], "csr": ""}
        return Reply(201, self._describe(number), {"Location": f"{self.url}/order/{number}"})

    def _reply_order(self, request: Request) -> Reply:
        return Reply(200, self._describe(request.path.rpartition("/")[2]))

    def _reply_authorization(self, request: Request) -> Reply:
        path = request.path.partition("/authorization/")[2]
        number, index = path.split("/")
        name = self.orders[number]["identifiers"][int(index)]["value"]
        status = "valid" if path in self.proved else "pending"
        challenges = [
            {"type": kind, "url": f"{self.url}/challenge/{path}", "token": f"token-{number}-{index}", "status": status}
            for kind in ("http-01", "dns-01")
        ]
        words = {"identifier": {"type": "dns", "value": name.removeprefix("*.")}, "status": status}
        return Reply(200, {**words, "challenges": challenges, **({"wildcard": True} if name.startswith("*.") else {})})

    def _reply_challenge(self, request: Request) -> Reply:
        path = request.path.partition("/challenge/")[2]
        if request.payload is not None:
            self.proved.add(path)
        status = "valid" if path in self.proved else "pending"
        return Reply(200, {"type": "http-01", "url": f"{self.url}/challenge/{path}", "status": status})

    def _reply_finalize(self, request: Request) -> Reply:
        number = request.path.rpartition("/")[2]
        if self._describe(number)["status"] != "ready":
            return problem("orderNotReady", 403)
        self.orders[number]["csr"] = request.payload["csr"]
        return Reply(200, {**self._describe(number), "status": "processing"})

    def _reply_certificate(self, request: Request) -> Reply:
        order = self.orders[request.path.rpartition("/")[2]]
        csr = x509.load_der_x509_csr(base64.urlsafe_b64decode(order["csr"] + "=="))
        names = tuple(each["value"] for each in order["identifiers"])
        leaf = build(_PublicOnly(csr.public_key()), names=names, issuer=INTERMEDIATE)
        return Reply(200, leaf.public_bytes(Encoding.PEM) + INTERMEDIATE.pem)

    def _reply_revoke(self, _request: Request) -> Reply:
        return Reply(200, b"")

    def _reply_renewal_info(self, _request: Request) -> Reply:
        window = {"start": "2026-12-01T00:00:00Z", "end": "2026-12-03T00:00:00.123456789Z"}
        return Reply(200, {"suggestedWindow": window, "explanationURL": "https://ca.example/why"})

    def _describe(self, number: str) -> dict[str, Any]:
        order = self.orders[number]
        paths = [f"{number}/{index}" for index in range(len(order["identifiers"]))]
        status = "valid" if order["csr"] else "ready" if self.proved.issuperset(paths) else "pending"
        return {
            "status": status,
            "identifiers": order["identifiers"],
            "expires": "2026-11-28T22:00:00Z",
            "authorizations": [f"{self.url}/authorization/{path}" for path in paths],
            "finalize": f"{self.url}/finalize/{number}",
            **({"certificate": f"{self.url}/certificate/{number}"} if status == "valid" else {}),
        }


@dataclass(frozen=True)
class _PublicOnly:
    """What a CA knows of the key that it certifies."""

    key: Any

    def public_key(self) -> Any:
        return self.key


class _Handler(BaseHTTPRequestHandler):
    ca: ScriptedCa
    protocol_version = "HTTP/1.1"
    # One packet an answer: else each costs the 40 ms of a delayed acknowledgement.
    wbufsize = 65536

    def do_GET(self) -> None:
        self._answer({}, None)

    def do_HEAD(self) -> None:
        self._answer({}, None)

    def do_POST(self) -> None:
        jws = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        payload = _decode(jws["payload"])
        self._answer(json.loads(_decode(jws["protected"])), json.loads(payload) if payload else None)

    def log_message(self, *_arguments: object) -> None:
        pass

    def _answer(self, protected: dict[str, Any], payload: Any) -> None:
        kind = self.path.split("/")[1]
        reply = self.ca.reply(Request(kind, self.path, protected, payload, dict(self.headers)))
        body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        # Not send_response(), which sends the date of this machine
        self.send_response_only(reply.status)
        for name, value in self._find_headers(reply, body):
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[: len(body) // 2] if reply.cut else body)
        self.close_connection = reply.cut

    def _find_headers(self, reply: Reply, body: bytes) -> Iterator[tuple[str, str]]:
        nonce = "" if self.command == "GET" else self.ca.take_nonce()
        defaults = {"Date": format_datetime(self.ca.time.now, usegmt=True), "Replay-Nonce": nonce}
        for name, value in {**defaults, "Content-Length": str(len(body)), **reply.headers}.items():
            if value:
                yield name, value


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
