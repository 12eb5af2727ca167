# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Step 2 of the transaction: everything that is to be switched is complete before anything is."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterable
from dataclasses import replace

from ansible_collections.certwright.tls.plugins.module_utils._host.files import HostError, Labeller
from ansible_collections.certwright.tls.plugins.module_utils._host.generation import stage_generation, stage_links
from ansible_collections.certwright.tls.plugins.module_utils._host.outcome import Outcome
from ansible_collections.certwright.tls.plugins.module_utils._host.request import Material, Request, Wanted
from ansible_collections.certwright.tls.plugins.module_utils._host.services import check_staged
from ansible_collections.certwright.tls.plugins.module_utils._host.sources import Source, read_key
from ansible_collections.certwright.tls.plugins.module_utils._host.store import (
    RECORD,
    Store,
    live_generation,
    prune,
    read_document,
    remove_generation,
    write_document,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.usage import require_complete


def stage_all(
    store: Store, certificates: Iterable[Wanted], *, label: Labeller
) -> tuple[dict[str, int], dict[str, Outcome]]:
    """What could not be stored is half done and pruned later; the other certificates go on."""
    staged, refused = {}, {}
    for wanted in sorted(certificates, key=lambda item: bool(item.follows)):  # what is followed comes first
        try:
            staged[wanted.name] = _stage(store, wanted, label=label)
        except (OSError, HostError) as error:
            fact = f"The host could not store it: {describe_fault(store, error)}"
            live = live_generation(store, wanted.name)
            refused[wanted.name] = Outcome(wanted.name, "refused", live, live, fact, "stage")
    return staged, refused


def describe_fault(store: Store, error: Exception) -> str:
    """What the operating system refused, and where; or what we did."""
    return f"{error.strerror} at {error.filename or store.path}" if isinstance(error, OSError) else str(error)


def _stage(store: Store, wanted: Wanted, *, label: Labeller) -> int:
    """The generation to activate: a new one from material, or the stored one that was named."""
    for number in wanted.discard:
        remove_generation(store, wanted.name, number)
    if wanted.remember is not None:
        _remember_services(store, wanted, wanted.remember)
    if wanted.material is None and not wanted.follows:
        return wanted.generation or 0
    prune(store, wanted.name, keep=sys.maxsize)
    if wanted.material is None:
        require_complete(store, wanted)
        return stage_links(store, wanted)
    number = stage_generation(store, wanted, _with_key(store, wanted, wanted.material), label=label)
    _require_readable(store, wanted, wanted.material, number)
    return number


def _require_readable(store: Store, wanted: Wanted, material: Material, number: int) -> None:
    """What its product could not open is stored nowhere. Raises HostError."""
    if not any(service.read_back for service in wanted.services):
        return
    # Here, because few services have keystores.
    from ansible_collections.certwright.tls.plugins.module_utils._host.read_back import (  # noqa: PLC0415
        find_read_back_faults,
    )

    directory = store.generation(wanted.name, number)
    faults = [
        f"{service.name}: {fault}"
        for service in wanted.services
        for fault in find_read_back_faults(
            service, os.path.join(directory, service.name), material, certificate=wanted.name
        )
    ]
    if faults:
        remove_generation(store, wanted.name, number)
        raise HostError("; ".join(faults))


def _with_key(store: Store, wanted: Wanted, material: Material) -> Material:
    """A key that lies on this host is read here and goes nowhere else."""
    if wanted.source is None:
        return material
    if wanted.source.get("order"):
        from ansible_collections.certwright.tls.plugins.module_utils._host.order import load_order_key  # noqa: PLC0415

        return replace(material, key=load_order_key(store, wanted.name, wanted.source["key_digest"]))
    key = read_key(Source.from_json(wanted.source))
    if hashlib.sha256(key.encode()).hexdigest() != wanted.source.get("key_digest"):
        raise HostError("The private key changed since it was matched with the certificate; run again")
    return replace(material, key=key)


def _remember_services(store: Store, wanted: Wanted, number: int) -> None:
    """For a later activation from the record: commands and probes as they are now, files as they were staged."""
    path = os.path.join(store.generation(wanted.name, number), RECORD)
    record = read_document(path) or {}
    files = {item["name"]: item["files"] for item in record.get("services", ())}
    services = [dict(item, files=files.get(item["name"], item["files"])) for item in wanted.record["services"]]
    write_document(path, dict(record, services=services))


def refuse_staged(store: Store, sound: list[Wanted], staged: dict[str, int], request: Request) -> dict[str, Outcome]:
    """Services that watch their files act on the switch itself, so their own check comes before it."""
    refused = {}
    for wanted in sound:
        for service in wanted.services if staged[wanted.name] else ():
            directory = os.path.join(store.generation(wanted.name, staged[wanted.name]), service.name)
            result = check_staged(service, directory, request.limits)
            if not result.ok:
                message = f"{service.name} refuses the new files, which were not switched: {result.summary}"
                refused[wanted.name] = Outcome(
                    wanted.name,
                    "refused",
                    staged[wanted.name],
                    live_generation(store, wanted.name),
                    message,
                    "staged_check",
                )
    return refused
