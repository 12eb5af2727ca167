# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What services lack although the live generation is right: links, and ports that show something else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import (
    Observed,
    ObservedGeneration,
    Port,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice, Problem, Reason
from ansible_collections.certwright.tls.plugins.plugin_utils._core.restart import is_restart_allowed
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import Service


def find_lacking(
    services: tuple[Service, ...], observed: Observed, live: ObservedGeneration, now: datetime
) -> Iterator[Reason]:
    """Why services must be given again what is live already."""
    for path in observed.paths:
        if path.state not in ("ours", "product"):
            yield Reason("link_missing", f"{path.path} does not lead to the live certificate")
    if live.failure and not live.reloaded_in_vain:
        fact = f"Generation {live.number} is live, but its activation failed: {live.failure}"
        yield Reason("activation_pending", fact)
    for service in services:
        if _owes_restart(service, observed, live) and _can_take_files(service, now):
            yield Reason("restart_due", f"{service.name} has the files since a restart was not allowed; now it is")
    for service, port in _find_stale(services, observed, live, now):
        if not _find_futility(service, observed, live):
            yield Reason("not_served", _stale(service, port, live))


def _owes_restart(service: Service, observed: Observed, live: ObservedGeneration) -> bool:
    """It is up since before it got the files."""
    seen = observed.services.get(service.name)
    return seen is not None and seen.running and live.restart_owed.get(service.name) == seen.start


def find_not_served(
    name: str, services: tuple[Service, ...], observed: Observed, live: ObservedGeneration, now: datetime
) -> Iterator[Problem]:
    """Reloaded once for this generation and this start of the service, in vain: no more reloads, but never silence."""
    for service, port in _find_stale(services, observed, live, now):
        futility = _find_futility(service, observed, live)
        if futility:
            way_out = "look at what its configuration names, and restart it"
            yield Problem(name, "not_served", f"{_stale(service, port, live)}; {futility}; {way_out}")


def _find_stale(
    services: tuple[Service, ...], observed: Observed, live: ObservedGeneration, now: datetime
) -> Iterator[tuple[Service, Port]]:
    for service in services:
        seen = observed.services.get(service.name)
        if seen is not None and seen.running and _can_take_files(service, now):
            stale = [port for port in seen.ports if port.state == "served" and port.fingerprint != live.fingerprint]
            yield from ((service, port) for port in stale[:1])


def _can_take_files(service: Service, now: datetime) -> bool:
    """Whether its port can be expected to show them: a service that may not restart now keeps what it has."""
    if service.method != "restart":
        return True
    return is_restart_allowed(service.restart_policy, service.restart_window, now)


def _find_futility(service: Service, observed: Observed, live: ObservedGeneration) -> str:
    """Why another reload would not help; empty when it may."""
    if service.method == "none":
        return "it watches its files and did not take them"
    is_in_vain = live.reloaded_in_vain.get(service.name) == observed.services[service.name].start
    return "it was reloaded for it once, in vain" if is_in_vain else ""


def _stale(service: Service, port: Port, live: ObservedGeneration) -> str:
    where = f"{service.name} on port {port.port} of {port.address}"
    shown = f"sha256 {port.fingerprint[:16]}…"
    return f"{where} serves {shown} instead of generation {live.number} (sha256 {live.fingerprint[:16]}…)"


def find_restart_notices(services: tuple[Service, ...], observed: Observed, now: datetime) -> Iterator[Notice]:
    """A service that restarts, may not now, and does not serve the live generation yet."""
    for service in services:
        seen = observed.services.get(service.name)
        if seen is None or observed.live is None or service.method != "restart" or _can_take_files(service, now):
            continue
        stale = any(port.state == "served" and port.fingerprint != observed.live.fingerprint for port in seen.ports)
        if stale or _owes_restart(service, observed, observed.live):
            yield Notice("restart_pending", f"{service.name} has the files and takes them at its next restart")


def find_unnamed_notices(services: tuple[Service, ...], observed: Observed) -> Iterator[Notice]:
    """Files that no configuration names; only check mode asks in advance."""
    for service in services:
        seen = observed.services.get(service.name)
        for path in () if seen is None else seen.unreferenced:
            yield Notice("not_referenced", f"No configuration of {service.name} names {path}")


def find_broken(name: str, services: tuple[Service, ...], observed: Observed) -> Iterator[Problem]:
    """A configuration that is broken now for a reason that is not ours; only check mode asks in advance."""
    for service in services:
        seen = observed.services.get(service.name)
        if seen is not None and seen.broken:
            fact = f"The configuration of {service.name} is broken now, so nothing of it would be touched"
            yield Problem(name, "service_config_broken_before", f"{fact}; mend it first. {seen.broken}")
