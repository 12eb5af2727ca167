# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The door to a host: what goes through it, what comes back, and what never gets out."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader

from ansible_collections.certwright.tls.plugins.plugin_utils._remote import (
    Host,
    HostRefusal,
    PipelinedAction,
    read_file,
)
from ansible_collections.certwright.tls.tests.unit.authority import make_key, self_signed

KEY = self_signed("a.example", key=make_key()).key_pem.decode()


class Execution:
    """Ansible's border: remembers how a module was executed, and gives back what the test says."""

    def __init__(self, result: dict[str, Any]) -> None:
        self.result = result
        self.asked: dict[str, Any] = {}

    def _execute_module(self, **asked: Any) -> dict[str, Any]:
        self.asked = asked
        return self.result


def host_of(execution: Any, store: str | None = None) -> Host:
    return Host(execution, {"ansible_host": "h"}, store, run="job 7", limits={"probe": 10.0})


WEB = [{"name": "web", "material": {"key": KEY}}]


@pytest.mark.parametrize(
    ("ask", "request_"),
    [
        pytest.param(
            lambda host: host.observe(WEB, baseline=True),
            {"action": "observe", "baseline": True, "everything": False, "names": [], "leaving": False},
            id="observe",
        ),
        pytest.param(
            lambda host: host.observe(WEB, baseline=False, everything=True, names=("a.example",)),
            {"action": "observe", "baseline": False, "everything": True, "names": ["a.example"], "leaving": False},
            id="observe everything",
        ),
        pytest.param(lambda host: host.apply(WEB), {"action": "apply", "refuse_all": False}, id="apply"),
    ],
)
def test_everything_goes_as_one_text(ask: Any, request_: dict[str, Any]) -> None:
    execution = Execution({"answer": '{"certificates": {}}', "changed": True})

    assert ask(host_of(execution, "/store")) == {"certificates": {}}
    text = execution.asked.pop("module_args").pop("request")
    frame = {"certificates": WEB, "store": "/store", "run": "job 7", "limits": {"probe": 10.0}}
    assert {**request_, **frame} == json.loads(text)
    assert execution.asked == {
        "module_name": "certwright.tls.deployment",
        "task_vars": {"ansible_host": "h"},
        "wrap_async": False,
    }


NO_REASON = "The host could not be asked: it gave no reason"


@pytest.mark.parametrize(
    ("result", "message"),
    [
        pytest.param({"answer": '{"refused": "/store is on NFS"}'}, "/store is on NFS", id="refused"),
        pytest.param(
            {"answer": '{"crashed": "KeyError"}'},
            "The host's side failed with KeyError; this is a fault of the collection. "
            "What was begun is finished or undone by the next run",
            id="crashed",
        ),
        pytest.param({}, NO_REASON, id="silence"),
        pytest.param({"answer": None, "msg": "", "module_stderr": None}, NO_REASON, id="nothing in it"),
        pytest.param(
            {"failed": True, "msg": "MODULE FAILURE", "module_stderr": "Warning\n/bin/sh: python3: not found\n"},
            "The host could not be asked: MODULE FAILURE; /bin/sh: python3: not found",
            id="last line of each text",
        ),
        pytest.param(
            {"msg": "Timeout", "module_stderr": "Timeout", "module_stdout": "Timeout"},
            "The host could not be asked: Timeout",
            id="the same only once",
        ),
        pytest.param({"msg": "x" * 1000}, f"The host could not be asked: {'x' * 300}", id="a long text is cut"),
    ],
)
def test_why_a_host_gave_no_answer(result: dict[str, Any], message: str) -> None:
    with pytest.raises(HostRefusal) as refused:
        host_of(Execution(result)).apply(WEB)

    assert message == str(refused.value)


@pytest.mark.parametrize(
    "quoted",
    [
        pytest.param(KEY, id="the key"),
        pytest.param(KEY.splitlines()[1], id="one line of it"),
        pytest.param(f"Traceback\n  request = {json.dumps(KEY)}", id="a traceback that quotes the request"),
        pytest.param(f"boom\n{json.dumps({'material': {'key': KEY}})[5:200]}", id="a piece of the request"),
    ],
)
@pytest.mark.parametrize("where", ["msg", "module_stderr", "module_stdout"])
def test_an_explanation_never_quotes_the_request(where: str, quoted: str) -> None:
    with pytest.raises(HostRefusal) as refused:
        host_of(Execution({where: quoted})).apply(WEB)

    assert str(refused.value) == NO_REASON


class Action(PipelinedAction):
    """As ansible-core makes one, with as much of a task and a connection as pipelining asks for."""

    def __init__(
        self, *, configured: bool = True, capable: bool = True, become: str | None = None, play: Path | None = None
    ) -> None:
        connection = SimpleNamespace(
            is_pipelining_enabled=lambda _wrap_async: configured,
            has_pipelining=capable,
            become=SimpleNamespace(name=become) if become else None,
        )
        task: Any = SimpleNamespace(get_search_path=lambda: [str(play)] if play else [])
        super().__init__(task, connection, None, DataLoader(), None, None)

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        raise NotImplementedError


