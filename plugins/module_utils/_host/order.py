# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An order that was begun: whose it is until when, its key, and every file that it brings to the host."""

from __future__ import annotations

import calendar
import hashlib
import os
import time
from dataclasses import asdict, dataclass
from typing import Any

from ansible_collections.certwright.tls.plugins.module_utils._host.files import HostError, read_optional
from ansible_collections.certwright.tls.plugins.module_utils._host.store import (
    Store,
    read_document,
    write_document,
)

ORDER, KEY, REQUEST = "order.json", "privkey.pem", "request.pem"
VERSION = 1
# Nobody claims this long: such a claim was made by a clock that was wrong.
_LONGEST_CLAIM = 86400


class RefusedError(HostError):
    """One order cannot be prepared; the code is for the controller. The message never holds bytes of a key."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class OrderKey:
    """What the key is and which names its request has; no digest as long as the two are not complete."""

    type: str
    names: tuple[str, ...]
    digest: str = ""

    def is_alike(self, other: OrderKey) -> bool:
        return (self.type, set(self.names)) == (other.type, set(other.names))


@dataclass(frozen=True)
class ChallengeFile:
    """A file that answers one challenge; its content is public, and tells a file of ours from another one."""

    path: str
    content: str


@dataclass(frozen=True)
class Order:
    """`words` are the controller's and mean nothing here. `directories` are those that were missing before."""

    run: str
    claimed_until: str
    words: dict[str, Any]
    key: OrderKey | None = None
    challenges: tuple[ChallengeFile, ...] = ()
    directories: tuple[str, ...] = ()

    def is_claimed_by_other(self, run: str, now: float) -> bool:
        until = _load_instant(self.claimed_until)
        return self.run != run and until is not None and now < until <= now + _LONGEST_CLAIM

    def to_json(self) -> dict[str, Any]:
        found = asdict(self)
        return {"version": VERSION, "order": found.pop("words"), **found}

    @classmethod
    def from_json(cls, given: dict[str, Any]) -> Order:
        key = given["key"]
        return cls(
            run=given["run"],
            claimed_until=given["claimed_until"],
            words=given["order"],
            key=OrderKey(key["type"], tuple(key["names"]), key["digest"]) if key else None,
            challenges=tuple(ChallengeFile(item["path"], item["content"]) for item in given["challenges"]),
            directories=tuple(given["directories"]),
        )


def _load_instant(text: str) -> float | None:
    try:
        return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))
    except ValueError:
        return None


def order_file(store: Store, certificate: str, name: str) -> str:
    return os.path.join(store.order(certificate), name)


def load_order(store: Store, certificate: str) -> Order | None:
    """None when none was begun; raises HostError when its words are damaged."""
    path = order_file(store, certificate, ORDER)
    document = read_document(path)
    try:
        return None if document is None else Order.from_json(document)
    except (KeyError, TypeError):
        raise HostError(f"The file {path} is damaged; look at it, move it away and run again") from None


def write_order(store: Store, certificate: str, order: Order) -> None:
    write_document(order_file(store, certificate, ORDER), order.to_json())


def load_request(store: Store, certificate: str, order: Order) -> str:
    """The PEM text of the request, empty unless the very key that it was made with is there too."""
    key = read_optional(order_file(store, certificate, KEY))
    request = read_optional(order_file(store, certificate, REQUEST))
    if order.key is None or key is None or request is None or digest_of_key(key) != order.key.digest:
        return ""
    return request.decode("ascii", "replace")


def load_order_key(store: Store, certificate: str, digest: str) -> str:
    """The key that the certificate was ordered with, and no other."""
    key = read_optional(order_file(store, certificate, KEY))
    if key is None or digest_of_key(key) != digest:
        fact = f"The key that {certificate} was ordered with is not on the host any more"
        raise HostError(f"{fact}; run again: the certificate is of no use without it and is ordered anew")
    return key.decode("ascii")


def digest_of_key(key: bytes) -> str:
    return hashlib.sha256(key).hexdigest()
