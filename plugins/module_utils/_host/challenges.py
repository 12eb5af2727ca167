# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that answer http-01 challenges (RFC 8555 8.3): placed beside what is there, and removed when they are ours."""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Container
from dataclasses import dataclass
from typing import Any

from ansible_collections.certwright.tls.plugins.module_utils._host.files import (
    Attributes,
    Labeller,
    make_directory,
    no_label,
    write_new,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.order import ChallengeFile, Order, RefusedError
from ansible_collections.certwright.tls.plugins.module_utils._host.store import Store

WELL_KNOWN = ".well-known/acme-challenge"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,200}\Z")
_CONTENT = re.compile(r"[A-Za-z0-9_.-]{1,1000}\Z")
_PUBLIC = Attributes(mode=0o644)


@dataclass(frozen=True)
class Challenge:
    """What is to be answered, by a file below a webroot or by our own listener at a port."""

    token: str
    content: str
    webroot: str = ""
    port: int = 0

    @classmethod
    def from_json(cls, given: dict[str, Any]) -> Challenge:
        webroot = os.path.expandvars(os.path.expanduser(given.get("webroot") or ""))
        return cls(given["token"], given["content"], webroot, int(given.get("port") or 0))

    def directory(self, store: Store) -> str:
        return os.path.join(self.webroot, *WELL_KNOWN.split("/")) if self.webroot else store.challenges(self.port)

    def file(self, store: Store) -> ChallengeFile:
        return ChallengeFile(os.path.join(self.directory(store), self.token), self.content)


@dataclass(frozen=True)
class Leftovers:
    """What became somebody else's, as sentences, and the files that are still ours and still there."""

    notices: tuple[str, ...] = ()
    stuck: tuple[ChallengeFile, ...] = ()


def require_answerable(challenge: Challenge, store: Store) -> None:
    """Nothing is written where it could leave its directory, lie in somebody's way or be found by nobody."""
    if not _TOKEN.match(challenge.token) or not _CONTENT.match(challenge.content):
        fact = "The CA sent a challenge with a token that cannot be the name of a file"
        raise RefusedError("token_unfit", f"{fact}; tell the operator of that CA")
    if challenge.webroot:
        _require_webroot(challenge.webroot, challenge.directory(store))
    elif not 0 < challenge.port < 65536:
        raise RefusedError("port_unfit", f"There is no port {challenge.port}; set `webroot`, or a port from 1 to 65535")
    file = challenge.file(store)
    if os.path.lexists(file.path) and not _is_whole(file):
        raise _in_the_way(file)


def find_webroot_fault(webroot: str) -> dict[str, str] | None:
    """None where challenges can be answered, as far as can be seen without writing."""
    try:
        _require_webroot(webroot, os.path.join(webroot, WELL_KNOWN))
    except RefusedError as error:
        return {"code": error.code, "message": str(error)}
    return None


def _require_webroot(webroot: str, directory: str) -> None:
    if not os.path.isabs(webroot):
        raise RefusedError("webroot_missing", f"The webroot {webroot} is not an absolute path on the host; set one")
    if not os.path.isdir(webroot):
        way_out = "create it and have the web server serve it, or correct `webroot`"
        fact = "is no directory" if os.path.lexists(webroot) else "does not exist on the host"
        raise RefusedError("webroot_missing", f"The webroot {webroot} {fact}; {way_out}")
    for path in (os.path.dirname(directory), directory):
        if os.path.lexists(path) and not os.path.isdir(path):
            fact = f"{path} is neither a directory nor a link to one that exists"
            raise RefusedError("webroot_blocked", f"{fact}; remove it or correct `webroot`")
        if os.path.islink(path) and os.lstat(path).st_uid not in (0, os.stat(path).st_uid):
            # Who may write to the webroot must not choose where root writes.
            fact = f"{path} is a link of somebody who owns neither this host nor what it leads to"
            raise RefusedError("webroot_blocked", f"{fact}; make it as root, or correct `webroot`")


