# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The backup of a CA: the same layout in another directory, from which the CA is restored by copying it back."""

from __future__ import annotations

import os
from collections.abc import Iterator

from ansible_collections.certwright.tls.plugins.module_utils._host.ca_directory import (
    CaDirectory,
    CaProblem,
    find_openness,
    find_status,
    list_files,
    locate_backup,
    naming,
    open_plain,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.ca_ledger import Head, read_head
from ansible_collections.certwright.tls.plugins.module_utils._host.ca_reading import starts_alike
from ansible_collections.certwright.tls.plugins.module_utils._host.ca_writing import (
    archive,
    extend_ledger,
    stage_head,
    write_all,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.files import (
    HostError,
    make_directory,
    remove_file,
    replace_file,
    sync_directory,
)

_CHUNK = 1 << 20


def refresh_backup(source: CaDirectory, head: Head, declared: str) -> None:
    """It can take the CA's place as it is at `head`. Raises HostError, OSError. Under the lock of the CA.

    1. the place is ours: made when it is missing, else safe, and of this CA
    2. key files; another one of the same name is kept in the archive
    3. the ledger: what is new is appended; whole, to a new file, where it is no beginning of ours
    4. the head, so that a backup that was killed is the earlier one, or damaged and written anew
    5. what the CA has put into its archive is only there
    """
    backup = locate_backup(declared)
    _require_apart(source, backup)
    _require_safe(backup, head)  # 1
    _require_same_ca(source, backup)
    for name in ("keys", "archive"):  # 2
        _copy_files(os.path.join(source.path, name), os.path.join(backup.path, name), backup)
    before = _find_sound_end(source, backup, head)
    if before is None:  # 3
        _copy_ledger(source, backup, head.size)
    else:
        extend_ledger(backup, before, _read_pieces(source, before, head.size))
    os.replace(stage_head(backup, head), backup.head)  # 4
    sync_directory(backup.path)
    _drop_archived(source, backup)  # 5


def require_not_newer(source: CaDirectory, head: Head | None, declared: str) -> None:
    """Raises CaProblem: a backup that knows more shows that the CA is an older copy of itself, and is never lost."""
    try:
        backup = locate_backup(declared)
        if head is None or not os.path.lexists(backup.ledger) or _read_first_line(backup) != _read_first_line(source):
            return
        number = read_head(backup).number
    except (HostError, OSError):  # told where it is written
        return
    if number > head.number:
        fact = f"The backup {backup.path} has {number} entries, and the CA {source.path} only {head.number}"
        way_out = "it is an older copy, so nothing was written; restore that backup, or move it away"
        raise CaProblem("ca_rolled_back", f"{fact}: {way_out}")


def _drop_archived(source: CaDirectory, backup: CaDirectory) -> None:
    """A key that was sealed anew must not open with its old passphrase from where nobody looks."""
    kept = set(list_files(source.keys))
    for name in list_files(os.path.join(source.path, "archive")):
        if name not in kept and os.path.lexists(os.path.join(backup.keys, name)):
            remove_file(os.path.join(backup.keys, name))


def _require_apart(source: CaDirectory, backup: CaDirectory) -> None:
    ours, theirs = os.path.realpath(source.path), os.path.realpath(backup.path)
    if os.path.commonpath((ours, theirs)) in (ours, theirs):
        fact = f"The backup {backup.path} and the CA directory {source.path} lie in each other"
        raise HostError(f"{fact}; give a directory of its own, on another disk")


def _require_safe(backup: CaDirectory, head: Head) -> None:
    try:
        status = find_status(backup)
    except CaProblem as problem:
        if problem.code != "ca_damaged":
            raise
        status = "ready"
    if status == "missing":
        if not os.path.isdir(os.path.dirname(backup.path)):
            fact = f"The directory of the backup {backup.path} does not exist"
            raise HostError(f"{fact}; mount or create it, or give another path")
        make_directory(backup.path, 0o700)
    openness = find_openness(backup)
    if openness is not None:
        raise openness
    if status != "ready":
        replace_file(backup.head, Head.begun(head.time).to_bytes())


def _require_same_ca(source: CaDirectory, backup: CaDirectory) -> None:
    """Its first entry tells a CA from all others; a ledger that is not there tells nothing."""
    if not os.path.lexists(backup.ledger):
        return
    theirs = _read_first_line(backup)
    if theirs.endswith(b"\n") and theirs != _read_first_line(source):
        fact = f"The backup {backup.path} holds another CA, or its first entry is damaged"
        raise HostError(f"{fact}; move it away, or give an empty directory")


def _read_first_line(directory: CaDirectory) -> bytes:
    with open(open_plain(directory, directory.ledger), "rb") as file:
        return file.readline()


def _copy_files(there: str, here: str, backup: CaDirectory) -> None:
    source = CaDirectory(os.path.dirname(there))
    names = list_files(there)
    if names:
        make_directory(here, 0o700)
    for name in names:
        content = _read(source, os.path.join(there, name))
        path = os.path.join(here, name)
        if not os.path.lexists(path):
            with naming(path):
                replace_file(path, content)
        elif _read(backup, path) != content:
            archive(backup, path)
            with naming(path):
                replace_file(path, content)


def _read(directory: CaDirectory, path: str) -> bytes:
    with open(open_plain(directory, path), "rb") as file, naming(path):
        return file.read()


def _find_sound_end(source: CaDirectory, backup: CaDirectory, head: Head) -> int | None:
    """How many bytes of the backup's ledger are the beginning of ours; None when it must be written as a whole."""
    try:
        size = read_head(backup).size
        if not os.path.lexists(backup.ledger):
            return 0 if not size else None
        is_beginning = size <= head.size and starts_alike(source, backup, size)
    except CaProblem:
        return None
    return size if is_beginning else None


def _read_pieces(source: CaDirectory, start: int, end: int) -> Iterator[bytes]:
    with open(open_plain(source, source.ledger), "rb") as file:
        file.seek(start)
        while start < end:
            piece = file.read(min(end - start, _CHUNK))
            if not piece:
                raise CaProblem("ca_damaged", f"The ledger of {source.path} became shorter; look at the disk")
            start += len(piece)
            yield piece


def _copy_ledger(source: CaDirectory, backup: CaDirectory, size: int) -> None:
    """What the backup had is kept: it may know entries that a CA lost."""
    fresh = backup.ledger + ".new"
    remove_file(fresh)
    with naming(fresh):
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            for piece in _read_pieces(source, 0, size):
                write_all(descriptor, piece)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    if os.path.lexists(backup.ledger):
        archive(backup, backup.ledger)
    os.replace(fresh, backup.ledger)
    sync_directory(backup.path)
