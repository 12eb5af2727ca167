# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What goes wrong on the host: the old certificate is served as before, or what cannot be worse stays."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.certwright.tls.tests.integration.servers import (
    Nginx,
    SlowServer,
    free_port,
    served,
    wait_until,
)
from ansible_collections.certwright.tls.tests.integration.site import EXPIRED, Site, codes, custom_nginx
from ansible_collections.certwright.tls.tests.integration.snapshot import Snapshot, take_snapshot


def contents(snapshot: Snapshot) -> Snapshot:
    """Without the directories' times: a link was there and is gone."""
    return {name: facts for name, facts in snapshot.items() if not str(facts[0]).startswith("d")}


def assert_failed(result: dict[str, Any], outcome: str, *words: str) -> None:
    assert (result["status"], result["outcome"]) == ("failed", outcome), result["msg"]
    assert codes(result, "problems") == [outcome]
    for word in words:
        assert word in result["msg"]


def test_a_configuration_that_was_broken_before_is_refused_and_nothing_is_touched(site: Site, nginx: Nginx) -> None:
    service = {"nginx": {**nginx.words, "paths": site.paths}}
    first = site.supply()
    assert site.run(site.install(first, service)).code == 0
    with nginx.config.open("a", encoding="utf-8") as file:
        file.write("once upon a time;\n")
    before, second = site.look(), site.install(site.supply(), service)

    for check in (True, False):
        result = site.run(second, check=check).result
        assert result["status"] == "failed"
        assert codes(result, "problems") == ["service_config_broken_before"]
        assert (result["changed"], result["outcome"]) == (False, "refused")
        assert 'unknown directive "once"' in result["msg"]
        assert contents(site.look()) == contents(before)
    assert site.look() == before
    assert nginx.served() == first.fingerprint

    unchanged = site.run(site.install(first, service)).result
    assert (unchanged["status"], unchanged["outcome"]) == ("ok", "unchanged")


def test_a_configuration_broken_by_the_change_brings_the_old_files_back(site: Site, nginx: Nginx) -> None:
    """Only the certificate is ours: with the administrator's key, the new one does not work."""
    by_hand, before = nginx.served(), contents(take_snapshot(site.tls))
    service = {"nginx": {**nginx.words, "paths": {"fullchain.pem": site.paths["fullchain.pem"]}}}
    task = site.install(site.supply(), service)
    assert site.run(task, check=True).result["changed"] is True

    result = site.run(task).result
    assert_failed(result, "rolled_back", "refuses its configuration with the new files", "mismatch", "Put back")
    assert result["changed"] is False
    assert contents(take_snapshot(site.tls)) == before
    assert (nginx.served(), site.live) == (by_hand, None)

    # What is stored stays pending: with the cause mended, the next run activates it and orders nothing anew.
    nginx.configure(site.tls / "www.pem", site.store / "live/system/nginx/privkey.pem")
    mended = site.run(task).result
    assert (mended["status"], site.generations) == ("ok", [1])
    assert codes(mended) == ["certificate_missing", "activation_pending"]


def test_a_reload_that_fails_brings_the_old_files_back(site: Site, nginx: Nginx) -> None:
    by_hand, before = nginx.served(), contents(take_snapshot(site.tls))
    once = site.root / "failed-once"
    words = " ".join(nginx.command("-s", "reload"))
    reload = site.script("reload", f"[ -e {once} ] && exec {words}; touch {once}; echo out of memory; exit 3")
    result = site.run(site.install(site.supply(), custom_nginx(site, nginx, reload=[reload]))).result
    assert_failed(result, "rolled_back", "ended with 3: out of memory", "shows what it showed before")
    assert contents(take_snapshot(site.tls)) == before
    assert nginx.served() == by_hand


def test_a_reload_that_fails_for_the_old_files_too_is_not_called_a_success(site: Site, nginx: Nginx) -> None:
    by_hand = nginx.served()
    result = site.run(site.install(site.supply(), custom_nginx(site, nginx, reload="false"))).result
    assert_failed(result, "rolled_back", "but the service could not take them: `false` ended with 1")
    assert nginx.served() == by_hand


def test_a_reload_that_serves_something_else_brings_the_old_files_back(site: Site, nginx: Nginx) -> None:
    by_hand, before = nginx.served(), contents(take_snapshot(site.tls))
    task = site.install(site.supply(), custom_nginx(site, nginx, reload="true"), probe_timeout=1)
    result = site.run(task).result
    assert_failed(result, "rolled_back", f"port {nginx.port} of 127.0.0.1", f"sha256 {by_hand[:16]}")
    assert contents(take_snapshot(site.tls)) == before
    assert nginx.served() == by_hand


def test_one_of_two_names_that_still_shows_another_certificate_brings_the_old_files_back(
    site: Site, nginx: Nginx
) -> None:
    by_hand, shop = nginx.served(), site.make("shop.example.org")
    for name, content in (("shop.pem", shop.pem), ("shop.key", shop.key_pem)):
        (site.tls / name).write_bytes(content)
    more = nginx.block(site.tls / "shop.pem", site.tls / "shop.key", names=["shop.example.org"])
    nginx.configure(site.tls / "www.pem", site.tls / "www.key", more=more)
    names = ["www.example.org", "shop.example.org"]
    nginx.reload()
    wait_until(lambda: nginx.served("shop.example.org") != by_hand, "a shop")
    service = {"nginx": {**nginx.words, "paths": site.paths, "probe_names": names}}
    result = site.run(site.install(site.supply(*names), service, probe_timeout=1)).result
    assert_failed(result, "rolled_back", "for shop.example.org serves another certificate")
    assert nginx.served() == by_hand


