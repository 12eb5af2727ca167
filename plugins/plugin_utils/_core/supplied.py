# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From an operator's words and files to what a host is to hold, or every reason why not at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.bundle import Bundle, HostKey, Material, load_bundle
from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import Certificate
from ansible_collections.certwright.tls.plugins.plugin_utils._core.checks import find_notices, find_problems
from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import Desired
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.keystore import (
    find_keystore_notices,
    find_keystore_problems,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.names import load_name
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.private_key import require_sound
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice, Problem
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import Preset, Service
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service_usage import find_leaf_problems
from ansible_collections.certwright.tls.plugins.plugin_utils._core.services import load_services
from ansible_collections.certwright.tls.plugins.plugin_utils._core.word_kinds import WordError, read_mode

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}\Z")


@dataclass(frozen=True)
class Declaration:
    """One certificate in the operator's words: `names` as they were written, external URL first."""

    name: str
    names: tuple[str, ...]
    services: tuple[object, ...]
    attributes: Mapping[str, str]
    accepted: frozenset[str] = frozenset()
    stage_only: bool = False


@dataclass(frozen=True)
class Declared:
    """A declaration whose words are read; what is missing to a certificate is its material."""

    name: str
    names: tuple[str, ...]
    services: tuple[Service, ...]
    accepted: frozenset[str]
    stage_only: bool
    notices: tuple[Notice, ...]


def load_declared(declaration: Declaration, *, presets: Mapping[str, Preset]) -> Declared:
    """Raises RefusedError with all that is wrong with the words."""
    declared, problems = _read_words(declaration, presets)
    if problems:
        raise RefusedError.from_problems(problems)
    return declared


def load_desired(
    declaration: Declaration,
    material: Material,
    *,
    presets: Mapping[str, Preset],
    now: datetime,
    anchors: tuple[Certificate, ...],
) -> tuple[Desired, tuple[Notice, ...]]:
    """Raises RefusedError with all problems of words and material together."""
    declared, problems = _read_words(declaration, presets)
    try:
        desired, notices = complete(declared, load_bundle(material), now=now, anchors=anchors)
    except RefusedError as error:
        raise RefusedError.from_problems([*problems, *error.problems]) from None
    if problems:
        raise RefusedError.from_problems(problems)
    return desired, notices


def complete(
    declared: Declared, bundle: Bundle, *, now: datetime, anchors: tuple[Certificate, ...], is_issued: bool = False
) -> tuple[Desired, tuple[Notice, ...]]:
    """With its material. Raises RefusedError with everything that clients would refuse.

    What is issued is kept without its root even where a file is to hold it: it was paid for with an order.
    """
    problems = [
        *find_problems(bundle, certificate=declared.name, names=declared.names, now=now, anchors=anchors),
        *find_keystore_problems(declared.name, declared.services, bundle),
        *find_leaf_problems(declared.name, declared.services, bundle.leaf),
    ]
    notices = find_notices(bundle, names=declared.names, now=now, anchors=anchors)
    if not is_issued:
        problems.extend(_find_root_problems(declared.name, declared.services, notices))
    if problems:
        raise RefusedError.from_problems(problems)
    desired = Desired(
        declared.name,
        declared.names,
        bundle,
        declared.services,
        accepted=declared.accepted,
        stage_only=declared.stage_only,
    )
    return desired, (*declared.notices, *notices)


def _find_root_problems(name: str, services: Iterable[Service], notices: Iterable[Notice]) -> Iterator[Problem]:
    """A file that is to hold the root cannot do without: its product hands it to clients, or trusts by it."""
    for notice in notices:
        for service in services if notice.code == "root_not_proved" else ():
            wanting = [file.name for file in service.files if "root" in file.parts]
            if wanting:
                fact = f"{notice.message}, for the service {service.name} has it in {', '.join(wanting)}"
                yield Problem(name, notice.code, fact)


def _read_words(declaration: Declaration, presets: Mapping[str, Preset]) -> tuple[Declared, list[Problem]]:
    names, notices, problems = _load_names(declaration)
    services, service_problems = _load_services(declaration, names, presets)
    notices.extend(find_keystore_notices(declaration.name, services))
    declared = Declared(declaration.name, names, services, declaration.accepted, declaration.stage_only, tuple(notices))
    return declared, [*problems, *service_problems]


def _load_names(declaration: Declaration) -> tuple[tuple[str, ...], list[Notice], list[Problem]]:
    names: list[str] = []
    notices: list[Notice] = []
    problems: list[Problem] = []
    try:
        require_name(declaration.name)
    except RefusedError as error:
        problems.extend(error.problems)
    for text in declaration.names:
        try:
            name, notice = load_name(text)
        except UnusableError as error:
            problems.append(Problem(declaration.name, error.code, error.message))
            continue
        names.append(name)
        notices.extend([notice] if notice else [])
    return tuple(dict.fromkeys(names)), notices, problems


def _load_services(
    declaration: Declaration, names: tuple[str, ...], presets: Mapping[str, Preset]
) -> tuple[tuple[Service, ...], list[Problem]]:
    """A mode that cannot be read is told once, not again for every service."""
    attribute_problems = _attribute_problems(declaration)
    services, service_problems = load_services(
        declaration.services,
        certificate=declaration.name,
        names=names,
        attributes={} if attribute_problems else declaration.attributes,
        presets=presets,
    )
    return services, [*attribute_problems, *service_problems]


def require_name(name: str) -> str:
    """The name of a certificate in the store: it becomes a directory. Raises RefusedError."""
    if _NAME.match(name):
        return name
    fact = f"`{name}` cannot name a certificate; use lower-case letters, digits, `.`, `_` and `-`"
    raise RefusedError.from_problems([Problem(name, "name_invalid", fact)])


def _attribute_problems(declaration: Declaration) -> list[Problem]:
    try:
        read_mode(declaration.attributes.get("mode", "0600"))
    except WordError as error:
        return [Problem(declaration.name, "service_invalid", f"`mode` {error}")]
    return []


def require_installable(desired: Desired) -> None:
    """The full check of the key's numbers costs up to a quarter of a second: only for what is about to be stored."""
    key = desired.bundle.private_key
    if isinstance(key, HostKey):
        return
    try:
        require_sound(key)
    except UnusableError as error:
        raise RefusedError.from_problems([Problem(desired.name, error.code, error.message)]) from None


def load_attributes(arguments: Mapping[str, Any]) -> dict[str, str]:
    """The attributes that were given, as texts; what was not given is nobody's wish."""
    words = ("owner", "group", "mode", "seuser", "serole", "setype", "selevel")
    given = {word: str(arguments[word]) for word in words if arguments.get(word) is not None}
    return {**given, "mode": _mode_text(arguments["mode"])} if "mode" in given else given


def _mode_text(value: object) -> str:
    """An unquoted 0640 arrives as the number 416: no mode to be guessed at, so it is named as what it is."""
    return f"the number {value}" if isinstance(value, int) else str(value)
