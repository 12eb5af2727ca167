# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Step 4 and its undoing, and the deafness to signals that both need."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator

from ansible_collections.certwright.tls.plugins.module_utils._host.bridge import (
    enter_bridge,
    leave_to_bridge,
    needs_bridge,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.files import Labeller
from ansible_collections.certwright.tls.plugins.module_utils._host.journal import Attempt
from ansible_collections.certwright.tls.plugins.module_utils._host.placements import (
    keep_displaced,
    place,
    put_back_placement,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.store import (
    Store,
    live_generation,
    point_live,
)


def switch(store: Store, attempt: Attempt, label: Labeller) -> None:
    """The live link first: a foreign path never leads to nothing. Safe to repeat."""
    for placement in attempt.placements:
        keep_displaced(placement)
    if needs_bridge(attempt) and live_generation(store, attempt.certificate) != attempt.generation:
        enter_bridge(store, attempt, label)
    point_live(store, attempt.certificate, attempt.generation)
    for placement in attempt.placements:
        place(placement, label=label)


def switch_back(store: Store, attempt: Attempt, label: Labeller) -> None:
    """Foreign paths that were not ours go first, copies of ours last: they are made from what is live."""
    ours = [item for item in attempt.placements if item.before == "ours"]
    theirs = [item for item in attempt.placements if item.before != "ours"]
    for placement in theirs:
        if placement.in_place:
            put_back_placement(placement, label=label)
    if needs_bridge(attempt):
        leave_to_bridge(store, attempt)
    for placement in theirs:
        if not placement.in_place:
            put_back_placement(placement, label=label)
    point_live(store, attempt.certificate, attempt.previous)
    for placement in ours:
        put_back_placement(placement, label=label)


@contextlib.contextmanager
def signals_ignored() -> Iterator[None]:
    """A lost connection or a cancelled job must not stop us half way.

    Handlers, not SIG_IGN: that would be inherited by what our commands start, and a service deaf to SIGHUP stays so.
    """
    names = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGPIPE)
    before = {name: signal.signal(name, lambda _number, _frame: None) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
