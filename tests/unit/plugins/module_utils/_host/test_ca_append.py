# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.module_utils._host.files import HostError
from ansible_collections.certwright.tls.tests.integration.kill.run_transaction import FaultPoints
from ansible_collections.certwright.tls.tests.unit.plugins.module_utils._host.ca_host import (
    NOW,
    SEALED,
    CaHost,
    authority,
    issued,
    link,
    revoked,
    small_disk,
    snapshot,
)

NEW_KEY = {"keys/two.sealed": SEALED}
ALL = {"files": ["keys/one.sealed", "keys/two.sealed"], "hosts": ["web1"], "kinds": ["authority"], "live_at": NOW}


@pytest.fixture
def host(tmp_path: Path) -> CaHost:
    return CaHost(tmp_path)


# What is written


def test_a_ca_begins_with_its_first_entries(host: CaHost) -> None:
    answer = host.append(authority(), issued("01"), create=True, files={"keys/one.sealed": SEALED}, ask=ALL)
    assert (answer["done"], answer["notice"], answer["backup"]) == (True, "", None)
    assert {**answer["current"], "time": 0} == {**host.read(**ALL), "time": 0}
    assert answer["current"]["head"]["number"] == 2
    modes = {str(path.relative_to(host.path)): path.stat().st_mode & 0o777 for path in host.path.rglob("*")}
    files = dict.fromkeys(("head.json", "ledger.jsonl", "lock", "keys/one.sealed"), 0o600)
    assert modes == {**files, "keys": 0o700}
    assert host.path.stat().st_mode & 0o777 == 0o700


def test_entries_go_behind_those_that_are_there_and_an_old_tail_is_cut(host: CaHost) -> None:
    host.create(issued("01"))
    with host.ledger.open("ab") as file:
        file.write(b"what a killed run left" * 1000)
    answer = host.append(revoked("01"), issued("02"), ask=ALL)
    assert {**answer["current"], "time": 0} == {**host.read(**ALL), "time": 0}
    assert [json.loads(line)["number"] for line in answer["current"]["entries"]] == [1, 2, 3, 4]
    assert (host.read()["tail"], host.ledger.stat().st_size) == (0, answer["current"]["head"]["size"])


def test_dropped_key_files_are_archived_and_none_is_ever_lost(host: CaHost) -> None:
    host.create()
    host.append(authority("keys/two.sealed"), files=NEW_KEY, drop=["keys/one.sealed", "keys/never.sealed"])
    host.append(authority("keys/one.sealed"), files={"keys/one.sealed": "third"}, drop=["keys/two.sealed"])
    host.append(authority("keys/two.sealed"), files={"keys/two.sealed": "fourth"}, drop=["keys/one.sealed"])
    found = {name: content.decode() for name, content in host.snapshot().items() if name.endswith(("sealed", "1"))}
    archived = {"archive/one.sealed": SEALED, "archive/two.sealed": SEALED, "archive/one.sealed.1": "third"}
    assert found == {**archived, "keys/two.sealed": "fourth"}


def test_a_left_over_key_file_of_a_killed_run_is_kept_and_in_nobodys_way(host: CaHost) -> None:
    host.create()
    (host.path / "keys" / "two.sealed").write_bytes(b"left over")
    (host.path / "keys" / "two.sealed").chmod(0o600)
    assert host.append(authority("keys/two.sealed"), files=NEW_KEY)["done"]
    assert host.read(files=["keys/two.sealed"])["files"] == NEW_KEY
    assert (host.path / "archive" / "two.sealed").read_bytes() == b"left over"


# What is refused


def test_without_create_nothing_begins(host: CaHost) -> None:
    for _time in range(2):
        answer = host.append(authority(), files=NEW_KEY)
        assert (answer["done"], answer["current"]["problem"]) == (False, None)
        host.path.mkdir(0o700, exist_ok=True)
    assert os.listdir(host.path) == []


def test_create_never_begins_a_second_ledger(host: CaHost) -> None:
    request = host.request(authority(), create=True)
    host.create(issued("01"))
    before = host.snapshot()
    answer = host.send(request)
    assert (answer["done"], answer["current"]["head"]["number"]) == (False, 2)
    assert host.snapshot() == before


def test_a_missing_parent_is_not_made(host: CaHost) -> None:
    host.path = host.path / "below"
    with pytest.raises(HostError, match=r"The directory .*/ca does not exist; create it, or set another path"):
        host.append(authority(), create=True)


