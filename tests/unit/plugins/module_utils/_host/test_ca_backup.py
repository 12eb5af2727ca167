# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.certwright.tls.tests.unit.plugins.module_utils._host.ca_host import (
    SEALED,
    CaHost,
    authority,
    issued,
    small_disk,
    snapshot,
)


@pytest.fixture
def host(tmp_path: Path) -> CaHost:
    return CaHost(tmp_path)


def back_up(host: CaHost, serial: str, path: str = "") -> dict[str, Any]:
    """What is said of the backup after one entry more; that entry is there in any case."""
    answer = host.append(issued(serial), backup_to=path or str(host.backup))
    assert answer["done"]
    return dict(answer["backup"])


def told(host: CaHost) -> tuple[int, bool]:
    found = host.read(backup=str(host.backup))["backup"]
    return found["number"], found["is_complete"]


def test_a_backup_is_the_same_and_is_told(host: CaHost) -> None:
    host.create(backup_to=str(host.backup))
    assert back_up(host, "01") == {"done": True, "message": ""}
    assert snapshot(host.backup) == host.snapshot()
    assert host.backup.stat().st_mode & 0o777 == 0o700
    head = host.read()["head"]
    words = {"number": 2, "hash": head["hash"], "time": head["time"], "is_complete": True}
    assert host.read(backup=str(host.backup))["backup"] == {"path": str(host.backup), **words}


def test_a_backup_takes_the_place_of_the_ca(host: CaHost) -> None:
    host.create(backup_to=str(host.backup))
    before = host.read(hosts=["web1"], files=["keys/one.sealed"])
    shutil.rmtree(host.path)
    shutil.copytree(host.backup, host.path)
    assert {**host.read(hosts=["web1"], files=["keys/one.sealed"]), "time": 0} == {**before, "time": 0}
    assert back_up(host, "01")["done"]
    assert told(host) == (2, True)


def test_only_what_is_new_is_written(host: CaHost) -> None:
    host.create(backup_to=str(host.backup))
    before = (host.backup / "ledger.jsonl").stat().st_ino, (host.backup / "keys" / "one.sealed").stat().st_ino
    host.append(issued("01"))
    assert told(host) == (1, False)
    with (host.backup / "ledger.jsonl").open("ab") as file:
        file.write(b"a tail of a killed one")
    assert back_up(host, "02")["done"]
    assert before == ((host.backup / "ledger.jsonl").stat().st_ino, (host.backup / "keys" / "one.sealed").stat().st_ino)
    assert (told(host), snapshot(host.backup)) == ((3, True), host.snapshot())


def test_dropped_keys_are_in_the_archive_of_the_backup(host: CaHost) -> None:
    host.create(backup_to=str(host.backup))
    words: dict[str, Any] = {"files": {"keys/two.sealed": SEALED}, "drop": ["keys/one.sealed"]}
    host.append(authority("keys/two.sealed"), backup_to=str(host.backup), **words)
    assert snapshot(host.backup).items() >= host.snapshot().items()
    assert told(host) == (2, True)


def damage_ledger(backup: Path) -> None:
    content = bytearray((backup / "ledger.jsonl").read_bytes())
    content[-20] ^= 1
    (backup / "ledger.jsonl").write_bytes(content)


def cut_ledger(backup: Path) -> None:
    os.truncate(backup / "ledger.jsonl", 100)


def lose_ledger(backup: Path) -> None:
    (backup / "ledger.jsonl").unlink()


def lose_head(backup: Path) -> None:
    (backup / "head.json").unlink()


def damage_head(backup: Path) -> None:
    (backup / "head.json").write_bytes(b"{")


def lose_key(backup: Path) -> None:
    (backup / "keys" / "one.sealed").unlink()


def damage_key(backup: Path) -> None:
    (backup / "keys" / "one.sealed").write_bytes(b"other")


@pytest.mark.parametrize(
    "damage", [damage_ledger, cut_ledger, lose_ledger, lose_head, damage_head, lose_key, damage_key]
)
def test_a_backup_that_is_not_whole_is_told_and_made_whole_and_nothing_of_it_is_thrown_away(
    host: CaHost, damage: Any
) -> None:
    host.create(issued("01"), backup_to=str(host.backup))
    damage(host.backup)
    kept = {os.path.basename(name): content for name, content in snapshot(host.backup).items()}
    assert told(host)[1] is False
    assert back_up(host, "02") == {"done": True, "message": ""}
    assert told(host) == (3, True)
    found = snapshot(host.backup)
    assert found.items() >= host.snapshot().items()
    archived = {name: content for name, content in found.items() if name.startswith("archive/")}
    for name, content in archived.items():
        assert content == kept[os.path.basename(name)]
    assert bool(archived) is (damage not in (lose_ledger, lose_key))


