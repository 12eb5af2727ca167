# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 the certwright.tls authors

"""A run that did not do its work is no measurement: what must lie on the disk for every name, whoever put it there."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def require_issued(names: Iterable[str], place: Path, certificate: str, private_key: str) -> None:
    """A certificate for each name with its key, in the files below `place` that the two patterns say."""
    for name in names:
        leaf = x509.load_pem_x509_certificate(_require(place / certificate.format(name=name)).read_bytes())
        held = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        found = held.get_values_for_type(x509.DNSName)
        certified = leaf.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        if found != [name] or certified != _find_public_key(_require(place / private_key.format(name=name))):
            raise SystemExit(f"{place} has a certificate for {found} and not for {name}: this was no measurement")


def _find_public_key(private_key: Path) -> bytes:
    """By openssl: cryptography refuses keys without their leading zeros, as GnuTLS writes them for uacme."""
    command = ["openssl", "pkey", "-in", str(private_key), "-pubout"]
    return subprocess.run(command, check=True, capture_output=True).stdout


def _require(path: Path) -> Path:
    if not path.exists():
        raise SystemExit(f"{path} is missing: this was no measurement")
    return path
