# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Orders, authorizations and challenges as values (RFC 8555 7.1); states that we do not know are waited on."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._acme.instants import load_instant
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.problems import AcmeProblem, bounded
from ansible_collections.certwright.tls.plugins.plugin_utils._core.extensions import is_address

# What an authorization does not come back from.
DEAD = ("invalid", "expired", "deactivated", "revoked")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,512}")
_MAXIMUM_LIST = 1000


@dataclass(frozen=True)
class Challenge:
    """`token` is empty where the type has none or it could not be a file's name; `problem` is the CA's document."""

    url: str
    type: str
    token: str
    status: str
    problem: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Authorization:
    """The proof for one name; `name` is without the `*.` that `wildcard` stands for."""

    url: str
    name: str
    wildcard: bool
    status: str
    challenges: tuple[Challenge, ...]

    @property
    def title(self) -> str:
        return f"*.{self.name}" if self.wildcard else self.name

    def find_challenge(self, challenge_type: str) -> Challenge | None:
        """The challenge to answer; None where the CA offers none of this type with a token."""
        return next((each for each in self.challenges if each.type == challenge_type and each.token), None)


@dataclass(frozen=True)
class Order:
    """`certificate` is the URL to download, once there is one; `replaced` says that the CA took the hint of ARI."""

    url: str
    status: str
    names: tuple[str, ...]
    authorizations: tuple[Authorization, ...]
    finalize: str
    expires: datetime | None
    certificate: str = ""
    profile: str = ""
    replaced: bool = False
    problem: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def title(self) -> str:
        """What messages call it."""
        more = f" and {len(self.names) - 1} more" if len(self.names) > 1 else ""
        return f"the order for {self.names[0] if self.names else 'no name'}{more}"


def to_identifiers(names: Sequence[str]) -> list[dict[str, str]]:
    return [{"type": "ip" if is_address(name) else "dns", "value": name} for name in names]


def load_order(document: Mapping[str, Any], *, url: str) -> Order:
    """The authorizations are URLs in the document: they are fetched one by one and put in by the caller."""
    return Order(
        url=_require(url, "the address of an order"),
        status=_text(document, "status"),
        names=tuple(_text(each, "value").lower() for each in _objects(document, "identifiers")),
        authorizations=(),
        finalize=_require(_text(document, "finalize"), "an address to finalize at"),
        expires=load_instant(document.get("expires")),
        certificate=_text(document, "certificate"),
        profile=_text(document, "profile"),
        replaced=bool(_text(document, "replaces")),
        problem=_object(document, "error"),
    )


def load_authorization_urls(document: Mapping[str, Any]) -> tuple[str, ...]:
    urls = document.get("authorizations")
    found = [each for each in urls[:_MAXIMUM_LIST] if isinstance(each, str)] if isinstance(urls, list) else []
    return tuple(_require(url, "the authorizations of an order") for url in found or [""])


def load_authorization(document: Mapping[str, Any], *, url: str) -> Authorization:
    """Some servers give the name with its `*.`, against RFC 8555 7.1.4."""
    name = _text(_object(document, "identifier"), "value").lower()
    return Authorization(
        url=url,
        name=_require(name, "the name of an authorization").removeprefix("*."),
        wildcard=document.get("wildcard") is True or name.startswith("*."),
        status=_text(document, "status"),
        challenges=tuple(load_challenge(each) for each in _objects(document, "challenges")),
    )


def load_challenge(document: Mapping[str, Any]) -> Challenge:
    token = _text(document, "token")
    return Challenge(
        url=_text(document, "url"),
        type=_text(document, "type"),
        token=token if _TOKEN.fullmatch(token) else "",
        status=_text(document, "status") or "pending",
        problem=_object(document, "error"),
    )


def require_same_names(order: Order, asked: Sequence[str]) -> None:
    """Refuse an order for other names than we asked for: its certificate would not be ours."""
    expected, found = {name.lower() for name in asked}, set(order.names)
    if expected == found:
        return
    changes = [f"without {name}" for name in sorted(expected - found)]
    changes += [f"with {bounded(name)[:80]}" for name in sorted(found - expected)]
    text = f"The CA answers {order.title} {', '.join(changes[:10])}, which was not asked for; ask the CA why"
    raise AcmeProblem("permanent", "identifiers_changed", text)


def with_all_valid(order: Order) -> Order:
    """An order that is ready has valid authorizations only (RFC 8555 7.1.6)."""
    valid = tuple(replace(each, status="valid") for each in order.authorizations)
    return replace(order, authorizations=valid)


def _require(value: str, what: str) -> str:
    if not value:
        raise AcmeProblem("transient", "bad_answer", f"The CA answers without {what}; a later run tries again")
    return value


def _text(document: Mapping[str, Any], word: str) -> str:
    value = document.get(word)
    return value[:4096] if isinstance(value, str) else ""


def _object(document: Mapping[str, Any], word: str) -> Mapping[str, Any]:
    value = document.get(word)
    return value if isinstance(value, Mapping) else {}


def _objects(document: Mapping[str, Any], word: str) -> list[Mapping[str, Any]]:
    value = document.get(word)
    return [each for each in value[:_MAXIMUM_LIST] if isinstance(each, Mapping)] if isinstance(value, list) else []
