# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whom certificates are ordered from, with secrets from where they are: options, files, environment."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._collected import Collected
from ansible_collections.certwright.tls.plugins.plugin_utils._core.entry import refuse_missing_url, spell_store_name
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError, TlsError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_words import (
    DNS_01,
    ON_CONTROLLER,
    Issuer,
    find_contact,
    find_directory,
    load_order_words,
    load_terms,
    overlay,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.ordered import Ordered
from ansible_collections.certwright.tls.plugins.plugin_utils._core.passphrase import Passphrase
from ansible_collections.certwright.tls.plugins.plugin_utils._core.plan import Plan
from ansible_collections.certwright.tls.plugins.plugin_utils._core.products import with_webroot
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Problem
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service_usage import find_public_problems
from ansible_collections.certwright.tls.plugins.plugin_utils._core.sharing import Handed, Sharing, name_at_home
from ansible_collections.certwright.tls.plugins.plugin_utils._core.supplied import (
    Declaration,
    load_attributes,
    load_declared,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.word_kinds import WordError
from ansible_collections.certwright.tls.plugins.plugin_utils._remote import PipelinedAction, read_file
from ansible_collections.certwright.tls.plugins.plugin_utils._secrets import read_variable
from ansible_collections.certwright.tls.plugins.plugin_utils._service_files import read_service_files
from ansible_collections.certwright.tls.plugins.plugin_utils._services.presets import PRESETS

_ACCOUNT_KEY, _EAB, _TSIG = "CERTWRIGHT_ACME_ACCOUNT_KEY", "CERTWRIGHT_ACME_EAB_HMAC_KEY", "CERTWRIGHT_TSIG_SECRET"
_SHARED = "CERTWRIGHT_SHARED_PASSPHRASE"


@dataclass(frozen=True)
class Members:
    """Whether this task receives shared certificates on `host`, and what their homes handed out; else it orders."""

    host: str
    handed: Mapping[str, Any] | None = field(default=None, repr=False)

    @property
    def is_receiving(self) -> bool:
        return self.handed is not None


class OrderReader:
    """The orders of one task. A file is read once, however many certificates name it."""

    def __init__(
        self, action: PipelinedAction, *, stage_only: bool, is_scheduled: bool, may_create: bool, members: Members
    ) -> None:
        self._action, self._members = action, members
        self._stage_only, self._is_scheduled, self._may_create = stage_only, is_scheduled, may_create
        self._files: dict[str, bytes] = {}

    def is_meant(self, arguments: Mapping[str, Any]) -> bool:
        """Whether this host has something to do: a shared one is ordered at its home, and received afterwards."""
        home = (arguments.get("shared") or {}).get("home")
        if self._members.is_receiving:
            return home is not None
        return home is None or str(home) == self._members.host

    def read(self, arguments: Mapping[str, Any]) -> Ordered:
        """One certificate as it is wished for. Raises RefusedError with everything that is wrong with its words."""
        name = spell_store_name(str(arguments["name"]))
        sharing = self._read_sharing(name, arguments)
        if sharing is not None and sharing.is_home:
            # At home it is kept only; services there are those of a member
            name, arguments = name_at_home(name), {**arguments, "services": (), "key_origin": ON_CONTROLLER}
        external_url = str(arguments.get("external_url") or "").strip()
        if not external_url:
            raise RefusedError.from_problems([refuse_missing_url(name)])
        problems: list[Problem] = []
        try:
            declared = load_declared(self._declare(name, external_url, arguments), presets=PRESETS)
            problems.extend(find_public_problems(name, declared.services))
        except RefusedError as error:
            declared = None
            problems.extend(error.problems)
        try:
            names = declared.names if declared else ()
            arguments = self._with_challenge_secret(name, with_webroot(arguments, PRESETS))
            issuer = self.read_issuer(name, arguments)
            words = load_order_words(name, arguments, names=names, issuer=issuer, is_scheduled=self._is_scheduled)
            problems.extend(_find_dns_problems(name, words.validation.type, words.validation.words))
        except RefusedError as error:
            raise RefusedError.from_problems([*problems, *error.problems]) from None
        if problems or declared is None:
            raise RefusedError.from_problems(problems)
        return Ordered(declared, words, sharing=sharing)

    def _read_sharing(self, name: str, arguments: Mapping[str, Any]) -> Sharing | None:
        """Raises RefusedError without the passphrase that its key is sealed with."""
        if not arguments.get("shared"):
            return None
        home = str(arguments["shared"]["home"])
        passphrase = self._read_secret(name, arguments, "shared_passphrase", _SHARED)
        if not passphrase:
            fact = "it is shared, and there is no passphrase that its key is sealed with at its home"
            way_out = f"pass shared_passphrase, shared_passphrase_src or {_SHARED}"
            raise RefusedError.from_problems([Problem(name, "passphrase_missing", f"{fact}; {way_out}")])
        handed = Handed.from_json((self._members.handed or {}).get(name_at_home(name)))
        return Sharing(home, not self._members.is_receiving, Passphrase(passphrase), handed)

    def _declare(self, name: str, external_url: str, arguments: Mapping[str, Any]) -> Declaration:
        return Declaration(
            name=name,
            names=(external_url, *(str(url) for url in arguments.get("other_urls") or ())),
            services=read_service_files(self._action, name, arguments.get("services") or ()),
            attributes=load_attributes(arguments),
            accepted=frozenset(str(code) for code in arguments.get("accept") or ()),
            stage_only=self._stage_only,
        )

    def read_issuer(self, name: str, arguments: Mapping[str, Any]) -> Issuer:
        """Raises RefusedError for a file that cannot be read."""
        ca_path = arguments.get("acme_ca_certificates")
        return Issuer(
            directory=find_directory(arguments),
            contact=find_contact(arguments),
            terms_agreed=load_terms(arguments.get("terms_agreed")),
            account_key=self._read_account_key(name, arguments),
            eab_kid=str(arguments.get("eab_kid") or ""),
            # The environment may hold the key of another CA
            eab_hmac_key=self._read_secret(name, arguments, "eab_hmac_key", _EAB if arguments.get("eab_kid") else ""),
            ca_certificates=os.path.expanduser(str(ca_path)) if ca_path else "",
        )

    def _read_account_key(self, name: str, arguments: Mapping[str, Any]) -> bytes:
        """Empty when there is none yet; made only where that was asked for, and never in check mode."""
        source, content = arguments.get("account_key_src"), arguments.get("account_key_content")
        if not source:
            return str(content or self._read_variable(name, _ACCOUNT_KEY)).encode("utf-8", "surrogateescape")
        path = str(source)
        if arguments.get("account_key_create") and path not in self._files and not self._is_there(name, path):
            self._files[path] = self._create(name, os.path.expanduser(path))
        return self._read_file(name, path)

    def _is_there(self, name: str, path: str) -> bool:
        """Made only where its path says, so that this run and the next mean the same place."""
        if os.path.isabs(os.path.expanduser(path)):
            return os.path.lexists(os.path.expanduser(path))
        try:
            self._read_file(name, path)
        except RefusedError:
            fact = f"account_key_create would make {path}, which is no absolute path"
            way_out = "name it in full, as in {{ inventory_dir }}/acme-account.pem"
            raise RefusedError.from_problems([Problem(name, "account_key_missing", f"{fact}; {way_out}")]) from None
        return True

    def _create(self, name: str, path: str) -> bytes:
        # Here, because an account key is made once in a fleet's life, and its maker brings the libraries for a CA.
        from ansible_collections.certwright.tls.plugins.plugin_utils._acme.account_key import (  # noqa: PLC0415
            make_account_key,
        )

        key = make_account_key()
        if not self._may_create:
            return key
        try:
            return _place_new(path, key)
        except OSError as error:
            fact = f"the account key {path} cannot be made on the controller: {error.strerror}"
            raise RefusedError.from_problems([Problem(name, "account_key_missing", f"{fact}; choose a path")]) from None

    def _with_challenge_secret(self, name: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        challenge = arguments.get("challenge") or {}
        if challenge.get("provider") != "rfc2136" or not challenge.get("tsig_name"):
            return arguments
        secret = self._read_secret(name, challenge, "tsig_secret", _TSIG)
        return {**arguments, "challenge": {**challenge, "tsig_secret": secret}}

    def _read_secret(self, name: str, arguments: Mapping[str, Any], option: str, variable: str) -> str:
        """A file wins over the option, both over the environment."""
        source = arguments.get(f"{option}_src")
        if source:
            return self._read_file(name, str(source)).decode("utf-8", "surrogateescape").strip()
        return str(arguments.get(option) or (self._read_variable(name, variable) if variable else "")).strip()

    def _read_variable(self, name: str, variable: str) -> str:
        try:
            return read_variable(self._action, variable)
        except TlsError as error:
            raise RefusedError.from_problems([Problem(name, "file_unreadable", str(error))]) from None

    def _read_file(self, name: str, path: str) -> bytes:
        if path not in self._files:
            try:
                self._files[path] = read_file(self._action, path)
            except TlsError as error:
                raise RefusedError.from_problems([Problem(name, "file_unreadable", str(error))]) from None
        return self._files[path]


@dataclass(frozen=True)
class OrderTask:
    """What a task orders on one host, and what was wrong with its words before anybody looked there.

    `others` are names in the store that belong to what is declared all the same: a shared certificate has two.
    """

    wishes: tuple[Ordered, ...]
    refused: tuple[Plan, ...]
    others: frozenset[str] = frozenset()


def read_orders(
    reader: OrderReader, elements: Iterable[Mapping[str, Any]], *, common: Mapping[str, Any], on_problem: str
) -> OrderTask:
    """`common` has the words for elements that do not say them. Raises RefusedError when one problem refuses all."""
    collected: Collected[Ordered] = Collected()
    others: set[str] = set()
    for element in elements:
        said = {word: value for word, value in element.items() if value is not None}
        if said.get("shared"):
            others.update((str(said["name"]), name_at_home(str(said["name"]))))
        if reader.is_meant(said):
            collected.add(partial(reader.read, overlay(common, said)))
    return OrderTask(tuple(collected.wishes.values()), collected.refuse(on_problem), frozenset(others))


def _place_new(path: str, content: bytes) -> bytes:
    """What is at the path afterwards: this, or what another worker of the run was quicker to make; never half of it."""
    descriptor, beside = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".account-key-")
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(beside, path)
        return content
    except FileExistsError:
        with open(path, "rb") as file:
            return file.read()
    finally:
        os.unlink(beside)


def _find_resolver_problems(name: str, resolver: object) -> list[Problem]:
    if resolver is None:
        return []
    from ansible_collections.certwright.tls.plugins.plugin_utils._acme.dns_solvers import (  # noqa: PLC0415
        read_resolver,
    )

    try:
        read_resolver(resolver)
    except WordError as error:
        return [Problem(name, "challenge_incomplete", f"challenge: `resolver` {error}")]
    return []


def _find_dns_problems(name: str, challenge_type: str, words: Mapping[str, Any]) -> list[Problem]:
    if challenge_type != DNS_01:
        return _find_resolver_problems(name, words.get("resolver"))
    # Here, because its libraries take as long as a look at the host, and most certificates are proved by a file.
    from ansible_collections.certwright.tls.plugins.plugin_utils._acme.dns_solvers import (  # noqa: PLC0415
        find_word_problems,
    )

    return [Problem(name, "challenge_incomplete", f"challenge: {fact}") for fact in find_word_problems(words)]
