# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Orders of one run on threads and in processes: who goes first, who is stopped, who is not."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._run_memory import RunMemory


def memory_of(directory: Path, subject: str = "ca") -> RunMemory:
    return RunMemory(str(directory), subject)


def stop_of(memory: RunMemory) -> str:
    with memory.turn() as stop:
        return stop


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        pytest.param([], "", id="nothing has happened"),
        pytest.param(["caa_forbids"] * 2, "", id="two failures may be chance"),
        pytest.param(["caa_forbids"] * 3, "caa_forbids", id="three equal failures are none"),
        pytest.param(["caa_forbids", "dns_failed"] * 2, "", id="two of two kinds"),
        pytest.param(["caa_forbids", "dns_failed"] * 3, "caa_forbids", id="the first that was told three times"),
        pytest.param(["caa_forbids", "dns_failed", "dns_failed", "dns_failed"], "dns_failed", id="the second"),
        pytest.param(["caa_forbids"] * 2 + [""] + ["caa_forbids"] * 2, "", id="something succeeded between them"),
        pytest.param([""] + ["caa_forbids"] * 3, "caa_forbids", id="something succeeded before them"),
        pytest.param(["caa_forbids"] * 3 + [""], "", id="something succeeded after them"),
    ],
)
def test_equal_failures_stop_the_rest(told: list[str], expected: str, tmp_path: Path) -> None:
    for code in told:
        memory = memory_of(tmp_path)
        memory.failed(code) if code else memory.succeeded()
    assert expected == stop_of(memory_of(tmp_path))


def test_the_failures_of_one_ca_say_nothing_of_another(tmp_path: Path) -> None:
    for _try in range(3):
        memory_of(tmp_path, "a").failed("caa_forbids")
    assert [stop_of(memory_of(tmp_path, subject)) for subject in ("a", "b")] == ["caa_forbids", ""]


def test_another_run_begins_anew(tmp_path: Path) -> None:
    runs = [tmp_path / "1", tmp_path / "2"]
    for run in runs:
        run.mkdir()
    for _try in range(3):
        memory_of(runs[0]).failed("caa_forbids")
    assert [stop_of(memory_of(run)) for run in runs] == ["caa_forbids", ""]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{", id="cut off"),
        pytest.param(b"\xff\x00", id="no text"),
    ],
)
def test_a_damaged_file_is_as_if_it_were_not_there(content: bytes, tmp_path: Path) -> None:
    memory_of(tmp_path).succeeded()
    (file,) = tmp_path.glob("*.json")
    file.write_bytes(content)
    assert stop_of(memory_of(tmp_path)) == ""


@contextlib.contextmanager
def in_turn(directory: Path, entered: Event) -> Iterator[None]:
    with memory_of(directory).turn():
        entered.set()
        yield


def test_the_first_goes_alone_until_something_has_succeeded(tmp_path: Path) -> None:
    first, second = Event(), Event()

    def wait_for_turn() -> None:
        with in_turn(tmp_path, second):
            pass

    with ThreadPoolExecutor(1) as pool:
        with in_turn(tmp_path, first):
            waiting = pool.submit(wait_for_turn)
            assert second.wait(0.3) is False
            memory_of(tmp_path).failed("caa_forbids")
        waiting.result(10)
    assert second.is_set()


def test_the_others_go_on_as_soon_as_the_first_order_of_a_host_has_succeeded(tmp_path: Path) -> None:
    second, memory = Event(), memory_of(tmp_path)

    def wait_for_turn() -> None:
        with in_turn(tmp_path, second):
            pass

    with ThreadPoolExecutor(1) as pool, memory.turn():
        waiting = pool.submit(wait_for_turn)
        assert second.wait(0.3) is False
        memory.succeeded()
        waiting.result(10)


def test_the_orders_of_a_host_go_one_after_the_other_within_its_turn(tmp_path: Path) -> None:
    memory, second = memory_of(tmp_path), Event()

    def go() -> None:
        with memory.alone():
            second.set()

    with ThreadPoolExecutor(1) as pool, memory.turn():
        with memory.alone():
            waiting = pool.submit(go)
            assert second.wait(0.3) is False
        waiting.result(10)


def test_all_go_together_once_something_has_succeeded(tmp_path: Path) -> None:
    memory_of(tmp_path).succeeded()
    together = Barrier(4)

    def go() -> int:
        with memory_of(tmp_path).turn():
            return together.wait(10)

    with ThreadPoolExecutor(4) as pool:
        found = [pool.submit(go) for _number in range(4)]
    assert sorted(future.result() for future in found) == [0, 1, 2, 3]


def test_those_who_waited_for_the_first_go_together_too(tmp_path: Path) -> None:
    together, first_is_in = Barrier(3), Event()

    def go() -> int:
        with memory_of(tmp_path).turn():
            return together.wait(10)

    with ThreadPoolExecutor(3) as pool, in_turn(tmp_path, first_is_in):
        found = [pool.submit(go) for _number in range(3)]
        time.sleep(0.2)
        memory_of(tmp_path).succeeded()
    assert sorted(future.result() for future in found) == [0, 1, 2]


def test_a_fault_within_a_turn_ends_it(tmp_path: Path) -> None:
    with pytest.raises(LookupError), memory_of(tmp_path).turn():
        raise LookupError
    assert stop_of(memory_of(tmp_path)) == ""


def fail_often(directory: str, code: str) -> None:
    for _try in range(20):
        RunMemory(directory, "ca").failed(code)


def die_in_turn(directory: str) -> None:
    with RunMemory(directory, "ca").turn():
        os._exit(9)


def test_workers_that_are_processes_lose_no_failure(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=fail_often, args=(str(tmp_path), f"code_{number}")) for number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert {f"code_{number}": 20 for number in range(4)} == memory_of(tmp_path)._read().failures


def test_the_turn_of_a_worker_that_dies_ends_with_it(tmp_path: Path) -> None:
    worker = multiprocessing.get_context("fork").Process(target=die_in_turn, args=(str(tmp_path),))
    worker.start()
    worker.join(60)
    assert (worker.exitcode, stop_of(memory_of(tmp_path))) == (9, "")


def test_what_is_written_is_for_nobody_else_to_write(tmp_path: Path) -> None:
    memory_of(tmp_path).succeeded()
    stop_of(memory_of(tmp_path))
    assert [0] * len(list(tmp_path.iterdir())) == [path.stat().st_mode & 0o022 for path in tmp_path.iterdir()]
