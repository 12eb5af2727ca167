# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.module_utils._host.probe import ProbeTarget
from ansible_collections.certwright.tls.plugins.module_utils._host.request import FileSpec, Wanted
from ansible_collections.certwright.tls.tests.unit.plugins.module_utils._host.nginx_server import free_port, supply
from ansible_collections.certwright.tls.tests.unit.plugins.module_utils._host.transaction_host import (
    FILES,
    TransactionHost,
)

OLD, NEW = supply("site", 1), supply("site", 2)


@pytest.fixture
def host(tmp_path: Path) -> Iterator[TransactionHost]:
    with TransactionHost(tmp_path) as made:
        yield made


def test_looking_at_a_host_without_a_store_makes_nothing(host: TransactionHost) -> None:
    found = host.observe(Wanted("site"))
    assert (found["journal"], found["certificates"]["site"]["live"]) == (None, None)
    assert not Path(host.store.path).exists()


def test_live_and_pending_are_told_apart(host: TransactionHost) -> None:
    host.install(OLD, host.service())
    host.apply(host.wanted(NEW, host.service(), activate=False))
    found = host.observe(Wanted("site"))["certificates"]["site"]
    assert (found["live"]["generation"], found["pending"]["generation"], found["stored"]) == (1, 2, [2])
    assert found["pending"]["record"]["fingerprint"] == NEW.fingerprint
    assert found["live"]["drift"] == []


def test_a_generation_that_lost_its_manifest_is_drift(host: TransactionHost) -> None:
    host.install(OLD, host.service())
    host.live("manifest.json").unlink()
    found = host.observe(Wanted("site"))["certificates"]["site"]
    assert found["live"]["drift"] == [{"file": "manifest.json", "fact": "missing"}]


@pytest.mark.parametrize("change", ["key", "mode", "path", "stored"])
def test_whatever_a_plan_rests_on_changes_the_digest(host: TransactionHost, change: str) -> None:
    path = host.directory / "foreign.pem"
    wanted = host.wanted(OLD, host.service(files=(*FILES, FileSpec("f.pem", ("leaf",), path=str(path)))))
    host.apply(wanted)
    (before,) = host.look(wanted)
    if change == "key":
        host.live("privkey.pem").write_text("x", encoding="ascii")
    if change == "mode":
        host.live("privkey.pem").chmod(0o644)
    if change == "path":
        path.unlink()
    if change == "stored":
        host.apply(host.wanted(NEW, *wanted.services, activate=False))
    assert host.look(wanted)[0].expect != before.expect


def test_a_foreign_file_shows_its_certificate_and_never_its_key(host: TransactionHost) -> None:
    path = host.directory / "foreign.pem"
    path.write_text(OLD.material.key + OLD.material.leaf, encoding="ascii")
    wanted = host.wanted(NEW, host.service(files=(FileSpec("f.pem", ("leaf", "key"), path=str(path)),)))
    found = host.observe(wanted)
    assert found["certificates"]["site"]["paths"] == [
        {"path": str(path), "state": "file", "certificate": OLD.material.leaf.strip()}
    ]
    assert "PRIVATE" not in str(found)


def test_services_are_told_with_their_state_their_faults_and_what_their_ports_serve(host: TransactionHost) -> None:
    host.name_in_nginx()
    host.install(OLD, host.nginx_service())
    host.nginx.start()
    silent = host.service(probes=(ProbeTarget(free_port()),), status=("false",), check=("sh", "-c", "echo bad; exit 1"))
    found = host.observe(host.wanted(OLD, host.nginx_service(), silent), baseline=True)["services"]["site"]
    nginx, custom = found["nginx"], found["custom"]
    assert (nginx["running"], nginx["broken"], nginx["unreferenced"]) == (True, "", [])
    assert [(item["state"], item["fingerprint"]) for item in nginx["probes"]] == [("served", OLD.fingerprint)]
    assert (custom["running"], "bad" in custom["broken"]) == (False, True)
    assert [item["state"] for item in custom["probes"]] == ["silent"]


def test_everything_that_is_stored_is_told_with_its_recorded_services(host: TransactionHost) -> None:
    for name in ("a", "b"):
        wanted = host.wanted(OLD, host.service(), name=name)
        wanted.record["services"] = [{"name": "recorded", "files": [], "declared": {}}]
        host.apply(wanted)
    found = host.observe(everything=True)
    assert sorted(found["certificates"]) == ["a", "b"]
    assert list(found["services"]["a"]) == ["recorded"]


@pytest.mark.parametrize("document", ["record.json", "activation.json", "manifest.json"])
def test_a_damaged_document_is_drift_of_its_certificate_and_hides_no_other(
    host: TransactionHost, document: str
) -> None:
    host.apply(*(host.wanted(OLD, host.service(), name=name) for name in ("a", "b")))
    host.live(document, "a").write_text("{", encoding="ascii")
    found = host.observe(everything=True)["certificates"]
    assert found["a"]["live"]["drift"] == [{"file": "manifest.json", "fact": "missing"}]
    assert (found["b"]["live"]["drift"], found["b"]["live"]["record"]["fingerprint"]) == ([], OLD.fingerprint)


@pytest.mark.parametrize("kind", ["fifo", "link"])
def test_a_fifo_at_a_foreign_path_is_not_waited_for(host: TransactionHost, kind: str) -> None:
    path, fifo = host.directory / "tls.pem", host.directory / "fifo"
    os.mkfifo(path if kind == "fifo" else fifo)
    if kind == "link":
        path.symlink_to(fifo)
    wanted = host.wanted(NEW, host.service(files=(FileSpec("tls.pem", ("leaf",), path=str(path)),)))
    found: list[dict[str, Any]] = []
    looking = Thread(target=lambda: found.append(host.observe(wanted, baseline=True)), daemon=True)
    looking.start()
    looking.join(10)
    assert not looking.is_alive()
    state = "special" if kind == "fifo" else "link"
    assert found[0]["certificates"]["site"]["paths"] == [{"path": str(path), "state": state, "certificate": ""}]
    assert str(path) in found[0]["certificates"]["site"]["refusals"][0]
