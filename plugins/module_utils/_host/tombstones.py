# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was removed, and what it had: a file for each certificate that went, and one beside the store for a host.

<store>/removed/<certificate>.json     removed   when, by which run and why; missing when it came back
<store>.decommissioned.json            leaves    its certificates, without their keys: what may still be revoked,
                                                 and what is never to be installed again
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from ansible_collections.certwright.tls.plugins.module_utils._host.files import HostError, make_directory, remove_file
from ansible_collections.certwright.tls.plugins.module_utils._host.store import (
    Store,
    read_document,
    timestamp,
    write_document,
)

VERSION = 1


def observe_tombstone(store: Store, certificate: str) -> dict[str, Any]:
    """What a plan has to obey, its own or that of the whole host; empty where there is none.

    A damaged one is named by whoever wants to write it, and keeps nothing from being looked at.
    """
    own, host = _read_sound(store.tombstone(certificate)), _read_sound(store.decommissioned)
    if not own and not host:
        return {}
    leaves = [*own.get("leaves", ()), *host.get("leaves", ())]
    spoiled = [leaf for leaf in leaves if leaf.get("compromised")]
    gone = host.get("removed") or own.get("removed")
    return {
        **({"removed": gone, "host": bool(host.get("removed"))} if gone else {}),
        "compromised": sorted({leaf["fingerprint"] for leaf in spoiled}),
        "keys": sorted({leaf["key"] for leaf in spoiled}),
    }


def _read_sound(path: str) -> dict[str, Any]:
    try:
        return read_document(path) or {}
    except HostError:
        return {}


def bury(store: Store, certificate: str, leaves: Iterable[dict[str, Any]], words: dict[str, Any]) -> None:
    """Written before anything goes, so that a removal that is killed half way still knows what there was.

    `words` have what is `removed`, the fingerprints that are `compromised` and those that are `revoked`.
    """
    make_directory(store.removed_directory)
    known = read_document(store.tombstone(certificate)) or {}
    merged = merge_leaves(known.get("leaves", ()), leaves)
    for leaf in merged:
        leaf.pop("generation", None)  # which is there as long as its files are
        if leaf["fingerprint"] in words.get("compromised", ()):
            leaf["compromised"] = True
        if leaf["fingerprint"] in words.get("revoked", ()):
            leaf["revoked"] = leaf.get("revoked") or timestamp()
    removed = known.get("removed") or words.get("removed")
    document = {"version": VERSION, "removed": removed, "leaves": [leaf for leaf in merged if _is_kept(leaf)]}
    write_document(store.tombstone(certificate), document)


def merge_leaves(known: Iterable[dict[str, Any]], found: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each once, the oldest first; what was written down of one wins over what its record says."""
    merged = {leaf["fingerprint"]: dict(leaf) for leaf in known}
    for leaf in found:
        merged[leaf["fingerprint"]] = {**leaf, **merged.get(leaf["fingerprint"], {})}
    return list(merged.values())


def _is_kept(leaf: dict[str, Any]) -> bool:
    """What has ended can be neither revoked nor used; a key that leaked stays one that leaked."""
    return bool(leaf.get("compromised")) or str(leaf.get("not_after", "")) > timestamp()


def bring_back(store: Store, certificate: str) -> None:
    """What is stored again is not removed any more, nor is its host; what leaked stays known."""
    for path in (store.tombstone(certificate), store.decommissioned):
        document = _read_sound(path)
        if not document.get("removed"):
            continue
        leaves = [leaf for leaf in document.get("leaves", ()) if _is_kept(leaf)]
        if leaves:
            write_document(path, dict(document, removed=None, leaves=leaves))
        else:
            remove_file(path)


def buried_certificates(store: Store) -> tuple[str, ...]:
    """The names of all that have a tombstone."""
    try:
        names = os.listdir(store.removed_directory)
    except FileNotFoundError:
        return ()
    return tuple(sorted(name[: -len(".json")] for name in names if name.endswith(".json")))
