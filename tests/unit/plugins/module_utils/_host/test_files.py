# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.certwright.tls.plugins.module_utils._host.files import (
    Attributes,
    HostError,
    load_attributes,
    make_directory,
    no_label,
    read_optional,
    remove_file,
    remove_tree,
    replace_file,
    replace_link,
    write_new,
)

NOTHING = (None, None, None, None)


def test_a_new_file_has_its_mode_and_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_new(str(path), b"content", attributes=Attributes(mode=0o640), label=no_label)
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"content", 0o640)


@pytest.mark.parametrize("kind", ["file", "link", "dangling link"])
def test_a_new_file_never_replaces_or_follows_what_is_there(tmp_path: Path, kind: str) -> None:
    path, other = tmp_path / "a", tmp_path / "other"
    if kind == "file":
        path.write_bytes(b"before")
    else:
        path.symlink_to(other)
    if kind == "link":
        other.write_bytes(b"other")
    with pytest.raises(FileExistsError):
        write_new(str(path), b"content", attributes=Attributes(), label=no_label)
    assert read_optional(str(other)) == (b"other" if kind == "link" else None)


def test_a_short_write_is_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, view: write(descriptor, view[:3]))
    write_new(str(tmp_path / "a"), b"0123456789", attributes=Attributes(), label=no_label)
    assert (tmp_path / "a").read_bytes() == b"0123456789"


def test_a_replaced_file_keeps_a_reader_of_the_old_one_whole(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    (tmp_path / "a.new").write_bytes(b"left by a killed run")
    with path.open("rb") as reader:
        replace_file(str(path), b"new", mode=0o644)
        assert reader.read() == b"old"
    assert (path.read_bytes(), path.stat().st_mode & 0o777, os.listdir(tmp_path)) == (b"new", 0o644, ["a"])


def test_a_link_is_replaced_by_one_rename_whatever_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"a file")
    (tmp_path / "a.certwright-new").symlink_to("left by a killed run")
    for target in ("x", "y"):
        replace_link(str(path), target)
        assert os.readlink(path) == target
    assert os.listdir(tmp_path) == ["a"]


@pytest.mark.parametrize("umask", [0, 0o077, 0o777])
def test_a_directory_has_its_mode_from_the_start(tmp_path: Path, umask: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "chmod", None)  # a kill could come before it
    before = os.umask(umask)
    try:
        make_directory(str(tmp_path / "a"))
    finally:
        assert os.umask(before) == umask
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o711


def test_a_directory_that_is_there_keeps_the_mode_that_an_operator_gave_it(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir(mode=0o750)
    make_directory(str(tmp_path / "a"))
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o750


def test_removing_what_is_not_there_is_no_fault(tmp_path: Path) -> None:
    remove_file(str(tmp_path / "a"))
    remove_tree(str(tmp_path / "a"))
    assert read_optional(str(tmp_path / "a")) is None


@pytest.mark.parametrize(
    ("owner", "group", "expected"),
    [(None, None, (-1, -1)), ("root", "root", (0, 0)), ("12345", "54321", (12345, 54321))],
    ids=["none declared", "names", "numbers"],
)
def test_owner_and_group_become_numbers(owner: str, group: str, expected: tuple[int, int]) -> None:
    attributes = load_attributes(owner=owner, group=group, mode="0640", context=NOTHING)
    assert (attributes.uid, attributes.gid, attributes.mode) == (*expected, 0o640)


@pytest.mark.parametrize(
    ("owner", "group", "message"),
    [("nobody-knows", None, "owner nobody-knows does not exist"), (None, "no-group", "group no-group does not exist")],
)
def test_an_unknown_owner_or_group_is_refused(owner: str, group: str, message: str) -> None:
    with pytest.raises(HostError, match=message):
        load_attributes(owner=owner, group=group, mode="0600", context=NOTHING)
