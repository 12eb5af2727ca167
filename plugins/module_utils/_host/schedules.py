# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the configuration of other programs says on this host: nothing here raises, what cannot be read is not there."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.certwright.tls.plugins.module_utils._host.regular_files import read_regular

_WANTED_TIMERS = tuple(
    f"{place}/systemd/system/timers.target.wants" for place in ("/etc", "/usr/lib", "/usr/local/lib", "/lib")
)
_CRON_DIRECTORIES = tuple(f"/etc/cron.{word}" for word in ("d", "hourly", "daily", "weekly", "monthly"))
_CRONTABS = ("/var/spool/cron/crontabs/root", "/var/spool/cron/tabs/root", "/var/spool/cron/root")


@dataclass(frozen=True)
class HostTree:
    """Files by their path on the host, wherever its root is."""

    root: str = "/"

    def real(self, path: str) -> str:
        return os.path.join(self.root, path.lstrip("/"))

    def list_names(self, directory: str) -> list[str]:
        try:
            return sorted(name for name in os.listdir(self.real(directory)) if name.isprintable())
        except (OSError, ValueError):
            return []

    def is_there(self, path: str) -> bool:
        """A link counts by itself: those of systemd lead to absolute paths."""
        return os.path.lexists(self.real(path))

    def is_link(self, path: str) -> bool:
        return os.path.islink(self.real(path))

    def read_lines(self, path: str) -> list[str]:
        return read_regular(self.real(path)).content.decode("utf-8", "replace").splitlines()

    def read_settings(self, path: str) -> dict[str, str]:
        """The first `name = value` of each name, whatever section it is in, without quotes."""
        settings: dict[str, str] = {}
        for line in self.read_lines(path):
            name, equals, value = line.partition("=")
            if equals and not line.startswith((" ", "#")):
                settings.setdefault(name.strip(), value.strip().strip("'\""))
        return settings


def find_schedule(tree: HostTree, program: str) -> str:
    """What runs the program: an enabled timer, a cron file or root's crontab, the first that is found; else ""."""
    word = re.compile(rf"(?<!\w){re.escape(program)}(?!\w)")
    return next(_find_schedules(tree, word), "")


def _find_schedules(tree: HostTree, word: re.Pattern[str]) -> Iterator[str]:
    for directory in _WANTED_TIMERS:
        for name in tree.list_names(directory):
            if name.endswith(".timer") and word.search(name) and not _is_masked(tree, name):
                yield name
    files = [f"{directory}/{name}" for directory in _CRON_DIRECTORIES for name in tree.list_names(directory)]
    for path in [*files, "/etc/crontab", *_CRONTABS]:
        if any(_runs(tree, line, word) for line in tree.read_lines(path)):
            yield "crontab of root" if path in _CRONTABS else path


def _is_masked(tree: HostTree, timer: str) -> bool:
    try:
        return os.readlink(tree.real(f"/etc/systemd/system/{timer}")) == os.devnull
    except OSError:
        return False


def _runs(tree: HostTree, line: str, word: re.Pattern[str]) -> bool:
    """Debian's packages have a timer and a cron line, which does nothing where systemd runs."""
    if line.lstrip().startswith("#") or not word.search(line):
        return False
    return "-d /run/systemd/system" not in line or not tree.is_there("/run/systemd/system")
