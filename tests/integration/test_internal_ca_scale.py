# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One CA and many who ask it: batches that come together, a large one, and a directory that is not what it was.

What a kill at each call, a full disk and each flipped bit come to on the CA's host is in the unit tests of it.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.certwright.tls.tests.integration.internal_site import CA_HOST, Ca, make_request
from ansible_collections.certwright.tls.tests.integration.site import Site, codes
from ansible_collections.certwright.tls.tests.integration.snapshot import take_snapshot

WORKERS = [f"worker{number}" for number in range(8)]
OWN, MANY = 4, 1000


@pytest.fixture
def ca(site: Site, made_ca: Ca) -> Ca:
    ca = Ca(site)
    ca.copy_of(made_ca)
    return ca


def ask(host: str, name: str) -> dict[str, Any]:
    """A request with a key of its own."""
    return {"host": host, "name": name, "names": [f"{name}.{host}.example.org"], "csr": make_request()[1]}


def digests(ca: Ca) -> list[str]:
    """Of each line of the ledger."""
    lines = (ca.path / "ledger.jsonl").read_bytes().splitlines()
    return [hashlib.sha256(line).hexdigest() for line in lines]


@pytest.mark.further
def test_eight_batches_at_once_are_all_in_the_ledger_and_what_all_asked_for_is_there_once(site: Site, ca: Ca) -> None:
    common = {"name": "front", "names": ["front.example.org"], "csr": make_request()[1]}
    batches = {host: [*(ask(host, f"own{number}") for number in range(OWN)), common] for host in WORKERS}
    task = {**ca.sign(), "delegate_to": CA_HOST}
    task["certwright.tls.internal_ca_cert"]["requests"] = "{{ batches[inventory_hostname] }}"
    play = {"hosts": "worker*", "gather_facts": False, "tasks": [task]}
    where = ("-i", ",".join((*WORKERS, CA_HOST)), "-f", str(len(WORKERS)))
    finished = site.controller.start([play], *where, variables={"batches": batches}).finish()
    assert finished.code == 0, finished.output
    assert sorted(result["host"] for result in finished.results) == WORKERS

    answers = [answer for result in finished.results for answer in result["certificates"]]
    serials = {answer["serial"] for answer in answers}
    fronts = {answer["serial"] for answer in answers if answer["name"] == "front"}
    assert (len(answers), len(serials), len(fronts)) == (8 * OWN + 8, 8 * OWN + 1, 1)
    assert {entry["serial"] for entry in ca.issued} == serials
    assert len(ca.issued) == len(serials)
    # What each was told is where it was told to be
    hashes = digests(ca)
    assert all(hashes[answer["number"] - 1] == answer["hash"] for answer in answers)
    (shown,) = site.run(ca.show(**ca.secret)).results
    assert (shown["proved"], shown["counts"]["live"]) == (True, len(serials))
    assert [entry["previous"] for entry in ca.entries[1:]] == hashes[:-1]


@pytest.mark.further
def test_a_thousand_are_one_append_and_cost_one_look_from_then_on(site: Site, ca: Ca) -> None:
    requests = [ask(f"host{number}", "web") for number in range(MANY)]
    task = ca.sign()
    task["certwright.tls.internal_ca_cert"]["requests"] = "{{ many }}"
    first, second = site.run(task, task, many=requests).results
    assert [first["changed"], second["changed"], site.executions] == [True, False, 2 + 1]
    assert [answer["host"] for answer in first["certificates"]] == [request["host"] for request in requests]
    assert {answer["outcome"] for answer in first["certificates"]} == {"issued"}
    assert {answer["outcome"] for answer in second["certificates"]} == {"unchanged"}
    told = [[(answer["number"], answer["certificate"]) for answer in item["certificates"]] for item in (first, second)]
    assert told[0] == told[1]
    # One run, one instant, one commit
    assert len(ca.issued) == MANY
    assert len({(entry["run"], entry["time"]) for entry in ca.issued}) == 1
    assert first["ledger"] == second["ledger"] == {"number": MANY + 1, "hash": ca.hash_of(-1)}


def flip(path: Path) -> None:
    """One bit in its middle."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_a_flipped_bit_in_any_file_signs_nothing_and_touches_nothing(site: Site, ca: Ca) -> None:
    """In a copy for each file. The root's key is not needed to sign, and so is asked for itself."""
    state = ca.entries[0]["state"]
    root_key, issuing_key = (authority["key"] for authority in state["authorities"])
    export = {"kind": "root", "path": str(ca.files / "root.p8"), "passphrase_src": str(ca.files / "passphrase_src")}
    keep = {"certwright.tls.internal_ca": {**ca.place, **ca.root_secret, "export": export}}
    tasks: list[dict[str, Any]] = []
    for name in ("ledger.jsonl", "head.json", issuing_key, root_key):
        copy = site.host / f"copy{len(tasks)}"
        shutil.copytree(ca.path, copy)
        flip(copy / name)
        (module, words) = next(iter((keep if name == root_key else ca.sign(ask("web1", "web"))).items()))
        tasks.append({module: {**words, "path": str(copy)}, "ignore_errors": True})
    before = take_snapshot(site.host)
    finished = site.run(*tasks)
    assert [codes(result, "problems") for result in finished.results] == [
        ["ca_damaged"],
        ["ca_damaged"],
        ["wrong_passphrase"],
        ["wrong_passphrase"],
    ]
    assert all(str(site.host / f"copy{number}") in result["msg"] for number, result in enumerate(finished.results))
    assert take_snapshot(site.host) == before
