# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The store: per certificate numbered generations, and one symlink that says which of them is live.

    <store>/certificates/<certificate>/<generation>/   cert.pem chain.pem fullchain.pem privkey.pem
                                                       record.json manifest.json <service>/<file>
    <store>/live/<certificate>                         -> ../certificates/<certificate>/<generation>
    <store>/journal.json                               there only while a transaction runs, or when one was killed
    <store>/certificates/<certificate>/issuance.json   the controller's memory of orders, and
                               …/order/                an order that was begun: order.json privkey.pem request.pem
    <store>/challenges/<port>/<token>                  what the listener of that port answers with
    <store>/removed/<certificate>.json                 of one that was removed, see tombstones.py

A certificate that was adopted has adopted.json in its home, which says where it lies.
A generation is complete when its manifest is there: it is written last. Its files never change afterwards. The record
gets the services as they are declared now, and activation.json is the memory of activations that are not finished.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from dataclasses import dataclass
from typing import Any

from ansible_collections.certwright.tls.plugins.module_utils._host.files import (
    HostError,
    make_directory,
    read_optional,
    remove_file,
    remove_tree,
    replace_file,
    replace_link,
    sync_directory,
)

MANIFEST = "manifest.json"
RECORD = "record.json"
ACTIVATION = "activation.json"
ADOPTED = "adopted.json"
_REMOVING = "removing"


@dataclass(frozen=True)
class Store:
    """The paths of one store. This is the only file that spells them."""

    path: str

    @property
    def journal(self) -> str:
        return os.path.join(self.path, "journal.json")

    @property
    def lock(self) -> str:
        return os.path.join(self.path, ".lock")

    @property
    def live_directory(self) -> str:
        return os.path.join(self.path, "live")

    def home(self, certificate: str) -> str:
        return os.path.join(self.path, "certificates", certificate)

    def generation(self, certificate: str, number: int) -> str:
        return f"{self.home(certificate)}/{number:06d}"

    def issuance(self, certificate: str) -> str:
        return os.path.join(self.home(certificate), "issuance.json")

    def order(self, certificate: str) -> str:
        return os.path.join(self.home(certificate), "order")

    def challenges(self, port: int) -> str:
        return os.path.join(self.path, "challenges", str(port))

    def live(self, certificate: str) -> str:
        return os.path.join(self.live_directory, certificate)

    def live_file(self, certificate: str, service: str, name: str) -> str:
        return os.path.join(self.live(certificate), service, name)

    @property
    def removed_directory(self) -> str:
        return os.path.join(self.path, "removed")

    def tombstone(self, certificate: str) -> str:
        return os.path.join(self.removed_directory, f"{certificate}.json")

    @property
    def decommissioned(self) -> str:
        """Beside the store, which is gone then."""
        return f"{self.path}.decommissioned.json"

    @property
    def frame(self) -> tuple[str, ...]:
        """Its own directories, which are empty when nothing is stored."""
        return (
            *(os.path.join(self.path, name) for name in ("certificates", "live", "challenges", "removed")),
            self.path,
        )

    @property
    def ignore(self) -> str:
        return os.path.join(self.path, ".gitignore")

    def exists(self) -> bool:
        return os.path.isdir(self.path)


def create_store(store: Store) -> None:
    """Directories that others may pass but not list. Safe for two at once: the lock can only come afterwards."""
    parent = os.path.dirname(store.path)
    if not os.path.isdir(parent):
        raise HostError(f"The directory {parent} does not exist; create it or set `store_path`")
    try:
        for path in (store.path, os.path.join(store.path, "certificates"), store.live_directory):
            make_directory(path)
    except OSError as error:
        raise HostError(
            f"The store {store.path} cannot be created: {error.strerror}; run with `become` or set `store_path`"
        ) from None


def hide_from_versioning(store: Store) -> None:
    """etckeeper and its like leave the keys alone. Under the lock, as every writing of a file."""
    if not os.path.exists(store.ignore):
        replace_file(store.ignore, b"*\n", mode=0o644)


def live_generation(store: Store, certificate: str) -> int | None:
    """The number that the live link leads to; None when there is no link, or it leads elsewhere."""
    try:
        target = os.readlink(store.live(certificate))
    except OSError:
        return None
    directory, name = os.path.split(target)
    if directory != os.path.join("..", "certificates", certificate) or not name.isdigit():
        return None
    return int(name)


