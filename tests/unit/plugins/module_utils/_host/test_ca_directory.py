# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.module_utils._host.ca_directory import (
    CaDirectory,
    locate,
    locked,
    read_key_file,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.files import HostError
from ansible_collections.certwright.tls.tests.unit.plugins.module_utils._host.ca_host import SEALED, CaHost, authority

NOBODY = 65534


@pytest.fixture
def host(tmp_path: Path) -> CaHost:
    return CaHost(tmp_path)


def make(*names: str, mode: int = 0o700) -> Any:
    def made(path: Path) -> None:
        path.mkdir(mode=mode)
        for name in names:
            (path / name).mkdir() if name == "lost+found" else (path / name).write_bytes(b"x")

    return made


@pytest.mark.parametrize(
    ("prepare", "status", "code"),
    [
        (lambda path: None, "missing", ""),
        (make(), "empty", ""),
        (make("lost+found", "lock"), "empty", ""),
        (make("head.json.new", "lock"), "empty", ""),
        (make(mode=0o755), "empty", "ca_open"),
        (make("index.html"), "ready", "ca_foreign"),
        (make("ledger.jsonl"), "ready", "ca_damaged"),
        (make("head.json"), "ready", "ca_damaged"),
        (lambda path: path.write_bytes(b"a file"), "ready", "ca_unreadable"),
        (lambda path: path.symlink_to("nowhere"), "ready", "ca_unreadable"),
        (lambda path: path.parent.joinpath("real").mkdir(0o700) or path.symlink_to("real"), "ready", "ca_unreadable"),
    ],
    ids=[
        "missing",
        "empty",
        "a new disk",
        "a beginning that was killed at once",
        "empty and open",
        "somebody else's",
        "a ledger without a head",
        "a head without a ledger",
        "a file",
        "a link to nothing",
        "a link to a directory",
    ],
)
def test_what_lies_there_decides_whether_a_ca_may_begin(host: CaHost, prepare: Any, status: str, code: str) -> None:
    prepare(host.path)
    before = host.snapshot() if host.path.is_dir() else {}
    assert (host.read()["status"], host.problem(founds=True)[0]) == (status, code)
    answer = host.append(authority(), create=True)
    assert answer["done"] is (not code)
    if code:
        assert answer["current"]["problem"]["code"] == code
        assert (host.snapshot() if host.path.is_dir() else {}) == before


def test_an_empty_place_that_is_open_matters_to_who_makes_a_ca_there_only(host: CaHost) -> None:
    """Most places to mount at are open to all."""
    host.path.mkdir(mode=0o755)
    assert (host.read()["status"], host.problem()[0], host.problem(founds=True)[0]) == ("empty", "", "ca_open")


def test_a_path_behind_a_file_is_unreadable_and_not_missing(host: CaHost) -> None:
    host.path.write_bytes(b"")
    host.path = host.path / "below"
    assert host.problem()[0] == "ca_unreadable"


@pytest.mark.parametrize(
    ("name", "mode", "message"),
    [
        ("", 0o755, "is open to others (mode 0755)"),
        ("", 0o710, "is open to others (mode 0710)"),
        ("keys", 0o750, "keys is open to others"),
        ("archive", 0o701, "archive is open to others"),
        ("keys/one.sealed", 0o640, "keys/one.sealed is open to others (mode 0640)"),
    ],
)
def test_a_place_that_others_can_enter_or_read_is_refused(host: CaHost, name: str, mode: int, message: str) -> None:
    host.create()
    (host.path / "archive").mkdir(0o700)
    (host.path / name).chmod(mode)
    code, text = host.problem()
    assert (code, message in text) == ("ca_open", True)
    before = host.snapshot()
    answer = host.append({"kind": "crl"})
    assert (answer["done"], answer["current"]["problem"]["code"]) == (False, "ca_open")
    assert host.snapshot() == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to somebody else")
