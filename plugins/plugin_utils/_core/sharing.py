# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One certificate for several hosts: its home orders it and keeps the key sealed, members receive it from there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.passphrase import Passphrase

_SUFFIX = ".shared"


@dataclass(frozen=True)
class Handed:
    """What a home handed out: PEM texts, the key sealed; `issuer` and `order` as its record has them."""

    certificate: str
    chain: str
    sealed_key: str = field(repr=False)
    fingerprint: str
    issuer: str
    order: Mapping[str, Any]

    @classmethod
    def from_json(cls, words: object) -> Handed | None:
        """None for what is not what a home hands out."""
        if not isinstance(words, Mapping):
            return None
        texts = {word: str(words.get(word) or "") for word in ("certificate", "sealed_key", "fingerprint", "issuer")}
        if not all(texts.values()):
            return None
        order = words.get("order")
        return cls(
            **texts, chain=str(words.get("chain") or ""), order=dict(order) if isinstance(order, Mapping) else {}
        )


@dataclass(frozen=True)
class Sharing:
    """`home` is a host of the inventory. On a member `handed` is what came from there, None when nothing did."""

    home: str
    is_home: bool
    passphrase: Passphrase | None = field(default=None, repr=False)
    handed: Handed | None = field(default=None, repr=False)


def name_at_home(name: str) -> str:
    """Beside the certificate that the home itself may be a member of."""
    return f"{name}{_SUFFIX}"
