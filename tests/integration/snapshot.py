# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything that can be seen of a directory tree, so that two looks compare equal only when nothing was touched."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

Snapshot = dict[str, tuple[object, ...]]


def take_snapshot(root: Path) -> Snapshot:
    """By relative path: type, mode, owner, group, inode, time of change, and digest or target.

    Of the store's lock only that it is there counts: whoever holds it leaves his name in it, for others who wait.
    """
    return {str(path.relative_to(root)): _look(path) for path in [root, *sorted(root.rglob("*"))]}


def _look(path: Path) -> tuple[object, ...]:
    found = path.lstat()
    common = (stat.filemode(found.st_mode), found.st_uid, found.st_gid, found.st_ino)
    if path.name == ".lock":
        return common
    if stat.S_ISLNK(found.st_mode):
        return (*common, os.readlink(path))
    if stat.S_ISREG(found.st_mode):
        return (*common, found.st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest())
    return (*common, found.st_mtime_ns)
