# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Renewal information (RFC 9773) for a CA that has none: a movable window for each certificate that was downloaded."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from cryptography import x509
from exchange import Answer, Request, decode_base64url, encode_base64url, json_answer
from faults import ERROR, RetryAfter, retry_after_header

ALL = "*"
SIX_HOURS = 21600


@dataclass(frozen=True)
class Window:
    """`body` replaces the whole answer, whatever it is."""

    start: datetime
    end: datetime
    retry_after: RetryAfter = SIX_HOURS
    explanation: str = ""
    status: int = 200
    body: bytes | None = None

    def answer(self) -> Answer:
        headers = retry_after_header(self.retry_after)
        if self.body is not None:
            return Answer(self.status, self.body, (("Content-Type", "application/json"), *headers))
        times = {"start": _format(self.start), "end": _format(self.end)}
        more = {"explanationURL": self.explanation} if self.explanation else {}
        return json_answer(self.status, {"suggestedWindow": times, **more}, headers)


def window_of(certificate: x509.Certificate) -> Window:
    """As Let's Encrypt computes it: around two thirds of the life (half under ten days), 2 % of it wide."""
    begin, life = certificate.not_valid_before_utc, certificate.not_valid_after_utc - certificate.not_valid_before_utc
    centre = begin + (life / 2 if life < timedelta(days=10) else life * 2 / 3)
    return Window(centre - life / 100, centre + life / 100)


def revoked_window() -> Window:
    now = datetime.now(timezone.utc)
    return Window(now - timedelta(hours=1), now - timedelta(minutes=30))


class RenewalWindows:
    """The windows of one CA, and what its orders replaced."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._windows: dict[str, Window] = {}
        self._accounts: dict[str, str] = {}
        self._replaced: set[str] = set()

    @property
    def certificates(self) -> tuple[str, ...]:
        """Identifiers of those that were downloaded, oldest first."""
        with self._lock:
            return tuple(self._accounts)

    def put(self, window: Window, certificate: str = ALL) -> None:
        """From now on that is the answer for this identifier, or for every one that has none of its own put."""
        with self._lock:
            self._windows[certificate] = window

    def move(
        self, start: timedelta, end: timedelta, *, certificate: str = ALL, retry_after: RetryAfter = SIX_HOURS
    ) -> None:
        """Relative to now: `move(timedelta(hours=-1), timedelta(hours=1))` is a window in which we are."""
        now = datetime.now(timezone.utc)
        self.put(Window(now + start, now + end, retry_after=retry_after), certificate)

    def forget(self, certificate: str = ALL) -> None:
        """What was put for it is no longer the answer."""
        with self._lock:
            self._windows.pop(certificate, None)

    def answer(self, certificate: str) -> Answer:
        with self._lock:
            window = self._windows.get(certificate) or self._windows.get(ALL) or self._windows.get(f"own {certificate}")
        return window.answer() if window else _refuse("malformed", "Certificate not found", 404)

    def learn(self, pem: bytes, account: str) -> None:
        """A downloaded chain: its leaf has a window from now on."""
        certificate = x509.load_pem_x509_certificates(pem)[0]
        name = certificate_id(certificate)
        with self._lock:
            self._windows.setdefault(f"own {name}", window_of(certificate))
            self._accounts.setdefault(name, account)

    def learn_revocation(self, payload: dict[str, object]) -> None:
        certificate = x509.load_der_x509_certificate(decode_base64url(str(payload["certificate"])))
        with self._lock:
            self._windows[f"own {certificate_id(certificate)}"] = revoked_window()

    def refuse(self, order: Request) -> Answer | None:
        """What Let's Encrypt answers to a `replaces` that is unknown, another account's or already replaced."""
        replaced = order.payload.get("replaces")
        if replaced is None:
            return None
        with self._lock:
            account, is_replaced = self._accounts.get(str(replaced)), replaced in self._replaced
        if account is None:
            return _refuse("malformed", "could not find an existing certificate to replace: not found", 404)
        if account != order.protected.get("kid"):
            detail = "requester account did not request the certificate being replaced by this order"
            return _refuse("unauthorized", detail, 403)
        return _refuse("alreadyReplaced", f"certificate {replaced} is already replaced", 409) if is_replaced else None

    def learn_order(self, payload: dict[str, object]) -> None:
        """The CA took it: what it replaces is replaced."""
        with self._lock:
            self._replaced.update(str(payload[key]) for key in ("replaces",) if key in payload)


def certificate_id(certificate: x509.Certificate) -> str:
    """RFC 9773 4.1; the serial number is the content of a DER INTEGER, with its leading zero."""
    authority = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    serial = certificate.serial_number
    return (
        f"{encode_base64url(authority or b'')}.{encode_base64url(serial.to_bytes(serial.bit_length() // 8 + 1, 'big'))}"
    )


def _refuse(code: str, detail: str, status: int) -> Answer:
    return json_answer(status, {"type": ERROR + code, "detail": detail, "status": status})


def _format(instant: datetime) -> str:
    return f"{instant.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%SZ}"
