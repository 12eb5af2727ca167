# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.module_utils._host.probe import ProbeTarget, Served, handshake
from ansible_collections.certwright.tls.plugins.module_utils._host.starttls import (
    DIALOGUES,
    Conversation,
    NotTlsError,
    require_starttls,
)

Script = list[Any]  # bytes are said, a number is a pause, None waits for the client

OID = b"1.3.6.1.4.1.1466.20037"
LDAP_REQUEST = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x16" + OID
LDAP_SUCCESS = b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00"
LDAP_REFUSAL = b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x34\x04\x00\x04\x00"
# As OpenLDAP and Active Directory say it: lengths in the long form, and the name of the extension.
LDAP_LONG = b"\x30\x84\x00\x00\x00\x28\x02\x01\x01\x78\x84\x00\x00\x00\x1f\x0a\x01\x00\x04\x00\x04\x00\x8a\x16" + OID

CONSENT: dict[str, Script] = {
    "smtp": [
        b"220-mail.example\r\n220 ESMTP\r\n",
        None,
        b"250-mail\r\n250-SIZE 1\r\n250-StartTLS\r\n250 HELP\r\n",
        None,
        b"220 go\r\n",
    ],
    "lmtp": [b"220 mail LMTP\r\n", None, b"250-mail\r\n250 STARTTLS\r\n", None, b"220 go\r\n"],
    "sieve": [b'"SIEVE" "fileinto"\r\n"STARTTLS"\r\nOK "ready"\r\n', None, b'OK "begin"\r\n'],
    "imap": [b"* OK [CAPABILITY STARTTLS] ready\r\n", None, b"* CAPABILITY IMAP4rev1\r\n", b"a1 OK begin\r\n"],
    "pop3": [b"+OK ready\r\n", None, b"+OK begin\r\n"],
    "ldap": [None, LDAP_SUCCESS],
    "postgres": [None, b"S"],
}
REFUSAL: dict[str, tuple[str, str, Script]] = {
    "smtp that turns clients away": ("smtp", "it says '554 not you'", [b"554-no\r\n554 not you\r\n"]),
    "smtp that offers nothing": ("smtp", "it does not offer STARTTLS", [b"220 hi\r\n", None, b"250 STARTTLSX\r\n"]),
    "smtp that refuses": ("smtp", "'454 no'", [b"220 hi\r\n", None, b"250 STARTTLS\r\n", None, b"454 no\r\n"]),
    "imap that says goodbye": ("imap", "it says '* BYE'", [b"* BYE\r\n"]),
    "imap that is authenticated": ("imap", "it says '* PREAUTH'", [b"* PREAUTH\r\n"]),
    "imap that refuses": ("imap", "it says 'a1 NO'", [b"* OK\r\n", None, b"* BAD x\r\n", b"a1 NO\r\n"]),
    "pop3 that is busy": ("pop3", "it says '-ERR busy'", [b"-ERR busy\r\n"]),
    "pop3 that refuses": ("pop3", "it says '-ERR'", [b"+OK\r\n", None, b"-ERR\r\n"]),
    "lmtp that offers nothing": ("lmtp", "it does not offer STARTTLS", [b"220 hi\r\n", None, b"250 PIPELINING\r\n"]),
    "sieve that says goodbye": ("sieve", "it says 'BYE", [b'BYE "full"\r\n']),
    "sieve that refuses": ("sieve", "it says 'NO", [b'"SIEVE" ""\r\nOK\r\n', None, b'NO "never"\r\n']),
    "ldap that refuses": ("ldap", "it refuses StartTLS with LDAP result code 52", [None, LDAP_REFUSAL]),
    "ldap that answers something else": ("ldap", "as LDAP does", [None, b"\x30\x05\x02\x01\x01\x78\x00"]),
    "ldap with an element that is cut off": ("ldap", "as LDAP does", [None, b"\x30\x06\x02\x01\x01\x78\x7f\x0a"]),
    "ldap of indefinite length": ("ldap", "it does not speak LDAP", [None, b"\x30\x80"]),
    "ldap of absurd length": ("ldap", "more than 64 KiB", [None, b"\x30\x84\xff\xff\xff\xff" + b"x" * 70000]),
    "something that is not ldap": ("ldap", "it does not speak LDAP", [None, b"HTTP/1.1 400 Bad Request\r\n"]),
    "postgres without a certificate": ("postgres", "it refuses PostgreSQL's SSLRequest", [None, b"N"]),
    "a server that hangs up after its greeting": ("pop3", "", [b"+OK\r\n"]),
    "a server that never ends its line": ("smtp", "more than 64 KiB", [b"220-" + b"x" * 70000]),
    "a server that never ends its reply": ("smtp", "more than 64 KiB", [b"220-x\r\n" * 10000]),
}


def play(script: Script, connection: socket.socket) -> list[bytes]:
    heard = []
    for step in script:
        if step is None:
            heard.append(connection.recv(4096))
        elif isinstance(step, float):
            time.sleep(step)
        else:
            connection.sendall(step)
    return heard


def ask(serve: Callable[..., int], protocol: str, talk: Callable[[socket.socket], Any]) -> Served:
    target = ProbeTarget(port=serve(talk), starttls=protocol)
    return handshake(target, "127.0.0.1", timeout=5)


def test_every_protocol_is_tried_below() -> None:
    assert DIALOGUES.keys() == CONSENT.keys()