def test_who_has_not_seen_the_end_changes_nothing_and_is_told_it(host: CaHost) -> None:
    host.create()
    request = host.request(issued("01"), files=NEW_KEY, ask={"serials": ["02"]})
    host.append(issued("02"))
    before = host.snapshot()
    answer = host.send(request)
    assert (answer["done"], answer["current"]["head"]["number"], len(answer["current"]["entries"])) == (False, 2, 1)
    assert host.snapshot() == before


def break_chain(request: dict[str, Any]) -> None:
    request["lines"][1] = request["lines"][1].replace('"serial":"02"', '"serial":"03"')


def break_number(request: dict[str, Any]) -> None:
    request["lines"] = request["lines"][1:]


def break_kind(request: dict[str, Any]) -> None:
    request["lines"], request["head"] = link(request["head"], {"kind": "issued", "serial": "01"})


def break_spelling(request: dict[str, Any]) -> None:
    request["lines"][0] = request["lines"][0].replace(",", ", ", 1)


def break_line(request: dict[str, Any]) -> None:
    request["lines"][0] += "\n"


def break_head(request: dict[str, Any]) -> None:
    request["head"]["size"] += 1


def break_time(request: dict[str, Any]) -> None:
    request["head"]["time"] = "2026-11-22T08:00:01Z"


def break_tag(request: dict[str, Any]) -> None:
    request["head"]["tag"] = "not hex"


def break_file(request: dict[str, Any]) -> None:
    request["files"] = {"keys/one.sealed": SEALED}


def break_name(request: dict[str, Any]) -> None:
    request["files"] = {"../one.sealed": SEALED}


def break_seal(request: dict[str, Any]) -> None:
    request["files"] = {"keys/two.sealed": "ü"}


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (break_chain, "entry 4 does not follow|is not the end of the lines"),
        (break_number, "entry 2 does not follow from the entry before it"),
        (break_kind, "entry 2 does not follow"),
        (break_spelling, "entry 2 is not spelled as entries are"),
        (break_line, "entry 2 is not spelled as entries are"),
        (break_head, "new head is not the end of the lines"),
        (break_time, "new head is not the end of the lines"),
        (break_tag, "new head of the ledger is not as a head has to be"),
        (break_file, r"keys/one\.sealed is in use; a new key file needs a new name"),
        (break_name, "is no name of a key file"),
        (break_seal, r"keys/two\.sealed is no sealed key"),
    ],
)
def test_what_could_not_be_read_again_is_not_written(host: CaHost, spoil: Any, message: str) -> None:
    host.create()
    request = host.request(issued("01"), issued("02"))
    spoil(request)
    before = host.snapshot()
    with pytest.raises(HostError, match=message):
        host.send(request)
    assert host.snapshot() == before


@pytest.mark.parametrize("missing", ["host", "not_after"])
def test_an_entry_that_could_not_be_found_is_not_written(host: CaHost, missing: str) -> None:
    host.create()
    body = issued("01")
    del body[missing]
    with pytest.raises(HostError, match="A line is not as its kind has to be; nothing was written"):
        host.append(body)


# Signals and kills


