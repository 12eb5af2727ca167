# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 the certwright.tls authors

"""The same requests for everybody: as files, and as a list of variables; and one CA for those that have none."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

EXTENSIONS = ("basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign")


@dataclass(frozen=True)
class Stage:
    """`authority` has ca.pem and ca.key; `requests(size)` is a directory of so many NAME.csr, EC P-256."""

    work: Path
    csrs: dict[str, str]

    @property
    def authority(self) -> Path:
        return self.work / "authority"

    def names(self, size: int) -> tuple[str, ...]:
        return tuple(self.csrs)[:size]

    def requests(self, size: int) -> Path:
        return self.work / f"requests-{size}"

    def list_requests(self, size: int, *, domain: str = "") -> list[dict[str, Any]]:
        """As a variable holds them. Below another domain they are other requests, of the same keys."""
        words = ((name, f"{name}{domain}") for name in self.names(size))
        return [{"host": name, "name": "web", "csr": self.csrs[csr], "names": [name]} for csr, name in words]


def build_stage(work: Path, sizes: Iterable[int]) -> Stage:
    stage = Stage(work, dict(_make_requests(max(sizes))))
    for size in sizes:
        stage.requests(size).mkdir()
        for name in stage.names(size):
            (stage.requests(size) / f"{name}.csr").write_text(stage.csrs[name], encoding="ascii")
    stage.authority.mkdir()
    make_authority(stage.authority)
    return stage


def _make_requests(count: int) -> Iterator[tuple[str, str]]:
    """With a subject, without which `openssl ca` signs nothing, and usages, which community.crypto takes from there."""
    for number in range(count):
        name = f"host{number:04d}.example.test"
        builder = x509.CertificateSigningRequestBuilder().subject_name(
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        )
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        builder = builder.add_extension(x509.KeyUsage(True, *[False] * 8), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        request = builder.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
        yield name, request.public_bytes(Encoding.PEM).decode("ascii")


def make_authority(place: Path) -> None:
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-noenc",
        "-days",
        "1825",
    ]
    files = ["-subj", "/CN=Bench CA", "-keyout", str(place / "ca.key"), "-out", str(place / "ca.pem")]
    extensions = [word for extension in EXTENSIONS for word in ("-addext", extension)]
    subprocess.run([*command, *files, "-config", "/dev/null", *extensions], check=True, capture_output=True)


def require_signed(stage: Stage, size: int, certificates: dict[str, bytes], issuer: x509.Certificate) -> None:
    """A server's certificate, in DER or PEM, for each name and its request's key, signed by the issuer."""
    if set(certificates) != set(stage.names(size)):
        raise SystemExit(f"{len(certificates)} certificates for {size} requests: this was no measurement")
    for name, content in certificates.items():
        load = x509.load_pem_x509_certificate if b"-----BEGIN" in content else x509.load_der_x509_certificate
        leaf = load(content)
        request = x509.load_pem_x509_csr(stage.csrs[name].encode("ascii"))
        held = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        purposes = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        same = held.get_values_for_type(x509.DNSName) == [name] and leaf.public_key() == request.public_key()
        if not same or ExtendedKeyUsageOID.SERVER_AUTH not in purposes:
            raise SystemExit(f"The certificate for {name} is another one: this was no measurement")
        leaf.verify_directly_issued_by(issuer)


def read_signed(place: Path, names: Iterable[str], pattern: str) -> dict[str, bytes]:
    """What is missing is found by require_signed()."""
    paths = {name: place / pattern.format(name=name) for name in names}
    return {name: path.read_bytes() for name, path in paths.items() if path.exists()}