@pytest.mark.parametrize("protocol", CONSENT)
def test_a_server_that_consents_shows_its_leaf(protocol: str, serve: Callable[..., int], make_leaf: Any) -> None:
    leaf = make_leaf("mail.example")

    def talk(connection: socket.socket) -> None:
        play(CONSENT[protocol], connection)
        leaf.talk(connection)

    served = ask(serve, protocol, talk)
    assert ("served", leaf.fingerprint, "") == (served.state, served.fingerprint, served.detail)


@pytest.mark.parametrize(("protocol", "fact", "script"), REFUSAL.values(), ids=REFUSAL.keys())
def test_a_server_that_does_not_go_on_in_tls_is_said_to_be_so(
    protocol: str, fact: str, script: Script, serve: Callable[..., int]
) -> None:
    served = ask(serve, protocol, lambda connection: play(script, connection))
    assert (served.state, served.fingerprint) == ("no_tls", "")
    assert fact in served.detail
    assert served.detail.isprintable()
    assert len(served.detail) < 200


@pytest.mark.parametrize("protocol", CONSENT)
def test_plaintext_injected_behind_the_consent_is_refused(protocol: str, serve: Callable[..., int]) -> None:
    script = [*CONSENT[protocol][:-1], CONSENT[protocol][-1] + b"\x16\x03\x03injected"]
    served = ask(serve, protocol, lambda connection: play([*script, None], connection))
    assert served.state == "no_tls"
    assert "plaintext after its consent" in served.detail


@pytest.mark.parametrize("protocol", CONSENT)
def test_a_server_that_consents_and_hangs_up_does_not_speak_tls(protocol: str, serve: Callable[..., int]) -> None:
    served = ask(serve, protocol, lambda connection: play([*CONSENT[protocol], None], connection))
    assert served.state == "no_tls"


@pytest.mark.parametrize("protocol", CONSENT)
def test_a_server_that_never_speaks_is_silent(protocol: str, serve: Callable[..., int]) -> None:
    target = ProbeTarget(port=serve(lambda connection: play([None] * 3, connection)), starttls=protocol)
    started = time.monotonic()
    assert handshake(target, "127.0.0.1", timeout=0.3).state == "silent"
    assert time.monotonic() - started < 1


def test_a_server_that_speaks_too_slowly_is_cut_off_at_the_timeout(serve: Callable[..., int]) -> None:
    target = ProbeTarget(port=serve(lambda connection: play([b"2", 0.1] * 20, connection)), starttls="smtp")
    started = time.monotonic()
    assert handshake(target, "127.0.0.1", timeout=0.3).state == "no_tls"
    assert time.monotonic() - started < 1


def test_a_late_greeting_is_waited_for(serve: Callable[..., int], make_leaf: Any) -> None:
    def talk(connection: socket.socket) -> None:
        play([0.5, *CONSENT["smtp"]], connection)
        make_leaf("mail.example").talk(connection)

    assert ask(serve, "smtp", talk).state == "served"


def test_what_a_server_says_is_shown_without_its_control_characters(serve: Callable[..., int]) -> None:
    served = ask(serve, "pop3", lambda connection: play([b"-ERR \x1b[31m\xff" + b"x" * 500 + b"\r\n"], connection))
    assert (
        f"What answers on 127.0.0.1:{served.target.port} does not go on in TLS: it says '-ERR ?[31m?{'x' * 69}'."
        == (served.detail)
    )


@pytest.mark.parametrize(
    ("protocol", "said"),
    [
        ("smtp", [b"EHLO [127.0.0.1]\r\n", b"STARTTLS\r\n"]),
        ("lmtp", [b"LHLO [127.0.0.1]\r\n", b"STARTTLS\r\n"]),
        ("sieve", [b"STARTTLS\r\n"]),
        ("imap", [b"a1 STARTTLS\r\n"]),
        ("pop3", [b"STLS\r\n"]),
        ("ldap", [LDAP_REQUEST]),
        ("postgres", [struct.pack("!II", 8, 80877103)]),
    ],
)
def test_we_say_what_the_protocol_asks_for(protocol: str, said: list[bytes], serve: Callable[..., int]) -> None:
    heard: list[bytes] = []
    ask(serve, protocol, lambda connection: heard.extend(play(CONSENT[protocol], connection)))
    assert said == heard


@pytest.mark.parametrize("size", [1, 3, 4096])
def test_a_reply_may_come_in_pieces_and_in_the_long_form(size: int, serve: Callable[..., int], make_leaf: Any) -> None:
    def talk(connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        pieces = [LDAP_LONG[start : start + size] for start in range(0, len(LDAP_LONG), size)]
        play([None, *(step for piece in pieces for step in (piece, 0.002))], connection)
        make_leaf("ldap.example").talk(connection)

    assert ask(serve, "ldap", talk).state == "served"


def test_a_notice_of_disconnection_is_a_refusal() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        notice = b"\x0a\x01\x34\x04\x00\x04\x00\x8a\x161.3.6.1.4.1.1466.20036"
        message = b"\x02\x01\x00\x78" + bytes([len(notice)]) + notice
        theirs.sendall(b"\x30" + bytes([len(message)]) + message)
        with pytest.raises(NotTlsError, match="result code 52"):
            require_starttls("ldap", Conversation(ours, time.monotonic() + 5))
