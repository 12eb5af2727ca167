# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A mail server on loopback that keeps what it is handed: `with MailSink() as sink: ...; sink.mails`."""

from __future__ import annotations

import base64
import socketserver
import ssl
import threading
from collections.abc import Iterable
from email import message_from_bytes, policy
from email.message import EmailMessage


class _Handler(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        """RFC 5321, as far as one client of ours goes."""
        is_encrypted = False
        self._answer("220 sink")
        while line := self.rfile.readline().decode("latin-1").strip():
            verb = line.upper().partition(" ")[0]
            if verb == "EHLO":
                offered = "AUTH PLAIN" if is_encrypted else "STARTTLS"
                self._answer("250-sink", f"250 {offered}" if self.server.context else "250 HELP")
            elif verb == "STARTTLS" and self.server.context:
                self._answer("220 go on")
                if not self._encrypt(self.server.context):
                    return
                is_encrypted = True
            elif verb == "AUTH":
                words = base64.b64decode(line.split()[2]).decode().split("\0")
                self.server.logins.append((words[1], words[2]))
                self._answer("235 welcome" if words[2] == self.server.password else "535 no")
            elif verb == "RCPT" and any(address in line for address in self.server.refused):
                self._answer("550 nobody of that name")
            elif verb == "DATA":
                self._answer("354 go on")
                self.server.mails.append(message_from_bytes(self._read_mail(), policy=policy.default))
                self._answer("250 kept")
            else:
                self._answer("221 bye" if verb == "QUIT" else "250 so be it")

    def _answer(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())

    def _encrypt(self, context: ssl.SSLContext) -> bool:
        try:
            self.connection = context.wrap_socket(self.connection, server_side=True)
        except OSError:
            return False
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", buffering=0)
        return True

    def _read_mail(self) -> bytes:
        return b"".join(iter(self.rfile.readline, b".\r\n"))

    def finish(self) -> None:
        """The buffers of a connection that was encrypted meanwhile are its own."""
        self.connection.close()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    context: ssl.SSLContext | None
    password: str
    refused: tuple[str, ...]
    mails: list[EmailMessage]
    logins: list[tuple[str, str]]


class MailSink:
    """With a context it offers STARTTLS, and logging in behind it."""

    def __init__(
        self, *, context: ssl.SSLContext | None = None, password: str = "", refused: Iterable[str] = ()
    ) -> None:
        self.mails: list[EmailMessage] = []
        self.logins: list[tuple[str, str]] = []
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.context, self._server.password, self._server.refused = context, password, tuple(refused)
        self._server.mails, self._server.logins = self.mails, self.logins
        self.port = int(self._server.server_address[1])

    def __enter__(self) -> MailSink:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()
