# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who signs: engines and issuers that are unknown, faulty, or not there yet."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.declared_inventory import (
    IN_DOMAIN,
    IN_SYSTEM,
    IN_WEB,
    domain,
    require_told,
    system,
    web,
)

RELEASE = "which this release does not have; it has files"


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        *(
            pytest.param(
                system(engine=engine),
                [
                    (
                        IN_SYSTEM,
                        "engine_unavailable",
                        f"asks for the engine {engine}, {RELEASE}: supply certificate and key",
                    )
                ],
                id=f"the engine {engine}",
            )
            for engine in ("letsencrypt", "acme")
        ),
        pytest.param(
            domain(engine="letsencrypt", state="adopted"),
            [(IN_DOMAIN, "engine_unavailable", f"asks for the engine letsencrypt, {RELEASE}")],
            id="an engine that is not there cannot keep what is adopted",
        ),
        pytest.param(
            domain(engine="LETS_ENCRYPT"),
            [
                (
                    IN_DOMAIN,
                    "unknown_issuer",
                    (
                        "`engine` must be one of files, letsencrypt, acme, disabled; `LETS_ENCRYPT` is not; "
                        "did you mean `letsencrypt`?"
                    ),
                )
            ],
            id="an engine as BlueMind stores it",
        ),
        pytest.param(
            domain(engine=["files"], issuer={"type": "files"}),
            [
                (IN_DOMAIN, "inventory_invalid", "has `engine` and `issuer`; say one of them"),
                (IN_DOMAIN, "unknown_issuer", "disabled; something that is no word is not"),
                (IN_DOMAIN, "unknown_issuer", "the issuer something that is no word is not in tls_issuers"),
            ],
            id="engine and issuer, both of a wrong shape",
        ),
        pytest.param(
            web(issuer="offce"),
            [
                (
                    IN_WEB,
                    "unknown_issuer",
                    (
                        "the issuer `offce` is not in tls_issuers; did you mean `office`? Known are bought, "
                        "letsencrypt, office"
                    ),
                )
            ],
            id="an issuer with a slip of the pen",
        ),
        pytest.param(
            {**web(issuer="bought"), "tls_issuers": None},
            [(IN_WEB, "unknown_issuer", "the issuer `bought` is not in tls_issuers; known are none")],
            id="an issuer where there are none",
        ),
        pytest.param(
            web(issuer="office"),
            [(IN_WEB, "engine_unavailable", f"asks the issuer office for the engine internal_ca, {RELEASE}: supply")],
            id="an issuer that is not there yet",
        ),
        pytest.param(
            {
                **web(issuer="bought"),
                "tls_issuers": '{"bought": {"type": "files"}}',
            },
            [("tls_issuers", "inventory_invalid", "is text and must be a mapping of names to issuers")],
            id="issuers as text are told once, not again for every certificate",
        ),
        pytest.param(
            {
                **web(issuer="b"),
                "tls_issuers": {
                    "a": {"type": "files", "email": "a@b.example"},
                    "b": {"type": "letsencrypt"},
                    "c": {},
                    "d": None,
                    "e": "files",
                    "f": {"type": ["files"]},
                },
            },
            [
                ("tls_issuers.a", "inventory_invalid", "`email` is unknown; known are type"),
                (
                    "tls_issuers.b",
                    "inventory_invalid",
                    "`type` must be one of files, acme, internal_ca; `letsencrypt` is not; did you mean `acme`?",
                ),
                ("tls_issuers.c", "inventory_invalid", "`type` is missing; it is one of files, acme, internal_ca"),
                ("tls_issuers.d", "inventory_invalid", "is empty; say its `type`"),
                ("tls_issuers.e", "inventory_invalid", "is text and must be a mapping with `type`"),
                ("tls_issuers.f", "inventory_invalid", "internal_ca; something that is no word is not"),
            ],
            id="faulty issuers, told where they are declared",
        ),
    ],
)
def test_who_cannot_sign_is_told_with_the_way_out(
    variables: dict[str, Any], expected: list[tuple[str, str, str]]
) -> None:
    require_told(expected, variables)
