# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 the certwright.tls authors

"""A no-op and a task of ours that are given the same list, as tasks and as the seconds that they took."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

from playbooks import TaskTime
from run import Pair

OURS, PING = "certwright.tls.domain_certificate", "ansible.builtin.ping"
FULLCHAIN, PRIVATE_KEY = "live/{name}/nginx/fullchain.pem", "live/{name}/nginx/privkey.pem"

FIRST_USE = "ours, first use"

BySize = dict[int, list[Pair]]


def word_ours(name: str, *, domains: str, store: Path) -> dict[str, Any]:
    """`domains` is the name of a variable. The result is `ended`, for the proof after it."""
    words = {"domains": f"{{{{ {domains} }}}}", "store_path": str(store)}
    return {"name": name, OURS: words, "register": "ended"}


def word_first_use(store: Path) -> dict[str, Any]:
    """Apart, because a playbook pays once for loading a plugin, however many of its tasks use it."""
    return {"name": FIRST_USE, OURS: {"domains": [], "store_path": str(store)}}


def word_pair(name: str, *, domains: str, store: Path) -> list[dict[str, Any]]:
    """The no-op templates the same expression and takes it to the host: whatever ours adds to that is ours."""
    no_op = {"name": "no-op", PING: {"data": f"{{{{ {domains} }}}}"}}
    return [no_op, word_ours(name, domains=domains, store=store)]


def collect_pairs(times: Iterable[TaskTime], kind: str, by_size: BySize) -> None:
    """Those of the tasks that are named by this kind and a size."""
    for before, ended in pairwise(times):
        name, _blank, size = ended.name.partition(" ")
        if name == kind:
            by_size[int(size)].append(Pair(before.seconds, ended.seconds))