def test_what_a_backup_knows_and_a_ca_of_another_past_does_not_is_kept(host: CaHost) -> None:
    host.create()
    early = host.snapshot()
    assert back_up(host, "01")["done"]
    more = (host.backup / "ledger.jsonl").read_bytes()
    for name, content in early.items():
        (host.path / name).write_bytes(content)
    host.append(issued("02"))
    assert back_up(host, "03")["done"]
    assert (host.backup / "archive" / "ledger.jsonl").read_bytes() == more
    assert told(host) == (3, True)


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        (lambda path: path.mkdir(0o755), "is not safe: .* is open to others"),
        (lambda path: path.symlink_to("elsewhere"), "is a link or a file; give the path of the directory itself"),
        (lambda path: path.write_bytes(b"x"), "is a link or a file"),
        (lambda path: path.mkdir(0o700) or (path / "photos").mkdir(), r"holds other things and no ledger \(photos\)"),
    ],
    ids=["open", "a link", "a file", "foreign"],
)
def test_a_place_that_is_not_its_own_is_refused_and_the_commit_stays(host: CaHost, prepare: Any, message: str) -> None:
    host.create()
    prepare(host.backup)
    before = sorted(os.listdir(host.backup)) if host.backup.is_dir() else []
    answer = back_up(host, "01")
    assert answer["done"] is False
    assert re.match(f"The backup .*{message}", answer["message"])
    assert before == (sorted(os.listdir(host.backup)) if host.backup.is_dir() else [])
    assert told(host) == (0, False)


@pytest.mark.parametrize("place", ["", "/.", "/backup", "/../../{name}/ca", "/.."])
def test_a_backup_in_the_directory_or_around_it_is_refused(host: CaHost, place: str) -> None:
    host.create()
    path = str(host.path) + place.format(name=host.directory.name)
    before = set(host.snapshot())
    answer = back_up(host, "01", path)
    assert (answer["done"], "lie in each other" in answer["message"]) == (False, True)
    assert set(host.snapshot()) == before


def test_a_backup_of_another_ca_is_not_written_over(host: CaHost) -> None:
    host.create(backup_to=str(host.backup))
    other = CaHost(host.directory)
    other.path = host.directory / "other"
    other.ledger, other.head = other.path / "ledger.jsonl", other.path / "head.json"
    assert other.append(authority("keys/x.sealed"), create=True)["done"]
    before = snapshot(host.backup)
    answer = back_up(other, "01")
    assert (answer["done"], "holds another CA" in answer["message"]) == (False, True)
    assert snapshot(host.backup) == before


@pytest.mark.parametrize(
    ("path", "message"),
    [("relative", "is not an absolute path on the host"), ("/nowhere/at/all", "The directory of the backup")],
)
def test_a_backup_that_cannot_be_there_is_told(host: CaHost, path: str, message: str) -> None:
    host.create()
    assert message in back_up(host, "01", path)["message"]


def test_a_full_backup_undoes_nothing_and_is_finished_later(host: CaHost) -> None:
    host.create()
    with small_disk(host.backup, "64k"):
        assert back_up(host, "01")["done"]
        answer = host.append(*(issued(f"{number:04x}") for number in range(500)), backup_to=str(host.backup))
        assert (answer["done"], answer["backup"]["done"]) == (True, False)
        assert f"No space left on device at {host.backup}/ledger.jsonl" in answer["backup"]["message"]
        assert told(host) == (2, False)
        assert host.problem() == ("", "")


def test_a_backup_that_is_ahead_is_never_written_over(host: CaHost, tmp_path: Path) -> None:
    host.create(backup_to=str(host.backup))
    shutil.copytree(host.path, tmp_path / "yesterday")
    back_up(host, "01")
    shutil.rmtree(host.path)
    shutil.move(str(tmp_path / "yesterday"), str(host.path))
    before = snapshot(host.backup)
    answer = host.append(issued("02"), backup_to=str(host.backup))
    assert (answer["done"], answer["current"]["problem"]["code"]) == (False, "ca_rolled_back")
    assert (snapshot(host.backup), host.read()["head"]["number"]) == (before, 1)


def test_a_key_that_was_sealed_anew_is_in_the_archive_of_the_backup_only(host: CaHost) -> None:
    host.create(backup_to=str(host.backup))
    new = {"keys/two.sealed": SEALED}
    host.append(authority("keys/two.sealed"), files=new, drop=["keys/one.sealed"], backup_to=str(host.backup))
    back_up(host, "01")
    assert sorted(path.name for path in (host.backup / "keys").iterdir()) == ["two.sealed"]
    assert (host.backup / "archive" / "one.sealed").exists()
