# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A generation on disk: how it is staged, and whether it still is what was staged."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ansible_collections.certwright.tls.plugins.module_utils._host.files import (
    Attributes,
    HostError,
    Labeller,
    load_attributes,
    make_directory,
    read_optional,
    remove_tree,
    replace_link,
    sync_directory,
    write_new,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.keystore import Keystore, make_file
from ansible_collections.certwright.tls.plugins.module_utils._host.pem import load_blocks
from ansible_collections.certwright.tls.plugins.module_utils._host.request import (
    FileSpec,
    Material,
    Service,
    Wanted,
    can_leave,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.store import (
    MANIFEST,
    RECORD,
    Store,
    complete_generations,
    live_generation,
    next_generation,
    read_document,
    unmark_removal,
    write_document,
)

CANONICAL_KEY = "privkey.pem"
# The four names that certbot's users know, so that a migration is a change of prefix.
CANONICAL = (
    FileSpec("cert.pem", ("leaf",), mode="0644"),
    FileSpec("chain.pem", ("chain",), mode="0644"),
    FileSpec("fullchain.pem", ("leaf", "chain"), mode="0644"),
    FileSpec(CANONICAL_KEY, ("key",), mode="0600"),
)

# The home of a shared certificate keeps its key as the controller sealed it: nothing on the host can open it.
SEALED = (*CANONICAL[:-1], FileSpec("privkey.sealed", ("key",), mode="0600"))


@dataclass(frozen=True)
class Manifest:
    """What staging wrote: the leaf's fingerprint, digest and attributes by relative path.

    A generation that `follows` another certificate consists of links to the live files of that one, and its leaf is
    whatever is live there. One that leaves has links to what its services fall back to, and the leaf is the one there.
    """

    fingerprint: str
    files: dict[str, dict[str, Any]]
    follows: str = ""


def find_attribute_problems(wanted: Wanted) -> tuple[str, ...]:
    """Unknown owners and groups, all of them, before anything is written."""
    return tuple(problem for service in wanted.services for problem in _attribute_problems(wanted.name, service))


def _attribute_problems(certificate: str, service: Service) -> Iterator[str]:
    for spec in service.files:
        try:
            attributes_of(spec)
        except HostError as error:
            yield f"{certificate}, service {service.name}, file {spec.name}: {error}"


def attributes_of(spec: FileSpec) -> Attributes:
    context = (spec.seuser, spec.serole, spec.setype, spec.selevel)
    return load_attributes(owner=spec.owner, group=spec.group, mode=spec.mode, context=context)


def stage_generation(store: Store, wanted: Wanted, material: Material, *, label: Labeller) -> int:
    """A complete generation that nothing points at yet: every file with its final attributes, synced, manifest last."""
    number, directory = _make_generation(store, wanted.name)
    canonical = SEALED if wanted.record.get("sealed") else CANONICAL
    written = {spec.name: _write(directory, spec, material.render(spec.parts), label) for spec in canonical}
    for service in wanted.services:
        make_directory(os.path.join(directory, service.name))
        for spec in service.files:
            relative = os.path.join(service.name, spec.name)
            content = make_file(Keystore(relative, spec, wanted.name, os.path.join(directory, CANONICAL_KEY)), material)
            written[relative] = _write(os.path.join(directory, service.name), spec, content, label)
        sync_directory(os.path.join(directory, service.name))
    write_document(os.path.join(directory, RECORD), wanted.record)
    manifest = {"fingerprint": wanted.record["fingerprint"], "files": written}
    write_document(os.path.join(directory, MANIFEST), manifest)
    return number


def stage_links(store: Store, wanted: Wanted) -> int:
    """A generation of links to the live files of the certificate that `wanted` follows: it renews, so do they."""
    number, directory = _make_generation(store, wanted.name)
    if can_leave(wanted.services):
        return _stage_leaving(wanted, number, directory)
    names = [spec.name for spec in CANONICAL]
    names += [os.path.join(service.name, spec.name) for service in wanted.services for spec in service.files]
    written = {name: {"link": _link(store, directory, name, wanted.follows)} for name in names}
    write_document(os.path.join(directory, RECORD), wanted.record)
    write_document(os.path.join(directory, MANIFEST), {"fingerprint": "", "follows": wanted.follows, "files": written})
    return number


def _stage_leaving(wanted: Wanted, number: int, directory: str) -> int:
    """What lies where a service looks when a certificate has no files of its own need not be in this store."""
    specs = {os.path.join(service.name, spec.name): spec for service in wanted.services for spec in service.files}
    for name, spec in specs.items():
        make_directory(os.path.dirname(os.path.join(directory, name)))
        replace_link(os.path.join(directory, name), spec.fallback)
        sync_directory(os.path.dirname(os.path.join(directory, name)))
    written = {name: {"link": spec.fallback} for name, spec in specs.items()}
    fallback = next(spec.fallback for spec in specs.values())
    write_document(os.path.join(directory, RECORD), wanted.record)
    manifest = {"fingerprint": "", "follows": wanted.follows, "fallback": fallback, "files": written}
    write_document(os.path.join(directory, MANIFEST), manifest)
    return number


def _make_generation(store: Store, certificate: str) -> tuple[int, str]:
    number = next_generation(store, certificate)
    make_directory(store.home(certificate))
    unmark_removal(store, certificate)
    directory = store.generation(certificate, number)
    remove_tree(directory)
    make_directory(directory)
    return number, directory


def _link(store: Store, directory: str, name: str, followed: str) -> str:
    """Relative, so that the whole store can be moved or looked at from outside of a container."""
    path = os.path.join(directory, name)
    make_directory(os.path.dirname(path))
    target = os.path.relpath(os.path.join(store.live(followed), name), os.path.dirname(path))
    replace_link(path, target)
    sync_directory(os.path.dirname(path))
    return target


def _write(directory: str, spec: FileSpec, content: bytes, label: Labeller) -> dict[str, Any]:
    path = os.path.join(directory, spec.name)
    write_new(path, content, attributes=attributes_of(spec), label=label)
    found = os.stat(path)
    return {
        "sha256": hashlib.sha256(content).hexdigest(),
        "uid": found.st_uid,
        "gid": found.st_gid,
        "mode": stat.S_IMODE(found.st_mode),
    }


def load_manifest(store: Store, certificate: str, number: int) -> Manifest | None:
    """None when the generation is not complete."""
    document = read_document(os.path.join(store.generation(certificate, number), MANIFEST))
    if document is None:
        return None
    follows = document.get("follows", "")
    fingerprint = _followed_fingerprint(store, follows) if follows else document["fingerprint"]
    if document.get("fallback"):
        fingerprint = _read_fingerprint(document["fallback"])
    return Manifest(fingerprint, document["files"], follows)


def _followed_fingerprint(store: Store, certificate: str) -> str:
    """Empty when nothing of it is live; what follows has files of its own, so this ends at the first step."""
    live = live_generation(store, certificate)
    document = read_document(os.path.join(store.generation(certificate, live or 0), MANIFEST)) or {}
    return str(document.get("fingerprint", ""))


def _read_fingerprint(path: str) -> str:
    """Of the first certificate of a file that need not be ours; empty when it has none."""
    blocks = load_blocks(read_optional(path) or b"")
    leaf = next((block.content for block in blocks if block.label == "CERTIFICATE"), b"")
    return hashlib.sha256(leaf).hexdigest() if leaf else ""


def find_drift(store: Store, certificate: str, number: int, manifest: Manifest) -> tuple[dict[str, str], ...]:
    """Every file of the generation that is missing, has other bytes, or other attributes than staging gave it."""
    directory = store.generation(certificate, number)
    waiting = _find_waiting(store, manifest.follows) if manifest.follows else ()
    return tuple(
        {"file": name, "fact": fact}
        for name, expected in sorted(manifest.files.items())
        for fact in _file_facts(f"{directory}/{name}", expected)
        if not (
            fact == "missing" and os.path.islink(f"{directory}/{name}") and _is_waiting(store, manifest, name, waiting)
        )
    )


def _find_waiting(store: Store, certificate: str) -> tuple[int, ...]:
    live = live_generation(store, certificate) or 0
    return tuple(number for number in complete_generations(store, certificate) if number > live)


def _is_waiting(store: Store, manifest: Manifest, name: str, waiting: tuple[int, ...]) -> bool:
    """A link leads to a file that comes alive with the next generation of the certificate that is followed."""
    return any(os.path.exists(os.path.join(store.generation(manifest.follows, number), name)) for number in waiting)


def _file_facts(path: str, expected: dict[str, Any]) -> Iterator[str]:
    """Every byte is read each time: a time stamp proves nothing."""
    if "link" in expected:
        yield from _link_facts(path, expected["link"])
        return
    try:
        found, content = _read(path)
    except OSError:
        yield "missing"
        return
    if hashlib.sha256(content).hexdigest() != expected["sha256"]:
        yield "content"
    attributes = (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode))
    if attributes != (expected["uid"], expected["gid"], expected["mode"]):
        yield "attributes"


def _link_facts(path: str, target: str) -> Iterator[str]:
    if not os.path.lexists(path):
        yield "missing"
    elif not os.path.islink(path) or os.readlink(path) != target:
        yield "content"
    elif not os.path.exists(path):
        yield "missing"


def _read(path: str) -> tuple[os.stat_result, bytes]:
    """Without the buffers of open(): five hundred certificates have three thousand files, read in half the time."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        found = os.fstat(descriptor)
        return found, os.read(descriptor, found.st_size + 1)
    finally:
        os.close(descriptor)
