# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 the certwright.tls authors

"""What ordered certificates cost, as ratios: letsencrypt_cert beside bare orders, other clients, and a no-op."""

from __future__ import annotations

import argparse
import importlib.util
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from clients import TITLES, Peer, find_peers
from ours import Ordered, Ours
from peer import Duel
from playbooks import Bench
from processes import ProgramMissing
from run import describe_run, print_table
from stage import building_stage
from tables import print_curve, print_duels, print_duels_heading, print_floor, print_unmeasured

UNCHANGED_AIM = 1.5
BareTimes = dict[int, list[dict[str, float]]]


def main() -> int:
    words = read_words()
    if not importlib.util.find_spec("acme.client"):
        print("acme: left out, this Python has no library acme (pip install acme)\n")
        return 0
    work = Path(tempfile.mkdtemp(prefix="bench-", dir=words.directory))
    work.chmod(0o755)
    try:
        print(describe_run(words).partition("\n")[0], flush=True)
        with building_stage(work) as stage:
            print(
                f"Pebble without sleeps, http-01 by a webroot and {stage.web_server}; {words.rounds} rounds\n",
                flush=True,
            )
            bench = Bench(work, rounds=words.rounds, interpreter=words.interpreter)
            measure_all(Ours(bench, stage), words)
    except ProgramMissing as missing:
        print(f"acme: left out. {missing}\n")
    finally:
        shutil.rmtree(work)
    return 0


def read_words() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--directory", help="where the stores are written (default: a temporary directory)")
    parser.add_argument("--interpreter", default=sys.executable, help="the Python of the host's side (default: ours)")
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each (default: %(default)s)")
    counts: dict[str, Any] = {"type": read_counts, "metavar": "N,…"}
    parser.add_argument("--sizes", default="1,10,50", help="numbers of certificates (default: %(default)s)", **counts)
    peer_help = "those that other clients obtain, minutes each for 50 (default: %(default)s)"
    parser.add_argument("--peer-sizes", default="1,10", help=peer_help, **counts)
    titles = ",".join(TITLES)
    parser.add_argument("--peers", default=titles, type=read_titles, help="which clients (default: %(default)s)")
    return parser.parse_args()


def read_counts(text: str) -> tuple[int, ...]:
    return tuple(int(word) for word in text.split(",") if word)


def read_titles(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))


def measure_all(ours: Ours, words: argparse.Namespace) -> None:
    ours.register()
    show_orders(ours, words.sizes)
    print_table("certificates, unchanged", ours.measure_unchanged(words.sizes), aim=True, limit=UNCHANGED_AIM)
    show_duels(ours, words.peers, words.peer_sizes)


def show_orders(ours: Ours, sizes: Sequence[int]) -> None:
    """By turns with the bare loops, which need the CA just as long."""
    from bare import measure_bare  # noqa: PLC0415  it takes the library acme

    ordered: dict[int, list[Ordered]] = {size: [] for size in sizes}
    bare: BareTimes = {size: [] for size in sizes}
    for _round in range(ours.bench.rounds):
        for size in sizes:
            ordered[size].append(ours.order(size))
            bare[size].append(measure_bare(ours.stage, size))
    print_curve(ordered)
    print_floor(ordered, bare)


def show_duels(ours: Ours, titles: Sequence[str], sizes: Sequence[int]) -> None:
    if not sizes:
        return
    peers, left_out = find_peers(ours.bench, ours.stage, tuple(titles))
    print_duels_heading()
    for peer in peers:
        for size in sizes:
            print_duels(peer.title, size, [_duel(ours, peer, size) for _round in range(ours.bench.rounds)])
    print_unmeasured(sizes)
    for reason in left_out:
        print(f"left out: {reason}")


def _duel(ours: Ours, peer: Peer, size: int) -> Duel:
    return Duel(ours.order(size).playbook, peer.measure(ours.stage, size, ours.bench.work))


if __name__ == "__main__":
    sys.exit(main())
