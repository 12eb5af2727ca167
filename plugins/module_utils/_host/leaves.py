# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The public part of what the generations of a certificate hold, and whether a file holds a key of theirs."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from typing import Any

from ansible_collections.certwright.tls.plugins.module_utils._host.der import find_end, find_public_key, find_serial
from ansible_collections.certwright.tls.plugins.module_utils._host.files import HostError, read_optional
from ansible_collections.certwright.tls.plugins.module_utils._host.generation import load_manifest
from ansible_collections.certwright.tls.plugins.module_utils._host.key_files import UnusableError
from ansible_collections.certwright.tls.plugins.module_utils._host.pem import load_blocks
from ansible_collections.certwright.tls.plugins.module_utils._host.store import (
    RECORD,
    Store,
    complete_generations,
    read_document,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.tombstones import merge_leaves

_CERTIFICATE = "CERTIFICATE"


def find_leaves(store: Store, certificate: str) -> list[dict[str, Any]]:
    """One for each generation with files of its own, the oldest first.

    A damaged record keeps no certificate from being known: what only the record says is empty then.
    """
    return [leaf for number in complete_generations(store, certificate) for leaf in _read(store, certificate, number)]


def list_leaves(store: Store, certificate: str) -> list[dict[str, Any]]:
    """With those whose files are gone, as they were written down then. Raises HostError where that is damaged."""
    document = read_document(store.tombstone(certificate)) or {}
    return merge_leaves(document.get("leaves", ()), find_leaves(store, certificate))


def _read(store: Store, certificate: str, number: int) -> Iterator[dict[str, Any]]:
    path = os.path.join(store.generation(certificate, number), "cert.pem")
    if _is_borrowed(store, certificate, number, path):
        return
    record = _read_record(os.path.join(store.generation(certificate, number), RECORD))
    for block in load_blocks(read_optional(path) or b""):
        yield {
            "generation": number,
            "fingerprint": hashlib.sha256(block.content).hexdigest(),
            "key": _digest_key(block.content),
            "pem": block.text,
            "issuer": record.get("issuer", ""),
            "names": record.get("declared_names", []),
            "home": record.get("home", ""),
            "serial": find_serial(block.content),
            "not_after": find_end(block.content),
        }


def _is_borrowed(store: Store, certificate: str, number: int, path: str) -> bool:
    """Another certificate's files, by links. A damaged manifest cannot say so; the link does."""
    try:
        manifest = load_manifest(store, certificate, number)
    except HostError:
        return os.path.islink(path)
    return manifest is None or bool(manifest.follows)


def _read_record(path: str) -> dict[str, Any]:
    try:
        return read_document(path) or {}
    except HostError:
        return {}


def _digest_key(certificate: bytes) -> str:
    return hashlib.sha256(find_public_key(certificate)).hexdigest()


def holds_key(path: str, leaves: Iterable[dict[str, Any]]) -> bool | None:
    """Whether a file has the key, or a certificate for the key, of one of these; None when that cannot be told.

    What is no PEM, or encrypted, tells nobody.
    """
    keys = {leaf["key"]: leaf["pem"] for leaf in leaves}
    blocks = load_blocks(read_optional(path) or b"")
    certificates = [block for block in blocks if block.label == _CERTIFICATE]
    private = [block for block in blocks if block.label.endswith("PRIVATE KEY")]
    if any(_digest_key(block.content) in keys for block in certificates):
        return True
    if any(block.is_encrypted for block in private) or not blocks:
        return None
    # Here, because ssl takes 20 ms of an execution, and a leaked key is rare.
    from ansible_collections.certwright.tls.plugins.module_utils._host.key_match import find_fitting  # noqa: PLC0415

    try:
        return any(find_fitting(path, block, list(keys.values())) for block in private)
    except UnusableError:
        return None
