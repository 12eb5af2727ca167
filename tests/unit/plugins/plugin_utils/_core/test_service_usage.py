# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import load_certificates
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import Service
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service_usage import (
    find_leaf_problems,
    find_needed_usage,
    find_public_problems,
    find_usage_problems,
)
from ansible_collections.certwright.tls.tests.unit.authority import CLIENT, SERVER, ca

ANY = Service("nginx", ())
SERVES, CALLS, DOES_BOTH = (Service(f"js7_{usage}", (), usage=usage) for usage in ("server", "client", "both"))


@pytest.mark.parametrize(
    ("services", "expected"),
    [
        pytest.param((), "", id="none"),
        pytest.param((ANY,), "", id="any"),
        pytest.param((ANY, SERVES), "server", id="server"),
        pytest.param((CALLS,), "client", id="client"),
        pytest.param((SERVES, CALLS), "both", id="one of each"),
    ],
)
def test_what_a_certificate_has_to_be_for(services: tuple[Service, ...], expected: str) -> None:
    assert expected == find_needed_usage(services)


@pytest.mark.parametrize(
    ("service", "usages"),
    [
        pytest.param(ANY, ("server", "client", "both"), id="any"),
        pytest.param(SERVES, ("server", "both"), id="server"),
        pytest.param(CALLS, ("client", "both"), id="client"),
        pytest.param(DOES_BOTH, ("both",), id="both"),
    ],
)
def test_which_usages_do_for_a_service(service: Service, usages: tuple[str, ...]) -> None:
    fit = [usage for usage in ("server", "client", "both") if not [*find_usage_problems("web", [service], usage)]]
    assert list(usages) == fit


@pytest.mark.parametrize(
    ("service", "codes"),
    [
        pytest.param(ANY, [], id="any"),
        pytest.param(SERVES, [], id="server"),
        pytest.param(CALLS, ["usage_unsuitable"], id="client"),
        pytest.param(DOES_BOTH, ["usage_unsuitable"], id="both"),
    ],
)
def test_public_cas_sign_for_servers_only(service: Service, codes: list[str]) -> None:
    assert codes == [problem.code for problem in find_public_problems("web", [service])]


@pytest.mark.parametrize(
    ("service", "names", "usage", "codes"),
    [
        pytest.param(DOES_BOTH, ("a.example",), (SERVER, CLIENT), [], id="for both"),
        pytest.param(DOES_BOTH, ("a.example",), None, [], id="for whatever"),
        pytest.param(DOES_BOTH, ("a.example",), (SERVER,), ["usage_unsuitable"], id="for servers only"),
        pytest.param(SERVES, ("*.example",), (SERVER,), [], id="a wildcard of a server"),
        pytest.param(CALLS, ("*.example",), (CLIENT,), ["wildcard_for_client"], id="a wildcard of a client"),
    ],
)
def test_what_a_supplied_certificate_lacks(
    service: Service, names: tuple[str, ...], usage: tuple[str, ...] | None, codes: list[str]
) -> None:
    issued = ca().issue(*names, extended_usage=usage)
    (leaf,) = load_certificates(issued.pem, "certificate")[:1]
    assert codes == [problem.code for problem in find_leaf_problems("web", [service], leaf)]
