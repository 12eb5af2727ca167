# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Letters to a mail server (RFC 5321), in one conversation; each one fails by itself."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import TlsError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.renewal_mail import Letter

NO_ENCRYPTION, STARTTLS, IMPLICIT = "none", "starttls", "tls"
_PORTS = {NO_ENCRYPTION: 25, STARTTLS: 25, IMPLICIT: 465}


class MailError(TlsError):
    """Somebody was not told; the message says who, and what the server said."""


@dataclass(frozen=True)
class MailServer:
    host: str
    sender: str
    port: int | None = None
    encryption: str = STARTTLS
    user: str = ""
    password: str = field(default="", repr=False)
    timeout: float = 30.0

    @property
    def place(self) -> str:
        return f"{self.host}:{self.port or _PORTS[self.encryption]}"

    def send(self, letters: Iterable[Letter], *, now: datetime) -> None:
        """Raises MailError after the last letter, when one was refused."""
        refused = []
        try:
            with self._connect() as server:
                for letter in letters:
                    refused.extend(self._hand_over(server, letter, now))
        except (OSError, smtplib.SMTPException) as error:
            raise MailError(f"The mail server {self.place} took no mail: {error}; look at tls_mail_*") from None
        if refused:
            raise MailError(f"The mail server {self.place} refused mail. {'; '.join(refused)}")

    def _hand_over(self, server: smtplib.SMTP, letter: Letter, now: datetime) -> list[str]:
        try:
            server.send_message(self._write(letter, now))
        except smtplib.SMTPServerDisconnected:
            raise
        except (smtplib.SMTPException, ValueError) as error:
            return [f"{letter.to}: {error}"]
        return []

    def _write(self, letter: Letter, now: datetime) -> EmailMessage:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self.sender, letter.to, letter.subject
        message["Date"], message["Message-ID"] = format_datetime(now), make_msgid("certwright")
        # RFC 3834: nobody on holiday answers it
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text)
        return message

    def _connect(self) -> smtplib.SMTP:
        host, port = self.host, self.port or _PORTS[self.encryption]
        if self.encryption == IMPLICIT:
            context = ssl.create_default_context()
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=self.timeout, context=context)
        else:
            server = smtplib.SMTP(host, port, timeout=self.timeout)
        try:
            if self.encryption == STARTTLS:
                server.starttls(context=ssl.create_default_context())
            if self.user:
                self._log_in(server)
        except BaseException:
            server.close()
            raise
        return server

    def _log_in(self, server: smtplib.SMTP) -> None:
        try:
            server.login(self.user, self.password)
        except UnicodeError:
            fact = f"The mail server {self.place} can only be told a user and a password of ASCII characters"
            raise MailError(f"{fact}; choose others") from None
