# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A site in one word, an nginx that serves its administrator's own certificate, and the invariants of every test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ansible_collections.certwright.tls.tests.integration.servers import Nginx, find_program
from ansible_collections.certwright.tls.tests.integration.site import Site, make_authority
from ansible_collections.certwright.tls.tests.unit.authority import Authority


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
