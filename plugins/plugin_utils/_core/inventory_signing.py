# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an inventory may say of a certificate of an internal CA, and of no other one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import load_time
from ansible_collections.certwright.tls.plugins.plugin_utils._core.internal_signing import SERVER, USAGES
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory_authorities import find_signing_faults
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory_words import (
    ORDER_WORDS,
    SIGNING_WORDS,
    find_list_fault,
    find_text_fault,
    is_list,
    is_text,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Problem

_ORDERED_ONLY = tuple(word for word in (*ORDER_WORDS, "shared") if word not in ("email", "key_type"))
_CLIENTS = "client certificates are signed by an internal CA: say an `issuer` of that type, or leave `usage` out"


def find_signed_problems(where: str, words: Mapping[str, Any]) -> Iterator[Problem]:
    """Of a certificate that an internal CA signs."""
    idle = [word for word in _ORDERED_ONLY if words.get(word) is not None]
    if idle:
        fact = f"has {', '.join(idle)}, which belongs to a certificate that is ordered by ACME"
        yield Problem(where, "inventory_invalid", f"{fact}, and an internal CA signs this one; leave it out")
    yield from (Problem(where, "inventory_invalid", fact) for fact in _find_faults(words))


def find_unsigned_problems(where: str, words: Mapping[str, Any]) -> Iterator[Problem]:
    """Of any other certificate. That it is for servers may be said of each."""
    idle = [word for word in SIGNING_WORDS if word != "usage" and words.get(word) is not None]
    if idle:
        fact = f"has {', '.join(idle)}, which belongs to a certificate of an internal CA"
        yield Problem(where, "inventory_invalid", f"{fact}; say an `issuer` of that type, or leave it out")
    usage = words.get("usage")
    if usage in USAGES and usage != SERVER:
        yield Problem(where, "engine_unavailable", f"is meant for clients; {_CLIENTS}")
    elif usage not in (None, SERVER):
        yield from (Problem(where, "inventory_invalid", fact) for fact in find_signing_faults({"usage": usage}))


def _find_faults(words: Mapping[str, Any]) -> Iterator[str]:
    yield from find_signing_faults(words)
    emails = words.get("emails")
    fault = find_list_fault(emails, "a list of mail addresses")
    if fault:
        yield f"`emails` {fault}"
    elif is_list(emails) and not all(is_text(email) for email in emails):
        yield "`emails` must be a list of texts"
    fault = find_text_fault(words.get("subject"))
    if fault:
        yield f"`subject` {fault}"
    ends = words.get("not_after")
    if ends is not None and load_time(str(ends)) is None:
        yield "`not_after` must be an instant in UTC, as in '2027-12-31T23:59:59Z', in quotes"
    if ends is not None and words.get("days") is not None:
        yield "`days` and `not_after` are both said; say one of them"
