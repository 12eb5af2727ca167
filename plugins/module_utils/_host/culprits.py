# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which of many certificates a service's own check refuses."""

from __future__ import annotations

from ansible_collections.certwright.tls.plugins.module_utils._host.files import Labeller
from ansible_collections.certwright.tls.plugins.module_utils._host.journal import Attempt
from ansible_collections.certwright.tls.plugins.module_utils._host.request import Limits, Service
from ansible_collections.certwright.tls.plugins.module_utils._host.services import check_switched
from ansible_collections.certwright.tls.plugins.module_utils._host.store import Store
from ansible_collections.certwright.tls.plugins.module_utils._host.switching import switch, switch_back


def find_culprits(
    store: Store, service: Service, attempts: list[Attempt], *, limits: Limits, label: Labeller
) -> list[Attempt]:
    """All out; when the check passes then, back in by halves until the guilty ones are alone, and out."""

    def add_by_halves(group: list[Attempt]) -> list[Attempt]:
        for attempt in group:
            switch(store, attempt, label)
        if check_switched(service, limits).ok:
            return []
        for attempt in group:
            switch_back(store, attempt, label)
        if len(group) == 1:
            return group
        half = len(group) // 2
        return add_by_halves(group[:half]) + add_by_halves(group[half:])

    if len(attempts) == 1:
        return attempts
    for attempt in attempts:
        switch_back(store, attempt, label)
    return add_by_halves(attempts) if check_switched(service, limits).ok else attempts
