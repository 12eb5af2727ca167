# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host remembers of the issuing of one certificate: the CA's window, the last failure, the terms agreed to."""

from __future__ import annotations

import base64
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import Certificate
from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import format_time, load_time
from ansible_collections.certwright.tls.plugins.plugin_utils._core.extensions import printable

# The limits that RFC 9773 4.3.2 proposes for the CA's Retry-After.
_SHORTEST_REST, _LONGEST_REST = timedelta(minutes=1), timedelta(days=1)
_MAXIMUM_TEXT = 2000


@dataclass(frozen=True)
class RenewalWindow:
    """When the CA wants a certificate renewed (RFC 9773 4.2); `explanation` is a URL or empty."""

    start: datetime
    end: datetime
    explanation: str = ""

    @property
    def is_sound(self) -> bool:
        """One that ends before it begins counts as no answer; records keep whole seconds."""
        return int(self.start.timestamp()) < int(self.end.timestamp())

    @classmethod
    def from_json(cls, words: object) -> RenewalWindow | None:
        """None for a damaged one."""
        start, end = _load_time(words, "start"), _load_time(words, "end")
        if start is None or end is None or end <= start:
            return None
        return cls(start, end, _load_text(words, "explanation"))

    def to_json(self) -> dict[str, Any]:
        return {"start": format_time(self.start), "end": format_time(self.end), "explanation": self.explanation}


@dataclass(frozen=True)
class Failure:
    """The last of `tries` failed orders in a row, and when the next may be placed.

    `kind` is that of order_outcome. `asked` says for what, as a digest of the caller's: once something else is asked
    for, the row is over.
    """

    code: str
    message: str
    first: datetime
    last: datetime
    tries: int
    next_try: datetime
    kind: str = ""
    asked: str = ""

    @classmethod
    def from_json(cls, words: object) -> Failure | None:
        """None for a damaged one."""
        code, tries = _load_text(words, "code"), _load_count(words, "tries")
        first, last, next_try = (_load_time(words, word) for word in ("first", "last", "next_try"))
        if not code or not tries or first is None or last is None or next_try is None:
            return None
        message, kind, asked = (_load_text(words, word) for word in ("message", "kind", "asked"))
        return cls(code, message, first, last, tries, next_try, kind, asked)

    def to_json(self) -> dict[str, Any]:
        times = {"first": self.first, "last": self.last, "next_try": self.next_try}
        return {**asdict(self), **{word: format_time(instant) for word, instant in times.items()}}


@dataclass(frozen=True)
class Memory:
    """`window_of` is the cert id of the certificate that `window` is for, and `ask_again` when the CA is asked next.

    `terms` is the URL that was agreed to, at `terms_agreed`. The record on the host holds what to_json() gives.
    """

    window: RenewalWindow | None = None
    window_of: str = ""
    ask_again: datetime | None = None
    failure: Failure | None = None
    terms: str = ""
    terms_agreed: datetime | None = None

    @classmethod
    def from_json(cls, words: object) -> Memory:
        """Unknown words are ignored, and damaged ones are as if they were not there."""
        return cls(
            window=RenewalWindow.from_json(_find(words, "window")),
            window_of=_load_text(words, "window_of"),
            ask_again=_load_time(words, "ask_again"),
            failure=Failure.from_json(_find(words, "failure")),
            terms=_load_text(words, "terms"),
            terms_agreed=_load_time(words, "terms_agreed"),
        )

    def to_json(self) -> dict[str, Any]:
        """Plain types; what is not known is left out, so that nothing remembered is an empty object."""
        words = {
            "window": self.window.to_json() if self.window else None,
            "window_of": self.window_of,
            "ask_again": format_time(self.ask_again) if self.ask_again else "",
            "failure": self.failure.to_json() if self.failure else None,
            "terms": self.terms,
            "terms_agreed": format_time(self.terms_agreed) if self.terms_agreed else "",
        }
        return {word: value for word, value in words.items() if value}

    def window_for(self, cert_id: str) -> RenewalWindow | None:
        """The window of another certificate says nothing about this one."""
        return self.window if cert_id and cert_id == self.window_of else None

    def should_ask(self, cert_id: str, now: datetime) -> bool:
        """Whether the CA's window of this certificate is unknown or old.

        No CA may ask for a longer rest than a day: what says more was written by a clock that was wrong.
        """
        if not cert_id:
            return False
        if cert_id != self.window_of or self.ask_again is None:
            return True
        return not timedelta(0) < self.ask_again - now <= _LONGEST_REST

    def with_window(
        self, window: RenewalWindow | None, *, cert_id: str, ask_again: datetime | None, now: datetime
    ) -> Memory:
        """What the CA answered is remembered; None, or one that cannot be, keeps the window that is known."""
        sound = window if window and window.is_sound else self.window_for(cert_id)
        rest = ask_again - now if ask_again else _SHORTEST_REST
        ask_again = now + min(max(rest, _SHORTEST_REST), _LONGEST_REST)
        return replace(self, window=sound, window_of=cert_id, ask_again=ask_again)


NO_MEMORY = Memory()


def find_cert_id(certificate: Certificate) -> str:
    """What the CA knows a certificate by (RFC 9773 4.1); empty without an authority key identifier."""
    authority_key = certificate.extensions.authority_key
    if not authority_key:
        return ""
    return f"{_encode(bytes.fromhex(authority_key))}.{_encode(_encode_integer(int(certificate.serial, 16)))}"


def _encode_integer(number: int) -> bytes:
    """As DER has it: two's complement in as few bytes as can be, so a high bit gets a zero byte before it."""
    return number.to_bytes(max(number, ~number).bit_length() // 8 + 1, "big", signed=True)


def _encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode("ascii").rstrip("=")


def _find(words: object, word: str) -> object:
    return words.get(word) if isinstance(words, dict) else None


def _load_text(words: object, word: str) -> str:
    """A host is not trusted with the terminal of the controller, nor with its memory."""
    value = _find(words, word)
    return printable(value[:_MAXIMUM_TEXT]) if isinstance(value, str) else ""


def _load_time(words: object, word: str) -> datetime | None:
    value = _find(words, word)
    return load_time(value) if isinstance(value, str) else None


def _load_count(words: object, word: str) -> int:
    """Zero for what is no count."""
    value = _find(words, word)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