def test_files_that_no_configuration_names_stay_and_the_run_fails_with_the_line_to_add(
    site: Site, nginx: Nginx
) -> None:
    by_hand, task = nginx.served(), site.install(site.supply(), {"nginx": nginx.words}, probe_timeout=1)
    foretold = site.run(task, check=True).result
    assert sum("(not_referenced)" in warning for warning in foretold["warnings"]) == 2

    result = site.run(task).result
    line = f"ssl_certificate {site.store}/live/system/nginx/fullchain.pem;"
    assert_failed(result, "not_served", line)
    assert nginx.served() == by_hand
    assert codes(site.run(task).result, "problems") == ["not_served"]

    nginx.configure(*(site.store / "live/system/nginx" / name for name in ("fullchain.pem", "privkey.pem")))
    healed = site.run(task).result
    assert (healed["status"], healed["outcome"]) == ("ok", "activated")
    assert codes(healed) == ["activation_pending", "not_served"]
    assert nginx.served() == healed["certificate"]["fingerprint_sha256"]


def test_a_stopped_nginx_gets_its_files_and_is_not_started(site: Site, idle_nginx: Nginx) -> None:
    live = site.store / "live" / "system" / "nginx"
    idle_nginx.configure(live / "fullchain.pem", live / "privkey.pem")
    supplied = site.supply()
    task = site.install(supplied, {"nginx": idle_nginx.words})
    assert site.run(task, check=True).result["changed"] is True

    placed = site.run(task).result
    assert (placed["status"], placed["outcome"]) == ("ok", "placed_not_served")
    assert not idle_nginx.is_up()
    assert site.run(task).result["outcome"] == "unchanged"

    idle_nginx.start()
    assert idle_nginx.served() == supplied.fingerprint
    assert site.run(task).result["outcome"] == "unchanged"


def test_a_port_that_was_silent_before_is_named_and_causes_no_rollback(site: Site, nginx: Nginx) -> None:
    supplied, silent = site.supply(), free_port()
    service = {"nginx": {**nginx.words, "paths": site.paths, "ports": [nginx.port, silent]}}
    result = site.run(site.install(supplied, service, probe_timeout=2)).result
    assert (result["status"], result["outcome"]) == ("ok", "activated")
    assert any(str(silent) in warning and "(not_proved)" in warning for warning in result["warnings"])
    assert nginx.served() == supplied.fingerprint


@pytest.fixture
def slow_server(site: Site) -> Any:
    site.place_by_hand()
    server = SlowServer(site.run_directory, site.tls / "www.pem", site.tls / "www.key")
    yield server
    server.stop()


def test_a_first_handshake_that_still_shows_the_old_leaf_is_no_failure(site: Site, slow_server: SlowServer) -> None:
    supplied = site.supply()
    words = {"pid_file": str(slow_server.pid_file), "ports": [slow_server.port], "check": "true"}
    words["reload"] = ["sh", "-c", f"kill -HUP $(cat {slow_server.pid_file})"]
    files = [
        {"name": "www.pem", "parts": ["leaf", "chain"], "path": str(site.tls / "www.pem")},
        {"name": "www.key", "parts": ["key"], "path": str(site.tls / "www.key")},
    ]
    result = site.run(site.install(supplied, {"custom": words | {"files": files}})).result
    assert (result["status"], result["outcome"]) == ("ok", "activated")
    shown = slow_server.shown_after_reload
    assert shown[:2] == ["old", "old"]
    assert shown[-3:] == ["new", "new", "new"]
    assert served(slow_server.port) == supplied.fingerprint


def test_a_service_that_goes_down_with_the_new_files_is_up_again_with_the_old_ones(site: Site, nginx: Nginx) -> None:
    by_hand = nginx.served()
    reload = site.script("reload", f"kill $(cat {nginx.pid_file}); while [ -e {nginx.pid_file} ]; do sleep 0.05; done")
    service = custom_nginx(site, nginx, reload=[reload], restart_command=nginx.command())
    result = site.run(site.install(site.supply(), service, probe_timeout=1)).result
    assert_failed(result, "rolled_back", "went down after it had the new files")
    assert nginx.is_up()
    assert nginx.served() == by_hand


def test_an_expired_certificate_is_not_put_back(site: Site, idle_nginx: Nginx) -> None:
    site.place_by_hand(**EXPIRED)
    idle_nginx.configure(site.tls / "www.pem", site.tls / "www.key")
    idle_nginx.start()
    supplied = site.supply()
    result = site.run(site.install(supplied, custom_nginx(site, idle_nginx, reload="true"), probe_timeout=1)).result
    assert_failed(result, "kept_new_unproved", "expired")
    assert result["changed"] is True
    assert (site.live, (site.tls / "www.pem").is_symlink()) == (1, True)
