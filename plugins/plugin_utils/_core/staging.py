# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which certificates come from a test CA, which no client trusts."""

from __future__ import annotations

import re

from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import Certificate

# In the issuer's name: Let's Encrypt's staging since 2021 and before, Pebble, Boulder's own tests, Buypass' test CAs.
_TEST_ISSUERS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\(STAGING\)",
        r"\bFake LE\b",
        r"\bPebble (?:Root|Intermediate) CA\b",
        r"\bh[a2]ppy h[a2]cker fake CA\b",
        r"\bBuypass\b.*\bTest4\b",
    )
)


def is_test_issuer(certificate: Certificate) -> bool:
    return any(pattern.search(certificate.issuer) for pattern in _TEST_ISSUERS)
