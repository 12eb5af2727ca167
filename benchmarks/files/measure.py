# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 the certwright.tls authors

"""What installing supplied files costs, as ratios: domain_certificate against a no-op, and the playbook that copies."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import proof
from material import Supplied, idle_service, list_domains, word_servers, write_material, write_variables
from pairs import FULLCHAIN, PING, PRIVATE_KEY, BySize, collect_pairs, word_first_use, word_pair
from peer import fetch_collection, measure_copying, print_duels
from playbooks import NO_OP, Bench, TaskTime
from run import describe_run, print_table
from served import measure_served

KINDS = {"first": "activated", "unchanged": "unchanged"}


def main() -> int:
    words = read_words()
    work = Path(tempfile.mkdtemp(prefix="bench-", dir=words.directory))
    try:
        bench = Bench(work, rounds=words.rounds, interpreter=words.interpreter)
        print(describe_run(words) + "In what follows it is given the same list of domains as ours.\n", flush=True)
        supplied = write_material(max(*words.sizes, *words.peer_sizes), work / "material")
        show_installed(bench, supplied, words.sizes)
        show_served(bench, supplied, words.sizes)
        show_copied(bench, supplied, words.peer_sizes)
    finally:
        shutil.rmtree(work)
    return 0


def read_words() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--directory", help="where the stores are written (default: a temporary directory)")
    parser.add_argument("--interpreter", default=sys.executable, help="the Python of the host's side (default: ours)")
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each (default: %(default)s)")
    counts: dict[str, Any] = {"type": read_counts, "metavar": "N,…"}
    parser.add_argument("--sizes", default="1,10,100,500", help="numbers of domains (default: %(default)s)", **counts)
    peer_help = "those that the copying playbook is run with, minutes a run for 100 (default: %(default)s)"
    parser.add_argument("--peer-sizes", default="1,10", help=peer_help, **counts)
    return parser.parse_args()


def read_counts(text: str) -> tuple[int, ...]:
    return tuple(int(word) for word in text.split(","))


def show_installed(bench: Bench, supplied: tuple[Supplied, ...], sizes: Sequence[int]) -> None:
    write_variables(bench.work, {f"domains_{size}": _list_idle(bench, supplied[:size]) for size in sizes})
    pairs: dict[str, BySize] = {kind: {size: [] for size in sizes} for kind in KINDS}
    no_ops: list[TaskTime] = []
    for _round in range(bench.rounds):
        for kind, by_size in pairs.items():
            collect_pairs(_measure_kind(bench, kind, supplied, sizes), kind, by_size)
        no_ops += bench.play(_word_no_ops(max(sizes)))
        for size in sizes:
            shutil.rmtree(bench.store(size))
    print_table("domains, unchanged", pairs["unchanged"], aim=True)
    print_table("domains, first", pairs["first"])
    _print_no_ops(no_ops, max(sizes))


def _list_idle(bench: Bench, supplied: tuple[Supplied, ...]) -> list[dict[str, Any]]:
    """With the text that stands for the service's configuration, which names the stable paths of this size's store."""
    size = len(supplied)
    configuration = bench.work / f"configuration-{size}"
    configuration.write_text(word_servers(supplied, bench.store(size)), encoding="utf-8")
    return list_domains(supplied, idle_service(configuration))


def _measure_kind(
    bench: Bench, kind: str, supplied: tuple[Supplied, ...], sizes: Sequence[int]
) -> tuple[TaskTime, ...]:
    """All sizes in a playbook of their own, as an unchanged run is another day's."""
    before = {size: proof.find_shape(bench.store(size)) for size in sizes}
    tasks = [NO_OP, word_first_use(bench.store(0))]
    for size in sizes:
        tasks += word_pair(f"{kind} {size}", domains=f"domains_{size}", store=bench.store(size))
        tasks.append(proof.ours(size, KINDS[kind]))
    times = bench.play(tasks)
    for size in sizes:
        proof.require_placed(supplied[:size], bench.store(size), FULLCHAIN, PRIVATE_KEY)
        if kind == "unchanged":
            proof.require_untouched(before[size], bench.store(size))
    return tuple(times)


def _word_no_ops(size: int) -> list[dict[str, Any]]:
    domains = f"domains_{size}"
    arguments: dict[str, dict[str, Any]] = {
        "ping": {PING: {}},
        "ping, data: its length": {PING: {"data": f"{{{{ {domains} | length }}}}"}},
        "ping, data: the list": {PING: {"data": f"{{{{ {domains} }}}}"}},
        "debug, var: the list": {"ansible.builtin.debug": {"var": domains}},
        "set_fact: the list": {"ansible.builtin.set_fact": {"kept": f"{{{{ {domains} }}}}"}},
    }
    return [NO_OP, *({"name": name, **task} for name, task in arguments.items())]


def _print_no_ops(times: Iterable[TaskTime], size: int) -> None:
    by_name: dict[str, list[float]] = {}
    for ended in times:
        if ended.name != NO_OP["name"]:
            by_name.setdefault(ended.name, []).append(ended.seconds * 1000)
    print("no-ops by argument              n      ms  (least to most)")
    for name, taken in by_name.items():
        print(f"    {name:24}{size:5d}  {median(taken):6.0f}  ({min(taken):.0f} to {max(taken):.0f})")
    print(flush=True)


def show_served(bench: Bench, supplied: tuple[Supplied, ...], sizes: Sequence[int]) -> None:
    if not shutil.which("nginx"):
        print("unchanged beside nginx: left out, this machine has no nginx\n", flush=True)
        return
    pairs = measure_served(bench, supplied, sizes)
    print_table("nginx, no ports, unchanged", pairs["silent"])
    print_table("nginx, its port, unchanged", pairs["probed"])


def show_copied(bench: Bench, supplied: tuple[Supplied, ...], sizes: Sequence[int]) -> None:
    version, reason = fetch_collection()
    if reason:
        print(f"copy and reload: left out, community.crypto is not to be had: {reason}\n", flush=True)
        return
    duels = measure_copying(bench, supplied, idle_service(Path(os.devnull)), sizes)
    print_duels(f"copy and reload, first (community.crypto {version})", duels["first"], aim=True)
    print_duels("copy and reload, unchanged", duels["unchanged"])


if __name__ == "__main__":
    sys.exit(main())
