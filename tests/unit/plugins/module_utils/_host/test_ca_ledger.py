# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.module_utils._host.ca_directory import CaDirectory
from ansible_collections.certwright.tls.plugins.module_utils._host.ca_findings import Ask
from ansible_collections.certwright.tls.plugins.module_utils._host.ca_ledger import (
    Head,
    find_line_fault,
    load_head,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.ca_reading import observe_ca
from ansible_collections.certwright.tls.tests.unit.plugins.module_utils._host.ca_host import (
    FAR,
    ISSUING,
    NOW,
    CaHost,
    authority,
    digest_of,
    issued,
    link,
    revoked,
)

HEAD = Head(3, "ab" * 32, 1200, "cd" * 32, NOW)


@pytest.fixture
def host(tmp_path: Path) -> CaHost:
    return CaHost(tmp_path)


# The head


def test_a_head_comes_back_as_it_was_written() -> None:
    assert load_head(HEAD.to_bytes()) == HEAD == Head.from_json(HEAD.to_json())
    begun = Head.begun(NOW)
    assert load_head(begun.to_bytes()) == begun


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}\n",
        HEAD.to_bytes()[:-1],
        HEAD.to_bytes() + b" ",
        HEAD.to_bytes().replace(b'"number":3', b'"number":03'),
        HEAD.to_bytes().replace(b'"number":3', b'"number":true'),
        HEAD.to_bytes().replace(b'"number":3', b'"number":0'),
        HEAD.to_bytes().replace(b'"version":1', b'"version":2'),
        HEAD.to_bytes().replace(b":1200,", b": 1200,"),
    ],
    ids=["nothing", "no words", "no end", "more", "a zero before", "no number", "none", "another version", "spelling"],
)
def test_a_head_is_only_what_we_write(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"^$"):
        load_head(content)


# Damage


def flip(path: Path, position: int, bits: int) -> None:
    content = bytearray(path.read_bytes())
    content[position] ^= bits
    path.write_bytes(content)


@pytest.mark.parametrize("bits", [0x01, 0x20, 0x80])
def test_a_flipped_bit_anywhere_in_the_ledger_is_damage(host: CaHost, bits: int) -> None:
    """The end of every line, and what is around it; of the rest each seventh byte."""
    host.create(issued("01"), revoked("01"), issued("02"))
    content = host.ledger.read_bytes()
    ends = [position for position, byte in enumerate(content) if byte == 10]
    around = {end + step for end in (-1, *ends) for step in range(-9, 30) if 0 <= end + step < len(content)}
    unseen = []
    for position in sorted(around | set(range(bits % 7, len(content), 7))):
        flip(host.ledger, position, bits)
        if host.problem()[0] != "ca_damaged":
            unseen.append(position)
        flip(host.ledger, position, bits)
    assert unseen == []
    assert host.problem() == ("", "")


@pytest.mark.parametrize("bits", [0x01, 0x02, 0x20, 0x80])
def test_a_flipped_bit_anywhere_in_the_head_is_damage_unless_the_controller_sees_it(host: CaHost, bits: int) -> None:
    """Only the controller can check the tag."""
    host.create(issued("01"))
    told = host.read()["head"]
    for position in range(len(host.head.read_bytes())):
        flip(host.head, position, bits)
        answer = host.read()
        if answer["problem"] is None:
            assert answer["head"]["tag"] != told["tag"]
            assert {**answer["head"], "tag": told["tag"]} == told
        else:
            assert answer["problem"]["code"] == "ca_damaged"
            assert answer["status"] == "ready"
        flip(host.head, position, bits)
    assert host.problem() == ("", "")


def test_a_key_file_is_passed_through_as_it_is(host: CaHost) -> None:
    host.create()
    key = host.path / "keys" / "one.sealed"
    for position in range(len(key.read_bytes())):
        flip(key, position, 0x80)
        answer = host.read(files=["keys/one.sealed"])
        assert answer["problem"] is None
        assert answer["files"]["keys/one.sealed"] != key.read_bytes().decode("ascii", "ignore")
        flip(key, position, 0x80)


def damage_first(content: bytes) -> bytes:
    return content.replace(b'"previous":"00', b'"previous":"10', 1)


def damage_third(content: bytes) -> bytes:
    return content.replace(b'"serial":"02"', b'"serial":"12"')


def damage_last(content: bytes) -> bytes:
    return content.replace(b'"serial":"03"', b'"serial":"13"')


