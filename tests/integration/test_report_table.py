# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`report_table` prints lines in a terminal's colours, and nothing where a program reads stdout."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.certwright.tls.tests.integration.playbook_run import Controller, Finished

RED, YELLOW, GREEN, CYAN = ("\x1b[0;31m", "\x1b[0;33m", "\x1b[0;32m", "\x1b[0;36m")
CALLBACK = '''
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: own_json
type: stdout
short_description: One JSON object for each result
description: [For a test.]
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION, CALLBACK_TYPE, CALLBACK_NAME = 2.0, "stdout", "own_json"

    def v2_runner_on_ok(self, result):
        import json
        print(json.dumps(getattr(result, "result", None) or result._result))
'''


def row(urgency: str, message: str = "why") -> dict[str, Any]:
    words = {"host": "web1", "certificate": urgency, "urgency": urgency, "life_left": 0.1, "not_after": None}
    return {**words, "problems": [{"code": urgency, "message": message}]}


def report(*rows: dict[str, Any]) -> dict[str, Any]:
    counts = {"expired": 0, "ok": 1}
    return {
        "run": "report",
        "hosts": 1,
        "counts": counts,
        "unreachable": [],
        "problems": [],
        "certificates": list(rows),
    }


def play(root: Path, told: dict[str, Any], **environment: str) -> Finished:
    (root / "files").mkdir(exist_ok=True)
    controller = Controller(root, {}, environment={"ANSIBLE_NOCOLOR": "false", **environment})
    tasks = [{"certwright.tls.report_table": {"report": told}}]
    plays = [{"hosts": "all", "gather_facts": False, "connection": "local", "tasks": tasks}]
    run = controller.start(plays, variables={})
    run.left_out = ()
    return run.finish()


def test_the_worst_is_red_and_no_text_has_colours_of_its_own(tmp_path: Path) -> None:
    told = report(row("expired", "a\x1b[2J\nb"), row("due"), row("unmanaged"))
    done = play(tmp_path, told, ANSIBLE_FORCE_COLOR="true")
    lines = done.output.splitlines()
    assert done.code == 0, done.output
    assert [line[:7] for line in lines if line[7:].startswith("web1")] == [RED, YELLOW, CYAN]
    assert any(line.startswith(f"{RED}hosts 1, unreachable 0") for line in lines)
    assert "\x1b[2J" not in done.output
    assert done.result["lines"][1].split() == ["HOST", "CERTIFICATE", "STATE", "ENDS", "LEFT", "WHY"]


def test_a_calm_fleet_is_one_green_line(tmp_path: Path) -> None:
    done = play(tmp_path, report(), ANSIBLE_FORCE_COLOR="true")
    assert [line for line in done.output.splitlines() if line[7:].startswith("hosts 1,")] == [
        f"{GREEN}hosts 1, unreachable 0; certificates: expired 0, ok 1\x1b[0m"
    ]


@pytest.mark.parametrize("variable", ["NO_COLOR", "ANSIBLE_NOCOLOR"])
def test_who_wants_no_colours_gets_none(tmp_path: Path, variable: str) -> None:
    done = play(tmp_path, report(row("expired")), **{variable: "1", "ANSIBLE_FORCE_COLOR": "false"})
    assert "\nweb1  expired" in done.output
    assert "\x1b[" not in done.output


def test_a_program_that_reads_stdout_is_not_disturbed(tmp_path: Path) -> None:
    (tmp_path / "callbacks").mkdir()
    (tmp_path / "callbacks" / "own_json.py").write_text(CALLBACK, encoding="utf-8")
    words = {"ANSIBLE_STDOUT_CALLBACK": "own_json", "ANSIBLE_CALLBACK_PLUGINS": str(tmp_path / "callbacks")}
    done = play(tmp_path, report(row("expired")), **words)
    told = [line for line in done.output.splitlines() if "web1" in line]
    assert len(told) == 1, done.output
    assert json.loads(told[0])["lines"][2].startswith("web1  expired")