@pytest.mark.parametrize(
    ("action", "task_vars", "style", "expected"),
    [
        pytest.param(Action(configured=True), {}, "new", True, id="configured"),
        pytest.param(Action(configured=False), {}, "new", True, id="not configured"),
        pytest.param(Action(configured=False), None, "new", True, id="before the variables are known"),
        pytest.param(Action(configured=False, become="sudo"), {}, "new", True, id="with sudo"),
        pytest.param(Action(configured=False, become="su"), {}, "new", False, id="su reads from the terminal"),
        pytest.param(Action(configured=False, capable=False), {}, "new", False, id="the connection cannot"),
        pytest.param(Action(configured=False), {}, "old", False, id="another kind of module"),
        pytest.param(Action(configured=False), {"tls_pipelining": False}, "new", False, id="refused"),
        pytest.param(Action(configured=False), {"tls_pipelining": "no"}, "new", False, id="refused as a text"),
        pytest.param(Action(configured=True), {"tls_pipelining": False}, "new", True, id="refused, but configured"),
        pytest.param(Action(configured=False), {"tls_pipelining": True}, "new", True, id="wished for"),
    ],
)
def test_when_executions_are_pipelined(
    action: Action, task_vars: dict[str, Any] | None, style: str, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANSIBLE_KEEP_REMOTE_FILES", raising=False)
    action._task_vars = task_vars

    assert expected is action._is_pipelining_enabled(style)


def test_asynchronous_executions_are_not_pipelined() -> None:
    assert Action(configured=False)._is_pipelining_enabled("new", wrap_async=True) is False


def test_who_keeps_remote_files_wants_to_see_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSIBLE_KEEP_REMOTE_FILES", "True")

    assert Action(configured=False)._is_pipelining_enabled("new") is False


def test_a_file_of_the_controller_is_read_as_bytes(tmp_path: Path) -> None:
    (tmp_path / "web.pem").write_bytes(b"\xff\x00pem\r\n")

    content = read_file(Action(), str(tmp_path / "web.pem"))
    assert (b"\xff\x00pem\r\n", bytes) == (content, type(content))


@pytest.mark.parametrize("name", [pytest.param("missing.pem", id="missing"), pytest.param("", id="a directory")])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    path = str(tmp_path / name)

    with pytest.raises(HostRefusal) as refused:
        read_file(Action(), path)
    lines = str(refused.value).splitlines()
    assert len(lines) == 1
    assert lines[0].startswith(f"The file {path} cannot be read on the controller: ")


def put(directory: Path, content: str) -> Path:
    """A directory with the one file that the task names."""
    (directory / "tls").mkdir(parents=True)
    (directory / "tls" / "web.pem").write_text(content)
    return directory


def action_of(*, play: Path | None = None, inventory: object = None) -> Action:
    action = Action(play=play)
    action._task_vars = {"inventory_dir": inventory}
    return action


def test_a_file_beside_the_inventory_is_found(tmp_path: Path) -> None:
    action = action_of(inventory=str(put(tmp_path / "inventory", "beside")))

    assert read_file(action, "tls/web.pem") == b"beside"


def test_where_ansible_looks_goes_before_the_inventory(tmp_path: Path) -> None:
    inventory = put(tmp_path / "inventory", "beside")
    action = action_of(play=put(tmp_path / "play", "play"), inventory=str(inventory))

    assert read_file(action, "tls/web.pem") == b"play"


def test_a_path_from_the_root_is_the_same_with_an_inventory(tmp_path: Path) -> None:
    action = action_of(inventory=str(put(tmp_path / "inventory", "beside")))

    assert read_file(action, str(put(tmp_path / "elsewhere", "there") / "tls" / "web.pem")) == b"there"


@pytest.mark.parametrize(
    ("task_vars", "path"),
    [
        pytest.param({"inventory_dir": "{0}"}, "tls/missing.pem", id="missing in both places"),
        pytest.param({"inventory_dir": "{0}"}, "/tls/web.pem", id="missing at the root, although it is beside"),
        pytest.param({"inventory_dir": "{0}"}, "~/tls/missing.pem", id="missing at home"),
        pytest.param({"inventory_dir": "{0}/elsewhere"}, "tls/web.pem", id="an inventory elsewhere"),
        pytest.param({"inventory_dir": "inventory"}, "tls/web.pem", id="an inventory that is nobody knows where"),
        pytest.param({"inventory_dir": ""}, "tls/web.pem", id="an inventory without a directory"),
        pytest.param({"inventory_dir": None}, "tls/web.pem", id="a host of no inventory"),
        pytest.param({}, "tls/web.pem", id="no inventory"),
        pytest.param(None, "tls/web.pem", id="before the variables are known"),
    ],
)
def test_a_file_that_is_nowhere_is_named_as_it_was_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, task_vars: dict[str, str | None] | None, path: str
) -> None:
    """The inventory stands below the working directory, and a relative place is no place all the same."""
    inventory = put(tmp_path / "inventory", "beside")
    monkeypatch.chdir(tmp_path)
    action = Action(play=tmp_path / "play")
    action._loader.set_basedir(str(tmp_path))
    if task_vars is not None:
        action._task_vars = {word: value and value.format(inventory) for word, value in task_vars.items()}

    with pytest.raises(HostRefusal) as refused:
        read_file(action, path)
    lines = str(refused.value).splitlines()
    assert len(lines) == 1
    assert lines[0].startswith(f"The file {path} cannot be read on the controller: ")
    assert str(tmp_path) not in lines[0]


def test_a_directory_beside_the_inventory_is_no_file(tmp_path: Path) -> None:
    action = action_of(inventory=str(put(tmp_path / "inventory", "beside")))

    with pytest.raises(HostRefusal) as refused:
        read_file(action, "tls")
    assert str(refused.value).startswith("The file tls cannot be read on the controller: ")


def test_a_survey_goes_as_it_was_asked() -> None:
    execution = Execution({"answer": '{"files": []}'})
    question = {"paths": ["/a"], "targets": [], "certificates": [], "stored": False}

    assert host_of(execution, "/store").survey(question) == {"files": []}
    frame = {"action": "survey", "store": "/store", "run": "job 7", "limits": {"probe": 10.0}}
    assert json.loads(execution.asked["module_args"]["request"]) == question | frame
