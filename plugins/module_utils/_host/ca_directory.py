# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The directory of a CA: its places, who may reach them, and the lock of its writers.

    <ca>/lock              one writer at a time; the kernel ends it with its process
    <ca>/ledger.jsonl      one entry a line, append-only; bytes beyond the head's size were never committed
    <ca>/head.json         the end of the ledger: renaming it is the commit
    <ca>/keys/*.sealed     envelopes, named by an entry; one that no entry names is a left-over
    <ca>/archive/          key files that an entry dropped

Number 0 in head.json is a directory that was begun: whatever else is there, no entry was committed.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ansible_collections.certwright.tls.plugins.module_utils._host.files import HostError

_KEY_FILE = re.compile(r"keys/[A-Za-z0-9][A-Za-z0-9._-]{0,199}\.sealed\Z")
_BEFORE_THE_FIRST_HEAD = {"lost+found", "lock", "head.json.new"}
_MAXIMUM_KEY_FILE = 1024 * 1024


class CaProblem(HostError):
    """Why nothing may be signed, with the code that the controller knows it by."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code

    def to_json(self) -> dict[str, str]:
        return {"code": self.code, "message": str(self)}


@dataclass(frozen=True)
class CaDirectory:
    """The paths of one CA, or of its backup. `noun` is what messages call it."""

    path: str
    noun: str = "CA directory"
    way_out: str = "nothing is signed; look at the disk, and restore the directory from its backup"

    @property
    def lock(self) -> str:
        return os.path.join(self.path, "lock")

    @property
    def ledger(self) -> str:
        return os.path.join(self.path, "ledger.jsonl")

    @property
    def head(self) -> str:
        return os.path.join(self.path, "head.json")

    @property
    def keys(self) -> str:
        return os.path.join(self.path, "keys")

    @property
    def archive(self) -> str:
        return os.path.join(self.path, "archive")

    def key_file(self, name: str) -> str:
        """Of a name as entries have it: `keys/x.sealed`."""
        return os.path.join(self.path, require_key_file(name))


def locate(declared: str) -> CaDirectory:
    return CaDirectory(_normalise(declared, CaDirectory.noun))


def locate_backup(declared: str) -> CaDirectory:
    way_out = "look at the disk, move it away, and the next run makes it anew"
    return CaDirectory(_normalise(declared, "backup"), "backup", way_out)


def _normalise(declared: str, noun: str) -> str:
    path = os.path.normpath(os.path.expandvars(os.path.expanduser(declared)))
    if not os.path.isabs(path):
        raise HostError(f"The {noun} {declared} is not an absolute path on the host; set it to one")
    return path


def require_key_file(name: str) -> str:
    if not _KEY_FILE.match(name):
        raise HostError(f"{name} is no name of a key file; it must be keys/NAME.sealed")
    return name


def find_status(directory: CaDirectory) -> str:
    """`missing`, `empty` or `ready`, by what lies there; raises CaProblem for what is not a CA's, or not whole."""
    try:
        if not stat.S_ISDIR(os.lstat(directory.path).st_mode):
            fact = f"The {directory.noun} {directory.path} is a link or a file"
            raise CaProblem("ca_unreadable", f"{fact}; give the path of the directory itself")
        names = set(os.listdir(directory.path))
    except FileNotFoundError:
        return "missing"
    except OSError as error:
        raise _describe_unreadable(directory, directory.path, error) from None
    if "head.json" in names:
        return "ready"
    if "ledger.jsonl" in names:
        raise damaged(directory, "head.json is missing")
    foreign = sorted(names - _BEFORE_THE_FIRST_HEAD)
    if foreign:
        fact = f"The {directory.noun} {directory.path} holds other things and no ledger ({', '.join(foreign[:3])})"
        raise CaProblem("ca_foreign", f"{fact}; give an empty directory, or one of a CA")
    return "empty"


def damaged(directory: CaDirectory, fact: str) -> CaProblem:
    where = f"The {directory.noun} {directory.path}"
    return CaProblem("ca_damaged", f"{where} is damaged: {fact}; {directory.way_out}")


def _describe_unreadable(directory: CaDirectory, path: str, error: OSError) -> CaProblem:
    fact = f"The {directory.noun} {directory.path} cannot be read: {error.strerror} at {error.filename or path}"
    return CaProblem("ca_unreadable", f"{fact}; run with `become`, or mend what keeps it from us")


def find_openness(directory: CaDirectory) -> CaProblem | None:
    """The first place that somebody else could read or change; what is no file or directory is damage."""
    try:
        for path in (directory.lock, directory.ledger, directory.head):
            _require_plain(directory, path, stat.S_ISREG)
        for path in (directory.path, directory.keys, directory.archive, *_list_key_files(directory)):
            found = _require_plain(directory, path, stat.S_ISREG if path.endswith(".sealed") else stat.S_ISDIR)
            fact = "" if found is None else _find_opening(path, found)
            if fact:
                return CaProblem("ca_open", f"The {directory.noun} {directory.path} is not safe: {fact}")
    except CaProblem as problem:
        return problem
    except OSError as error:
        return _describe_unreadable(directory, directory.path, error)
    return None


def _list_key_files(directory: CaDirectory) -> list[str]:
    names = list_files(directory.keys)
    return [os.path.join(directory.keys, name) for name in names if name.endswith(".sealed")]


def list_files(path: str) -> list[str]:
    """Names in a directory, in order; none where it is missing, or no directory."""
    try:
        return sorted(os.listdir(path)) if not os.path.islink(path) else []
    except (FileNotFoundError, NotADirectoryError):
        return []


def _require_plain(directory: CaDirectory, path: str, is_kind: Callable[[int], bool]) -> os.stat_result | None:
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return None
    if not is_kind(found.st_mode):
        raise damaged(directory, f"{os.path.relpath(path, directory.path)} is a link, or no file of ours")
    return found


def _find_opening(path: str, found: os.stat_result) -> str:
    """Access lists show too: their mask is in the bits of the group."""
    if found.st_uid != os.geteuid():
        fact = f"{path} belongs to the user {found.st_uid}, and {os.geteuid()} works on it"
        return f"{fact}; change its owner, or become that user"
    if found.st_mode & 0o077:
        return f"{path} is open to others (mode {stat.S_IMODE(found.st_mode):04o}); take that away (chmod go=)"
    return ""


def open_plain(directory: CaDirectory, path: str) -> int:
    """A descriptor to read with. No link is followed, and nothing is waited for that is no file."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError as error:
        name = os.path.relpath(path, directory.path)
        if error.errno == errno.ELOOP:
            raise damaged(directory, f"{name} is a link") from None
        if isinstance(error, FileNotFoundError):
            raise damaged(directory, f"{name} is missing") from None
        raise _describe_unreadable(directory, path, error) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise damaged(directory, f"{os.path.relpath(path, directory.path)} is no file")
    return descriptor


def read_key_file(directory: CaDirectory, name: str) -> str | None:
    """As it is: only the controller can tell whether it is whole. None when it is not there."""
    path = directory.key_file(name)
    if os.path.islink(directory.keys):
        return None
    try:
        descriptor = open_plain(directory, path)
    except CaProblem:
        # A writer may archive it at any time.
        if not os.path.lexists(path):
            return None
        raise
    with open(descriptor, "rb") as file:
        content = file.read(_MAXIMUM_KEY_FILE + 1)
    if len(content) > _MAXIMUM_KEY_FILE:
        raise damaged(directory, f"{name} is larger than 1 MiB")
    return content.decode("ascii", "replace")


@contextlib.contextmanager
def locked(directory: CaDirectory, *, run: str, patience: float) -> Iterator[None]:
    """One writer at a time. Readers need no lock: what they read of a ledger never changes."""
    descriptor = os.open(directory.lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        _wait(descriptor, directory, patience)
        # A full disk keeps nobody from locking, only from saying who does.
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"pid {os.getpid()}, run {run or 'unnamed'}".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _wait(descriptor: int, directory: CaDirectory, patience: float) -> None:
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                holder = os.pread(descriptor, 200, 0).decode("utf-8", "replace")
                raise HostError(
                    f"The {directory.noun} {directory.path} has been locked by another run for {patience:g} s "
                    f"({holder}); wait for it to end and run again"
                ) from None
            time.sleep(0.01)


@contextlib.contextmanager
def naming(path: str) -> Iterator[None]:
    """An error says where: the operating system names no file for a write."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or path
        raise
