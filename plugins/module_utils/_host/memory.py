# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The memory of failed activations, beside the generation that failed. A committed generation has none."""

from __future__ import annotations

import os
from typing import Any

from ansible_collections.certwright.tls.plugins.module_utils._host.files import remove_file
from ansible_collections.certwright.tls.plugins.module_utils._host.journal import Attempt
from ansible_collections.certwright.tls.plugins.module_utils._host.outcome import Failure
from ansible_collections.certwright.tls.plugins.module_utils._host.store import (
    ACTIVATION,
    ADOPTED,
    Store,
    read_document,
    timestamp,
    write_document,
)


def remember_failure(store: Store, attempt: Attempt, failure: Failure, *, starts: dict[str, str]) -> None:
    """Counted, with the last reason. `starts` are the service starts that were reloaded in vain: once is enough."""
    directory = store.generation(attempt.certificate, attempt.generation)
    if not os.path.isdir(directory):
        return
    path = os.path.join(directory, ACTIVATION)
    before: dict[str, Any] = read_document(path) or {}
    write_document(
        path,
        {
            "tries": int(before.get("tries", 0)) + 1,
            "time": timestamp(),
            "step": failure.step,
            "message": failure.message,
            "reloaded_in_vain": starts,
        },
    )


def remember_commit(store: Store, attempt: Attempt, owed: dict[str, str]) -> None:
    """Nothing but the services that take the files at their next restart, with the start that they had.

    A certificate that has come alive here is not one that lies elsewhere any more.
    """
    path = os.path.join(store.generation(attempt.certificate, attempt.generation), ACTIVATION)
    if owed:
        write_document(path, {"restart_owed": owed})
    else:
        remove_file(path)
    remove_file(os.path.join(store.home(attempt.certificate), ADOPTED))
