# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 the certwright.tls authors

"""Requests to the host's side as the actions word them: certificates, their records and one service of two files."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from ansible_collections.certwright.tls.plugins.plugin_utils._core.bundle import Material, load_bundle
from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import Desired
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import Probe, Service
from ansible_collections.certwright.tls.plugins.plugin_utils._core.services import load_services
from ansible_collections.certwright.tls.plugins.plugin_utils._services.presets import PRESETS

NOW = datetime.now(timezone.utc)


@dataclass(frozen=True)
class Workload:
    """Certificates that exist once and are asked for by count; `dump` stands for the service's configuration."""

    certificates: tuple[Desired, ...]

    def observe(self, count: int, store: Path, *, port: int | None = None) -> str:
        """What an action sends when it looks: names and services, no material. With a port, its probes as well."""
        entries = [_look(item, port) for item in self.certificates[:count]]
        return _request("observe", entries, store)

    def apply(self, count: int, store: Path, expect: dict[str, str]) -> str:
        """What an action sends to store and activate new material, bound to the digests of a look before."""
        entries = [
            dict(
                _look(item, None),
                expect=expect[item.name],
                material=item.to_material(),
                record=item.to_record(run="benchmark", now=NOW),
                generation=None,
                activate=True,
                put_back=True,
                discard=[],
            )
            for item in self.certificates[:count]
        ]
        return _request("apply", entries, store)


def make_workload(count: int, work: Path) -> Workload:
    """`count` certificates of one CA, EC keys, each with an nginx-like service whose commands cost next to nothing."""
    dump = work / "configuration"
    service = _make_service(dump)
    ca = _make_intermediate()
    made = tuple(_make_desired(number, ca, service) for number in range(count))
    dump.write_text("".join(_server_block(item.name) for item in made), encoding="utf-8")
    return Workload(made)


def _request(action: str, entries: list[dict[str, Any]], store: Path) -> str:
    limits = {"probe": 10.0, "keep_generations": 3}
    words = {"baseline": False, "everything": False} if action == "observe" else {}
    return json.dumps(
        {"action": action, **words, "certificates": entries, "store": str(store), "run": "benchmark", "limits": limits}
    )


def _look(item: Desired, port: int | None) -> dict[str, Any]:
    probes = () if port is None else (Probe(port, server_name=item.names[0]),)
    return {
        "name": item.name,
        "services": [replace(service, probes=probes).to_request(NOW) for service in item.services],
    }


def _make_service(dump: Path) -> Service:
    """nginx' own files, with commands that touch nothing of this machine."""
    (service,), _problems = load_services(
        ["nginx"], certificate="", names=("www.example.test",), attributes={}, presets=PRESETS
    )
    does = ("true",)
    return replace(
        service,
        unit=None,
        pid_file=None,
        status=does,
        check=does,
        reload=does,
        references=("cat", str(dump)),
        probes=(),
    )


def _server_block(name: str) -> str:
    files = f"ssl_certificate live/{name}/nginx/fullchain.pem; ssl_certificate_key live/{name}/nginx/privkey.pem;"
    return f"server {{ listen 443 ssl; server_name {name}.example.test; {files} }}\n"


@dataclass(frozen=True)
class Signer:
    """Who signs, and with what."""

    certificate: x509.Certificate | None
    key: ec.EllipticCurvePrivateKey


def _make_intermediate() -> Signer:
    """So that each chain has one certificate, as those of public CAs have."""
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = _sign(root_key, "Benchmark root", Signer(None, root_key))
    return Signer(_sign(key, "Benchmark intermediate", Signer(root, root_key)), key)


def _make_desired(number: int, ca: Signer, service: Service) -> Desired:
    key = ec.generate_private_key(ec.SECP256R1())
    name = f"site{number:04d}"
    host = f"{name}.example.test"
    certificate = _sign(key, host, ca, host)
    pem = b"".join(item.public_bytes(Encoding.PEM) for item in (certificate, ca.certificate) if item)
    private_key = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return Desired(name, (host,), load_bundle(Material(name, pem, private_key)), (service,))


def _sign(key: ec.EllipticCurvePrivateKey, name: str, signer: Signer, host: str = "") -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer.certificate.subject if signer.certificate else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(hours=1))
        .not_valid_after(NOW + timedelta(days=90))
        .add_extension(x509.BasicConstraints(not host, None), critical=True)
    )
    if host:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
    return builder.sign(signer.key, hashes.SHA256())
