# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the controller asks of a host, as values. Python 3.9, standard library only, like everything in this package."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from ansible_collections.certwright.tls.plugins.module_utils._host.files import HostError

if TYPE_CHECKING:
    from ansible_collections.certwright.tls.plugins.module_utils._host.probe import ProbeTarget


# As the controller checks it (require_name of _core/supplied.py).
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}\Z")


@dataclass(frozen=True)
class FileSpec:
    """One file of a service: which parts, in which order, whose, and which foreign path leads to it.

    What is not of the format `pem` the controller sends, or says how to make. `fallback` is what the service reads when
    this file is not there: at its end such a path goes before the service is asked and reloaded. `make_directory` makes
    the directory of a path that has none, and nobody wonders when no configuration names a file that is not
    `referenced`.
    """

    name: str
    parts: tuple[str, ...]
    owner: str | None = None
    group: str | None = None
    mode: str = "0600"
    seuser: str | None = None
    serole: str | None = None
    setype: str | None = None
    selevel: str | None = None
    path: str | None = None
    in_place: bool = False
    replace_link: bool = False
    format: str = "pem"
    alias: str = ""
    level: str = ""
    fallback: str = ""
    make_directory: bool = False
    referenced: bool = True

    @classmethod
    def from_json(cls, given: dict[str, Any]) -> FileSpec:
        """A record of a newer release may have words that this one does not know."""
        known = {item.name: given[item.name] for item in fields(cls) if item.name in given}
        return cls(**dict(known, parts=tuple(given["parts"])))


@dataclass(frozen=True)
class Setting:
    """Where a product is told the passphrase of one of its files: a path, and a pattern whose group is that."""

    file: str
    path: str
    pattern: str


@dataclass(frozen=True)
class Service:
    """How one service is asked, checked, reloaded and probed. Commands are argument lists, never shell text.

    `method` says how it takes new files: `reload`, `restart`, `none` (it watches them) or `command`: the reload is one
    of the product even where systemd runs, which takes the files and hands them on. In it `{directory}` is where the
    live files are, and `product_file` is what the product has of its own before it gets ours for the first time. Its
    `private_files` are made unreadable for everybody.

    `prepare` are ways to make a configuration anew out of the files that are there, after every switch and before it is
    checked; the host takes the first that it has.

    With `read_back` its keystores are opened before they are switched, and their passphrase is compared with its
    `settings`. Its ports get `patience` seconds at least to show a new certificate.
    """

    name: str
    files: tuple[FileSpec, ...] = ()
    unit: str | None = None
    pid_file: str | None = None
    status: tuple[str, ...] = ()
    check: tuple[str, ...] = ()
    staged_check: tuple[str, ...] = ()
    reload: tuple[str, ...] = ()
    restart: tuple[str, ...] = ()
    prepare: tuple[tuple[str, ...], ...] = ()
    product_file: str = ""
    private_files: tuple[str, ...] = ()
    method: str = "reload"
    restart_allowed: bool = False
    references: tuple[str, ...] = ()
    hint: str = ""
    probes: tuple[ProbeTarget, ...] = ()
    read_back: bool = False
    keytool: str = ""
    settings: tuple[Setting, ...] = ()
    patience: float = 0.0

    @property
    def identity(self) -> tuple[object, ...]:
        """Equal for every certificate of one running service, so that five hundred cost one check and one reload."""
        process = (self.unit, self.pid_file, self.status)
        return (*process, self.check, self.prepare, self.method, self.reload, self.restart)

    @property
    def is_optional(self) -> bool:
        """It has files, and does without each of them."""
        return bool(self.files) and all(spec.fallback for spec in self.files)

    @classmethod
    def from_json(cls, given: dict[str, Any]) -> Service:
        """From a request or from a record, which holds more words than a host needs."""
        known = {item.name: given[item.name] for item in fields(cls) if item.name in given}
        commands = {word: tuple(known.get(word) or ()) for word in _COMMANDS}
        ways = tuple(tuple(way) for way in known.get("prepare") or ())
        files = tuple(FileSpec.from_json(item) for item in given.get("files") or ())
        settings = tuple(Setting(item["file"], item["path"], item["pattern"]) for item in given.get("settings") or ())
        probes = _load_targets(given.get("probes") or ())
        return cls(**dict(known, files=files, probes=probes, prepare=ways, settings=settings, **commands))


def can_leave(services: Sequence[Service]) -> bool:
    """Whether a certificate that follows another one needs no files: its services read what they fall back to."""
    holders = [service for service in services if service.files]
    return bool(holders) and all(service.is_optional for service in holders)


def _load_targets(given: Sequence[dict[str, Any]]) -> tuple[ProbeTarget, ...]:
    if not given:
        return ()
    # Here, because ssl and the threads take 20 ms of an execution, which one without ports need not pay.
    from ansible_collections.certwright.tls.plugins.module_utils._host.probe import ProbeTarget  # noqa: PLC0415

    names = [item.name for item in fields(ProbeTarget)]
    return tuple(ProbeTarget(**{name: item[name] for name in names if name in item}) for item in given)


_COMMANDS = ("status", "check", "staged_check", "reload", "restart", "references", "private_files")


