# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the home of a shared certificate hands out: the newest one, with its key as it is sealed there."""

from __future__ import annotations

import os
from typing import Any

from ansible_collections.certwright.tls.plugins.module_utils._host.files import HostError
from ansible_collections.certwright.tls.plugins.module_utils._host.generation import (
    SEALED,
    Manifest,
    find_drift,
    load_manifest,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.store import (
    RECORD,
    Store,
    complete_generations,
    read_document,
)


def observe_handed(store: Store, certificate: str) -> dict[str, Any]:
    """Empty where there is none, or none that is as it was stored; what is not sealed is never handed out."""
    for number in reversed(complete_generations(store, certificate)):
        directory = store.generation(certificate, number)
        try:
            record = read_document(os.path.join(directory, RECORD)) or {}
            manifest = load_manifest(store, certificate, number)
        except HostError:
            continue
        if not record.get("sealed") or manifest is None:
            continue
        if _is_damaged(store, certificate, number, manifest):
            return {}  # an older one may be the one whose key was lost
        leaf, chain, _fullchain, key = (_read(os.path.join(directory, spec.name)) for spec in SEALED)
        words = {"certificate": leaf, "chain": chain, "sealed_key": key, "fingerprint": manifest.fingerprint}
        return {**words, "issuer": record.get("issuer", ""), "order": record.get("order", {})}
    return {}


def _is_damaged(store: Store, certificate: str, number: int, manifest: Manifest) -> bool:
    """Another owner or mode than it was given makes it no other certificate."""
    return any(item["fact"] != "attributes" for item in find_drift(store, certificate, number, manifest))


def _read(path: str) -> str:
    with open(path, encoding="ascii") as file:
        return file.read()
