# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.certwright.tls.plugins.module_utils._host.files import HostError, no_label
from ansible_collections.certwright.tls.plugins.module_utils._host.placements import (
    Placement,
    find_placement_problems,
    keep_displaced,
    place,
    plan_placements,
    put_back_placement,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.request import FileSpec, Service
from ansible_collections.certwright.tls.plugins.module_utils._host.store import Store
from ansible_collections.certwright.tls.tests.unit.watch import Watch


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """With the live file that foreign paths lead to."""
    live = tmp_path / "store" / "live" / "site" / "custom"
    live.mkdir(parents=True)
    (live / "a.pem").write_text("ours", encoding="ascii")
    return Store(str(tmp_path / "store"))


def plan(store: Store, path: Path, *, in_place: bool = False, replace_link: bool = False) -> Placement:
    spec = FileSpec("a.pem", ("leaf",), path=str(path), in_place=in_place, replace_link=replace_link)
    (placement,) = plan_placements(store, "site", (Service("custom", files=(spec,)),))
    return placement


def make(path: Path, kind: str, store: Store) -> None:
    if kind == "file":
        path.write_text("foreign", encoding="ascii")
    if kind == "copy":
        path.write_text("ours", encoding="ascii")
    if kind == "link":
        path.symlink_to("/elsewhere")
    if kind == "our link":
        path.symlink_to(store.live_file("site", "custom", "a.pem"))
    if kind == "directory":
        path.mkdir()
    if kind == "fifo":
        os.mkfifo(path)


@pytest.mark.parametrize(
    ("kind", "in_place", "replace_link", "before"),
    [
        ("nothing", False, False, "missing"),
        ("file", False, False, "kept"),
        ("copy", False, False, "kept"),
        ("our link", False, False, "ours"),
        ("link", False, True, "kept"),
        ("nothing", True, False, "missing"),
        ("file", True, False, "kept"),
        ("copy", True, False, "ours"),
    ],
)
def test_what_stands_at_a_path_is_known_before(
    store: Store, tmp_path: Path, *, kind: str, in_place: bool, replace_link: bool, before: str
) -> None:
    make(tmp_path / "a", kind, store)
    placement = plan(store, tmp_path / "a", in_place=in_place, replace_link=replace_link)
    assert placement.before == before
    assert placement.kept == (str(tmp_path / "a.before-certwright") if before == "kept" else "")
    assert Placement.from_json(placement.to_json()) == placement


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("link", "is a link to /elsewhere, made by somebody else; set `replace_link: true`"),
        ("directory", "directory"),
        ("fifo", "is neither a file nor a link; change the `path` of a.pem"),
    ],
)
def test_what_is_no_file_and_no_link_of_ours_is_refused(store: Store, tmp_path: Path, kind: str, message: str) -> None:
    make(tmp_path / "a", kind, store)
    with pytest.raises(HostError, match=message):
        plan(store, tmp_path / "a")


def test_a_path_in_no_directory_is_refused(store: Store, tmp_path: Path) -> None:
    spec = FileSpec("a.pem", ("leaf",), path=str(tmp_path / "none" / "a"))
    (problem,) = find_placement_problems(store, "site", (Service("custom", files=(spec,)),))
    assert f"The directory of {tmp_path}/none/a does not exist" in problem


@pytest.mark.parametrize("inside", ["a.pem", "live/site/custom/a.pem", "live/site/custom/other.pem"])
def test_a_path_inside_the_store_is_refused(store: Store, tmp_path: Path, inside: str) -> None:
    (tmp_path / "alias").symlink_to(store.path)
    for way in ("store", "alias"):
        with pytest.raises(HostError, match="is inside the store; a configuration can name it as it is"):
            plan(store, tmp_path / way / inside)


def test_a_path_beside_a_store_of_a_similar_name_is_taken(store: Store, tmp_path: Path) -> None:
    (tmp_path / "store-old").mkdir()
    assert plan(store, tmp_path / "store-old" / "a").before == "missing"


