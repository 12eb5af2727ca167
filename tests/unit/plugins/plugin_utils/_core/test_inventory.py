# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventory contract: what becomes of the consoles' words, and every fault of an inventory at once."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory import load_inventory

SYSTEM = {"external_url": "www.a.example", "certificate_src": "a.pem", "services": ["nginx"]}
NAMED = {"names": ["b.example", "c.example"], "private_key_content": "KEY", "accept": ["ends_sooner"]}
BOUGHT = {"bought": {"type": "files"}, "office": {"type": "internal_ca"}}
KNOWN_SYSTEM = (
    "accept, ca_content, ca_src, certificate_content, certificate_src, engine, external_url, group, mode, other_urls, "
    "owner, private_key_content, private_key_passphrase, private_key_passphrase_src, private_key_src, selevel, serole, "
    "services, setype, seuser"
)


@pytest.mark.parametrize(
    ("system", "named", "expected"),
    [
        pytest.param(None, None, {}, id="nothing"),
        pytest.param({}, {}, {}, id="empty"),
        pytest.param({**SYSTEM, "engine": "files"}, None, {"system": SYSTEM}, id="the system, without its engine"),
        pytest.param(
            None,
            {"web": {**NAMED, "issuer": "bought"}},
            {
                "web": {
                    "external_url": "b.example",
                    "other_urls": ["c.example"],
                    "private_key_content": "KEY",
                    "accept": ["ends_sooner"],
                }
            },
            id="a named one: the first name is the external URL",
        ),
        pytest.param(
            SYSTEM,
            {"web": {"names": ["b.example"]}},
            {"system": SYSTEM, "web": {"external_url": "b.example", "other_urls": []}},
            id="both",
        ),
    ],
)
def test_what_an_inventory_becomes(
    system: dict[str, Any] | None, named: dict[str, Any] | None, expected: dict[str, Any]
) -> None:
    assert expected == load_inventory(system, named, BOUGHT)


def refused(system: Any = None, named: Any = None) -> list[tuple[str, str, str]]:
    with pytest.raises(RefusedError) as refusal:
        load_inventory(system, named, BOUGHT)
    return [(item.certificate, item.code, item.message) for item in refusal.value.problems]


@pytest.mark.parametrize(
    ("system", "named", "expected"),
    [
        pytest.param(
            "www.a.example",
            None,
            [("tls_system", "inventory_invalid", "must be a mapping with external_url and the material")],
            id="a system that is a text",
        ),
        pytest.param(
            {"engine": "letsencrypt", "key": 1},
            None,
            [
                ("tls_system", "inventory_invalid", f"key is unknown; known are {KNOWN_SYSTEM}"),
                (
                    "tls_system",
                    "external_url_missing",
                    "external_url is missing; nothing can be installed before the host name that clients use is known",
                ),
                ("tls_system", "unknown_issuer", "the engine letsencrypt is not there in this release; known is files"),
            ],
            id="everything is wrong with the system",
        ),
        pytest.param(
            None,
            ["web"],
            [("tls_host_certificates", "inventory_invalid", "must map names to certificates")],
            id="a list of certificates",
        ),
        pytest.param(
            None,
            {"web": "b.example"},
            [("web", "inventory_invalid", "must be a mapping with names and the material")],
            id="a certificate that is a text",
        ),
        pytest.param(
            None,
            {"system": NAMED},
            [
                (
                    "system",
                    "inventory_invalid",
                    "the name system belongs to tls_system; give this certificate another one",
                )
            ],
            id="the system's name",
        ),
        pytest.param(
            None,
            {"a": {"names": [], "issuer": "nobody"}, "b": {"names": ["b.example"], "issuer": "office"}},
            [
                (
                    "a",
                    "external_url_missing",
                    "names is missing; list the host names that clients use, the most important one first",
                ),
                ("a", "unknown_issuer", "the issuer nobody is not in tls_issuers, which has bought, office"),
                ("b", "unknown_issuer", "the issuer office is not of type files, the only one in this release"),
            ],
            id="names and issuers of several",
        ),
    ],
)
def test_faults_of_an_inventory_are_told_together(
    system: Any, named: Any, expected: list[tuple[str, str, str]]
) -> None:
    assert expected == refused(system, named)


def test_no_issuers_at_all_are_said_to_be_none() -> None:
    with pytest.raises(RefusedError, match="which has none"):
        load_inventory(None, {"web": {"names": ["b.example"], "issuer": "bought"}}, None)


def test_a_key_in_an_inventory_is_in_no_message() -> None:
    told = str(refused({"certificate_src": "x", "private_key_content": "SECRET", "nonsense": "SECRET"}))
    assert "SECRET" not in told
