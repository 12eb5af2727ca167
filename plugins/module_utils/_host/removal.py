# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The end of a certificate on a host: what it displaced is put back, what it brought is deleted."""

from __future__ import annotations

import os
from collections.abc import Iterator

from ansible_collections.certwright.tls.plugins.module_utils._host.files import (
    read_optional,
    remove_file,
    sync_directory,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.journal import Attempt
from ansible_collections.certwright.tls.plugins.module_utils._host.outcome import Outcome
from ansible_collections.certwright.tls.plugins.module_utils._host.placements import KEPT_SUFFIX, observe_path
from ansible_collections.certwright.tls.plugins.module_utils._host.request import FileSpec, Wanted
from ansible_collections.certwright.tls.plugins.module_utils._host.store import (
    Store,
    live_generation,
    mark_removal,
    point_live,
    remove_home,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.usage import Usages, recorded_services


def remove_unused(store: Store, wanted: Wanted, usages: Usages) -> Outcome:
    """Asked again under the lock: a configuration may have come to name the files meanwhile."""
    live = live_generation(store, wanted.name)
    usage = usages.observe(wanted)
    if usage.is_used(abandoned=wanted.abandoned):
        fact = "; ".join((*usage.to_json()["named"], *(f"{name} cannot be asked" for name in usage.unasked)))
        return Outcome(wanted.name, "refused", live, live, f"Its files are in use: {fact}; run again", "remove")
    notices = _finish_order(store, wanted.name)
    restored = remove_certificate(store, wanted.name)
    message = f"Put back what stood there before: {', '.join(restored)}" if restored else ""
    return Outcome(wanted.name, "removed", None, live, message, notices=notices)


def finish_leaving(store: Store, attempt: Attempt) -> Outcome:
    """Its services show what they fall back to, and nothing of it is read any more.

    What its paths displaced once is left beside them: at its place a service would read it again.
    """
    notices = _finish_order(store, attempt.certificate)
    kept = [path for item in attempt.placements for path in [item.path + KEPT_SUFFIX] if os.path.lexists(path)]
    remove_certificate(store, attempt.certificate)
    message = f"What stood there before is left beside: {', '.join(kept)}" if kept else ""
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


def remove_certificate(store: Store, certificate: str) -> tuple[str, ...]:
    """Safe to repeat after a kill at any point, since the records that say what to undo are removed last.

    0. a mark, so that no generation is taken for one that waits
    1. foreign paths: what they displaced is there again, else they are gone
    2. the live link
    3. every generation with its keys
    Returns the paths that were put back.
    """
    mark_removal(store, certificate)  # 0
    restored = tuple(path for path in _foreign_paths(store, certificate) if _undo(path))  # 1
    point_live(store, certificate, None)  # 2
    remove_home(store, certificate)  # 3
    return restored


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


def _undo(path: str) -> bool:
    """Whether something was put back. The first that was kept is what stood there before us."""
    kept = path + KEPT_SUFFIX
    is_kept = os.path.lexists(kept)
    if is_kept:
        os.replace(kept, path)
    else:
        remove_file(path)
    sync_directory(os.path.dirname(path))
    return is_kept
