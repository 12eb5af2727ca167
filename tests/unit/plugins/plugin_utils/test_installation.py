# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A task from its words to its result, against a host that says of each certificate what the test has it hold."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._collected import REFUSE_ALL, SKIP
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._installation import (
    Task,
    install,
    read_task,
    report_task,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._remote import Host
from ansible_collections.certwright.tls.tests.unit.authority import NOW, Issued, ca
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.requests_of_hosts import (
    KEY_DIGEST,
    issuance_of,
    request_of,
)
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.test_host_source import answer_of
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils.test_remote import Action

ROOT = ca()
LEAVES = {name: ROOT.issue(name) for name in ("system", "a.example", "b.example")}
SECRET = "correct horse battery staple"
EMPTY: dict[str, Any] = {"digest": "d", "live": None, "pending": None, "stored": [], "paths": []}
NAMED = {"present": True, "named": ["nginx names x"], "unasked": [], "lacking": []}
LACKING = {**NAMED, "lacking": ["nginx/fullchain.pem", "nginx/privkey.pem"]}
JOURNAL = {"run": "job 6", "started": "2026-11-21T21:00:00Z"}


class Machine:
    """Ansible's border: a host that holds `held` by certificate, does what it is told, and remembers what it was."""

    def __init__(self, held: dict[str, dict[str, Any]] | None = None, **answer: Any) -> None:
        self.held, self.answer = held or {}, answer
        self.asked: list[dict[str, Any]] = []

    def _execute_module(self, *, module_args: dict[str, str], **_rest: Any) -> dict[str, str]:
        self.asked.append(json.loads(module_args["request"]))
        return {"answer": json.dumps(getattr(self, f"_{self.asked[-1]['action']}")(self.asked[-1]["certificates"]))}

    def _observe(self, certificates: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "journal": None,
            "certificates": {item["name"]: {**EMPTY, **self.held.get(item["name"], {})} for item in certificates},
            "services": {},
            "stored": sorted(self.held),
            "store": "/store",
            "time": NOW.timestamp(),
            **self.answer,
        }

    def _apply(self, certificates: list[dict[str, Any]]) -> dict[str, Any]:
        self.answer["journal"] = None
        return {"changed_underneath": False, "outcomes": [self._end(item) for item in certificates]}

    @staticmethod
    def _end(item: dict[str, Any]) -> dict[str, Any]:
        word = "removed" if item.get("remove") else "adopted" if item.get("adopt") else "activated"
        outcome = {
            "certificate": item["name"],
            "outcome": word if item["activate"] or word != "activated" else "staged",
        }
        return {**outcome, "generation": 1, "previous": None, "message": "", "step": "", "services": [], "notices": []}

    def told(self, name: str) -> dict[str, Any]:
        """What it was told to do with a certificate, at last."""
        return next(item for item in self.asked[-1]["certificates"] if item["name"] == name)


def words_of(name: str, issued: Issued | None = None, **words: Any) -> tuple[str, dict[str, Any]]:
    """A domain with its material as text."""
    issued = issued or LEAVES[name]
    material = {
        "certificate_content": issued.pem.decode(),
        "private_key_content": issued.key_pem.decode(),
        "ca_content": issued.ca_pem.decode(),
    }
    return bare(name, **{"external_url": name, "services": ["nginx"], **material, **words})


def bare(name: str, **words: Any) -> tuple[str, dict[str, Any]]:
    return name, {"state": "present", "other_urls": [], "accept": [], "services": [], "remote_src": False, **words}


SYSTEM = words_of("system")
A, B = words_of("a.example"), words_of("b.example")
A_GOES = bare("a.example", state="absent")
WRONG = words_of("b.example", LEAVES["a.example"])
PATHS = {"certificate_src": "/a.pem", "private_key_src": "/a.key"}
ON_HOST = bare("a.example", external_url="a.example", remote_src=True, private_key_passphrase=SECRET, **PATHS)
SIGNED = {"certificate_content": LEAVES["a.example"].pem.decode(), "ca_content": LEAVES["a.example"].ca_pem.decode()}
REQUESTED = bare("a.example", external_url="a.example", services=["nginx"], private_key_requested=True, **SIGNED)
WAITING = issuance_of(request_of("a.example", key=LEAVES["a.example"].key))
ADOPTED = bare("a.example", state="adopted", external_url="a.example", certificate_src="/a.pem", services=["nginx"])


def task_of(*entries: tuple[str, dict[str, Any]], on_problem: str = REFUSE_ALL, stage_only: bool = False) -> Task:
    return read_task(Action(), entries, stage_only=stage_only, on_problem=on_problem, now=NOW)


def result_of(machine: Machine, task: Task, *, check_mode: bool = False) -> dict[str, Any]:
    host = Host(machine, {}, None, run="job 7", limits={})  # type: ignore[arg-type]
    ended = install(host, task, now=NOW, check_mode=check_mode)
    return report_task(task, ended, now=NOW, check_mode=check_mode)


def outcomes_of(result: dict[str, Any]) -> dict[str, str]:
    return {name: outcome["outcome"] for name, outcome in result["outcomes"].items()}


def codes_of(result: dict[str, Any]) -> list[tuple[str, str]]:
    return [(item["certificate"], item["code"]) for item in result.get("problems", [])]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        pytest.param(A, "Supplied", id="supplied"),
        pytest.param(ON_HOST, "OnHost", id="on the host"),
        pytest.param(REQUESTED, "Requested", id="signed for a request of the host"),
        pytest.param(ADOPTED, "Adopted", id="adopted"),
        pytest.param(
            bare("a.example", state="adopted", external_url="a.example"), "Adopted", id="adopted from anywhere"
        ),
        pytest.param(A_GOES, "Gone", id="absent"),
        pytest.param(bare("a.example"), "Gone", id="without a name and material"),
    ],
)
def test_what_is_wished_for(entry: tuple[str, dict[str, Any]], expected: str) -> None:
    assert [expected] == [wish.__class__.__name__ for wish in task_of(entry).wishes]


