# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory_domains import find_domains


def named(*names: str, issuer: str = "office") -> dict[str, Any]:
    return {"tls_host_certificates": {"web": {"issuer": issuer, "names": list(names)}}}


@pytest.mark.parametrize(
    ("hosts", "expected"),
    [
        pytest.param([], [], id="no host"),
        pytest.param([{}], [], id="a host that says nothing"),
        pytest.param(
            [{"tls_default_domain": "Example.org."}], ["example.org"], id="the default domain, as it is spelled"
        ),
        pytest.param(
            [{"tls_domains": [{"domain": "b.example"}, {"domain": "a.example"}]}],
            ["a.example", "b.example"],
            id="domains, whoever signs for them",
        ),
        pytest.param([named("db1.lan", "*.apps.lan")], ["apps.lan", "db1.lan"], id="names, and never what is above"),
        pytest.param([named("db1", "192.0.2.7")], ["db1"], id="a name of one label, and no address"),
        pytest.param([named("www.example.org", issuer="letsencrypt")], [], id="names of another issuer"),
        pytest.param(
            [{"tls_default_domain": "example.org"}, named("db1.int.example.org")],
            ["example.org"],
            id="what is below another one",
        ),
        pytest.param(
            [{"tls_system": {"issuer": "office", "external_url": "https://mail.example.net/"}}],
            ["mail.example.net"],
            id="the system certificate",
        ),
        pytest.param(
            [
                {"tls_domains": "nonsense", "tls_certificates": ["x"], "tls_default_domain": "no domain"},
                {"tls_domains": [1]},
            ],
            [],
            id="faults are told elsewhere",
        ),
        pytest.param([{"tls_certificates": {"a": {"issuer": "office", "names": "x"}, "b": 1}}], [], id="faulty names"),
    ],
)
def test_the_domains_of_an_inventory(hosts: list[dict[str, Any]], expected: list[str]) -> None:
    assert find_domains(hosts, "office") == expected