@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize("kind", ["nothing", "file", "link"])
def test_placing_and_putting_back_can_be_repeated_and_lose_nothing(
    store: Store, tmp_path: Path, kind: str, in_place: bool
) -> None:
    path, kept = tmp_path / "a", tmp_path / "a.before-certwright"
    make(path, kind, store)
    before = describe(path)
    placement = plan(store, path, in_place=in_place, replace_link=True)
    for _time in range(2):
        place(placement, label=no_label)
        assert (path.read_text(encoding="ascii"), path.is_symlink()) == ("ours", not in_place)
        assert describe(kept) == before
    for _time in range(2):
        put_back_placement(placement, label=no_label)
        assert (describe(path), describe(kept)) == (before, None)


def describe(path: Path) -> object:
    if path.is_symlink():
        return os.readlink(path)
    return path.read_bytes() if path.exists() else None


def test_what_is_kept_but_not_replaced_yet_leaves_no_second_name(store: Store, tmp_path: Path) -> None:
    make(tmp_path / "a", "file", store)
    placement = plan(store, tmp_path / "a")
    keep_displaced(placement)
    put_back_placement(placement, label=no_label)
    assert sorted(os.listdir(tmp_path)) == ["a", "store"]


@pytest.mark.parametrize("in_place", [False, True])
def test_what_a_killed_run_left_half_made_is_removed_by_putting_back(
    store: Store, tmp_path: Path, in_place: bool
) -> None:
    placement = plan(store, tmp_path / "a", in_place=in_place)
    (tmp_path / "a.certwright-new").write_text("half a k", encoding="ascii")
    put_back_placement(placement, label=no_label)
    assert os.listdir(tmp_path) == ["store"]


@pytest.mark.parametrize("in_place", [False, True])
def test_what_somebody_made_meanwhile_is_not_removed(store: Store, tmp_path: Path, in_place: bool) -> None:
    placement = plan(store, tmp_path / "a", in_place=in_place)
    make(tmp_path / "a", "file", store)
    put_back_placement(placement, label=no_label)
    assert (tmp_path / "a").read_text(encoding="ascii") == "foreign"


def test_what_was_kept_earlier_is_not_overwritten(store: Store, tmp_path: Path) -> None:
    make(tmp_path / "a", "file", store)
    (tmp_path / "a.before-certwright").write_text("earlier", encoding="ascii")
    placement = plan(store, tmp_path / "a")
    place(placement, label=no_label)
    assert (tmp_path / "a.before-certwright").read_text(encoding="ascii") == "earlier"
    assert (tmp_path / "a.before-certwright.2").read_text(encoding="ascii") == "foreign"


@pytest.mark.parametrize("in_place", [False, True], ids=["link", "in place"])
@pytest.mark.parametrize("kind", ["nothing", "file", "link"])
def test_what_somebody_put_over_ours_is_neither_replaced_nor_put_back_over(
    store: Store, tmp_path: Path, kind: str, in_place: bool
) -> None:
    path = tmp_path / "a"
    make(path, kind, store)
    placement = plan(store, path, in_place=in_place, replace_link=True)
    place(placement, label=no_label)
    path.unlink()
    path.write_text("theirs", encoding="ascii")
    with pytest.raises(HostError, match="was changed by somebody else meanwhile; it was left alone"):
        place(placement, label=no_label)
    put_back_placement(placement, label=no_label)
    assert (path.is_symlink(), path.read_text(encoding="ascii")) == (False, "theirs")
    assert os.path.lexists(tmp_path / "a.before-certwright") == (kind != "nothing")


@pytest.mark.parametrize("in_place", [False, True], ids=["a link", "a copy"])
def test_who_watches_the_directory_hears_of_every_switch(store: Store, tmp_path: Path, in_place: bool) -> None:
    """Also when the path itself stays as it is, since only the live link elsewhere was turned."""
    path = tmp_path / "a.pem"
    place(plan(store, path, in_place=in_place), label=no_label)
    before = path.lstat().st_mtime_ns
    with Watch(tmp_path) as watch:
        place(plan(store, path, in_place=in_place), label=no_label)
        assert "a.pem" in watch.find_changed()
        put_back_placement(plan(store, path, in_place=in_place), label=no_label)
        assert "a.pem" in watch.find_changed()
    assert in_place or path.lstat().st_mtime_ns == before


def test_a_path_that_takes_no_time_is_placed_all_the_same(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_words: object, **_options: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "utime", refuse)
    place(plan(store, tmp_path / "a.pem"), label=no_label)
    assert (tmp_path / "a.pem").read_text(encoding="ascii") == "ours"
