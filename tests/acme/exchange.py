# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One request of an ACME client and its answer, as values that a fault may change."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Answer:
    """`cut`: the connection is reset in the middle of it (before anything, when the status is 0)."""

    status: int
    body: bytes = b""
    headers: Headers = ()
    cut: bool = False

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")

    @property
    def words(self) -> dict[str, Any]:
        """Of a JSON object; nothing for every other body."""
        try:
            words = json.loads(self.body)
        except ValueError:
            return {}
        return words if isinstance(words, dict) else {}

    def changed(self, words: Mapping[str, Any]) -> Answer:
        """With these words of its JSON object; those that are None are taken out. A problem document stays as it is."""
        if self.status >= 400:
            return self
        kept = {key: value for key, value in {**self.words, **words}.items() if value is not None}
        return replace(self, body=json.dumps(kept).encode())

    def with_header(self, name: str, value: str) -> Answer:
        kept = tuple(pair for pair in self.headers if pair[0].lower() != name.lower())
        return replace(self, headers=(*kept, (name, value)))


def json_answer(status: int, words: Mapping[str, Any], headers: Headers = ()) -> Answer:
    kind = "application/problem+json" if status >= 400 else "application/json"
    return Answer(status, json.dumps(words).encode(), (("Content-Type", kind), *headers))


@dataclass
class Request:
    """What a client sent; `ca_status` is 0 while no CA has seen it, `status` 0 while the client has no answer."""

    kind: str
    method: str
    path: str
    headers: Headers = field(repr=False, default=())
    body: bytes = field(repr=False, default=b"")
    status: int = 0
    ca_status: int = 0

    @property
    def payload(self) -> dict[str, Any]:
        """Of the signed message; empty for POST-as-GET and for what is not signed."""
        return self._part("payload")

    @property
    def protected(self) -> dict[str, Any]:
        return self._part("protected")

    def _part(self, name: str) -> dict[str, Any]:
        try:
            words = json.loads(decode_base64url(str(json.loads(self.body)[name])))
        except (ValueError, KeyError, TypeError):
            return {}
        return words if isinstance(words, dict) else {}


class Exchange(Protocol):
    """What a fault has to work with."""

    request: Request

    def forward(self) -> Answer:
        """What the CA answers; it has seen the request afterwards."""

    def nonce(self) -> str:
        """A good one of the CA, for an answer that the CA did not give."""


Fault = Callable[[Exchange], Answer]


def decode_base64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encode_base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")
