# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The control groups of hosts: one for each in each hierarchy that systemd uses, and how they are swept away."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_MOUNT = Path("/sys/fs/cgroup")


def hierarchies() -> list[Path]:
    """One where the machine has the unified hierarchy, else those of systemd and those that count."""
    if (_MOUNT / "cgroup.controllers").exists():
        return [_MOUNT]
    return [_MOUNT / name for name in ("systemd", "unified", "memory", "cpuacct") if (_MOUNT / name).is_dir()]


def cgroups_of(directory: Path) -> list[Path]:
    """Those of the fleet with that directory; each host has one below each of them."""
    return [hierarchy / directory.name for hierarchy in hierarchies()]


def remove_cgroups(directory: Path) -> None:
    """They can be removed once their processes are gone, which takes a moment after they were killed."""
    left = [group for group in cgroups_of(directory) if group.exists()]
    for _attempt in range(100):
        for group in left:
            for path, _children, _files in os.walk(group, topdown=False):
                with suppress(OSError):
                    Path(path).rmdir()
        left = [group for group in left if group.exists()]
        if not left:
            return
        time.sleep(0.05)


def processor_seconds(directory: Path) -> float:
    """What all hosts of the fleet have used so far."""
    return sum(_read_seconds(directory))


def _read_seconds(directory: Path) -> Iterator[float]:
    for group in cgroups_of(directory):
        with suppress(FileNotFoundError):
            yield int((group / "cpuacct.usage").read_text(encoding="ascii")) / 1e9
        if group.parent == _MOUNT:
            words = (group / "cpu.stat").read_text(encoding="ascii").split()
            yield int(words[words.index("usage_usec") + 1]) / 1e6
