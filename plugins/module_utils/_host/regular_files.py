# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files of others, read without being held up: no FIFO, no device, nothing large."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field, replace

MAXIMUM_BYTES = 1024 * 1024
TOO_LARGE, EMPTY = "is larger than 1 MiB", "is empty"


@dataclass(frozen=True)
class RegularFile:
    """The bytes, which may hold a key, or the fact that keeps them from us: `f"{path} {fact}"` is a sentence."""

    content: bytes = field(default=b"", repr=False)
    fact: str = ""
    uid: int = -1
    gid: int = -1
    mode: int = 0


def read_regular(path: str) -> RegularFile:
    """Links are followed. What is not a regular file is not even opened: a watchdog or a tape acts on that."""
    try:
        status = os.stat(path)
    except OSError as error:
        return RegularFile(fact=_describe(path, error))
    except ValueError:
        return RegularFile(fact="is not a path")
    found = RegularFile(uid=status.st_uid, gid=status.st_gid, mode=stat.S_IMODE(status.st_mode))
    fact = _find_obstacle(status)
    if fact:
        return replace(found, fact=fact)
    try:
        content = _read(path)
    except OSError as error:
        return replace(found, fact=_describe(path, error))
    if len(content) > MAXIMUM_BYTES:
        return replace(found, fact=TOO_LARGE)
    return replace(found, content=content, fact="" if content.strip() else EMPTY)


def _find_obstacle(status: os.stat_result) -> str:
    if stat.S_ISDIR(status.st_mode):
        return "is a directory"
    if not stat.S_ISREG(status.st_mode):
        return "is not a regular file"
    return TOO_LARGE if status.st_size > MAXIMUM_BYTES else ""


def _read(path: str) -> bytes:
    """Not longer than it must be, whatever the file has become since: a FIFO opens without a writer, and is empty."""
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC), "rb") as file:
        return file.read(MAXIMUM_BYTES + 1) or b""


def _describe(path: str, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return f"is a broken link to {os.readlink(path)}" if os.path.islink(path) else "does not exist"
    return f"cannot be opened: {error.strerror}"