def test_signals_between_the_first_byte_and_the_commit_change_nothing(
    host: CaHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.create()
    heard: list[int] = []
    names = (signal.SIGHUP, signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(name, lambda number, _frame: heard.append(number)) for name in names]
    write = os.write

    def disturbed(descriptor: int, content: bytes) -> int:
        for name in names:
            os.kill(os.getpid(), name)
        return write(descriptor, content)

    monkeypatch.setattr(os, "write", disturbed)
    try:
        assert host.append(issued("01"))["done"]
    finally:
        for number, handler in enumerate(before):
            signal.signal(names[number], handler)
    assert heard == []


def run_killed(host: CaHost, request: dict[str, Any], point: int = 0, when: str = "") -> list[str] | None:
    """In a process of its own: the calls that changed something, or None when it was killed at one of them."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            points = FaultPoints(point, when)
            points.wrap_all()
            host.send(request)
            with open(writing, "w", encoding="utf-8") as pipe:
                json.dump(points.seen, pipe)
        except BaseException:  # noqa: BLE001  told to the test, whatever it is
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    os.close(writing)
    with open(reading, encoding="utf-8") as pipe:
        text = pipe.read()
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return None if os.WIFSIGNALED(status) else list(json.loads(text))


def list_kills(points: list[str]) -> list[tuple[int, str]]:
    """What is after a call is before the next. Writes are also torn in the middle."""
    kills = [(number, "before") for number in range(1, len(points) + 1)]
    torn = [(number, "within") for number, call in enumerate(points, 1) if call.startswith("write ")]
    return [*kills, *torn, (len(points), "after")]


def compared(state: dict[str, Any]) -> dict[str, Any]:
    """Key files are only what an entry names: others are left-overs."""
    words = {word: state[word] for word in ("head", "authority", "entries", "live", "problem")}
    files = {name: text for name, text in state["files"].items() if f'"{name}"' in state["authority"]}
    return {**words, "files": files, "status": "empty" if state["status"] == "missing" else state["status"]}


@pytest.mark.parametrize("scenario", ["a beginning", "entries", "a new key", "a backup"])
def test_a_kill_at_any_call_leaves_what_was_before_or_what_is_after(tmp_path: Path, scenario: str) -> None:
    def prepare(number: int) -> tuple[CaHost, dict[str, Any]]:
        directory = tmp_path / str(number)
        directory.mkdir()
        host = CaHost(directory)
        if scenario == "a beginning":
            return host, host.request(authority(), issued("01"), create=True, files={"keys/one.sealed": SEALED})
        host.create(issued("01"), backup_to=str(host.backup) if scenario == "a backup" else None)
        if scenario == "entries":
            with host.ledger.open("ab") as file:
                file.write(b"left")
            return host, host.request(issued("02"), revoked("01"))
        words = {"files": NEW_KEY, "drop": ["keys/one.sealed"]}
        backup = str(host.backup) if scenario == "a backup" else None
        return host, host.request(authority("keys/two.sealed"), issued("02"), **words, backup_to=backup)

    host, request = prepare(0)
    before = compared(host.read(**ALL))
    points = run_killed(host, request)
    assert points is not None
    after = compared(host.read(**ALL))
    assert before != after
    found = []
    for number, (point, when) in enumerate(list_kills(points), 1):
        host, request = prepare(number)
        assert run_killed(host, request, point, when) is None
        state = compared(host.read(**ALL))
        assert state in (before, after), (points[point - 1], when)
        found.append(state == after)
        if state == before:
            answer = host.send(request)
            assert answer["done"], (points[point - 1], when, answer)
            assert compared(host.read(**ALL)) == after
        if scenario == "a backup":
            host.append(issued("03"), backup_to=str(host.backup))
            assert host.read(backup=str(host.backup))["backup"]["is_complete"], (points[point - 1], when)
    assert {True, False} == set(found)
    assert len(found) > 15


# A full disk


@pytest.mark.parametrize("size", ["64k", "128k", "256k"])
def test_a_full_disk_commits_nothing_and_says_where(host: CaHost, size: str) -> None:
    with small_disk(host.path, size):
        host.create(issued("01"))
        before = host.snapshot()
        lines = [issued(f"{number:04x}") for number in range(500)]
        with pytest.raises(HostError, match=rf"is as it was: No space left on device at {host.ledger}; nothing was"):
            host.append(*lines)
        assert host.snapshot() == before
        assert host.append(issued("02"))["done"]
        assert host.problem() == ("", "")


def test_a_disk_that_is_full_at_any_write_commits_nothing(host: CaHost) -> None:
    """Filled up to so many pages that each step in turn finds no more room."""
    refused: list[str] = []
    with small_disk(host.path, "96k"):
        host.create(issued("01"))
        before = host.snapshot()
        filler, room = host.path / "archive" / "filler", os.statvfs(host.path).f_bavail
        filler.parent.mkdir(0o700)
        for pages in range(room):
            filler.write_bytes(b"x" * 4096 * (room - pages))
            message = find_refusal(host, *[issued("02")] * 6, files={"keys/two.sealed": SEALED * 200})
            if not message:
                break
            refused.append(message)
            left = host.path / "keys" / "two.sealed"
            left.unlink()
            filler.unlink()
            assert host.snapshot().items() >= before.items()
            assert host.problem() == ("", "")
        assert host.read()["head"]["number"] == 8
    start = f"The CA directory {host.path} is as it was: No space left on device at {host.path}/"
    places = {message.partition(";")[0].partition(start)[2] for message in refused}
    assert places == {"keys/two.sealed", "ledger.jsonl", "head.json.new"}


def find_refusal(host: CaHost, *bodies: dict[str, Any], **words: Any) -> str:
    try:
        assert host.append(*bodies, **words)["done"]
    except HostError as error:
        return str(error)
    return ""


def test_a_disk_that_fails_when_it_syncs_commits_nothing(host: CaHost, monkeypatch: pytest.MonkeyPatch) -> None:
    host.create(issued("01"))
    before = host.snapshot()
    fsync = os.fsync

    def failing(descriptor: int) -> None:
        if os.readlink(f"/proc/self/fd/{descriptor}").endswith("ledger.jsonl"):
            raise OSError(5, "Input/output error")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(HostError, match=r"is as it was: Input/output error at .*ledger\.jsonl"):
        host.append(issued("02"))
    assert host.snapshot() == before


def test_what_cannot_be_archived_is_told_after_the_commit(host: CaHost, monkeypatch: pytest.MonkeyPatch) -> None:
    host.create()
    monkeypatch.setattr(os, "rename", refuse_to_rename)
    answer = host.append(authority("keys/two.sealed"), files=NEW_KEY, drop=["keys/one.sealed"])
    assert (answer["done"], answer["current"]["head"]["number"]) == (True, 2)
    assert "could not be archived: Input/output error" in answer["notice"]


def refuse_to_rename(path: str, _target: str) -> None:
    raise OSError(5, "Input/output error", path)


def test_what_is_durable_is_so_in_order(host: CaHost, monkeypatch: pytest.MonkeyPatch) -> None:
    host.create()
    done: list[str] = []
    fsync, replace = os.fsync, os.replace

    def synced(descriptor: int) -> None:
        done.append(f"sync {os.path.relpath(os.readlink(f'/proc/self/fd/{descriptor}'), host.path)}")
        fsync(descriptor)

    def renamed(old: str, new: str) -> None:
        done.append(f"rename {os.path.basename(new)}")
        replace(old, new)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", renamed)
    host.append(authority("keys/two.sealed"), files=NEW_KEY)
    assert done == [
        "sync keys/two.sealed",
        "sync keys",
        "sync ledger.jsonl",
        "sync head.json.new",
        "rename head.json",
        "sync .",
    ]


# Many at once


WRITER = """
import json, sys
from pathlib import Path
from ansible_collections.certwright.tls.tests.unit.plugins.module_utils._host.ca_host import CaHost, issued
host, number = CaHost(Path(sys.argv[1])), int(sys.argv[2])
for batch in range(10):
    bodies = [issued(f"{number:02x}{batch:02x}{item:02x}", f"web{number}") for item in range(3)]
    while True:
        answer = host.append(*bodies)
        assert answer["current"]["problem"] is None, answer["current"]["problem"]
        if answer["done"]:
            break
"""


def test_eight_writers_at_once_lose_nothing_and_write_nothing_twice(host: CaHost) -> None:
    host.create()
    command = [sys.executable, "-c", WRITER, str(host.directory)]
    writers = [subprocess.Popen([*command, str(number)], stderr=subprocess.PIPE) for number in range(8)]
    errors = [writer.communicate(timeout=300)[1].decode() for writer in writers]
    assert errors == [""] * 8
    answer = host.read(hosts=[f"web{number}" for number in range(8)], counts_at=NOW)
    serials = [json.loads(line)["serial"] for line in answer["entries"]]
    expected = [f"{number:02x}{batch:02x}{item:02x}" for number in range(8) for batch in range(10) for item in range(3)]
    assert (sorted(serials), answer["problem"], answer["tail"]) == (expected, None, 0)
    assert answer["counts"]["issued"] == 240


def test_of_two_that_begin_a_ca_at_once_one_does(host: CaHost) -> None:
    requests = [host.request(authority(), create=True, files={f"keys/{word}.sealed": SEALED}) for word in "ab"]
    script = "import json, sys\n" + WRITER.splitlines()[3].replace(", issued", "") + "\n"
    script += "from pathlib import Path\nprint(CaHost(Path(sys.argv[1])).send(json.loads(sys.argv[2]))['done'])"
    commands = [[sys.executable, "-c", script, str(host.directory), json.dumps(request)] for request in requests]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for command in commands]
    assert sorted(process.communicate(timeout=60)[0].strip() for process in running) == ["False", "True"]
    assert (host.read()["head"]["number"], len(snapshot(host.path))) == (1, 3)
