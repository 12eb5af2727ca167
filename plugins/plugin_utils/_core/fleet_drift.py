# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a certificate on a host differs from what the inventory says of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.declared import (
    ACME,
    ADOPTED,
    FILES,
    INTERNAL_CA,
    Declared,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.internal_signing import SCHEME
from ansible_collections.certwright.tls.plugins.plugin_utils._core.names import covers
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Reason

_LIVE = "live"
_WORDS = {
    FILES: "supplied as files",
    ACME: "ordered from an ACME CA",
    INTERNAL_CA: "signed by an internal CA",
    ADOPTED: "adopted, and renewed by somebody else",
}


def find_drift(row: Mapping[str, Any], wanted: Declared) -> Iterator[Reason]:
    """Of what is live or adopted. By identity, as the modules compare it: what nobody said is no difference."""
    if row["state"] not in (_LIVE, ADOPTED):
        return
    way_out = "run certwright.tls.renew" if wanted.is_renewed else "run certwright.tls.install"
    for code, fact in (*_find_issuer_drift(row, wanted), *_find_key_drift(row, wanted), *_find_name_drift(row, wanted)):
        yield Reason(code, f"{fact}; {way_out}")


def find_engine(row: Mapping[str, Any]) -> str:
    """By its record."""
    issuer = row["recorded_issuer"]
    if row["state"] == ADOPTED:
        return ADOPTED
    if issuer.startswith(SCHEME):
        return INTERNAL_CA
    return FILES if issuer in ("", FILES) else ACME


def _find_issuer_drift(row: Mapping[str, Any], wanted: Declared) -> Iterator[tuple[str, str]]:
    engine = find_engine(row)
    if engine != wanted.engine:
        fact = f"the inventory wants it {_WORDS[wanted.engine]}, and what is there was {_WORDS[engine]}"
        yield "engine_differs", fact
    elif wanted.directory and wanted.directory != row["recorded_issuer"]:
        yield (
            "issuer_differs",
            f"the inventory wants it from {wanted.directory}, and it is from {row['recorded_issuer']}",
        )


def _find_key_drift(row: Mapping[str, Any], wanted: Declared) -> Iterator[tuple[str, str]]:
    if wanted.key_type and row["key_type"] and wanted.key_type != row["key_type"]:
        yield "key_type_differs", f"the inventory wants a key {wanted.key_type}, and it has {row['key_type']}"


def _find_name_drift(row: Mapping[str, Any], wanted: Declared) -> Iterator[tuple[str, str]]:
    """What is ordered has just the names that were declared; what is supplied may cover them by a wildcard."""
    there = [str(name).lower() for name in row["names"] or ()]
    if wanted.is_renewed:
        missing = [name for name in wanted.names if name not in there]
        dropped = [name for name in there if name not in wanted.names]
    else:
        missing, dropped = [name for name in wanted.names if not covers(there, name)], []
    if missing:
        yield "name_missing", f"the inventory wants {', '.join(missing)}, which the certificate does not have"
    if dropped:
        yield "name_dropped", f"the certificate has {', '.join(dropped)}, which the inventory wants no more"
