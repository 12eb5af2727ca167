# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is written into a CA's directory, or its backup: synced before the head says so, and no key file is lost."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable

from ansible_collections.certwright.tls.plugins.module_utils._host.ca_directory import CaDirectory, naming
from ansible_collections.certwright.tls.plugins.module_utils._host.ca_ledger import Head
from ansible_collections.certwright.tls.plugins.module_utils._host.files import (
    Attributes,
    make_directory,
    no_label,
    remove_file,
    sync_directory,
    write_new,
)


def extend_ledger(directory: CaDirectory, size: int, pieces: Iterable[bytes]) -> None:
    """The pieces lie behind the first `size` bytes, synced, and nothing behind them."""
    is_new = not os.path.lexists(directory.ledger)
    with naming(directory.ledger):
        flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(directory.ledger, flags, 0o600)
        try:
            os.ftruncate(descriptor, size)
            os.lseek(descriptor, size, os.SEEK_SET)
            for piece in pieces:
                write_all(descriptor, piece)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if is_new:
            sync_directory(directory.path)


def write_all(descriptor: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]


def stage_head(directory: CaDirectory, head: Head) -> str:
    """The path of the complete head, which only has to be renamed."""
    fresh = directory.head + ".new"
    with naming(fresh):
        remove_file(fresh)
        write_new(fresh, head.to_bytes(), attributes=Attributes(), label=no_label)
    return fresh


def archive_key_file(directory: CaDirectory, name: str) -> None:
    """In the archive, beside what has that name there. Nothing to do when it is not there."""
    path = directory.key_file(name)
    if os.path.lexists(path):
        archive(directory, path)


def archive(directory: CaDirectory, path: str) -> None:
    make_directory(directory.archive, 0o700)
    name = os.path.basename(path)
    numbered = (f"{name}.{number}" for number in itertools.count(1))
    free = (word for word in itertools.chain([name], numbered) if not _is_taken(directory, word))
    os.rename(path, os.path.join(directory.archive, next(free)))
    sync_directory(directory.archive)
    sync_directory(os.path.dirname(path))


def _is_taken(directory: CaDirectory, name: str) -> bool:
    return os.path.lexists(os.path.join(directory.archive, name))
