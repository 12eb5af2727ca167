# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.module_utils._host.files import no_label
from ansible_collections.certwright.tls.plugins.module_utils._host.open_orders import OpenOrders
from ansible_collections.certwright.tls.plugins.module_utils._host.removal import remove_unused
from ansible_collections.certwright.tls.plugins.module_utils._host.request import Material, Request, Wanted
from ansible_collections.certwright.tls.plugins.module_utils._host.store import live_generation
from ansible_collections.certwright.tls.plugins.module_utils._host.transaction import apply
from ansible_collections.certwright.tls.plugins.module_utils._host.usage import Usages
from ansible_collections.certwright.tls.tests.integration.kill.run_transaction import FaultPoints
from ansible_collections.certwright.tls.tests.unit.plugins.module_utils._host.host_material import openssl
from ansible_collections.certwright.tls.tests.unit.plugins.module_utils._host.nginx_server import (
    Supply,
    fingerprint_of,
    supply,
)
from ansible_collections.certwright.tls.tests.unit.plugins.module_utils._host.order_host import (
    CONTENT,
    TOKEN,
    OrderHost,
)
from ansible_collections.certwright.tls.tests.unit.plugins.module_utils._host.transaction_host import (
    LIMITS,
    TransactionHost,
)

MEMORY = {"failure": {"code": "rate_limited", "next_try": "2026-08-01T00:00:00Z"}}
INSTALLED = supply("site")


@pytest.fixture
def orders(tmp_path: Path) -> OrderHost:
    return OrderHost(tmp_path)


@pytest.fixture
def host(tmp_path: Path, orders: OrderHost) -> Iterator[TransactionHost]:
    with TransactionHost(tmp_path) as made:
        yield made


def issued(orders: OrderHost) -> Supply:
    """What a CA would return for the order's key, without the key."""
    command = ["req", "-x509", "-key", str(orders.order_file("privkey.pem")), "-days", "2", "-subj", "/CN=a.example"]
    leaf = openssl(*command).decode("ascii")
    return Supply(Material(leaf, "", "", ""), fingerprint_of(leaf))


def ordered(host: TransactionHost, orders: OrderHost, digest: str, **words: Any) -> Wanted:
    wanted = host.wanted(issued(orders), host.service(), source={"order": True, "key_digest": digest})
    return replace(wanted, **words)


def look(host: TransactionHost, name: str = "site") -> dict[str, Any]:
    return dict(host.observe(Wanted(name, issuance=True))["certificates"][name]["issuance"])


def apply_as(run: str, host: TransactionHost, *wanted: Wanted, **words: Any) -> dict[str, dict[str, Any]]:
    answer = apply(host.store, Request("apply", host.look(*wanted), run=run, limits=LIMITS, **words), label=no_label)
    assert not answer["changed_underneath"], answer
    return {outcome["certificate"]: outcome for outcome in answer["outcomes"]}


def test_a_host_that_never_ordered_has_nothing_to_tell(host: TransactionHost) -> None:
    expected: dict[str, Any] = {"memory": {}, "order": None, "openssl": True, "request": "", "damaged": []}
    assert look(host) == expected
    assert "issuance" not in host.observe(Wanted("site"))["certificates"]["site"]
    assert not host.store.exists()


def test_an_order_that_was_begun_is_shown_and_is_not_part_of_the_digest(
    host: TransactionHost, orders: OrderHost
) -> None:
    before = host.observe(Wanted("site"))["certificates"]["site"]["digest"]
    prepared = orders.prepared(orders.answered_by_file())
    seen = look(host)
    assert host.observe(Wanted("site"))["certificates"]["site"]["digest"] == before
    assert (seen["request"], seen["order"]["run"]) == (prepared["request"], "first")
    assert seen["order"]["order"] == {"url": "https://ca.example/order/1"}
    assert list(seen["order"]["challenges"]) == [{"path": str(orders.file()), "content": CONTENT}]
    assert "PRIVATE" not in json.dumps(seen)


def test_a_request_without_its_key_is_not_shown(host: TransactionHost, orders: OrderHost) -> None:
    orders.prepared()
    orders.order_file("privkey.pem").write_text("another", encoding="ascii")
    assert (look(host)["request"], look(host)["order"]["run"]) == ("", "first")


@pytest.mark.parametrize("content", ["{", "[]", '{"version": 1}', '{"key": [], "run": ""}'])
def test_damaged_files_count_as_not_there_and_are_named(host: TransactionHost, orders: OrderHost, content: str) -> None:
    orders.prepared()
    host.apply(Wanted("site", memory=MEMORY, activate=False))
    orders.order_file("order.json").write_text(content, encoding="ascii")
    Path(host.store.issuance("site")).write_text("{", encoding="ascii")
    damaged = [host.store.issuance("site"), str(orders.order_file("order.json"))]
    assert look(host) == {"memory": {}, "order": None, "openssl": True, "request": "", "damaged": damaged}


