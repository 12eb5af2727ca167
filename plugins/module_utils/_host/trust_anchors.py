# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The system's trust: files of ours beside an administrator's, one run of the update program, and the proof."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.certwright.tls.plugins.module_utils._host.commands import CommandResult, run_command
from ansible_collections.certwright.tls.plugins.module_utils._host.files import (
    read_optional,
    remove_file,
    replace_file,
    sync_directory,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.trust_places import (
    APPLIED,
    PUT_BACK,
    STEM,
    STRANDED,
    Change,
    Outcome,
    SystemStore,
    find_fingerprints,
)

DEADLINE = 180.0
_FRESH = ".new"


def read_system(store: SystemStore, asked: Iterable[str]) -> dict[str, Any]:
    """What of ours is there, and which of these fingerprints and of ours the bundle holds."""
    placed = {stem: (read_optional(store.path(stem)) or b"").decode("utf-8", "replace") for stem in _find_stems(store)}
    known = {*asked, *(found for text in placed.values() for found in find_fingerprints(text.encode()))}
    return {
        "place": store.directory,
        "kind": "system",
        "bundle": store.bundle,
        "placed": placed,
        "held": sorted(known & _read_bundle(store)),
        "is_unfinished": os.path.exists(store.journal) or bool(_find_stems(store, _FRESH)),
    }


def apply_system(store: SystemStore, change: Change, *, deadline: float = DEADLINE) -> Outcome:
    """The bundle holds what is expected, or all is as it was.

    1 the journal says what is on its way, so that the next run finishes what a killed one has begun
    2 left-overs of such a run go; files are written and removed, then synced
    3 one run of the update program, for additions and removals together
    4 the bundle is read: each expected fingerprint is in it, else the files are put back and the program runs again
    5 without the journal nothing is left to be done
    """
    touched = (*change.write, *change.remove)
    before = {stem: read_optional(store.path(stem)) for stem in touched}
    removed = sorted({*change.remove, *_read_journal(store)} - {*change.write})
    replace_file(store.journal, json.dumps({"removed": removed}).encode(), mode=0o644)  # 1
    failure = _try(store, change, removed, deadline)  # 2, 3, 4
    outcome = _put_back(store, before, failure, deadline) if failure else Outcome(store.directory, APPLIED)
    if outcome.outcome != STRANDED:
        remove_file(store.journal)  # 5
        sync_directory(os.path.dirname(store.journal))
    return outcome


def _try(store: SystemStore, change: Change, removed: Iterable[str], deadline: float) -> str:
    """Why it failed; empty when it did not."""
    try:
        for stem in _find_stems(store, _FRESH):
            remove_file(store.path(stem) + _FRESH)
        _place(store, {**{stem: text.encode() for stem, text in change.write.items()}, **dict.fromkeys(change.remove)})
        ran = _update(store, [stem for stem in removed if not os.path.exists(store.path(stem))], deadline)
    except OSError as error:
        return f"{error.strerror} at {error.filename or store.directory}"
    missing = sorted({*change.expected} - _read_bundle(store))
    if not ran.ok:
        return ran.summary
    if missing:
        names = ", ".join(f"sha256 {fingerprint[:16]}…" for fingerprint in missing)
        return f"after `{' '.join(store.program)}` the bundle {store.bundle} does not hold {names}"
    return ""


def _put_back(store: SystemStore, before: Mapping[str, bytes | None], failure: str, deadline: float) -> Outcome:
    try:
        _place(store, before)
        ran = _update(store, [stem for stem, content in before.items() if content is None], deadline)
        stranded = "" if ran.ok else ran.summary
    except OSError as error:
        stranded = f"{error.strerror} at {error.filename or store.directory}"
    if not stranded:
        return Outcome(store.directory, PUT_BACK, f"{failure}. The files are put back as they were")
    fact = f"{failure}. Putting the files back failed too: {stranded}"
    return Outcome(store.directory, STRANDED, f"{fact}; mend that and run again, which finishes it")


def _place(store: SystemStore, contents: Mapping[str, bytes | None]) -> None:
    """None for what is not to be there."""
    for stem, content in contents.items():
        if content is None:
            remove_file(store.path(stem))
        else:
            replace_file(store.path(stem), content, mode=0o644)
    sync_directory(store.directory)


def _update(store: SystemStore, removed: Iterable[str], deadline: float) -> CommandResult:
    """What the program makes is for everybody to read, whatever this process keeps to itself."""
    umask = os.umask(0o022)
    try:
        with _naming_removed(store, tuple(removed)) as words:
            return run_command((*store.program, *words), deadline=deadline)
    finally:
        os.umask(umask)


@contextlib.contextmanager
def _naming_removed(store: SystemStore, removed: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Debian's program does not notice a file that is gone: its Java store keeps the certificate, and a dangling link
    in the hashed directory hides another CA of the same name. It is told by `!` lines of its configuration.
    """
    if not (store.config and removed):
        yield ()
        return
    with tempfile.NamedTemporaryFile(prefix="certwright-", suffix=".conf") as file:
        file.write((read_optional(store.config) or b"").rstrip(b"\n"))
        file.write("".join(f"\n!{stem}{store.extension}" for stem in removed).encode() + b"\n")
        file.flush()
        yield ("--certsconf", file.name)


def _find_stems(store: SystemStore, suffix: str = "") -> list[str]:
    end = store.extension + suffix
    names = (name[: -len(end)] for name in os.listdir(store.directory) if name.endswith(end))
    return sorted(name for name in names if STEM.match(name))


def _read_bundle(store: SystemStore) -> set[str]:
    return set(find_fingerprints(read_optional(store.bundle) or b""))


def _read_journal(store: SystemStore) -> list[str]:
    """What a killed run was removing. A journal that cannot be read says only that there was one."""
    try:
        return [
            stem for stem in json.loads(read_optional(store.journal) or b"{}").get("removed", ()) if STEM.match(stem)
        ]
    except (ValueError, AttributeError, TypeError):
        return []
