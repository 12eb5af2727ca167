# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which homes a batch of hosts asks for shared certificates, what each host gets of it, and who still has them."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.entry import spell_store_name
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory_words import list_said
from ansible_collections.certwright.tls.plugins.plugin_utils._core.names import load_name
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.sharing import name_at_home

Shared = Mapping[str, Mapping[str, Any]]


def find_homes(shared: Iterable[Shared], *, known: Container[str]) -> list[dict[str, Any]]:
    """Each home once, with the names that the hosts of a batch have from there, so that it is asked once.

    `shared` is that of each host, by name as an order says it: `{wildcard: {home: pki01}}`. A home that is not `known`
    cannot be asked, and to its members it is one that says nothing.
    """
    wanted: dict[str, set[str]] = {}
    for words in shared:
        for name, home in _list_homes(words):
            if home in known:
                wanted.setdefault(home, set()).add(name)
    return [{"home": home, "names": sorted(names)} for home, names in sorted(wanted.items())]


def find_handed_out(answers: Iterable[Mapping[str, Any]], shared: Shared) -> dict[str, Any]:
    """What the homes handed out for one host, by name there. Two homes may have certificates of the same name.

    `answers` are those of certificate_export in a loop over `find_homes`. One that failed has nothing.
    """
    handed = {str(answer["item"]["home"]): answer.get("handed_out") or {} for answer in answers if "item" in answer}
    found = ((name_at_home(name), handed.get(home, {})) for name, home in _list_homes(shared))
    return {name: words[name] for name, words in found if name in words}


def find_awaited(shared: Shared, looks: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The names whose home is to order another one first. `looks` are results of letsencrypt_cert by host."""
    return [name for name, home in _list_homes(shared) if name_at_home(name) in _list_ordered(looks.get(home) or {})]


def find_members(hosts: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, list[str]]]:
    """By home and by name, who declares a certificate from there. `hosts` are the variables of all of them."""
    members: dict[str, dict[str, list[str]]] = {}
    for variables in hosts:
        for name, words in list_said(variables):
            shared = words.get("shared")
            if isinstance(shared, Mapping) and words.get("state") != "absent" and words.get("engine") != "disabled":
                of_home = members.setdefault(str(shared.get("home")), {})
                of_home.setdefault(spell_store_name(name), []).append(str(variables["inventory_hostname"]))
    return members


def find_own_names(variables: Mapping[str, Any], host: str) -> list[str]:
    """Those that the inventory gives certificates of this host alone, also what is to be absent now.

    What it has from another home is revoked there.
    """
    names: set[str] = set()
    for _name, words in list_said(variables):
        shared = words.get("shared")
        if not isinstance(shared, Mapping) or shared.get("home") == host:
            names.update(_list_names(words))
    return sorted(names)


def _list_names(words: Mapping[str, Any]) -> Iterator[str]:
    """As certificates spell them; what is no name is told where it is installed."""
    said = [words.get("external_url"), words.get("domain")]
    for word in ("names", "other_urls"):
        found = words.get(word)
        said.extend([found] if isinstance(found, str) else found or ())
    for text in said:
        with suppress(UnusableError):
            yield load_name(str(text or ""))[0]


def find_holding(
    members: Mapping[str, Iterable[str]],
    hosts: Mapping[str, Mapping[str, Any]],
    *,
    is_told: bool,
    check_mode: bool,
) -> dict[str, list[str]]:
    """Of one home's `members`, those that keep theirs: not in this run, or not done with it when all were told to be.

    `hosts` are the variables of those that are still in the run. A check cannot tell what they would have come to.
    """
    holding = {}
    for name, declared in members.items():
        kept = [
            host
            for host in declared
            if host not in hosts or (is_told and not _has_let_go(hosts[host], name, check_mode=check_mode))
        ]
        holding.update({name: kept} if kept else {})
    return holding


_STEPS = ("decommission_prepared", "remove_prepared", "remove_read", "remove_activated", "decommission_finished")


def _has_let_go(variables: Mapping[str, Any], name: str, *, check_mode: bool) -> bool:
    """Whether its own step came to an end, and was about this certificate or about all."""
    answers = [variables.get(word) or {} for word in _STEPS]
    if any(answer.get("failed") or answer.get("unreachable") for answer in answers):
        return False
    return check_mode or "outcomes" in answers[0] or name in answers[1].get("outcomes", ())


def _list_homes(shared: Shared) -> Iterator[tuple[str, str]]:
    for name, words in shared.items():
        yield str(name), str(words["home"])


def _list_ordered(look: Mapping[str, Any]) -> list[str]:
    return [str(order["certificate"]) for order in look.get("orders") or ()]
