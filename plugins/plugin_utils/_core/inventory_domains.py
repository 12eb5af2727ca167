# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The domains of an inventory, which a new CA may sign for when nobody says another rule."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.extensions import is_address
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory_words import is_list, list_said
from ansible_collections.certwright.tls.plugins.plugin_utils._core.names import load_name
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError


def find_domains(hosts: Iterable[Mapping[str, Any]], issuer: str) -> list[str]:
    """Of the variables of all hosts: the default domain, the domains, and those of names that the issuer is to sign.

    A domain stands for what is below it, which is left out. What is no name is told where it is used.
    """
    said = [name for variables in hosts for name in _find_said(variables, issuer)]
    spelled = {name for text in said for name in _spell(text)}
    return sorted(name for name in spelled if not any(_is_below(name, other) for other in spelled))


def _find_said(variables: Mapping[str, Any], issuer: str) -> Iterator[str]:
    """Domains, and names that no domain may cover."""
    yield str(variables.get("tls_default_domain") or "")
    domains = variables.get("tls_domains")
    yield from (
        str(item.get("domain") or "") for item in (domains if is_list(domains) else ()) if isinstance(item, Mapping)
    )
    for _name, entry in list_said(variables):
        if entry.get("issuer") == issuer:
            names = entry.get("names")
            listed = names if is_list(names) else ()
            yield from (_find_own(str(name)) for name in (*listed, entry.get("external_url") or "") if name)


def _find_own(name: str) -> str:
    """A name is its own domain, for what is above it may be anybody's; an address has none."""
    bare = name.rpartition("//")[2].partition("/")[0].removeprefix("*.")
    return "" if is_address(bare) else bare


def _spell(text: str) -> Iterator[str]:
    try:
        yield load_name(text)[0]
    except UnusableError:
        return


def _is_below(name: str, other: str) -> bool:
    return name != other and name.endswith(f".{other}")
