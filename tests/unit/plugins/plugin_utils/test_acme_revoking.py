# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which account is asked for a revocation, and what is said when none of them could."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._acme_revoking import AcmeRevoker
from ansible_collections.certwright.tls.plugins.plugin_utils._core.tombstone import Leaf

DIRECTORY = "https://ca.example/dir"
LEAF = Leaf("11", "k1", "PEM", DIRECTORY, ("a.example",), "", "0a", "2027-01-01T00:00:00Z")
LACKING = [
    {"name": name, "acme_directory": DIRECTORY, "account_key_content": f"no key of {name}"} for name in ("one", "two")
]


@pytest.mark.parametrize(
    ("issuers", "objection", "expected"),
    [
        pytest.param(LACKING, "", ["the issuer one: ", "the issuer two: "], id="each account says why not"),
        pytest.param([], "", [f"no issuer of tls_issuers has the directory {DIRECTORY}"], id="no account"),
        pytest.param(LACKING, "it is for b.example", ["it is for b.example"], id="it is not to be asked"),
    ],
)
def test_no_reason_is_lost(issuers: list[dict[str, Any]], objection: str, expected: list[str]) -> None:
    told = AcmeRevoker(None, issuers, check_mode=False).revoke([("web", LEAF, "superseded", objection)])  # type: ignore[arg-type]
    (item,) = told["revocations"]
    assert (told["changed"], item["outcome"]) == (False, "failed")
    assert all(part in item["message"] for part in expected), item["message"]
