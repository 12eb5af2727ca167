# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How services take the files, and get back what they had: of a product with a command of its own that is kept."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import replace

from ansible_collections.certwright.tls.plugins.module_utils._host.bridge import BRIDGE, copy_file
from ansible_collections.certwright.tls.plugins.module_utils._host.commands import CommandResult
from ansible_collections.certwright.tls.plugins.module_utils._host.files import (
    HostError,
    Labeller,
    make_directory,
    read_optional,
    remove_tree,
    sync_directory,
    write_new,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.generation import attributes_of
from ansible_collections.certwright.tls.plugins.module_utils._host.journal import Attempt
from ansible_collections.certwright.tls.plugins.module_utils._host.pem import Block, load_blocks
from ansible_collections.certwright.tls.plugins.module_utils._host.request import FileSpec, Limits, Service
from ansible_collections.certwright.tls.plugins.module_utils._host.services import (
    observe_state,
    prepare_service,
    reload_service,
    start_service,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.store import Store

_NOTHING_KEPT = (
    "{service} had no certificate with a key before that could be kept, so it was not called again and may have the new"
    " one still"
)


def hand_over(
    store: Store, service: Service, attempts: Sequence[Attempt], *, limits: Limits, label: Labeller
) -> CommandResult:
    """The service takes the files; what a product had before is kept, where only it has it."""
    try:
        _keep_product_files(store, service, attempts, label=label)
    except (OSError, HostError) as error:
        return CommandResult((), 1, f"what {service.name} has now could not be kept: {error}")
    return _reload_hidden(service, limits)


def prepare_back(service: Service, limits: Limits) -> tuple[str, CommandResult]:
    return service.name, prepare_service(service, limits)


def hand_back(store: Store, service: Service, attempts: Sequence[Attempt], limits: Limits) -> tuple[str, CommandResult]:
    """The service takes what was there before; one that went down under our change is started."""
    if not observe_state(service, limits).running:
        return service.name, start_service(service, limits)
    kept = _find_kept(store, service, attempts)
    if kept is None:
        return service.name, CommandResult((), 1, _NOTHING_KEPT.format(service=service.name))
    return service.name, _reload_hidden(kept, limits)


def _reload_hidden(service: Service, limits: Limits) -> CommandResult:
    result = reload_service(service, limits)
    try:
        _hide_private_files(service)
    except OSError as error:
        fact = f"the files of {service.name} with the key could not be hidden from everybody: {error}"
        return CommandResult((), 1, f"{fact}; {result.summary}" if not result.ok else fact)
    return result


def _hide_private_files(service: Service) -> None:
    """A product may make files with the key that everybody can read, and keep the mode of those that are there."""
    for path in service.private_files:
        if os.path.isfile(path) and not os.path.islink(path):
            mode = stat.S_IMODE(os.stat(path).st_mode)
            os.chmod(path, mode & ~0o007)


def _keep_product_files(store: Store, service: Service, attempts: Sequence[Attempt], *, label: Labeller) -> None:
    """What the product has of its own, in the form of our files, where no generation of ours has it."""
    for attempt in attempts:
        if not service.product_file:
            continue
        for path in dict.fromkeys((service.product_file, *service.private_files)):
            _detach(store, attempt, path, label=label)
        directory = _kept_directory(store, service, attempt)
        if _lacks_previous(store, service, attempt) and not os.path.isdir(directory):
            _keep(service, directory, label=label)


def _kept_directory(store: Store, service: Service, attempt: Attempt) -> str:
    """In the place of a bridge, which is pruned with everything that is half done."""
    return os.path.join(store.generation(attempt.certificate, BRIDGE), f"{service.name}.kept")


def _keep(service: Service, directory: str, *, label: Labeller) -> None:
    """By one rename: after a kill the product may have ours, so what is there then was kept before, or was nothing."""
    fresh = f"{directory}.new"
    remove_tree(fresh)
    for path in (os.path.dirname(directory), fresh):
        make_directory(path)
    blocks = load_blocks(read_optional(service.product_file) or b"")
    for spec in service.files if _is_complete(blocks) else ():
        write_new(os.path.join(fresh, spec.name), _render(spec, blocks), attributes=attributes_of(spec), label=label)
    sync_directory(fresh)
    os.rename(fresh, directory)
    sync_directory(os.path.dirname(directory))


def _is_complete(blocks: Sequence[Block]) -> bool:
    """A command for a certificate without its key, or the reverse, could only fail."""
    labels = {block.label for block in blocks}
    return "CERTIFICATE" in labels and any(label.endswith("PRIVATE KEY") for label in labels)


def _detach(store: Store, attempt: Attempt, path: str, *, label: Labeller) -> None:
    """A link that an earlier way of ours left becomes the file that it showed before the switch.

    It would lead to nothing now, and the product would write through it into a generation.
    """
    live = store.live(attempt.certificate) + "/"
    if attempt.previous is None or not os.path.islink(path) or not os.readlink(path).startswith(live):
        return
    shown = os.path.join(store.generation(attempt.certificate, attempt.previous), os.readlink(path)[len(live) :])
    if os.path.isfile(shown):
        copy_file(shown, f"{path}.certwright-new", label)
        os.replace(f"{path}.certwright-new", path)
        sync_directory(os.path.dirname(path))


def _find_kept(store: Store, service: Service, attempts: Sequence[Attempt]) -> Service | None:
    """The service as it gets back what was kept of the product, where nothing of ours was before; None without."""
    for attempt in attempts:
        if not service.product_file or not _lacks_previous(store, service, attempt):
            continue
        directory = _kept_directory(store, service, attempt)
        if not all(os.path.isfile(os.path.join(directory, spec.name)) for spec in service.files):
            return None
        live = os.path.join(store.live(attempt.certificate), service.name)
        return replace(service, reload=tuple(word.replace(live, directory) for word in service.reload))
    return service


def _lacks_previous(store: Store, service: Service, attempt: Attempt) -> bool:
    if attempt.previous is None:
        return True
    before = os.path.join(store.generation(attempt.certificate, attempt.previous), service.name)
    return not all(os.path.exists(os.path.join(before, spec.name)) for spec in service.files)


def _render(spec: FileSpec, blocks: Sequence[Block]) -> bytes:
    """By parts, of a file that holds leaf, key and CA certificates in whatever order but the leaf first of its kind."""
    certificates = [block.text for block in blocks if block.label == "CERTIFICATE"]
    keys = [block.text for block in blocks if block.label.endswith("PRIVATE KEY")]
    texts = {"leaf": certificates[:1], "chain": certificates[1:], "key": keys}
    return "".join(text for part in spec.parts for text in texts.get(part, ())).encode("ascii")
