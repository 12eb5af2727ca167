# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the system keeps whom it trusts, and the words in which controller and host speak of it."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ansible_collections.certwright.tls.plugins.module_utils._host.files import HostError
from ansible_collections.certwright.tls.plugins.module_utils._host.pem import load_blocks

# What this collection places has such a name, and nothing else is touched.
STEM = re.compile(r"certwright-[0-9a-f]{16}\Z")
APPLIED, PUT_BACK, STRANDED = "applied", "put_back", "stranded"
_PATHS = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")


class PlaceError(HostError):
    """One place cannot be used; `code` is for programs."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class SystemStore:
    """A directory of anchors and the program that makes the system's bundle of them.

    `journal` lies outside of what the program reads. `config` is what Debian's program takes removals from.
    """

    directory: str
    extension: str
    program: tuple[str, ...]
    bundle: str
    journal: str
    config: str = ""

    def path(self, stem: str) -> str:
        return os.path.join(self.directory, stem + self.extension)


SYSTEM_STORES = (
    SystemStore(
        directory="/usr/local/share/ca-certificates",
        extension=".crt",
        program=("update-ca-certificates",),
        bundle="/etc/ssl/certs/ca-certificates.crt",
        journal="/etc/ssl/certwright-trust.json",
        config="/etc/ca-certificates.conf",
    ),
    SystemStore(
        directory="/etc/pki/ca-trust/source/anchors",
        extension=".pem",
        program=("update-ca-trust", "extract"),
        bundle="/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
        journal="/etc/pki/ca-trust/certwright-trust.json",
    ),
    SystemStore(
        directory="/etc/pki/trust/anchors",
        extension=".pem",
        program=("update-ca-certificates",),
        bundle="/var/lib/ca-certificates/ca-bundle.pem",
        journal="/etc/ssl/certwright-trust.json",
    ),
)
# Made anew from the system's anchors whenever those change.
GENERATED = ("/etc/pki/ca-trust/extracted/", "/var/lib/ca-certificates/", "/etc/ssl/certs/java/")


@dataclass(frozen=True)
class Change:
    """What a place is to hold besides (`write`, PEM by stem) and what no more; `expected` are fingerprints that it has
    to hold in the end."""

    write: Mapping[str, str] = field(default_factory=dict)
    remove: tuple[str, ...] = ()
    expected: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Change:
        return cls(dict(given["write"]), tuple(given["remove"]), tuple(given["expected"]))


@dataclass(frozen=True)
class Outcome:
    """`outcome` is APPLIED, PUT_BACK (the place is as it was) or STRANDED."""

    place: str
    outcome: str
    message: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def find_system_store(stores: Iterable[SystemStore] = SYSTEM_STORES) -> SystemStore:
    """By what is there, not by the name of the distribution."""
    for store in stores:
        if os.path.isdir(store.directory) and find_program(store.program[0]):
            return store
    looked = ", ".join(f"{store.directory} with {store.program[0]}" for store in stores)
    fact = f"This host has no place for certificates that all its programs trust; looked for {looked}"
    way_out = "install the package ca-certificates, or say `system: false` and list `java_stores`"
    raise PlaceError("trust_store_missing", f"{fact}. {way_out}")


def find_program(name: str) -> str | None:
    """A remote login without root's profile has no sbin in its PATH."""
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *_PATHS]))


def find_fingerprints(content: bytes) -> tuple[str, ...]:
    """SHA-256 of each certificate in PEM text, as hex."""
    blocks = load_blocks(content)
    return tuple(hashlib.sha256(block.content).hexdigest() for block in blocks if block.label.endswith("CERTIFICATE"))
