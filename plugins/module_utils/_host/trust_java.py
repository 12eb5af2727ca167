# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The trust of a JDK with a store of its own: entries of ours are changed in a copy, which takes its place whole."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.certwright.tls.plugins.module_utils._host.files import remove_file, sync_directory
from ansible_collections.certwright.tls.plugins.module_utils._host.pem import Block, load_blocks
from ansible_collections.certwright.tls.plugins.module_utils._host.trust_keytool import Keystore, find_keytool
from ansible_collections.certwright.tls.plugins.module_utils._host.trust_places import (
    APPLIED,
    GENERATED,
    PUT_BACK,
    STEM,
    Change,
    Outcome,
    PlaceError,
    find_fingerprints,
)

_COPY = ".certwright-new"
Entries = Mapping[str, tuple[Block, ...]]


@dataclass(frozen=True)
class JavaStore:
    """As the controller names it; `path` may be a link, which stays."""

    path: str
    keytool: str = ""
    passphrase: str = field(default="", repr=False)

    @property
    def real_path(self) -> str:
        return os.path.realpath(os.path.expanduser(self.path))

    def open(self) -> Keystore:
        """Raises PlaceError when the store or its keytool is not there, or when the system makes it."""
        if not os.path.isfile(self.real_path):
            fact = "is not there, or is no file"
            raise PlaceError("java_store_missing", f"{fact}; a JDK has it as lib/security/cacerts, correct `path`")
        if self.real_path.startswith(GENERATED):
            fact = f"is {self.real_path}, which the system makes of its own anchors"
            raise PlaceError("java_store_generated", f"{fact}; leave it out, `system: true` reaches it")
        return Keystore(self.real_path, find_keytool(self.keytool), self.passphrase)


def read_java(store: JavaStore, asked: Iterable[str]) -> dict[str, Any]:
    """What of ours is there, and which of these fingerprints."""
    entries = store.open().read()
    texts = {alias: "".join(block.text for block in blocks) for alias, blocks in entries.items()}
    placed = {alias: text for alias, text in texts.items() if STEM.match(alias)}
    fingerprints = {found for text in texts.values() for found in find_fingerprints(text.encode())}
    ours = {found for text in placed.values() for found in find_fingerprints(text.encode())}
    return {
        "place": store.path,
        "kind": "java",
        "bundle": store.real_path,
        "placed": placed,
        "held": sorted(fingerprints & {*asked, *ours}),
        "is_unfinished": os.path.lexists(store.real_path + _COPY),
    }


def apply_java(store: JavaStore, change: Change) -> Outcome:
    """The store holds what is expected and everything that is not ours, or it was not touched.

    1 a copy beside it, 0600 from its first byte
    2 keytool removes and adds in the copy
    3 the copy is read: entries of ours are the wanted ones, all others are what they were
    4 it gets the owner, mode and label of the store, is synced, and takes its place by one rename
    """
    copy = store.real_path + _COPY
    try:
        keystore = store.open()
        before = keystore.read()
        _copy(store.real_path, copy)  # 1
        _change(keystore.at(copy), change, before)  # 2
        _require_sound(store.path, keystore.at(copy).read(), change, before)  # 3
        _take_place(copy, store.real_path)  # 4
    except (PlaceError, OSError) as error:
        remove_file(copy)
        why = f"{error.strerror} at {error.filename}" if isinstance(error, OSError) else str(error)
        return Outcome(store.path, PUT_BACK, f"{why}. The store is as it was")
    return Outcome(store.path, APPLIED)


def _copy(path: str, copy: str) -> None:
    remove_file(copy)
    descriptor = os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    with open(path, "rb") as source, open(descriptor, "wb") as target:
        shutil.copyfileobj(source, target)


def _change(keystore: Keystore, change: Change, before: Entries) -> None:
    for alias in (*change.remove, *change.write):
        if alias in before:
            keystore.delete(alias)
    for alias, text in change.write.items():
        with tempfile.NamedTemporaryFile(prefix="certwright-", suffix=".pem") as file:
            file.write(text.encode())
            file.flush()
            keystore.add(alias, file.name)


def _require_sound(path: str, after: Entries, change: Change, before: Entries) -> None:
    wanted = {alias: blocks for alias, blocks in before.items() if alias not in change.remove}
    wanted.update({alias: load_blocks(text.encode()) for alias, text in change.write.items()})
    if {alias: _spell(blocks) for alias, blocks in after.items()} != {
        alias: _spell(blocks) for alias, blocks in wanted.items()
    }:
        fact = f"what keytool made of {path} does not hold just what it should"
        raise PlaceError("java_store_unwritable", f"{fact}; try the keytool of the JDK that the store belongs to")


def _spell(blocks: Iterable[Block]) -> tuple[str, ...]:
    return tuple(block.text for block in blocks)


def _take_place(copy: str, path: str) -> None:
    """SELinux labels are extended attributes, which copystat copies."""
    status = os.stat(path)
    shutil.copystat(path, copy)
    os.utime(copy)
    os.chown(copy, status.st_uid, status.st_gid)
    os.chmod(copy, status.st_mode & 0o7777)
    descriptor = os.open(copy, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    os.replace(copy, path)
    sync_directory(os.path.dirname(path))
