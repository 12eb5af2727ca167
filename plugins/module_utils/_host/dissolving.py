# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The end of a store, when nothing of ours is in it any more; what others put there stays."""

from __future__ import annotations

import contextlib
import os
from typing import Any

from ansible_collections.certwright.tls.plugins.module_utils._host.challenge_port import LOCK
from ansible_collections.certwright.tls.plugins.module_utils._host.files import remove_file, sync_directory
from ansible_collections.certwright.tls.plugins.module_utils._host.store import (
    Store,
    read_document,
    stored_certificates,
    write_document,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.tombstones import (
    VERSION,
    buried_certificates,
    merge_leaves,
)


def dissolve(store: Store, words: dict[str, Any]) -> dict[str, Any]:
    """Nothing is done while a certificate is left. Safe to repeat after a kill at any point.

    1. beside the store: when, by which run and why, and what leaked
    2. what is written of each certificate that went
    3. the store's own files and directories, the lock last
    """
    left = stored_certificates(store)
    if left:
        return {"dissolved": False, "left": [store.home(name) for name in left]}
    names = buried_certificates(store)
    documents = [read_document(store.tombstone(name)) or {} for name in names]
    known = (read_document(store.decommissioned) or {}).get("leaves", ())
    leaves = [leaf for document in documents for leaf in document.get("leaves", ()) if leaf.get("compromised")]
    told = {"version": VERSION, "removed": words, "leaves": merge_leaves(known, leaves)}
    write_document(store.decommissioned, told)  # 1
    for name in names:
        remove_file(store.tombstone(name))  # 2
    _remove_frame(store)  # 3
    return {"dissolved": not os.path.lexists(store.path), "left": _list_all(store.path)}


def _remove_frame(store: Store) -> None:
    ports = os.path.dirname(store.challenges(0))
    for directory in _list_all(ports):
        remove_file(os.path.join(directory, LOCK))
        _remove_empty(directory)
    for path in store.frame[:-1]:
        _remove_empty(path)
    if set(_list_all(store.path)) <= {store.ignore, store.lock}:
        remove_file(store.ignore)
        remove_file(store.lock)
        _remove_empty(store.path)
    sync_directory(os.path.dirname(store.path))


def _remove_empty(path: str) -> None:
    """A link that leads elsewhere was made by somebody else."""
    with contextlib.suppress(OSError):
        os.rmdir(path)


def _list_all(path: str) -> list[str]:
    try:
        return sorted(os.path.join(path, name) for name in os.listdir(path))
    except (FileNotFoundError, NotADirectoryError):
        return []
