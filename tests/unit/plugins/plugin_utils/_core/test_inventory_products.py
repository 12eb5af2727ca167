# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An inventory of BlueMind: what its product is told, and what it is asked for."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory import Inventory, load_inventory
from ansible_collections.certwright.tls.plugins.plugin_utils._services.presets import PRESETS

FILES = {"certificate_src": "a.pem", "private_key_src": "a.key"}
BLUEMIND = {"services": ["bluemind"]}


def load(**variables: Any) -> Inventory:
    return load_inventory(variables, presets=PRESETS)


def refused(**variables: Any) -> list[tuple[str, str]]:
    with pytest.raises(RefusedError) as refusal:
        load(**variables)
    return [(item.certificate, item.code) for item in refusal.value.problems]


def test_names_are_left_to_bluemind() -> None:
    loaded = load(
        tls_system={**BLUEMIND, **FILES},
        tls_domains=[{"domain": "a.example", **BLUEMIND, **FILES}, {"domain": "b.example", **BLUEMIND}],
    )
    assert list(loaded.entries) == [
        {"domain": "system", "state": "present", **BLUEMIND, **FILES},
        {"domain": "a.example", "state": "present", **BLUEMIND, **FILES},
        {"domain": "b.example", "state": "present", **BLUEMIND},
    ]


def test_names_of_orders_are_left_to_bluemind() -> None:
    entry = {"engine": "letsencrypt", **BLUEMIND}
    loaded = load(tls_system=entry, tls_domains=[{"domain": "a.example", **entry}])
    assert list(loaded.orders) == [{"name": "system", **BLUEMIND}, {"name": "a.example", **BLUEMIND}]


def test_the_identifier_of_a_domain_goes_to_bluemind() -> None:
    domain = {"domain": "a.example", "domain_uid": "3a4f.internal", "external_url": "www.a.example"}
    services = ["nginx", {"bluemind": {"domain_uid": "3a4f.internal"}}]
    loaded = load(tls_domains=[{**domain, "services": ["nginx", "bluemind"], **FILES}])
    assert [services] == [entry["services"] for entry in loaded.entries]


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        pytest.param({"tls_system": {"services": ["nginx"], **FILES}}, "tls_system", id="another service"),
        pytest.param(
            {"tls_system": {**BLUEMIND, **FILES, "external_url": ""}}, "tls_system", id="a template that came out empty"
        ),
        pytest.param(
            {"tls_system": {**BLUEMIND, **FILES, "other_urls": ["b.example"]}}, "tls_system", id="no first name"
        ),
        pytest.param(
            {"tls_domains": [{"domain": "a.example", **BLUEMIND, **FILES, "other_urls": ["b.example"]}]},
            "tls_domains[0] (a.example)",
            id="no first name of a domain",
        ),
    ],
)
def test_names_are_left_to_bluemind_alone(variables: dict[str, Any], expected: str) -> None:
    assert [(expected, "external_url_missing")] == refused(**variables)


def test_mail_of_a_domain_is_refused_where_it_is_declared() -> None:
    domain = {"domain": "a.example", "external_url": "www.a.example", **FILES, "services": ["bluemind", "postfix"]}
    assert refused(tls_domains=[domain]) == [("tls_domains[0] (a.example)", "service_invalid")]
    named = {"names": ["a.example"], **FILES, **BLUEMIND}
    assert refused(tls_certificates={"mail": named}) == [("tls_certificates.mail", "service_invalid")]
