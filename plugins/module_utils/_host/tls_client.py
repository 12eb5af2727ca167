# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A TLS client that reads one thing, the leaf, from any server whatever: old, misconfigured or demanding."""

from __future__ import annotations

import socket
import ssl
from contextlib import suppress

from ansible_collections.certwright.tls.plugins.module_utils._host.starttls import Conversation

RECORD_TYPES = range(20, 24)
RECORD_VERSION = 3
HANDSHAKE_RECORD = 22
CERTIFICATE = 11
CERTIFICATE_REQUEST = 13
SERVER_HELLO_DONE = 14
# ssl.OP_LEGACY_SERVER_CONNECT, which Python names since 3.12: servers without secure renegotiation (RFC 5746 4.1).
OP_LEGACY_SERVER_CONNECT = 0x4
_ANSWER_BYTES = 64


def load_context(certificate: str | None, private_key: str | None) -> ssl.SSLContext:
    """A client that talks to any server, because the question is what it serves, not whether it should be trusted.

    Raises OSError when the client certificate cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.options |= OP_LEGACY_SERVER_CONNECT
    with suppress(ssl.SSLError):  # LibreSSL knows no security levels
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
    if certificate is not None:
        # The empty password keeps OpenSSL from asking for one on the terminal.
        context.load_cert_chain(certificate, private_key, password="")
    return context


class TlsClient:
    """A TLS client between two memory buffers, so that what the server said can be read when the handshake fails."""

    def __init__(self, context: ssl.SSLContext, server_name: str | None) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        # SNI carries host names only, without the last dot (RFC 6066 3); ssl itself leaves addresses out.
        name = server_name.rstrip(".") if server_name is not None else None
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=name)
        self.answer = b""

    def read_leaf(self, conversation: Conversation, question: bytes = b"") -> bytes:
        """The DER of the leaf, once our side of the handshake is done; OSError when it fails.

        In TLS 1.3 that is before the server can refuse a client without certificate (RFC 8446 4.4). With a `question`
        the start of what the server says to it is in `answer`.
        """
        try:
            while not self._is_done():
                conversation.say(self._outgoing.read())
                self._incoming.write(conversation.hear())
            leaf = self._tls.getpeercert(binary_form=True) or b""
            self.answer = self._ask(conversation, question) if question else b""
            with suppress(ssl.SSLError):  # says goodbye, without waiting for the answer
                self._tls.unwrap()
            return leaf
        finally:
            with suppress(OSError):  # the end of the handshake, or the alert that says why there is none
                conversation.say(self._outgoing.read())

    def _ask(self, conversation: Conversation, question: bytes) -> bytes:
        self._tls.write(question)
        conversation.say(self._outgoing.read())
        while True:
            try:
                return self._tls.read(_ANSWER_BYTES)
            except ssl.SSLWantReadError:
                conversation.say(self._outgoing.read())
                self._incoming.write(conversation.hear())

    def _is_done(self) -> bool:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True


def explain(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return (error.reason or "TLS error").replace("_", " ").lower()
    if isinstance(error, socket.timeout):
        return "no word in time"
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def is_tls(answer: bytes) -> bool:
    """Whether it starts as a record of SSL 3.0 to TLS 1.3 does (RFC 8446 5.1)."""
    return len(answer) >= 2 and answer[0] in RECORD_TYPES and answer[1] == RECORD_VERSION


def find_leaf_of_demand(answer: bytes) -> bytes:
    """The leaf of a server that demands a client certificate, from its complete first flight; b"" when there is none.

    Up to TLS 1.2 that flight travels in clear and is framed alike (RFC 5246 6.2.1, 7.3, 7.4.2, 7.4.4).
    """
    flight = b""
    while len(answer) >= 5 and answer[0] == HANDSHAKE_RECORD:
        end = 5 + int.from_bytes(answer[3:5], "big")
        flight, answer = flight + answer[5:end], answer[end:]
    messages = {}
    while len(flight) >= 4:
        end = 4 + int.from_bytes(flight[1:4], "big")
        messages[flight[0]], flight = flight[4:end], flight[end:]
    if not {CERTIFICATE, CERTIFICATE_REQUEST, SERVER_HELLO_DONE} <= messages.keys():
        return b""
    certificates = messages[CERTIFICATE]
    return certificates[6 : 6 + int.from_bytes(certificates[3:6], "big")]
