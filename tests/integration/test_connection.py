# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Over real ssh: nothing is transferred as a file, and a transaction ends well although its connection is lost."""

from __future__ import annotations

import fcntl
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.certwright.tls.tests.integration.playbook_run import PlaybookRun
from ansible_collections.certwright.tls.tests.integration.servers import Nginx, find_program, wait_until
from ansible_collections.certwright.tls.tests.integration.site import Site, codes, custom_nginx
from ansible_collections.certwright.tls.tests.integration.ssh_server import SshServer


@pytest.fixture
def ssh(site: Site) -> Iterator[SshServer]:
    if os.geteuid() != 0:
        pytest.skip("an sshd of one's own needs root")
    if find_program("sshd") is None:
        pytest.skip("there is no sshd; apt-get install --no-install-recommends openssh-server")
    server = SshServer(site.root / "ssh")
    try:
        server.start()
        yield server
    finally:
        server.stop()
    assert find_temporary_files(server) == []


def find_temporary_files(server: SshServer) -> list[Path]:
    return [path for place in server.temporary for path in place.rglob("*")]


def is_over(site: Site) -> bool:
    """The lock ends with the process that holds it."""
    with (site.store / ".lock").open("r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return not (site.store / "journal.json").exists()


def test_a_run_over_ssh_transfers_no_file_although_pipelining_is_off(site: Site, nginx: Nginx, ssh: SshServer) -> None:
    supplied = site.supply()
    task = site.install(supplied, {"nginx": {**nginx.words, "paths": site.paths}})
    finished = site.run(task, **ssh.variables)
    assert finished.result["outcome"] == "activated"
    assert nginx.served() == supplied.fingerprint
    assert "ESTABLISH SSH CONNECTION" in finished.output
    assert " PUT " not in finished.output
    assert not (ssh.home / ".ansible").exists()
    assert not any("pipelining" in warning for warning in finished.result.get("warnings", []))


def test_who_refuses_pipelining_is_warned(site: Site, nginx: Nginx, ssh: SshServer) -> None:
    task = site.install(site.supply(), {"nginx": {**nginx.words, "paths": site.paths}})
    finished = site.run(task, tls_pipelining=False, **ssh.variables)
    assert (finished.result["status"], finished.result["outcome"]) == ("ok", "activated")
    assert any("tls_pipelining is off: private keys may stay" in item for item in finished.result["warnings"])
    assert " PUT " in finished.output


def interrupt(how: str, run: PlaybookRun, ssh: SshServer) -> None:
    if how == "cut":
        ssh.cut_connections()
    else:
        run.signal(signal.Signals[how])


def start_and_interrupt(how: str, site: Site, task: dict[str, Any], ssh: SshServer) -> None:
    """Between switch and probe: while the reload is under way."""
    run = site.start(task, **ssh.variables)
    wait_until((site.root / "reloading").exists, "a reload under way", seconds=60)
    interrupt(how, run, ssh)
    finished = run.finish()
    assert finished.code != 0
    assert "ok" not in [result["status"] for result in finished.results]
    assert not is_over(site)
    wait_until(lambda: is_over(site), "an end of the transaction", seconds=60)


def slow_reload(site: Site, *words: str) -> list[str]:
    return [site.script("reload", f"touch {site.root / 'reloading'}; sleep 2; exec {' '.join(words)}")]


@pytest.mark.parametrize("how", ["SIGINT", "SIGTERM", "SIGKILL", "cut"])
def test_an_interrupted_transaction_commits_by_itself_and_the_next_run_has_nothing_to_do(
    how: str, site: Site, nginx: Nginx, ssh: SshServer
) -> None:
    supplied, reload = site.supply(), slow_reload(site, *nginx.command("-s", "reload"))
    task = site.install(supplied, custom_nginx(site, nginx, reload=reload))
    start_and_interrupt(how, site, task, ssh)
    assert (site.live, nginx.served()) == (1, supplied.fingerprint)

    executions = site.executions
    again = site.run(task, **ssh.variables)
    assert (again.code, again.result["outcome"], codes(again.result)) == (0, "unchanged", [])
    assert site.executions == executions + 1
    assert site.generations == [1]


@pytest.mark.parametrize("how", ["SIGKILL", "cut"])
def test_an_interrupted_transaction_that_fails_puts_back_by_itself(
    how: str, site: Site, nginx: Nginx, ssh: SshServer
) -> None:
    by_hand, supplied = nginx.served(), site.supply()
    task = site.install(supplied, custom_nginx(site, nginx, reload=slow_reload(site, "true")), probe_timeout=1)
    start_and_interrupt(how, site, task, ssh)
    assert (site.live, nginx.served()) == (None, by_hand)
    assert not (site.tls / "www.pem").is_symlink()

    mended = site.install(supplied, custom_nginx(site, nginx))
    done = site.run(mended, **ssh.variables).result
    assert (done["outcome"], codes(done)) == ("activated", ["certificate_missing", "activation_pending"])
    assert "the last try failed" in done["reasons"][1]["message"]
    assert (site.generations, nginx.served()) == ([1], supplied.fingerprint)


def test_signals_to_the_process_on_the_host_do_not_stop_a_transaction(site: Site, nginx: Nginx) -> None:
    supplied, reload = site.supply(), slow_reload(site, *nginx.command("-s", "reload"))
    run = site.start(site.install(supplied, custom_nginx(site, nginx, reload=reload)))
    wait_until((site.root / "reloading").exists, "a reload under way", seconds=60)
    holder = int((site.store / ".lock").read_text(encoding="utf-8").split(",")[0].removeprefix("pid "))
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGPIPE):
        os.kill(holder, number)
    assert run.finish().result["outcome"] == "activated"
    assert nginx.served() == supplied.fingerprint