@pytest.mark.parametrize(
    ("damage", "fact"),
    [
        (damage_first, "entry 1 in ledger.jsonl is not the first entry"),
        (damage_third, "entry 4 in ledger.jsonl does not follow from entry 3"),
        (damage_last, r"ledger.jsonl ends with entry 4 .* not the end that head.json says \(entry 4\)"),
        (lambda content: content[:-30], "entry 4 in ledger.jsonl does not follow from entry 3"),
        (lambda content: b"".join(content.splitlines(keepends=True)[:3]), "ends with entry 3 after"),
        (lambda content: content[-40:] + content[40:], "entry 1 in ledger.jsonl"),
        (lambda content: b"", "ends with entry 0 after 0 bytes"),
    ],
    ids=["first", "third", "last", "cut off", "a line less", "another beginning", "emptied"],
)
def test_damage_names_the_file_and_the_entry(host: CaHost, damage: Any, fact: str) -> None:
    host.create(issued("01"), issued("02"), issued("03"))
    host.ledger.write_bytes(damage(host.ledger.read_bytes()))
    answer = host.read(hosts=["web1"], live_at=NOW, counts_at=NOW)
    assert answer["problem"]["code"] == "ca_damaged"
    assert re.search(fact, answer["problem"]["message"])
    assert (answer["status"], answer["entries"], answer["live"], answer["counts"]) == ("ready", [], [], None)


@pytest.mark.parametrize("name", ["head.json", "ledger.jsonl"])
def test_a_file_that_is_missing_is_damage_and_never_an_empty_directory(host: CaHost, name: str) -> None:
    host.create()
    (host.path / name).unlink()
    answer = host.read()
    assert (answer["status"], answer["problem"]["code"]) == ("ready", "ca_damaged")
    assert f"{name} is missing" in answer["problem"]["message"]


def test_an_entry_that_follows_and_cannot_be_read_is_damage(host: CaHost) -> None:
    host.create()
    lines, head = link(host.read()["head"], {"kind": "issued", "serial": "01"})
    with host.ledger.open("a", encoding="ascii") as file:
        file.write(f"{lines[0]}\n")
    host.head.write_bytes(Head.from_json(head).to_bytes())
    assert host.problem()[0] == ""
    assert "an entry that cannot be read" in host.problem(serials=["01"])[1]


def test_bytes_behind_the_head_were_never_committed(host: CaHost) -> None:
    host.create(issued("01"))
    with host.ledger.open("ab") as file:
        file.write(b'{"number":3,"previous":"half a l')
    answer = host.read(serials=["01"])
    assert (answer["tail"], answer["problem"], len(answer["entries"])) == (32, None, 1)


# Older copies


def test_what_hosts_remember_and_an_older_copy_lacks_is_not_known(host: CaHost, tmp_path: Path) -> None:
    host.create(issued("01"))
    before = host.snapshot()
    heads = [host.read()["head"]]
    host.append(issued("02"))
    heads.append(host.read()["head"])
    anchors = [{"number": head["number"], "hash": head["hash"]} for head in heads]
    other = {"number": 2, "hash": digest_of("other")}
    assert [item["known"] for item in host.read(anchors=[*anchors, other])["anchors"]] == [True, True, False]
    for name, content in before.items():
        (host.path / name).write_bytes(content)
    answer = host.read(anchors=anchors)
    assert answer["anchors"] == [{**anchors[0], "known": True}, {**anchors[1], "known": False}]
    # Its tag is right and it is sound: only the anchors tell.
    assert (answer["problem"], answer["head"]) == (None, heads[0])


def test_a_ledger_cut_at_an_earlier_sound_head_is_told_by_anchors_only(host: CaHost) -> None:
    host.create(issued("01"))
    early = host.head.read_bytes()
    host.append(issued("02"))
    head = host.read()["head"]
    host.head.write_bytes(early)
    answer = host.read(anchors=[{"number": head["number"], "hash": head["hash"]}])
    assert (answer["problem"], answer["tail"] > 0, answer["anchors"][0]["known"]) == (None, True, False)


def test_what_an_operator_has_accepted_as_lost_is_known(host: CaHost) -> None:
    lost = {"number": 40, "hash": digest_of("lost")}
    host.create({"kind": "restored", "run": "r", "reason": "disk", "lost": [lost]})
    assert host.read(anchors=[lost])["anchors"] == [{**lost, "known": True}]


# Finding


ENTRIES = (
    issued("0a", "web1", "system"),
    issued("0b", "web1", 'odd "name" \\ ü'),
    issued("0c", "web2", "system", request="again", until="2026-12-01T00:00:00Z"),
    revoked("0a"),
    {"kind": "trusted", "run": "r", "hosts": ["web1", "web2"], "roots": ["r1"]},
    {"kind": "crl", "run": "r", "crl_number": 1},
    {"kind": "trusted", "run": "r", "hosts": ["web1"], "roots": ["r2", "r1"]},
    {"kind": "crl", "run": "r", "crl_number": 2},
    authority("keys/one.sealed", "keys/two.sealed"),
    issued("0d", "web3", "system", request="again"),
)