def test_who_asks_for_no_issuance_pays_for_none(host: TransactionHost) -> None:
    """What an execution need not import takes a sixth of it."""
    host.apply(host.wanted(INSTALLED, host.service()))
    code = (
        "import sys; from ansible_collections.certwright.tls.plugins.module_utils._host.observation import *;"
        "import ansible_collections.certwright.tls.plugins.module_utils._host.transaction;"
        f"observe(Store({host.store.path!r}), Request('observe', (Wanted('site'),)));"
        "print([name for name in sys.modules if 'order' in name or 'issuance' in name or 'restaging' in name])"
    )
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60)
    assert run.stdout == "[]\n"


def test_a_memory_is_bookkeeping_and_makes_no_certificate(host: TransactionHost) -> None:
    outcome = host.apply(Wanted("site", memory=MEMORY, activate=False))["site"]
    assert (outcome["outcome"], outcome["generation"], look(host)["memory"]) == ("remembered", None, MEMORY)
    host.apply(Wanted("site", memory={}, activate=False))
    assert look(host)["memory"] == {}
    host.apply(Wanted("site", activate=False))
    assert host.observe(everything=True)["certificates"] == {}


def test_only_what_has_a_generation_or_was_adopted_is_everything(host: TransactionHost, orders: OrderHost) -> None:
    orders.prepare(orders.wanted(name="begun"))
    host.apply(Wanted("remembered", memory=MEMORY, activate=False))
    host.apply(Wanted("adopted", adopt={"certificate_path": "/a.pem", "fingerprint": "aa"}, activate=False))
    host.apply(host.wanted(INSTALLED, host.service(), name="stored", activate=False))
    host.apply(host.wanted(INSTALLED, host.service(), name="live"))
    assert sorted(host.observe(everything=True)["certificates"]) == ["adopted", "live", "stored"]


def test_the_key_of_the_order_becomes_the_key_of_the_generation(host: TransactionHost, orders: OrderHost) -> None:
    prepared = orders.prepared(orders.answered_by_file())
    key = orders.order_file("privkey.pem").read_bytes()
    wanted = ordered(host, orders, prepared["key_digest"], memory=MEMORY, end_order="finish")
    (looked,) = host.look(Wanted("site", services=wanted.services, issuance=True))
    request = Request("apply", (replace(wanted, expect=looked.expect),), run="first", limits=LIMITS)
    (outcome,) = apply(host.store, request, label=no_label)["outcomes"]
    assert (outcome["outcome"], outcome["notices"]) == ("activated", ())
    assert host.live("privkey.pem").read_bytes() == key
    assert host.live("custom/privkey.pem").read_bytes() == key
    assert not os.path.lexists(host.store.order("site"))
    assert orders.webroot_files() == []
    assert look(host)["memory"] == MEMORY


def test_a_key_that_is_not_the_ordered_one_is_not_stored_and_the_order_stays(
    host: TransactionHost, orders: OrderHost
) -> None:
    orders.prepared(orders.answered_by_file())
    wanted = ordered(host, orders, "00" * 32, memory=MEMORY, end_order="finish")
    outcome = apply_as("first", host, wanted)["site"]
    assert (outcome["outcome"], "was ordered with is not on the host" in outcome["message"]) == ("refused", True)
    seen = look(host)
    assert (bool(seen["request"]), seen["order"]["claimed_until"], seen["memory"]) == (True, "", MEMORY)
    assert orders.webroot_files() == []


def test_an_order_is_ended_although_the_service_refuses_its_certificate(
    host: TransactionHost, orders: OrderHost
) -> None:
    prepared = orders.prepared(orders.answered_by_file())
    wanted = ordered(host, orders, prepared["key_digest"], end_order="finish")
    outcome = apply_as("first", host, replace(wanted, services=(host.service(check=("false",)),)))["site"]
    assert outcome["outcome"] == "refused"
    assert (orders.webroot_files(), look(host)["order"]["claimed_until"]) == ([], "")


@pytest.mark.parametrize("end", ["release", "finish"])
def test_an_order_that_failed_is_put_away(host: TransactionHost, orders: OrderHost, end: str) -> None:
    orders.prepared(orders.answered_by_file())
    wanted = Wanted("site", memory=MEMORY, end_order=end, activate=False)
    assert apply_as("first", host, wanted)["site"]["outcome"] == "remembered"
    assert orders.webroot_files() == []
    assert (look(host)["order"] is not None, bool(look(host)["request"])) == (end == "release", end == "release")


