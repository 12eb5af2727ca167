# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 the certwright.tls authors

"""What an operator has: a certificate and a key for every domain, one file with the chain, and lists that name them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from ansible_collections.certwright.tls.tests.unit.authority import Issued, ca, make_key

KEY_TYPES = ("RSA 2048", "EC P-256")
NGINX_FILES = [
    {"name": "fullchain.pem", "parts": ["leaf", "chain"]},
    {"name": "privkey.pem", "parts": ["key"]},
]


@dataclass(frozen=True)
class Supplied:
    """One domain's files on the controller, and what a service must find of them on the host."""

    name: str
    certificate: Path
    private_key: Path
    ca: Path
    fullchain: str

    def entry(self, service: dict[str, Any]) -> dict[str, Any]:
        """An element of `domains`, which the copying playbook reads as well."""
        return {
            "domain": self.name,
            "external_url": self.name,
            "certificate_src": str(self.certificate),
            "private_key_src": str(self.private_key),
            "ca_src": str(self.ca),
            "services": [service],
        }


def write_material(count: int, place: Path) -> tuple[Supplied, ...]:
    """Half of the keys RSA, half EC, all signed by one intermediate, whose file holds the root too.

    Beside them the root alone, and `stopgap`, a certificate for another name.
    """
    place.mkdir()
    now = datetime.now(timezone.utc)
    life: dict[str, Any] = {"not_before": now - timedelta(days=1), "not_after": now + timedelta(days=300)}
    intermediate = ca(key_type="RSA 2048", **life).authority(key_type="RSA 2048", **life)
    shorter = {**life, "not_after": now + timedelta(days=90)}
    made = []
    for number in range(count):
        name = f"site{number:04d}.example.test"
        key = make_key(KEY_TYPES[number % len(KEY_TYPES)])
        made.append(_write(name, intermediate.issue(name, key=key, **shorter), place))
    (place / "root.pem").write_bytes(intermediate.ca_pem)
    _write("stopgap", intermediate.issue("stopgap.example.test", **shorter), place)
    return tuple(made)


def _write(name: str, issued: Issued, place: Path) -> Supplied:
    certificate, private_key, authorities = place / f"{name}.pem", place / f"{name}.key", place / "ca.pem"
    certificate.write_bytes(issued.pem)
    private_key.write_bytes(issued.key_pem)
    authorities.write_bytes(issued.ca_pem)
    return Supplied(name, certificate, private_key, authorities, (issued.pem + issued.chain_pem).decode("ascii"))


def list_domains(supplied: tuple[Supplied, ...], service: dict[str, Any]) -> list[dict[str, Any]]:
    return [item.entry(service) for item in supplied]


def idle_service(configuration: Path) -> dict[str, Any]:
    """nginx' own files, with commands that cost next to nothing: a service's own time is no part of anybody's."""
    words = {"check": "true", "reload": "true", "references": f"cat {configuration}"}
    return {"custom": {"name": "nginx", "files": NGINX_FILES, **words}}


def word_servers(supplied: tuple[Supplied, ...], store: Path, *, port: int = 443) -> str:
    """nginx' configuration of these names, from the stable paths."""
    return "".join(_server_block(item.name, store / "live" / item.name / "nginx", port) for item in supplied)


def _server_block(name: str, place: Path, port: int) -> str:
    files = f"ssl_certificate {place}/fullchain.pem; ssl_certificate_key {place}/privkey.pem;"
    return f"server {{ listen 127.0.0.1:{port} ssl; server_name {name}; {files} return 200; }}\n"


def write_variables(work: Path, lists: Mapping[str, Any]) -> None:
    """Where Ansible finds variables beside a playbook; what was there before is gone."""
    place = work / "group_vars"
    place.mkdir(exist_ok=True)
    (place / "all.json").write_text(json.dumps(lists), encoding="utf-8")