@pytest.mark.parametrize("name", ["", "keys", "keys/one.sealed"])
def test_a_place_that_belongs_to_somebody_else_is_refused(host: CaHost, name: str) -> None:
    host.create()
    os.chown(host.path / name, NOBODY, -1)
    code, text = host.problem()
    assert (code, f"belongs to the user {NOBODY}" in text) == ("ca_open", True)


@pytest.mark.parametrize("name", ["lock", "ledger.jsonl", "head.json", "keys", "archive", "keys/one.sealed"])
def test_a_link_in_the_directory_is_never_followed(host: CaHost, name: str) -> None:
    host.create()
    (host.path / "archive").mkdir(0o700)
    path, elsewhere = host.path / name, host.directory / "elsewhere"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    kept = elsewhere.read_bytes() if elsewhere.is_file() else sorted(os.listdir(elsewhere))
    answer = host.read(files=["keys/one.sealed"])
    assert answer["problem"]["code"] == "ca_damaged"
    assert f"{name} is a link" in answer["problem"]["message"]
    if name.startswith("keys"):
        assert answer["files"] == {"keys/one.sealed": None}
    assert host.append({"kind": "crl"})["done"] is False
    assert kept == (elsewhere.read_bytes() if elsewhere.is_file() else sorted(os.listdir(elsewhere)))


@pytest.mark.parametrize("name", ["ledger.jsonl", "head.json", "keys/one.sealed"])
def test_what_is_no_file_holds_nobody_up(host: CaHost, name: str) -> None:
    host.create()
    (host.path / name).unlink()
    os.mkfifo(host.path / name, 0o600)
    assert host.problem(files=["keys/one.sealed"])[0] == "ca_damaged"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("name", ["", "ledger.jsonl", "head.json", "keys", "keys/one.sealed"])
def test_what_cannot_be_read_is_told_and_is_never_absent(host: CaHost, name: str) -> None:
    host.create()
    (host.path / name).chmod(0)
    answer = host.read(files=["keys/one.sealed"])
    (host.path / name).chmod(0o700)
    assert (answer["status"], answer["problem"]["code"]) == ("ready", "ca_unreadable")


def test_a_key_file_is_told_only_when_it_is_asked_for(host: CaHost) -> None:
    host.create()
    assert host.read()["files"] == {}
    asked = ["keys/one.sealed", "keys/none.sealed"]
    assert host.read(files=asked)["files"] == {"keys/one.sealed": SEALED, "keys/none.sealed": None}


@pytest.mark.parametrize("name", ["../etc/passwd", "keys/../head.json", "head.json", "keys/.sealed", "keys/a\n.sealed"])
def test_only_key_files_can_be_asked_for(host: CaHost, name: str) -> None:
    host.create()
    with pytest.raises(HostError, match="is no name of a key file"):
        read_key_file(CaDirectory(str(host.path)), name)


def test_a_key_file_that_is_far_too_large_is_damage(host: CaHost) -> None:
    host.create()
    os.truncate(host.path / "keys" / "one.sealed", 2**21)
    assert "keys/one.sealed is larger than 1 MiB" in host.problem(files=["keys/one.sealed"])[1]


def test_a_path_is_absolute_on_the_host() -> None:
    assert locate("/srv//ca/") == CaDirectory("/srv/ca")
    with pytest.raises(HostError, match="is not an absolute path on the host"):
        locate("ca")


def test_a_waiter_names_the_holder_and_the_lock_is_private(host: CaHost) -> None:
    host.create()
    directory = CaDirectory(str(host.path))
    message = rf"locked by another run for 0.1 s \(pid {os.getpid()}, run nightly\)"
    with locked(directory, run="nightly", patience=1):
        assert host.read()["problem"] is None
        with pytest.raises(HostError, match=message), locked(directory, run="", patience=0.1):
            pass
    assert (host.path / "lock").stat().st_mode & 0o777 == 0o600
