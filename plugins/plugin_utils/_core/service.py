# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A service as an operator declares it and as a host is told about it. Presets are data; this is their form."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import Certificate
from ansible_collections.certwright.tls.plugins.plugin_utils._core.keystore_passphrase import KeystorePassphrase
from ansible_collections.certwright.tls.plugins.plugin_utils._core.restart import is_restart_allowed
from ansible_collections.certwright.tls.plugins.plugin_utils._core.revocation_list import (
    RevocationList,
    load_recorded,
)

# A word, or a group of words that is left out when one of its placeholders has no value.
CommandPart = str | tuple[str, ...]

KEY_PART, TRUST_PART, CRL_PART = "key", "trust", "crl"
PARTS = ("leaf", "chain", "root", KEY_PART, TRUST_PART, CRL_PART)
PEM, PKCS12, TRUSTSTORE = "pem", "pkcs12", "truststore"
MODERN, LEGACY = "modern", "legacy"
# In the place of a path: the host knows where the certificate that it probes for lies.
OWN = "own"


@dataclass(frozen=True)
class ServiceFile:
    """One file below `live/<certificate>/<service>/`: its parts in order, its attributes, and a foreign path to it.

    `trusted` are the SHA-256 fingerprints of the CAs that were declared for it; without them a file with `trust` has
    the certificate's own root. `lists` are what a file with `crl` holds. Both are recorded as PEM as well, so that they
    stay when nobody can say what comes after them. A passphrase is never recorded; of a recorded one there is only the
    digest.

    `fallback` is the path that the service reads when this file is not there, `make_directory` makes the directory of
    `path`, and nobody wonders when no configuration names what is not `referenced`.
    """

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
    format: str = PEM
    alias: str = ""
    level: str = ""
    fallback: str = ""
    make_directory: bool = False
    referenced: bool = True
    trusted: tuple[str, ...] = field(default=(), compare=False)
    trusted_pem: str = field(default="", repr=False, compare=False)
    lists: tuple[RevocationList, ...] = field(default=(), repr=False, compare=False)
    passphrase_digest: str = field(default="", compare=False)
    passphrase: KeystorePassphrase | None = field(default=None, repr=False, compare=False)

    @property
    def holds_key(self) -> bool:
        return KEY_PART in self.parts

    @property
    def holds_trust(self) -> bool:
        return TRUST_PART in self.parts

    @property
    def holds_crl(self) -> bool:
        return CRL_PART in self.parts

    def to_request(self) -> dict[str, Any]:
        """Without the passphrase, and without the words of keystores where they say nothing: most files are PEM."""
        words = asdict(replace(self, passphrase=None, trusted_pem="", lists=()))
        for word in _UNTOLD:
            del words[word]
        return {word: value for word, value in words.items() if word not in _SPARED or value != _SPARED[word]}

    def to_record(self) -> dict[str, Any]:
        """With what the passphrase is known by again, whom the file trusts, and which lists it holds."""
        digest = self.passphrase.digest if self.passphrase else self.passphrase_digest
        return {
            **replace(self, passphrase_digest=digest).to_request(),
            **({"trusted_pem": self.trusted_pem} if self.trusted_pem else {}),
            **({"lists": [item.to_record() for item in self.lists]} if self.lists else {}),
        }


_UNTOLD = ("passphrase", "trusted_pem", "lists")
_SPARED = {
    "format": PEM,
    "alias": "",
    "level": "",
    "trusted": (),
    "passphrase_digest": "",
    "fallback": "",
    "make_directory": False,
    "referenced": True,
}


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
    http_path: str | None = None


@dataclass(frozen=True)
class Setting:
    """Where a product is told the passphrase of one of the `file`s: a path, and a pattern whose group is that."""

    file: str
    path: str
    pattern: str


@dataclass(frozen=True)
class AskedCas:
    """Who did not answer of the CAs that a service takes its trust from (`silent_for_trust`) and its lists.

    `without_list` are those that answered and publish none. What the operator gave is asked of nobody.
    """

    silent_for_trust: tuple[str, ...] = ()
    silent_for_lists: tuple[str, ...] = ()
    without_list: tuple[str, ...] = ()


