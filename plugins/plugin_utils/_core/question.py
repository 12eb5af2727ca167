# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What somebody wants to be shown of a host: paths, ports and names as values, every fault of them told together."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.names import load_name
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice, Problem
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import Probe
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service_words import read_probes
from ansible_collections.certwright.tls.plugins.plugin_utils._core.word_kinds import (
    WordError,
    read_address,
    read_port,
    read_text,
)

_PLACE = re.compile(r"(?:(?P<address>\[[^\]]*\]|[^\[\]:]*):)?(?P<port>[^\[\]:]*)\Z")


@dataclass(frozen=True)
class Question:
    """`names` are in load_name's spelling. Without `warn_below` a certificate is due as most renewers have it."""

    paths: tuple[str, ...] = ()
    probes: tuple[Probe, ...] = ()
    names: tuple[str, ...] = ()
    certificates: tuple[str, ...] = ()
    shows_store: bool = True
    warn_below: float | None = None
    passphrase: str = field(default="", repr=False)

    def to_request(self) -> dict[str, Any]:
        return {
            "paths": list(self.paths),
            "targets": [asdict(probe) for probe in self.probes],
            "certificates": list(self.certificates),
            "stored": self.shows_store,
            "passphrase": self.passphrase,
        }


def load_question(arguments: Mapping[str, Any]) -> tuple[Question, tuple[Notice, ...]]:
    """The store is shown when nothing else is asked for, or when it is asked for. Raises RefusedError."""
    problems: list[Problem] = []
    notices: list[Notice] = []

    def read_name(value: object) -> str:
        name, notice = load_name(str(value))
        notices.extend([notice] if notice else [])
        return name

    question = Question(
        paths=_read_each(arguments, "paths", read_text, problems),
        probes=_read_each(arguments, "ports", _read_probe, problems),
        names=_read_each(arguments, "names", read_name, problems),
        certificates=tuple(str(name) for name in arguments.get("certificates") or ()),
        shows_store=_shows_store(arguments),
        warn_below=arguments.get("warn_below"),
    )
    problems.extend(_find_contradictions(question, arguments))
    if problems:
        raise RefusedError.from_problems(problems)
    return question, tuple(dict.fromkeys(notices))


_CODES = {"paths": "path_invalid", "ports": "port_invalid", "names": "name_invalid"}


def _read_each(
    arguments: Mapping[str, Any], option: str, read: Callable[[object], Any], problems: list[Problem]
) -> tuple[Any, ...]:
    """Each once, in their order."""
    found = {}
    for position, value in enumerate(arguments.get(option) or ()):
        try:
            found[read(value)] = True
        except WordError as error:
            problems.append(Problem(f"{option}[{position}]", _CODES[option], f"It {error}"))
        except UnusableError as error:
            problems.append(Problem(f"{option}[{position}]", _CODES[option], error.message))
    return tuple(found)


def _read_probe(value: object) -> Probe:
    """443, 192.0.2.1:8443, [2001:db8::1]:8443 or the words of a probe."""
    if isinstance(value, Mapping):
        (probe,) = read_probes([value])
        return replace(probe, server_name=load_name(probe.server_name)[0]) if probe.server_name else probe
    place = _PLACE.match(str(value).strip())
    if place is None:
        raise WordError(f"must be a port, as in 443, 192.0.2.1:8443 or [2001:db8::1]:8443; `{value}` is not")
    address = place["address"]
    return Probe(read_port(place["port"]), None if address is None else read_address(address.strip("[]")))


def _shows_store(arguments: Mapping[str, Any]) -> bool:
    if arguments.get("store") is not None:
        return bool(arguments["store"])
    return bool(arguments.get("certificates")) or not (arguments.get("paths") or arguments.get("ports"))


def _find_contradictions(question: Question, arguments: Mapping[str, Any]) -> Iterator[Problem]:
    if not question.shows_store and question.certificates:
        fact = "It restricts what is shown of the store, and `store: false` shows nothing of it"
        yield Problem("certificates", "nothing_to_show", f"{fact}; leave one of them out")
    elif not (question.shows_store or arguments.get("paths") or arguments.get("ports")):
        yield Problem("store", "nothing_to_show", "Without the store nothing is asked for; give `paths` or `ports`")
    if question.warn_below is not None and not 0 <= question.warn_below <= 1:
        fact = f"It is the share of life left, from 0 to 1; {question.warn_below:g} is not"
        yield Problem("warn_below", "share_invalid", fact)


def find_absent(question: Question, stored: Iterable[str]) -> tuple[str, ...]:
    """Names that were asked for and are not in the store."""
    known = frozenset(stored)
    return tuple(name for name in question.certificates if name not in known)
