# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 the certwright.tls authors

"""What a run costs, as ratios: the host's side against a module task that does nothing, interleaved in the same run."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from playbooks import NO_OP, Bench, TaskTime, task
from tls_server import serving
from workload import Workload, make_workload

AIM = 1.3
SIZES = (1, 10, 100, 500)


def main() -> int:
    words = read_words()
    work = Path(tempfile.mkdtemp(prefix="bench-", dir=words.directory))
    try:
        bench = Bench(work, rounds=words.rounds, interpreter=words.interpreter)
        print(describe_run(words), flush=True)
        workload = make_workload(max(SIZES), work)
        measure_tasks(bench, workload)
        measure_probes(bench, workload)
        measure_playbooks(bench, workload)
    finally:
        shutil.rmtree(work)
    return 0


def read_words() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="measurements of each kind (default: %(default)s)")
    parser.add_argument("--interpreter", default=sys.executable, help="the Python of the host's side (default: ours)")
    parser.add_argument("--directory", help="where the stores are written and synced (default: a temporary directory)")
    return parser.parse_args()


def describe_run(words: argparse.Namespace) -> str:
    core = ask([sys.executable, "-c", "import ansible.release; print(ansible.release.__version__)"])
    host = ask([words.interpreter, "-c", "import platform; print(platform.python_version())"])
    return (
        f"{os.cpu_count()} cores (load {os.getloadavg()[0]:.1f}), ansible-core {core} on Python "
        f"{platform.python_version()}, host's side on Python {host}, local connection, pipelined\n"
        f"{words.rounds} rounds: no-op, ours, no-op, ours, … The no-op is a task of ansible.builtin.ping.\n"
        f"Ratio: median of ours / the no-op before it (least to most). Aim for what is unchanged: {AIM}\n"
    )


def ask(command: list[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def measure_tasks(bench: Bench, workload: Workload) -> None:
    """`apply` into an empty store and `observe` of what it made; then the store goes, so that every first is one."""
    expect = look_first(bench, workload)
    tasks = [NO_OP, task("warm-up", workload.observe(1, bench.store(0)))]
    for _round in range(bench.rounds):
        for size in SIZES:
            store = bench.store(size)
            tasks += [NO_OP, task(f"apply {size}", workload.apply(size, store, expect))]
            tasks += [NO_OP, task(f"observe {size}", workload.observe(size, store))]
            tasks += [{"name": "clean", "ansible.builtin.file": {"path": str(store), "state": "absent"}}]
    times = bench.play(tasks)
    print_table("observe, unchanged", find_pairs(times, "observe", count_sound), aim=True)
    print_table("apply, first", find_pairs(times, "apply", count_activated))


def look_first(bench: Bench, workload: Workload) -> dict[str, str]:
    """The digests that `apply` is bound to: those of an empty store."""
    (seen,) = bench.play([task("look", workload.observe(max(SIZES), bench.store(0)))])
    return {name: found["digest"] for name, found in seen.answer["certificates"].items()}


def count_sound(answer: dict[str, Any]) -> int:
    return sum(bool(item["live"] and not item["live"]["drift"]) for item in answer["certificates"].values())


def count_activated(answer: dict[str, Any]) -> int:
    return sum(item["outcome"] == "activated" for item in answer["outcomes"])


def count_served(answer: dict[str, Any]) -> int:
    services = (service for found in answer["services"].values() for service in found.values())
    return sum(probe["state"] == "served" for service in services for probe in service["probes"])


def measure_probes(bench: Bench, workload: Workload) -> None:
    """As many server names of one port; apart, because each is a question to a service and not to the host."""
    material = workload.certificates[0].to_material()
    certificate, key = bench.work / "leaf.pem", bench.work / "key.pem"
    certificate.write_text(material["leaf"], encoding="ascii")
    key.write_text(material["key"], encoding="ascii")
    with serving(bench.work, certificate=certificate, key=key) as (port, server):
        tasks = [NO_OP, task("warm-up", workload.observe(1, bench.store(0), port=port))]
        for _round in range(bench.rounds):
            for size in SIZES:
                tasks += [NO_OP, task(f"probe {size}", workload.observe(size, bench.store(0), port=port))]
        times = bench.play(tasks)
    print_table(f"observe, probes of {server}", find_pairs(times, "probe", count_served))


def measure_playbooks(bench: Bench, workload: Workload) -> None:
    """Playbooks of one task each, from the command line to their end."""
    expect = look_first(bench, workload)
    bench.run([task("apply", workload.apply(size, bench.store(size), expect)) for size in SIZES])
    pairs: dict[int, list[Pair]] = {size: [] for size in SIZES}
    for _round in range(bench.rounds):
        for size in SIZES:
            look = [task("observe", workload.observe(size, bench.store(size)))]
            pairs[size].append(Pair(bench.run([NO_OP]), bench.run(look)))
    print_table("whole playbook, unchanged", pairs)


@dataclass(frozen=True)
class Pair:
    """The seconds of a no-op and of what came right after it, and the size of its answer."""

    no_op: float
    ours: float
    answer: int = 0

    @property
    def ratio(self) -> float:
        return self.ours / self.no_op


def find_pairs(
    times: Iterable[TaskTime], kind: str, count_done: Callable[[dict[str, Any]], int]
) -> dict[int, list[Pair]]:
    """By size. What did something else than it is measured for is no measurement."""
    pairs: dict[int, list[Pair]] = {size: [] for size in SIZES}
    for before, ended in pairwise(times):
        name, _blank, size = ended.name.partition(" ")
        if name != kind:
            continue
        if "certificates" not in ended.answer and "outcomes" not in ended.answer:
            raise SystemExit(f"{ended.name} did not do its work: {ended.answer}")
        if count_done(ended.answer) != int(size):
            raise SystemExit(f"{ended.name} did not do all of its work: {json.dumps(ended.answer)[:2000]}")
        pairs[int(size)].append(Pair(before.seconds, ended.seconds, len(json.dumps(ended.answer))))
    return pairs


def print_table(title: str, by_size: dict[int, list[Pair]], *, aim: bool = False, limit: float = AIM) -> None:
    answered = any(pair.answer for pairs in by_size.values() for pair in pairs)
    print(f"{title:26}      n   ratio  (least to most)   no-op ms  ours ms{'  answer kB' if answered else ''}")
    for size, pairs in by_size.items():
        ratios = [pair.ratio for pair in pairs]
        reached = "met" if median(ratios) <= limit else "missed"
        row = (
            f"{size:33d}  {median(ratios):6.2f}  ({min(ratios):.2f} to {max(ratios):.2f})".ljust(60),
            f"{median(pair.no_op for pair in pairs) * 1000:8.0f} {median(pair.ours for pair in pairs) * 1000:8.0f}",
            f"{max(pair.answer for pair in pairs) / 1000:10.0f}" if answered else "",
            f"  aim {limit} {reached}" if aim else "",
        )
        print("".join(row))
    print(flush=True)


if __name__ == "__main__":
    sys.exit(main())