@dataclass(frozen=True)
class Service:
    """What the host is told. `method` is `reload`, `restart`, `none` (the service watches its files) or `command`: a
    reload by a command of the product, which finds the files in `{directory}` and has its own in `product_file`;
    nobody else may read its `private_files`.

    `prepare` are ways to make its configuration anew out of the files that are there; the host takes the first it has.

    With `read_back` its keystores are opened on the host before they are switched, by `keytool` where there is one, and
    their passphrase is compared with the product's own `settings`. Its ports get `patience` seconds at least to show a
    new certificate. `usage` is what its certificate has to be for, and
    `subject_form` how a CA of ours has to name it.

    `trust` are the CAs that were declared for its files, `crl` the lists of revocations; both are recorded with the
    files. `trust_names` are declared names of CAs, `asked` says what came of asking them.
    """

    name: str
    files: tuple[ServiceFile, ...]
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
    restart_policy: str = "never"
    restart_window: str = ""
    references: tuple[str, ...] = ()
    hint: str = ""
    probes: tuple[Probe, ...] = ()
    declared: dict[str, Any] = field(default_factory=dict)
    read_back: bool = False
    keytool: str = ""
    settings: tuple[Setting, ...] = ()
    patience: int = 0
    usage: str = field(default="", compare=False)
    subject_form: str = field(default="", compare=False)
    trust: tuple[Certificate, ...] = field(default=(), repr=False, compare=False)
    crl: tuple[RevocationList, ...] = field(default=(), repr=False, compare=False)
    trust_names: tuple[str, ...] = field(default=(), compare=False)
    asked: AskedCas | None = field(default=None, compare=False)

    def to_record(self) -> dict[str, Any]:
        """Everything but secrets, so that a later activation needs nothing from the inventory."""
        return self._describe(tuple(file.to_record() for file in self.files))

    def _describe(self, files: tuple[dict[str, Any], ...]) -> dict[str, Any]:
        words = asdict(replace(self, files=(), trust=(), crl=(), asked=None))
        for word in _SOURCES:
            del words[word]
        told = {word: value for word, value in words.items() if value or word not in _SELDOM}
        return {**told, "files": files}

    @property
    def is_optional(self) -> bool:
        """It has files, and does without each of them."""
        return bool(self.files) and all(file.fallback for file in self.files)

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
        settings = tuple(Setting(**_known_words(Setting, item)) for item in recorded.get("settings") or ())
        ways = tuple(tuple(way) for way in known.get("prepare") or ())
        return cls(**dict(known, files=files, probes=probes, settings=settings, prepare=ways, **commands))

    def to_request(self, now: datetime) -> dict[str, Any]:
        """What the host acts on; whether a restart is allowed is decided here, by the controller's clock."""
        request = self._describe(tuple(file.to_request() for file in self.files))
        policy, window = request.pop("restart_policy"), request.pop("restart_window")
        del request["declared"]
        return dict(request, restart_allowed=is_restart_allowed(policy, window, now))


def _load_file(recorded: dict[str, Any]) -> ServiceFile:
    known = {word: value for word, value in _known_words(ServiceFile, recorded).items() if word != "passphrase"}
    texts = {word: tuple(recorded.get(word) or ()) for word in ("parts", "trusted")}
    return ServiceFile(**dict(known, **texts, lists=load_recorded(recorded.get("lists") or ())))


def _known_words(kind: type[Service | ServiceFile | Probe | Setting], recorded: dict[str, Any]) -> dict[str, Any]:
    return {item.name: recorded[item.name] for item in fields(kind) if item.name in recorded}


FILE_WORDS = (
    *("files", "paths", "replace_links", "owner", "group", "mode", "seuser", "serole", "setype", "selevel"),
    *("alias", "keystore", "config_directory", "jetty_base", "domain_uid", "via", "root"),
)
_SOURCES = ("trust", "crl", "trust_names", "asked", "usage", "subject_form")
# Left out of records where they say nothing, so that those of other services are as they were.
_SELDOM = ("read_back", "keytool", "settings", "patience", "prepare", "product_file", "private_files")
_COMMANDS = ("status", "check", "staged_check", "reload", "restart", "references", "private_files")


@dataclass(frozen=True)
class Preset:
    """How a kind of service wants its files, as data. Commands hold placeholders for the operator's words.

    `unit`, `pid_file`, `defaults` and the first word of a command may name alternatives, as in `apachectl|httpd`: those
    with a placeholder when the operator gave its word, else the others. The host takes the first that it has, of units
    the first that is up.

    `owner` and `group` are of all files, and `mode` of those with the key, unless the operator says another. `starttls`
    is spoken on every port but those of `port_starttls` (None is TLS at once). Without a `method` the operator's words
    decide whether it reloads, restarts or watches its files.

    Placeholders of words are filled in paths, the hint and settings too. `required` are groups of words of which one
    has to be said. `uses` are the files by the word `keystore`, which is also the usage of the certificate; the first
    one is the default. With `own_client` its probes show its own certificate where that is for clients.

    A product of several services has `companions`, which get no files and take their words from the word of that name.
    A service with `tags` runs where one of them is among the operator's `tags`, or where none are said; elsewhere it
    has its files only. `ways` are presets by the operator's word `via`, and `for_domain` is the one for a certificate
    of a domain. A `product` says on the host what nobody said here, and shows challenges at `webroot`. What
    `excludes` names are services and ports that cannot have this certificate, for the reason
    `exclusion`.
    """

    name: str
    files: tuple[ServiceFile, ...] = ()
    unit: str | None = None
    pid_file: str | None = None
    owner: str | None = None
    group: str | None = None
    status: tuple[CommandPart, ...] = ()
    check: tuple[CommandPart, ...] = ()
    reload: tuple[CommandPart, ...] = ()
    restart: tuple[CommandPart, ...] = ()
    method: str = "reload"
    references: tuple[CommandPart, ...] = ()
    hint: str = ""
    ports: tuple[int, ...] = ()
    starttls: str | None = None
    port_starttls: tuple[tuple[int, str | None], ...] = ()
    prepare: tuple[tuple[str, ...], ...] = ()
    product_file: str = ""
    private_files: tuple[str, ...] = ()
    mode: str = ""
    tags: tuple[str, ...] = ()
    companions: tuple[tuple[str, Preset], ...] = ()
    ways: tuple[tuple[str, Preset], ...] = ()
    for_domain: Preset | None = None
    product: str = ""
    webroot: str = ""
    excludes: tuple[str | int, ...] = ()
    exclusion: str = ""
    words: tuple[str, ...] = ()
    defaults: tuple[tuple[str, str], ...] = ()
    required: tuple[tuple[str, ...], ...] = ()
    uses: tuple[tuple[str, tuple[str, ...]], ...] = ()
    restart_policy: str = "never"
    own_client: bool = False
    private: bool = False
    read_back: bool = False
    settings: tuple[Setting, ...] = ()
    patience: int = 0
    subject_form: str = ""
