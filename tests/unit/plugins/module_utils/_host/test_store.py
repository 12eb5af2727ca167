# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ansible_collections.certwright.tls.plugins.module_utils._host.files import HostError
from ansible_collections.certwright.tls.plugins.module_utils._host.store import (
    Store,
    canonical,
    complete_generations,
    create_store,
    digest_of,
    hide_from_versioning,
    live_generation,
    next_generation,
    point_live,
    prune,
    read_document,
    remove_generation,
    stored_certificates,
    write_document,
)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(str(tmp_path / "store"))
    create_store(made)
    return made


def add(store: Store, *numbers: int, complete: bool = True) -> None:
    for number in numbers:
        os.makedirs(store.generation("site", number))
        if complete:
            write_document(os.path.join(store.generation("site", number), "manifest.json"), {})


def test_a_store_can_be_passed_but_not_listed_and_hides_from_versioning(store: Store) -> None:
    create_store(store)
    hide_from_versioning(store)
    modes = [os.stat(os.path.join(store.path, name)).st_mode & 0o777 for name in ("", "certificates", "live")]
    assert modes == [0o711, 0o711, 0o711]
    assert Path(store.path, ".gitignore").read_text(encoding="ascii") == "*\n"


def test_a_store_that_cannot_be_created_says_so(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file", encoding="ascii")
    with pytest.raises(HostError, match="cannot be created: Not a directory; run with `become` or set `store_path`"):
        create_store(Store(str(tmp_path / "store")))


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("../certificates/site/000007", 7),
        ("../certificates/other/000007", None),
        ("/certificates/site/000007", None),
        ("../certificates/site/latest", None),
    ],
)
def test_only_a_link_to_a_generation_of_its_own_is_live(store: Store, target: str, expected: int) -> None:
    os.symlink(target, store.live("site"))
    assert live_generation(store, "site") == expected


def test_the_live_link_is_switched_and_removed(store: Store) -> None:
    assert live_generation(store, "site") is None
    for number in (1, 2, None):
        point_live(store, "site", number)
        assert live_generation(store, "site") == number
    assert os.listdir(store.live_directory) == []


def test_numbers_go_on_after_the_highest_even_when_it_is_incomplete(store: Store) -> None:
    assert next_generation(store, "site") == 1
    add(store, 1, 2)
    add(store, 3, complete=False)
    assert (next_generation(store, "site"), complete_generations(store, "site")) == (4, (1, 2))


def test_the_number_of_a_live_generation_that_was_deleted_by_hand_is_not_used_again(store: Store) -> None:
    add(store, 1)
    point_live(store, "site", 2)
    assert next_generation(store, "site") == 3


@pytest.mark.parametrize(
    ("keep", "live", "left"),
    [
        (3, 6, (3, 4, 5, 6)),
        (1, 5, (4, 5, 6)),
        (0, 6, (6,)),
        (0, 2, (2, 3, 4, 5, 6)),
        (9, 6, (1, 2, 3, 4, 5, 6)),
        (0, None, (1, 2, 3, 4, 5, 6)),
    ],
)
def test_pruning_spares_the_live_one_so_many_before_and_what_waits(
    store: Store, keep: int, live: int | None, left: tuple[int, ...]
) -> None:
    add(store, 1, 2, 3, 4, 5, 6)
    add(store, 7, complete=False)
    point_live(store, "site", live)
    prune(store, "site", keep=keep)
    assert complete_generations(store, "site") == left
    assert not os.path.exists(store.generation("site", 7))


def test_a_generation_is_incomplete_before_its_first_file_is_removed(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(store, 1)
    order: list[str] = []
    unlink = os.unlink

    def watched(path: str, **options: int) -> None:
        order.append(os.path.basename(path))
        unlink(path, **options)

    Path(store.generation("site", 1), "a.pem").write_text("a", encoding="ascii")
    monkeypatch.setattr(os, "unlink", watched)
    remove_generation(store, "site", 1)
    assert order == ["manifest.json", "a.pem"]


def test_the_stored_certificates_are_listed(store: Store, tmp_path: Path) -> None:
    add(store, 1)
    assert stored_certificates(store) == ("site",)
    assert stored_certificates(Store(str(tmp_path / "none"))) == ()


@pytest.mark.parametrize("content", ["", "{", "[]", "\x00"])
def test_a_damaged_document_is_named_and_never_guessed_at(tmp_path: Path, content: str) -> None:
    (tmp_path / "d.json").write_text(content, encoding="ascii")
    with pytest.raises(HostError, match=r"d\.json is damaged"):
        read_document(str(tmp_path / "d.json"))


def test_a_document_comes_back_and_is_private(tmp_path: Path) -> None:
    write_document(str(tmp_path / "d.json"), {"b": 1, "a": [2]})
    assert read_document(str(tmp_path / "d.json")) == {"a": [2], "b": 1}
    assert (tmp_path / "d.json").stat().st_mode & 0o777 == 0o600


def test_a_digest_does_not_depend_on_the_order_of_words() -> None:
    assert digest_of({"a": 1, "b": 2}) == digest_of({"b": 2, "a": 1}) != digest_of({"a": 2, "b": 1})
    assert json.loads(canonical({"a": 1})) == {"a": 1}
