# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A directory as Java watches it on Linux: by inotify(7), without following links."""

from __future__ import annotations

import ctypes
import os
import struct
from pathlib import Path

# What java.nio.file.StandardWatchEventKinds.ENTRY_MODIFY is made of.
_IN_MODIFY, _IN_ATTRIB = 0x2, 0x4
_HEADER = struct.Struct("iIII")
_LIBC = ctypes.CDLL(None, use_errno=True)


class Watch:
    """Inside of the context, what is changed in the directory by name."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def __enter__(self) -> Watch:
        self._descriptor = _LIBC.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        assert self._descriptor >= 0, os.strerror(ctypes.get_errno())
        added = _LIBC.inotify_add_watch(self._descriptor, os.fsencode(self.directory), _IN_MODIFY | _IN_ATTRIB)
        assert added >= 0, os.strerror(ctypes.get_errno())
        return self

    def __exit__(self, *_error: object) -> None:
        os.close(self._descriptor)

    def find_changed(self) -> set[str]:
        """Since the last time that it was asked."""
        try:
            told = os.read(self._descriptor, 65536)
        except BlockingIOError:
            return set()
        names, position = set(), 0
        while position < len(told):
            _watch, _mask, _cookie, length = _HEADER.unpack_from(told, position)
            position += _HEADER.size
            names.add(told[position : position + length].rstrip(b"\0").decode())
            position += length
        return names
