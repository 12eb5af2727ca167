# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which certificates a request means, with the services that were recorded for them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace

from ansible_collections.certwright.tls.plugins.module_utils._host.files import HostError
from ansible_collections.certwright.tls.plugins.module_utils._host.own_client import find_own_clients
from ansible_collections.certwright.tls.plugins.module_utils._host.request import Request, Service, Wanted
from ansible_collections.certwright.tls.plugins.module_utils._host.store import (
    RECORD,
    Store,
    complete_generations,
    is_being_removed,
    is_stored,
    read_document,
    stored_certificates,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.tombstones import buried_certificates


def find_certificates(store: Store, request: Request) -> tuple[Wanted, ...]:
    """Those that were asked for, with the services that were recorded for them where the request names none."""
    wanted = request.certificates
    if request.everything:
        wanted = tuple(_find_leaving(store) if request.leaving else _find_stored(store))
    return tuple(_with_recorded_services(store, item) if item.recorded else item for item in wanted)


def _find_stored(store: Store) -> Iterator[Wanted]:
    for name in stored_certificates(store):
        if is_stored(store, name) and not is_being_removed(store, name):
            yield Wanted(name, recorded=True)


def _find_leaving(store: Store) -> Iterator[Wanted]:
    """Whatever has a home, and what has gone already and may still be revoked."""
    for name in dict.fromkeys((*stored_certificates(store), *buried_certificates(store))):
        yield Wanted(name, recorded=True, removing=True, leaves=True, idle=True)


def _with_recorded_services(store: Store, wanted: Wanted) -> Wanted:
    numbers = complete_generations(store, wanted.name)
    if not numbers:
        return wanted
    try:
        record = read_document(os.path.join(store.generation(wanted.name, numbers[-1]), RECORD)) or {}
    except HostError:
        return wanted
    services = tuple(Service.from_json(item) for item in record.get("services") or ())
    return find_own_clients(store, replace(wanted, services=services))
