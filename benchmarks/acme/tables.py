# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 the certwright.tls authors

"""How the numbers are shown: medians with the least and the most, and the aim beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

from ours import Ordered
from peer import Duel

AIM_SIZE = 50
CURVE_AIM = 4.0
CLIENT_AIM = 3.0


def print_curve(ordered: Mapping[int, Sequence[Ordered]]) -> None:
    """As many certificates by the time of the fewest, from the same round."""
    least = min(ordered)
    print(f"{'orders, ours':26}      n   times {least}  (least to most)   task ms  playbook ms")
    for size, measured in ordered.items():
        ratios = [item.task / first.task for item, first in zip(measured, ordered[least], strict=True)]
        tasks, playbooks = [item.task for item in measured], [item.playbook for item in measured]
        aim = _judge(CURVE_AIM, reached=median(ratios) <= CURVE_AIM) if (least, size) == (1, AIM_SIZE) else ""
        row = f"{size:33d}  {_word(ratios, 8)}".ljust(62)
        print(f"{row}{median(tasks) * 1000:8.0f} {median(playbooks) * 1000:12.0f}{aim}")
    print(flush=True)


def print_floor(ordered: Mapping[int, Sequence[Ordered]], bare: Mapping[int, Sequence[Mapping[str, float]]]) -> None:
    print(f"{'bare orders':26}      n    ours is  (least to most)   bare ms  task ms")
    titles = [title for measured in bare.values() for title in measured[0]]
    for title in dict.fromkeys(titles):
        for size, measured in ordered.items():
            seconds = [times[title] for times in bare[size]]
            ratios = [item.task / floor for item, floor in zip(measured, seconds, strict=True)]
            row = f"    {title:24}{size:5d}  {_word(ratios, 9)}".ljust(62)
            print(f"{row}{median(seconds) * 1000:8.0f} {median(item.task for item in measured) * 1000:8.0f}")
    print(flush=True)


def print_duels_heading() -> None:
    print(f"{'other clients':26}      n     slower  (least to most)  theirs s   ours s", flush=True)


def print_duels(title: str, size: int, duels: Sequence[Duel]) -> None:
    """One row as soon as it is known: the table takes long."""
    ratios = [duel.ratio for duel in duels]
    aim = _judge(CLIENT_AIM, reached=median(ratios) >= CLIENT_AIM) if size == AIM_SIZE else ""
    row = f"    {title:24}{size:5d}  {_word(ratios, 9)}".ljust(62)
    seconds = f"{median(duel.theirs for duel in duels):8.1f} {median(duel.ours for duel in duels):8.1f}"
    print(f"{row}{seconds}{aim}", flush=True)


def print_unmeasured(sizes: Sequence[int]) -> None:
    """What the aim is said for, when it was left out."""
    if AIM_SIZE not in sizes:
        print(f"{AIM_SIZE:33d}  not measured (--peer-sizes 1,10,{AIM_SIZE}); aim {CLIENT_AIM} neither met nor missed")


def _word(ratios: Sequence[float], width: int) -> str:
    return f"{median(ratios):{width}.2f}  ({min(ratios):.2f} to {max(ratios):.2f})"


def _judge(aim: float, *, reached: bool) -> str:
    return f"  aim {aim} {'met' if reached else 'missed'}"
