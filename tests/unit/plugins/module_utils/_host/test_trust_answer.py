# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A request about trust as the controller sends it, and the answer as it reads it."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.module_utils._host.files import HostError
from ansible_collections.certwright.tls.plugins.module_utils._host.trust_answer import answer_trust
from ansible_collections.certwright.tls.plugins.module_utils._host.trust_places import SystemStore, find_fingerprints
from ansible_collections.certwright.tls.tests.unit.plugins.module_utils._host.trust_host import TrustHost, stem_of


@pytest.fixture
def store(tmp_path: Path) -> SystemStore:
    return TrustHost(tmp_path).red_hat()


@pytest.fixture
def pem(make_leaf: Any) -> str:
    return str(make_leaf("root one").certificate.read_text(encoding="ascii"))


def ask(store: SystemStore, patience: float = 5, **words: Any) -> dict[str, Any]:
    request = {"action": "trust", "system": True, "java_stores": [], "asked": [], **words}
    answer = answer_trust(json.loads(json.dumps(request)), stores=(store,), patience=patience)
    assert answer == json.loads(json.dumps(answer))
    return answer


def change(pem: str) -> dict[str, Any]:
    return {"write": {stem_of(pem): pem}, "remove": [], "expected": list(find_fingerprints(pem.encode()))}


def test_a_look_changes_nothing_and_a_change_is_made_on_what_was_seen(store: SystemStore, pem: str) -> None:
    seen = ask(store)
    assert (seen["problems"], [place["placed"] for place in seen["places"]]) == ([], [{}])
    assert not os.path.exists(store.bundle)
    changes = {store.directory: change(pem)}
    late = ask(store, changes=changes, digest="of another look")
    assert (late["done"], late["outcomes"], late["digest"]) == (False, [], seen["digest"])
    done = ask(store, changes=changes, digest=seen["digest"])
    assert (done["done"], done["outcomes"]) == (
        True,
        [{"place": store.directory, "outcome": "applied", "message": ""}],
    )
    assert [place["placed"] for place in done["places"]] == [{stem_of(pem): pem}]
    assert done["digest"] == ask(store, asked=list(find_fingerprints(pem.encode())))["digest"] != seen["digest"]


def test_all_places_that_cannot_be_used_are_told_and_none_is_changed(store: SystemStore, pem: str) -> None:
    java = [{"path": f"/nowhere/{name}", "keytool": "", "passphrase": "x"} for name in ("a", "b")]
    seen = ask(store, java_stores=java)
    assert [(item["place"], item["code"]) for item in seen["problems"]] == [
        ("/nowhere/a", "java_store_missing"),
        ("/nowhere/b", "java_store_missing"),
    ]
    told = ask(store, java_stores=java, changes={store.directory: change(pem)}, digest=seen["digest"])
    assert (told["done"], os.listdir(store.directory)) == (False, [])


def test_a_host_without_any_known_place_is_told(store: SystemStore) -> None:
    os.rmdir(store.directory)
    assert [(item["place"], item["code"]) for item in ask(store)["problems"]] == [("system", "trust_store_missing")]


def test_another_run_is_waited_for_and_named(store: SystemStore, pem: str) -> None:
    seen = ask(store)
    other = os.open(store.directory, os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)
    try:
        with pytest.raises(HostError, match=r"locked by another run for 0\.2 s; wait for it"):
            ask(store, patience=0.2, changes={store.directory: change(pem)}, digest=seen["digest"])
    finally:
        os.close(other)
    assert ask(store, changes={store.directory: change(pem)}, digest=seen["digest"])["done"] is True


def test_what_failed_keeps_what_is_behind_it_from_being_touched(store: SystemStore, pem: str, tmp_path: Path) -> None:
    (tmp_path / "update-ca-trust").write_text("#!/bin/sh\nexit 1\n", encoding="ascii")
    keytool = tmp_path / "keytool"
    keytool.write_text(f'#!/bin/sh\necho "$1" >> {tmp_path}/asked\n', encoding="ascii")
    keytool.chmod(0o755)
    (tmp_path / "cacerts").touch()
    java = [{"path": str(tmp_path / "cacerts"), "keytool": str(keytool), "passphrase": "x"}]
    digest = ask(store, java_stores=java)["digest"]
    changes = {place: change(pem) for place in (store.directory, java[0]["path"])}
    answer = ask(store, java_stores=java, changes=changes, digest=digest)
    assert [item["outcome"] for item in answer["outcomes"]] == ["stranded"]
    assert set((tmp_path / "asked").read_text(encoding="ascii").split()) == {"-list"}
