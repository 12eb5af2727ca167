# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventory contract: the consoles' words and certificates by name become one list, checked as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Problem

SYSTEM = "system"
_MATERIAL = (
    *("certificate_src", "certificate_content", "private_key_src", "private_key_content"),
    *("private_key_passphrase", "private_key_passphrase_src", "ca_src", "ca_content"),
)
_ATTRIBUTES = ("owner", "group", "mode", "seuser", "serole", "setype", "selevel")
_SHARED = (*_MATERIAL, *_ATTRIBUTES, "services", "accept")
_SYSTEM_WORDS = ("external_url", "other_urls", "engine", *_SHARED)
_NAMED_WORDS = ("names", "issuer", *_SHARED)
_ENGINE = "files"


def load_inventory(
    system: Mapping[str, Any] | None, named: Mapping[str, Any] | None, issuers: Mapping[str, Any] | None
) -> dict[str, dict[str, Any]]:
    """By name in the store, what ssl_certificate is to be told. Raises RefusedError with every fault of the inventory.

    `system` is `tls_system`, `named` is `tls_host_certificates`, `issuers` is `tls_issuers`. Values are passed through
    unread: they may hold keys.
    """
    problems = list(_find_problems(system, named, issuers))
    if problems:
        raise RefusedError.from_problems(problems)
    entries = {} if not system else {SYSTEM: _from_system(system)}
    entries.update({str(name): _from_named(entry) for name, entry in (named or {}).items()})
    return entries


def _from_system(system: Mapping[str, Any]) -> dict[str, Any]:
    return {str(word): value for word, value in system.items() if word != "engine"}


def _from_named(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The first name is the external URL."""
    shared = {str(word): value for word, value in entry.items() if word in _SHARED}
    return {"external_url": entry["names"][0], "other_urls": list(entry["names"][1:]), **shared}


def _find_problems(
    system: Mapping[str, Any] | None, named: Mapping[str, Any] | None, issuers: Mapping[str, Any] | None
) -> Iterator[Problem]:
    if system:
        yield from _find_system_problems(system)
    if not isinstance(named or {}, Mapping):
        yield Problem("tls_host_certificates", "inventory_invalid", "must map names to certificates")
        return
    for name, entry in (named or {}).items():
        if name == SYSTEM:
            fact = f"the name {SYSTEM} belongs to tls_system; give this certificate another one"
            yield Problem(SYSTEM, "inventory_invalid", fact)
        yield from _find_named_problems(str(name), entry, issuers or {})


def _find_system_problems(system: object) -> Iterator[Problem]:
    if not isinstance(system, Mapping):
        yield Problem("tls_system", "inventory_invalid", "must be a mapping with external_url and the material")
        return
    yield from _find_unknown("tls_system", system, _SYSTEM_WORDS)
    if not system.get("external_url"):
        fact = "external_url is missing; nothing can be installed before the host name that clients use is known"
        yield Problem("tls_system", "external_url_missing", fact)
    if system.get("engine", _ENGINE) != _ENGINE:
        fact = f"the engine {system['engine']} is not there in this release; known is {_ENGINE}"
        yield Problem("tls_system", "unknown_issuer", fact)


def _find_named_problems(name: str, entry: object, issuers: Mapping[str, Any]) -> Iterator[Problem]:
    if not isinstance(entry, Mapping):
        yield Problem(name, "inventory_invalid", "must be a mapping with names and the material")
        return
    yield from _find_unknown(name, entry, _NAMED_WORDS)
    names = entry.get("names")
    if not isinstance(names, (list, tuple)) or not names:
        fact = "names is missing; list the host names that clients use, the most important one first"
        yield Problem(name, "external_url_missing", fact)
    issuer = entry.get("issuer")
    if issuer is None:
        return
    declared = issuers.get(issuer)
    if declared is None:
        known = ", ".join(sorted(str(key) for key in issuers)) or "none"
        yield Problem(name, "unknown_issuer", f"the issuer {issuer} is not in tls_issuers, which has {known}")
    elif not isinstance(declared, Mapping) or declared.get("type") != _ENGINE:
        fact = f"the issuer {issuer} is not of type {_ENGINE}, the only one in this release"
        yield Problem(name, "unknown_issuer", fact)


def _find_unknown(name: str, entry: Mapping[str, Any], known: tuple[str, ...]) -> Iterator[Problem]:
    for word in entry:
        if word not in known:
            yield Problem(name, "inventory_invalid", f"{word} is unknown; known are {', '.join(sorted(known))}")
