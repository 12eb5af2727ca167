# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Foreign paths: places outside the store where a service looks. Each is a symlink into the store, made once.

What stood there before is kept beside it as `<path>.before-certwright`. Only where a product refuses links is the file
itself renamed into place.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from ansible_collections.certwright.tls.plugins.module_utils._host.files import (
    HostError,
    Labeller,
    make_directory,
    read_optional,
    remove_file,
    replace_link,
    sync_directory,
    write_new,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.generation import attributes_of
from ansible_collections.certwright.tls.plugins.module_utils._host.request import FileSpec, Service
from ansible_collections.certwright.tls.plugins.module_utils._host.store import Store

KEPT_SUFFIX = ".before-certwright"


@dataclass(frozen=True)
class Placement:
    """One foreign path: the live file it leads to, and what was there before (`missing`, `ours`, `kept`).

    One that `leaves` goes, for the service to read what it falls back to; what somebody else put there stays.
    """

    path: str
    source: str
    in_place: bool
    before: str
    kept: str = ""
    spec: FileSpec | None = None
    leaves: bool = False

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, given: dict[str, Any]) -> Placement:
        spec = FileSpec.from_json(given["spec"]) if given.get("spec") else None
        return cls(**dict(given, spec=spec))


def observe_path(path: str, source: str) -> str:
    """`missing`, `ours` (a link to `source`), `link`, `file`, `special`, `directory` or `no_directory`."""
    if not os.path.isdir(os.path.dirname(path)):
        return "no_directory"
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return "missing"
    if stat.S_ISLNK(found.st_mode):
        return "ours" if os.readlink(path) == source else "link"
    if stat.S_ISDIR(found.st_mode):
        return "directory"
    return "file" if stat.S_ISREG(found.st_mode) else "special"


def plan_placements(
    store: Store, certificate: str, services: tuple[Service, ...], *, leaves: bool = False
) -> tuple[Placement, ...]:
    """Refuses a path that is somebody else's link or cannot be one; nothing is changed here."""
    paths = _declared_paths(store, certificate, services)
    if leaves:
        return tuple(_plan_leaving(spec, path, source) for spec, path, source in paths)
    return tuple(_plan_placement(store, spec, path, source) for spec, path, source in paths)


def find_placement_problems(store: Store, certificate: str, services: tuple[Service, ...]) -> tuple[str, ...]:
    """All the refusals of `plan_placements`, together."""
    problems = []
    for spec, path, source in _declared_paths(store, certificate, services):
        try:
            _plan_placement(store, spec, path, source)
        except HostError as error:
            problems.append(str(error))
    return tuple(problems)


def _declared_paths(
    store: Store, certificate: str, services: tuple[Service, ...]
) -> Iterator[tuple[FileSpec, str, str]]:
    for service in services:
        for spec in service.files:
            if spec.path:
                yield spec, spec.path, store.live_file(certificate, service.name, spec.name)


def _plan_leaving(spec: FileSpec, path: str, source: str) -> Placement:
    state = "ours" if observe_path(path, source) == "ours" else "missing"
    return Placement(path, source, spec.in_place, state, spec=spec, leaves=True)


def _plan_placement(store: Store, spec: FileSpec, path: str, source: str) -> Placement:
    state = observe_path(path, source)
    if _is_inside(os.path.dirname(path), store.path):
        raise HostError(f"{path} is inside the store; a configuration can name it as it is, so leave out the `path`")
    if state == "special":
        raise HostError(f"{path} is neither a file nor a link; change the `path` of {spec.name}")
    if state == "no_directory" and not spec.make_directory:
        raise HostError(f"The directory of {path} does not exist; create it or change the `path` of {spec.name}")
    if state == "directory":
        raise HostError(f"{path} is a directory; change the `path` of {spec.name}")
    if state == "link" and not spec.replace_link and not _leads_to_same(path, source):
        raise HostError(
            f"{path} is a link to {os.readlink(path)}, made by somebody else; "
            "set `replace_link: true` to replace it (it is kept beside), or change the `path`"
        )
    if state == "ours" or (state == "file" and spec.in_place and _is_copy(path, source)):
        return Placement(path, source, spec.in_place, "ours", spec=spec)
    if state in ("missing", "no_directory"):
        return Placement(path, source, spec.in_place, "missing", spec=spec)
    return Placement(path, source, spec.in_place, "kept", kept=_free_name(path), spec=spec)


def _leads_to_same(path: str, source: str) -> bool:
    """A link of ours for another file of this certificate: its service was renamed."""
    return os.readlink(path).startswith(os.path.dirname(os.path.dirname(source)) + "/")


def _is_inside(directory: str, store_path: str) -> bool:
    return (os.path.realpath(directory) + "/").startswith(os.path.realpath(store_path) + "/")


