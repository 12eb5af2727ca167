# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an inventory says of certificates that are ordered, where it can mean nothing."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.declared_inventory import (
    FILES,
    IN_DOMAIN,
    IN_SYSTEM,
    IN_WEB,
    domain,
    load,
    require_told,
    system,
    web,
)

ORDERED = {"issuer": "letsencrypt"}


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        pytest.param(
            web(**ORDERED, **FILES),
            [
                (
                    IN_WEB,
                    "material_ambiguous",
                    (
                        "has certificate_src, private_key_src, and is ordered from a CA, which makes its own; "
                        "say `issuer` or the material, not both"
                    ),
                )
            ],
            id="material of what is ordered",
        ),
        pytest.param(
            system(engine="letsencrypt", remote_src=False),
            [(IN_SYSTEM, "material_ambiguous", "has remote_src, and is ordered from a CA")],
            id="where material lies of what is ordered",
        ),
        pytest.param(
            domain(engine="letsencrypt"),
            [
                (
                    IN_DOMAIN,
                    "external_url_missing",
                    (
                        "is ordered from a CA and has no external_url; give the host name that clients use, "
                        "or leave `engine` out: then it uses the system's certificate"
                    ),
                )
            ],
            id="a domain without a name to order",
        ),
        pytest.param(
            web(key_type="ec256", profile="x", **FILES),
            [
                (
                    IN_WEB,
                    "inventory_invalid",
                    (
                        "has key_type, profile, which belongs to a certificate that is ordered; "
                        "say which `issuer`, or leave it out"
                    ),
                )
            ],
            id="words of an order of what is supplied",
        ),
        pytest.param(
            web(issuer="bought", staging=False),
            [(IN_WEB, "inventory_invalid", "has staging, which belongs to a certificate that is ordered")],
            id="a word that is false is said",
        ),
        pytest.param(
            web(shared={"home": "pki01"}),
            [(IN_WEB, "inventory_invalid", "has shared, which belongs to a certificate that is ordered")],
            id="only what is ordered is shared",
        ),
        pytest.param(
            web(**ORDERED, state="adopted", terms_agreed=True),
            [(IN_WEB, "inventory_invalid", "has terms_agreed, which belongs to a certificate that is ordered")],
            id="words of an order of what is adopted",
        ),
        pytest.param(
            web(**ORDERED, challenge="http-01"),
            [
                (
                    IN_WEB,
                    "inventory_invalid",
                    "`challenge` is text and must be a mapping such as {type: http-01, webroot: /var/www/html}",
                )
            ],
            id="a challenge of a wrong shape",
        ),
        pytest.param(
            web(challenge=["http-01"]),
            [
                (IN_WEB, "inventory_invalid", "has challenge, which belongs to a certificate that is ordered"),
                (IN_WEB, "inventory_invalid", "`challenge` must be a mapping"),
            ],
            id="a challenge of a wrong shape, of what is supplied",
        ),
        pytest.param(
            web(**ORDERED, shared="pki01"),
            [(IN_WEB, "inventory_invalid", "`shared` is text and must be a mapping such as {home: pki01}")],
            id="shared as text",
        ),
        pytest.param(
            web(**ORDERED, shared={"hom": "pki01"}),
            [
                (IN_WEB, "inventory_invalid", "`shared`: `hom` is unknown; did you mean `home`? Known are home"),
                (IN_WEB, "inventory_invalid", "`shared` names no `home`, which is a host of the inventory"),
            ],
            id="shared by nobody",
        ),
        pytest.param(
            web(**ORDERED, shared={"home": ["pki01"]}),
            [(IN_WEB, "inventory_invalid", "`shared` names no `home`")],
            id="shared by a list",
        ),
        pytest.param(
            system(engine="letsencrypt", shared={"home": "pki01"}),
            [(IN_SYSTEM, "inventory_invalid", "`shared` is unknown")],
            id="the system's is its own",
        ),
    ],
)
def test_what_is_wrong_with_an_order_is_told_with_the_way_out(
    variables: dict[str, Any], expected: list[tuple[str, str, str]]
) -> None:
    require_told(expected, variables)


@pytest.mark.parametrize(
    "variables",
    [
        pytest.param(web(**FILES, email="pki@a.example"), id="whoever is written to may be told of any"),
        pytest.param(web(**ORDERED, challenge={"port": 80}, shared={"home": "pki01"}), id="all of an order"),
        pytest.param(web(state="absent", issuer="nobody", challenge="x", shared=1), id="what is absent"),
        pytest.param(domain(), id="a domain that uses the system's certificate"),
    ],
)
def test_what_is_right(variables: dict[str, Any]) -> None:
    loaded = load(**variables)
    assert len(loaded.entries) + len(loaded.orders) == 1
