# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whose a certificate is, in every way to declare one."""

from __future__ import annotations

from ansible_collections.certwright.tls.plugins.plugin_utils._core.contacts import find_contacts


def test_every_certificate_that_says_a_contact_has_it() -> None:
    variables = {
        "tls_system": {"external_url": "www.a.example", "email": "system@a.example"},
        "tls_domains": [{"domain": "Shop.example", "email": "shop@a.example"}, {"domain": "quiet.example"}],
        "tls_certificates": {"api": {"names": ["api.example"], "email": "old@a.example"}},
        "tls_host_certificates": {"api": {"names": ["api.example"], "override": True, "email": "api@a.example"}},
    }
    expected = {"system": "system@a.example", "shop.example": "shop@a.example", "api": "api@a.example"}
    assert expected == find_contacts(variables)


def test_an_empty_inventory_has_none() -> None:
    assert find_contacts({"tls_system": {}, "tls_domains": None}) == {}
