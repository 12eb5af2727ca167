# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every certificate that lies in the store, in files or at ports of a host. Reads only, and never tells a key."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from typing import Any

from ansible_collections.certwright.tls.plugins.module_utils._host.certificate_files import (
    CertificateFile,
    find_certificate_files,
    read_certificates,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.files import HostError, read_optional
from ansible_collections.certwright.tls.plugins.module_utils._host.keystore_files import KeystoreReader
from ansible_collections.certwright.tls.plugins.module_utils._host.listeners import observe_listeners
from ansible_collections.certwright.tls.plugins.module_utils._host.observation import observe_store
from ansible_collections.certwright.tls.plugins.module_utils._host.own_client import find_own_client
from ansible_collections.certwright.tls.plugins.module_utils._host.pem import Block, load_blocks
from ansible_collections.certwright.tls.plugins.module_utils._host.probe import ProbeTarget, Served, observe_served
from ansible_collections.certwright.tls.plugins.module_utils._host.request import Limits, Wanted
from ansible_collections.certwright.tls.plugins.module_utils._host.store import (
    Store,
    is_stored,
    read_document,
    stored_certificates,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.store_lock import locked_for_reading

CERTIFICATE = "CERTIFICATE"
FILE_LIMIT = 5000
_CHAIN, _KEY = "fullchain.pem", "privkey.pem"
_REMEMBERED = ("tries", "time", "message")


@dataclass(frozen=True)
class SurveyRequest:
    """Paths and ports to look at, and whether the store is shown, with the ports of its services, or known only.

    `certificates` are the names in the store that count; all when empty. `passphrase` is that of keystores among the
    paths.
    """

    paths: tuple[str, ...] = ()
    targets: tuple[ProbeTarget, ...] = ()
    certificates: tuple[str, ...] = ()
    stored: bool = True
    passphrase: str = field(default="", repr=False)
    limits: Limits = field(default_factory=Limits)

    @classmethod
    def from_json(cls, given: dict[str, Any]) -> SurveyRequest:
        return cls(
            paths=tuple(given["paths"]),
            targets=tuple(_load_target(item) for item in given["targets"]),
            certificates=tuple(given["certificates"]),
            stored=given["stored"],
            passphrase=given.get("passphrase") or "",
            limits=Limits(**given.get("limits") or {}),
        )


class Texts:
    """The PEM text of each certificate once, by its SHA-256: hundreds of files bring the same chain."""

    def __init__(self) -> None:
        self.by_fingerprint: dict[str, str] = {}

    def add(self, der: bytes) -> str:
        fingerprint = hashlib.sha256(der).hexdigest()
        if fingerprint not in self.by_fingerprint:
            self.by_fingerprint[fingerprint] = Block(CERTIFICATE, der).text
        return fingerprint

    def add_all(self, content: bytes) -> list[str]:
        blocks = load_blocks(content)
        return [self.add(block.content) for block in blocks if block.label == CERTIFICATE and block.content]


def survey(store: Store, request: SurveyRequest) -> dict[str, Any]:
    """The store under its lock, then files and ports without it.

    What cannot be looked at is told as a fact beside everything else; nothing of it fails.
    """
    texts = Texts()
    held = _survey_store(store, request, texts)
    keystores = KeystoreReader(request.passphrase)
    return {
        **held,
        "store": store.path,
        "files": [
            _describe_file(keystores.open(found), texts)
            for path in request.paths
            for found in _survey_path(path, store)
        ],
        "served": _survey_ports(store, held["certificates"], request, texts),
        "texts": texts.by_fingerprint,
        "time": time.time(),
    }


def _survey_store(store: Store, request: SurveyRequest, texts: Texts) -> dict[str, Any]:
    """A store that only root may look into hides nothing else."""
    try:
        with locked_for_reading(store, patience=request.limits.lock):
            return _survey_locked(store, request, texts)
    except HostError as error:
        return {"certificates": {}, "memories": {}, "journal": None, "store_fact": str(error)}
    except OSError as error:
        fact = f"The store {store.path} cannot be read: {error.strerror}; run with `become`"
        return {"certificates": {}, "memories": {}, "journal": None, "store_fact": fact}


def _survey_locked(store: Store, request: SurveyRequest, texts: Texts) -> dict[str, Any]:
    names = [name for name in stored_certificates(store) if not request.certificates or name in request.certificates]
    held = observe_store(store, [Wanted(name) for name in names if is_stored(store, name)])
    shown = texts if request.stored else None
    certificates = {name: _describe_states(store, name, found, shown) for name, found in held["certificates"].items()}
    memories = {name: _read_memory(store, name) for name in names if request.stored}
    return {"certificates": certificates, "memories": memories, "journal": held["journal"], "store_fact": ""}


def _read_memory(store: Store, name: str) -> dict[str, Any]:
    """What the controller remembers of its orders here; a damaged memory counts as none."""
    try:
        return read_document(store.issuance(name)) or {}
    except HostError:
        return {}


def _describe_states(store: Store, name: str, found: dict[str, Any], texts: Texts | None) -> dict[str, Any]:
    states = {
        state: _describe_generation(store, name, found[state], texts=texts)
        for state in ("live", "pending")
        if found[state] is not None
    }
    if found.get("adopted"):
        states["adopted"] = _describe_adopted(found["adopted"], texts or Texts())
    return states


def _describe_adopted(record: dict[str, Any], texts: Texts) -> dict[str, Any]:
    """It lies where somebody else keeps and renews it, so the file counts and not what was recorded of it."""
    file = _describe_file(read_certificates(record["certificate_path"]), texts)
    fingerprint = next(iter(file["certificates"]), record["fingerprint"])
    return {
        "generation": None,
        "path": file["path"],
        "record": dict(record, fingerprint=fingerprint),
        "drift": [],
        "failure": file["fact"],
        "activation": {},
        "certificates": file["certificates"],
        "holds_private_key": os.path.exists(record["private_key_path"]),
    }


def _describe_generation(store: Store, name: str, found: dict[str, Any], *, texts: Texts | None) -> dict[str, Any]:
    directory = store.generation(name, found["generation"])
    path = os.path.join(directory, _CHAIN)
    content = read_optional(path) if texts else None
    return {
        "generation": found["generation"],
        "path": path,
        "record": found["record"],
        "drift": found["drift"],
        "failure": found["activation"].get("message", ""),
        "activation": {word: found["activation"][word] for word in _REMEMBERED if word in found["activation"]},
        "certificates": texts.add_all(content) if texts and content else [],
        "holds_private_key": os.path.exists(os.path.join(directory, _KEY)),
    }


def _survey_path(path: str, store: Store) -> Iterator[CertificateFile]:
    """What somebody named is told whatever it is; of a directory only what holds certificates or keystores."""
    place = os.path.normpath(os.path.expandvars(os.path.expanduser(path)))
    if not os.path.isabs(place):
        yield CertificateFile(path, fact="is not an absolute path on the host")
    elif not os.path.isdir(place):
        yield read_certificates(place)
    elif not os.access(place, os.R_OK | os.X_OK):
        yield CertificateFile(place, fact="cannot be opened: Permission denied")
    else:
        # The store is shown as such; whoever searches inside of it wants its files.
        yield from list(find_certificate_files(place, limit=FILE_LIMIT, without=store.path)) or [CertificateFile(place)]


def _describe_file(found: CertificateFile, texts: Texts) -> dict[str, Any]:
    return {
        "path": found.path,
        "certificates": [fingerprint for text in found.certificates for fingerprint in texts.add_all(text.encode())],
        "holds": list(found.holds),
        "fact": found.fact,
        "unread": found.unread,
        "ended": found.ended,
        "mode": found.mode,
    }


def _survey_ports(
    store: Store, certificates: dict[str, dict[str, Any]], request: SurveyRequest, texts: Texts
) -> list[dict[str, Any]]:
    """Each question once, with everybody in the store who asks it; `asked` tells those of the request."""
    owners: dict[ProbeTarget, list[dict[str, str]]] = {target: [] for target in request.targets}
    for name, found in certificates.items() if request.stored else ():
        for service, target in _find_targets(found):
            owners.setdefault(find_own_client(store, name, target), []).append(
                {"certificate": name, "service": service}
            )
    if not owners:
        return []
    answers = observe_served(owners, observe_listeners(), timeout=request.limits.handshake)
    return [
        dict(_describe_served(item, texts), owners=owners[item.target], asked=item.target in request.targets)
        for item in answers
    ]


def _find_targets(found: dict[str, Any]) -> Iterable[tuple[str, ProbeTarget]]:
    """Of what is live, else of what is stored."""
    generation = found.get("live") or found.get("pending") or {"record": {}}
    for service in generation["record"].get("services") or ():
        yield from ((service["name"], _load_target(item)) for item in service.get("probes") or ())


def _load_target(given: dict[str, Any]) -> ProbeTarget:
    """A record of a newer release may have words that this one does not know."""
    return ProbeTarget(**{item.name: given[item.name] for item in fields(ProbeTarget) if item.name in given})


def _describe_served(served: Served, texts: Texts) -> dict[str, Any]:
    if served.leaf:
        texts.add(served.leaf)
    return {
        "port": served.target.port,
        "address": served.address,
        "server_name": served.target.server_name,
        "starttls": served.target.starttls,
        "state": served.state,
        "fingerprint": served.fingerprint,
        "detail": served.detail,
    }
