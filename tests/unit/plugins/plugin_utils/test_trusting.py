# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A task about trust from its words to its result, against a host that keeps what it is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.modules.trust_store import ARGUMENT_SPEC, CONSTRAINTS
from ansible_collections.certwright.tls.plugins.plugin_utils._arguments import read_arguments
from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import load_certificates
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError, TlsError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.trust_plan import name_stem
from ansible_collections.certwright.tls.plugins.plugin_utils._remote import Host
from ansible_collections.certwright.tls.plugins.plugin_utils._trusting import keep_trust, read_trust
from ansible_collections.certwright.tls.tests.unit.authority import NOW, ca
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils.test_remote import Action

ROOT, NEXT = ca("Root"), ca("Next")
OLD, NEW = (load_certificates(item.pem, "ca")[0] for item in (ROOT, NEXT))
SECRET = "correct horse battery staple"
DIRECTORY = "/anchors"


class Machine:
    """Ansible's border: places with what is in them. `ends` are outcomes by place, `busy` how often it was changed."""

    def __init__(self, *, busy: int = 0, problems: tuple[dict[str, str], ...] = (), **ends: dict[str, str]) -> None:
        self.placed: dict[str, dict[str, str]] = {}
        self.foreign: set[str] = set()
        self.busy, self.problems, self.ends = busy, problems, ends
        self.asked: list[dict[str, Any]] = []

    def _execute_module(self, *, module_args: dict[str, str], **_rest: Any) -> dict[str, str]:
        request = json.loads(module_args["request"])
        self.asked.append(request)
        outcomes = []
        self.busy -= 1 if self.busy and "changes" in request else 0
        done = "changes" in request and request["digest"] == self.digest
        if done:
            outcomes = [self._end(place, change) for place, change in request["changes"].items()]
        return {"answer": json.dumps({**self._look(request), "done": done, "outcomes": outcomes})}

    @property
    def digest(self) -> str:
        return f"{self.busy}{sorted(self.placed)}"

    def _end(self, place: str, change: dict[str, Any]) -> dict[str, str]:
        end = self.ends.get(place.strip("/"), {"outcome": "applied", "message": ""})
        if end["outcome"] == "applied":
            kept = {stem: text for stem, text in self.placed.get(place, {}).items() if stem not in change["remove"]}
            self.placed[place] = {**kept, **change["write"]}
        return {"place": place, **end}

    def _look(self, request: dict[str, Any]) -> dict[str, Any]:
        names = [*([DIRECTORY] if request["system"] else []), *(store["path"] for store in request["java_stores"])]
        places = []
        for name in names:
            placed = self.placed.get(name, {})
            held = {load_certificates(text.encode(), "ca")[0].fingerprint for text in placed.values()}
            held |= self.foreign & set(request["asked"])
            kind = "system" if name == DIRECTORY else "java"
            words = {"place": name, "kind": kind, "bundle": f"{name}/bundle", "placed": placed, "held": sorted(held)}
            places.append({**words, "is_unfinished": False})
        return {"places": places, "problems": list(self.problems), "digest": self.digest}


def read(tmp_path: Path, **words: Any) -> Any:
    arguments, _warnings = read_arguments(words, spec=ARGUMENT_SPEC, constraints=CONSTRAINTS)
    return read_trust(Action(play=tmp_path), arguments, now=NOW)


def keep(machine: Machine, tmp_path: Path, *, check_mode: bool = False, **words: Any) -> dict[str, Any]:
    host = Host(machine, {}, None, run="job 7", limits={})  # type: ignore[arg-type]
    result = keep_trust(host, read(tmp_path, **words), check_mode=check_mode)
    assert result == json.loads(json.dumps(result))
    assert SECRET not in json.dumps(result)
    return result


def codes(result: dict[str, Any], word: str = "reasons") -> list[str]:
    return [item["code"] for item in result.get(word, ())]


def test_the_whole_life_each_step_also_in_check_mode_and_again(tmp_path: Path) -> None:
    machine = Machine()
    steps: list[tuple[dict[str, Any], list[str], list[str]]] = [
        ({"certificates": [OLD.pem]}, ["trust_added"], [OLD.pem]),
        ({"certificates": [OLD.pem, NEW.pem]}, ["trust_added"], [OLD.pem, NEW.pem]),
        ({"certificates": [NEW.pem], "purge": False}, [], [OLD.pem, NEW.pem]),
        ({"certificates": [NEW.pem]}, ["trust_removed"], [NEW.pem]),
        ({"state": "absent"}, ["trust_removed"], []),
    ]
    for words, reasons, placed in steps:
        before = dict(machine.placed)
        foretold = keep(machine, tmp_path, check_mode=True, **words)
        assert (machine.placed, codes(foretold), foretold["changed"]) == (before, reasons, bool(reasons))
        done = keep(machine, tmp_path, **words)
        assert {word: done[word] for word in ("changed", "reasons", "diff")} == {
            word: foretold[word] for word in ("changed", "reasons", "diff")
        }
        assert sorted(machine.placed[DIRECTORY].values()) == sorted(placed)
        asked = len(machine.asked)
        again = keep(machine, tmp_path, **words)
        assert (again["changed"], again["reasons"], again["diff"], len(machine.asked) - asked) == (False, [], [], 1)


