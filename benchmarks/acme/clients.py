# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 the certwright.tls authors

"""Other clients as their users run them: certbot, lego and uacme once a certificate, community.crypto by a playbook."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from issued import require_issued
from material import write_variables
from peer import fetch_collection
from playbooks import Bench
from processes import find_program
from stage import Stage

HERE = Path(__file__).resolve().parent
CONTACT = "pki@example.test"
ROLE = "acme_certificate"
# uacme's library knows one file of CAs, which it therefore sees with Pebble's in a mount namespace of its own.
TRUSTING = 'mount --bind "$0" /etc/ssl/certs/ca-certificates.crt && exec "$@"'

Words = Callable[[Stage, Path], list[str]]


@dataclass(frozen=True)
class Peer:
    """A client that is ready: the CA knows its account. `order` leaves certificates and keys in a directory."""

    title: str
    order: Callable[[tuple[str, ...], Path], None]
    certificate: str
    private_key: str

    def measure(self, stage: Stage, size: int, work: Path) -> float:
        names, place, before = stage.take_names(size), work / "peer", stage.count_orders()
        started = time.monotonic()
        self.order(names, place)
        seconds = time.monotonic() - started
        require_issued(names, place, self.certificate, self.private_key)
        if stage.count_orders() - before != size:
            raise SystemExit(f"{stage.count_orders() - before} orders by {self.title}: this was no measurement")
        shutil.rmtree(place)
        return seconds


@dataclass(frozen=True)
class Program:
    """A program of its own: how it makes an account in a directory, and how it orders for one more name there."""

    name: str
    register: Words
    order: Callable[[Stage, Path, str], list[str]]
    certificate: str
    private_key: str
    environment: Callable[[Stage], Mapping[str, str]] = field(default=lambda _stage: {})
    prefix: Callable[[Stage], list[str]] = field(default=lambda _stage: [])


def _certbot(stage: Stage, place: Path) -> list[str]:
    folders = (word for kind in ("config", "work", "logs") for word in (f"--{kind}-dir", str(place / kind)))
    return ["--non-interactive", "--agree-tos", "--email", CONTACT, "--server", stage.directory, *folders]


def _lego(stage: Stage, place: Path) -> list[str]:
    words = ["--server", stage.directory, "--email", CONTACT, "--accept-tos", "--path", str(place)]
    return ["lego", *words, "--http", "--http.webroot", str(stage.webroot)]


def _uacme(stage: Stage, place: Path) -> list[str]:
    return ["uacme", "--acme-url", stage.directory, "--confdir", str(place), "--yes", "--type", "EC"]


def _trust(stage: Stage) -> list[str]:
    as_root = [] if os.geteuid() == 0 else ["--map-root-user"]
    return ["unshare", "--mount", *as_root, "sh", "-c", TRUSTING, stage.ca]


PROGRAMS = (
    Program(
        "certbot",
        register=lambda stage, place: ["certbot", "register", *_certbot(stage, place)],
        order=lambda stage, place, name: [
            *("certbot", "certonly", *_certbot(stage, place)),
            *("--webroot", "--webroot-path", str(stage.webroot), "--key-type", "ecdsa", "--domain", name),
        ],
        certificate="config/live/{name}/fullchain.pem",
        private_key="config/live/{name}/privkey.pem",
        environment=lambda stage: {"REQUESTS_CA_BUNDLE": stage.ca},
    ),
    Program(
        "lego",
        # It has no word for an account alone.
        register=lambda stage, place: [*_lego(stage, place), "--domains", stage.take_names(1)[0], "run"],
        order=lambda stage, place, name: [*_lego(stage, place), "--domains", name, "run"],
        certificate="certificates/{name}.crt",
        private_key="certificates/{name}.key",
        environment=lambda stage: {"LEGO_CA_CERTIFICATES": stage.ca},
    ),
    Program(
        "uacme",
        register=lambda stage, place: [*_uacme(stage, place), "new", CONTACT],
        order=lambda stage, place, name: [*_uacme(stage, place), "--hook", "/usr/share/uacme/uacme.sh", "issue", name],
        certificate="{name}/cert.pem",
        private_key="private/{name}/key.pem",
        environment=lambda stage: {"UACME_CHALLENGE_PATH": str(stage.webroot / ".well-known" / "acme-challenge")},
        prefix=_trust,
    ),
)
TITLES = (*(program.name for program in PROGRAMS), "community.crypto")


def find_peers(bench: Bench, stage: Stage, titles: tuple[str, ...]) -> tuple[list[Peer], list[str]]:
    """Those that can be measured here, and a sentence for each that cannot."""
    peers, left_out = [], []
    for program in PROGRAMS:
        if program.name in titles:
            place = bench.work / f"account-{program.name}"
            reason = _register(program, stage, place)
            if reason:
                left_out.append(f"{program.name}: {reason}")
            else:
                peers.append(_ready(program, stage, place))
    if "community.crypto" in titles:
        version, reason = fetch_collection()
        if reason:
            left_out.append(f"community.crypto: it is not to be had: {reason}")
        else:
            peers.append(_ready_playbook(bench, stage, version))
    return peers, left_out


def _register(program: Program, stage: Stage, place: Path) -> str:
    """Why it cannot be measured, empty when its account is there."""
    if not find_program(program.name):
        return f"it is missing; install it with: apt-get install {program.name}"
    place.mkdir()
    ended = _run(program, program.register(stage, place), stage)
    said = [*ended.stdout.splitlines(), *ended.stderr.splitlines(), f"it ended with {ended.returncode}"]
    return said[-2 if len(said) > 1 else -1] if ended.returncode else ""


def _ready(program: Program, stage: Stage, account: Path) -> Peer:
    def order(names: tuple[str, ...], place: Path) -> None:
        shutil.copytree(account, place, symlinks=True)
        for name in names:
            ended = _run(program, program.order(stage, place, name), stage)
            if ended.returncode:
                raise SystemExit(f"{program.name} failed for {name}:\n{ended.stdout[-2000:]}{ended.stderr[-2000:]}")

    return Peer(
        f"{program.name} {_find_version(program.name)}".strip(), order, program.certificate, program.private_key
    )


def _run(program: Program, command: list[str], stage: Stage) -> subprocess.CompletedProcess[str]:
    """Without what Python and proxies are told for ours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "ANSIBLE_"))}
    environment = {**kept, **program.environment(stage)}
    words = [*program.prefix(stage), *command]
    return subprocess.run(words, env=environment, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL)


