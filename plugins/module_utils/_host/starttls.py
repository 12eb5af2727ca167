# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The words before TLS: the PROXY header, and one dialogue per protocol that asks to go on in TLS."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable

MAX_PLAINTEXT = 64 * 1024
SHOWN_REPLY = 80
# Seconds for protocols that take long: postscreen greets whom it does not know after six, and knows him from then on.
PATIENCE = {"smtp": 10.0}

LDAP_STARTTLS = b"1.3.6.1.4.1.1466.20037"
LDAP_EXTENDED_REQUEST = 0x77
LDAP_EXTENDED_RESPONSE = 0x78
LDAP_REQUEST_NAME = 0x80
BER_INTEGER = 0x02
BER_ENUMERATED = 0x0A
BER_SEQUENCE = 0x30
BER_LONG = 0x80  # a length of so many more bytes follows
POSTGRES_SSL_REQUEST = 80877103


class NotTlsError(Exception):
    """Something answers, but it does not go on in TLS; the message says what it did, for people."""


class Conversation:
    """A connected socket with one deadline for everything said on it, and with all that was heard."""

    def __init__(self, connection: socket.socket, deadline: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.connection = connection
        self._deadline = deadline
        self._clock = clock
        self._taken = 0
        self.heard = bytearray()

    @property
    def unread(self) -> bytes:
        """What was heard and not yet taken by a dialogue."""
        return bytes(self.heard[self._taken :])

    def say(self, data: bytes) -> None:
        self._set_timeout()
        self.connection.sendall(data)

    def hear(self) -> bytes:
        """The next bytes, at least one; an OSError at the deadline, and when the other side hung up."""
        self._set_timeout()
        data = self.connection.recv(16 * 1024)
        if not data:
            raise ConnectionResetError("the connection was closed")
        self.heard += data
        return data

    def take(self, size: int) -> bytes:
        """Exactly so many plaintext bytes."""
        while len(self.heard) < self._taken + size:
            self._hear_plaintext()
        taken = bytes(self.heard[self._taken : self._taken + size])
        self._taken += size
        return taken

    def take_line(self) -> str:
        """The next plaintext line without its end, with everything unprintable replaced."""
        while True:
            end = self.heard.find(b"\n", self._taken)
            if end >= 0:
                return "".join(
                    map(_printable, self.take(end + 1 - self._taken).decode("ascii", "replace").rstrip("\r\n"))
                )
            self._hear_plaintext()

    def _hear_plaintext(self) -> None:
        self.hear()
        if len(self.heard) > MAX_PLAINTEXT:
            raise NotTlsError("it sends more than 64 KiB before STARTTLS is done")

    def _set_timeout(self) -> None:
        remaining = self._deadline - self._clock()
        if remaining <= 0:
            raise socket.timeout("timed out")
        self.connection.settimeout(remaining)


def proxy_header(connection: socket.socket) -> bytes:
    """The line that a load balancer sends first (HAProxy's PROXY protocol, 2.1: version 1)."""
    source, destination = connection.getsockname(), connection.getpeername()
    family = "TCP6" if connection.family == socket.AF_INET6 else "TCP4"
    addresses = " ".join(end[0].partition("%")[0] for end in (source, destination))
    return f"PROXY {family} {addresses} {source[1]} {destination[1]}\r\n".encode("ascii")


def find_patience(protocol: str | None, timeout: float) -> float:
    """How long to wait for an answer, in seconds."""
    return max(timeout, PATIENCE.get(protocol or "", 0.0))


def require_starttls(protocol: str, conversation: Conversation) -> None:
    """The server is ready for our TLS ClientHello; NotTlsError when it refuses.

    Whatever plaintext came together with its consent was not said by the TLS server: commands and replies injected that
    way are CVE-2011-0411 and its kin (RFC 3207 6), so such a connection is not carried on.
    """
    DIALOGUES[protocol](conversation)
    if conversation.unread:
        raise NotTlsError("it sends plaintext after its consent to STARTTLS")


def _ask_smtp(conversation: Conversation) -> None:
    """RFC 3207 4, with replies of several lines (RFC 5321 4.2.1)."""
    _ask_mail_server(conversation, b"EHLO")


def _ask_lmtp(conversation: Conversation) -> None:
    """RFC 2033 4.1."""
    _ask_mail_server(conversation, b"LHLO")


def _ask_mail_server(conversation: Conversation, hello: bytes) -> None:
    _require_smtp("220", _take_smtp_reply(conversation))
    # A client without a name says its address (RFC 5321 4.1.4).
    conversation.say(hello + b" [127.0.0.1]\r\n")
    reply = _take_smtp_reply(conversation)
    _require_smtp("250", reply)
    if not any(line[4:].strip().upper() == "STARTTLS" for line in reply):
        raise NotTlsError("it does not offer STARTTLS")
    conversation.say(b"STARTTLS\r\n")
    _require_smtp("220", _take_smtp_reply(conversation))


def _take_smtp_reply(conversation: Conversation) -> list[str]:
    lines = [conversation.take_line()]
    while lines[-1][3:4] == "-":
        lines.append(conversation.take_line())
    return lines


def _require_smtp(code: str, reply: list[str]) -> None:
    _require(reply[-1][:3] == code, reply[-1])


def _ask_imap(conversation: Conversation) -> None:
    """RFC 3501 6.2.1: after an OK greeting, which PREAUTH is not, with untagged lines in between."""
    greeting = conversation.take_line()
    _require(greeting.upper().startswith("* OK"), greeting)
    conversation.say(b"a1 STARTTLS\r\n")
    line = conversation.take_line()
    while line.startswith("* "):
        line = conversation.take_line()
    _require(line.upper().startswith("A1 OK"), line)


def _ask_pop3(conversation: Conversation) -> None:
    """RFC 2595 4."""
    greeting = conversation.take_line()
    _require(greeting.startswith("+OK"), greeting)
    conversation.say(b"STLS\r\n")
    line = conversation.take_line()
    _require(line.startswith("+OK"), line)


def _ask_sieve(conversation: Conversation) -> None:
    """RFC 5804 1.7, 2.2: capabilities up to an OK are the greeting."""
    _require_sieve(conversation)
    conversation.say(b"STARTTLS\r\n")
    _require_sieve(conversation)


def _require_sieve(conversation: Conversation) -> None:
    line = conversation.take_line()
    while line.startswith('"'):
        line = conversation.take_line()
    _require(line.upper().startswith("OK"), line)


def _ask_ldap(conversation: Conversation) -> None:
    """RFC 4511 4.14.1. A notice of disconnection is such a response too, with message ID 0 (4.4.1)."""
    name = _encode_ber(LDAP_REQUEST_NAME, LDAP_STARTTLS)
    request = _encode_ber(BER_INTEGER, b"\x01") + _encode_ber(LDAP_EXTENDED_REQUEST, name)
    conversation.say(_encode_ber(BER_SEQUENCE, request))
    message = _take_ldap_message(conversation)
    _number, rest = _split_ber(message, BER_INTEGER)
    response, _rest = _split_ber(rest, LDAP_EXTENDED_RESPONSE)
    code, _rest = _split_ber(response, BER_ENUMERATED)
    if int.from_bytes(code, "big"):
        raise NotTlsError(f"it refuses StartTLS with LDAP result code {int.from_bytes(code, 'big')}")


def _take_ldap_message(conversation: Conversation) -> bytes:
    """The contents of the next message; its length has at most four bytes and is never indefinite (RFC 4511 5.1)."""
    tag, size = conversation.take(2)
    if tag != BER_SEQUENCE or size == BER_LONG or size > BER_LONG + 4:
        raise NotTlsError("it does not speak LDAP")
    if size > BER_LONG:
        size = int.from_bytes(conversation.take(size - BER_LONG), "big")
    return conversation.take(size)


def _encode_ber(tag: int, content: bytes) -> bytes:
    return bytes([tag, len(content)]) + content


def _split_ber(data: bytes, tag: int) -> tuple[bytes, bytes]:
    """The contents of the first element, which must have that tag, and what follows it."""
    start, size = 2, data[1] if len(data) > 1 else 0
    if size > BER_LONG:
        start = 2 + size - BER_LONG
        size = int.from_bytes(data[2:start], "big")
    if data[:1] != bytes([tag]) or len(data) < start + size:
        raise NotTlsError("it does not answer StartTLS as LDAP does")
    return data[start : start + size], data[start + size :]


def _ask_postgres(conversation: Conversation) -> None:
    """PostgreSQL, Frontend/Backend Protocol, "SSL Session Encryption": SSLRequest, answered by the one byte S or N."""
    conversation.say(struct.pack("!II", 8, POSTGRES_SSL_REQUEST))
    if conversation.take(1) != b"S":
        raise NotTlsError("it refuses PostgreSQL's SSLRequest")


def _require(agreed: bool, reply: str) -> None:
    if not agreed:
        raise NotTlsError(f"it says {reply[:SHOWN_REPLY]!r}")


def _printable(character: str) -> str:
    return character if character.isprintable() and character.isascii() else "?"


DIALOGUES: dict[str, Callable[[Conversation], None]] = {
    "smtp": _ask_smtp,
    "lmtp": _ask_lmtp,
    "imap": _ask_imap,
    "pop3": _ask_pop3,
    "sieve": _ask_sieve,
    "ldap": _ask_ldap,
    "postgres": _ask_postgres,
}
