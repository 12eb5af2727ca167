# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an inventory may say of a certificate that is ordered from a CA, and of no other one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory_issuers import (
    find_order_words,
    find_signing_words,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory_signing import (
    find_signed_problems,
    find_unsigned_problems,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory_words import (
    MATERIAL,
    ORDER_WORDS,
    find_mapping_fault,
    find_unknown_words,
    is_text,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Problem

_CHALLENGE_SHAPE = "a mapping such as {type: http-01, webroot: /var/www/html}"
_SHARED_SHAPE = "a mapping such as {home: pki01}"


def find_order_problems(
    where: str, words: Mapping[str, Any], issuers: object, *, is_present: bool, lacks_url: bool
) -> Iterator[Problem]:
    """What has material is not ordered, and what is ordered has none."""
    is_signed = is_present and find_signing_words(words, issuers) is not None
    yield from (find_signed_problems if is_signed else find_unsigned_problems)(where, words)
    if is_signed or (is_present and find_order_words(words, issuers) is not None):
        yield from _find_ordered_problems(where, words, lacks_url=lacks_url)
    else:
        idle = [word for word in (*ORDER_WORDS, "shared") if word != "email" and words.get(word) is not None]
        if idle:
            fact = f"has {', '.join(idle)}, which belongs to a certificate that is ordered"
            yield Problem(where, "inventory_invalid", f"{fact}; say which `issuer`, or leave it out")
    for fact in (*_find_challenge_faults(words.get("challenge")), *_find_shared_faults(words.get("shared"))):
        yield Problem(where, "inventory_invalid", fact)


def _find_ordered_problems(where: str, words: Mapping[str, Any], *, lacks_url: bool) -> Iterator[Problem]:
    given = [word for word in (*MATERIAL, "remote_src") if words.get(word) is not None]
    if given:
        fact = f"has {', '.join(given)}, and is ordered from a CA, which makes its own"
        yield Problem(where, "material_ambiguous", f"{fact}; say `issuer` or the material, not both")
    if lacks_url:
        fact = "is ordered from a CA and has no external_url"
        way_out = "give the host name that clients use, or leave `engine` out: then it uses the system's certificate"
        yield Problem(where, "external_url_missing", f"{fact}; {way_out}")


def _find_challenge_faults(challenge: object) -> Iterator[str]:
    fault = find_mapping_fault(challenge, _CHALLENGE_SHAPE)
    if fault:
        yield f"`challenge` {fault}"


def _find_shared_faults(shared: object) -> Iterator[str]:
    fault = find_mapping_fault(shared, _SHARED_SHAPE)
    if fault:
        yield f"`shared` {fault}"
    elif isinstance(shared, Mapping):
        yield from (f"`shared`: {fact}" for fact in find_unknown_words(shared, ("home",)))
        if not is_text(shared.get("home")):
            yield "`shared` names no `home`, which is a host of the inventory"