def test_the_result_shows_what_is_trusted_and_where(tmp_path: Path) -> None:
    stores = [{"path": "/jdk/cacerts", "passphrase": SECRET, "keytool": "/jdk/keytool"}, {"path": "/other"}]
    machine = Machine()
    result = keep(machine, tmp_path, certificates=[OLD.pem], java_stores=stores)
    assert result["certificates"] == [
        {"subject": "CN=Root", "fingerprint": OLD.fingerprint, "not_after": "2036-11-18T22:00:00Z"}
    ]
    assert [(place["place"], place["kind"]) for place in result["places"]] == [
        (DIRECTORY, "system"),
        ("/jdk/cacerts", "java"),
        ("/other", "java"),
    ]
    assert [(reason["place"], reason["code"]) for reason in result["reasons"]] == [
        (place["place"], "trust_added") for place in result["places"]
    ]
    assert machine.asked[0]["java_stores"] == [
        {"path": "/jdk/cacerts", "keytool": "/jdk/keytool", "passphrase": SECRET},
        {"path": "/other", "keytool": "", "passphrase": "changeit"},
    ]
    assert set(machine.placed["/other"]) == {name_stem(OLD)}


def test_files_are_read_on_the_controller_and_secrets_too(tmp_path: Path) -> None:
    (tmp_path / "root.pem").write_bytes(ROOT.pem + NEXT.pem)
    (tmp_path / "secret").write_text(f"{SECRET}\n", encoding="utf-8")
    store = {"path": "/jdk/cacerts", "passphrase_src": str(tmp_path / "secret")}
    task = read(tmp_path, certificates_src=[str(tmp_path / "root.pem")], java_stores=[store], system=False)
    assert (task.wanted, task.is_system, task.java_stores[0]["passphrase"]) == ((OLD, NEW), False, SECRET)
    assert SECRET not in repr(task)


@pytest.mark.parametrize(
    ("words", "problems"),
    [
        pytest.param({}, [("certificates", "trust_empty")], id="nothing listed"),
        pytest.param({"purge": False}, [("certificates", "trust_empty")], id="nothing listed and nothing purged"),
        pytest.param(
            {"state": "absent", "certificates": [OLD.pem]}, [("state", "material_ambiguous")], id="absent with a list"
        ),
        pytest.param(
            {"certificates_src": ["/nowhere/root.pem"]}, [("certificates_src", "file_unreadable")], id="no such file"
        ),
        pytest.param({"state": "absent", "system": False}, [("system", "material_missing")], id="no place"),
        pytest.param(
            {"certificates": ["x"], "java_stores": [{"path": "cacerts"}, {"path": "/a"}, {"path": "/a"}]},
            [("cacerts", "java_store_missing"), ("/a", "name_used_twice"), ("certificates[0]", "not_pem")],
            id="stores and certificates",
        ),
        pytest.param(
            {"certificates": [OLD.pem], "java_stores": [{"path": "/a", "passphrase_src": "/nowhere/x"}]},
            [("/a", "file_unreadable")],
            id="no such passphrase",
        ),
    ],
)
def test_what_is_wrong_is_told_before_the_host_is_asked(
    tmp_path: Path, words: dict[str, Any], problems: list[tuple[str, str]]
) -> None:
    with pytest.raises(RefusedError) as refused:
        read(tmp_path, **words)
    assert [(problem.certificate, problem.code) for problem in refused.value.problems] == problems


def test_places_that_cannot_be_used_refuse_the_task_and_nothing_is_changed(tmp_path: Path) -> None:
    problem = {"place": "/jdk/cacerts", "code": "keytool_missing", "message": "is not on this host; say `keytool`"}
    machine = Machine(problems=(problem,))
    with pytest.raises(RefusedError, match="/jdk/cacerts: is not on this host"):
        keep(machine, tmp_path, certificates=[OLD.pem])
    assert (len(machine.asked), machine.placed) == (1, {})


@pytest.mark.parametrize(
    ("outcome", "code"), [("put_back", "trust_put_back"), ("stranded", "trust_stranded")], ids=["back", "stranded"]
)
def test_what_failed_is_told_beside_what_was_done(tmp_path: Path, outcome: str, code: str) -> None:
    machine = Machine(jdk={"outcome": outcome, "message": "The disk is full"})
    result = keep(machine, tmp_path, certificates=[OLD.pem], java_stores=[{"path": "/jdk"}])
    assert (result["changed"], result["failed"]) == (True, True)
    assert (codes(result, "problems"), result["msg"]) == ([code], "/jdk: The disk is full")
    assert [item["before_header"] for item in result["diff"]] == [DIRECTORY]
    alone = keep(machine, tmp_path, certificates=[OLD.pem], java_stores=[{"path": "/jdk"}], system=False)
    assert (alone["changed"], alone["diff"]) == (False, [])


@pytest.mark.parametrize("busy", [1, 2], ids=["once", "twice"])
def test_somebody_quicker_is_planned_around(tmp_path: Path, busy: int) -> None:
    machine = Machine(busy=busy)
    result = keep(machine, tmp_path, certificates=[OLD.pem])
    assert (result["changed"], list(machine.placed[DIRECTORY])) == (True, [name_stem(OLD)])
    assert len(machine.asked) == busy + 2


def test_somebody_who_is_always_quicker_ends_it(tmp_path: Path) -> None:
    machine = Machine(busy=3)
    with pytest.raises(TlsError, match="changed 3 times between looking and acting; another run"):
        keep(machine, tmp_path, certificates=[OLD.pem])
    assert machine.placed == {}


def test_what_stays_trusted_and_what_is_no_root_are_warned_of(tmp_path: Path) -> None:
    machine = Machine()
    keep(machine, tmp_path, certificates=[OLD.pem])
    machine.foreign = {OLD.fingerprint}
    below = ROOT.authority()
    result = keep(machine, tmp_path, certificates=[below.pem.decode()])
    assert [warning.rpartition(" ")[2] for warning in result["warnings"]] == ["(anchor_not_root)", "(still_trusted)"]
