# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A CA's directory as the controller sees it: read in one execution, and appended to by compare and swap."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from functools import cached_property
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._ca.ledger import (
    AUTHORITY,
    GENESIS,
    Entry,
    Head,
    link,
    load_entry,
    require_sealed,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.state import CaState
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Problem
from ansible_collections.certwright.tls.plugins.plugin_utils._remote import Host

KEYS = "keys/"
# Each of eight batches that come together is the first one sometime; more is a queue that nobody waits for.
_TRIES = 50
# What an append need not look up again.
_ENTRIES = ("requests", "serials", "hosts", "names")
_CLOCK_TOLERANCE = timedelta(minutes=5)

Body = Mapping[str, Any]


@dataclass(frozen=True)
class CaView:
    """What the host told of it. `entries` are those that were asked for; `files` hold sealed keys."""

    path: str
    status: str
    head: Head
    authority: Entry | None
    entries: tuple[Entry, ...]
    told: Mapping[str, Any] = field(repr=False)

    @cached_property
    def state(self) -> CaState | None:
        """None where there is no CA yet."""
        try:
            return None if self.authority is None else CaState.from_json(self.authority.words["state"])
        except UnusableError as error:
            raise refuse(self.path, error.code, error.message) from None
        except (ValueError, TypeError, KeyError, AttributeError):
            raise _refuse_unfit(self.path) from None

    @property
    def files(self) -> Mapping[str, str | None]:
        return dict(self.told.get("files") or {})

    @property
    def lost_anchors(self) -> tuple[Mapping[str, Any], ...]:
        """What hosts remember of the ledger, and it does not have: it is older than they are."""
        return tuple(item for item in self.told.get("anchors") or () if not item["known"])

    @cached_property
    def issued(self) -> dict[str, Entry]:
        """By serial, of the entries that were asked for."""
        return {str(entry.words["serial"]): entry for entry in self.entries if entry.kind == "issued"}

    @cached_property
    def requested(self) -> dict[str, Entry]:
        """By the digest of what was asked for, the newest of each."""
        return {str(entry.words["request"]): entry for entry in self.entries if entry.kind == "issued"}

    @cached_property
    def revoked(self) -> dict[str, Entry]:
        """By serial."""
        return {str(entry.words["serial"]): entry for entry in self.entries if entry.kind == "revoked"}

    def require_sealed(self, ledger_key: bytes) -> None:
        """That what the host told is what this CA wrote. Raises RefusedError (ca_altered)."""
        try:
            require_sealed(self.head, self.authority.hash if self.authority else "", ledger_key)
        except UnusableError as error:
            raise refuse(self.path, error.code, error.message) from None

    def require_clock(self, now: datetime) -> None:
        """Nothing is signed with dates that are wrong. Raises RefusedError (clock_skew)."""
        there = datetime.fromtimestamp(float(self.told["time"]), timezone.utc)
        if abs(there - now) > _CLOCK_TOLERANCE:
            minutes = abs(there - now).total_seconds() / 60
            fact = f"the clocks of the controller and of the CA's host are {minutes:.0f} minutes apart"
            raise refuse(self.path, "clock_skew", f"{fact}, and dates are what a CA signs; set them, and run again")


@dataclass(frozen=True)
class Appended:
    """How it ended: the new entries, the directory after them, its backup, and what was not tidied up."""

    entries: tuple[Entry, ...]
    view: CaView
    backup: Mapping[str, Any] | None
    notice: str = ""


class CaDirectory:
    """`path` is an absolute path on `host`."""

    def __init__(self, host: Host, path: str) -> None:
        self._host, self.path = host, path

    def read(self, **ask: Any) -> CaView:
        """Raises RefusedError for a directory that is damaged, open to others, or somebody else's."""
        return _load_view(self.path, self._host.read_ca(self.path, ask))

    def load(self, told: Mapping[str, Any]) -> CaView:
        """What the host told of it. Raises RefusedError as `read` does."""
        return _load_view(self.path, told)

    def append(  # noqa: PLR0913 - what goes with the entries
        self,
        view: CaView,
        build: Callable[[CaView], Sequence[Body]],
        *,
        ledger_key: bytes,
        ask: Mapping[str, Any],
        files: Mapping[str, str] | None = None,
        drop: Iterable[str] = (),
        create: bool = False,
        backup_to: str = "",
    ) -> Appended:
        """What `build` makes of the directory as it is in the end; nothing when that is nothing.

        Another run may append first: then it is read again, as `ask` says, and built anew on what that left.
        """
        for _try in range(_TRIES):
            if view.head == GENESIS and not create:
                raise refuse(self.path, "ca_missing", "there is no CA to append to; mount it, or restore its backup")
            if view.head != GENESIS:
                view.require_sealed(ledger_key)
            bodies = [{"kind": body["kind"], "run": self._host.run, **body} for body in build(view)]
            if not bodies:
                return Appended((), view, None)
            linked = link(
                view.head,
                bodies,
                authority=view.authority.hash if view.authority else "",
                ledger_key=ledger_key,
                now=datetime.now(timezone.utc),
            )
            answer = self._host.append_ca(
                self.path,
                {
                    "create": create,
                    "expect": None if view.head == GENESIS else {"number": view.head.number, "hash": view.head.hash},
                    "lines": list(linked.lines),
                    "head": linked.head.to_json(),
                    "files": dict(files or {}),
                    "drop": list(drop),
                    # What was asked for is known, and what was sent need not come back
                    "ask": {word: asked for word, asked in ask.items() if word not in _ENTRIES},
                    "backup_to": backup_to or None,
                },
            )
            after = _load_view(self.path, answer["current"])
            if answer["done"]:
                after = replace(after, entries=(*view.entries, *linked.entries))
                return Appended(linked.entries, after, answer["backup"], str(answer.get("notice") or ""))
            view = self.read(**ask)
        fact = f"other runs appended to its ledger {_TRIES} times while this one tried"
        raise refuse(self.path, "ca_busy", f"{fact}; nothing of this run was signed, run it again")


def refuse(path: str, code: str, message: str) -> RefusedError:
    return RefusedError.from_problems([Problem(path, code, message)])


def _load_view(path: str, told: Mapping[str, Any]) -> CaView:
    problem = told.get("problem")
    if problem:
        raise refuse(path, str(problem["code"]), str(problem["message"]))
    has_head = bool(told.get("head"))
    if has_head != bool(told.get("authority")) or has_head != (told["status"] == "ready"):
        raise _refuse_unfit(path)
    try:
        view = CaView(
            path,
            str(told["status"]),
            Head.from_json(told["head"]) if told.get("head") else GENESIS,
            load_entry(told["authority"]) if told.get("authority") else None,
            tuple(load_entry(line) for line in told.get("entries") or ()),
            told,
        )
        _require_shape(view)
    except UnusableError as error:
        raise refuse(path, error.code, error.message) from None
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
        raise _refuse_unfit(path) from None
    return view


def _require_shape(view: CaView) -> None:
    """What is read later without a further look."""
    datetime.fromtimestamp(float(view.told["time"]), timezone.utc)
    is_other = view.authority is not None and view.authority.kind != AUTHORITY
    parts = (view.issued, view.requested, view.revoked, view.files, view.lost_anchors)
    if is_other or any(part is None for part in parts):
        raise ValueError("The host's answer is not as the host's code makes it")


def _refuse_unfit(path: str) -> RefusedError:
    fact = "what its host told of it does not fit together"
    return refuse(path, "ca_damaged", f"{fact}; look into that host, and restore the directory from its backup")
