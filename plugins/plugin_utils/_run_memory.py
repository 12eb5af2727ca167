# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the orders of one run tell each other, on however many hosts: the first goes alone, equal faults stop the rest.

The workers of a run are processes of their own; they meet in the directory that Ansible makes for its run and removes
at its end. Another run has another one.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace

_EQUAL_FAILURES = 3


@dataclass(frozen=True)
class _State:
    proved: bool = False
    failures: dict[str, int] = field(default_factory=dict)


class RunMemory:
    """`subject` tells CAs apart: a fault of one says nothing of another."""

    def __init__(self, directory: str, subject: str) -> None:
        self._state = os.path.join(directory, f"certwright-{subject}.json")
        self._turn = os.path.join(directory, f"certwright-{subject}.turn")
        self._held: int | None = None
        self._first = threading.Lock()

    @contextlib.contextmanager
    def turn(self) -> Iterator[str]:
        """One host at a time until an order has succeeded anywhere: nothing is even placed at the CA before.

        Yields the code of the fault that stops the rest, mostly nothing.
        """
        if self._read().proved:
            yield self.find_stop()
            return
        with _locked(self._turn) as descriptor:
            self._held = descriptor
            try:
                if self._read().proved:
                    self._release()
                yield self.find_stop()
            finally:
                self._held = None

    @contextlib.contextmanager
    def alone(self) -> Iterator[str]:
        """The same for the orders of this host."""
        if self._read().proved:
            yield self.find_stop()
            return
        with self._first:
            yield self.find_stop()

    def succeeded(self) -> None:
        """From here on the other hosts need not wait."""
        with _locked(f"{self._state}.lock"):
            self._replace(_State(proved=True))
        self._release()

    def _release(self) -> None:
        if self._held is not None:
            fcntl.flock(self._held, fcntl.LOCK_UN)

    def failed(self, code: str) -> None:
        """A permanent failure; equal ones are counted until something succeeds."""
        with _locked(f"{self._state}.lock"):
            state = self._read()
            failures = {**state.failures, code: state.failures.get(code, 0) + 1}
            self._replace(replace(state, failures=failures))

    def find_stop(self) -> str:
        """The code of the fault that has stopped the orders of this run, mostly nothing."""
        failures = self._read().failures
        return next((code for code, count in failures.items() if count >= _EQUAL_FAILURES), "")

    def _replace(self, state: _State) -> None:
        new = f"{self._state}.{os.getpid()}.new"
        with open(new, "w", encoding="utf-8") as file:
            json.dump(asdict(state), file)
        os.replace(new, self._state)

    def _read(self) -> _State:
        try:
            with open(self._state, encoding="utf-8") as file:
                return _State(**json.load(file))
        except (FileNotFoundError, ValueError):
            return _State()


@contextlib.contextmanager
def _locked(path: str) -> Iterator[int]:
    """The lock ends with the process, whatever ends it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)
