# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import load_certificates
from ansible_collections.certwright.tls.plugins.plugin_utils._core.constraints import find_forbidden_names
from ansible_collections.certwright.tls.tests.unit.authority import ca


@pytest.mark.parametrize(
    ("permitted", "excluded", "names", "forbidden"),
    [
        pytest.param(None, None, ["a.example"], [], id="no constraints"),
        pytest.param(["example.org"], None, ["example.org", "a.b.example.org"], [], id="the domain and all below it"),
        pytest.param(
            ["example.org"], None, ["badexample.org"], ["badexample.org"], id="another domain that ends alike"
        ),
        pytest.param(
            [".example.org"], None, ["example.org", "a.example.org"], ["example.org"], id="leading dot: below only"
        ),
        pytest.param(["Example.ORG"], None, ["*.example.org"], [], id="wildcard below, case apart"),
        pytest.param(["example.org", "lan"], None, ["a.lan", "b.net"], ["b.net"], id="one of several"),
        pytest.param(
            None,
            ["example.org"],
            ["example.org", "a.example.org", "a.net"],
            ["example.org", "a.example.org"],
            id="excluded",
        ),
        pytest.param(
            ["example.org"],
            ["secret.example.org"],
            ["a.secret.example.org"],
            ["a.secret.example.org"],
            id="excluded inside permitted",
        ),
        pytest.param(None, [""], ["a.example"], ["a.example"], id="everything excluded"),
        pytest.param(["example.org"], None, ["10.0.0.1"], [], id="domains do not bind addresses"),
        pytest.param(["10.0.0.0/8"], None, ["a.example"], [], id="networks do not bind host names"),
        pytest.param(["10.0.0.0/8"], None, ["10.1.2.3", "192.168.0.1"], ["192.168.0.1"], id="permitted network"),
        pytest.param(["10.0.0.0/8"], None, ["2001:db8::1"], ["2001:db8::1"], id="IPv4 permitted only"),
        pytest.param(
            None,
            ["0.0.0.0/0", "::/0"],
            ["10.1.2.3", "2001:db8::1"],
            ["10.1.2.3", "2001:db8::1"],
            id="all addresses excluded",
        ),
        pytest.param(["@example.org"], None, ["a.net"], [], id="mail addresses are not ours"),
    ],
)
def test_which_names_a_ca_may_not_issue_for(
    permitted: list[str] | None, excluded: list[str] | None, names: list[str], forbidden: list[str]
) -> None:
    authority = ca(permitted=permitted, excluded=excluded)
    leaf, root = load_certificates(authority.issue(*names).pem + authority.pem, "certificate")
    assert list(find_forbidden_names(leaf, root)) == forbidden
