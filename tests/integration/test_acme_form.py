# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A form that asks for Let's Encrypt, with the account's key from a credential of AWX."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.certwright.tls.tests.integration.launch import fill_in, inject, outcomes
from ansible_collections.certwright.tls.tests.integration.site import NAME

if TYPE_CHECKING:
    from ansible_collections.certwright.tls.tests.integration.acme_site import AcmeSite


ACCOUNT_KEY = "account.pem"


def test_a_certificate_is_ordered_from_a_form_once_somebody_agreed_to_the_terms(acme: AcmeSite) -> None:
    acme.serve("system")
    issuer = {
        "type": "acme",
        "acme_directory": acme.front.directory,
        "acme_ca_certificates": acme.ca.ca,
        "challenge": acme.webroot_words(),
    }
    inventory = {
        "tls_issuers": {"letsencrypt": issuer},
        "tls_default_domain": "example.org",
        "tls_system": {"services": [acme.service()], "accept": ["test_issuer"]},
    }
    credential = inject(
        acme.site, "acme_account", account_key=(acme.site.controller.secrets / "account.pem").read_text()
    )
    answers = {"tls_form_engine": "Let's Encrypt", "tls_form_external_url": NAME}
    refused = fill_in(acme.site, inventory, answers, credential)
    assert refused.code != 0
    assert "are not agreed to" in refused.output
    assert acme.served() == acme.by_hand["system"]

    agreed = "Yes, I agree to the terms of service of the CA"
    ordered = fill_in(acme.site, inventory, {**answers, "tls_form_terms": agreed}, credential)
    assert outcomes(ordered)["system"] == "activated"
    assert acme.served() != acme.by_hand["system"]
    acme.learn_secrets()
