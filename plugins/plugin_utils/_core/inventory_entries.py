# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One certificate of an inventory, in whichever words it is declared, and everything that is wrong with these words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory_issuers import (
    DISABLED,
    find_engine_problems,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory_orders import find_order_problems
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory_words import (
    ATTRIBUTES,
    DOMAIN_WORDS,
    MATERIAL,
    NAMED_WORDS,
    ORDER_WORDS,
    SHARED_WORDS,
    SIGNING_WORDS,
    SYSTEM_WORDS,
    find_choice_fault,
    find_list_fault,
    find_text_fault,
    find_unknown_words,
    is_list,
    is_text,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.names import load_name
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_words import overlay
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice, Problem
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import Preset
from ansible_collections.certwright.tls.plugins.plugin_utils._core.services import load_services
from ansible_collections.certwright.tls.plugins.plugin_utils._core.supplied import load_attributes, require_name
from ansible_collections.certwright.tls.plugins.plugin_utils._core.word_kinds import WordError, read_flag, read_mode

SYSTEM = "system"
ABSENT = "absent"
ORDERED_WORDS = (*ORDER_WORDS, *ATTRIBUTES, "shared", "services", "accept")
SIGNED_WORDS = (*SIGNING_WORDS, "key_type", "email", *ATTRIBUTES, "services", "accept")
_STATES = ("present", ABSENT, "adopted")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\Z")


@dataclass(frozen=True)
class InventoryEntry:
    """A certificate where the inventory declares it; `urls` are as they are written, the external URL first.

    `domain` is its name in the store, empty when the inventory has none that can be used. `words` may hold keys. With
    `asks_product` the host's own product says what the names are.
    """

    where: str
    domain: str
    known: tuple[str, ...]
    words: Mapping[str, Any] = field(repr=False)
    urls: tuple[Any, ...] = ()
    asks_product: bool = False

    @cached_property
    def state(self) -> str:
        return ABSENT if self.words.get("engine") == DISABLED else str(self.words.get("state") or "present")

    @cached_property
    def is_absent(self) -> bool:
        return self.state == ABSENT

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Those that are names, in the one spelling that is compared; what is absent claims none."""
        names = (_spell(url) for url in self.urls if not self.is_absent)
        return tuple(dict.fromkeys(name for name in names if name))

    def to_arguments(self) -> dict[str, Any]:
        """What the module is told: only what is given, and passed through unread."""
        shared = ("accept",) if self.is_absent else SHARED_WORDS
        urls = () if self.is_absent else self.urls
        names = {"external_url": urls[0], "other_urls": list(urls[1:])} if urls else {}
        given = {word: self.words[word] for word in shared if self.words.get(word) is not None}
        return {"domain": self.domain, "state": self.state, **names, **given}

    def to_order(self, words: Mapping[str, Any], said: tuple[str, ...] = ORDERED_WORDS) -> dict[str, Any]:
        """The same for the module that orders or requests; `words` are its issuer's, its own in `said` replace them."""
        given = {word: self.words[word] for word in said if self.words.get(word) is not None}
        names = {"external_url": self.urls[0], "other_urls": list(self.urls[1:])} if self.urls else {}
        return {"name": self.domain, **names, **overlay(words, given)}


def load_system(words: Mapping[str, Any]) -> InventoryEntry:
    return InventoryEntry("tls_system", SYSTEM, SYSTEM_WORDS, words, _list_console_urls(words))


def load_domain(where: str, words: Mapping[str, Any]) -> InventoryEntry:
    """The domain names it in the store, spelled as names are compared: the same domain cannot be there twice."""
    domain = _spell(words.get("domain")) or ""
    return InventoryEntry(
        f"{where} ({domain})" if domain else where, domain, DOMAIN_WORDS, words, _list_console_urls(words)
    )


def load_named(where: str, name: str, words: Mapping[str, Any]) -> InventoryEntry:
    """The first of `names` is the external URL."""
    names = words.get("names")
    return InventoryEntry(where, name, NAMED_WORDS, words, tuple(names) if is_list(names) else ())


def find_entry_problems(entry: InventoryEntry, issuers: object, presets: Mapping[str, Preset]) -> Iterator[Problem]:
    """Of what is to be absent its name, the words themselves and `accept` are judged: nothing else of it is used."""
    facts = [*find_unknown_words(entry.words, entry.known), *_find_state_faults(entry), *_find_list_faults(entry)]
    yield from (Problem(entry.where, "inventory_invalid", fact) for fact in facts)
    yield from _FINDERS[entry.known](entry)
    if entry.is_absent:
        return
    yield from find_engine_problems(entry.where, entry.words, issuers)
    lacks_url = entry.known == DOMAIN_WORDS and not entry.urls and not entry.asks_product
    is_present = entry.state == "present"
    yield from find_order_problems(entry.where, entry.words, issuers, is_present=is_present, lacks_url=lacks_url)
    yield from _find_name_problems(entry)
    yield from (Problem(entry.where, "inventory_invalid", fact) for fact in _find_value_faults(entry.words))
    yield from _find_service_problems(entry, presets)


def find_entry_notices(entry: InventoryEntry) -> Iterator[Notice]:
    said = load_name(str(entry.words["domain"]))[1] if "domain" in entry.words else None
    if said:
        yield Notice(said.code, f"{entry.where}: {said.message}")
    unused = [word for word in MATERIAL if word in entry.words] if entry.is_absent else []
    if unused:
        yield Notice("material_unused", f"{entry.where}: is to be absent, so {', '.join(unused)} is not used")


def _spell(text: object) -> str | None:
    try:
        return load_name(str(text))[0] if is_text(text) else None
    except UnusableError:
        return None


def _list_console_urls(words: Mapping[str, Any]) -> tuple[Any, ...]:
    external, others = words.get("external_url"), words.get("other_urls")
    return (*(() if _is_missing(external) else (external,)), *(others if is_list(others) else ()))


def _is_missing(value: object) -> bool:
    return value is None or value == ""


def _find_state_faults(entry: InventoryEntry) -> Iterator[str]:
    said, engine = entry.words.get("state"), entry.words.get("engine")
    fault = find_choice_fault(said, _STATES)
    if fault:
        yield f"`state` {fault}"
    if engine == DISABLED and said not in (None, ABSENT):
        yield "has `engine: disabled`, which removes it, and a `state` that does not; say one of them"


def _find_list_faults(entry: InventoryEntry) -> Iterator[str]:
    for word in ("accept",) if entry.is_absent else ("accept", "services"):
        fault = find_list_fault(entry.words.get(word), "a list")
        if fault:
            yield f"`{word}` {fault}"


def _find_system_problems(entry: InventoryEntry) -> Iterator[Problem]:
    if entry.is_absent:
        fact = "the system certificate can be replaced, never disabled: every service without its own falls back to it"
        way_out = "supply another one, or take tls_system out of the inventory to leave it as it is"
        yield Problem(entry.where, "absent_refused", f"{fact}; {way_out}")
        return
    yield from _find_url_shapes(entry)
    if _is_missing(entry.words.get("external_url")) and not entry.asks_product:
        fact = "external_url is missing; nothing can be installed before the host name that clients use is known"
        yield Problem(entry.where, "external_url_missing", fact)


def _find_domain_problems(entry: InventoryEntry) -> Iterator[Problem]:
    """Without an external URL a domain uses the system's certificate; then it cannot have one of its own."""
    yield from _find_domain_name_problems(entry)
    if entry.is_absent:
        return
    yield from _find_url_shapes(entry)
    idle = [word for word in ("other_urls", *MATERIAL) if entry.words.get(word) is not None]
    if _is_missing(entry.words.get("external_url")) and idle and not entry.asks_product:
        fact = f"has {', '.join(idle)} and no external_url"
        way_out = "give the host name that clients use, or leave these out: then it uses the system's certificate"
        yield Problem(entry.where, "external_url_missing", f"{fact}; {way_out}")
    elif entry.words.get("external_url") == "":
        # A template that came out empty must not take a domain's certificate away
        way_out = "give the host name that clients use, or leave the word out: then it uses the system's certificate"
        yield Problem(entry.where, "external_url_missing", f"has an empty external_url; {way_out}")


def _find_domain_name_problems(entry: InventoryEntry) -> Iterator[Problem]:
    domain = entry.words.get("domain")
    if _is_missing(domain):
        fact = "`domain` is missing; it names the certificate in the store"
        yield Problem(entry.where, "inventory_invalid", fact)
    elif entry.domain:
        yield from _find_store_name_problems(entry)
    else:
        yield from _find_spelling_problems(entry.where, domain)
    fault = find_text_fault(entry.words.get("domain_uid"))
    if fault:
        yield Problem(entry.where, "inventory_invalid", f"`domain_uid` {fault}")


def _find_named_problems(entry: InventoryEntry) -> Iterator[Problem]:
    yield from _find_store_name_problems(entry)
    if entry.is_absent:
        return
    names = entry.words.get("names")
    fault = find_list_fault(names, "a list of the host names that clients use")
    if fault:
        yield Problem(entry.where, "inventory_invalid", f"`names` {fault}")
    elif not names:
        fact = "names is missing; list the host names that clients use, the most important one first"
        yield Problem(entry.where, "external_url_missing", fact)


def _find_store_name_problems(entry: InventoryEntry) -> Iterator[Problem]:
    if entry.domain == SYSTEM:
        fact = f"the name {SYSTEM} belongs to tls_system; give this certificate another one"
        yield Problem(entry.where, "inventory_invalid", fact)
    try:
        require_name(entry.domain)
    except RefusedError as error:
        yield from (Problem(entry.where, item.code, item.message) for item in error.problems)


def _find_url_shapes(entry: InventoryEntry) -> Iterator[Problem]:
    fault = find_list_fault(entry.words.get("other_urls"), "a list of host names")
    if fault:
        yield Problem(entry.where, "inventory_invalid", f"`other_urls` {fault}")


def _find_name_problems(entry: InventoryEntry) -> Iterator[Problem]:
    for url in entry.urls:
        yield from _find_spelling_problems(entry.where, url)


def _find_spelling_problems(where: str, name: object) -> Iterator[Problem]:
    if not is_text(name):
        yield Problem(where, "name_invalid", "a name must be a text, such as www.example.org")
        return
    try:
        load_name(str(name))
    except UnusableError as error:
        yield Problem(where, error.code, error.message)


def _find_value_faults(words: Mapping[str, Any]) -> Iterator[str]:
    """Of the words that are no material: what they hold, without repeating it."""
    for word in ("email", *(word for word in ATTRIBUTES if word != "mode")):
        fault = find_text_fault(words.get(word))
        if fault:
            yield f"`{word}` {fault}"
    email = words.get("email")
    if is_text(email) and not _EMAIL.match(str(email)):
        yield "`email` must be one address, such as pki@example.org"
    for word in ("remote_src", "private_key_requested"):
        if not _is_flag(words.get(word)):
            yield f"`{word}` must be true or false"


def _is_flag(value: object) -> bool:
    try:
        return value is None or read_flag(value) is not None
    except WordError:
        return False


def _find_service_problems(entry: InventoryEntry, presets: Mapping[str, Preset]) -> Iterator[Problem]:
    """A mode that cannot be read is told once, not again for every service."""
    attributes = load_attributes(entry.words)
    try:
        read_mode(attributes.get("mode", "0600"))
    except WordError as error:
        yield Problem(entry.where, "service_invalid", f"`mode` {error}")
        attributes = {}
    services = entry.words.get("services")
    judged = load_services(
        services if is_list(services) else (),
        certificate=entry.where,
        name=entry.domain,
        names=entry.names,
        attributes=attributes,
        presets=presets,
    )
    yield from judged[1]


_FINDERS: Mapping[tuple[str, ...], Callable[[InventoryEntry], Iterator[Problem]]] = {
    SYSTEM_WORDS: _find_system_problems,
    DOMAIN_WORDS: _find_domain_problems,
    NAMED_WORDS: _find_named_problems,
}
