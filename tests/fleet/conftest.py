# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`fleet(20)` is that many hosts until the end of the module's tests; `fleet_site` is one test's controller of it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ansible_collections.certwright.tls.tests.integration.site import make_authority
from ansible_collections.certwright.tls.tests.unit.authority import Authority

if TYPE_CHECKING:
    from fleet import Fleet
    from fleet_site import FleetSite

# Plain names, since the anchor and the benchmarks import these files without the collection.
sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def authority() -> Authority:
    return make_authority()


@pytest.fixture(scope="module")
def fleet() -> Iterator[Callable[..., Fleet]]:
    """Each call brings up another one; `suites` may be said too."""
    from fleet import Fleet, find_obstacle  # noqa: PLC0415

    obstacle = find_obstacle()
    if obstacle:
        pytest.fail(obstacle)
    with ExitStack() as stack:
        yield lambda count, **options: stack.enter_context(Fleet(count, **options))


@pytest.fixture
def fleet_site(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Callable[[Fleet], FleetSite]:
    """`fleet_site(hosts)`: a fresh controller of theirs."""
    from fleet_site import FleetSite  # noqa: PLC0415

    return lambda fleet: FleetSite(fleet, tmp_path_factory.mktemp("s"), authority)
