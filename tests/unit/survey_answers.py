# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host answers to a survey, in the words of a test."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import Certificate, load_certificates
from ansible_collections.certwright.tls.tests.unit.authority import Issued


def fingerprint(issued: Issued) -> str:
    return sha256(issued.der).hexdigest()


def load(issued: Issued) -> Certificate:
    return load_certificates(issued.pem, "certificate")[0]


def known(*issued: Issued) -> dict[str, Certificate]:
    return {fingerprint(item): load(item) for item in issued}


def file(
    path: str, *issued: Issued, holds: Iterable[str] = (), fact: str = "", mode: int = 0o600, **words: str
) -> dict[str, Any]:
    certificates = [fingerprint(item) for item in issued]
    told = {"path": path, "certificates": certificates, "holds": list(holds), "fact": fact, "mode": mode}
    return {**told, "unread": "", "ended": "", **words}


def generation(
    number: int, *issued: Issued, failure: str = "", drift: Any = (), activation: Any = None, **record: Any
) -> dict[str, Any]:
    """The first is the leaf."""
    return {
        "generation": number,
        "path": f"/store/{number}/fullchain.pem",
        "record": {"fingerprint": fingerprint(issued[0]) if issued else "", **record},
        "drift": [{"file": name, "fact": fact} for name, fact in drift],
        "failure": failure,
        "activation": activation or {},
        "certificates": [fingerprint(item) for item in issued],
        "holds_private_key": True,
    }


def service(name: str, *probes: tuple[int, str | None]) -> dict[str, Any]:
    return {"name": name, "probes": [{"port": port, "server_name": server_name} for port, server_name in probes]}


def served(
    port: int,
    issued: Issued | None = None,
    *owners: tuple[str, str],
    state: str = "served",
    address: str = "127.0.0.1",
    server_name: str | None = None,
    asked: bool = True,
) -> dict[str, Any]:
    """`owners` are pairs of a name in the store and a service."""
    return {
        "port": port,
        "address": address,
        "server_name": server_name,
        "starttls": None,
        "state": state,
        "fingerprint": fingerprint(issued) if issued else "",
        "detail": "" if state == "served" else f"It is {state}.",
        "owners": [{"certificate": name, "service": service} for name, service in owners],
        "asked": asked,
    }


def answer(*issued: Issued, **words: Any) -> dict[str, Any]:
    return {
        "certificates": {},
        "memories": {},
        "journal": None,
        "store_fact": "",
        "store": "/store",
        "files": [],
        "served": [],
        "texts": {fingerprint(item): item.pem.decode() for item in issued},
        "time": 0.0,
        **words,
    }
