# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who still names the files of a certificate: what a configuration names is never deleted."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.certwright.tls.plugins.module_utils._host.files import HostError
from ansible_collections.certwright.tls.plugins.module_utils._host.leaves import list_leaves
from ansible_collections.certwright.tls.plugins.module_utils._host.naming import Configuration
from ansible_collections.certwright.tls.plugins.module_utils._host.request import (
    Limits,
    Service,
    Wanted,
    can_leave,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.services import (
    ServiceState,
    dump_configuration,
    observe_state,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.store import (
    RECORD,
    Store,
    complete_generations,
    read_document,
    stored_certificates,
)


@dataclass(frozen=True)
class Usage:
    """The files that are named, each with who names it; and the services that cannot tell what they name."""

    named: tuple[tuple[str, str], ...] = ()
    unasked: tuple[str, ...] = ()

    def is_used(self, *, abandoned: bool) -> bool:
        """`abandoned` takes a service that cannot tell for one that names nothing."""
        return bool(self.named or (self.unasked and not abandoned))

    def to_json(self) -> dict[str, Any]:
        return {"named": [f"{service} names {path}" for service, path in self.named], "unasked": list(self.unasked)}


@dataclass
class Usages:
    """Each configuration is asked for once, however many certificates are looked at."""

    store: Store
    limits: Limits
    configurations: dict[tuple[str, ...], Configuration | None] = field(default_factory=dict)
    states: dict[tuple[object, ...], ServiceState] = field(default_factory=dict)
    known: tuple[Service, ...] | None = None

    def observe(self, wanted: Wanted) -> Usage:
        """Asks the certificate's own services, and all that any certificate of this store has."""
        own = (*recorded_services(self.store, wanted.name), *wanted.services)
        paths = tuple(find_foreign_paths(own))
        services = {item.references: item for item in (*self._all(), *own) if not (wanted.idle and self._is_idle(item))}
        named = [
            (service.name, word)
            for service in services.values()
            for word in self._find_named(service, wanted.name, paths)
        ]
        # Of others only those that say how to be asked: their configuration cannot be read now
        asked = (*own, *(item for item in services.values() if item.references))
        asked = tuple(item for item in asked if not (wanted.idle and self._is_idle(item)))
        unasked = sorted({item.name for item in asked if item.files and self._ask(item) is None})
        return Usage(tuple(dict.fromkeys(named)), tuple(unasked))

    def _find_named(self, service: Service, certificate: str, paths: tuple[str, ...]) -> Iterator[str]:
        configuration = self._ask(service)
        if configuration is not None:
            yield from configuration.find_named(self.store, certificate, paths)

    def _is_idle(self, service: Service) -> bool:
        if service.identity not in self.states:
            self.states[service.identity] = observe_state(service, self.limits)
        return not self.states[service.identity].running

    def _all(self) -> tuple[Service, ...]:
        if self.known is None:
            names = stored_certificates(self.store)
            self.known = tuple(service for name in names for service in recorded_services(self.store, name))
        return self.known

    def _ask(self, service: Service) -> Configuration | None:
        if service.references not in self.configurations:
            dump = dump_configuration(service, self.limits)
            self.configurations[service.references] = (
                None if dump is None else Configuration.from_dump(dump, self.store)
            )
        return self.configurations[service.references]


def observe_removal(store: Store, wanted: Wanted, usages: Usages) -> dict[str, Any]:
    """Whether anything is there, who names it, and what the certificate to fall back to does not have for it."""
    present = os.path.lexists(store.live(wanted.name)) or os.path.lexists(store.home(wanted.name))
    leaves = {"leaves": list_leaves(store, wanted.name)} if wanted.leaves else {}
    if not present:
        return {"present": False, "named": [], "unasked": [], "lacking": [], **leaves}
    lacking = find_lacking(store, wanted) if wanted.follows else []
    return {**usages.observe(wanted).to_json(), "present": True, "lacking": lacking, **leaves}


def find_lacking(store: Store, wanted: Wanted) -> list[str]:
    """The files, as `service/file`, that the followed certificate has neither live nor stored with the same parts."""
    if can_leave(wanted.services):
        return [path for path in dict.fromkeys(_find_fallbacks(wanted)) if not os.path.exists(path)]
    numbers = complete_generations(store, wanted.follows)
    places = [store.live(wanted.follows), *(store.generation(wanted.follows, number) for number in numbers[-1:])]
    parts = {
        os.path.join(service.name, spec.name): (spec.format, spec.parts)
        for service in reversed(recorded_services(store, wanted.follows))
        for spec in service.files
    }
    names = {
        os.path.join(service.name, spec.name): (spec.format, spec.parts)
        for service in wanted.services
        for spec in service.files
    }
    return [
        name
        for name, needed in names.items()
        if parts.get(name, needed) != needed or not any(os.path.exists(os.path.join(place, name)) for place in places)
    ]


def _find_fallbacks(wanted: Wanted) -> Iterator[str]:
    yield from (spec.fallback for service in wanted.services for spec in service.files)


def require_complete(store: Store, wanted: Wanted) -> None:
    """Links that lead nowhere are worse than the certificate that is there."""
    lacking = find_lacking(store, wanted)
    if lacking:
        raise HostError(f"The certificate {wanted.follows} has no {', '.join(lacking)}; give it this service too")


def recorded_services(store: Store, certificate: str) -> tuple[Service, ...]:
    """As every generation that is still there recorded them, the newest of a name first; a damaged record has none."""
    found: dict[tuple[str, tuple[str, ...]], Service] = {}
    for number in reversed(complete_generations(store, certificate)):
        try:
            record = read_document(os.path.join(store.generation(certificate, number), RECORD)) or {}
        except HostError:
            continue
        for item in record.get("services") or ():
            service = Service.from_json(item)
            found.setdefault((service.name, tuple(spec.path or spec.name for spec in service.files)), service)
    return tuple(found.values())


def find_foreign_paths(services: Iterable[Service]) -> Iterator[str]:
    """Every path outside of the store that leads, or led, to a file of this certificate."""
    for service in services:
        yield from (os.path.normpath(spec.path) for spec in service.files if spec.path)
