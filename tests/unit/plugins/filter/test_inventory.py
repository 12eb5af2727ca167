# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter `inventory`: what a role gets of the contract, and how it is refused."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError

from ansible_collections.certwright.tls.plugins.filter.inventory import DOCUMENTATION, FilterModule
from ansible_collections.certwright.tls.plugins.modules.domain_certificate import DOMAIN_SPEC
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory import VARIABLES
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory_words import SHARED_WORDS


def inventory(**variables: Any) -> Any:
    return FilterModule().filters()["inventory"](variables)


def test_a_role_gets_a_plain_list() -> None:
    expected = [
        {
            "domain": "system",
            "state": "present",
            "external_url": "www.a.example",
            "other_urls": [],
            "services": ["nginx"],
        },
        {"domain": "old.example", "state": "absent"},
    ]
    assert expected == inventory(
        tls_system={"external_url": "www.a.example", "services": ["nginx"]},
        tls_domains=[{"domain": "old.example", "engine": "disabled"}],
    )


def test_every_fault_is_in_the_error() -> None:
    with pytest.raises(AnsibleFilterError) as refusal:
        inventory(tls_system={"engine": "disabled"}, tls_domains='[{"domain": "a.example"}]')
    assert "2 problems. tls_domains: is text" in str(refusal.value)
    assert "tls_system: the system certificate can be replaced, never disabled" in str(refusal.value)


def test_what_an_operator_should_know_is_a_warning(capfd: pytest.CaptureFixture[str]) -> None:
    inventory(tls_domains=[{"domain": "gone.example", "state": "absent", "ca_src": "ca.pem"}])
    told = " ".join(capfd.readouterr().err.split())
    assert "tls_domains[0] (gone.example): is to be absent, so ca_src is not used (material_unused)" in told


def test_every_variable_of_the_contract_is_documented() -> None:
    documented = yaml.safe_load(DOCUMENTATION)["options"]["_input"]["suboptions"]
    assert list(VARIABLES) == list(documented)


def test_the_module_has_a_word_for_everything_that_it_is_told() -> None:
    assert list(DOMAIN_SPEC)[:4] == ["domain", "state", "external_url", "other_urls"]
    assert set(SHARED_WORDS) == set(DOMAIN_SPEC) - {"domain", "state", "external_url", "other_urls"}
