# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the hosts of an inventory tell of one CA: who is to trust it, and what they use and remember of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory_words import is_list, is_text

# The variable that a look at a host's certificates was registered as.
_LOOKED = "internal_ca_looked"


def find_fleet(hosts: Iterable[Mapping[str, Any]], issuer: str) -> dict[str, list[Any]]:
    """`trusting`, `in_use` and `anchors` for internal_ca. `hosts` are the variables of all of them.

    One that was not looked at, or could not be, has None as the numbers of what it uses.
    """
    fleet: dict[str, list[Any]] = {"trusting": [], "in_use": [], "anchors": []}
    for variables in hosts:
        host, found = str(variables["inventory_hostname"]), list(_find_anchors(variables.get(_LOOKED), issuer))
        if _trusts(variables, issuer):
            fleet["trusting"].append(host)
        is_known = _was_seen(variables.get(_LOOKED))
        fleet["in_use"].append({"host": host, "numbers": [item["number"] for item in found] if is_known else None})
        fleet["anchors"].extend({**item, "host": host} for item in found)
    return fleet


def _trusts(variables: Mapping[str, Any], issuer: str) -> bool:
    """What is wrong with the words is told where hosts are made to trust."""
    trust = variables.get("tls_trust")
    names = [str(entry) for entry in trust if is_text(entry)] if is_list(trust) else []
    return issuer in names and variables.get("tls_trust_state") != "absent"


def _was_seen(looked: object) -> bool:
    """A host that has nothing to look at was."""
    return isinstance(looked, Mapping) and not any(looked.get(word) for word in ("failed", "unreachable"))


def _find_anchors(looked: object, issuer: str) -> Iterator[dict[str, Any]]:
    """Also of a look that failed for something else: what the host remembers is told."""
    for anchor in (looked.get("anchors") or ()) if isinstance(looked, Mapping) else ():
        if str(anchor.get("issuer") or "") == issuer:
            yield {"number": int(anchor["number"]), **{word: str(anchor.get(word) or "") for word in ("hash", "seal")}}