@dataclass(frozen=True)
class Material:
    """Normalised PEM text by part; the private key never shows in a repr.

    `keystores` are by `service/file`: base64 `content`, or the `passphrase` to make one with and its `root`. What is to
    be read back has its `passphrase` and how many `entries` there are.
    """

    leaf: str
    chain: str
    root: str
    key: str = field(repr=False)
    keystores: dict[str, dict[str, str]] = field(default_factory=dict, repr=False)

    def render(self, parts: tuple[str, ...]) -> bytes:
        texts = {"leaf": self.leaf, "chain": self.chain, "root": self.root, "key": self.key}
        return "".join(texts[part] for part in parts).encode("ascii")


@dataclass(frozen=True)
class Wanted:
    """One certificate of a request: new material or a stored generation, and whether its services get it now.

    `remember` is the generation whose record gets the services as they are declared now. `expect` is the digest of the
    observation that it was planned on; `recorded` takes the services from the record
    of the pending, else of the live generation. `source` is material that lies on this host; `follows` is the
    certificate whose live files are used instead of own ones. `candidates` are
    files that may be adopted, `adopt` is the record of the one that is. `removing` asks who still names its files,
    `remove` removes it when nobody does, and `abandoned` takes a service that cannot be asked for one that names none.
    `issuance` asks for the memory of its orders and the one that was begun, `memory` is what to remember from now on,
    `end_order` says what becomes of that order: "release" keeps its words and key, "finish" nothing once the
    certificate is stored. `restage` is the generation whose very bytes are stored again with other services. What is to
    be kept (`keep`) is stored even if its services are refused: a CA gives it once. `sealed` asks for what a home hands
    out; `webroot` whether challenges can be answered there. `keystores` are those of Material, for what is stored
    again; `anchor` asks whom the certificate comes from.
    """

    name: str
    expect: str = ""
    recorded: bool = False
    services: tuple[Service, ...] = ()
    material: Material | None = None
    record: dict[str, Any] = field(default_factory=dict)
    generation: int | None = None
    activate: bool = True
    put_back: bool = True
    discard: tuple[int, ...] = ()
    remember: int | None = None
    source: dict[str, Any] | None = field(default=None, repr=False)
    follows: str = ""
    candidates: tuple[str, ...] = ()
    adopt: dict[str, Any] = field(default_factory=dict)
    removing: bool = False
    remove: bool = False
    abandoned: bool = False
    issuance: bool = False
    memory: dict[str, Any] | None = None
    end_order: str = ""
    restage: int | None = None
    keep: bool = False
    sealed: bool = False
    webroot: str = ""
    keystores: dict[str, dict[str, str]] = field(default_factory=dict, repr=False)
    anchor: bool = False
    leaves: bool = False
    bury: dict[str, Any] | None = None
    purge: bool = False
    revive: bool = False
    idle: bool = False

    @classmethod
    def from_json(cls, given: dict[str, Any]) -> Wanted:
        require_names(given)
        material = given.get("material")
        services = tuple(Service.from_json(item) for item in given.get("services") or ())
        return cls(
            **dict(
                given,
                services=services,
                material=Material(**material) if material else None,
                discard=tuple(given.get("discard") or ()),
                candidates=tuple(given.get("candidates") or ()),
            )
        )


def require_names(given: dict[str, Any]) -> None:
    """They become directories, which are removed one day: nothing may lead out of the store."""
    for word in ("name", "follows"):
        if given.get(word) and not _NAME.match(given[word]):
            raise HostError(f"`{given[word]}` cannot name a certificate of the store")
    if not given["name"]:
        raise HostError("A certificate of the store has a name")


@dataclass(frozen=True)
class Limits:
    """Seconds that each kind of waiting may take, and how many earlier generations stay."""

    check: float = 30.0
    reload: float = 60.0
    probe: float = 10.0
    handshake: float = 5.0
    lock: float = 300.0
    keep_generations: int = 3


def _find_limits(given: dict[str, Any], certificates: tuple[Wanted, ...]) -> Limits:
    """Ports are waited for as long as the slowest of their services takes."""
    limits = Limits(**given.get("limits") or {})
    patience = [service.patience for wanted in certificates for service in wanted.services]
    return replace(limits, probe=max([limits.probe, *patience]))


@dataclass(frozen=True)
class Request:
    """One execution: `observe` reads, `apply` changes. An observation may ask for `everything` that is stored.

    With `leaving` everything is to be removed, and what is only buried counts too. `dissolve` says why the store itself
    is to go.
    `names` are those that other renewers are looked for with. With `refuse_all` one certificate that is refused keeps
    all others from being touched.
    """

    action: str
    certificates: tuple[Wanted, ...]
    everything: bool = False
    store: str | None = None
    run: str = ""
    names: tuple[str, ...] = ()
    refuse_all: bool = False
    baseline: bool = False
    leaving: bool = False
    dissolve: dict[str, Any] | None = None
    probe: bool = True
    limits: Limits = field(default_factory=Limits)

    @classmethod
    def from_json(cls, given: dict[str, Any]) -> Request:
        certificates = tuple(Wanted.from_json(item) for item in given["certificates"])
        limits = _find_limits(given, certificates)
        return cls(**dict(given, certificates=certificates, limits=limits, names=tuple(given.get("names") or ())))
