# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import itertools
import os
import pty
import queue
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.module_utils._host.listeners import Listener, observe_listeners
from ansible_collections.certwright.tls.plugins.module_utils._host.own_client import find_own_client
from ansible_collections.certwright.tls.plugins.module_utils._host.probe import (
    ProbeTarget,
    await_leaf,
    handshake,
    observe_served,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.store import Store

Serve = Callable[..., int]
P256_POINT = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")


def hang(connection: socket.socket) -> None:
    while connection.recv(4096):
        pass


def reset(connection: socket.socket) -> None:
    connection.recv(1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def speak_http(connection: socket.socket) -> None:
    connection.recv(4096)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")


def greet(connection: socket.socket) -> None:
    connection.sendall(b"220 mail.example ESMTP\r\n")
    hang(connection)


def alternate(*leaves: Any) -> Callable[[socket.socket], None]:
    """Each connection is shown the next leaf; the last one for ever."""
    order = itertools.chain(leaves, itertools.repeat(leaves[-1]))
    return lambda connection: next(order).talk(connection)


def demand(leaf: Any, version: ssl.TLSVersion, trusted: Path) -> Callable[[socket.socket], None]:
    """A server of one TLS version that goes on with the owner of the trusted certificate only."""
    context = leaf.context()
    context.minimum_version = context.maximum_version = version
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(str(trusted))

    def talk(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as tls:
            tls.recv(1)

    return talk


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture
def no_leaks() -> Any:
    """What a probe opens is closed and what it starts has ended, once it has answered."""
    files, threads = len(os.listdir("/proc/self/fd")), threading.active_count()
    yield
    assert (files, threads) == (len(os.listdir("/proc/self/fd")), threading.active_count())


@pytest.mark.parametrize(
    ("server_name", "asked", "shown"),
    [
        pytest.param("a.example", "a.example", "a.example", id="a host name"),
        pytest.param("b.example", "b.example", "b.example", id="another host name"),
        pytest.param("b.example.", "b.example", "b.example", id="the last dot is not part of it"),
        pytest.param("xn--bcher-kva.example", "xn--bcher-kva.example", "a.example", id="an A-label is sent as it is"),
        pytest.param("a_b.example", "a_b.example", "a.example", id="an underscore is no hindrance"),
        pytest.param(None, None, "a.example", id="no name"),
        pytest.param("192.0.2.1", None, "a.example", id="an IPv4 address is not sent"),
        pytest.param("2001:db8::1", None, "a.example", id="an IPv6 address is not sent"),
    ],
)
def test_the_leaf_is_the_one_for_the_server_name(
    server_name: str | None, asked: str | None, shown: str, serve: Serve, make_leaf: Any
) -> None:
    seen: list[Any] = []
    context, other = make_leaf("a.example").context(), make_leaf("b.example").context()

    def choose(tls: ssl.SSLSocket, name: str | None, dummy: ssl.SSLContext) -> None:
        seen.append(name)
        tls.context = other if name == "b.example" else context

    def talk(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as tls:
            tls.recv(1)

    context.sni_callback = choose
    target = ProbeTarget(port=serve(talk), server_name=server_name)
    served = handshake(target, "127.0.0.1", timeout=5)
    assert ("served", make_leaf(shown).fingerprint, [asked]) == (served.state, served.fingerprint, seen)


def test_a_leaf_is_read_over_ipv6(serve: Serve, make_leaf: Any) -> None:
    leaf = make_leaf("a.example")
    served = handshake(ProbeTarget(port=serve(leaf.talk, "::1")), "::1", timeout=5)
    assert ("served", leaf.fingerprint, "::1") == (served.state, served.fingerprint, served.address)


@pytest.mark.parametrize(
    ("talk", "state", "detail"),
    [
        pytest.param(
            hang, "silent", "Nothing answers on 127.0.0.1:{}: no word in time.", id="accepts and never speaks"
        ),
        pytest.param(reset, "silent", "Nothing answers on 127.0.0.1:{}: Connection reset by peer.", id="resets"),
        pytest.param(lambda _: None, "silent", "Nothing answers on 127.0.0.1:{}: ", id="hangs up"),
        pytest.param(speak_http, "no_tls", "What answers on 127.0.0.1:{} does not go on in TLS: ", id="speaks HTTP"),
        pytest.param(greet, "no_tls", "What answers on 127.0.0.1:{} does not go on in TLS: ", id="speaks first"),
    ],
)
def test_what_is_not_tls_is_told_apart(
    talk: Callable[[socket.socket], None], state: str, detail: str, serve: Serve
) -> None:
    target = ProbeTarget(port=serve(talk))
    started = time.monotonic()
    served = handshake(target, "127.0.0.1", timeout=0.4)
    assert (state, "") == (served.state, served.fingerprint)
    assert served.detail.startswith(detail.format(target.port))
    assert time.monotonic() - started < 1


def test_a_port_that_refuses_is_silent() -> None:
    port = free_port()
    served = handshake(ProbeTarget(port=port), "127.0.0.1", timeout=5)
    assert ("silent", f"Nothing answers on 127.0.0.1:{port}: Connection refused.") == (served.state, served.detail)


def test_an_address_that_cannot_be_reached_is_silent() -> None:
    assert handshake(ProbeTarget(port=443), "fe80::1", timeout=0.5).state == "silent"


def test_a_server_that_rejects_the_name_leaves_the_leaf_unproved(serve: Serve, make_leaf: Any) -> None:
    context = make_leaf("a.example").context()
    context.sni_callback = lambda *_: ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME

    def talk(connection: socket.socket) -> None:
        context.wrap_socket(connection, server_side=True).close()

    served = handshake(ProbeTarget(port=serve(talk), server_name="x.example"), "127.0.0.1", timeout=5)
    assert served.state == "unproved"
    assert served.detail.endswith("could not be read: tlsv1 unrecognized name.")


def test_a_server_that_stops_in_the_middle_of_the_handshake_leaves_the_leaf_unproved(serve: Serve) -> None:
    def talk(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76")

    assert handshake(ProbeTarget(port=serve(talk)), "127.0.0.1", timeout=5).state == "unproved"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_the_leaf_of_a_server_that_demands_a_client_certificate_is_read_without_one(
    version: ssl.TLSVersion, serve: Serve, make_leaf: Any
) -> None:
    leaf = make_leaf("a.example")
    target = ProbeTarget(port=serve(demand(leaf, version, trusted=leaf.certificate)))
    served = handshake(target, "127.0.0.1", timeout=5)
    assert ("served", leaf.fingerprint) == (served.state, served.fingerprint)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_the_client_certificate_is_shown_to_a_server_that_demands_it(
    version: ssl.TLSVersion, serve: Serve, make_leaf: Any
) -> None:
    leaf, client = make_leaf("a.example"), make_leaf("client.example")
    accepted = threading.Event()
    check = demand(leaf, version, trusted=client.certificate)

    def talk(connection: socket.socket) -> None:
        check(connection)
        accepted.set()

    target = ProbeTarget(
        port=serve(talk), client_certificate=str(client.certificate), client_private_key=str(client.private_key)
    )
    assert handshake(target, "127.0.0.1", timeout=5).state == "served"
    assert accepted.wait(5)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param(b"HTTP/1.1 204 No Content\r\n\r\n", ("served", ""), id="let in"),
        pytest.param(
            b"HTTP/1.1 400 Bad Request\r\n\r\n",
            ("unproved", "refuses the client certificate of the probe: it answers 400."),
            id="refused by HTTP",
        ),
        pytest.param(None, ("unproved", "."), id="refused by an alert"),
    ],
)
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_web_server_says_whether_it_lets_the_client_in(
    version: ssl.TLSVersion, answer: bytes | None, expected: tuple[str, str], serve: Serve, make_leaf: Any
) -> None:
    leaf, client = make_leaf("a.example"), make_leaf("client.example")
    context = leaf.context()
    context.minimum_version = context.maximum_version = version
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(str(client.certificate if answer else leaf.certificate))

    def talk(connection: socket.socket) -> None:
        with suppress(OSError), context.wrap_socket(connection, server_side=True) as tls:
            tls.recv(4096)
            tls.sendall(answer or b"")

    places = {"client_certificate": str(client.certificate), "client_private_key": str(client.private_key)}
    served = handshake(ProbeTarget(port=serve(talk), http_path="/", **places), "127.0.0.1", timeout=5)
    assert (served.state, served.detail.endswith(expected[1])) == (expected[0], True), served.detail


def test_a_leaf_that_does_not_belong_to_the_key_of_the_server_is_not_served(serve: Serve, make_leaf: Any) -> None:
    leaf = make_leaf("a.example")
    context = leaf.context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_OPTIONAL
    context.load_verify_locations(str(leaf.certificate))

    def talk(connection: socket.socket) -> None:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(incoming, outgoing, server_side=True)
        incoming.write(connection.recv(4096))
        with suppress(ssl.SSLWantReadError):
            tls.do_handshake()
        flight = bytearray(outgoing.read())
        flight[flight.index(P256_POINT) + len(P256_POINT)] ^= 1
        connection.sendall(flight)
        hang(connection)

    served = handshake(ProbeTarget(port=serve(talk)), "127.0.0.1", timeout=5)
    assert (served.state, served.fingerprint) == ("unproved", "")


@pytest.mark.parametrize("is_there", [False, True], ids=["before the first switch", "after it"])
def test_its_own_certificate_is_shown_once_it_is_there(
    is_there: bool, serve: Serve, make_leaf: Any, tmp_path: Path
) -> None:
    """Before, a server that demands one still tells its leaf."""
    leaf, client = make_leaf("a.example"), make_leaf("client.example")
    shown: queue.Queue[bytes | None] = queue.Queue()
    context = leaf.context()
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_OPTIONAL
    context.load_verify_locations(str(client.certificate))

    def talk(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as tls:
            shown.put(tls.getpeercert(binary_form=True))

    live = tmp_path / "live" / "web"
    if is_there:
        live.mkdir(parents=True)
        (live / "fullchain.pem").write_bytes(client.certificate.read_bytes())
        (live / "privkey.pem").write_bytes(client.private_key.read_bytes())
    asked = ProbeTarget(port=serve(talk), client_certificate="own")
    target = find_own_client(Store(str(tmp_path)), "web", asked)
    for served in (
        handshake(target, "127.0.0.1", timeout=5),
        *observe_served([target], observe_listeners(), timeout=5),
    ):
        assert served.state == "served", served.detail
    assert [bool(shown.get(timeout=5)) for _time in range(2)] == [is_there] * 2


def test_a_client_certificate_that_is_missing_is_named_as_the_hindrance(serve: Serve, make_leaf: Any) -> None:
    port = serve(make_leaf("a.example").talk)
    target = ProbeTarget(port=port, client_certificate="/absent.pem")
    for served in (
        handshake(target, "127.0.0.1", timeout=5),
        *observe_served([target], observe_listeners(), timeout=5),
    ):
        assert served.state == "unproved"
        assert served.detail.endswith("the client certificate /absent.pem cannot be used: No such file or directory.")


def test_an_encrypted_client_key_does_not_make_openssl_ask_for_its_password(tmp_path: Path, make_leaf: Any) -> None:
    leaf, key = make_leaf("a.example"), tmp_path / "key.pem"
    command = ["openssl", "pkcs8", "-topk8", "-in", str(leaf.private_key), "-out", str(key), "-passout", "pass:secret"]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    # It asks on the controlling terminal, which the first one that a session leader opens becomes.
    code = f"""
import os
os.open(os.ttyname(0), os.O_RDWR)
from {handshake.__module__} import ProbeTarget, handshake
target = ProbeTarget(443, client_certificate={str(leaf.certificate)!r}, client_private_key={str(key)!r})
print(handshake(target, "127.0.0.1", timeout=5).state)
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ours, theirs = pty.openpty()
    try:
        command = [sys.executable, "-c", code]
        process = subprocess.run(
            command, check=False, capture_output=True, stdin=theirs, start_new_session=True, env=environment, timeout=20
        )
    finally:
        os.close(ours)
        os.close(theirs)
    assert process.stdout == b"unproved\n"


@pytest.mark.skipif(not ssl.HAS_TLSv1, reason="the library has no TLS 1.0")
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1 is deprecated:DeprecationWarning")
def test_the_leaf_of_an_old_server_is_read(serve: Serve, make_leaf: Any) -> None:
    leaf = make_leaf("a.example")
    context = leaf.context()
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
    context.set_ciphers("DEFAULT:@SECLEVEL=0")

    def talk(connection: socket.socket) -> None:
        context.wrap_socket(connection, server_side=True).close()

    assert leaf.fingerprint == handshake(ProbeTarget(port=serve(talk)), "127.0.0.1", timeout=5).fingerprint


@pytest.mark.parametrize(("address", "family"), [("127.0.0.1", "TCP4"), ("::1", "TCP6")])
def test_the_proxy_header_comes_before_everything_else(address: str, family: str, serve: Serve, make_leaf: Any) -> None:
    headers: list[bytes] = []

    def talk(connection: socket.socket) -> None:
        header = b""
        while not header.endswith(b"\r\n"):
            header += connection.recv(1)
        headers.append(header.replace(str(connection.getpeername()[1]).encode(), b"SOURCE"))
        connection.sendall(b"+OK\r\n")
        connection.recv(4096)
        connection.sendall(b"+OK\r\n")
        make_leaf("a.example").talk(connection)

    port = serve(talk, address)
    served = handshake(ProbeTarget(port=port, proxy_protocol=True, starttls="pop3"), address, timeout=5)
    assert served.state == "served"
    assert [f"PROXY {family} {address} {address} SOURCE {port}\r\n".encode()] == headers


@pytest.mark.parametrize("wrong", [{"starttls": "gopher"}, {"address": "mail.example"}])
def test_a_question_that_cannot_be_asked_is_not_constructed(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"gopher|mail\.example"):
        ProbeTarget(port=443, **wrong)  # type: ignore[arg-type]


def test_a_server_name_that_cannot_be_sent_leaves_the_leaf_unproved() -> None:
    target = ProbeTarget(port=443, server_name="x" * 64 + ".example")
    assert handshake(target, "127.0.0.1", timeout=5).state == "unproved"


def test_targets_are_answered_in_their_order_on_every_address(serve: Serve, make_leaf: Any) -> None:
    slow, leaf = make_leaf("a.example"), make_leaf("b.example")

    def talk_late(connection: socket.socket) -> None:
        time.sleep(0.2)
        slow.talk(connection)

    first, second = serve(talk_late), serve(leaf.talk, "127.0.0.2")
    assert second == serve(leaf.talk, "127.0.0.3", port=second)
    targets = [ProbeTarget(port=first), ProbeTarget(port=second), ProbeTarget(port=free_port())]
    listeners = sorted(observe_listeners(), key=lambda listener: listener.address)
    answers = observe_served(targets, listeners, timeout=5)
    assert [
        (targets[0], "127.0.0.1", "served", slow.fingerprint),
        (targets[1], "127.0.0.2", "served", leaf.fingerprint),
        (targets[1], "127.0.0.3", "served", leaf.fingerprint),
        (targets[2], "", "silent", ""),
    ] == [(served.target, served.address, served.state, served.fingerprint) for served in answers]
    assert f"Nothing listens on port {targets[2].port}." == answers[3].detail


@pytest.mark.parametrize(
    ("dual_stack", "expected"), [(True, [("::1", "served"), ("127.0.0.1", "served")]), (False, [("::1", "served")])]
)
def test_a_socket_on_any_ipv6_address_need_not_answer_on_ipv4(
    dual_stack: bool, expected: list[tuple[str, str]], serve: Serve, make_leaf: Any
) -> None:
    leaf = make_leaf("a.example")
    target = ProbeTarget(port=serve(leaf.talk, "::", dualstack_ipv6=dual_stack))
    answers = observe_served([target], observe_listeners(), timeout=5)
    assert expected == [(served.address, served.state) for served in answers]
    proofs = await_leaf({target: leaf.fingerprint}, deadline=time.monotonic() + 5, timeout=5)
    assert [(address, True) for address, dummy in expected] == [
        (proof.served.address, proof.proved) for proof in proofs
    ]


def test_a_declared_address_is_asked_although_nothing_is_known_to_listen_there(serve: Serve, make_leaf: Any) -> None:
    target = ProbeTarget(port=serve(make_leaf("a.example").talk), address="127.0.0.1")
    assert [served.state for served in observe_served([target], [], timeout=5)] == ["served"]


def test_the_silence_of_an_address_that_is_really_listened_on_counts(serve: Serve, make_leaf: Any) -> None:
    port = serve(make_leaf("a.example").talk, "127.0.0.2")
    listeners = [Listener("127.0.0.2", port, 1), Listener("127.0.0.3", port, 2)]
    answers = observe_served([ProbeTarget(port=port)], listeners, timeout=5)
    assert [(served.address, served.state) for served in answers] == [("127.0.0.2", "served"), ("127.0.0.3", "silent")]


def test_hanging_servers_are_waited_for_together_and_leave_nothing_open(no_leaks: Any) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:  # the kernel accepts; nobody speaks
        port = server.getsockname()[1]
        targets = [ProbeTarget(port=port, server_name=f"{number}.example") for number in range(32)]
        started = time.monotonic()
        answers = observe_served(targets, observe_listeners(), timeout=0.5)
        assert {"silent"} == {served.state for served in answers}
        assert time.monotonic() - started < 2


def test_smtp_may_greet_late_and_others_may_not(serve: Serve, make_leaf: Any) -> None:
    leaf = make_leaf("mail.example")

    def talk(connection: socket.socket) -> None:
        time.sleep(0.5)
        for reply in (b"220 hi\r\n", b"250 STARTTLS\r\n", b"220 go\r\n"):
            connection.sendall(reply)
            if reply != b"220 go\r\n":
                connection.recv(4096)
        leaf.talk(connection)

    late = ProbeTarget(port=serve(talk), starttls="smtp")
    targets = [late, ProbeTarget(port=serve(talk), starttls="pop3")]
    answers = observe_served(targets, observe_listeners(), timeout=0.2)
    assert [served.state for served in answers] == ["served", "silent"]
    (proof,) = await_leaf({late: leaf.fingerprint}, deadline=time.monotonic() + 10, timeout=0.2)
    assert proof.proved
    started = time.monotonic()
    (proof,) = await_leaf({late: leaf.fingerprint}, deadline=started + 0.3, timeout=0.2)
    assert (proof.proved, time.monotonic() - started < 2) == (False, True)


def test_three_handshakes_in_a_row_prove_the_leaf(serve: Serve, make_leaf: Any) -> None:
    leaf, seen = make_leaf("new.example"), itertools.count()

    def talk(connection: socket.socket) -> None:
        next(seen)
        leaf.talk(connection)

    target = ProbeTarget(port=serve(talk))
    started = time.monotonic()
    (proof,) = await_leaf({target: leaf.fingerprint}, deadline=started + 10, timeout=5)
    assert (True, "served", leaf.fingerprint) == (proof.proved, proof.served.state, proof.served.fingerprint)
    assert next(seen) == 3
    assert time.monotonic() - started < 2


def test_old_processes_that_still_answer_for_a_while_are_waited_out(serve: Serve, make_leaf: Any) -> None:
    old, new = make_leaf("old.example"), make_leaf("new.example")
    target = ProbeTarget(port=serve(alternate(old, old, new, old, new, new, old, new)))
    (proof,) = await_leaf({target: new.fingerprint}, deadline=time.monotonic() + 10, timeout=5)
    assert (True, new.fingerprint) == (proof.proved, proof.served.fingerprint)


def test_a_server_that_flaps_between_two_leaves_is_never_proved(serve: Serve, make_leaf: Any) -> None:
    old, new = make_leaf("old.example"), make_leaf("new.example")
    target = ProbeTarget(port=serve(alternate(*[old, new, new] * 40)))
    started = time.monotonic()
    (proof,) = await_leaf({target: new.fingerprint}, deadline=started + 1.5, timeout=5)
    assert (proof.proved, proof.served.state) == (False, "served")
    assert 1.5 <= time.monotonic() - started < 2.5


def test_a_server_that_keeps_the_old_leaf_is_shown_with_it(serve: Serve, make_leaf: Any) -> None:
    old, new = make_leaf("old.example"), make_leaf("new.example")
    (proof,) = await_leaf(
        {ProbeTarget(port=serve(old.talk)): new.fingerprint}, deadline=time.monotonic() + 0.4, timeout=5
    )
    assert (False, old.fingerprint) == (proof.proved, proof.served.fingerprint)


def test_a_question_cut_off_by_the_deadline_does_not_hide_the_answer_before(serve: Serve, make_leaf: Any) -> None:
    old, turns = make_leaf("old.example"), itertools.count()

    def talk(connection: socket.socket) -> None:
        answer = hang if next(turns) else old.talk
        answer(connection)

    (proof,) = await_leaf({ProbeTarget(port=serve(talk)): "f" * 64}, deadline=time.monotonic() + 0.5, timeout=5)
    assert (proof.proved, proof.served.state, proof.served.fingerprint) == (False, "served", old.fingerprint)


def test_what_is_proved_is_not_asked_again(serve: Serve, make_leaf: Any) -> None:
    leaf, seen = make_leaf("new.example"), itertools.count()

    def talk(connection: socket.socket) -> None:
        next(seen)
        leaf.talk(connection)

    expected = {ProbeTarget(port=serve(talk)): leaf.fingerprint, ProbeTarget(port=free_port()): leaf.fingerprint}
    await_leaf(expected, deadline=time.monotonic() + 1, timeout=5)
    assert next(seen) == 3


def test_a_silent_port_neither_outlasts_the_deadline_nor_keeps_others_from_being_proved(
    make_leaf: Any, serve: Serve
) -> None:
    leaf = make_leaf("new.example")
    good, bad = ProbeTarget(port=serve(leaf.talk)), ProbeTarget(port=serve(hang))
    started = time.monotonic()
    proofs = await_leaf({bad: leaf.fingerprint, good: leaf.fingerprint}, deadline=started + 1, timeout=30)
    assert time.monotonic() - started < 2
    assert [(bad, False, "silent"), (good, True, "served")] == [
        (proof.served.target, proof.proved, proof.served.state) for proof in proofs
    ]


def test_one_dying_process_that_hangs_costs_one_timeout_only(serve: Serve, make_leaf: Any) -> None:
    leaf, turns = make_leaf("new.example"), itertools.count()

    def talk(connection: socket.socket) -> None:
        answer = leaf.talk if next(turns) else hang
        answer(connection)

    port = serve(talk)
    (proof,) = await_leaf({ProbeTarget(port=port): leaf.fingerprint}, deadline=time.monotonic() + 10, timeout=0.3)
    assert proof.proved


def test_an_address_that_is_listened_on_later_is_found(serve: Serve, make_leaf: Any) -> None:
    leaf, port = make_leaf("new.example"), free_port()
    starter = threading.Timer(0.3, serve, (leaf.talk, "127.0.0.2", port))
    starter.start()
    (proof,) = await_leaf({ProbeTarget(port=port): leaf.fingerprint}, deadline=time.monotonic() + 10, timeout=5)
    starter.join()
    assert (proof.proved, proof.served.address) == (True, "127.0.0.2")


def test_an_address_that_is_no_longer_listened_on_does_not_count(serve: Serve, make_leaf: Any) -> None:
    old, new = make_leaf("old.example"), make_leaf("new.example")
    port = serve(old.talk, "127.0.0.2")
    assert port == serve(new.talk, "127.0.0.3", port=port)
    stays, goes = Listener("127.0.0.3", port, 1), Listener("127.0.0.2", port, 2)
    looks = itertools.chain([(goes, stays)] * 2, itertools.repeat((stays,)))
    expected = {ProbeTarget(port=port): new.fingerprint}
    proofs = await_leaf(expected, deadline=time.monotonic() + 10, timeout=5, look=lambda: next(looks))
    assert [(proof.served.address, proof.proved) for proof in proofs] == [("127.0.0.3", True)]


def test_a_port_that_nothing_listens_on_is_silent_at_the_deadline() -> None:
    pauses: list[float] = []
    now = itertools.count(start=0.0, step=0.01)
    target = ProbeTarget(port=free_port())
    (proof,) = await_leaf({target: "f" * 64}, deadline=2.0, timeout=5, clock=lambda: next(now), sleep=pauses.append)
    assert (proof.proved, proof.served.state, proof.served.address) == (False, "silent", "")
    assert 0.02 < pauses[0] < 0.05
    assert 0.17 < max(pauses) <= 0.2


def test_after_the_deadline_nobody_is_asked(serve: Serve, make_leaf: Any) -> None:
    leaf = make_leaf("new.example")
    (proof,) = await_leaf({ProbeTarget(port=serve(leaf.talk)): leaf.fingerprint}, deadline=time.monotonic(), timeout=5)
    assert (proof.proved, proof.served.state) == (False, "silent")
    assert "before the time was over" in proof.served.detail


def test_nothing_expected_is_proved_at_once() -> None:
    assert await_leaf({}, deadline=time.monotonic() + 10, timeout=5) == ()


def test_waiting_leaves_nothing_open(no_leaks: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        target = ProbeTarget(port=server.getsockname()[1])
        await_leaf({target: "f" * 64}, deadline=time.monotonic() + 0.5, timeout=0.2)
