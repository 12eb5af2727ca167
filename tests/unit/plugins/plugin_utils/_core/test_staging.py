# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import load_certificates
from ansible_collections.certwright.tls.plugins.plugin_utils._core.staging import is_test_issuer
from ansible_collections.certwright.tls.tests.unit.authority import ca


@pytest.mark.parametrize(
    ("issuer", "expected"),
    [
        ("(STAGING) Baloney Bulgur YE2", True),
        ("(STAGING) Wannabe Watercress R11", True),
        ("Fake LE Intermediate X1", True),
        ("Pebble Intermediate CA 5d3a4f", True),
        ("Pebble Root CA 5d3a4f", True),
        ("h2ppy h2cker fake CA", True),
        ("Buypass Class 2 Test4 CA 5", True),
        ("R11", False),
        ("Pebbleworks Issuing CA", False),
        ("Staging Platforms Ltd CA", False),
    ],
)
def test_which_issuers_are_test_cas(issuer: str, expected: bool) -> None:
    leaf = load_certificates(ca(issuer).issue("a.example").pem, "certificate")[0]
    assert is_test_issuer(leaf) is expected
