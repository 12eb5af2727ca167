# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._acme.dns_hook import DnsHook
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.dns_records import TxtRecord
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.problems import AcmeProblem

RECORD = TxtRecord("_acme-challenge.www.example.org", "-value $(touch never)")


def program(directory: Path, text: str) -> str:
    path = directory / "hook"
    path.write_text(f"#!/bin/sh\ncd {directory}\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def fail(hook: DnsHook) -> AcmeProblem:
    with pytest.raises(AcmeProblem) as refused:
        hook.present(RECORD)
    assert refused.value.code == "dns_hook_failed"
    return refused.value


def test_the_program_gets_verb_name_and_value_as_they_are(tmp_path: Path) -> None:
    hook = DnsHook(program(tmp_path, 'printf "%s\\n" "$#" "$@" >> said; cat >> said'))
    hook.present(RECORD)
    hook.clean_up(RECORD)
    said = (tmp_path / "said").read_text(encoding="ascii").splitlines()
    assert said == ["3", "present", RECORD.name, RECORD.value, "3", "clean_up", RECORD.name, RECORD.value]
    assert not (tmp_path / "never").exists()


@pytest.mark.parametrize(("code", "kind"), [(1, "permanent"), (75, "transient")], ids=["for good", "EX_TEMPFAIL"])
def test_a_failure_says_the_code_and_the_end_of_what_was_printed(tmp_path: Path, code: int, kind: str) -> None:
    text = f"head -c 100000 /dev/zero | tr '\\0' x; printf '\\nno \\033[31mcredentials\\n' >&2; exit {code}"
    problem = fail(DnsHook(program(tmp_path, text)))
    assert problem.kind == kind
    assert problem.message.startswith(f"The hook `{tmp_path}/hook present {RECORD.name}` ended with {code}; run it by")
    assert problem.message.endswith("x no \\x1b[31mcredentials")
    assert len(problem.message) < 900


def test_one_that_prints_nothing_says_so(tmp_path: Path) -> None:
    assert fail(DnsHook(program(tmp_path, "exit 2"))).message.endswith(
        "ended with 2; run it by hand to see why. It said: nothing"
    )


def test_at_its_deadline_it_is_killed_with_what_it_started(tmp_path: Path) -> None:
    begun = time.monotonic()
    problem = fail(DnsHook(program(tmp_path, "echo slow; sleep 60 & echo $! > pid; wait"), timeout=0.5))
    assert time.monotonic() - begun < 20
    assert problem.kind == "transient"
    assert problem.message.endswith(
        "did not end within 0.5 s and was killed; mend it or raise `hook_timeout`. It said: slow"
    )
    require_gone(int((tmp_path / "pid").read_text(encoding="ascii")))


def require_gone(pid: int) -> None:
    deadline = time.monotonic() + 5
    while is_running(pid):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_running(pid: int) -> bool:
    try:
        return Path("/proc", str(pid), "stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_service_that_it_starts_holds_nobody_up(tmp_path: Path) -> None:
    begun = time.monotonic()
    DnsHook(program(tmp_path, "sleep 60 & echo $! > pid")).present(RECORD)
    assert time.monotonic() - begun < 20
    os.kill(int((tmp_path / "pid").read_text(encoding="ascii")), 9)


def test_a_program_that_cannot_start_is_told(tmp_path: Path) -> None:
    problem = fail(DnsHook(str(tmp_path / "none")))
    assert problem.kind == "permanent"
    assert problem.message.endswith(
        "cannot be started: No such file or directory; name an executable file on the controller"
    )


def test_one_runs_at_a_time(tmp_path: Path) -> None:
    hook = DnsHook(program(tmp_path, "mkdir alone || exit 1; sleep 0.05; rmdir alone"))
    failures: list[AcmeProblem] = []

    def run() -> None:
        try:
            hook.present(RECORD)
        except AcmeProblem as problem:
            failures.append(problem)

    threads = [threading.Thread(target=run) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
