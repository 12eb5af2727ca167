# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.certwright.tls.plugins.module_utils._host.baseline import observe_baseline
from ansible_collections.certwright.tls.plugins.module_utils._host.probe import ProbeTarget
from ansible_collections.certwright.tls.plugins.module_utils._host.proving import answer_key, find_unnamed_files
from ansible_collections.certwright.tls.plugins.module_utils._host.request import FileSpec
from ansible_collections.certwright.tls.tests.unit.plugins.module_utils._host.nginx_server import free_port, supply
from ansible_collections.certwright.tls.tests.unit.plugins.module_utils._host.transaction_host import (
    LIMITS,
    TransactionHost,
)

OLD, NEW = supply("site", 1), supply("site", 2)


@pytest.fixture
def host(tmp_path: Path) -> Iterator[TransactionHost]:
    with TransactionHost(tmp_path) as made:
        yield made


def test_a_check_that_fails_for_what_we_bring_is_no_broken_configuration(host: TransactionHost) -> None:
    host.name_in_nginx()
    assert observe_baseline(host.store, [host.wanted(NEW, host.nginx_service())], LIMITS).refused == {}


def test_a_check_that_fails_for_anything_else_is_one(host: TransactionHost) -> None:
    host.name_in_nginx(directory="/missing")
    refused = observe_baseline(host.store, [host.wanted(NEW, host.nginx_service())], LIMITS).refused
    assert "/missing/fullchain.pem" in refused["site"].message


def test_a_broken_service_refuses_only_the_certificates_that_use_it(host: TransactionHost) -> None:
    sound, broken = host.service(), host.service(name="broken", check=("false",))
    wanted = [host.wanted(NEW, sound, name="a"), host.wanted(NEW, sound, broken, name="b")]
    assert list(observe_baseline(host.store, wanted, LIMITS).refused) == ["b"]


def test_one_service_of_many_certificates_is_asked_once(host: TransactionHost) -> None:
    service = host.service(check=host.script("check"), status=host.script("status"))
    observe_baseline(host.store, [host.wanted(NEW, service, name=f"s{number}") for number in range(20)], LIMITS)
    assert (host.calls("check"), host.calls("status")) == (1, 1)


def test_only_what_answers_is_held_against_us_later(host: TransactionHost) -> None:
    host.name_in_nginx()
    host.install(OLD, host.nginx_service())
    host.nginx.start()
    answering, silent = ProbeTarget(host.port), ProbeTarget(free_port())
    wanted = host.wanted(NEW, host.nginx_service(probes=(answering, silent)))
    answered = observe_baseline(host.store, [wanted], LIMITS).answered
    assert answered == {"site": {answer_key(answering, "127.0.0.1"): OLD.fingerprint}}


def test_a_file_is_named_by_its_live_path_or_by_the_foreign_one(host: TransactionHost) -> None:
    files = tuple(FileSpec(name, ("leaf",), path=path) for name, path in (("a", None), ("b", "/b"), ("c", "/c")))
    service = host.service(files=files)
    live = [host.store.live_file("site", "custom", name) for name in ("a", "b", "c")]
    assert find_unnamed_files(f"{live[0]} /b {live[2]}", host.store, "site", service) == ()
    assert find_unnamed_files("nothing", host.store, "site", service) == (live[0], "/b", "/c")
    assert find_unnamed_files(None, host.store, "site", service) == ()


@pytest.mark.parametrize(
    ("dump", "unnamed"),
    [
        pytest.param("ssl_certificate /etc/x/tls.pem;", (), id="named"),
        pytest.param('crt "/etc/x/tls.pem"', (), id="in quotes"),
        pytest.param("    # ssl_certificate /etc/x/tls.pem;", ("/etc/x/tls.pem",), id="in a comment"),
        pytest.param("ssl_certificate /etc/x/tls.pem.old;", ("/etc/x/tls.pem",), id="the beginning of another name"),
        pytest.param("ssl_certificate /etc/x/tls.pem/a;", ("/etc/x/tls.pem",), id="the beginning of another path"),
        pytest.param("# /etc/x/tls.pem\ncrt /etc/x/tls.pem\n", (), id="in a comment and named"),
    ],
)
def test_a_comment_or_a_longer_path_names_nothing(host: TransactionHost, dump: str, unnamed: tuple[str, ...]) -> None:
    service = host.service(files=(FileSpec("tls.pem", ("leaf",), path="/etc/x/tls.pem"),))
    assert find_unnamed_files(dump, host.store, "site", service) == unnamed
