# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Step 0: how services were before, so that we neither blame nor undo for faults that were there already."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ansible_collections.certwright.tls.plugins.module_utils._host.listeners import observe_listeners
from ansible_collections.certwright.tls.plugins.module_utils._host.outcome import Outcome
from ansible_collections.certwright.tls.plugins.module_utils._host.probe import ProbeTarget, observe_served
from ansible_collections.certwright.tls.plugins.module_utils._host.proving import answer_key
from ansible_collections.certwright.tls.plugins.module_utils._host.request import Limits, Service, Wanted
from ansible_collections.certwright.tls.plugins.module_utils._host.services import (
    ServiceState,
    check_service,
    dump_configuration,
    observe_state,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.store import Store, live_generation


@dataclass(frozen=True)
class Baseline:
    """Unit states by service identity; what was refused and what answered, by certificate."""

    states: dict[tuple[object, ...], ServiceState]
    refused: dict[str, Outcome]
    answered: dict[str, dict[str, str]]


def observe_baseline(
    store: Store, certificates: Sequence[Wanted], limits: Limits, *, services: Iterable[Sequence[Service]] = ()
) -> Baseline:
    """Each distinct service is asked once. `services` are those of interrupted attempts: their states only."""
    groups = [item.services for item in certificates] + list(services)
    distinct = {service.identity: service for group in groups for service in group}
    states = {identity: observe_state(service, limits) for identity, service in distinct.items()}
    refused = _find_broken(store, certificates, limits)
    going = [item for item in certificates if item.name not in refused]
    return Baseline(states, refused, _observe_answers(going, limits))


def _find_broken(store: Store, certificates: Sequence[Wanted], limits: Limits) -> dict[str, Outcome]:
    broken = find_broken_services(store, certificates, limits)
    refused = {}
    for wanted in certificates:
        for service in wanted.services:
            if service.identity in broken:
                refused[wanted.name] = _broken_before(store, wanted, service, broken[service.identity])
    return refused


def find_broken_services(store: Store, certificates: Sequence[Wanted], limits: Limits) -> dict[tuple[object, ...], str]:
    """A configuration that was broken before is touched by nobody, unless what it misses is what we bring."""
    used = {service.identity: service for wanted in certificates for service in wanted.services}
    checks = {identity: check_service(service, limits) for identity, service in used.items()}
    missing = tuple(path for wanted in certificates for path in _missing_paths(store, wanted))
    return {
        identity: result.summary
        for identity, result in checks.items()
        if not result.ok and not _misses_ours(used[identity], result.output, missing, limits)
    }


def _misses_ours(service: Service, output: str, missing: tuple[str, ...], limits: Limits) -> bool:
    """Not every check says which file it misses; a configuration that names one of ours is enough to try.

    Nothing is risked by trying: the check after the switch decides, and no service is reloaded before it passes.
    """
    if any(path in output for path in missing):
        return True
    dump = dump_configuration(service, limits) or ""
    return any(path in dump for path in missing)


def _broken_before(store: Store, wanted: Wanted, service: Service, summary: str) -> Outcome:
    fact = f"The configuration of {service.name} was broken before, so nothing of it was touched"
    message = f"{fact}; mend it and run again. {summary}"
    live = live_generation(store, wanted.name)
    return Outcome(wanted.name, "refused", live, live, message, "baseline")


def _missing_paths(store: Store, wanted: Wanted) -> Iterable[str]:
    for service in wanted.services:
        for spec in service.files:
            for path in (store.live_file(wanted.name, service.name, spec.name), spec.path):
                if path and not os.path.exists(path):
                    yield path


def _observe_answers(certificates: Sequence[Wanted], limits: Limits) -> dict[str, dict[str, str]]:
    targets = {target for wanted in certificates for service in wanted.services for target in service.probes}
    served = observe_served(tuple(targets), observe_listeners(), timeout=limits.handshake)
    answers: dict[ProbeTarget, dict[str, str]] = {}
    for item in served:
        if item.state == "served":
            answers.setdefault(item.target, {})[answer_key(item.target, item.address)] = item.fingerprint
    return {wanted.name: _answers_of(wanted, answers) for wanted in certificates}


def _answers_of(wanted: Wanted, answers: dict[ProbeTarget, dict[str, str]]) -> dict[str, str]:
    targets = [target for service in wanted.services for target in service.probes]
    return {key: leaf for target in targets for key, leaf in answers.get(target, {}).items()}
