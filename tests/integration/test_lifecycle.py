# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Create, again, change, again: each foretold by check mode, which touches nothing."""

from __future__ import annotations

from typing import Any

from ansible_collections.certwright.tls.tests.integration.servers import Nginx
from ansible_collections.certwright.tls.tests.integration.site import NAME, Site, Supplied, codes


def run_as_foretold(site: Site, task: dict[str, Any], *, reasons: list[str]) -> dict[str, Any]:
    """The result; check mode said the same before, and neither it nor an unchanged run touched anything."""
    before, executions = site.look(), site.executions
    foretold = site.run(task, check=True)
    assert foretold.code == 0, foretold.output
    assert site.executions == executions + 1
    assert site.look() == before
    done = site.run(task)
    assert done.code == 0, done.output
    assert (codes(foretold.result), codes(done.result)) == (reasons, reasons)
    assert foretold.result["changed"] == done.result["changed"] == bool(reasons)
    assert foretold.result["diff"] == done.result["diff"]
    assert (site.look() == before) == (not reasons)
    assert site.executions == executions + (3 if reasons else 2)
    return done.result


def assert_diff(result: dict[str, Any], before: str, after: Supplied) -> None:
    (diff,) = result["diff"]
    assert before in diff["before"]
    assert after.fingerprint in diff["after"]
    assert f"names: {NAME}" in diff["after"]
    assert f"not_after: {after.issued.certificate.not_valid_after_utc:%Y-%m-%d}" in diff["after"]


def test_a_certificate_is_installed_kept_exchanged_and_kept_as_check_mode_foretold(site: Site, nginx: Nginx) -> None:
    by_hand, first, second = nginx.served(), site.supply(), site.supply(key_type="RSA 2048")
    service = {"nginx": {**nginx.words, "paths": site.paths}}

    created = run_as_foretold(site, site.install(first, service), reasons=["certificate_missing"])
    assert (created["outcome"], created["generation"], created["previous"]) == ("activated", 1, None)
    assert created["services"] == [{"name": "nginx", "state": "served"}]
    assert created["certificate"]["fingerprint_sha256"] == first.fingerprint
    assert_diff(created, "", first)
    assert nginx.served() == first.fingerprint != by_hand

    again = run_as_foretold(site, site.install(first, service), reasons=[])
    assert (again["outcome"], again["pending"], again["diff"]) == ("unchanged", False, [])

    changed = run_as_foretold(site, site.install(second, service), reasons=["certificate_differs"])
    assert (changed["outcome"], changed["generation"], changed["previous"]) == ("activated", 2, 1)
    assert_diff(changed, first.fingerprint, second)
    assert nginx.served() == second.fingerprint

    run_as_foretold(site, site.install(second, service), reasons=[])
    assert nginx.served() == second.fingerprint
    assert site.generations == [1, 2]


def test_what_somebody_changed_in_the_store_is_found_and_mended(site: Site, nginx: Nginx) -> None:
    task = site.install(site.supply(), {"nginx": {**nginx.words, "paths": site.paths}})
    paths = {name: site.store / "live" / "system" / name for name in ("nginx/privkey.pem", "chain.pem")}
    assert site.run(task).code == 0

    paths["nginx/privkey.pem"].chmod(0o644)
    paths["chain.pem"].unlink()
    run_as_foretold(site, task, reasons=["file_missing", "attributes_differ"])
    assert paths["nginx/privkey.pem"].stat().st_mode & 0o777 == 0o600

    (site.tls / "www.pem").unlink()
    run_as_foretold(site, task, reasons=["link_missing"])
    assert (site.tls / "www.pem").samefile(site.store / "live/system/nginx/fullchain.pem")


def test_declared_attributes_are_there_and_keys_are_never_open_to_everybody(site: Site, nginx: Nginx) -> None:
    service = {"nginx": {**nginx.words, "paths": site.paths, "mode": "0640", "group": "0"}}
    done, refused = site.run(
        site.install(site.supply(), service, mode="0644") | {"ignore_errors": True},
        site.install(site.supply(), {"nginx": {**nginx.words, "mode": "0644"}}) | {"ignore_errors": True},
    ).results
    assert codes(done, "problems") == []  # the service's own mode wins
    assert codes(refused, "problems") == ["service_invalid"]
    assert (site.store / "live/system/nginx/privkey.pem").stat().st_mode & 0o777 == 0o640
    assert (site.store / "live/system/privkey.pem").stat().st_mode & 0o777 == 0o600


def test_what_is_staged_only_is_activated_later_as_check_mode_foretold(site: Site, nginx: Nginx) -> None:
    by_hand, supplied = nginx.served(), site.supply()
    service = {"nginx": {**nginx.words, "paths": site.paths}}
    stage = site.install(supplied, service, stage_only=True)

    staged = run_as_foretold(site, stage, reasons=["certificate_missing"])
    assert (staged["outcome"], staged["pending"], site.live, nginx.served()) == ("staged", True, None, by_hand)
    kept = run_as_foretold(site, stage, reasons=[])
    assert kept["pending"] is True

    activated = run_as_foretold(site, site.activate(), reasons=["activation_pending"])
    assert (activated["outcomes"]["system"]["outcome"], activated["pending"]) == ("activated", False)
    assert nginx.served() == supplied.fingerprint
    run_as_foretold(site, site.activate(names=["system"]), reasons=[])
    run_as_foretold(site, site.install(supplied, service), reasons=[])