@pytest.mark.parametrize(
    ("entries", "wished", "problems"),
    [
        pytest.param([A, B], ["a.example", "b.example"], [], id="both sound"),
        pytest.param([A, WRONG], ["a.example"], [("b.example", "name_missing")], id="one is refused"),
        pytest.param([WRONG, A], ["a.example"], [("b.example", "name_missing")], id="the first is refused"),
        pytest.param(
            [A, B, A], ["b.example"], [("a.example", "name_used_twice")], id="said twice: neither can be meant"
        ),
        pytest.param([A, A_GOES], [], [("a.example", "name_used_twice")], id="to come and to go"),
        pytest.param([A_GOES, A], [], [("a.example", "name_used_twice")], id="to go and to come"),
        pytest.param(
            [A, words_of("A.Example", LEAVES["a.example"])],
            [],
            [("a.example", "name_used_twice")],
            id="said twice in two spellings",
        ),
        pytest.param(
            [bare("A.example", ca_src="x"), A],
            [],
            [("a.example", "external_url_missing"), ("a.example", "name_used_twice")],
            id="said twice, and wrong at first",
        ),
        pytest.param(
            [A, A, A], [], [("a.example", "name_used_twice")] * 2, id="three times: what was refused stays refused"
        ),
        pytest.param([bare("../x", state="absent")], [], [("../x", "name_invalid")], id="a name that leads elsewhere"),
    ],
)
def test_each_is_refused_by_itself(
    entries: list[tuple[str, dict[str, Any]]], wished: list[str], problems: list[tuple[str, str]]
) -> None:
    task = task_of(*entries, on_problem=SKIP)

    assert wished == [wish.name for wish in task.wishes]
    assert problems == [(problem.certificate, problem.code) for problem in task.problems]
    assert sorted({name for name, _code in problems}) == sorted(plan.certificate for plan in task.refused)


def test_one_problem_refuses_all_before_anybody_looks_at_the_host() -> None:
    with pytest.raises(RefusedError) as refused:
        task_of(A, WRONG, bare("system"))
    assert [(problem.certificate, problem.code) for problem in refused.value.problems] == [
        ("b.example", "name_missing"),
        ("system", "external_url_missing"),
    ]


