# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether an http-01 challenge is served, asked as a CA asks (RFC 8555 8.3).

Plain sockets: the addresses are those that the chosen resolver gives, and time and size are bounded as a whole.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import cast
from urllib.parse import SplitResult, urljoin, urlsplit

from ansible_collections.certwright.tls.plugins.plugin_utils._acme.dns_lookup import Resolver
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.problems import AcmeProblem, bounded
from ansible_collections.certwright.tls.plugins.plugin_utils._core.extensions import is_address
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice

_MAXIMUM_BYTES = 16 * 1024
_MAXIMUM_REDIRECTS = 10
_SHOWN = 60
_PORTS = {"http": 80, "https": 443}
_REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(frozen=True)
class _Answer:
    url: str
    address: str
    status: int
    location: str
    body: str


class _NoAnswer(Exception):
    """The end of the sentence "there is no answer from here"."""


@dataclass(frozen=True)
class HttpChallenge:
    """What the host at a name has to answer."""

    name: str
    token: str
    content: str
    port: int = 80

    @property
    def url(self) -> str:
        host = self.name if self.port == 80 else f"{self.name}:{self.port}"
        return f"http://{host}/.well-known/acme-challenge/{self.token}"

    def is_met_by(self, answer: _Answer) -> bool:
        """White space at the end counts for nothing (RFC 8555 8.3)."""
        return answer.status == 200 and answer.body.rstrip() == self.content


def check_http(
    challenge: HttpChallenge,
    *,
    resolver: Resolver,
    deadline: float = 5.0,
    clock: Callable[[], float] = time.monotonic,
) -> AcmeProblem | Notice | None:
    """Each address of the name that answers serves the challenge: a CA asks any. A wrong answer is a problem.

    No answer at all is a notice: a firewall may let in the CA and not us. `deadline` is in seconds, for each address.
    """
    try:
        addresses = resolver.find_addresses(challenge.name)
    except AcmeProblem as problem:
        return problem if problem.kind == "permanent" else Notice("challenge_not_checked", problem.message)
    silences = []
    for address in addresses:
        try:
            answer = _Client(resolver, clock, clock() + deadline).follow(challenge.url, address)
        except _NoAnswer as silence:
            silences.append(f"{address}: {silence}")
            continue
        if not challenge.is_met_by(answer):
            return _find_wrong(challenge.url, answer)
    if len(silences) < len(addresses):
        return None
    return _tell_silent(challenge.url, silences or ["the name has no address"])


def _find_wrong(url: str, answer: _Answer) -> AcmeProblem:
    # What another place says that this one leads to is not ours to repeat
    body = f"`{bounded(answer.body[:_SHOWN])}`" if answer.url == url else "something else"
    said = body if answer.status == 200 else f"HTTP status {answer.status}"
    said = f"{said} to {bounded(answer.location)}" if answer.status in _REDIRECTS else said
    where = (
        f"{answer.address} answers"
        if answer.url == url
        else f"{answer.address} leads to {bounded(answer.url)}, which answers"
    )
    way_out = "see that this is the host that the challenge is for, that its web server shows `webroot` there"
    message = f"{url} is not the challenge: {where} {said}; {way_out}, and that no other address stands in the DNS"
    return AcmeProblem("permanent", "challenge_not_served", message)


def _tell_silent(url: str, silences: list[str]) -> Notice:
    message = f"{url} could not be fetched from the controller ({'; '.join(silences)}); the CA is asked all the same"
    return Notice("challenge_not_checked", message)


@dataclass(frozen=True)
class _Client:
    """One fetch with its redirects, until `end` of the clock."""

    resolver: Resolver
    clock: Callable[[], float]
    end: float

    def follow(self, url: str, address: str) -> _Answer:
        """Redirects as CAs follow them: a bounded number, to http and https on their own ports or the first one's."""
        first = urlsplit(url).port
        for _hop in range(_MAXIMUM_REDIRECTS + 1):
            answer = self._fetch(url, address)
            if answer.status not in _REDIRECTS or not answer.location:
                return answer
            place = _load(url, answer.location)
            if place is None or place.port not in (None, first, *_PORTS.values()):
                return answer
            url = place.geturl()
            address = self._find_address(place.hostname or "")
        raise _NoAnswer(f"more than {_MAXIMUM_REDIRECTS} redirects")

    def _find_address(self, host: str) -> str:
        if is_address(host):
            return host
        try:
            found = self.resolver.find_addresses(host)
        except AcmeProblem:
            found = ()
        if not found:
            raise _NoAnswer(f"a redirect to {bounded(host)}, which has no address")
        return found[0]

    def _fetch(self, url: str, address: str) -> _Answer:
        place = urlsplit(url)
        target = f"{place.path or '/'}{'?' + place.query if place.query else ''}"
        host = place.netloc.rpartition("@")[2]
        lines = (
            f"GET {target} HTTP/1.1",
            f"Host: {host}",
            "User-Agent: certwright",
            "Accept: */*",
            "Connection: close",
        )
        request = "\r\n".join((*lines, "", ""))
        try:
            raw = self._talk(place, address, request.encode("ascii"))
            response = http.client.HTTPResponse(cast("socket.socket", _Replay(raw)))
            response.begin()
            body = response.read(_MAXIMUM_BYTES)
        except (OSError, ValueError) as error:
            raise _NoAnswer(_explain(error)) from None
        except http.client.IncompleteRead as error:
            body = error.partial
        except http.client.HTTPException:
            raise _NoAnswer("what comes is not HTTP") from None
        return _Answer(
            url, address, response.status, response.getheader("Location") or "", body.decode("utf-8", "replace")
        )

    def _talk(self, place: SplitResult, address: str, request: bytes) -> bytes:
        with ExitStack() as stack:
            port = place.port or _PORTS[place.scheme]
            stream = stack.enter_context(socket.create_connection((address, port), timeout=self._remaining()))
            if place.scheme == "https":
                stream = stack.enter_context(_make_context().wrap_socket(stream, server_hostname=place.hostname))
            stream.settimeout(self._remaining())
            stream.sendall(request)
            return self._read(stream)

    def _read(self, stream: socket.socket) -> bytes:
        """At most so many bytes, and what has come until the end: a server may keep the connection open."""
        read = b""
        while len(read) < _MAXIMUM_BYTES:
            try:
                stream.settimeout(self._remaining())
                piece = stream.recv(_MAXIMUM_BYTES)
            except OSError:
                if b"\r\n\r\n" in read:
                    break
                raise
            if not piece:
                break
            read += piece
        return read

    def _remaining(self) -> float:
        remaining = self.end - self.clock()
        if remaining <= 0:
            raise TimeoutError
        return remaining


class _Replay:
    """What http.client wants of a socket."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def makefile(self, *_words: object) -> io.BytesIO:
        return io.BytesIO(self._raw)


def _load(url: str, location: str) -> SplitResult | None:
    """Where a redirect leads; None where no CA follows it."""
    try:
        place = urlsplit(urljoin(url, location))
        port = place.port
    except ValueError:
        return None
    return place if place.scheme in _PORTS and place.hostname and port != 0 and location.isascii() else None


def _make_context() -> ssl.SSLContext:
    """Nothing is proved by the certificate here: it may be the one that is to be renewed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _explain(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return bounded(getattr(error, "strerror", None) or error.__class__.__name__)
