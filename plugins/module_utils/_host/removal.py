# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The end of a certificate on a host: what it displaced is put back, what it brought is deleted."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from typing import Any

from ansible_collections.certwright.tls.plugins.module_utils._host.files import (
    read_optional,
    remove_file,
    sync_directory,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.journal import Attempt
from ansible_collections.certwright.tls.plugins.module_utils._host.leaves import holds_key, list_leaves
from ansible_collections.certwright.tls.plugins.module_utils._host.outcome import Outcome
from ansible_collections.certwright.tls.plugins.module_utils._host.placements import KEPT_SUFFIX, observe_path
from ansible_collections.certwright.tls.plugins.module_utils._host.request import FileSpec, Wanted
from ansible_collections.certwright.tls.plugins.module_utils._host.store import (
    Store,
    live_generation,
    mark_removal,
    point_live,
    prune,
    read_document,
    remove_home,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.tombstones import bury
from ansible_collections.certwright.tls.plugins.module_utils._host.usage import Usages, recorded_services

_PUT_BACK = "Put back what stood there before"
_DELETED = "Deleted what had stood there before and held the compromised key"
_UNKNOWN = "Not put back, since nobody can tell whether it holds the compromised key; look at it and delete it"


def remove_unused(store: Store, wanted: Wanted, usages: Usages) -> Outcome:
    """Asked again under the lock: a configuration may have come to name the files meanwhile."""
    live = live_generation(store, wanted.name)
    usage = usages.observe(wanted)
    if usage.is_used(abandoned=wanted.abandoned):
        fact = "; ".join((*usage.to_json()["named"], *(f"{name} cannot be asked" for name in usage.unasked)))
        return Outcome(wanted.name, "refused", live, live, f"Its files are in use: {fact}; run again", "remove")
    if wanted.bury is not None:
        bury(store, wanted.name, list_leaves(store, wanted.name), wanted.bury)
    notices = _finish_order(store, wanted.name)
    undone = remove_certificate(store, wanted.name)
    return Outcome(wanted.name, "removed", None, live, "; ".join(_describe(undone)), notices=notices)


def purge_earlier(store: Store, wanted: Wanted) -> Outcome:
    """Of what was there before the live generation no key is left, neither in the store nor beside a foreign path."""
    live = live_generation(store, wanted.name)
    if wanted.bury is not None:
        bury(store, wanted.name, list_leaves(store, wanted.name), wanted.bury)
    deleted = tuple(_delete_leaked(_foreign_paths(store, wanted.name), _find_leaked(store, wanted.name)))
    prune(store, wanted.name, keep=0)
    message = "; ".join(_describe(dict.fromkeys(deleted, _DELETED)))
    return Outcome(wanted.name, "purged", live, live, message)


def finish_leaving(store: Store, attempt: Attempt) -> Outcome:
    """Its services show what they fall back to, and nothing of it is read any more.

    What its paths displaced once is left beside them: at its place a service would read it again.
    """
    notices = _finish_order(store, attempt.certificate)
    paths = [item.path for item in attempt.placements]
    deleted = tuple(_delete_leaked(paths, _find_leaked(store, attempt.certificate)))
    kept = [path for item in attempt.placements for path in [item.path + KEPT_SUFFIX] if os.path.lexists(path)]
    remove_certificate(store, attempt.certificate)
    became = {**dict.fromkeys(deleted, _DELETED), **dict.fromkeys(kept, "What stood there before is left beside")}
    message = "; ".join(_describe(became))
    return Outcome(attempt.certificate, "removed", None, attempt.previous, message, notices=notices)


def _finish_order(store: Store, certificate: str) -> tuple[dict[str, str], ...]:
    """What answers for an order goes before the words that say what there is to remove."""
    if not os.path.isdir(store.order(certificate)):
        return ()
    from ansible_collections.certwright.tls.plugins.module_utils._host.open_orders import (  # noqa: PLC0415
        OpenOrders,
        describe_left,
    )

    return describe_left(OpenOrders(store).finish(certificate))


def remove_certificate(store: Store, certificate: str) -> dict[str, str]:
    """Safe to repeat after a kill at any point, since the records that say what to undo are removed last.

    0. a mark, so that no generation is taken for one that waits
    1. foreign paths: what they displaced is there again, else they are gone
    2. the live link
    3. every generation with its keys
    Returns what became of the files that had stood at foreign paths.
    """
    mark_removal(store, certificate)  # 0
    leaked, undone = _find_leaked(store, certificate), {}
    for path in _foreign_paths(store, certificate):  # 1
        undone.update(dict.fromkeys(_delete_leaked([path], leaked), _DELETED))
        undone.update(_undo(path, leaked))
    point_live(store, certificate, None)  # 2
    remove_home(store, certificate)  # 3
    return undone


def _describe(undone: dict[str, str]) -> Iterator[str]:
    for word in dict.fromkeys(undone.values()):
        yield f"{word}: {', '.join(path for path, became in undone.items() if became == word)}"


def _find_leaked(store: Store, certificate: str) -> list[dict[str, Any]]:
    """Certificates of it whose key is known to somebody else."""
    document = read_document(store.tombstone(certificate)) or {}
    return [leaf for leaf in document.get("leaves", ()) if leaf.get("compromised")]


def _delete_leaked(paths: Iterable[str], leaked: list[dict[str, Any]]) -> Iterator[str]:
    """What stood at these paths before us and holds such a key: it is never to be put back by anybody."""
    for path in paths if leaked else ():
        for kept in sorted(glob.glob(f"{glob.escape(path + KEPT_SUFFIX)}*")):
            if holds_key(kept, leaked):
                remove_file(kept)
                sync_directory(os.path.dirname(kept))
                yield kept


def _foreign_paths(store: Store, certificate: str) -> Iterator[str]:
    """Those of all generations that still lead here; what is somebody else's by now is left alone."""
    for service in recorded_services(store, certificate):
        for spec in service.files:
            if spec.path and _is_ours(spec, spec.path, store.live_file(certificate, service.name, spec.name)):
                yield spec.path


def _is_ours(spec: FileSpec, path: str, source: str) -> bool:
    state = observe_path(path, source)
    if spec.in_place and state == "file":
        return read_optional(path) == read_optional(source)
    return state == "ours"


def _undo(path: str, leaked: list[dict[str, Any]]) -> dict[str, str]:
    """What became of the file that stood there before us: the first that was kept."""
    kept, became = path + KEPT_SUFFIX, {}
    if os.path.lexists(kept) and leaked and holds_key(kept, leaked) is None:
        remove_file(path)
        became = {kept: _UNKNOWN}
    elif os.path.lexists(kept):
        os.replace(kept, path)
        became = {path: _PUT_BACK}
    else:
        remove_file(path)
    sync_directory(os.path.dirname(path))
    return became