def _is_copy(path: str, source: str) -> bool:
    live = read_optional(source)
    return live is not None and os.path.isfile(path) and live == read_optional(path)


def _free_name(path: str) -> str:
    """Nothing that was kept earlier is overwritten."""
    name, number = path + KEPT_SUFFIX, 1
    while os.path.lexists(name):
        number += 1
        name = f"{path}{KEPT_SUFFIX}.{number}"
    return name


def keep_displaced(placement: Placement) -> None:
    """A second name for what is there, so that the rename over it loses nothing. Safe to repeat."""
    if placement.before != "kept" or os.path.lexists(placement.kept):
        return
    if not os.path.lexists(placement.path) or observe_path(placement.path, placement.source) == "ours":
        return
    if os.path.islink(placement.path):
        os.symlink(os.readlink(placement.path), placement.kept)
    else:
        os.link(placement.path, placement.kept, follow_symlinks=False)
    sync_directory(os.path.dirname(placement.path))


def place(placement: Placement, *, label: Labeller) -> None:
    """The path leads to the live file from here on; a copy is made only where links are refused."""
    if placement.leaves:
        _leave(placement)
        return
    if is_somebody_elses(placement):
        raise HostError(f"{placement.path} was changed by somebody else meanwhile; it was left alone")
    keep_displaced(placement)
    if placement.spec is not None and placement.spec.make_directory:
        make_directory(os.path.dirname(placement.path), 0o755)
    if not placement.in_place:
        if observe_path(placement.path, placement.source) != "ours":
            replace_link(placement.path, placement.source)
    else:
        _copy_in_place(placement, label=label)
    _announce(placement.path)
    sync_directory(os.path.dirname(placement.path))


def _announce(path: str) -> None:
    """Who watches the directory of a link hears of it: that the live link elsewhere was turned is no event there.

    Its times are set to what they are, which inotify(7) tells as IN_ATTRIB of that name and Java as a modification. A
    rename alone is not enough: Java tells a creation, which is no news to a product that knows the name (JS7).
    """
    with contextlib.suppress(OSError):  # the probe tells who did not hear of it
        found = os.lstat(path)
        os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns), follow_symlinks=False)


def _leave(placement: Placement) -> None:
    if _is_ours(placement):
        remove_file(placement.path)
        sync_directory(os.path.dirname(placement.path))


def _copy_in_place(placement: Placement, *, label: Labeller) -> None:
    content = read_optional(placement.source)
    if content is None or placement.spec is None:
        return
    fresh = _fresh_name(placement.path)
    remove_file(fresh)
    write_new(fresh, content, attributes=attributes_of(placement.spec), label=label)
    os.replace(fresh, placement.path)


def _fresh_name(path: str) -> str:
    return path + ".certwright-new"


def _is_ours(placement: Placement) -> bool:
    """What somebody else has put there meanwhile is never removed."""
    if placement.in_place:
        return _is_copy(placement.path, placement.source)
    return observe_path(placement.path, placement.source) == "ours"


def is_somebody_elses(placement: Placement) -> bool:
    """Neither what was there before nor ours: it came while a transaction was interrupted."""
    if not os.path.lexists(placement.path) or _is_ours(placement):
        return False
    if placement.before == "kept":
        return os.path.lexists(placement.kept) and not _is_same(placement.path, placement.kept)
    return placement.before == "missing"


def _is_same(path: str, other: str) -> bool:
    if os.path.islink(path) and os.path.islink(other):
        return os.readlink(path) == os.readlink(other)
    return os.path.samestat(os.lstat(path), os.lstat(other))


def _is_nothing_there(placement: Placement) -> bool:
    """Where a directory was to be made, it may not have come to that."""
    makes = placement.spec is not None and placement.spec.make_directory
    return makes and not os.path.isdir(os.path.dirname(placement.path))


def _put_back_kept(placement: Placement) -> None:
    if os.path.lexists(placement.kept):
        os.replace(placement.kept, placement.path)
        remove_file(placement.kept)  # rename(2) does nothing when both are names of one file


def put_back_placement(placement: Placement, *, label: Labeller) -> None:
    """What was there before is there again; the previous generation is live by now. Safe to repeat."""
    remove_file(_fresh_name(placement.path))
    if _is_nothing_there(placement) or is_somebody_elses(placement):
        return
    if placement.before == "kept":
        _put_back_kept(placement)
    elif placement.before == "missing":
        if _is_ours(placement):
            remove_file(placement.path)
    elif placement.in_place:
        _copy_in_place(placement, label=label)
    elif placement.leaves and not os.path.lexists(placement.path):
        replace_link(placement.path, placement.source)
    _announce(placement.path)
    sync_directory(os.path.dirname(placement.path))
