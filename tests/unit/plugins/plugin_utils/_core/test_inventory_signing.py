# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates of an internal CA in an inventory: what their module is told, and where words can mean nothing."""

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

SIGNED = {"issuer": "office"}
END = "2027-12-31T23:59:59Z"


@pytest.mark.parametrize(
    ("office", "variables", "expected"),
    [
        pytest.param(
            {},
            web(
                **SIGNED,
                names=["b.example", "192.0.2.7"],
                usage="both",
                emails=["a@b.example"],
                subject="CN=b",
                days=90,
            ),
            {
                "name": "web",
                "issuer": "office",
                "external_url": "b.example",
                "other_urls": ["192.0.2.7"],
                "usage": "both",
                "emails": ["a@b.example"],
                "subject": "CN=b",
                "days": 90,
            },
            id="one by name",
        ),
        pytest.param(
            {"days": 30, "usage": "client", "key_type": "ec384", "email": "it@b.example", "passphrase": "SECRET"},
            system(**SIGNED, usage="server", services=["nginx"], mode="0640"),
            {
                "name": "system",
                "issuer": "office",
                "external_url": "www.a.example",
                "other_urls": [],
                "usage": "server",
                "days": 30,
                "key_type": "ec384",
                "email": "it@b.example",
                "services": ["nginx"],
                "mode": "0640",
            },
            id="the system's, over what its CA says of all",
        ),
        pytest.param(
            {"days": 30},
            domain(**SIGNED, external_url="www.a.example", not_after=END, accept=["files_abandoned"]),
            {
                "name": "a.example",
                "issuer": "office",
                "external_url": "www.a.example",
                "other_urls": [],
                "not_after": END,
                "accept": ["files_abandoned"],
            },
            id="a domain's, whose end is said nearer",
        ),
    ],
)
def test_what_the_module_is_told(office: dict[str, Any], variables: dict[str, Any], expected: dict[str, Any]) -> None:
    issuers = {"office": {"type": "internal_ca", "host": "ca01", "path": "/srv/ca", "fingerprint": "ab" * 32, **office}}
    loaded = load(**variables, tls_issuers=issuers)
    assert ([expected], (), ()) == (list(loaded.signed), loaded.entries, loaded.orders)
    assert "SECRET" not in repr(loaded)


@pytest.mark.parametrize(
    "state", [pytest.param("absent", id="taken away"), pytest.param("adopted", id="of somebody else")]
)
def test_what_is_not_to_be_made_is_not_requested(state: str) -> None:
    loaded = load(**web(**SIGNED, state=state))
    assert (loaded.signed, [entry["state"] for entry in loaded.entries]) == ((), [state])


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        pytest.param(
            web(**SIGNED, **FILES),
            [(IN_WEB, "material_ambiguous", "has certificate_src, private_key_src, and is ordered from a CA")],
            id="material of what is signed",
        ),
        pytest.param(
            domain(**SIGNED),
            [(IN_DOMAIN, "external_url_missing", "is ordered from a CA and has no external_url")],
            id="a domain without a name",
        ),
        pytest.param(
            web(**SIGNED, staging=True, key_origin="controller", shared={"home": "pki01"}),
            [
                (
                    IN_WEB,
                    "inventory_invalid",
                    (
                        "has staging, key_origin, shared, which belongs to a certificate that is ordered by ACME, "
                        "and an internal CA signs this one; leave it out"
                    ),
                )
            ],
            id="words of an order by ACME",
        ),
        pytest.param(
            web(**SIGNED, usage="sever", days="x", emails="a@b.example", subject=["CN=a"], not_after="2027-12-31"),
            [
                (IN_WEB, "inventory_invalid", "`usage` must be one of server, client, both"),
                (IN_WEB, "inventory_invalid", "`days` must be a number of days"),
                (IN_WEB, "inventory_invalid", "`emails` is text and must be a list of mail addresses"),
                (IN_WEB, "inventory_invalid", "`subject` must be a text"),
                (IN_WEB, "inventory_invalid", "`not_after` must be an instant in UTC"),
                (IN_WEB, "inventory_invalid", "`days` and `not_after` are both said"),
            ],
            id="values that are none",
        ),
        pytest.param(
            system(**SIGNED, emails=["a@b.example", {}]),
            [(IN_SYSTEM, "inventory_invalid", "`emails` must be a list of texts")],
            id="addresses that are none",
        ),
        pytest.param(
            web(issuer="bought", emails=[], subject="CN=a", days=3, not_after=END, **FILES),
            [
                (
                    IN_WEB,
                    "inventory_invalid",
                    (
                        "has emails, subject, days, not_after, which belongs to a certificate of an internal CA; "
                        "say an `issuer` of that type, or leave it out"
                    ),
                )
            ],
            id="its words of what is supplied",
        ),
        pytest.param(
            web(issuer="letsencrypt", usage="both"),
            [(IN_WEB, "engine_unavailable", "is meant for clients; client certificates are signed by an internal CA")],
            id="clients of what is ordered",
        ),
        pytest.param(
            web(issuer="letsencrypt", usage="sever"),
            [(IN_WEB, "inventory_invalid", "`usage` must be one of server, client, both; `sever` is not")],
            id="a usage that is none of what is ordered",
        ),
    ],
)
def test_what_is_wrong_is_told_with_the_way_out(
    variables: dict[str, Any], expected: list[tuple[str, str, str]]
) -> None:
    require_told(expected, variables)


def test_that_it_is_for_servers_may_be_said_of_each() -> None:
    assert len(load(**web(issuer="letsencrypt", usage="server")).orders) == 1
    assert len(load(**web(usage="server", **FILES)).entries) == 1


def test_a_ca_that_is_not_pinned_signs_for_nobody() -> None:
    issuers = {"office": {"type": "internal_ca", "host": "ca01", "path": "/srv/ca"}}
    told = (IN_WEB, "fingerprint_missing", "asks the issuer office, which has no `fingerprint` yet")
    require_told([told], {"tls_issuers": issuers, **web(**SIGNED, names=["b.example"])})


@pytest.mark.parametrize(("usage", "count"), [("client", 2), ("both", 0)])
def test_what_is_for_clients_alone_may_have_the_names_of_another(usage: str, count: int) -> None:
    """It is at no port, so nobody has to tell them apart."""
    office = {"type": "internal_ca", "host": "ca01", "path": "/srv/ca", "fingerprint": "ab" * 32}
    served = {**SIGNED, "names": ["b.example"]}
    certificates = {"web": served, "client": {**served, "usage": usage}}
    variables = {"tls_issuers": {"office": office}, "tls_host_certificates": certificates}
    if count:
        assert len(load(**variables).signed) == count
    else:
        require_told([("tls_host_certificates.client", "name_used_twice", "shares b.example with")], variables)
