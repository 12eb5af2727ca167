# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What operators and other programs leave on a host, made by the openssl program: tests of host code have no other."""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

_KINDS = {
    "RSA": ("rsa:2048",),
    "EC": ("ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
    "Ed25519": ("ed25519",),
}


@dataclass(frozen=True)
class Pair:
    """A self-signed certificate and its key, as PEM of PKCS#8 that is not encrypted."""

    certificate: bytes
    private_key: bytes = field(repr=False)

    @property
    def text(self) -> str:
        return self.certificate.decode("ascii")

    @property
    def der(self) -> bytes:
        return openssl("x509", "-outform", "DER", content=self.certificate)


def openssl(*arguments: str, content: bytes = b"") -> bytes:
    """What the program prints when it is given `content`."""
    command = ["openssl", *arguments]
    return subprocess.run(command, input=content, check=True, capture_output=True, timeout=60).stdout


@cache
def pair(kind: str = "EC", name: str = "www.example.com") -> Pair:
    """The same pair each time."""
    with tempfile.TemporaryDirectory() as directory:
        key = Path(directory, "key.pem")
        options = ["-addext", f"subjectAltName=DNS:{name}", "-addext", "basicConstraints=critical,CA:FALSE"]
        options += ["-newkey", *_KINDS[kind], "-nodes", "-days", "2", "-subj", f"/CN={name}", "-keyout", str(key)]
        certificate = openssl("req", "-x509", *options)
        return Pair(certificate, key.read_bytes())


def encrypted(private_key: bytes, passphrase: str, *options: str) -> bytes:
    """The key as PKCS#8 with a passphrase."""
    return openssl("pkcs8", "-topk8", "-passout", f"pass:{passphrase}", *options, content=private_key)


def pkcs12(of: Pair, passphrase: str, *options: str, more: bytes = b"") -> bytes:
    """Key and certificate, and `more` certificates, in one file of a passphrase."""
    arguments = ["-export", "-passout", f"pass:{passphrase}", *options]
    return openssl("pkcs12", *arguments, content=of.private_key + of.certificate + more)


def pkcs7(*pairs: Pair, form: str = "PEM") -> bytes:
    """Certificates as Windows CAs hand them over."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "certificates.pem")
        path.write_bytes(b"".join(item.certificate for item in pairs))
        return openssl("crl2pkcs7", "-nocrl", "-certfile", str(path), "-outform", form)
