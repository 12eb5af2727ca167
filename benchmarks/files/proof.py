# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 the certwright.tls authors

"""A run that did not do its work is no measurement: what its result must say, and what must lie on the disk."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from material import Supplied

Shape = dict[str, tuple[int, int, int]]


def ours(size: int, outcome: str) -> dict[str, Any]:
    """Asserts of the result `ended` that as many domains came to this outcome, and `changed` accordingly."""
    return _assert(
        f"ended is {'not ' if outcome == 'unchanged' else ''}changed",
        f"ended.outcomes | length == {size}",
        f"ended.outcomes.values() | map(attribute='outcome') | unique | list == {json.dumps([outcome])}",
        f"ended.certificates | length == {size}",
    )


def not_served(size: int) -> dict[str, Any]:
    """Asserts that every port was asked: each of these names was served with another certificate."""
    return _assert(
        f"ended.reasons | map(attribute='certificate') | unique | length == {size}",
        "ended.reasons | map(attribute='code') | unique | list == ['not_served']",
    )


def copied(size: int, *, changed: bool) -> dict[str, Any]:
    """Asserts of the copying playbook's results that so many files were written or none, and the reload accordingly."""
    written = size if changed else 0
    return _assert(
        *(f"{name}.results | length == {size}" for name in ("certificates", "keys", "chains")),
        *(f"{name}.results | select('changed') | length == {written}" for name in ("fullchains", "private_keys")),
        f"reloaded is {'' if changed else 'not '}defined",
    )


def _assert(*conditions: str) -> dict[str, Any]:
    return {"name": "proof", "ansible.builtin.assert": {"that": list(conditions), "quiet": True}}


def require_placed(supplied: tuple[Supplied, ...], place: Path, fullchain: str, private_key: str) -> None:
    """Both files of each domain lie below `place`, where the two patterns say, with the supplied content."""
    for item in supplied:
        wanted = {fullchain: item.fullchain, private_key: item.private_key.read_text(encoding="ascii")}
        for pattern, content in wanted.items():
            path = place / pattern.format(name=item.name)
            if not path.exists() or path.read_text(encoding="ascii") != content:
                raise SystemExit(f"{path} is not what was supplied for {item.name}: this was no measurement")


def find_shape(place: Path) -> Shape:
    """Which file is where and when it was written: equal before and after a run that changed nothing."""
    found = {str(path): os.lstat(path) for path in sorted(place.rglob("*"))}
    return {path: (status.st_ino, status.st_mtime_ns, status.st_size) for path, status in found.items()}


def require_untouched(before: Shape, place: Path) -> None:
    touched = sorted(path for path, _status in before.items() ^ find_shape(place).items())
    if touched:
        raise SystemExit(f"A run that should change nothing changed {', '.join(touched[:5])}: this was no measurement")
