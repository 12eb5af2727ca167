# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who waits for a store while another run ends it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.module_utils._host.dissolving import dissolve
from ansible_collections.certwright.tls.plugins.module_utils._host.files import HostError
from ansible_collections.certwright.tls.plugins.module_utils._host.store import Store
from ansible_collections.certwright.tls.plugins.module_utils._host.store_lock import locked, locked_for_reading

WORDS = {"when": "now", "run": "job 9", "why": "decommissioned"}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "store"))


def enter_while_it_ends(store: Store, enter: Callable[[], Any], seen: Callable[[], Any]) -> Any:
    """What a second run sees under the lock that it waited for while the first ended the store."""
    found: list[Any] = []

    def wait() -> None:
        with enter():
            found.append(seen())

    waiter = threading.Thread(target=wait)
    with locked(store, run="first", patience=5):
        inode = os.stat(store.lock).st_ino
        waiter.start()
        deadline = time.monotonic() + 5
        while not _is_open_twice(inode) and time.monotonic() < deadline:
            time.sleep(0.01)
        dissolve(store, WORDS)
    waiter.join(10)
    return found[0]


def _is_open_twice(inode: int) -> bool:
    inodes = []
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            inodes.append(os.stat(f"/proc/self/fd/{name}").st_ino)
    return inodes.count(inode) > 1


def is_free(store: Store) -> bool:
    """For a third run, by a descriptor of its own."""
    descriptor = os.open(store.lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        return True
    finally:
        os.close(descriptor)


def test_a_writer_holds_the_lock_of_the_new_store(store: Store) -> None:
    def look() -> tuple[bool, bool]:
        return os.path.isdir(store.live_directory), is_free(store)

    assert enter_while_it_ends(store, lambda: locked(store, run="second", patience=5), look) == (True, False)


def test_a_reader_of_what_has_ended_needs_no_lock(store: Store) -> None:
    seen = enter_while_it_ends(store, lambda: locked_for_reading(store, patience=5), store.exists)
    assert seen is False


def test_a_reader_keeps_a_writer_out(store: Store) -> None:
    with locked(store, run="first", patience=1):
        pass
    with locked_for_reading(store, patience=1):
        assert not is_free(store)
        with pytest.raises(HostError, match="locked by another run"), locked(store, run="second", patience=0.1):
            pass


def test_an_end_that_left_the_lock_took_the_directories(store: Store) -> None:
    """Something of others is in the store, so it stays, without what we made for certificates."""

    def look() -> bool:
        return os.path.isdir(store.live_directory)

    with locked(store, run="before", patience=1):
        Path(store.path, "notes.txt").write_text("somebody else's", encoding="ascii")
    assert enter_while_it_ends(store, lambda: locked(store, run="second", patience=5), look)