def test_an_order_that_another_run_has_taken_over_is_left_to_it(host: TransactionHost, orders: OrderHost) -> None:
    orders.prepared(orders.answered_by_file())
    apply_as("second", host, Wanted("site", end_order="finish", activate=False))
    assert (orders.file().exists(), bool(look(host)["request"])) == (True, True)


def test_what_was_left_of_a_challenge_is_told_with_the_outcome(host: TransactionHost, orders: OrderHost) -> None:
    prepared = orders.prepared(orders.answered_by_file())
    orders.file().write_text("theirs", encoding="ascii")
    wanted = ordered(host, orders, prepared["key_digest"], end_order="finish")
    (notice,) = apply_as("first", host, wanted)["site"]["notices"]
    assert (notice["code"], str(orders.file()) in notice["message"]) == ("challenge_left", True)


def test_a_held_back_certificate_keeps_its_order(host: TransactionHost, orders: OrderHost) -> None:
    prepared = orders.prepared(orders.answered_by_file())
    wanted = ordered(host, orders, prepared["key_digest"], memory=MEMORY, end_order="finish")
    broken = host.wanted(INSTALLED, host.service(check=("false",), name="broken"), name="broken")
    outcomes = apply_as("first", host, wanted, broken, refuse_all=True)
    assert {name: item["outcome"] for name, item in outcomes.items()} == {"broken": "refused", "site": "held_back"}
    assert (bool(look(host)["request"]), look(host)["memory"], orders.webroot_files()) == (True, MEMORY, [])


def test_a_removal_ends_an_open_order_first(host: TransactionHost, orders: OrderHost) -> None:
    host.apply(host.wanted(INSTALLED, host.service()))
    host.apply(Wanted("site", memory=MEMORY, activate=False))
    orders.prepared(orders.answered_by_file())
    assert host.apply(Wanted("site", remove=True, abandoned=True))["site"]["outcome"] == "removed"
    assert (orders.webroot_files(), os.path.lexists(host.store.home("site"))) == ([], False)


def test_a_removal_tells_what_it_left_of_a_challenge(host: TransactionHost, orders: OrderHost) -> None:
    orders.prepared(orders.answered_by_file())
    orders.file().write_text("theirs", encoding="ascii")
    outcome = host.apply(Wanted("site", remove=True))["site"]
    assert (outcome["outcome"], [item["code"] for item in outcome["notices"]]) == ("removed", ["challenge_left"])
    assert orders.file().read_text(encoding="ascii") == "theirs"


def in_a_child(work: Any, point: int) -> int:
    """In a process of its own, killed before that operation; how many there were when it came to its end, else 0."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        faults = FaultPoints(point, "before")
        faults.wrap_all()
        work()
        os.write(writer, str(len(faults.seen)).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as told:
        count = told.read()
    os.waitpid(child, 0)
    return int(count or 0)


def test_a_kill_before_any_operation_of_a_removal_leaves_no_challenge_in_the_end(
    host: TransactionHost, orders: OrderHost
) -> None:
    ended = 0
    for point in range(1, 100):
        host.apply(host.wanted(INSTALLED, host.service()))
        orders.prepared(orders.answered_by_file())
        gone = Wanted("site", remove=True, abandoned=True)

        def remove(gone: Wanted = gone) -> None:
            remove_unused(host.store, gone, Usages(host.store, LIMITS))

        ended = in_a_child(remove, point)
        remove()
        assert (orders.webroot_files(), os.path.lexists(host.store.home("site"))) == ([], False)
        if ended:
            break
    assert ended > 15


def test_a_kill_before_any_operation_never_loses_the_only_key(host: TransactionHost, orders: OrderHost) -> None:
    """Either the generation is stored with it, or the order still has it."""
    ended = 0
    for point in range(1, 200):
        OpenOrders(host.store).finish("site")
        prepared = orders.prepared(orders.answered_by_file())
        key = orders.order_file("privkey.pem").read_bytes()
        wanted = ordered(host, orders, prepared["key_digest"], end_order="finish", activate=False)
        (bound,) = host.look(wanted)
        request = Request("apply", (bound,), run="first", limits=LIMITS)
        ended = in_a_child(partial(apply, host.store, request, label=no_label), point)
        pending = host.observe(Wanted("site"))["certificates"]["site"]["pending"]
        paths = [orders.order_file("privkey.pem")]
        if pending and pending["record"]["fingerprint"] == bound.record["fingerprint"]:
            paths = [Path(host.store.generation("site", pending["generation"]), "privkey.pem")]
        assert [path.read_bytes() for path in paths] == [key], point
        apply_as("first", host, Wanted("site", end_order="finish", activate=False))
        assert (orders.webroot_files(), os.path.lexists(host.store.order("site"))) == ([], False)
        if ended:
            break
    assert ended > 30
    assert live_generation(host.store, "site") is None
    assert TOKEN not in json.dumps(host.observe(everything=True))
