# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""File operations that survive a power cut: new files are complete and synced before anything points at them."""

from __future__ import annotations

import contextlib
import errno
import grp
import os
import pwd
import shutil
from collections.abc import Callable
from dataclasses import dataclass

Labeller = Callable[[str, "Attributes"], None]


class HostError(Exception):
    """Refused on the host, with the subject, the fact and the way out."""


@dataclass(frozen=True)
class Attributes:
    """Numeric owner and group (-1 keeps the writer's), mode bits, and the SELinux words that were declared."""

    uid: int = -1
    gid: int = -1
    mode: int = 0o600
    context: tuple[str | None, str | None, str | None, str | None] = (None, None, None, None)


def load_attributes(*, owner: str | None, group: str | None, mode: str, context: tuple[str | None, ...]) -> Attributes:
    """Names become numbers before the first write, so that an unknown owner refuses instead of failing half way."""
    user, role, kind, level = context
    return Attributes(_user_id(owner), _group_id(group), int(mode, 8), (user, role, kind, level))


def _user_id(owner: str | None) -> int:
    if owner is None:
        return -1
    if owner.isdigit():
        return int(owner)
    try:
        return pwd.getpwnam(owner).pw_uid
    except KeyError:
        raise HostError(
            f"The owner {owner} does not exist on this host; create the user first or change `owner`"
        ) from None


def _group_id(group: str | None) -> int:
    if group is None:
        return -1
    if group.isdigit():
        return int(group)
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        raise HostError(f"The group {group} does not exist on this host; create it first or change `group`") from None


def write_new(path: str, content: bytes, *, attributes: Attributes, label: Labeller) -> None:
    """Create `path`, 0600 from the first byte, then give it away, then open it up, then sync. Never overwrites."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        label(path, attributes)
        if (attributes.uid, attributes.gid) != (-1, -1):
            os.fchown(descriptor, attributes.uid, attributes.gid)
        os.fchmod(descriptor, attributes.mode)
        _write_all(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]


def replace_file(path: str, content: bytes, *, mode: int = 0o600) -> None:
    """The whole old or the whole new content is at `path`, at any time (rename(2))."""
    fresh = path + ".new"
    remove_file(fresh)
    write_new(fresh, content, attributes=Attributes(mode=mode), label=no_label)
    os.replace(fresh, path)
    sync_directory(os.path.dirname(path))


def replace_link(path: str, target: str, *, beside: str | None = None) -> None:
    """`path` is a symlink to `target` by one rename; what was there is never missing in between."""
    fresh = beside or path + ".certwright-new"
    remove_file(fresh)
    os.symlink(target, fresh)
    os.replace(fresh, path)


def make_directory(path: str, mode: int = 0o711) -> None:
    """Services that do not run as root must be able to pass, not to list.

    The mode is right from the start: a second call could not tell one that was killed half way from an operator's own.
    """
    umask = os.umask(0o777 & ~mode)
    try:
        os.mkdir(path, 0o777)
    except FileExistsError:
        return
    finally:
        os.umask(umask)
    sync_directory(os.path.dirname(path))


def remove_file(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def remove_tree(path: str) -> None:
    if os.path.lexists(path):
        shutil.rmtree(path)


def sync_directory(path: str) -> None:
    """Renames and new names are durable only after their directory is synced."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
    finally:
        os.close(descriptor)


def read_optional(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        return None


def no_label(_path: str, _attributes: Attributes) -> None:
    """For files inside the store that only we read: the directory's own context is right."""
