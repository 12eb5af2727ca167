# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which words a file takes by its format, and what its parts are then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import (
    CRL_PART,
    KEY_PART,
    PEM,
    PKCS12,
    TRUST_PART,
    TRUSTSTORE,
)

_WORDS: Mapping[str, tuple[str, ...]] = {
    PEM: (),
    PKCS12: ("alias", "level", "passphrase", "passphrase_src"),
    TRUSTSTORE: ("level", "passphrase", "passphrase_src"),
}
_DEFAULT_PARTS = {PKCS12: (KEY_PART, "leaf", "chain"), TRUSTSTORE: (TRUST_PART,)}
# In a keystore parts have no order of their own.
_ENTRY = (KEY_PART, "leaf", "chain", "root", TRUST_PART, CRL_PART)


def find_required(form: object) -> tuple[str, ...]:
    """The words that a file of this format cannot do without."""
    return ("name",) if form in (PKCS12, TRUSTSTORE) else ("name", "parts")


def find_parts(words: Mapping[str, Any]) -> tuple[str, ...]:
    """In their order: as they were given for PEM, and always the same in a keystore."""
    form = words.get("format", PEM)
    if form == PEM:
        return tuple(words["parts"])
    return tuple(sorted(set(words.get("parts", _DEFAULT_PARTS[form])), key=_ENTRY.index))


def find_fault(words: Mapping[str, Any]) -> str:
    """What does not go together, as the end of a sentence about the file; empty when all does."""
    form, parts = words.get("format", PEM), find_parts(words)
    unused = [f"`{word}`" for word in _WORDS[PKCS12] if word in words and word not in _WORDS[form]]
    if unused:
        return f"{', '.join(unused)} has no meaning with `format: {form}`; leave it out"
    fault = _find_parts_fault(form, parts)
    return f"`parts` {fault}; got `{', '.join(parts)}`" if fault else ""


def _find_parts_fault(form: str, parts: tuple[str, ...]) -> str:
    if form == TRUSTSTORE and parts != (TRUST_PART,):
        return "of a truststore can only be trust"
    if form == PKCS12 and ({TRUST_PART, CRL_PART} & set(parts) or not {KEY_PART, "leaf"} <= set(parts)):
        return "of a keystore must have key and leaf, and may have chain and root"
    alone = next((part for part in (TRUST_PART, CRL_PART) if part in parts and len(parts) > 1), "")
    return f"must be {alone} alone, for it is another file than the certificate's" if alone else ""
