# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates that are ordered, in a test: what was said, what a host has of them, and what it remembers."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import ObservedGeneration
from ansible_collections.certwright.tls.plugins.plugin_utils._core.issuance import (
    Failure,
    Memory,
    RenewalWindow,
    find_cert_id,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_outcome import TRANSIENT
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_words import (
    DNS_01,
    HTTP_01,
    Issuer,
    OrderWords,
    Validation,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.ordered import Ordered
from ansible_collections.certwright.tls.plugins.plugin_utils._core.passphrase import Passphrase
from ansible_collections.certwright.tls.plugins.plugin_utils._core.sharing import Handed, Sharing
from ansible_collections.certwright.tls.plugins.plugin_utils._core.supplied import Declared
from ansible_collections.certwright.tls.tests.unit.authority import NOW, Issued
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.test_deployment import (
    leaf,
    load,
    services_of,
    stored,
    wanted,
)

DIRECTORY = "https://ca.example/directory"
STAGING = "https://staging.ca.example/directory"
ACCOUNT = "https://ca.example/account/1"
SECRET = "correct horse battery staple"
ISSUER = Issuer(DIRECTORY, "pki@example.org", "yes", SECRET.encode(), "kid-1", SECRET, "/ca.pem")
BY_FILE = Validation(HTTP_01, webroot="/var/www/acme")
BY_RECORD = Validation(DNS_01, words={"provider": "hook", "program": "/opt/hook", "tsig_secret": SECRET})
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
AT_HOME = Sharing("pki01", True, Passphrase(SECRET))
NO_ORDER: dict[str, Any] = {"memory": {}, "order": None, "openssl": True, "request": ""}


def words_of(*, directory: str = DIRECTORY, validation: Validation = BY_FILE, **more: Any) -> OrderWords:
    return OrderWords(replace(ISSUER, directory=directory), validation, **more)


def declare(*names: str, services: tuple[object, ...] = ("nginx",), **more: Any) -> Declared:
    said = {"accepted": frozenset(more.pop("accept", ())), "stage_only": False, "notices": (), **more}
    return Declared("web", names or ("a.example",), services_of(*services), **said)


def wish_of(words: OrderWords | None = None, *, declared: Declared | None = None, **more: Any) -> Ordered:
    return Ordered(declared or declare(), words or words_of(), **more)


def issued(
    days: int = 60, number: int = 1, *, certificate: Issued | None = None, issuer: str = DIRECTORY, **changes: Any
) -> ObservedGeneration:
    """As a host has what the CA gave 30 days ago and what lasts `days` more."""
    certificate = certificate or leaf(days)
    order = {"cert_id": find_cert_id(load(certificate)), "account": ACCOUNT, "profile": "", **changes.pop("order", {})}
    services = changes.pop("with_services", ("nginx",))
    return stored(wanted(certificate, services=services, issuer=issuer, order=order), number, **changes)


def cert_id_of(days: int = 60) -> str:
    return find_cert_id(load(leaf(days)))


def window_of(start: timedelta, end: timedelta, *, days: int = 60, rest: timedelta = HOUR) -> Memory:
    """The CA's window, relative to now; it is asked again after `rest`."""
    return Memory(RenewalWindow(NOW + start, NOW + end), cert_id_of(days), NOW + rest)


def failed(asked: str, *, kind: str = TRANSIENT, tries: int = 1, last: datetime = NOW - MINUTE) -> Failure:
    return Failure("rate_limited", "ca.example gives no more; try later", last, last, tries, last + HOUR, kind, asked)


def remembering(memory: Memory, **more: Any) -> dict[str, Any]:
    """What a host says of the issuing: with this memory."""
    return {**NO_ORDER, "memory": memory.to_json(), **more}


def member_of(handed: Handed | None = None) -> Sharing:
    return Sharing("pki01", False, Passphrase(SECRET), handed)