def point_live(store: Store, certificate: str, number: int | None) -> None:
    """Key and certificate of every service switch together, by this one rename."""
    path = store.live(certificate)
    if number is None:
        remove_file(path)
    else:
        target = os.path.join("..", "certificates", certificate, f"{number:06d}")
        replace_link(path, target, beside=os.path.join(store.live_directory, f".{certificate}.new"))
    sync_directory(store.live_directory)


def stored_certificates(store: Store) -> tuple[str, ...]:
    """The names of all certificates that have a home in the store."""
    try:
        return tuple(sorted(os.listdir(os.path.join(store.path, "certificates"))))
    except (FileNotFoundError, NotADirectoryError):
        return ()


def is_stored(store: Store, certificate: str) -> bool:
    """Whether there is anything of it but an order and its memory: no generation is awaited before the first one."""
    adopted = os.path.join(store.home(certificate), ADOPTED)
    held = _all_generations(store, certificate) or os.path.lexists(store.live(certificate)) or os.path.exists(adopted)
    return bool(held)


def complete_generations(store: Store, certificate: str) -> tuple[int, ...]:
    """Generations whose staging came to its end, oldest first."""
    numbers = _all_generations(store, certificate)
    return tuple(
        number for number in numbers if os.path.exists(os.path.join(store.generation(certificate, number), MANIFEST))
    )


def _all_generations(store: Store, certificate: str) -> tuple[int, ...]:
    try:
        names = os.listdir(store.home(certificate))
    except (FileNotFoundError, NotADirectoryError):
        return ()
    return tuple(sorted(int(name) for name in names if name.isdigit()))


def next_generation(store: Store, certificate: str) -> int:
    """Never a number that the live link has, even when its generation was deleted by hand."""
    return max((0, live_generation(store, certificate) or 0, *_all_generations(store, certificate))) + 1


def prune(store: Store, certificate: str, *, keep: int) -> None:
    """Remove what staging left half done, and the oldest beyond `keep` before the live one. What waits is not old."""
    complete = complete_generations(store, certificate)
    live = live_generation(store, certificate)
    for number in _all_generations(store, certificate):
        if number not in complete and number != live:
            remove_tree(store.generation(certificate, number))
    previous = [number for number in complete if live is not None and number < live]
    for number in previous[: max(0, len(previous) - keep)]:
        remove_generation(store, certificate, number)


def remove_generation(store: Store, certificate: str, number: int) -> None:
    """The manifest goes first: a removal that is killed half way leaves an incomplete generation, never a holed one."""
    remove_file(os.path.join(store.generation(certificate, number), MANIFEST))
    remove_tree(store.generation(certificate, number))


def mark_removal(store: Store, certificate: str) -> None:
    """From here on nothing of it is waiting to be activated, however far its removal comes."""
    if os.path.isdir(store.home(certificate)):
        replace_file(os.path.join(store.home(certificate), _REMOVING), b"")


def unmark_removal(store: Store, certificate: str) -> None:
    remove_file(os.path.join(store.home(certificate), _REMOVING))


def is_being_removed(store: Store, certificate: str) -> bool:
    return os.path.exists(os.path.join(store.home(certificate), _REMOVING))


def remove_home(store: Store, certificate: str) -> None:
    """All generations, oldest first: the newest record is the last to go."""
    for number in _all_generations(store, certificate):
        remove_generation(store, certificate, number)
    remove_tree(store.home(certificate))
    if os.path.isdir(store.path):
        sync_directory(os.path.dirname(store.home(certificate)))


def read_document(path: str) -> dict[str, Any] | None:
    """A JSON object of ours; None when it is not there. A damaged one is named, never guessed at."""
    content = read_optional(path)
    if content is None:
        return None
    try:
        document = json.loads(content)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise HostError(f"The file {path} is damaged; look at it, move it away and run again")
    return document


def write_document(path: str, document: dict[str, Any]) -> None:
    replace_file(path, canonical(document))


def adopt(store: Store, certificate: str, record: dict[str, Any]) -> bool:
    """Recorded; whether that is another place than was recorded before."""
    path = os.path.join(store.home(certificate), ADOPTED)
    try:
        before = read_document(path) or {}
    except HostError:
        before = {}
    make_directory(store.home(certificate))
    write_document(path, record)
    return bool(before.get("certificate_path") != record["certificate_path"])


def timestamp() -> str:
    """Now, as every document of the store spells it (UTC)."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def canonical(document: Any) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def digest_of(document: Any) -> str:
    return hashlib.sha256(canonical(document)).hexdigest()
