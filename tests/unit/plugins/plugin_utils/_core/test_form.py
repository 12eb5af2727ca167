# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the answers of a console's form come to, laid over an inventory."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.form import fill_in
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory import load_inventory
from ansible_collections.certwright.tls.plugins.plugin_utils._services.presets import PRESETS

FILES = {"certificate_src": "a.pem", "private_key_src": "a.key", "ca_src": "ca.pem"}
SYSTEM = {"external_url": "mail.example.org", "services": ["nginx"], "email": "it@example.org", **FILES}
SHOP = {"domain": "shop.example", "external_url": "shop.example", "services": ["nginx"], **FILES}
ACME = {"type": "acme", "account_key_src": "a", "email": "pki@example.org", "challenge": {"port": 80}}


def fill(answers: dict[str, str], *domains: dict[str, Any], system: dict[str, Any] | None = None) -> Any:
    return fill_in({"tls_system": SYSTEM if system is None else system, "tls_domains": list(domains)}, answers)


@pytest.mark.parametrize(
    ("answers", "expected", "said"),
    [
        pytest.param({}, SYSTEM, {}, id="nothing was filled in"),
        pytest.param({"engine": "As the inventory says", "email": " "}, SYSTEM, {}, id="the inventory and a blank"),
        pytest.param(
            {"engine": "Let's Encrypt", "terms": "Yes, I agree"},
            {
                "external_url": "mail.example.org",
                "services": ["nginx"],
                "email": "it@example.org",
                "engine": "letsencrypt",
                "terms_agreed": True,
            },
            {"engine": "letsencrypt", "terms_agreed": True},
            id="from files to an order",
        ),
        pytest.param(
            {"engine": "office", "terms": "No"},
            {"external_url": "mail.example.org", "services": ["nginx"], "email": "it@example.org", "issuer": "office"},
            {"issuer": "office"},
            id="an issuer by its name, and no agreement",
        ),
        pytest.param(
            {"engine": "Files", "certificate": "PEM", "ca": "CA", "other_urls": "imap.example.org\nsmtp.example.org"},
            {
                "external_url": "mail.example.org",
                "services": ["nginx"],
                "email": "it@example.org",
                "engine": "files",
                "other_urls": ["imap.example.org", "smtp.example.org"],
                "certificate_content": "PEM",
                "ca_content": "CA",
            },
            {"engine": "files", "other_urls": ["imap.example.org", "smtp.example.org"]},
            id="other material in place of the inventory's",
        ),
        pytest.param(
            {"engine": "Files"}, {**SYSTEM, "engine": "files"}, {"engine": "files"}, id="the same engine keeps material"
        ),
        pytest.param(
            {"external_url": "web.example.org", "services": "nginx, postfix", "email": "new@example.org"},
            {**SYSTEM, "external_url": "web.example.org", "services": ["nginx", "postfix"], "email": "new@example.org"},
            {"external_url": "web.example.org", "services": ["nginx", "postfix"], "email": "new@example.org"},
            id="names, services and contact under the engine of the inventory",
        ),
    ],
)
def test_a_form_without_a_domain_is_the_systems(
    answers: dict[str, str], expected: dict[str, Any], said: dict[str, Any]
) -> None:
    filled = fill(answers, SHOP)
    assert filled.system == expected
    assert filled.domains == (SHOP,)
    assert filled.said == ({"tls_system": said} if said else {})


def test_material_without_an_engine_is_of_files() -> None:
    ordered = {"external_url": "mail.example.org", "engine": "letsencrypt", "terms_agreed": True, "key_type": "ec256"}
    filled = fill({"certificate": "PEM"}, system=ordered)
    assert filled.system == {"external_url": "mail.example.org", "engine": "files", "certificate_content": "PEM"}


@pytest.mark.parametrize("engine", ["Disabled", "disable"])
def test_a_domain_is_disabled_by_one_word_and_keeps_no_material(engine: str) -> None:
    filled = fill({"domain": "SHOP.example", "engine": engine}, {"domain": "a.example"}, SHOP, {"domain": "z.example"})
    words = {"domain": "SHOP.example", "engine": "disabled"}
    assert filled.domains == (
        {"domain": "a.example"},
        {"external_url": "shop.example", "services": ["nginx"], **words},
        {"domain": "z.example"},
    )
    assert filled.said == {"tls_domains": [words]}
    loaded = load_inventory({"tls_domains": filled.domains[1:2]}, presets=PRESETS)
    assert [(entry["domain"], entry["state"]) for entry in loaded.entries] == [("shop.example", "absent")]


def test_a_new_domain_is_of_the_services_of_the_system() -> None:
    answers = {
        "domain": "new.example",
        "engine": "letsencrypt",
        "external_url": "https://new.example/",
        "terms": "true",
    }
    (entry,) = fill(answers).domains
    assert entry == {
        "domain": "new.example",
        "external_url": "https://new.example/",
        "engine": "letsencrypt",
        "terms_agreed": True,
        "services": ["nginx"],
    }
    (order,) = load_inventory({"tls_issuers": {"letsencrypt": ACME}, "tls_domains": [entry]}, presets=PRESETS).orders
    assert (order["external_url"], order["terms_agreed"]) == ("https://new.example/", True)


def test_what_no_form_asks_and_what_is_no_inventory_is_refused_together() -> None:
    with pytest.raises(RefusedError) as refused:
        fill_in({"tls_system": "text", "tls_domains": {"a": 1}}, {"engin": "Files"})
    assert [(problem.certificate, problem.code) for problem in refused.value.problems] == [
        ("the form", "inventory_invalid"),
        ("tls_system", "inventory_invalid"),
        ("tls_domains", "inventory_invalid"),
    ]
