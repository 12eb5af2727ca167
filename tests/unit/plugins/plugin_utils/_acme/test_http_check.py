# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._acme.dns_lookup import Resolver
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.http_check import HttpChallenge, check_http
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.problems import AcmeProblem
from ansible_collections.certwright.tls.tests.unit.authority import self_signed
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._acme.authoritative import (
    NameServerProcess,
    free_port,
    serve_zones,
)

TOKEN, CONTENT = "token-1", "token-1.thumbprint"
PATH = f"/.well-known/acme-challenge/{TOKEN}"
ZONE = """
@ NS ns1
ns1 A 127.0.0.1
www A 127.0.0.1
other A 127.0.0.2
two A 127.0.0.1
two A 127.0.0.2
tls A 127.0.0.3
six AAAA ::1
empty TXT "no address"
deaf A 127.0.0.9
"""
RIGHT = f"HTTP/1.1 200 OK\r\nContent-Length: {len(CONTENT)}\r\n\r\n{CONTENT}"


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NameServerProcess]:
    with serve_zones(tmp_path_factory.mktemp("zones"), {"web.test": ZONE}) as running:
        yield running


Reply = Callable[[str], str]


@contextmanager
def serve(
    reply: Reply,
    address: str = "127.0.0.1",
    port: int = 0,
    *,
    context: ssl.SSLContext | None = None,
    linger: float = 0,
    drip: float = 0,
) -> Iterator[int]:
    """Answers each request with what `reply` makes of its head.

    `drip` is the time between two bytes, `linger` how long the connection stays open after the last.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.create_server((address, port), family=family)

    def answer(connection: socket.socket) -> None:
        with connection:
            connection.settimeout(5)
            try:
                stream = context.wrap_socket(connection, server_side=True) if context else connection
                whole = reply(stream.recv(4096).decode("ascii")).encode("utf-8")
                for piece in [whole[number : number + 1] for number in range(len(whole))] if drip else [whole]:
                    stream.sendall(piece)
                    time.sleep(drip)
                time.sleep(linger)
                if context:
                    stream.close()
            except OSError:
                pass

    def accept() -> None:
        try:
            while True:
                answer(listener.accept()[0])
        except OSError:
            pass

    thread = threading.Thread(target=accept)
    thread.start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
        listener.close()


def check(names: NameServerProcess, host: str, port: int, *, deadline: float = 5) -> AcmeProblem | object:
    challenge = HttpChallenge(f"{host}.web.test", TOKEN, CONTENT, port)
    return check_http(challenge, resolver=Resolver((names.place,)), deadline=deadline)


def code(found: object) -> str:
    return getattr(found, "code", "served")


def test_the_request_is_as_a_ca_makes_it(names: NameServerProcess) -> None:
    heads: list[str] = []

    def reply(head: str) -> str:
        heads.append(head)
        return RIGHT

    with serve(reply) as port:
        assert check(names, "www", port) is None
    lines = heads[0].split("\r\n")
    assert lines[0] == f"GET {PATH} HTTP/1.1"
    assert f"Host: www.web.test:{port}" in lines


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param(RIGHT, "served", id="the content"),
        pytest.param(f"HTTP/1.0 200 OK\r\n\r\n{CONTENT}\r\n\n", "served", id="white space at the end"),
        pytest.param(
            f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{len(CONTENT):x}\r\n{CONTENT}\r\n0\r\n\r\n",
            "served",
            id="in chunks",
        ),
        pytest.param(f"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{CONTENT}", "served", id="a wrong length"),
        pytest.param("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "challenge_not_served", id="not found"),
        pytest.param("HTTP/1.1 200 OK\r\n\r\n<html>", "challenge_not_served", id="another page"),
        pytest.param("HTTP/1.1 200 OK\r\n\r\n" + "x" * 100000, "challenge_not_served", id="a page without an end"),
        pytest.param(f"HTTP/1.1 200 OK\r\n\r\nx{CONTENT}", "challenge_not_served", id="something before it"),
        pytest.param("HTTP/1.1 301 Moved\r\n\r\n", "challenge_not_served", id="a redirect to nowhere"),
        pytest.param("220 mail ESMTP\r\n\r\n", "challenge_not_checked", id="not HTTP"),
        pytest.param("", "challenge_not_checked", id="nothing"),
    ],
)
def test_what_is_served(names: NameServerProcess, answer: str, expected: str) -> None:
    with serve(lambda _head: answer) as port:
        assert code(check(names, "www", port)) == expected


def test_a_wrong_answer_says_who_gave_it(names: NameServerProcess) -> None:
    with serve(lambda _head: "HTTP/1.1 200 OK\r\n\r\n<html>\x1b[31m other\nhost") as port:
        problem = check(names, "www", port)
    assert isinstance(problem, AcmeProblem)
    assert problem.kind == "permanent"
    fact = f"http://www.web.test:{port}{PATH} is not the challenge: 127.0.0.1 answers `<html>\\x1b[31m other host`; see"
    assert problem.message.startswith(fact)


def test_each_address_that_answers_must_serve_it(names: NameServerProcess) -> None:
    with serve(lambda _head: RIGHT) as port:
        assert check(names, "two", port) is None
        with serve(lambda _head: "HTTP/1.1 404 Not Found\r\n\r\n", "127.0.0.2", port):
            problem = check(names, "two", port)
    assert isinstance(problem, AcmeProblem)
    assert "127.0.0.2 answers HTTP status 404" in problem.message


def test_ipv6_is_asked(names: NameServerProcess) -> None:
    with serve(lambda _head: RIGHT, "::1") as port:
        assert check(names, "six", port) is None


def test_no_answer_is_only_a_notice(names: NameServerProcess) -> None:
    port = free_port()
    notice = check(names, "deaf", port)
    assert code(notice) == "challenge_not_checked"
    fact = (
        f"http://deaf.web.test:{port}{PATH} could not be fetched from the controller (127.0.0.9: Connection refused);"
    )
    assert getattr(notice, "message", "").startswith(fact)


@pytest.mark.parametrize(
    ("host", "expected"),
    [("none", "dns_name_unknown"), ("empty", "challenge_not_checked")],
    ids=["no such name", "no address"],
)
def test_a_name_that_leads_nowhere(names: NameServerProcess, host: str, expected: str) -> None:
    assert code(check(names, host, 80)) == expected


def test_a_resolver_that_is_silent_is_a_notice() -> None:
    silent = Resolver(("127.0.0.1",), free_port(), seconds=0.2)
    assert code(check_http(HttpChallenge("www.web.test", TOKEN, CONTENT), resolver=silent)) == "challenge_not_checked"


def test_a_slow_server_costs_no_more_than_the_deadline(names: NameServerProcess) -> None:
    begun = time.monotonic()
    with serve(lambda _head: "HTTP/1.1 200 OK\r\n", linger=1) as port:
        notice = check(names, "www", port, deadline=0.2)
        assert time.monotonic() - begun < 0.9
    assert code(notice) == "challenge_not_checked"
    assert "127.0.0.1: no answer in time" in getattr(notice, "message", "")


def test_a_server_that_sends_a_byte_at_a_time_costs_no_more(names: NameServerProcess) -> None:
    with serve(lambda _head: RIGHT, drip=0.05) as port:
        begun = time.monotonic()
        assert code(check(names, "www", port, deadline=0.3)) == "challenge_not_checked"
        assert time.monotonic() - begun < 1.5


def test_no_more_is_read_than_a_challenge_may_have(names: NameServerProcess) -> None:
    with serve(lambda _head: "HTTP/1.1 200 OK\r\n\r\n" + "x" * 30000, linger=1) as port:
        begun = time.monotonic()
        assert code(check(names, "www", port)) == "challenge_not_served"
        assert time.monotonic() - begun < 0.9


def test_redirects_are_bounded(names: NameServerProcess) -> None:
    with serve(lambda _head: redirect(PATH)) as port:
        notice = check(names, "www", port)
    assert "127.0.0.1: more than 10 redirects" in getattr(notice, "message", "")


def test_a_server_that_keeps_the_connection_open_has_answered_all_the_same(names: NameServerProcess) -> None:
    with serve(lambda _head: RIGHT, linger=0.5) as port:
        assert check(names, "www", port, deadline=0.2) is None


def redirect(url: str, status: int = 301) -> str:
    return f"HTTP/1.1 {status} Moved\r\nLocation: {url}\r\nContent-Length: 0\r\n\r\n"


def test_redirects_are_followed_to_https_with_any_certificate(names: NameServerProcess, tmp_path: Path) -> None:
    heads: list[str] = []
    issued = self_signed("expired.example")
    pair = tmp_path / "pair.pem"
    pair.write_bytes(issued.key_pem + issued.pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair)

    def secure(head: str) -> str:
        heads.append(head)
        return RIGHT

    with ExitStack() as stack:
        port = stack.enter_context(serve(lambda head: redirect(f"https://tls.web.test:{port_of(head)}/there?x=1", 308)))
        stack.enter_context(serve(secure, "127.0.0.3", port, context=context))
        assert check(names, "www", port) is None
    assert heads[0].startswith("GET /there?x=1 HTTP/1.1\r\nHost: tls.web.test:")


def port_of(head: str) -> int:
    return int(head.partition("Host: ")[2].partition("\r\n")[0].rpartition(":")[2])


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        pytest.param("/elsewhere", "served", id="a path"),
        pytest.param("//127.0.0.1:{port}/elsewhere", "served", id="an address"),
        pytest.param("{path}", "challenge_not_checked", id="in a circle"),
        pytest.param("http://none.web.test/", "challenge_not_checked", id="to a name that is not there"),
        pytest.param("http://www.web.test:2/", "challenge_not_served", id="to another port"),
        pytest.param("ftp://www.web.test/", "challenge_not_served", id="to another protocol"),
        pytest.param("http://[bad/", "challenge_not_served", id="to no URL"),
        pytest.param("http://www.web.test:999999/", "challenge_not_served", id="to no port"),
    ],
)
def test_where_redirects_lead(names: NameServerProcess, location: str, expected: str) -> None:
    def reply(head: str) -> str:
        if head.startswith("GET /elsewhere "):
            return RIGHT
        return redirect(location.format(port=port_of(head), path=PATH))

    with serve(reply) as port:
        assert code(check(names, "www", port)) == expected


def test_a_wrong_answer_behind_a_redirect_says_where_it_is(names: NameServerProcess) -> None:
    with serve(lambda head: redirect("/login") if PATH in head else "HTTP/1.1 401 No\r\n\r\n") as port:
        problem = check(names, "www", port)
    assert isinstance(problem, AcmeProblem)
    assert f"127.0.0.1 leads to http://www.web.test:{port}/login, which answers HTTP status 401" in problem.message
