# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A request about trust, answered: what is there, and what became of what the controller has decided."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from ansible_collections.certwright.tls.plugins.module_utils._host.files import HostError
from ansible_collections.certwright.tls.plugins.module_utils._host.switching import signals_ignored
from ansible_collections.certwright.tls.plugins.module_utils._host.trust_anchors import apply_system, read_system
from ansible_collections.certwright.tls.plugins.module_utils._host.trust_java import JavaStore, apply_java, read_java
from ansible_collections.certwright.tls.plugins.module_utils._host.trust_places import (
    APPLIED,
    SYSTEM_STORES,
    Change,
    Outcome,
    PlaceError,
    SystemStore,
    find_system_store,
)

PATIENCE = 300.0


@dataclass(frozen=True)
class TrustRequest:
    """`changes` are by place and made on the look with this `digest`; None only looks."""

    is_system: bool
    java_stores: tuple[JavaStore, ...]
    asked: tuple[str, ...]
    changes: Mapping[str, Change] | None = None
    digest: str = ""

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> TrustRequest:
        changes = given.get("changes")
        return cls(
            is_system=bool(given["system"]),
            java_stores=tuple(JavaStore(**store) for store in given["java_stores"]),
            asked=tuple(given["asked"]),
            changes=None if changes is None else {place: Change.from_json(words) for place, words in changes.items()},
            digest=str(given.get("digest", "")),
        )


@dataclass(frozen=True)
class Place:
    """One that is looked at and changed under the lock of its directory."""

    name: str
    directory: str
    read: Callable[[Iterable[str]], dict[str, Any]]
    apply: Callable[[Change], Outcome]


def answer_trust(
    given: Mapping[str, Any], *, stores: Iterable[SystemStore] = SYSTEM_STORES, patience: float = PATIENCE
) -> dict[str, Any]:
    """What is there and, when something is to be changed, what became of it."""
    request = TrustRequest.from_json(given)
    places, problems = _find_places(request, tuple(stores))
    if request.changes is None:
        return _look(request, places, problems)
    with contextlib.ExitStack() as locks:
        # In one order for all runs, and each once: a second lock of ours would wait for the first.
        for directory in sorted({place.directory for place in places if os.path.isdir(place.directory)}):
            locks.enter_context(_locked(directory, patience))
        # A waiter may be ended; whoever has the locks finishes.
        with signals_ignored():
            return _apply(request, places, problems)


def _apply(request: TrustRequest, places: Iterable[Place], problems: list[dict[str, str]]) -> dict[str, Any]:
    """One place after the other; the first that fails keeps those behind it from being touched."""
    seen = _look(request, places, problems)
    if seen["digest"] != request.digest or seen["problems"]:
        return {**seen, "done": False, "outcomes": []}
    outcomes: list[Outcome] = []
    for place in places:
        change = (request.changes or {}).get(place.name)
        if change is not None and all(outcome.outcome == APPLIED for outcome in outcomes):
            outcomes.append(place.apply(change))
    return {**_look(request, places, problems), "done": True, "outcomes": [outcome.to_json() for outcome in outcomes]}


def _find_places(request: TrustRequest, stores: tuple[SystemStore, ...]) -> tuple[list[Place], list[dict[str, str]]]:
    places = []
    problems = []
    if request.is_system:
        try:
            store = find_system_store(stores)
            places.append(
                Place(store.directory, store.directory, partial(read_system, store), partial(apply_system, store))
            )
        except PlaceError as error:
            problems.append(_describe("system", error))
    for java in request.java_stores:
        directory = os.path.dirname(java.real_path)
        places.append(Place(java.path, directory, partial(read_java, java), partial(apply_java, java)))
    return places, problems


def _look(request: TrustRequest, places: Iterable[Place], problems: Iterable[dict[str, str]]) -> dict[str, Any]:
    """All problems together. The digest leaves out the bundle, of which not always the same is asked."""
    found: list[dict[str, Any]] = []
    faults = [*problems]
    for place in places:
        try:
            found.append(place.read(request.asked))
        except PlaceError as error:
            faults.append(_describe(place.name, error))
    known = [(item["place"], sorted(item["placed"].items()), item["is_unfinished"]) for item in found]
    digest = hashlib.sha256(json.dumps(known).encode()).hexdigest()
    return {"places": found, "problems": faults, "digest": digest}


def _describe(place: str, error: PlaceError) -> dict[str, str]:
    return {"place": place, "code": error.code, "message": str(error)}


@contextlib.contextmanager
def _locked(directory: str, patience: float) -> Iterator[None]:
    """One run at a time; the lock ends with the process, and leaves nothing behind."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    deadline = time.monotonic() + patience
    try:
        while not _is_taken(descriptor):
            if time.monotonic() > deadline:
                fact = f"The directory {directory} has been locked by another run for {patience:g} s"
                raise HostError(f"{fact}; wait for it to end and run again")
            time.sleep(0.05)
        yield
    finally:
        os.close(descriptor)


def _is_taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
