# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One writer at a time in a store, from before it is there until after it is gone."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator

from ansible_collections.certwright.tls.plugins.module_utils._host.files import HostError
from ansible_collections.certwright.tls.plugins.module_utils._host.store import Store, create_store


@contextlib.contextmanager
def locked(store: Store, *, run: str, patience: float) -> Iterator[None]:
    """The store is there, and nobody else writes; the lock ends with the process, whatever ends it.

    A waiter names the holder.
    """
    descriptor = _lock_for_writing(store, time.monotonic() + patience, patience)
    try:
        create_store(store)  # an end that found something of others left the lock and took the directories
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"pid {os.getpid()}, run {run or 'unnamed'}".encode(), 0)
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def locked_for_reading(store: Store, *, patience: float) -> Iterator[None]:
    """No writer meanwhile. Changes nothing, and needs nothing where no writer has ever been."""
    descriptor = _lock_for_reading(store, time.monotonic() + patience, patience)
    try:
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _lock_for_writing(store: Store, deadline: float, patience: float) -> int:
    """Who held it may have ended the store with its lock, which then keeps nobody out: begin again."""
    while True:
        create_store(store)
        with contextlib.suppress(FileNotFoundError):
            descriptor = os.open(store.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            if _is_held(descriptor, fcntl.LOCK_EX, store, deadline, patience):
                return descriptor


def _lock_for_reading(store: Store, deadline: float, patience: float) -> int | None:
    while True:
        try:
            descriptor = os.open(store.lock, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        if _is_held(descriptor, fcntl.LOCK_SH, store, deadline, patience):
            return descriptor


def _is_held(descriptor: int, kind: int, store: Store, deadline: float, patience: float) -> bool:
    """Whether what is locked is still the lock; closed where it is not."""
    is_held = False
    try:
        _wait(descriptor, kind, store, deadline, patience)
        with contextlib.suppress(FileNotFoundError):
            is_held = os.path.samestat(os.fstat(descriptor), os.stat(store.lock))
        return is_held
    finally:
        if not is_held:
            os.close(descriptor)


def _wait(descriptor: int, kind: int, store: Store, deadline: float, patience: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                holder = os.pread(descriptor, 200, 0).decode("utf-8", "replace")
                raise HostError(
                    f"The store {store.path} has been locked by another run for {patience:g} s ({holder}); "
                    "wait for it to end and run again"
                ) from None
            time.sleep(0.05)
