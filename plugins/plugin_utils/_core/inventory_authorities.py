# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an inventory may say of an internal CA, and of all of its certificates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.internal_signing import USAGES
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory_words import (
    find_choice_fault,
    find_text_fault,
    find_unknown_words,
    is_text,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_words import KEY_TYPES

INTERNAL_CA = "internal_ca"
# What its certificates are asked as where they do not say it themselves.
DEFAULT_WORDS = ("usage", "days", "key_type", "email")
_PLACE = ("host", "path")
_TEXTS = (*_PLACE, "fingerprint", "backup_to", "email")
_WORDS = (
    *("type", *_TEXTS, "passphrase", "passphrase_src", "root_passphrase", "root_passphrase_src", "backup_max_age"),
    # Of the CA itself, as the module internal_ca has them; its `key_type` is that of the certificates here
    *("subject", "issuing_subject", "issuing", "ca_key_type", "life", "issuing_life", "path_length"),
    *("name_constraints", "crl", "rollover_ahead", "min_overlap", "waivers"),
    *DEFAULT_WORDS,
)


def find_ca_faults(issuer: Mapping[str, Any]) -> Iterator[str]:
    """Of the values only those that are no secrets are judged, and none is repeated."""
    yield from find_unknown_words(issuer, _WORDS)
    missing = [f"`{word}`" for word in _PLACE if not issuer.get(word)]
    if missing:
        yield f"lacks {' and '.join(missing)}; say on which host of the inventory the CA's directory is, and where"
    for word in _TEXTS:
        fault = find_text_fault(issuer.get(word))
        if fault:
            yield f"`{word}` {fault}"
    path = issuer.get("path")
    if path and is_text(path) and not str(path).startswith("/"):
        yield "`path` must be an absolute path on that host"
    yield from find_signing_faults(issuer)


def find_signing_faults(words: Mapping[str, Any]) -> Iterator[str]:
    """Of what a CA and each of its certificates may say."""
    for word, choices in (("usage", USAGES), ("key_type", tuple(KEY_TYPES))):
        fault = find_choice_fault(words.get(word), choices)
        if fault:
            yield f"`{word}` {fault}"
    days = words.get("days")
    if days is not None and (isinstance(days, bool) or not str(days).isdecimal() or int(days) < 1):
        yield "`days` must be a number of days, 1 or more"
