# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The commit of a CA: entries, and the key files that they name, are there together or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.certwright.tls.plugins.module_utils._host.ca_backup import refresh_backup, require_not_newer
from ansible_collections.certwright.tls.plugins.module_utils._host.ca_directory import (
    CaDirectory,
    CaProblem,
    find_openness,
    find_status,
    locate,
    locked,
    naming,
    require_key_file,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.ca_findings import (
    ALL,
    Ask,
    Findings,
    UnreadableError,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.ca_ledger import Head, follow_lines
from ansible_collections.certwright.tls.plugins.module_utils._host.ca_reading import (
    Observed,
    describe,
    observe_ca,
    read_key_files,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.ca_writing import (
    archive_key_file,
    extend_ledger,
    stage_head,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.files import (
    Attributes,
    HostError,
    make_directory,
    no_label,
    replace_file,
    sync_directory,
    write_new,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.request import Limits
from ansible_collections.certwright.tls.plugins.module_utils._host.switching import signals_ignored


@dataclass(frozen=True)
class Addition:
    """What the controller has signed for. `expect` is the end of the ledger that it goes behind; None is no ledger."""

    directory: CaDirectory
    head: Head
    lines: tuple[str, ...]
    expect: tuple[int, str] | None = None
    create: bool = False
    files: Mapping[str, str] = field(default_factory=dict, repr=False)
    drop: tuple[str, ...] = ()
    ask: Ask = field(default_factory=Ask)
    backup_to: str = ""
    run: str = ""
    patience: float = Limits.lock

    @classmethod
    def from_json(cls, given: dict[str, Any]) -> Addition:
        expect = given.get("expect")
        try:
            head = Head.from_json(given["head"])
        except ValueError:
            raise HostError("The new head of the ledger is not as a head has to be; nothing was written") from None
        return cls(
            directory=locate(given["path"]),
            head=head,
            lines=tuple(given["lines"]),
            expect=None if expect is None else (int(expect["number"]), str(expect["hash"])),
            create=bool(given.get("create")),
            files={_require_sealed(name, text): text for name, text in (given.get("files") or {}).items()},
            drop=tuple(require_key_file(name) for name in given.get("drop") or ()),
            ask=Ask.from_json(given.get("ask") or {}),
            backup_to=given.get("backup_to") or "",
            run=given.get("run") or "",
            patience=Limits(**given.get("limits") or {}).lock,
        )

    def to_pieces(self) -> tuple[bytes, ...]:
        """In one piece: a thousand entries are not a thousand writes."""
        return ("".join(f"{line}\n" for line in self.lines).encode(),)

    @property
    def begins(self) -> bool:
        return self.create and self.expect is None


def _require_sealed(name: str, text: str) -> str:
    if not text.isascii():
        raise HostError(f"{name} is no sealed key; nothing was written")
    return require_key_file(name)


def append(addition: Addition) -> dict[str, Any]:
    """All of it, or nothing: the answer says which, and what is there now.

    1. lock; what may not be written into is not even locked
    2. read and verify, as a read does; a backup that is newer shows that this is an older copy
    3. compare with what the controller has seen: another run may have been first
    4. verify the lines, and the head against them
    5.-8. see `_commit`
    9. refresh the backup; its fault undoes nothing, and is told
    """
    directory = addition.directory
    if not _is_writable_place(addition):
        return _answer(addition, observe_ca(directory, addition.ask), done=False)
    with locked(directory, run=addition.run, patience=addition.patience):  # 1
        observed = observe_ca(directory, addition.ask)  # 2
        observed = _with_newer_backup(addition, observed)
        if observed.problem or observed.end != addition.expect or not (observed.head or addition.create):  # 3
            return _answer(addition, observed, done=False)
        after = _verify(addition, observed)  # 4
        notice = _commit(addition, observed)
        return _answer(addition, after, done=True, notice=notice, backup=_back_up(addition))  # 9


def _with_newer_backup(addition: Addition, observed: Observed) -> Observed:
    if observed.problem or not addition.backup_to:
        return observed
    try:
        require_not_newer(addition.directory, observed.head, addition.backup_to)
    except CaProblem as problem:
        return replace(observed, problem=problem)
    return observed


def _is_writable_place(addition: Addition) -> bool:
    """Made when it is to be begun; what is not safe, or not a CA's, is not touched."""
    directory = addition.directory
    try:
        status = find_status(directory)
    except CaProblem:
        return False
    if status == "missing" and addition.begins:
        _make_place(directory)
    elif status != "ready" and not addition.begins:
        return False
    return find_openness(directory) is None


def _make_place(directory: CaDirectory) -> None:
    parent = os.path.dirname(directory.path)
    if not os.path.isdir(parent):
        raise HostError(f"The directory {parent} does not exist; create it, or set another path for the CA")
    try:
        make_directory(directory.path, 0o700)
    except OSError as error:
        fact = f"The CA directory {directory.path} cannot be created: {error.strerror}"
        raise HostError(f"{fact}; run with `become`, or set another path") from None


def _verify(addition: Addition, observed: Observed) -> Observed:
    """4. What it will be. The lines go through what reads them, so that whatever is written can be read."""
    authority = observed.findings.authority.decode()
    try:
        fault = follow_lines(observed.chain, addition.lines, (Findings(ALL).take, observed.findings.take))
    except UnreadableError:
        fault = "A line is not as its kind has to be"
    if not fault and not (observed.chain.number and observed.chain.is_ended_by(addition.head)):
        fault = "The new head is not the end of the lines"
    named = next((name for name in addition.files if f'"{name}"' in authority), "")
    if not fault and named:
        fault = f"{named} is in use; a new key file needs a new name"
    if fault:
        raise HostError(f"{addition.directory.path}: {fault}; nothing was written")
    return replace(observed, status="ready", head=addition.head, tail=0)


def _commit(addition: Addition, observed: Observed) -> str:
    """What is wrong with what came after the commit, or nothing. Raises HostError when nothing was committed.

    5. key files, synced; a left-over of their name is kept in the archive
    6. the uncommitted tail is cut, the lines are appended, and synced
    7. the head is renamed: the commit; the directory is synced
    8. what the entries dropped is archived
    """
    directory, size = addition.directory, 0 if observed.head is None else observed.head.size
    with signals_ignored():
        try:
            if observed.head is None:
                _begin(addition)
            _write_key_files(addition)  # 5
            extend_ledger(directory, size, addition.to_pieces())  # 6
            os.replace(stage_head(directory, addition.head), directory.head)  # 7
        except OSError as error:
            with contextlib.suppress(OSError):
                os.truncate(directory.ledger, size)
            fact = f"The CA directory {directory.path} is as it was: {error.strerror} at {error.filename}"
            raise HostError(f"{fact}; nothing was issued, mend that and run again") from None
        with naming(directory.path):
            sync_directory(directory.path)
        return _archive_dropped(addition)  # 8


def _begin(addition: Addition) -> None:
    """From here on a ledger without an entry is a killed beginning, and one without a head is damage."""
    with naming(addition.directory.head):
        replace_file(addition.directory.head, Head.begun(addition.head.time).to_bytes())


def _write_key_files(addition: Addition) -> None:
    directory = addition.directory
    if not addition.files:
        return
    make_directory(directory.keys, 0o700)
    for name, text in addition.files.items():
        archive_key_file(directory, name)
        path = directory.key_file(name)
        with naming(path):
            write_new(path, text.encode("ascii"), attributes=Attributes(), label=no_label)
    sync_directory(directory.keys)


def _archive_dropped(addition: Addition) -> str:
    try:
        for name in addition.drop:
            archive_key_file(addition.directory, name)
    except OSError as error:
        fact = f"A key file that is no longer used could not be archived: {error.strerror} at {error.filename}"
        return f"{fact}; move it to {addition.directory.archive} by hand"
    return ""


def _back_up(addition: Addition) -> dict[str, Any] | None:
    if not addition.backup_to:
        return None
    try:
        refresh_backup(addition.directory, addition.head, addition.backup_to)
    except HostError as error:
        return {"done": False, "message": str(error)}
    except OSError as error:
        where = error.filename or addition.backup_to
        fact = f"The backup {addition.backup_to} could not be refreshed: {error.strerror} at {where}"
        return {"done": False, "message": f"{fact}; mend that, the next run does it"}
    return {"done": True, "message": ""}


def _answer(
    addition: Addition,
    observed: Observed,
    *,
    done: bool,
    notice: str = "",
    backup: dict[str, Any] | None = None,
) -> dict[str, Any]:
    files, problem = read_key_files(addition.directory, addition.ask)
    current = describe(addition.directory, observed, files=files, problem=problem)
    return {"done": done, "current": current, "backup": backup, "notice": notice}