@pytest.mark.parametrize(
    ("ask", "expected"),
    [
        ({}, []),
        ({"requests": [digest_of("again")]}, [4, 11]),
        ({"requests": [digest_of("never")]}, []),
        ({"serials": ["0a"]}, [2, 5]),
        ({"serials": ["0"]}, []),
        ({"hosts": ["web1"]}, [2, 3, 5]),
        ({"names": ['odd "name" \\ ü']}, [3]),
        ({"hosts": ["web3"], "names": ["system"], "serials": ["0c"]}, [2, 4, 5, 11]),
        ({"kinds": ["crl", "restored"]}, [9]),
        ({"kinds": ["crl", "issued"], "serials": ["0d"]}, [9, 11]),
    ],
    ids=[
        "nothing",
        "a request that came twice",
        "a request that never came",
        "a serial, with its revocation",
        "a part of a serial",
        "a host",
        "a name with characters that JSON escapes",
        "several, each once",
        "the last of a kind",
        "the last of a kind that is found anyway",
    ],
)
def test_only_what_is_asked_for_is_found(host: CaHost, ask: dict[str, Any], expected: list[int]) -> None:
    host.create(*ENTRIES)
    assert [json.loads(line)["number"] for line in host.read(**ask)["entries"]] == expected


def test_the_last_authority_is_always_told(host: CaHost) -> None:
    host.create(*ENTRIES)
    answer = host.read()
    assert json.loads(answer["authority"])["number"] == 10
    assert (answer["live"], answer["trusted"], answer["counts"], answer["backup"]) == ([], {}, None, None)


def test_live_ones_are_not_revoked_and_have_not_ended(host: CaHost) -> None:
    host.create(*ENTRIES)
    answer = host.read(live_at="2026-12-01T00:00:00Z", counts_at="2026-12-01T00:00:00Z")
    assert [item["serial"] for item in answer["live"]] == ["0b", "0d"]
    wanted = ("number", "serial", "name", "host", "usage", "issuing", "not_before", "not_after")
    assert set(answer["live"][0]) == set(wanted)
    assert answer["trusted"] == {"web1": ["r1", "r2"], "web2": ["r1"]}
    assert answer["counts"] == {"issued": 4, "revoked": 1, "live": 2, "expired": 1}
    assert host.read(counts_at="2026-11-30T23:59:59Z")["counts"]["live"] == 3


def test_revoked_ones_that_have_not_ended_are_listed_as_a_list_of_revocations_needs_them(host: CaHost) -> None:
    host.create(*ENTRIES, revoked("0c", "web2"))
    listed = host.read(revoked_at="2026-12-01T00:00:00Z")["revoked"]
    words = {"time": NOW, "revocation_reason": "unspecified", "issuing": ISSUING, "not_after": FAR}
    assert listed == [{"number": 5, "serial": "0a", **words}]
    assert len(host.read(revoked_at=NOW)["revoked"]) == 2
    assert host.read()["revoked"] == []


def test_a_live_one_is_told_in_its_own_words(host: CaHost) -> None:
    host.create(*ENTRIES)
    (found,) = [item for item in host.read(live_at=NOW)["live"] if item["serial"] == "0b"]
    dates = {"not_before": NOW, "not_after": FAR}
    words = {"host": "web1", "name": 'odd "name" \\ ü', "usage": "server", "issuing": ISSUING}
    assert found == {"number": 3, "serial": "0b", **words, **dates}


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ('{"number":1,"kind":"crl"}', ""),
        ("{", "is no JSON"),
        ("[1]", "has no kind"),
        ('{"number":1}', "has no kind"),
        ('{"number":1, "kind":"crl"}', "is not spelled as entries are"),
        ('{"number":1,"kind":"crl","x":"ü"}', "is not spelled as entries are"),
        ('{"number":1,"kind":"crl","number":1}', "is not spelled as entries are"),
    ],
)
def test_a_line_is_spelled_in_one_way_only(line: str, fault: str) -> None:
    assert find_line_fault(line) == fault


def test_ten_thousand_entries_are_verified_and_searched_in_well_under_the_time_of_an_execution(host: CaHost) -> None:
    host.create()
    head = host.read()["head"]
    bodies = [issued(f"{number:032x}", f"web{number % 500}") for number in range(1, 10_000)]
    lines, after = link(head, *bodies)
    assert host.send({**host.request(), "lines": lines, "head": after})["done"]
    ask = Ask.from_json({"requests": [digest_of(f"{number:032x}") for number in range(1, 1001)], "hosts": ["web7"]})
    taken = []
    for _again in range(5):
        began = time.process_time()
        found = observe_ca(CaDirectory(str(host.path)), ask)
        taken.append(time.process_time() - began)
    assert (found.chain.number, len(found.findings.list_entries())) == (10_000, 1018)
    # A wide margin: what is to be seen here is a search that parses each line, or is quadratic.
    assert min(taken) < 0.25
