# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 the certwright.tls authors

"""What an operator receives: a CA's certificate, certificates that it signed, and their keys, made with openssl."""

from __future__ import annotations

import subprocess
from pathlib import Path

from serving import HOST


def make_ca(work: Path) -> None:
    extensions = ["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign"]
    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    openssl(
        work,
        [
            "req",
            "-x509",
            *new_key,
            *extensions,
            "-subj",
            "/CN=Demo CA",
            "-days",
            "90",
            "-keyout",
            "ca.key",
            "-out",
            "ca.pem",
        ],
    )


def make_certificate(work: Path, file: str, *, days: int, name: str = HOST) -> None:
    (work / f"{file}.cnf").write_text(
        f"subjectAltName=DNS:{name}\nbasicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\n"
        "extendedKeyUsage=serverAuth\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n",
        encoding="utf-8",
    )
    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    openssl(work, ["req", *new_key, "-subj", f"/CN={name}", "-keyout", f"{file}.key", "-out", f"{file}.csr"])
    signed_by = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", f"{file}.cnf"]
    openssl(work, ["x509", "-req", "-in", f"{file}.csr", *signed_by, "-days", str(days), "-out", f"{file}.pem"])


def make_pkcs12(work: Path, file: str) -> None:
    """Certificate, key and CA in one file, as a Windows administrator hands them over."""
    (work / f"{file}.passphrase").write_text("open sesame\n", encoding="ascii")
    parts = ["-in", f"{file}.pem", "-inkey", f"{file}.key", "-certfile", "ca.pem"]
    openssl(work, ["pkcs12", "-export", *parts, "-out", f"{file}.p12", "-passout", f"file:{file}.passphrase"])


def openssl(work: Path, arguments: list[str]) -> None:
    ended = subprocess.run(["openssl", *arguments], cwd=work, text=True, capture_output=True, check=False)
    if ended.returncode:
        raise SystemExit(f"openssl {' '.join(arguments)} failed: {ended.stderr}")
