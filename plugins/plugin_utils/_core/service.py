# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A service as an operator declares it and as a host is told about it. Presets are data; this is their form."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.restart import is_restart_allowed

# A word, or a group of words that is left out when one of its placeholders has no value.
CommandPart = str | tuple[str, ...]

KEY_PART = "key"
PARTS = ("leaf", "chain", "root", KEY_PART)


@dataclass(frozen=True)
class ServiceFile:
    """One file below `live/<certificate>/<service>/`: its parts in order, its attributes, and a foreign path to it."""

    name: str
    parts: tuple[str, ...]
    mode: str = ""
    owner: str | None = None
    group: str | None = None
    seuser: str | None = None
    serole: str | None = None
    setype: str | None = None
    selevel: str | None = None
    path: str | None = None
    in_place: bool = False
    replace_link: bool = False

    @property
    def holds_key(self) -> bool:
        return KEY_PART in self.parts


@dataclass(frozen=True)
class Probe:
    """One port of a service, and how to speak to it. Without an address: those the process really listens on."""

    port: int
    address: str | None = None
    server_name: str | None = None
    starttls: str | None = None
    proxy_protocol: bool = False
    client_certificate: str | None = None
    client_private_key: str | None = None


@dataclass(frozen=True)
class Service:
    """What the host is told. `method` is `reload`, `restart` or `none` (the service watches its files)."""

    name: str
    files: tuple[ServiceFile, ...]
    unit: str | None = None
    pid_file: str | None = None
    status: tuple[str, ...] = ()
    check: tuple[str, ...] = ()
    staged_check: tuple[str, ...] = ()
    reload: tuple[str, ...] = ()
    restart: tuple[str, ...] = ()
    method: str = "reload"
    restart_policy: str = "never"
    restart_window: str = ""
    references: tuple[str, ...] = ()
    hint: str = ""
    probes: tuple[Probe, ...] = ()
    declared: dict[str, Any] = field(default_factory=dict)

    def to_record(self) -> dict[str, Any]:
        """Everything, so that a later activation needs nothing from the inventory."""
        return asdict(self)

    @property
    def declared_files(self) -> dict[str, Any]:
        """The operator's words that shape files; a changed default of ours is not among them."""
        words = self.declared.get("words", {})
        shaping = {word: words[word] for word in FILE_WORDS if word in words}
        return {"words": shaping, "attributes": self.declared.get("attributes", {})}

    @classmethod
    def from_record(cls, recorded: dict[str, Any]) -> Service:
        """A record may come from an older or newer release: words that this one does not know are left out."""
        known = _known_words(cls, recorded)
        commands = {word: tuple(known.get(word) or ()) for word in _COMMANDS}
        files = tuple(_load_file(item) for item in recorded.get("files") or ())
        probes = tuple(Probe(**_known_words(Probe, item)) for item in recorded.get("probes") or ())
        return cls(**dict(known, files=files, probes=probes, **commands))

    def to_request(self, now: datetime) -> dict[str, Any]:
        """What the host acts on; whether a restart is allowed is decided here, by the controller's clock."""
        request = asdict(self)
        policy, window = request.pop("restart_policy"), request.pop("restart_window")
        del request["declared"]
        return dict(request, restart_allowed=is_restart_allowed(policy, window, now))


def _load_file(recorded: dict[str, Any]) -> ServiceFile:
    return ServiceFile(**dict(_known_words(ServiceFile, recorded), parts=tuple(recorded["parts"])))


def _known_words(kind: type[Service | ServiceFile | Probe], recorded: dict[str, Any]) -> dict[str, Any]:
    return {item.name: recorded[item.name] for item in fields(kind) if item.name in recorded}


FILE_WORDS = ("files", "paths", "replace_links", "owner", "group", "mode", "seuser", "serole", "setype", "selevel")
_COMMANDS = ("status", "check", "staged_check", "reload", "restart", "references")


@dataclass(frozen=True)
class Preset:
    """How a kind of service wants its files, as data. Commands hold placeholders for the operator's words.

    Without a `method` the operator's words decide whether it reloads, restarts or watches its files.
    """

    name: str
    files: tuple[ServiceFile, ...] = ()
    unit: str | None = None
    pid_file: str | None = None
    check: tuple[CommandPart, ...] = ()
    reload: tuple[CommandPart, ...] = ()
    restart: tuple[CommandPart, ...] = ()
    method: str = "reload"
    references: tuple[CommandPart, ...] = ()
    hint: str = ""
    ports: tuple[int, ...] = ()
    starttls: str | None = None
    words: tuple[str, ...] = ()
    defaults: tuple[tuple[str, str], ...] = ()
