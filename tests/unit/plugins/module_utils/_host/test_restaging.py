# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.module_utils._host.request import FileSpec, Material, Service, Wanted
from ansible_collections.certwright.tls.tests.unit.plugins.module_utils._host.nginx_server import Supply, supply
from ansible_collections.certwright.tls.tests.unit.plugins.module_utils._host.transaction_host import TransactionHost

CHAIN, ROOT = "-----BEGIN CERTIFICATE-----\nY2hhaW4=\n-----END CERTIFICATE-----\n", "the root\n"
PLAIN = supply("site")
LEAF = Supply(replace(PLAIN.material, chain=CHAIN, root=ROOT), PLAIN.fingerprint)
WITH_ROOT = FileSpec("all.pem", ("key", "leaf", "root", "chain"))
ROOT_ALONE = FileSpec("root.pem", ("root",))


@pytest.fixture
def host(tmp_path: Path) -> Iterator[TransactionHost]:
    with TransactionHost(tmp_path) as made:
        yield made


def recorded(wanted: Wanted, **words: Any) -> Wanted:
    """With its services in the record, as the controller words it."""
    services = [{"name": item.name, "files": [vars(spec) for spec in item.files]} for item in wanted.services]
    return replace(wanted, record={**wanted.record, **words, "services": services})


def store(host: TransactionHost, *files: FileSpec) -> None:
    wanted = recorded(host.wanted(LEAF, host.service(files=files)), order={"url": "https://ca.example/1"}, run="old")
    assert host.apply(wanted)["site"]["outcome"] == "activated"


def again(host: TransactionHost, *files: FileSpec, number: int = 1) -> dict[str, Any]:
    services: tuple[Service, ...] = (host.service(name="other", files=files),)
    wanted = recorded(Wanted("site", services=services, restage=number, record={"run": "new"}))
    return host.apply(wanted)["site"]


def test_the_same_bytes_are_stored_again_for_other_services(host: TransactionHost) -> None:
    store(host, FileSpec("a.pem", ("leaf",)))
    outcome = again(host, FileSpec("b.pem", ("leaf", "chain", "key"), mode="0640"))
    assert (outcome["outcome"], outcome["generation"], outcome["previous"]) == ("activated", 2, 1)
    expected = LEAF.material.leaf + CHAIN + LEAF.material.key
    assert host.live("other/b.pem").read_text(encoding="ascii") == expected
    assert host.live("chain.pem").read_text(encoding="ascii") == CHAIN
    assert not host.live("custom").exists()


def test_the_record_is_the_earlier_one_with_the_new_words_over_it(host: TransactionHost) -> None:
    store(host, FileSpec("a.pem", ("leaf",)))
    again(host, FileSpec("b.pem", ("leaf",)))
    live = host.observe(Wanted("site", recorded=True))["certificates"]["site"]["live"]
    assert (live["drift"], live["record"]["order"]) == ([], {"url": "https://ca.example/1"})
    assert live["record"]["fingerprint"] == LEAF.fingerprint
    assert [item["name"] for item in live["record"]["services"]] == ["other"]


@pytest.mark.parametrize("spec", [ROOT_ALONE, WITH_ROOT], ids=["alone", "between other parts"])
def test_the_root_is_taken_from_the_file_of_a_service(host: TransactionHost, spec: FileSpec) -> None:
    store(host, FileSpec("a.pem", ("leaf",)), spec)
    again(host, FileSpec("b.pem", ("chain", "root")))
    assert host.live("other/b.pem").read_text(encoding="ascii") == CHAIN + ROOT


def test_a_root_that_is_nowhere_is_refused(host: TransactionHost) -> None:
    store(host, FileSpec("a.pem", ("leaf",)))
    outcome = again(host, ROOT_ALONE)
    assert (outcome["outcome"], outcome["generation"]) == ("refused", 1)
    assert "it has no root, which a service now uses" in outcome["message"]


@pytest.mark.parametrize("name", ["cert.pem", "chain.pem", "privkey.pem", "custom/root.pem"])
@pytest.mark.parametrize("how", ["changed", "gone"])
def test_files_that_are_not_what_was_stored_are_refused(host: TransactionHost, name: str, how: str) -> None:
    store(host, ROOT_ALONE)
    path = host.live(name)
    if how == "gone":
        path.unlink()
    else:
        path.write_text("changed", encoding="ascii")
    outcome = again(host, ROOT_ALONE)
    assert (outcome["outcome"], f"its file {name} is not what was stored" in outcome["message"]) == ("refused", True)


def test_an_owner_or_mode_that_drifted_is_mended_by_storing_it_again(host: TransactionHost) -> None:
    store(host, FileSpec("a.pem", ("leaf",)))
    host.live("privkey.pem").chmod(0o644)
    assert again(host, FileSpec("b.pem", ("leaf",)))["outcome"] == "activated"
    assert host.live("privkey.pem").stat().st_mode & 0o777 == 0o600


def test_what_is_not_complete_is_refused(host: TransactionHost) -> None:
    store(host, FileSpec("a.pem", ("leaf",)))
    assert "it is not complete" in again(host, FileSpec("b.pem", ("leaf",)), number=7)["message"]
    os.unlink(os.path.join(host.store.generation("site", 1), "manifest.json"))
    assert again(host, FileSpec("b.pem", ("leaf",)))["outcome"] == "refused"


def test_links_to_another_certificate_are_refused(host: TransactionHost) -> None:
    files = (FileSpec("a.pem", ("leaf",)),)
    host.apply(recorded(host.wanted(LEAF, host.service(files=files), name="system")))
    host.apply(
        recorded(Wanted("site", services=(host.service(files=files),), follows="system", record={"fingerprint": ""}))
    )
    assert "it has no files of its own but those of system" in again(host, *files)["message"]


def test_one_that_is_refused_keeps_no_other_from_being_stored(host: TransactionHost) -> None:
    wanted = recorded(Wanted("missing", services=(host.service(),), restage=1))
    outcomes = host.apply(wanted, recorded(host.wanted(PLAIN, host.service())))
    assert {name: item["outcome"] for name, item in outcomes.items()} == {"missing": "refused", "site": "activated"}


def test_the_key_shows_in_no_representation() -> None:
    assert LEAF.material.key not in repr(Material("", "", "", LEAF.material.key))
