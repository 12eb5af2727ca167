# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 the certwright.tls authors

"""How the numbers are shown: medians with the least and the most, and the aim beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from ours import Ran

AIM_SIZE = 1000
BARE_AIM, READ_AIM, GROWTH_AIM = 2.0, 1.5, 1.0
# Two runs of the same thing differ by so much.
NOISE = 0.1


@dataclass(frozen=True)
class Versus:
    """The seconds of somebody else and of ours, one right after the other."""

    theirs: float
    ours: float

    @property
    def ratio(self) -> float:
        return self.ours / self.theirs


def print_heading(title: str, theirs: str = "theirs ms") -> None:
    print(f"{title:34}   n    ours is  (least to most){theirs:>14}  ours ms", flush=True)


def print_row(title: str, size: int, measured: Sequence[Versus], aim: float | None = None, slack: float = 0.0) -> None:
    """How many times as long ours took; one row as soon as it is known."""
    ratios = [each.ratio for each in measured]
    row = f"    {title:28}{size:6d}  {median(ratios):9.2f}  ({min(ratios):.2f} to {max(ratios):.2f})".ljust(66)
    theirs, ours = (
        median(values) * 1000 for values in zip(*((each.theirs, each.ours) for each in measured), strict=True)
    )
    verdict = "" if aim is None else f"  aim {aim} {'met' if median(ratios) <= aim + slack else 'missed'}"
    print(f"{row}{theirs:9.0f} {ours:8.0f}{verdict}", flush=True)


def print_unmeasured(title: str, size: int, reason: str) -> None:
    print(f"    {title:28}{size:6d}  not measured ({reason})", flush=True)


def print_parts(title: str, by_size: Mapping[int, Sequence[Ran]]) -> None:
    """Milliseconds by what they were spent on."""
    print(f"{f'where time goes, {title} (ms)':38}" + "".join(f"{size:>9d}" for size in by_size))
    _print_medians("whole playbook", by_size, lambda ran: ran.playbook)
    _print_medians("  its start and end", by_size, lambda ran: ran.playbook - ran.task)
    _print_medians("  the task", by_size, lambda ran: ran.task)
    for part in dict.fromkeys(part for measured in by_size.values() for ran in measured for part in ran.parts):
        _print_medians(f"    {part}", by_size, _finding(part))
    _print_medians("    other", by_size, lambda ran: ran.task - sum(ran.parts.values()))
    print(flush=True)


def print_no_op(by_size: Mapping[int, Sequence[Ran]]) -> None:
    """What Ansible takes for the same list, of whatever it is given to."""
    print(f"{'a no-op with the same list (ms)':38}" + "".join(f"{size:>9d}" for size in by_size))
    _print_medians("whole playbook", by_size, lambda ran: ran.playbook)
    _print_medians("  the task", by_size, lambda ran: ran.task)
    print(flush=True)


def _print_medians(name: str, by_size: Mapping[int, Sequence[Ran]], find: Callable[[Ran], float]) -> None:
    cells = (median(map(find, measured)) * 1000 for measured in by_size.values())
    print(f"{name:38}" + "".join(f"{cell:9.0f}" for cell in cells))


def _finding(part: str) -> Callable[[Ran], float]:
    return lambda ran: ran.parts.get(part, 0.0)
