# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A site in one word, an nginx that serves its administrator's own certificate, and the invariants of every test."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ansible_collections.certwright.tls.tests.integration.internal_site import Ca, InternalSite
from ansible_collections.certwright.tls.tests.integration.servers import Nginx, find_program
from ansible_collections.certwright.tls.tests.integration.site import Site, make_authority
from ansible_collections.certwright.tls.tests.unit.authority import Authority

if TYPE_CHECKING:
    from acme_server import AcmeServer
    from fault_proxy import FaultProxy

    from ansible_collections.certwright.tls.tests.integration.acme_site import AcmeSite

# The servers of ACME are imported by their plain names, as the demo and the benchmarks do.
sys.path.insert(0, str(Path(__file__).parents[1] / "acme"))


@pytest.fixture(scope="session")
def authority() -> Authority:
    return make_authority()


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Site]:
    """Whatever a test does: no key is found where it does not belong, and nothing was transferred as a file."""
    # A short name: below it ansible-core makes Unix sockets, whose paths end at 108 characters.
    site = Site(tmp_path_factory.mktemp("s"), authority)
    yield site
    assert site.find_leaks() == {}
    assert site.find_leftovers() == []


@pytest.fixture
def idle_nginx(site: Site) -> Iterator[Nginx]:
    """Not started, not configured."""
    if find_program("nginx") is None:
        pytest.fail("nginx is needed: apt-get install --no-install-recommends nginx-light")
    nginx = Nginx(site.host / "nginx", site.run_directory)
    yield nginx
    nginx.stop()


@pytest.fixture
def nginx(site: Site, idle_nginx: Nginx) -> Nginx:
    """Up, with what its administrator once put at `tls/www.pem` and `tls/www.key`."""
    site.place_by_hand()
    idle_nginx.configure(site.tls / "www.pem", site.tls / "www.key")
    idle_nginx.start()
    return idle_nginx


@pytest.fixture(scope="session")
def made_ca(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Ca:
    """An internal CA that has signed nothing yet, to be copied."""
    ca = Ca(Site(tmp_path_factory.mktemp("s"), authority))
    ca.create()
    return ca


@pytest.fixture
def office(site: Site, idle_nginx: Nginx, made_ca: Ca) -> InternalSite:
    """Two hosts and the CA of one's own. Nothing is served yet."""
    office = InternalSite(site, idle_nginx)
    office.ca.copy_of(made_ca)
    return office


@pytest.fixture(scope="session")
def acme_ca(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AcmeServer]:
    """One real CA for all tests, quick and without chance."""
    from acme_server import AcmeServer  # noqa: PLC0415 - most tests need no CA, nor what it is made of

    with AcmeServer(tmp_path_factory.mktemp("ca")) as server:
        yield server


@pytest.fixture
def front(acme_ca: AcmeServer) -> Iterator[FaultProxy]:
    """The CA as this test's clients see it: whatever was injected ends with the test."""
    from fault_proxy import FaultProxy  # noqa: PLC0415

    from ansible_collections.certwright.tls.tests.integration.acme_site import TERMS  # noqa: PLC0415

    with FaultProxy(acme_ca, meta={"termsOfService": TERMS}) as proxy:
        yield proxy


@pytest.fixture
def acme(site: Site, idle_nginx: Nginx, front: FaultProxy) -> Iterator[AcmeSite]:
    """A host and a CA. Whatever a test does: no key of an account or of the host is found where it does not belong."""
    from ansible_collections.certwright.tls.tests.integration.acme_site import AcmeSite  # noqa: PLC0415

    acme = AcmeSite(site, idle_nginx, front)
    yield acme
    acme.learn_secrets()
