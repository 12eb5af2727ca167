# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who signs: engines and issuers that are unknown, faulty, or not there yet, and who is like whom."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.declared_inventory import (
    IN_DOMAIN,
    IN_WEB,
    domain,
    require_told,
    system,
    web,
)


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
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
                    "g": {"type": "acme", "directory": "https://ca.example", "like": None},
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
                (
                    "tls_issuers.g",
                    "inventory_invalid",
                    "`directory` is unknown; did you mean `acme_directory`? Known are account_key_content, ",
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


A, B, C = "tls_issuers.a", "tls_issuers.b", "tls_issuers.c"
NO_OTHER = "`like` must name another issuer of `type: acme`; "


def issuers(**like: object) -> dict[str, Any]:
    """ACME issuers, each like another one, and a certificate that asks each of them."""
    declared = {
        name: value if isinstance(value, dict) else {"type": "acme", "like": value} for name, value in like.items()
    }
    asking = {name: {"names": [f"{name}.example"], "issuer": name} for name in like}
    return {"tls_issuers": declared, "tls_host_certificates": asking}


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        pytest.param(issuers(a="a"), [(A, "inventory_invalid", f"{NO_OTHER}known are none")], id="it is like itself"),
        pytest.param(
            issuers(a="b", b="a"),
            [
                (A, "inventory_invalid", "`like` leads back here by `b`; let one of them say its words itself"),
                (B, "inventory_invalid", "`like` leads back here by `a`; let one of them say its words itself"),
            ],
            id="two are like each other",
        ),
        pytest.param(
            issuers(a="b", b="c", c="b"),
            [
                (B, "inventory_invalid", "`like` leads back here by `c`"),
                (C, "inventory_invalid", "`like` leads back here by `b`"),
            ],
            id="one leads into a ring of others",
        ),
        pytest.param(
            issuers(leter={"type": "acme"}, a="letter"),
            [(A, "inventory_invalid", f"{NO_OTHER}did you mean `leter`? Known are leter")],
            id="a slip of the pen",
        ),
        pytest.param(issuers(a=["b"], b=None), [(A, "inventory_invalid", f"{NO_OTHER}known are b")], id="a list"),
        pytest.param(
            {
                "tls_issuers": {
                    "a": {"type": "acme", "like": "b"},
                    "b": {"type": "internal_ca", "host": "ca01", "path": "/srv/ca"},
                }
            },
            [(A, "inventory_invalid", f"{NO_OTHER}known are none")],
            id="like one of another kind",
        ),
        pytest.param(
            {**issuers(a="b"), "tls_issuers": {"a": {"type": "acme", "like": "b"}, "b": "text", "c": None}},
            [
                (A, "inventory_invalid", f"{NO_OTHER}known are none"),
                (B, "inventory_invalid", "is text and must be a mapping with `type`"),
                (C, "inventory_invalid", "is empty; say its `type`"),
            ],
            id="like one that is faulty",
        ),
        pytest.param(
            {**system(engine="letsencrypt"), "tls_issuers": {"letsencrypt": "text"}},
            [("tls_issuers.letsencrypt", "inventory_invalid", "is text and must be a mapping with `type`")],
            id="the issuer of an engine is faulty",
        ),
    ],
)
def test_who_is_like_whom(variables: dict[str, Any], expected: list[tuple[str, str, str]]) -> None:
    require_told(expected, variables)
