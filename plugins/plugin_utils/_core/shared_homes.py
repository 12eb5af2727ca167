# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which homes a batch of hosts asks for shared certificates, and what of their answers is for which host."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any

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


def _list_homes(shared: Shared) -> Iterator[tuple[str, str]]:
    for name, words in shared.items():
        yield str(name), str(words["home"])


def _list_ordered(look: Mapping[str, Any]) -> list[str]:
    return [str(order["certificate"]) for order in look.get("orders") or ()]
