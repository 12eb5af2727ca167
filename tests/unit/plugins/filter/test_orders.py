# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter `orders`: what the role gets to order, and how it is refused."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.certwright.tls.plugins.filter.inventory import inventory
from ansible_collections.certwright.tls.plugins.filter.orders import orders
from ansible_collections.certwright.tls.plugins.modules.letsencrypt_cert import CERTIFICATE_SPEC

VARIABLES: dict[str, Any] = {
    "tls_issuers": {"letsencrypt": {"type": "acme", "terms_agreed": True, "email": "pki@a.example"}},
    "tls_system": {"external_url": "www.a.example", "engine": "letsencrypt", "services": ["nginx"]},
    "tls_domains": [{"domain": "old.example", "engine": "disabled"}],
}


def test_what_is_ordered_comes_with_the_words_of_its_issuer_and_nothing_is_in_both_lists() -> None:
    expected = {
        "name": "system",
        "external_url": "www.a.example",
        "other_urls": [],
        "terms_agreed": True,
        "email": "pki@a.example",
        "services": ["nginx"],
    }
    assert orders(VARIABLES) == [expected]
    assert [entry["domain"] for entry in inventory(VARIABLES)] == ["old.example"]
    assert set(expected) <= set(CERTIFICATE_SPEC)


def test_what_is_chosen_is_forced_or_does_not_wait() -> None:
    (order,) = orders(VARIABLES, force="system", ignore_backoff=["other"])
    assert (order["force"], "ignore_backoff" in order) == (True, False)
    (order,) = orders(VARIABLES, ignore_backoff=True)
    assert order["ignore_backoff"] is True


def test_every_fault_is_in_the_error() -> None:
    with pytest.raises(AnsibleFilterError, match="2 problems"):
        orders({"tls_system": {"engine": "disabled"}, "tls_domains": "text"})


def test_what_an_operator_should_know_is_a_warning(capfd: pytest.CaptureFixture[str]) -> None:
    orders({"tls_domains": [{"domain": "left.example", "state": "absent", "ca_src": "ca.pem"}]})
    assert "ca_src is not used (material_unused)" in " ".join(capfd.readouterr().err.split())
