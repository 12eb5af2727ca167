# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 the certwright.tls authors

"""What others sign with: a bare loop, `openssl ca`, easy-rsa, and community.crypto in a playbook."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509
from material import write_variables
from peer import fetch_collection
from playbooks import Bench
from processes import find_program
from stage import Stage, read_signed, require_signed

HERE = Path(__file__).resolve().parent
ROLE = "ownca"
EASY_RSA = "/usr/share/easy-rsa/easyrsa"
_CONFIGURATION = """
[ca]
default_ca = bench
[bench]
database = {place}/index.txt
new_certs_dir = {place}/out
certificate = {authority}/ca.pem
private_key = {authority}/ca.key
rand_serial = yes
default_md = sha256
default_days = 397
unique_subject = no
email_in_dn = no
policy = any
copy_extensions = copy
x509_extensions = leaf
[any]
commonName = supplied
[leaf]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""


@dataclass(frozen=True)
class Peer:
    """`sign` leaves a certificate for each request in `place`, as `pattern` says; `prepare` is not measured."""

    title: str
    sign: Callable[[int, Path], None]
    pattern: str = "{name}.pem"
    prepare: Callable[[int, Path], None] = lambda _size, _place: None
    is_slow: bool = False


def measure_bare(stage: Stage, kind: str, size: int) -> tuple[float, float]:
    """The seconds of the loop, and of the process around it. What it signed stays for `read`."""
    out = stage.work / f"bare-{size}"
    if kind != "read":
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
    command = [sys.executable, str(HERE / "bare.py"), kind, str(stage.requests(size)), str(stage.authority), str(out)]
    started = time.monotonic()
    ended = subprocess.run(command, check=True, capture_output=True, text=True)
    process = time.monotonic() - started
    signed = read_signed(out, stage.names(size), "{name}.pem")
    require_signed(stage, size, signed, _load(stage.authority / "ca.pem"))
    return float(ended.stdout), process


def measure_peer(stage: Stage, peer: Peer, size: int) -> float:
    place = stage.work / "peer"
    place.mkdir()
    peer.prepare(size, place)
    started = time.monotonic()
    peer.sign(size, place)
    seconds = time.monotonic() - started
    issuer = _load(next(path for path in (place / "pki/ca.crt", stage.authority / "ca.pem") if path.exists()))
    require_signed(stage, size, read_signed(place, stage.names(size), peer.pattern), issuer)
    shutil.rmtree(place)
    return seconds


def find_peers(bench: Bench, stage: Stage) -> tuple[list[Peer], list[str]]:
    """Those that are here, and a sentence for each that is not."""
    peers, left_out = [_openssl(stage)], []
    if Path(EASY_RSA).exists():
        peers.append(_easy_rsa(stage))
    else:
        left_out.append("easy-rsa: it is missing; install it with: apt-get install easy-rsa")
    version, reason = fetch_collection()
    if reason:
        left_out.append(f"community.crypto: it is not to be had: {reason}")
    else:
        peers.append(_ownca(bench, stage, version))
    return peers, left_out


def _openssl(stage: Stage) -> Peer:
    """All requests in one process, which writes its database once."""

    def prepare(_size: int, place: Path) -> None:
        (place / "out").mkdir()
        (place / "index.txt").touch()
        words = _CONFIGURATION.format(place=place, authority=stage.authority)
        (place / "openssl.cnf").write_text(words, encoding="utf-8")

    def sign(size: int, place: Path) -> None:
        files = [str(path) for path in sorted(stage.requests(size).glob("*.csr"))]
        _run(["openssl", "ca", "-config", str(place / "openssl.cnf"), "-batch", "-notext", "-infiles", *files])
        # It names its files by serial numbers; those who asked want theirs.
        for path in (place / "out").glob("*.pem"):
            subject = _load(path).subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
            path.rename(place / f"{subject[0].value!s}.pem")

    version = subprocess.run(["openssl", "version"], check=True, capture_output=True, text=True).stdout.split(" ")
    return Peer(f"openssl ca {version[1]}", sign, prepare=prepare)


def _easy_rsa(stage: Stage) -> Peer:
    """One process a certificate, as its users run it; the requests are where import-req puts them."""
    algorithm = ["--use-algo=ec", "--curve=prime256v1"]

    def run(place: Path, *words: str) -> None:
        _run([EASY_RSA, "--batch", *words], EASYRSA_PKI=str(place / "pki"))

    def prepare(size: int, place: Path) -> None:
        run(place, "init-pki")
        run(place, *algorithm, "--req-cn=Bench CA", "build-ca", "nopass")
        for path in stage.requests(size).glob("*.csr"):
            shutil.copy(path, place / "pki" / "reqs" / f"{path.stem}.req")

    def sign(size: int, place: Path) -> None:
        for name in stage.names(size):
            run(place, "--days=397", "--copy-ext", "sign-req", "server", name)

    return Peer(f"easy-rsa {_find_version('easy-rsa')}", sign, "pki/issued/{name}.crt", prepare, is_slow=True)


def _ownca(bench: Bench, stage: Stage, version: str) -> Peer:
    tasks = bench.work / "roles" / ROLE / "tasks"
    tasks.mkdir(parents=True)
    shutil.copy(HERE / ROLE / "tasks.yml", tasks / "main.yml")

    def sign(size: int, place: Path) -> None:
        words: dict[str, Any] = {"names": stage.names(size), "requests": str(stage.requests(size))}
        write_variables(bench.work, {**words, "authority": str(stage.authority), "place": str(place)})
        bench.run([{"ansible.builtin.import_role": {"name": ROLE}}])

    return Peer(f"community.crypto {version}", sign, is_slow=True)


def _run(command: list[str], **environment: str) -> None:
    """Without what Python and proxies are told for ours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "ANSIBLE_"))}
    ended = subprocess.run(
        command, env={**kept, **environment}, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    if ended.returncode:
        raise SystemExit(f"{command[0]} failed:\n{ended.stdout[-2000:]}{ended.stderr[-2000:]}")


def _find_version(package: str) -> str:
    if not find_program("dpkg-query"):
        return ""
    command = ["dpkg-query", "--show", "--showformat=${Version}", package]
    return subprocess.run(command, check=False, capture_output=True, text=True).stdout.strip()


def _load(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())