@pytest.mark.parametrize(
    ("machine", "entries", "check_mode", "told"),
    [
        pytest.param(
            Machine(),
            [SYSTEM, A],
            False,
            [("system", "activated", True, False), ("a.example", "activated", True, False)],
            id="two come",
        ),
        pytest.param(Machine(), [A], True, [("a.example", "planned", True, True)], id="one would come"),
        pytest.param(
            Machine({"a.example": {"removal": {**NAMED, "named": []}}}),
            [A_GOES],
            False,
            [("a.example", "removed", True, False)],
            id="one goes",
        ),
        pytest.param(
            Machine({"a.example": {"removal": NAMED}}),
            [A_GOES],
            False,
            [("a.example", "disabled_fallback", True, False)],
            id="one falls back",
        ),
        pytest.param(
            Machine(), [bare("a.example")], False, [("a.example", "unchanged", False, False)], id="none to go"
        ),
        pytest.param(
            Machine({"a.example": {"source": answer_of(LEAVES["a.example"])}}),
            [ON_HOST],
            False,
            [("a.example", "activated", True, False)],
            id="one from the host's own files",
        ),
        pytest.param(
            Machine({"a.example": {"issuance": WAITING}}),
            [REQUESTED],
            False,
            [("a.example", "activated", True, False)],
            id="one that was signed for the host's request",
        ),
        pytest.param(
            Machine(
                {
                    "a.example": {
                        "candidates": [
                            {"path": "/a.pem", "state": "file", "certificate": LEAVES["a.example"].pem.decode()}
                        ]
                    }
                }
            ),
            [ADOPTED],
            False,
            [("a.example", "adopted", True, False)],
            id="one stays where it is",
        ),
    ],
)
def test_how_a_task_ends(
    machine: Machine, entries: list[tuple[str, dict[str, Any]]], check_mode: bool, told: list[tuple[object, ...]]
) -> None:
    result = result_of(machine, task_of(*entries), check_mode=check_mode)

    assert told == [
        (name, item["outcome"], item["changed"], item["pending"]) for name, item in result["outcomes"].items()
    ]
    changed = [str(name) for name, _outcome, is_changed, _pending in told if is_changed]
    assert (bool(changed), len(changed)) == (result["changed"], len(result["diff"]))
    assert [True] * len(changed) == [
        item["before_header"].startswith(name) for item, name in zip(result["diff"], changed, strict=True)
    ]
    assert result == json.loads(json.dumps(result))


LIVE_B = {
    "generation": 1,
    "record": {"certificate": {"not_after": "2036-01-01T00:00:00Z"}, "fingerprint": "5d" * 32},
    "activation": {},
    "drift": [],
}
HOLDS_B = {"b.example": {"live": LIVE_B}}


@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize(
    ("on_problem", "outcome", "executions"),
    [pytest.param(REFUSE_ALL, "held_back", 1, id="refuse all"), pytest.param(SKIP, "activated", 2, id="skip")],
)
def test_what_only_the_host_can_refuse_holds_the_others_back_or_does_not(
    *, on_problem: str, outcome: str, executions: int, check_mode: bool
) -> None:
    machine = Machine(HOLDS_B)
    result = result_of(machine, task_of(A, B, on_problem=on_problem), check_mode=check_mode)

    expected = "planned" if check_mode and outcome == "activated" else outcome
    assert {"a.example": expected, "b.example": "refused"} == outcomes_of(result)
    assert (codes_of(result), result["failed"]) == ([("b.example", "ends_sooner")], True)
    assert (on_problem == SKIP, 1 if check_mode else executions) == (result["changed"], len(machine.asked))


def test_what_was_refused_before_is_in_the_result_beside_the_sound_ones() -> None:
    result = result_of(Machine(), task_of(A, WRONG, on_problem=SKIP))

    assert outcomes_of(result) == {"a.example": "activated", "b.example": "refused"}
    assert (codes_of(result), result["changed"], result["failed"]) == ([("b.example", "name_missing")], True, True)
    assert list(result["certificates"]) == ["a.example"]


def test_when_all_are_refused_the_host_is_looked_at_and_left_alone() -> None:
    machine = Machine()
    result = result_of(machine, task_of(WRONG, on_problem=SKIP))

    assert (outcomes_of(result), result["changed"]) == ({"b.example": "refused"}, False)
    assert [asked["action"] for asked in machine.asked] == ["observe"]


def test_material_on_the_host_that_is_refused_keeps_no_interrupted_run_from_being_finished() -> None:
    machine = Machine({"a.example": {"source": answer_of(LEAVES["a.example"], fits=[])}}, journal=JOURNAL)
    result = result_of(machine, task_of(ON_HOST, B, on_problem=SKIP))

    assert [asked["action"] for asked in machine.asked] == ["observe", "apply"]
    assert codes_of(result) == [("a.example", "key_mismatch")]
    assert (outcomes_of(result)["b.example"], result["changed"]) == ("activated", True)
    assert ("record" in machine.told("a.example"), machine.told("a.example")["activate"]) == (False, False)


