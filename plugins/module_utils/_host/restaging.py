# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A generation that is stored again with other services, from the very bytes of an earlier one."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace

from ansible_collections.certwright.tls.plugins.module_utils._host.files import HostError
from ansible_collections.certwright.tls.plugins.module_utils._host.generation import (
    CANONICAL,
    SEALED,
    Manifest,
    find_drift,
    load_manifest,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.outcome import Outcome
from ansible_collections.certwright.tls.plugins.module_utils._host.request import FileSpec, Material, Service, Wanted
from ansible_collections.certwright.tls.plugins.module_utils._host.store import (
    RECORD,
    Store,
    live_generation,
    read_document,
)


def load_restaged(store: Store, certificates: Iterable[Wanted]) -> tuple[tuple[Wanted, ...], dict[str, Outcome]]:
    """Each that is to be stored again has its material and its record; what cannot be is refused by itself."""
    loaded, refused = [], {}
    for wanted in certificates:
        try:
            loaded.append(wanted if wanted.restage is None else _load(store, wanted, wanted.restage))
        except (OSError, HostError) as error:
            live = live_generation(store, wanted.name)
            fact = f"Generation {wanted.restage} of {wanted.name} cannot be stored again: {error}"
            refused[wanted.name] = Outcome(wanted.name, "refused", live, live, fact, "stage")
            loaded.append(wanted)
    return tuple(loaded), refused


def _load(store: Store, wanted: Wanted, number: int) -> Wanted:
    manifest = load_manifest(store, wanted.name, number)
    if manifest is None:
        raise HostError("it is not complete; run again")
    if manifest.follows:
        raise HostError(f"it has no files of its own but those of {manifest.follows}; give it material of its own")
    generation = _Restaged(store, wanted.name, number, manifest)
    record = dict(generation.record, **wanted.record, fingerprint=manifest.fingerprint)
    material = replace(generation.load_material(wanted.services), keystores=wanted.keystores)
    return replace(wanted, material=material, record=record, restage=None)


class _Restaged:
    """What is read is what was staged: a file with other bytes is refused. Owner and mode may have drifted."""

    def __init__(self, store: Store, certificate: str, number: int, manifest: Manifest) -> None:
        self.directory = store.generation(certificate, number)
        self.record = read_document(os.path.join(self.directory, RECORD)) or {}
        self.root = str(self.record.get("root_certificate") or "")
        drift = find_drift(store, certificate, number, manifest)
        self.drifted = {item["file"] for item in drift if item["fact"] != "attributes"}

    def load_material(self, services: tuple[Service, ...]) -> Material:
        canonical = SEALED if self.record.get("sealed") else CANONICAL
        by_part = {spec.parts: self._read(spec.name) for spec in canonical}
        material = Material(leaf=by_part["leaf",], chain=by_part["chain",], root=self.root, key=by_part["key",])
        if not self.root and any(_is_pem_of_root(spec) for service in services for spec in service.files):
            return replace(material, root=self._find_root(material))
        return material

    def _read(self, name: str) -> str:
        if name in self.drifted:
            raise HostError(f"its file {name} is not what was stored; supply the certificate again")
        with open(os.path.join(self.directory, name), encoding="ascii") as file:
            return file.read()

    def _find_root(self, material: Material) -> str:
        """Where an earlier release recorded it: in files of services, between what else these are made of."""
        for item in self.record.get("services") or ():
            service = Service.from_json(item)
            for spec in service.files:
                if _is_pem_of_root(spec):
                    return self._cut_root(service.name, spec, material)
        raise HostError("it has no root, which a service now uses; supply the certificate again, with its root")

    def _cut_root(self, service: str, spec: FileSpec, material: Material) -> str:
        content = self._read(os.path.join(service, spec.name))
        place = spec.parts.index("root")
        before = len(material.render(spec.parts[:place]))
        after = len(material.render(spec.parts[place + 1 :]))
        return content[before : len(content) - after]


def _is_pem_of_root(spec: FileSpec) -> bool:
    """Nothing can be cut out of a keystore; whoever has the root sends it for one."""
    return spec.format == "pem" and "root" in spec.parts
