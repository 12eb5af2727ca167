# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 the certwright.tls authors

"""The floor, a process of its own: what nobody can leave out. Prints the seconds of its loop.

bare.py sign|prove|read REQUESTS CA OUT: sign certificates from a directory of requests into another one, prove each by
the library's verifier as well, or only read what lies in both.
"""

from __future__ import annotations

import sys
import time
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509 import verification
from cryptography.x509.oid import ExtendedKeyUsageOID

LIFE, BACK = timedelta(days=397), timedelta(minutes=5)


def main() -> int:
    kind, *words = sys.argv[1:]
    requests, authority, out = map(Path, words)
    paths = sorted(requests.glob("*.csr"))
    started = time.monotonic()
    if kind == "read":
        read(paths, out)
    else:
        sign(paths, authority, out, prove=kind == "prove")
    print(time.monotonic() - started)
    return 0


def sign(paths: list[Path], authority: Path, out: Path, *, prove: bool) -> None:
    """One pass over the requests; what is the same for all of them is made once."""
    ca = x509.load_pem_x509_certificate((authority / "ca.pem").read_bytes())
    key = load_pem_private_key((authority / "ca.key").read_bytes(), None)
    identifier = ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    same = (
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (x509.KeyUsage(True, *[False] * 8), True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
        (x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), False),
    )
    store, now = verification.Store([ca]), datetime.now(timezone.utc)
    for path in paths:
        request = x509.load_pem_x509_csr(path.read_bytes())
        if not request.is_signature_valid:
            raise SystemExit(f"{path} is not signed by its key")
        names = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        public_key = request.public_key()
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([]))
            .issuer_name(ca.subject)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - BACK)
            .not_valid_after(now + LIFE)
            .add_extension(names, True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), False)
        )
        for extension, is_critical in same:
            builder = builder.add_extension(extension, is_critical)
        certificate = builder.sign(key, hashes.SHA256())
        if prove:
            policy = verification.PolicyBuilder().store(store).time(now)
            policy.build_server_verifier(_subject(names)).verify(certificate, [])
        (out / f"{path.stem}.pem").write_bytes(certificate.public_bytes(Encoding.PEM))


def _subject(names: x509.SubjectAlternativeName) -> x509.DNSName | x509.IPAddress:
    name = names[0].value
    return x509.DNSName(name) if isinstance(names[0], x509.DNSName) else x509.IPAddress(ip_address(name))


def read(paths: list[Path], out: Path) -> None:
    """Both files of each name, parsed as far as one must to see that the certificate is still the right one."""
    now = datetime.now(timezone.utc)
    for path in paths:
        request = x509.load_pem_x509_csr(path.read_bytes())
        certificate = x509.load_pem_x509_certificate((out / f"{path.stem}.pem").read_bytes())
        names = [
            item.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            for item in (request, certificate)
        ]
        same = names[0] == names[1] and request.public_key() == certificate.public_key()
        if not same or certificate.not_valid_after_utc <= now:
            raise SystemExit(f"The certificate of {path} is not the one of this request")


if __name__ == "__main__":
    sys.exit(main())
