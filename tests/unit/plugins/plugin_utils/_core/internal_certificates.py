# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates of an internal CA in a test: that CA, what is wished of it, what a host has, and what was signed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import Certificate, load_certificates
from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import Observed, ObservedGeneration
from ansible_collections.certwright.tls.plugins.plugin_utils._core.due import Due
from ansible_collections.certwright.tls.plugins.plugin_utils._core.internal_issued import Signature
from ansible_collections.certwright.tls.plugins.plugin_utils._core.internal_signing import Signing, SigningCa
from ansible_collections.certwright.tls.plugins.plugin_utils._core.internal_words import SigningTask
from ansible_collections.certwright.tls.plugins.plugin_utils._core.ordered import Ordered
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Reason
from ansible_collections.certwright.tls.plugins.plugin_utils._services.presets import PRESETS
from ansible_collections.certwright.tls.tests.unit.authority import (
    CLIENT,
    NOW,
    SERVER,
    Authority,
    build,
    ca,
    shared_key,
)
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.requests_of_hosts import (
    KEY_DIGEST,
    request_of,
)
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.test_deployment import (
    found,
    leaf,
    stored,
    wanted,
)

DAY = timedelta(days=1)
CA_ID, ISSUING = "ca" * 32, "15" * 32
NAMES = ("a.example", "192.0.2.7")
REASONS = (Reason("certificate_missing", "No certificate web is installed"),)
NO_ORDER: dict[str, Any] = {"memory": {}, "order": None, "openssl": True, "request": ""}


@cache
def root() -> Authority:
    return ca("Office Root")


@cache
def issuing() -> Authority:
    return root().authority("Office Issuing")


def load_pem(text: bytes) -> tuple[Certificate, ...]:
    return load_certificates(text, "certificate")


def office(**changes: Any) -> SigningCa:
    return replace(SigningCa(CA_ID, ISSUING, load_pem(root().pem), frozenset({"bad1"})), **changes)


def info_of(**changes: Any) -> dict[str, Any]:
    """As internal_ca_info tells of it."""
    return {"ca_id": CA_ID, "issuing_id": ISSUING, "anchors": [root().pem.decode()], "revoked": ["bad1"], **changes}


def wish_of(asked: SigningCa | str | None = "office", **words: Any) -> Ordered:
    """Words of the module's element over those of one for two names; no `asked` is a silent CA."""
    task = SigningTask(PRESETS, {"": office() if isinstance(asked, str) else asked}, **words.pop("task", {}))
    return task.load({"name": "web", "external_url": NAMES[0], "other_urls": list(NAMES[1:]), **words})


def signing_of(wish: Ordered) -> Signing:
    assert wish.words.signing is not None
    return wish.words.signing


def held(days: int = 60, number: int = 1, **changes: Any) -> ObservedGeneration:
    """What the CA signed 30 days ago, and what lasts so many days more; `changes` are of the order's words first."""
    order = {
        "issuing": ISSUING,
        "usage": "server",
        "subject": "",
        "emails": [],
        "entry": 7,
        "hash": "5d" * 32,
        **changes.pop("order", {}),
    }
    issuer = changes.pop("issuer", f"internal_ca:{CA_ID}")
    kept = stored(wanted(leaf(days), issuer=issuer, order=order, services=()), number)
    certificate = {**kept.certificate, "names": list(changes.pop("names", NAMES))}
    return replace(kept, certificate=certificate, **changes)


def waiting(*names: str, purpose: str = "internal_ca", key: Any = None, openssl: bool = True) -> dict[str, Any]:
    """As a host tells of a request that waits."""
    order = {"run": "job 6", "claimed_until": "", "order": {"purpose": purpose}, "key": {"digest": KEY_DIGEST}}
    return {**NO_ORDER, "order": order, "openssl": openssl, "request": request_of(*(names or NAMES), key=key)}


def due_of(wish: Ordered | None = None, **changes: Any) -> Due:
    """A certificate whose request waits, unless more is said."""
    return Due(wish or wish_of(), found(**{"issuance": waiting(), **changes}), REASONS, "")


class _PublicOnly:
    """What a CA knows of the key that it certifies."""

    def public_key(self) -> Any:
        return shared_key("EC P-256").public_key()


def sign(*names: str, usages: tuple[x509.ObjectIdentifier, ...] = (SERVER,), **options: Any) -> x509.Certificate:
    return build(
        _PublicOnly(), names=names or NAMES, extended_usage=usages, **{"cn": "a", "issuer": issuing(), **options}
    )


def answer_of(own: x509.Certificate | None = None, **changes: Any) -> Signature:
    """The CA's to the request that waits."""
    signed = own or sign()
    words: Mapping[str, Any] = {
        "host": "web1",
        "name": "web",
        "outcome": "issued",
        "certificate": signed.public_bytes(Encoding.PEM).decode(),
        "chain": issuing().pem.decode(),
        "root": root().pem.decode(),
        "serial": "4f3a",
        "issuing": ISSUING,
        "number": 8,
        "hash": sha256(b"entry").hexdigest(),
        **changes,
    }
    return Signature.from_json(json.loads(json.dumps(words)))


def codes(wish: Ordered, observed: Observed, now: datetime = NOW) -> list[str]:
    return [reason.code for reason in wish.find_reasons(observed, now)]


BOTH = (SERVER, CLIENT)
