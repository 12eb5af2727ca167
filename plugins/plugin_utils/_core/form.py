# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The answers of a console's form, laid over the inventory: one certificate of a host, in the consoles' words.

Answers are texts, as a survey of AWX gives them; one that was left empty says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory_words import (
    MATERIAL,
    ORDER_WORDS,
    SIGNING_WORDS,
    find_list_fault,
    find_mapping_fault,
    find_unknown_words,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Problem

ANSWERS = ("engine", "domain", "external_url", "other_urls", "services", "terms", "email", "certificate", "ca")
_FILES, _LETS_ENCRYPT, _DISABLED = "files", "letsencrypt", "disabled"
# As the console writes them, and as people do.
_ENGINES = {
    "as the inventory says": "",
    "files": _FILES,
    "file": _FILES,
    "let's encrypt": _LETS_ENCRYPT,
    "letsencrypt": _LETS_ENCRYPT,
    "disabled": _DISABLED,
    "disable": _DISABLED,
}
_AGREED = ("yes", "true", "i agree")
_OF_FILES = frozenset((*MATERIAL, "remote_src"))
_OF_ORDERS = frozenset((*ORDER_WORDS, *SIGNING_WORDS)) - {"email"}
_SHAPES = {"tls_system": find_mapping_fault, "tls_domains": find_list_fault}


@dataclass(frozen=True)
class Filled:
    """The variables as they are with the form over them, which may hold keys, and what the form itself said."""

    system: Mapping[str, Any]
    domains: tuple[Mapping[str, Any], ...]
    said: Mapping[str, Any]


def fill_in(variables: Mapping[str, Any], answers: Mapping[str, Any]) -> Filled:
    """Raises RefusedError for an answer that no form has, and for an inventory of another shape."""
    _require_known(variables, answers)
    given = {word: str(value).strip() for word, value in answers.items() if str(value or "").strip()}
    system = dict(variables.get("tls_system") or {})
    domains = [dict(entry) for entry in variables.get("tls_domains") or ()]
    said = _read_words(given)
    if not said:
        return Filled(system, tuple(domains), {})
    domain = given.get("domain")
    if domain is None:
        return Filled(_lay_over(system, said, given), tuple(domains), {"tls_system": said})
    said = {"domain": domain, **said}
    number = next((at for at, entry in enumerate(domains) if _is_named(entry, domain)), len(domains))
    entry = domains[number] if number < len(domains) else {"services": system.get("services") or []}
    domains[number:] = [_lay_over(entry, said, given), *domains[number + 1 :]]
    return Filled(system, tuple(domains), {"tls_domains": [said]})


def _require_known(variables: Mapping[str, Any], answers: Mapping[str, Any]) -> None:
    facts = [("the form", fact) for fact in find_unknown_words(answers, ANSWERS)]
    faults = ((word, find(variables.get(word), "what the console asks for")) for word, find in _SHAPES.items())
    facts.extend((word, fault) for word, fault in faults if fault)
    if facts:
        raise RefusedError.from_problems([Problem(where, "inventory_invalid", fact) for where, fact in facts])


def _is_named(entry: Mapping[str, Any], domain: str) -> bool:
    return str(entry.get("domain")).casefold() == domain.casefold()


def _read_words(given: Mapping[str, str]) -> dict[str, Any]:
    """The answers in the words of the inventory, without what is a secret or long."""
    engine = _ENGINES.get(given.get("engine", "").casefold())
    words: dict[str, Any] = {}
    if engine is None and "engine" in given:
        words["issuer"] = given["engine"]
    elif engine:
        words["engine"] = engine
    words.update({word: given[word] for word in ("external_url", "email") if word in given})
    words.update({word: _split(given[word]) for word in ("other_urls", "services") if word in given})
    if given.get("terms", "").casefold().startswith(_AGREED):
        words["terms_agreed"] = True
    if "certificate" in given or "ca" in given:
        words.setdefault("engine", _FILES)
    return words


def _split(text: str) -> list[str]:
    return [word for word in re.split(r"[\s,;]+", text) if word]


def _lay_over(entry: Mapping[str, Any], said: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, Any]:
    """What belongs to another engine than the one that was chosen goes, since the inventory would refuse it."""
    kept = {word: value for word, value in entry.items() if word not in _find_dropped(said, given)}
    return {**kept, **said, **{f"{word}_content": given[word] for word in ("certificate", "ca") if word in given}}


def _find_dropped(said: Mapping[str, Any], given: Mapping[str, str]) -> frozenset[str]:
    if not {"engine", "issuer"} & set(said):
        return frozenset()
    others = {"engine", "issuer", "state"}
    if said.get("engine") != _FILES:
        return _OF_FILES | others if said.get("engine") != _DISABLED else _OF_FILES | _OF_ORDERS | others
    return _OF_ORDERS | others | (_OF_FILES if "certificate" in given else frozenset())
