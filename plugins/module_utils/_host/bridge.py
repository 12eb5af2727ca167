# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Adopting several files at once, without a moment in which certificate and key do not belong together.

Two files that stood at foreign paths cannot become links to the new generation by one rename. So they become links to a
bridge first, a generation with the very bytes that are there already; then the live link switches all of them at once.
"""

from __future__ import annotations

import os
import stat

from ansible_collections.certwright.tls.plugins.module_utils._host.files import (
    Attributes,
    Labeller,
    make_directory,
    remove_tree,
    sync_directory,
    write_new,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.journal import Attempt
from ansible_collections.certwright.tls.plugins.module_utils._host.placements import Placement, place
from ansible_collections.certwright.tls.plugins.module_utils._host.store import (
    ACTIVATION,
    MANIFEST,
    RECORD,
    Store,
    live_generation,
    point_live,
)

# Never complete, so that it is pruned like everything that is half done once nothing leads there.
BRIDGE = 0


def displaced_links(attempt: Attempt) -> tuple[Placement, ...]:
    return tuple(item for item in attempt.placements if item.before == "kept" and not item.in_place)


def needs_bridge(attempt: Attempt) -> bool:
    """One file is switched by its own rename; only several can be torn apart."""
    return len(displaced_links(attempt)) > 1


def enter_bridge(store: Store, attempt: Attempt, label: Labeller) -> None:
    """Every displaced path leads into the store and shows what it showed before. Safe to repeat."""
    if live_generation(store, attempt.certificate) != BRIDGE:
        _build(store, attempt, label)
        point_live(store, attempt.certificate, BRIDGE)
    for placement in displaced_links(attempt):
        place(placement, label=label)


def leave_to_bridge(store: Store, attempt: Attempt) -> None:
    """On the way back: the old bytes behind all links at once, before the first of them is a file again."""
    built = os.path.isdir(store.generation(attempt.certificate, BRIDGE))
    if built and live_generation(store, attempt.certificate) == attempt.generation:
        point_live(store, attempt.certificate, BRIDGE)


def _build(store: Store, attempt: Attempt, label: Labeller) -> None:
    directory = store.generation(attempt.certificate, BRIDGE)
    remove_tree(directory)
    make_directory(directory)
    if attempt.previous is not None:
        _copy_tree(store.generation(attempt.certificate, attempt.previous), directory, label)
    for placement in displaced_links(attempt):
        if not os.path.isfile(placement.kept):  # a link that led nowhere had nothing to show
            continue
        target = os.path.join(directory, os.path.relpath(placement.source, store.live(attempt.certificate)))
        make_directory(os.path.dirname(target))
        copy_file(placement.kept, target, label)
        sync_directory(os.path.dirname(target))
    sync_directory(directory)
    sync_directory(store.home(attempt.certificate))


def _copy_tree(source: str, target: str, label: Labeller) -> None:
    for parent, directories, files in os.walk(source):
        place_of = os.path.join(target, os.path.relpath(parent, source))
        for name in directories:
            make_directory(os.path.join(place_of, name))
        for name in set(files) - {MANIFEST, RECORD, ACTIVATION}:
            copy_file(os.path.join(parent, name), os.path.join(place_of, name), label)


def copy_file(source: str, target: str, label: Labeller) -> None:
    """With the attributes of the original: whoever could read it before still can, and nobody else."""
    with open(source, "rb") as file:
        found = os.fstat(file.fileno())
        content = file.read()
    attributes = Attributes(found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode))
    if os.path.lexists(target):
        os.unlink(target)
    write_new(target, content, attributes=attributes, label=label)
