# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventory contract: the consoles' words and certificates by name become one list, checked as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory_entries import (
    SIGNED_WORDS,
    InventoryEntry,
    find_entry_notices,
    find_entry_problems,
    load_domain,
    load_named,
    load_system,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory_issuers import (
    find_issuer_name,
    find_issuer_problems,
    find_order_words,
    find_signing_words,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory_products import with_product
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory_words import (
    LEVELS,
    find_list_fault,
    find_mapping_fault,
    find_unknown_words,
    is_list,
    is_text,
    locate,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.names import load_name
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice, Problem
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import Preset
from ansible_collections.certwright.tls.plugins.plugin_utils._core.word_kinds import WordError, read_flag

VARIABLES = ("tls_issuers", *LEVELS, "tls_system", "tls_domains", "tls_default_domain")
_SYSTEM_SHAPE = "a mapping with `external_url`, the material and `services`"
_DOMAINS_SHAPE = "a list of mappings, each with its `domain`"
_LEVEL_SHAPE = "a mapping of names to certificates"
_NAMED_SHAPE = "a mapping with `names`, the material and `services`"


@dataclass(frozen=True)
class Inventory:
    """What the modules are told of each certificate: the system's first, then domains, then named ones.

    `orders` are those that an ACME CA issues, `signed` those of an internal CA, `entries` all others. `issuers` has the
    word of each for who issues it, where it has one.
    """

    entries: tuple[dict[str, Any], ...] = field(repr=False)
    orders: tuple[dict[str, Any], ...] = field(repr=False)
    notices: tuple[Notice, ...] = ()
    signed: tuple[dict[str, Any], ...] = field(default=(), repr=False)
    issuers: Mapping[str, str] = field(default_factory=dict)


def select_variables(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Those of a host that load_inventory() takes. A template of another one is not even read."""
    return {word: variables[word] for word in VARIABLES if word in variables}


def load_inventory(variables: Mapping[str, Any], *, presets: Mapping[str, Preset]) -> Inventory:
    """What the inventory wants of a host, or RefusedError with every fault that it has.

    `variables` holds those of VARIABLES that are set. Values that may be keys are neither read nor repeated.
    """
    if not isinstance(variables, Mapping):
        wanted = f"a mapping with {', '.join(VARIABLES)}"
        raise RefusedError.from_problems([_find_misshapen("the inventory", variables, wanted)])
    problems = [
        Problem("the inventory", "inventory_invalid", fact) for fact in find_unknown_words(variables, VARIABLES)
    ]
    problems.extend(find_issuer_problems(variables.get("tls_issuers")))
    problems.extend(_find_default_domain_problems(variables.get("tls_default_domain")))
    entries: list[InventoryEntry] = []
    for load in (_load_system, _load_domains, _load_levels):
        loaded, faults = load(variables)
        entries.extend(loaded)
        problems.extend(faults)
    entries = [with_product(entry, variables.get("tls_issuers"), presets) for entry in entries]
    for entry in entries:
        problems.extend(find_entry_problems(entry, variables.get("tls_issuers"), presets))
    problems.extend([*_find_store_clashes(entries), *_find_name_clashes(entries)])
    if problems:
        raise RefusedError.from_problems(problems)
    notices = tuple(notice for entry in entries for notice in find_entry_notices(entry))
    ordered = dict(_find_asked(entries, variables.get("tls_issuers"), find_order_words))
    signed = dict(_find_asked(entries, variables.get("tls_issuers"), find_signing_words))
    asked = {**ordered, **signed}
    return Inventory(
        entries=tuple(entry.to_arguments() for entry in entries if entry.domain not in asked),
        orders=tuple(entry.to_order(ordered[entry.domain]) for entry in entries if entry.domain in ordered),
        notices=notices,
        signed=tuple(entry.to_order(signed[entry.domain], SIGNED_WORDS) for entry in entries if entry.domain in signed),
        issuers={entry.domain: find_issuer_name(entry.words) for entry in entries},
    )


def _find_asked(
    entries: Iterable[InventoryEntry],
    issuers: object,
    find: Callable[[Mapping[str, Any], object], dict[str, Any] | None],
) -> Iterator[tuple[str, dict[str, Any]]]:
    """By name, what their issuers say. What is adopted is somebody else's to renew, and what is absent is nobody's."""
    for entry in entries:
        words = find(entry.words, issuers) if entry.state == "present" else None
        if words is not None:
            yield entry.domain, words


def find_removals(
    entries: Iterable[Mapping[str, Any]], names: object, *, accept: Iterable[str], compromised: object = ()
) -> Iterator[dict[str, Any]]:
    """What the inventory takes away, what was named, and whose key leaked: of that what is declared still stays.

    `compromised` are names, or true for whatever goes.
    """
    named, leaked = _load_names("tls_remove", names), _load_names("tls_compromised", compromised)
    states = {entry["domain"]: entry for entry in entries}
    absent = [name for name, entry in states.items() if entry["state"] == "absent"]
    spoiled = set(leaked) if compromised is not True else {*absent, *named}
    for name in absent:
        kept = [code for code in states[name].get("accept", ()) if code == _FILES]
        kept.extend(code for code in accept if code != _FILES)
        yield _word_removal(name, kept, declared_absent=True, compromised=name in spoiled)
    for name in (name for name in named if name not in absent):
        yield _word_removal(name, accept, compromised=name in spoiled)
    for name in (name for name in leaked if name not in (*absent, *named)):
        yield _word_removal(name, accept, compromised=True, keep=name in states)


_FILES = "files_abandoned"


def _word_removal(name: str, accept: Iterable[str], **words: bool) -> dict[str, Any]:
    return {"name": name, "accept": list(accept), **words}


def _load_names(variable: str, names: object) -> list[str]:
    """A list, or a text as a command line has it; each once, as the store spells it."""
    if isinstance(names, bool):
        names = []
    if is_text(names):
        names = [part.strip() for part in str(names).split(",") if part.strip()]
    if not is_list(names):
        fault = find_list_fault(names, "a list of names of certificates")
        raise RefusedError.from_problems([Problem(variable, "inventory_invalid", str(fault))])
    return list(dict.fromkeys(_spell_stored(str(name)) for name in names))


def _spell_stored(name: str) -> str:
    """As the store spells it: a domain may be written in its own script, in capitals, or with a final dot."""
    try:
        return load_name(name)[0]
    except UnusableError:
        return name


Loaded = tuple[list[InventoryEntry], list[Problem]]


def _load_system(variables: Mapping[str, Any]) -> Loaded:
    system = variables.get("tls_system")
    fault = find_mapping_fault(system, _SYSTEM_SHAPE)
    if fault:
        return [], [Problem("tls_system", "inventory_invalid", fault)]
    return ([load_system(system)] if system else []), []


def _load_domains(variables: Mapping[str, Any]) -> Loaded:
    domains = variables.get("tls_domains")
    fault = find_list_fault(domains, _DOMAINS_SHAPE)
    if fault:
        return [], [Problem("tls_domains", "inventory_invalid", fault)]
    entries: list[InventoryEntry] = []
    problems: list[Problem] = []
    for number, words in enumerate(domains or ()):
        where = f"tls_domains[{number}]"
        if isinstance(words, Mapping):
            entries.append(load_domain(where, words))
        else:
            problems.append(_find_misshapen(where, words, "a mapping with `domain`"))
    return entries, problems


def _find_misshapen(where: str, words: object, wanted: str) -> Problem:
    fault = find_mapping_fault(words, wanted) or f"is empty and must be {wanted}"
    return Problem(where, "inventory_invalid", fault)


def _load_levels(variables: Mapping[str, Any]) -> Loaded:
    """The levels over each other: a later one replaces an entry as a whole, and only when it says so."""
    entries: dict[str, InventoryEntry] = {}
    problems: list[Problem] = []
    for level in LEVELS:
        fault = find_mapping_fault(variables.get(level), _LEVEL_SHAPE)
        if fault:
            problems.append(Problem(level, "inventory_invalid", fault))
            continue
        for key, words in (variables.get(level) or {}).items():
            name = str(key)
            where = locate(level, name)
            if not isinstance(words, Mapping):
                problems.append(_find_misshapen(where, words, _NAMED_SHAPE))
                continue
            entry = load_named(where, name, words)
            problems.extend(_find_override_problems(entry, entries.get(name)))
            entries[name] = entry
    return list(entries.values()), problems


def _find_override_problems(entry: InventoryEntry, earlier: InventoryEntry | None) -> Iterator[Problem]:
    try:
        overrides = read_flag(entry.words.get("override") or False)
    except WordError:
        yield Problem(entry.where, "inventory_invalid", "`override` must be true or false")
        return
    if earlier and not overrides:
        fact = f"is {earlier.where} too; give it another name, or say `override: true` here to replace that one"
        yield Problem(entry.where, "inventory_invalid", fact)


def _find_default_domain_problems(domain: object) -> Iterator[Problem]:
    if domain is None or domain == "":
        return
    try:
        load_name(str(domain) if is_text(domain) else "")
    except UnusableError as error:
        yield Problem("tls_default_domain", error.code, error.message)


def _find_store_clashes(entries: Iterable[InventoryEntry]) -> Iterator[Problem]:
    first: dict[str, InventoryEntry] = {}
    for entry in entries:
        owner = first.setdefault(entry.domain, entry)
        if owner is not entry and _is_same(owner, entry):
            fact = f"has the name of {owner.where} in the store; one of them needs another name, or must go"
            yield Problem(entry.where, "name_used_twice", fact)


def _is_same(entry: InventoryEntry, other: InventoryEntry) -> bool:
    """Two that the store would not tell apart; that is told already."""
    return bool(entry.domain) and entry.domain == other.domain


def _find_name_clashes(entries: Iterable[InventoryEntry]) -> Iterator[Problem]:
    """Told once for two certificates, however many names they share. What is for clients alone is at no port."""
    first: dict[str, InventoryEntry] = {}
    for entry in (item for item in entries if item.words.get("usage") != "client"):
        shared: dict[str, list[str]] = {}
        for name in entry.names:
            owner = first.setdefault(name, entry)
            if owner is not entry and not _is_same(owner, entry):
                shared.setdefault(owner.where, []).append(name)
        for where, names in shared.items():
            fact = f"shares {', '.join(names)} with {where}; give each name to one certificate"
            pairs = "two certificates with the same names, as an RSA and an ECDSA one, are not supported yet"
            yield Problem(entry.where, "name_used_twice", f"{fact} ({pairs})")
