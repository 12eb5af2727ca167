# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 the certwright.tls authors

"""What a private CA's certificates cost, as ratios: internal_ca_cert beside a bare loop and what others sign with."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import proof
from ours import BATCH, Ours, PartBench, Ran, make_ours
from peers import Peer, find_peers, measure_bare, measure_peer
from run import describe_run
from stage import build_stage
from tables import (
    AIM_SIZE,
    BARE_AIM,
    GROWTH_AIM,
    NOISE,
    READ_AIM,
    Versus,
    print_heading,
    print_no_op,
    print_parts,
    print_row,
    print_unmeasured,
)

BARE = ("prove", "sign")
TITLES = {"prove": "bare loop, proved", "sign": "bare loop, not proved", "read": "bare loop that reads"}
GROWTH_SIZES = (1, 50)
Pairs = dict[int, list[tuple[Ran, Ran]]]
BareTimes = dict[int, list[tuple[float, float]]]


def main() -> int:
    words = read_words()
    work = Path(tempfile.mkdtemp(prefix="bench-", dir=words.directory))
    try:
        print(describe_run(words).partition("\n")[0], f"\n{words.rounds} rounds\n", flush=True)
        bench = PartBench(work, rounds=words.rounds, interpreter=words.interpreter)
        stage = build_stage(work, sorted({*words.sizes, *GROWTH_SIZES, BATCH}))
        ours = make_ours(bench, stage)
        show_signed(ours, words.sizes)
        show_unchanged(ours, words.sizes)
        show_growth(ours, words.entries)
        show_peers(ours, words)
    finally:
        shutil.rmtree(work)
    return 0


def read_words() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--directory", help="where the CA is written and synced (default: a temporary directory)")
    parser.add_argument("--interpreter", default=sys.executable, help="the Python of the host's side (default: ours)")
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each (default: %(default)s)")
    counts: dict[str, Any] = {"type": read_counts, "metavar": "N,…"}
    parser.add_argument("--sizes", default="1,50,1000", help="numbers of certificates (default: %(default)s)", **counts)
    slow_help = (
        "what easy-rsa and community.crypto sign at most, the latter a second or two each (default: %(default)s)"
    )
    parser.add_argument("--slow-limit", type=int, default=50, help=slow_help)
    parser.add_argument(
        "--entries", type=int, default=10000, help="of the ledger that has grown (default: %(default)s)"
    )
    return parser.parse_args()


def read_counts(text: str) -> tuple[int, ...]:
    return tuple(int(word) for word in text.split(",") if word)


def show_signed(ours: Ours, sizes: Sequence[int]) -> None:
    """By turns: no-op, ours, the bare loop, the bare loop without proof, …"""
    pairs: Pairs = {size: [] for size in sizes}
    bare: dict[tuple[str, int], list[tuple[float, float]]] = {(kind, size): [] for kind in BARE for size in sizes}
    for _round in range(ours.bench.rounds):
        for size in sizes:
            pairs[size].append((ours.do_nothing(size), ours.sign(size)))
            for kind in BARE:
                bare[kind, size].append(measure_bare(ours.stage, kind, size))
    print_heading("signed, the task", "loop ms")
    for (kind, size), measured in bare.items():
        rows = [Versus(loop, ran.task) for (loop, _process), (_no_op, ran) in zip(measured, pairs[size], strict=True)]
        print_row(TITLES[kind], size, rows, BARE_AIM if (kind, size) == ("prove", AIM_SIZE) else None)
    show_further({kind: {size: bare[kind, size] for size in sizes} for kind in BARE}, pairs)
    print_heading("\nsigned, from the command line", "process ms")
    for (kind, size), measured in bare.items():
        found = zip(measured, pairs[size], strict=True)
        print_row(TITLES[kind], size, [Versus(process, ran.playbook) for (_loop, process), (_no_op, ran) in found])
    print_heading("\nsigned, the task", "no-op ms")
    for size, measured in pairs.items():
        print_row("no-op with the same list", size, [Versus(no_op.task, ran.task) for no_op, ran in measured])
    print()
    print_parts("ours", {size: [ran for _no_op, ran in found] for size, found in pairs.items()})
    print_no_op({size: [no_op for no_op, _ran in found] for size, found in pairs.items()})


def show_further(bare: Mapping[str, BareTimes], pairs: Pairs) -> None:
    """What the most cost above the fewest: without what a run costs, whatever its number."""
    few, many = min(pairs), max(pairs)
    if few == many:
        return
    tasks = {size: median(ran.task for _no_op, ran in pairs[size]) for size in (few, many)}
    print_heading(f"\nonly those from {few + 1} to {many}, the task", "loop ms")
    for kind, times in bare.items():
        loops = {size: median(loop for loop, _process in times[size]) for size in (few, many)}
        further = Versus(loops[many] - loops[few], tasks[many] - tasks[few])
        if min(further.theirs, further.ours) > 0:
            print_row(TITLES[kind], many - few, [further])
        else:
            print_unmeasured(TITLES[kind], many - few, "the machine's other work outweighs it")


def show_unchanged(ours: Ours, sizes: Sequence[int]) -> None:
    pairs: Pairs = {size: [] for size in sizes}
    read: BareTimes = {size: [] for size in sizes}
    for size in sizes:
        ours.sign(size)
        measure_bare(ours.stage, "sign", size)
        before = proof.find_shape(ours.used)
        for _round in range(ours.bench.rounds):
            ran = ours.run(ours.stage.list_requests(size), ours.used, "unchanged")
            read[size].append(measure_bare(ours.stage, "read", size))
            pairs[size].append((ours.do_nothing(size), ran))
        proof.require_untouched(before, ours.used)
    print_heading("unchanged, the task", "theirs ms")
    for size in sizes:
        found = list(zip(read[size], pairs[size], strict=True))
        rows = [Versus(loop, ran.task) for (loop, _process), (_no_op, ran) in found]
        print_row(TITLES["read"], size, rows, READ_AIM if size == AIM_SIZE else None)
        print_row("no-op with the same list", size, [Versus(no_op.task, ran.task) for no_op, ran in pairs[size]])
    show_further({"read": read}, pairs)
    print_heading("\nunchanged, from the command line", "process ms")
    for size in sizes:
        found = list(zip(read[size], pairs[size], strict=True))
        print_row(
            "bare loop that reads", size, [Versus(process, ran.playbook) for (_loop, process), (_no_op, ran) in found]
        )
    print()
    print_parts("ours", {size: [ran for _no_op, ran in found] for size, found in pairs.items()})
    print_no_op({size: [no_op for no_op, _ran in found] for size, found in pairs.items()})


def show_growth(ours: Ours, entries: int) -> None:
    """As many by a ledger that has grown, beside as many by an empty one; and the batches that it grew by."""
    seconds = ours.grow(entries)
    print(
        f"batches of {BATCH}, from the first to the last (ms): {' '.join(f'{each * 1000:.0f}' for each in seconds)}\n"
    )
    pairs: Pairs = {size: [] for size in GROWTH_SIZES}
    for _round in range(ours.bench.rounds):
        for size, measured in pairs.items():
            measured.append((ours.sign(size), ours.sign(size, after=ours.grown)))
    print_heading(f"after {entries} entries, the task", "empty ms")
    for size, measured in pairs.items():
        rows = [Versus(empty.task, grown.task) for empty, grown in measured]
        print_row("an empty ledger", size, rows, GROWTH_AIM, NOISE)
    print()
    print_parts(f"of {entries} entries", {size: [grown for _empty, grown in found] for size, found in pairs.items()})
    print_parts("of none", {size: [empty for empty, _grown in found] for size, found in pairs.items()})


def show_peers(ours: Ours, words: argparse.Namespace) -> None:
    """Whole runs from the command line to their end."""
    peers, left_out = find_peers(ours.bench, ours.stage)
    print_heading("others, from the command line")
    for peer in peers:
        for size in words.sizes:
            if peer.is_slow and size > words.slow_limit:
                print_unmeasured(peer.title, size, f"--slow-limit {size}")
            else:
                print_row(peer.title, size, [_meet(ours, peer, size) for _round in range(ours.bench.rounds)])
    for reason in left_out:
        print(f"left out: {reason}")
    print(flush=True)


def _meet(ours: Ours, peer: Peer, size: int) -> Versus:
    ran = ours.sign(size)
    return Versus(measure_peer(ours.stage, peer, size), ran.playbook)


if __name__ == "__main__":
    sys.exit(main())
