# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who signs: the issuers of an inventory and the engines of the consoles, and which of them are there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeGuard

from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory_authorities import (
    DEFAULT_WORDS,
    INTERNAL_CA,
    find_ca_faults,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory_words import (
    ISSUER_WORDS,
    find_choice_fault,
    find_mapping_fault,
    find_unknown_words,
    is_text,
    locate,
    say_known,
    show_word,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_words import overlay
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Problem

DISABLED = "disabled"
ACME, LETS_ENCRYPT = "acme", "letsencrypt"
ENGINES = ("files", LETS_ENCRYPT, ACME, DISABLED)
_TYPES = ("files", ACME, INTERNAL_CA)
_LIKE = "like"


def find_issuer_problems(issuers: object) -> Iterator[Problem]:
    """Each is judged, whether a certificate asks it or not."""
    fault = find_mapping_fault(issuers, "a mapping of names to issuers, each with its `type`")
    if fault:
        yield Problem("tls_issuers", "inventory_invalid", fault)
    for name, issuer in load_issuers(issuers).items():
        for fact in (*_find_faults(issuer), *_find_like_faults(name, load_issuers(issuers))):
            yield Problem(locate("tls_issuers", name), "inventory_invalid", fact)


def load_issuers(issuers: object) -> dict[str, Any]:
    return {str(name): issuer for name, issuer in issuers.items()} if isinstance(issuers, Mapping) else {}


def find_engine_problems(where: str, words: Mapping[str, Any], issuers: object) -> Iterator[Problem]:
    """Of a certificate that is to be there: whether somebody can make it. Without a word it is made of files."""
    engine, issuer = words.get("engine"), words.get("issuer")
    if engine is not None and issuer is not None:
        yield Problem(where, "inventory_invalid", "has `engine` and `issuer`; say one of them")
    fault = find_choice_fault(engine, ENGINES)
    if fault:
        yield Problem(where, "unknown_issuer", f"`engine` {fault}")
    if issuer is not None and find_mapping_fault(issuers, "") is None:
        yield from _find_asked(where, issuer, load_issuers(issuers))


def _find_asked(where: str, issuer: object, issuers: Mapping[str, Any]) -> Iterator[Problem]:
    """An issuer whose own declaration is faulty is told there."""
    if not is_text(issuer) or str(issuer) not in issuers:
        fact = f"the issuer {show_word(issuer)} is not in tls_issuers; {say_known(issuer, issuers)}"
        yield Problem(where, "unknown_issuer", fact)
        return
    declared = issuers[str(issuer)]
    if not list(_find_faults(declared)) and declared["type"] == INTERNAL_CA and not declared.get("fingerprint"):
        fact = f"asks the issuer {issuer}, which has no `fingerprint` yet"
        way_out = "make the CA by certwright.tls.internal_ca_init, and put the fingerprint that it prints there"
        yield Problem(where, "fingerprint_missing", f"{fact}; {way_out}")


def _find_faults(issuer: object) -> Iterator[str]:
    if not isinstance(issuer, Mapping):
        yield find_mapping_fault(issuer, "a mapping with `type`") or "is empty; say its `type`"
        return
    kind = issuer.get("type")
    if kind is None:
        yield f"`type` is missing; it is one of {', '.join(_TYPES)}"
    fault = find_choice_fault(kind, _TYPES)
    if fault:
        yield f"`type` {fault}"
    if kind == "files":
        yield from find_unknown_words(issuer, ("type",))
    if kind == ACME:
        yield from find_unknown_words(issuer, ("type", _LIKE, *ISSUER_WORDS))
    if kind == INTERNAL_CA:
        yield from find_ca_faults(issuer)


def _find_like_faults(name: str, issuers: Mapping[str, Any]) -> Iterator[str]:
    """`like` leads to another issuer of the same kind, and not in a ring."""
    like = issuers[name].get(_LIKE) if isinstance(issuers[name], Mapping) else None
    if like is None:
        return
    others = [other for other, issuer in issuers.items() if other != name and _is_acme(issuer)]
    if not is_text(like) or str(like) not in others:
        yield f"`like` must name another issuer of `type: {ACME}`; {say_known(like, others)}"
    elif name in _follow_like(str(like), issuers):
        yield f"`like` leads back here by {show_word(like)}; let one of them say its words itself"


def _is_acme(issuer: object) -> bool:
    return isinstance(issuer, Mapping) and issuer.get("type") == ACME


def _follow_like(name: str, issuers: Mapping[str, Any]) -> tuple[str, ...]:
    """The issuer and those that it is like, nearest first, as far as they are there; a ring is followed once."""
    found: list[str] = []
    while name not in found and _is_acme(issuers.get(name)):
        found.append(name)
        name = str(issuers[name].get(_LIKE))
    return tuple(found)


def find_order_words(words: Mapping[str, Any], issuers: object) -> dict[str, Any] | None:
    """What the issuer of a certificate says of its orders; None for one that is not ordered from an ACME CA.

    The engine letsencrypt is the issuer of that name, where there is one.
    """
    engine, issuer = words.get("engine"), words.get("issuer")
    known = load_issuers(issuers)
    if engine in (ACME, LETS_ENCRYPT):
        return _inherit(str(engine), known)
    return _inherit(str(issuer), known) if _is_acme(known.get(str(issuer))) else None


def find_issuer_name(words: Mapping[str, Any]) -> str:
    """An engine that orders is an issuer of that name; empty for what is supplied without a word."""
    engine, issuer = words.get("engine"), words.get("issuer")
    return str(engine) if engine in (ACME, LETS_ENCRYPT) else str(issuer or "")


def find_signing_words(words: Mapping[str, Any], issuers: object) -> dict[str, Any] | None:
    """The same for one that an internal CA signs, with that CA's name; None for any other."""
    name = str(words.get("issuer"))
    issuer = load_issuers(issuers).get(name)
    if not _is_internal(issuer):
        return None
    return {"issuer": name, **{word: issuer[word] for word in DEFAULT_WORDS if issuer.get(word) is not None}}


def _is_internal(issuer: object) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(issuer, Mapping) and issuer.get("type") == INTERNAL_CA


def _inherit(name: str, issuers: Mapping[str, Any]) -> dict[str, Any]:
    """Its own words over those of the issuers that it is like; none for one that is not declared."""
    inherited: dict[str, Any] = {}
    for issuer in reversed(_follow_like(name, issuers)):
        words = issuers[issuer].items()
        inherited = overlay(inherited, {str(word): said for word, said in words if word in ISSUER_WORDS})
    return inherited


_ACCOUNT_WORDS = ("acme_directory", "staging", "account_key_src", "account_key_content", "acme_ca_certificates")


def list_accounts(issuers: object) -> list[dict[str, Any]]:
    """Of each ACME issuer where it is and by which key it is talked to; Let's Encrypt needs no declaration."""
    known = load_issuers(issuers)
    names = [name for name in dict.fromkeys((*known, LETS_ENCRYPT)) if name not in known or _is_acme(known[name])]
    words = {name: _inherit(name, known) for name in names}
    return [
        {"name": name, **{word: said[word] for word in _ACCOUNT_WORDS if said.get(word) is not None}}
        for name, said in words.items()
    ]