def _find_version(package: str) -> str:
    if not find_program("dpkg-query"):
        return ""
    command = ["dpkg-query", "--show", "--showformat=${Version}", package]
    return subprocess.run(command, check=False, capture_output=True, text=True).stdout.strip()


def _ready_playbook(bench: Bench, stage: Stage, version: str) -> Peer:
    tasks = bench.work / "roles" / ROLE / "tasks"
    tasks.mkdir(parents=True)
    shutil.copy(HERE / ROLE / "tasks.yml", tasks / "main.yml")
    account = bench.work / "account-crypto.pem"

    def order(names: tuple[str, ...], place: Path) -> None:
        lists: dict[str, Any] = {"names": names, "place": str(place), "directory": stage.directory}
        write_variables(bench.work, {**lists, "webroot": str(stage.webroot), "account_key": str(account)})
        bench.run([{"ansible.builtin.import_role": {"name": ROLE}}])

    _make_account(bench, stage, account)
    return Peer(f"community.crypto {version}", order, "{name}.pem", "{name}.key")


def _make_account(bench: Bench, stage: Stage, account: Path) -> None:
    words = {
        "account_key_src": str(account),
        "acme_directory": stage.directory,
        "acme_version": 2,
        "validate_certs": False,
        "state": "present",
        "terms_agreed": True,
        "contact": [f"mailto:{CONTACT}"],
    }
    key = {"path": str(account), "type": "ECC", "curve": "secp256r1"}
    bench.run([{"community.crypto.openssl_privatekey": key}, {"community.crypto.acme_account": words}])
