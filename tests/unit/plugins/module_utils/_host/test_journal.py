# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ansible_collections.certwright.tls.plugins.module_utils._host.journal import (
    Attempt,
    Journal,
    read_journal,
    write_journal,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.placements import Placement
from ansible_collections.certwright.tls.plugins.module_utils._host.probe import ProbeTarget
from ansible_collections.certwright.tls.plugins.module_utils._host.request import FileSpec, Service
from ansible_collections.certwright.tls.plugins.module_utils._host.store import Store, create_store

SPEC = FileSpec("a.pem", ("leaf", "key"), path="/a")
SERVICE = Service("custom", files=(SPEC,), reload=("true",), probes=(ProbeTarget(443, starttls="smtp"),))


def attempt(name: str) -> Attempt:
    placement = Placement("/a", "/live/a", False, "kept", kept="/a.before-certwright", spec=SPEC)
    return Attempt(name, None, 1, (SERVICE,), (placement,), put_back=True, answered={"443 - - smtp": "ab"})


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(str(tmp_path / "store"))
    create_store(made)
    return made


def test_a_journal_comes_back_as_it_was_written(store: Store) -> None:
    assert read_journal(store) is None
    journal = Journal("run", "2026-11-21T22:00:00Z", (attempt("a"), attempt("b").failed("refused")))
    write_journal(store, journal)
    assert read_journal(store) == journal
    assert os.stat(store.journal).st_mode & 0o777 == 0o600


def test_an_empty_journal_is_no_journal(store: Store) -> None:
    journal = Journal("run", "2026-11-21T22:00:00Z", (attempt("a"),))
    write_journal(store, journal)
    write_journal(store, journal.without({"a"}))
    assert not os.path.exists(store.journal)
    write_journal(store, journal.without({"a"}))


def test_a_marked_attempt_takes_the_place_of_the_one_with_its_name() -> None:
    journal = Journal("run", "", (attempt("a"), attempt("b")))
    changed = journal.with_attempts((attempt("b").failed("x"), attempt("unknown")))
    assert [(item.certificate, item.failure) for item in changed.attempts] == [("a", ""), ("b", "x")]


def test_a_journal_holds_no_key(store: Store) -> None:
    write_journal(store, Journal("run", "", (attempt("a"),)))
    text = Path(store.journal).read_text(encoding="ascii")
    assert "PRIVATE" not in text
    assert set(json.loads(text)) == {"run", "started", "attempts"}
