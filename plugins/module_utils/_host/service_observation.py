# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How services are and what their ports show, every distinct one asked once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ansible_collections.certwright.tls.plugins.module_utils._host.request import Limits, Request, Service
from ansible_collections.certwright.tls.plugins.module_utils._host.services import (
    ServiceState,
    dump_configuration,
    observe_state,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.store import Store

if TYPE_CHECKING:
    from ansible_collections.certwright.tls.plugins.module_utils._host.probe import ProbeTarget, Served


def observe_services(store: Store, request: Request) -> dict[str, dict[str, Any]]:
    """By certificate and service name, every distinct service asked once and all ports at the same time."""
    pairs = [(wanted, service) for wanted in request.certificates for service in wanted.services]
    states = _observe_states((service for _wanted, service in pairs), request.limits)
    broken, unreferenced = _observe_configurations(store, request) if request.baseline else ({}, {})
    served = _served_by_service([service for _wanted, service in pairs], request)
    found: dict[str, dict[str, Any]] = {wanted.name: {} for wanted in request.certificates}
    for (wanted, service), probes in zip(pairs, served):
        state = states[service.identity]
        found[wanted.name][service.name] = {
            "running": state.running,
            "start": state.start,
            "broken": broken.get(service.identity, ""),
            "probes": probes,
            "unreferenced": unreferenced.get((wanted.name, service.name), []),
        }
    return found


def _observe_states(services: Iterable[Service], limits: Limits) -> dict[tuple[object, ...], ServiceState]:
    distinct = {service.identity: service for service in services}
    return {identity: observe_state(service, limits) for identity, service in distinct.items()}


def _observe_configurations(
    store: Store, request: Request
) -> tuple[dict[tuple[object, ...], str], dict[tuple[str, str], list[str]]]:
    """What is broken by service identity, and the files that no configuration names by certificate and service."""
    # Here, because only check mode asks, and half of the transaction comes in with them: 20 ms of an execution.
    from ansible_collections.certwright.tls.plugins.module_utils._host.baseline import (  # noqa: PLC0415
        find_broken_services,
    )
    from ansible_collections.certwright.tls.plugins.module_utils._host.proving import (  # noqa: PLC0415
        find_unnamed_files,
    )

    pairs = [(wanted, service) for wanted in request.certificates for service in wanted.services]
    distinct = {service.references: service for _wanted, service in pairs}
    dumps = {references: dump_configuration(service, request.limits) for references, service in distinct.items()}
    unreferenced = {
        (wanted.name, service.name): list(find_unnamed_files(dumps[service.references], store, wanted.name, service))
        for wanted, service in pairs
    }
    return find_broken_services(store, request.certificates, request.limits), unreferenced


def _served_by_service(services: list[Service], request: Request) -> list[list[dict[str, Any]]]:
    targets = dict.fromkeys(target for service in services for target in service.probes) if request.probe else {}
    if not targets:
        return [[] for _service in services]
    # Here, because ssl and the threads take 20 ms of an execution, which one without ports need not pay.
    from ansible_collections.certwright.tls.plugins.module_utils._host.listeners import (  # noqa: PLC0415
        observe_listeners,
    )
    from ansible_collections.certwright.tls.plugins.module_utils._host.probe import observe_served  # noqa: PLC0415

    by_target: dict[ProbeTarget, list[dict[str, Any]]] = {}
    for item in observe_served(targets, observe_listeners(), timeout=request.limits.handshake):
        by_target.setdefault(item.target, []).append(describe_served(item))
    return [[found for target in service.probes for found in by_target.get(target, [])] for service in services]


def describe_served(served: Served) -> dict[str, Any]:
    return {
        "port": served.target.port,
        "server_name": served.target.server_name or "",
        "starttls": served.target.starttls or "",
        "address": served.address,
        "state": served.state,
        "fingerprint": served.fingerprint,
        "detail": served.detail,
    }
