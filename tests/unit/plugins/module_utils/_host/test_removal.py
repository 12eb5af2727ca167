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

from ansible_collections.certwright.tls.plugins.module_utils._host.files import HostError, no_label
from ansible_collections.certwright.tls.plugins.module_utils._host.removal import remove_certificate
from ansible_collections.certwright.tls.plugins.module_utils._host.request import FileSpec, Request, Service, Wanted
from ansible_collections.certwright.tls.plugins.module_utils._host.store import (
    Store,
    live_generation,
    mark_removal,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.transaction import apply
from ansible_collections.certwright.tls.tests.integration.kill.run_transaction import FaultPoints
from ansible_collections.certwright.tls.tests.unit.plugins.module_utils._host.nginx_server import supply
from ansible_collections.certwright.tls.tests.unit.plugins.module_utils._host.transaction_host import (
    LIMITS,
    TransactionHost,
)

SYSTEM, SHOP, RENEWED = supply("system", 1), supply("shop", 2), supply("system", 3)


@pytest.fixture
def host(tmp_path: Path) -> Iterator[TransactionHost]:
    """nginx serves the system certificate by default and `shop` for its own name."""
    with TransactionHost(tmp_path) as made:
        made.name_in_nginx("system", "shop")
        pairs = (("system", SYSTEM), ("shop", SHOP))
        wanted = [recorded(made.wanted(material, made.nginx_service(), name=name)) for name, material in pairs]
        assert {item["outcome"] for item in made.apply(*wanted).values()} == {"placed_not_served"}
        made.nginx.start()
        assert made.served(SHOP, name="shop") == SHOP.fingerprint
        yield made


def recorded(wanted: Wanted) -> Wanted:
    """With its services in the record, as the controller words it."""
    services = [
        {"name": item.name, "files": [vars(spec) for spec in item.files], "references": item.references}
        for item in wanted.services
    ]
    return replace(wanted, record={**wanted.record, "services": services})


def gone(**words: Any) -> Wanted:
    return Wanted("shop", removing=True, recorded=True, follows="system", **words)


def look(host: TransactionHost) -> dict[str, Any]:
    return dict(host.observe(gone())["certificates"]["shop"]["removal"])


def fall_back(host: TransactionHost) -> dict[str, Any]:
    service = host.nginx_service()
    wanted = recorded(Wanted("shop", services=(service,), follows="system", record={"fingerprint": ""}))
    return host.apply(wanted)["shop"]


def remove(host: TransactionHost, *services: Service, **words: Any) -> dict[str, Any]:
    return host.apply(Wanted("shop", services=services, remove=True, **words))["shop"]


def test_who_names_the_files_is_told_with_the_file(host: TransactionHost) -> None:
    seen = look(host)
    assert seen["present"] is True
    assert [line for line in seen["named"] if "fullchain.pem" in line] == [
        f"nginx names {host.live('nginx/fullchain.pem', 'shop')}"
    ]
    assert (seen["unasked"], seen["lacking"]) == ([], [])


def test_what_was_never_there_is_not_present(host: TransactionHost) -> None:
    found = host.observe(Wanted("never", removing=True, recorded=True, follows="system"))["certificates"]["never"]
    assert found["removal"] == {"present": False, "named": [], "unasked": [], "lacking": []}


def test_a_service_that_cannot_be_asked_is_named(host: TransactionHost) -> None:
    silent = host.service(name="silent")
    host.apply(recorded(host.wanted(SHOP, silent, name="mute")))
    found = host.observe(Wanted("mute", removing=True, recorded=True, follows="system"))["certificates"]["mute"]
    assert found["removal"]["unasked"] == ["silent"]


def test_files_that_the_other_certificate_lacks_are_named(host: TransactionHost) -> None:
    other = host.service(name="other")
    host.apply(recorded(host.wanted(SHOP, other, name="odd")))
    found = host.observe(Wanted("odd", removing=True, recorded=True, follows="system"))["certificates"]["odd"]
    assert found["removal"]["lacking"] == ["other/fullchain.pem", "other/privkey.pem"]


def test_a_domain_that_falls_back_shows_the_other_certificate_at_its_own_paths(host: TransactionHost) -> None:
    outcome = fall_back(host)
    assert (outcome["outcome"], outcome["generation"]) == ("activated", 2)
    assert outcome["services"] == ({"name": "nginx", "state": "served"},)
    assert host.served(SYSTEM, name="shop") == SYSTEM.fingerprint
    assert host.live("nginx/privkey.pem", "shop").resolve() == host.live("nginx/privkey.pem", "system").resolve()
    assert host.leftovers() == []


def test_what_fell_back_follows_every_renewal_of_the_other(host: TransactionHost) -> None:
    fall_back(host)
    renewed = recorded(host.wanted(RENEWED, host.nginx_service(), name="system"))
    assert host.apply(renewed)["system"]["outcome"] == "activated"
    assert host.served(RENEWED, name="shop") == RENEWED.fingerprint
    seen = host.observe(Wanted("shop", recorded=True))["certificates"]["shop"]["live"]
    assert (seen["drift"], seen["record"]["fingerprint"], seen["record"]["follows"]) == (
        [],
        RENEWED.fingerprint,
        "system",
    )


def test_a_fallback_whose_service_refuses_it_is_put_back(host: TransactionHost) -> None:
    refusing = host.nginx_service(
        check=host.script("check", f"! cmp -s {host.live(name='shop')} {host.live(name='system')}")
    )
    wanted = recorded(Wanted("shop", services=(refusing,), follows="system", record={"fingerprint": ""}))
    assert host.apply(wanted)["shop"]["outcome"] == "rolled_back"
    assert host.served(SHOP, name="shop") == SHOP.fingerprint


def test_a_damaged_link_of_a_fallback_is_drift(host: TransactionHost) -> None:
    fall_back(host)
    directory = Path(host.store.generation("shop", 2), "nginx")
    (directory / "privkey.pem").unlink()
    (directory / "fullchain.pem").unlink()
    (directory / "fullchain.pem").symlink_to(host.live("cert.pem", "system"))
    seen = host.observe(Wanted("shop", recorded=True))["certificates"]["shop"]["live"]
    assert seen["drift"] == [
        {"file": "nginx/fullchain.pem", "fact": "content"},
        {"file": "nginx/privkey.pem", "fact": "missing"},
    ]


def test_what_is_named_is_never_deleted(host: TransactionHost) -> None:
    outcome = remove(host)
    assert outcome["outcome"] == "refused"
    assert f"nginx names {host.live('nginx/fullchain.pem', 'shop')}" in outcome["message"]
    assert live_generation(host.store, "shop") == 1


def test_what_nobody_names_any_more_is_deleted_with_its_keys(host: TransactionHost) -> None:
    fall_back(host)
    host.name_in_nginx("system")
    outcome = remove(host)
    assert (outcome["outcome"], outcome["previous"]) == ("removed", 2)
    assert not os.path.lexists(host.store.home("shop"))
    assert not os.path.lexists(host.store.live("shop"))
    assert host.served(SYSTEM) == SYSTEM.fingerprint
    assert host.leftovers() == []


def test_a_service_of_another_certificate_that_names_a_file_keeps_it(host: TransactionHost) -> None:
    host.name_in_nginx("system")
    reads = host.service(
        name="reader", references=host.script("dump", f"echo ssl_certificate {host.live(name='shop')}")
    )
    host.apply(recorded(host.wanted(SYSTEM, reads, name="third")))
    outcome = remove(host)
    assert outcome["outcome"] == "refused"
    assert f"reader names {host.live(name='shop')}" in outcome["message"]


def test_a_service_that_cannot_be_asked_keeps_its_files_until_they_are_said_to_be_abandoned(
    host: TransactionHost,
) -> None:
    host.name_in_nginx("system")
    service = host.service(name="silent")
    assert remove(host, service)["outcome"] == "refused"
    assert remove(host, service, abandoned=True)["outcome"] == "removed"


@pytest.mark.parametrize("in_place", [False, True], ids=["a link", "a copy in place"])
def test_a_foreign_path_is_again_what_it_was(host: TransactionHost, in_place: bool) -> None:
    kept, fresh = host.directory / "kept.pem", host.directory / "fresh.pem"
    kept.write_text("by hand", encoding="ascii")
    parts = ("leaf", "chain", "key")
    services = [
        host.service(name=path.stem, files=(FileSpec("tls.pem", parts, path=str(path), in_place=in_place),))
        for path in (kept, fresh)
    ]
    host.apply(recorded(host.wanted(SHOP, *services, name="placed")))
    assert SHOP.material.leaf in kept.read_text(encoding="ascii")
    outcome = host.apply(Wanted("placed", services=tuple(services), remove=True, abandoned=True))["placed"]
    assert outcome["message"] == f"Put back what stood there before: {kept}"
    assert kept.read_text(encoding="ascii") == "by hand"
    assert not os.path.lexists(fresh)


def test_a_foreign_path_that_somebody_else_has_changed_is_left_alone(host: TransactionHost) -> None:
    path = host.directory / "tls.pem"
    service = host.service(files=(FileSpec("tls.pem", ("leaf", "key"), path=str(path)),))
    host.apply(recorded(host.wanted(SHOP, service, name="placed")))
    path.unlink()
    path.write_text("theirs", encoding="ascii")
    host.apply(Wanted("placed", services=(service,), remove=True, abandoned=True))
    assert path.read_text(encoding="ascii") == "theirs"


def test_a_removal_that_is_done_again_finds_nothing_to_do(host: TransactionHost) -> None:
    host.name_in_nginx("system")
    assert remove(host)["outcome"] == "removed"
    assert look(host)["present"] is False
    assert remove_certificate(host.store, "shop") == {}


@pytest.mark.parametrize("point", ["after the paths", "after the link", "after a generation"])
def test_a_removal_that_was_killed_half_way_is_finished_by_the_next(host: TransactionHost, point: str) -> None:
    host.name_in_nginx("system")
    if point != "after the paths":
        os.unlink(host.store.live("shop"))
    if point == "after a generation":
        os.unlink(os.path.join(host.store.generation("shop", 1), "manifest.json"))
    assert look(host)["present"] is True
    assert remove(host)["outcome"] == "removed"
    assert not os.path.lexists(host.store.home("shop"))


def test_adopted_is_a_record_and_no_generation(host: TransactionHost) -> None:
    record = {"certificate_path": "/etc/letsencrypt/live/a/fullchain.pem", "fingerprint": "aa"}
    first = host.apply(Wanted("kept", adopt=record, activate=False))["kept"]
    again = host.apply(Wanted("kept", adopt={**record, "fingerprint": "bb"}, activate=False))["kept"]
    assert [first["outcome"], again["outcome"]] == ["adopted", "remembered"]
    seen = host.observe(Wanted("kept"))["certificates"]["kept"]
    assert (seen["live"], seen["adopted"]["fingerprint"]) == (None, "bb")


def test_files_that_may_be_adopted_show_their_public_part_only(host: TransactionHost) -> None:
    path = host.directory / "combined.pem"
    path.write_text(SHOP.material.key + SHOP.material.leaf, encoding="ascii")
    seen = host.observe(Wanted("kept", candidates=(str(path),)))["certificates"]["kept"]
    assert seen["candidates"] == [{"path": str(path), "state": "file", "certificate": SHOP.material.leaf}]


@pytest.mark.parametrize("name", ["../../etc", "/etc", "", ".", "a/b", "A"])
@pytest.mark.parametrize("word", ["name", "follows"])
def test_a_name_that_leads_out_of_the_store_is_refused(word: str, name: str) -> None:
    given = {"name": "shop", word: name}
    if word == "follows" and not name:
        assert Wanted.from_json(given).follows == ""
        return
    with pytest.raises(HostError):
        Wanted.from_json(given)


def test_links_that_would_lead_nowhere_are_not_made(host: TransactionHost) -> None:
    other = host.service(name="other")
    wanted = recorded(Wanted("shop", services=(other,), follows="system", record={"fingerprint": ""}))
    outcome = host.apply(wanted)["shop"]
    assert (outcome["outcome"], outcome["generation"]) == ("refused", 1)
    assert "The certificate system has no other/fullchain.pem, other/privkey.pem" in outcome["message"]


def test_what_is_followed_may_come_with_the_same_request(host: TransactionHost) -> None:
    other = host.service(name="other")
    links = recorded(Wanted("shop", services=(other,), follows="system", record={"fingerprint": ""}))
    brought = recorded(host.wanted(RENEWED, other, name="system"))
    outcomes = host.apply(links, brought)
    assert {name: item["outcome"] for name, item in outcomes.items()} == {"shop": "activated", "system": "activated"}
    assert host.live("other/privkey.pem", "shop").read_bytes() == host.live("other/privkey.pem", "system").read_bytes()


def test_what_has_come_alive_is_adopted_no_more(host: TransactionHost) -> None:
    host.apply(Wanted("kept", adopt={"certificate_path": "/a.pem", "fingerprint": "aa"}, activate=False))
    host.apply(recorded(host.wanted(SHOP, host.service(), name="kept")))
    assert "adopted" not in host.observe(Wanted("kept"))["certificates"]["kept"]


def remove_and_die(store: Store, certificate: str, point: int) -> int:
    """In a process of its own, killed before that operation; how many there were when it came to its end, else 0."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        faults = FaultPoints(point, "before")
        faults.wrap_all()
        remove_certificate(store, certificate)
        os.write(writer, str(len(faults.seen)).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as told:
        count = told.read()
    os.waitpid(child, 0)
    return int(count or 0)


def test_a_kill_before_any_operation_of_a_removal_leaves_it_to_be_finished(tmp_path: Path) -> None:
    """What stood at a foreign path before is there again in the end, and never is there nothing in between."""
    with TransactionHost(tmp_path) as host:
        path = tmp_path / "tls.pem"
        service = host.service(files=(FileSpec("tls.pem", ("leaf", "key"), path=str(path)),))
        for point in range(1, 100):
            path.unlink(missing_ok=True)
            path.write_text("by hand", encoding="ascii")
            for material in (SHOP, RENEWED):
                host.apply(recorded(host.wanted(material, service, name="shop")))
            ended = remove_and_die(host.store, "shop", point)
            assert path.read_text(encoding="ascii")
            remove_certificate(host.store, "shop")
            assert path.read_text(encoding="ascii") == "by hand"
            assert not os.path.lexists(host.store.home("shop"))
            if ended:
                break
        assert ended > 10


def test_what_follows_goes_back_with_what_it_follows(host: TransactionHost) -> None:
    """The system's new service brings the files that the domain would use; another service of it fails."""
    host.name_in_nginx("system")
    web, broken = host.service(name="web"), host.service(name="broken", reload=("false",))
    prepared = host.apply(recorded(host.wanted(SHOP, web, name="shop")))["shop"]
    assert prepared["outcome"] == "activated", prepared
    system = recorded(host.wanted(RENEWED, host.nginx_service(), web, broken, name="system"))
    links = Wanted("shop", services=(web,), follows="system", record={"fingerprint": ""})
    outcomes = host.apply(recorded(links), system)
    assert {name: item["outcome"] for name, item in outcomes.items()} == {
        "shop": "rolled_back",
        "system": "rolled_back",
    }
    assert host.live("web/privkey.pem", "shop").read_text(encoding="ascii") == SHOP.material.key


def test_a_certificate_that_others_follow_keeps_the_files_that_they_need(host: TransactionHost) -> None:
    fall_back(host)
    other = host.service(name="other")
    outcome = host.apply(recorded(host.wanted(RENEWED, other, name="system")))["system"]
    assert outcome["outcome"] == "refused"
    assert "nginx/fullchain.pem (of shop), nginx/privkey.pem (of shop)" in outcome["message"]
    back = recorded(host.wanted(SHOP, host.nginx_service(), name="shop"))
    both = host.apply(recorded(host.wanted(RENEWED, other, name="system")), back)
    assert "Links lead to" not in both["system"]["message"]


@pytest.mark.parametrize("refuse_all", [True, False])
def test_one_refusal_of_the_host_can_keep_all_from_being_touched(host: TransactionHost, refuse_all: bool) -> None:
    host.name_in_nginx("system")
    unknown = host.service(files=(FileSpec("a.pem", ("leaf",), owner="nobody-of-this-name"),))
    wanted = host.look(host.wanted(RENEWED, unknown, name="bad"), Wanted("shop", remove=True))
    request = Request("apply", wanted, refuse_all=refuse_all, limits=LIMITS)
    outcomes = {item["certificate"]: item["outcome"] for item in apply(host.store, request, label=no_label)["outcomes"]}
    assert outcomes == {"bad": "refused", "shop": "held_back" if refuse_all else "removed"}
    assert os.path.exists(host.store.home("shop")) == refuse_all


def test_a_removal_that_was_killed_leaves_nothing_that_waits(host: TransactionHost) -> None:
    mark_removal(host.store, "shop")
    os.unlink(host.store.live("shop"))
    assert host.observe(Wanted("shop"))["certificates"]["shop"]["pending"] is None
    everything = host.observe(everything=True)["certificates"]
    assert sorted(everything) == ["system"]
    host.apply(recorded(host.wanted(RENEWED, host.nginx_service(), name="shop")))
    assert sorted(host.observe(everything=True)["certificates"]) == ["shop", "system"]


def test_a_service_of_another_certificate_that_cannot_be_read_now_keeps_the_files(host: TransactionHost) -> None:
    host.name_in_nginx("system")
    unreadable = host.service(name="unreadable", references=("cat", str(host.directory / "not-there")))
    host.apply(recorded(host.wanted(SYSTEM, unreadable, name="third")))
    outcome = remove(host)
    assert (outcome["outcome"], "unreadable cannot be asked" in outcome["message"]) == ("refused", True)


def test_a_key_that_changed_since_it_was_matched_is_not_stored(host: TransactionHost) -> None:
    certificate, key = host.directory / "a.pem", host.directory / "a.key"
    certificate.write_text(SHOP.material.leaf, encoding="ascii")
    key.write_text(SHOP.material.key, encoding="ascii")
    source = {"certificate": str(certificate), "private_key": str(key), "key_digest": "00" * 32}
    wanted = recorded(host.wanted(SHOP, host.service(), name="kept", source=source))
    outcome = host.apply(wanted)["kept"]
    assert outcome["outcome"] == "refused"
    assert "changed since it was matched" in outcome["message"]


def test_damaged_documents_of_one_certificate_keep_no_other_from_being_looked_at(host: TransactionHost) -> None:
    fall_back(host)
    Path(host.store.generation("system", 1), "record.json").write_text("{", encoding="ascii")
    Path(host.store.home("shop"), "adopted.json").write_text("{", encoding="ascii")
    seen = host.observe(Wanted("shop", recorded=True))["certificates"]["shop"]
    assert seen["live"]["record"]["certificate"] == {}
    assert "adopted" not in seen
