# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Supplied material that lies on the host already (`remote_src: true`): its key never leaves it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ansible_collections.certwright.tls.plugins.module_utils._host.certificate_files import (
    UNREADABLE,
    CertificateFile,
    read_certificates,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.key_files import (
    UnusableError,
    load_key,
    load_pkcs12,
    require_readable,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.key_match import find_fitting

_Loaded = TypeVar("_Loaded")
# What stands in a file that holds no certificate, and the way out.
_OTHER_CONTENTS = (
    ("PKCS#12", "it is PKCS#12; pass it as pkcs12_src"),
    ("PKCS#7", "it is PKCS#7 without certificates; pass the file that the CA sent"),
    ("Java keystore", "it is a Java keystore; export the certificate by `keytool -exportcert -rfc`"),
    ("certificate request", "it holds a certificate request (CSR); pass the certificate that the CA returned for it"),
    ("trusted certificate", "it holds one with trust settings; convert it by `openssl x509 -in FILE -out FILE.pem`"),
    ("private key", "it holds a private key; are the certificate and the private key swapped?"),
    ("encrypted private key", "it holds a private key; are the certificate and the private key swapped?"),
)


@dataclass(frozen=True)
class Source:
    """Paths on the host, with `~` and `$VAR` as they are there."""

    certificate: str | None = None
    private_key: str | None = None
    ca: str | None = None
    pkcs12: str | None = None
    passphrase: str | None = field(default=None, repr=False)
    pkcs12_passphrase: str | None = field(default=None, repr=False)

    @classmethod
    def from_json(cls, given: dict[str, Any]) -> Source:
        return cls(
            certificate=_expand(given.get("certificate")),
            private_key=_expand(given.get("private_key")),
            ca=_expand(given.get("ca")),
            pkcs12=_expand(given.get("pkcs12")),
            passphrase=given.get("passphrase"),
            pkcs12_passphrase=given.get("pkcs12_passphrase"),
        )


def observe_source(source: Source) -> dict[str, Any]:
    """What the controller may know, as plain JSON; the same files always give the same answer.

    `certificate` and `ca` are PEM texts, `fits` the fingerprints of the certificates that the key belongs to,
    `key_digest` that of its text. Every part that cannot be used is a problem. `key_type` is left to what fits.
    """
    attempts = _Attempts()
    certificates = attempts.load(_load_certificates, source.certificate) or ()
    key = attempts.load(load_key, source.private_key, source.passphrase)
    stored = attempts.load(load_pkcs12, source.pkcs12, source.pkcs12_passphrase)
    if stored is not None:
        certificates, key = certificates + stored.certificates, key or stored.private_key
    ca = attempts.load(_load_ca, source.ca) or ()
    fits = None
    if key is not None:
        fits = attempts.load(find_fitting, source.private_key or source.pkcs12, key, certificates)
    return {
        "certificate": "".join(certificates),
        "ca": "".join(ca),
        "fits": fits or [],
        "key_digest": "" if key is None else hashlib.sha256(key.text.encode("ascii")).hexdigest(),
        "key_type": "",
        "problems": attempts.problems,
    }


def read_key(source: Source) -> str:
    """The unencrypted key as one PEM block (LF, 64 columns), for staging; raises HostError."""
    if source.private_key is not None:
        return load_key(source.private_key, source.passphrase).text
    if source.pkcs12 is not None:
        return load_pkcs12(source.pkcs12, source.pkcs12_passphrase).private_key.text
    raise UnusableError("no_private_key", "No private key on the host was named; pass private_key_src or pkcs12_src")


class _Attempts:
    """Loads what is named, and remembers why something could not be loaded."""

    def __init__(self) -> None:
        self.problems: list[dict[str, str]] = []

    def load(self, loader: Callable[..., _Loaded], path: str | None, *arguments: object) -> _Loaded | None:
        if path is None:
            return None
        try:
            return loader(path, *arguments)
        except UnusableError as error:
            self.problems.append({"code": error.code, "message": error.message})
            return None


def _expand(path: str | None) -> str | None:
    return None if path is None else os.path.expandvars(os.path.expanduser(path))


def _load_certificates(path: str) -> tuple[str, ...]:
    return _require_certificates("certificate", read_certificates(path))


def _load_ca(path: str) -> tuple[str, ...]:
    return _require_certificates("CA file", read_certificates(path))


def _require_certificates(subject: str, found: CertificateFile) -> tuple[str, ...]:
    require_readable(subject, found.path, found.fact)
    if UNREADABLE in found.holds:
        fact = f"The {subject} {found.path} holds a certificate that cannot be read, cut off or damaged"
        raise UnusableError("certificate_unreadable", f"{fact}; copy the file there again")
    if not found.certificates:
        others = (text for word, text in _OTHER_CONTENTS if word in found.holds)
        fact = next(others, "pass the PEM, DER or PKCS#7 file that the CA sent")
        raise UnusableError("no_certificate", f"The {subject} {found.path} holds no certificate: {fact}")
    return found.certificates
