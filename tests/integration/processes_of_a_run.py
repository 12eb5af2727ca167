# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The end of a controller as its machine or its container ends: nothing that it started goes on."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from ansible_collections.certwright.tls.tests.integration.playbook_run import PlaybookRun
from ansible_collections.certwright.tls.tests.integration.servers import is_running, wait_until


def kill(run: PlaybookRun) -> None:
    """Workers of newer ansible-cores have sessions of their own; a listener on the host is nobody's child and stays."""
    run.signal(signal.SIGSTOP)
    kill_all(run.process, list(find_children(run.process.pid)))


def kill_all(process: subprocess.Popen[bytes], pids: Sequence[int]) -> None:
    """It, and those that were its children."""
    for pid in (process.pid, *pids):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()
    wait_until(lambda: not any(is_running(pid) for pid in pids), "a controller that is gone")


def find_children(parent: int) -> Iterator[int]:
    """And theirs."""
    for path in Path("/proc").glob("[0-9]*"):
        try:
            stat = (path / "stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        if int(stat.rpartition(")")[2].split()[1]) == parent:
            yield int(path.name)
            yield from find_children(int(path.name))
