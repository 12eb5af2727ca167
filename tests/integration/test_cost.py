# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task costs on the host: executions of a module, each counted by the host's own Python."""

from __future__ import annotations

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