def test_a_key_that_was_requested_is_named_and_no_other_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CERTWRIGHT_PRIVATE_KEY", LEAVES["b.example"].key_pem.decode())
    machine = Machine({"a.example": {"issuance": WAITING}})
    result_of(machine, task_of(REQUESTED))

    told = machine.told("a.example")
    assert (told["source"], told["end_order"]) == ({"order": True, "key_digest": KEY_DIGEST}, "finish")
    assert "PRIVATE" not in json.dumps(machine.asked)


def test_a_request_that_nobody_made_is_told_when_the_host_was_asked() -> None:
    machine = Machine()
    result = result_of(machine, task_of(REQUESTED))

    assert (codes_of(result), result["changed"]) == ([("a.example", "no_request")], False)
    assert [asked["action"] for asked in machine.asked] == ["observe"]


@pytest.mark.parametrize(
    ("entries", "codes"),
    [
        pytest.param([A_GOES], [("a.example", "no_fallback")], id="nothing is there to fall back to"),
        pytest.param([SYSTEM, A_GOES], [], id="the same task brings it"),
        pytest.param([A_GOES, SYSTEM], [], id="in any order"),
        pytest.param([B, A_GOES], [("a.example", "no_fallback")], id="another one brings nothing"),
        pytest.param([bare("b.example"), A_GOES], [("a.example", "no_fallback")], id="what goes brings nothing"),
    ],
)
def test_a_domain_falls_back_to_what_the_same_task_brings(
    entries: list[tuple[str, dict[str, Any]]], codes: list[tuple[str, str]]
) -> None:
    result = result_of(Machine({"a.example": {"removal": LACKING}}), task_of(*entries))

    assert codes == codes_of(result)


def test_a_host_is_asked_once_for_all_names_that_others_may_renew() -> None:
    machine = Machine()
    result_of(machine, task_of(A, B, bare("c.example", state="absent")), check_mode=True)

    (asked,) = machine.asked
    assert (asked["names"], asked["baseline"]) == (["a.example", "b.example"], True)
    assert [item["name"] for item in asked["certificates"]] == ["a.example", "b.example", "c.example"]


def test_a_run_asks_for_no_baseline() -> None:
    machine = Machine()
    result_of(machine, task_of(A))

    assert machine.asked[0]["baseline"] is False


def test_to_store_only_is_told_to_the_host_and_left_pending() -> None:
    machine = Machine({"b.example": {"removal": NAMED}})
    result = result_of(machine, task_of(A, bare("b.example", state="absent"), stage_only=True))

    assert outcomes_of(result) == {"a.example": "staged", "b.example": "staged"}
    assert (
        [item["activate"] for item in machine.asked[-1]["certificates"]],
        result["pending"],
    ) == ([False, False], True)


def test_the_result_shows_what_is_where_and_what_nobody_named() -> None:
    machine = Machine({"a.example": {}, "b.example": {}, "c.example": {}})
    result = result_of(machine, task_of(A, WRONG, on_problem=SKIP))

    shown = result["certificates"]["a.example"]
    assert shown["certificate"]["names"] == ["a.example"]
    assert shown["paths"] == {
        "nginx": {
            "fullchain.pem": "/store/live/a.example/nginx/fullchain.pem",
            "privkey.pem": "/store/live/a.example/nginx/privkey.pem",
        }
    }
    assert (result["unmanaged"], result["store_path"]) == (["c.example"], "/store")


def test_a_refused_domain_in_another_spelling_is_named_all_the_same() -> None:
    machine = Machine({"b.example": {}})
    result = result_of(machine, task_of(words_of("B.Example", LEAVES["a.example"]), on_problem=SKIP))

    assert (outcomes_of(result), result["unmanaged"]) == ({"b.example": "refused"}, [])


def test_warnings_of_plans_hosts_and_clocks_are_told_together() -> None:
    machine = Machine({"b.example": {"removal": NAMED}}, time=NOW.timestamp() - 3600)
    result = result_of(machine, task_of(words_of("a.example", external_url="https://a.example"), bare("b.example")))

    codes = ("(name_stripped)", "(uses_system)", "(disabled_fallback)", "(clock_skew)")
    assert [any(line.endswith(code) for line in result["warnings"]) for code in codes] == [True] * 4


def test_no_secret_shows_in_a_task_or_its_result() -> None:
    machine = Machine({"a.example": {"source": answer_of(LEAVES["a.example"])}})
    task = task_of(ON_HOST, B)

    told = repr(task) + repr(result_of(machine, task))
    assert [secret in told for secret in (SECRET, "PRIVATE KEY")] == [False, False]
    assert machine.told("a.example")["source"]["passphrase"] == SECRET
