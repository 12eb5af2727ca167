# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a stored generation differs from what is desired: by identity, never by text."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import Desired, ObservedGeneration
from ansible_collections.certwright.tls.plugins.plugin_utils._core.keystore import needs_own_anchor
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Reason
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import Service, ServiceFile


def find_differences(desired: Desired, generation: ObservedGeneration | None) -> Iterator[Reason]:
    """By identity, never by text (a changed spelling or default is no difference)."""
    leaf = desired.bundle.leaf
    if generation is None:
        yield Reason("certificate_missing", f"No certificate {desired.name} is installed")
        return
    if generation.fingerprint != leaf.fingerprint:
        until = f" until {generation.not_after:%Y-%m-%d}" if generation.not_after else ""
        installed = f"sha256 {generation.fingerprint[:16]}…{until}"
        wanted = f"sha256 {leaf.fingerprint[:16]}… until {leaf.not_after:%Y-%m-%d}"
        yield Reason("certificate_differs", f"The installed certificate is {installed}; the supplied one is {wanted}")
    elif generation.chain != tuple(item.fingerprint for item in desired.bundle.chain):
        yield Reason("chain_differs", "The installed chain is not the supplied one")
    if _uses_root(desired) and generation.root != (desired.bundle.root.fingerprint if desired.bundle.root else ""):
        yield Reason("chain_differs", "The installed root is not the supplied one")
    yield from find_placing_differences(desired.services, generation)


def find_placing_differences(services: tuple[Service, ...], generation: ObservedGeneration) -> Iterator[Reason]:
    """Of the files that services have of a generation, whatever certificate it holds."""
    yield from _find_service_differences(services, generation)
    for file, fact in generation.drift:
        code, words = _DRIFT[fact]
        yield Reason(code, f"The file {file} of generation {generation.number} {words}")


_DRIFT = {
    "missing": ("file_missing", "is missing"),
    "content": ("file_differs", "was changed by somebody else"),
    "attributes": ("attributes_differ", "has another owner, group or mode than it was given"),
}


def _uses_root(desired: Desired) -> bool:
    files = [file for service in desired.services for file in service.files]
    return any("root" in file.parts for file in files) or needs_own_anchor(desired.services)


def _find_service_differences(services: tuple[Service, ...], generation: ObservedGeneration) -> Iterator[Reason]:
    """Only files count: commands and probes are always taken as they are declared now."""
    recorded = {service.name: service for service in generation.services}
    for service in services:
        known = recorded.pop(service.name, None)
        if known is None:
            yield Reason("service_added", f"The service {service.name} has no files of this certificate yet")
        elif known.declared_files != service.declared_files and known.files != service.files:
            yield Reason(
                "service_differs", f"The files of {service.name} are declared otherwise than they were installed"
            )
        else:
            yield from _find_keystore_differences(service, known)
    for name in recorded:
        yield Reason("service_removed", f"The service {name} is no longer declared")


def _find_keystore_differences(service: Service, known: Service) -> Iterator[Reason]:
    """By what is no word of the record: passphrase, trusted CAs, lists. A keystore's bytes are never the same twice."""
    recorded = {file.name: file for file in known.files}
    for file in (file for file in service.files if file.name in recorded):
        fact = _compare_keystores(file, recorded[file.name])
        if fact:
            yield Reason("service_differs", f"The file {file.name} of {service.name} was made with {fact}")


def _compare_keystores(file: ServiceFile, known: ServiceFile) -> str:
    if set(file.trusted) != set(known.trusted):
        return "other trusted certificates than are declared now"
    if {item.identity for item in file.lists} != {item.identity for item in known.lists}:
        return "another list of revocations than there is now"
    if file.passphrase is not None and not file.passphrase.is_of(known.passphrase_digest):
        return "another passphrase"
    return ""
