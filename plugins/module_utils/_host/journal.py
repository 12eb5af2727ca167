# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The journal: what a transaction is about to do, synced before it does it. References to generations, never keys."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from ansible_collections.certwright.tls.plugins.module_utils._host.files import remove_file, sync_directory
from ansible_collections.certwright.tls.plugins.module_utils._host.placements import Placement
from ansible_collections.certwright.tls.plugins.module_utils._host.request import Service, can_leave
from ansible_collections.certwright.tls.plugins.module_utils._host.store import Store, read_document, write_document


@dataclass(frozen=True)
class Attempt:
    """One certificate on its way from a generation to another; the unit of rollback.

    `answered` holds the probe targets that showed a certificate before, with its fingerprint: only these can cause a
    rollback. `failure` is set before anything is put back, so that a killed put-back is finished and not carried
    forward. `up` names the services that were up before, `follows` the certificate whose files the generation links to.
    """

    certificate: str
    previous: int | None
    generation: int
    services: tuple[Service, ...]
    placements: tuple[Placement, ...]
    put_back: bool
    answered: dict[str, str]
    failure: str = ""
    up: tuple[str, ...] = ()
    follows: str = ""

    @property
    def leaves(self) -> bool:
        """At its end no file of it is left for any service; what they fall back to is shown by then."""
        return bool(self.follows) and can_leave(self.services)

    def failed(self, message: str) -> Attempt:
        return replace(self, failure=message)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, given: dict[str, Any]) -> Attempt:
        return cls(
            **dict(
                given,
                services=tuple(Service.from_json(item) for item in given["services"]),
                placements=tuple(Placement.from_json(item) for item in given["placements"]),
                up=tuple(given.get("up", ())),
            )
        )


@dataclass(frozen=True)
class Journal:
    """What is on its way in one store."""

    run: str
    started: str
    attempts: tuple[Attempt, ...]

    def without(self, certificates: set[str]) -> Journal:
        return replace(self, attempts=tuple(item for item in self.attempts if item.certificate not in certificates))

    def with_attempts(self, changed: tuple[Attempt, ...]) -> Journal:
        by_name = {item.certificate: item for item in changed}
        return replace(self, attempts=tuple(by_name.get(item.certificate, item) for item in self.attempts))


def read_journal(store: Store) -> Journal | None:
    document = read_document(store.journal)
    if document is None:
        return None
    attempts = tuple(Attempt.from_json(item) for item in document["attempts"])
    return Journal(document["run"], document["started"], attempts)


def write_journal(store: Store, journal: Journal) -> None:
    """An empty journal is no journal: its removal is the moment of commit."""
    if journal.attempts:
        attempts = [attempt.to_json() for attempt in journal.attempts]
        write_document(store.journal, {"run": journal.run, "started": journal.started, "attempts": attempts})
        return
    remove_file(store.journal)
    sync_directory(store.path)
