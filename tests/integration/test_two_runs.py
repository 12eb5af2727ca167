# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two runs on one store at once: one acts, the other sees that it was done."""

from __future__ import annotations

from ansible_collections.certwright.tls.tests.integration.servers import Nginx
from ansible_collections.certwright.tls.tests.integration.site import Site, codes, custom_nginx


def test_two_runs_at_once_end_well_with_one_generation(site: Site, nginx: Nginx) -> None:
    seen = site.root / "seen"
    seen.mkdir()
    # Nobody's status is known before both have looked at the store, so both plan the same change.
    wait = f"n=0; while [ $(ls {seen} | wc -l) -lt 2 ] && [ $n -lt 400 ]; do sleep 0.05; n=$((n+1)); done"
    status = site.script("status", f"touch {seen}/$$; {wait}")
    service = custom_nginx(site, nginx, status=[status])
    del service["custom"]["pid_file"]
    supplied = site.supply()
    task = site.install(supplied, service)

    runs = [site.start(task), site.start(task)]
    results = sorted((run.finish().result for run in runs), key=lambda result: bool(result["changed"]))
    assert [result["status"] for result in results] == ["ok", "ok"]
    assert [(result["changed"], result["outcome"]) for result in results] == [(False, "unchanged"), (True, "activated")]
    assert (codes(results[0]), codes(results[1])) == ([], ["certificate_missing"])
    assert site.generations == [1]
    assert nginx.served() == supplied.fingerprint
    # Both looked and acted; the slower one was told that the store had changed, and looked again.
    assert site.executions == 5
