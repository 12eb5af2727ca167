# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task costs: executions of a module, each counted by the host's own Python, and what its worker loads."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.certwright.tls.tests.integration.servers import Nginx
from ansible_collections.certwright.tls.tests.integration.site import EXPIRED, Site


def test_a_change_costs_two_executions_no_change_one_and_a_refusal_none(site: Site, nginx: Nginx) -> None:
    service = {"nginx": {**nginx.words, "paths": site.paths}}
    task, refused = site.install(site.supply(), service), site.install(site.supply(**EXPIRED), service)
    costs = []
    for item in (task, task, site.activate(), refused):
        before = site.executions
        site.run(item)
        costs.append(site.executions - before)
    assert costs == [2, 1, 1, 0]


def test_workers_have_the_filters_from_the_process_that_they_are_forked_from(site: Site) -> None:
    """Each of them would compile some forty files. The first play looks before any action of ours is loaded."""
    hosts = [f"host{number}" for number in range(1, 9)]
    controller = replace(
        site.controller, inventory=",".join(hosts), environment={**site.controller.environment, "ANSIBLE_DEBUG": "1"}
    )
    told = controller.start("certwright.tls.install", variables={"tls_store_path": str(site.store)}).finish()
    assert told.code == 0, told.output
    loaded = [
        line for line in told.output.splitlines() if "Loading FilterModule" in line and "filter.inventory'" in line
    ]
    afresh = [line for line in loaded if "found_in_cache=True" not in line]
    assert (len(loaded) > len(hosts), len(afresh)) == (True, 2)