def _in_the_way(file: ChallengeFile) -> RefusedError:
    fact = f"There is a file {file.path} that is not ours"
    return RefusedError("path_taken", f"{fact}; see who made it, remove it and run again")


def find_missing_directories(challenge: Challenge, store: Store) -> tuple[str, ...]:
    """Those below the webroot that do not exist yet, outermost first."""
    if not challenge.webroot:
        return ()
    directory = challenge.directory(store)
    return tuple(path for path in (os.path.dirname(directory), directory) if not os.path.isdir(path))


def place_challenge(challenge: Challenge, store: Store, *, label: Labeller) -> None:
    """The file is there with its whole content, and readable by the web server; nothing is overwritten."""
    file, directory = challenge.file(store), challenge.directory(store)
    inside = not challenge.webroot
    for path in (os.path.dirname(directory), directory):
        if not os.path.isdir(path):
            make_directory(path, 0o711 if inside else 0o755)
            (no_label if inside else label)(path, Attributes(mode=0o755))
    try:
        if inside:
            write_new(file.path, file.content.encode(), attributes=_PUBLIC, label=no_label)
        else:
            _write_below(challenge.webroot, file, label=label)
    except FileExistsError:
        if not _is_whole(file):
            raise _in_the_way(file) from None


def _write_below(webroot: str, file: ChallengeFile, *, label: Labeller) -> None:
    """Into the directory that was judged, whatever the owner of the webroot puts in its place meanwhile."""
    directory, name = os.path.split(file.path)
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        place = f"/proc/self/fd/{descriptor}"
        if not _is_meant(os.readlink(place), webroot, directory, owner=os.fstat(descriptor).st_uid):
            fact = f"{directory} leads to another place than when it was looked at"
            raise RefusedError("webroot_blocked", f"{fact}; see who writes to the webroot")
        write_new(
            f"{place}/{name}",
            file.content.encode(),
            attributes=_PUBLIC,
            label=lambda _path, attributes: label(file.path, attributes),
        )
    finally:
        os.close(descriptor)


def _is_meant(found: str, webroot: str, directory: str, *, owner: int) -> bool:
    """Below the webroot, or where a link leads that only root, or the owner of that place, can have made."""
    if os.path.join(found, "").startswith(os.path.join(os.path.realpath(webroot), "")):
        return True
    links = (path for path in (os.path.dirname(directory), directory) if os.path.islink(path))
    return any(os.lstat(path).st_uid in (0, owner) for path in links)


def remove_challenges(order: Order, *, keep: Container[str]) -> Leftovers:
    """Only what holds what we wrote, or the beginning of it; and directories of ours that are empty. Safe to repeat.

    `keep` are the paths that other orders still need.
    """
    notices, stuck = [], []
    for file in order.challenges:
        try:
            if file.path not in keep and not _remove(file):
                notices.append(f"{file.path} is not what was written for the challenge; it was left alone")
        except OSError as error:
            notices.append(
                f"{file.path} could not be removed: {error.strerror}; a later run tries again, or remove it by hand"
            )
            stuck.append(file)
    for path in reversed(order.directories):
        with contextlib.suppress(OSError):
            os.rmdir(path)
    return Leftovers(tuple(notices), tuple(stuck))


def _remove(file: ChallengeFile) -> bool:
    """A kill may have left the beginning of it."""
    found = _read(file)
    if found is not None and file.content.encode().startswith(found):
        os.unlink(file.path)
        return True
    return found is None and not os.path.lexists(file.path)


def _is_whole(file: ChallengeFile) -> bool:
    return _read(file) == file.content.encode()


def _read(file: ChallengeFile) -> bytes | None:
    """None when it is not there, or no file; a little more than ours would have, never all of something large."""
    try:
        if not stat.S_ISREG(os.lstat(file.path).st_mode):
            return None
        descriptor = os.open(file.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        return os.read(descriptor, len(file.content) + 1)
    finally:
        os.close(descriptor)
