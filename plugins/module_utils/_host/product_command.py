# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How services take the files, and get back what they had: of a product with a command of its own that is kept."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import replace

from ansible_collections.certwright.tls.plugins.module_utils._host.bridge import BRIDGE
from ansible_collections.certwright.tls.plugins.module_utils._host.commands import CommandResult
from ansible_collections.certwright.tls.plugins.module_utils._host.files import (
    HostError,
    Labeller,
    make_directory,
    read_optional,
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


def hand_over(
    store: Store, service: Service, attempts: Sequence[Attempt], *, limits: Limits, label: Labeller
) -> CommandResult:
    """The service takes the files; what a product had before is kept, where only it has it."""
    try:
        _keep_product_files(store, service, attempts, label=label)
    except (OSError, HostError) as error:
        return CommandResult((), 1, f"what {service.name} has now could not be kept: {error}")
    result = reload_service(service, limits)
    _hide_private_files(service)
    return result


def prepare_back(service: Service, limits: Limits) -> tuple[str, CommandResult]:
    return service.name, prepare_service(service, limits)


def hand_back(store: Store, service: Service, attempts: Sequence[Attempt], limits: Limits) -> tuple[str, CommandResult]:
    """The service takes what was there before; one that went down under our change is started."""
    if not observe_state(service, limits).running:
        return service.name, start_service(service, limits)
    result = reload_service(_find_kept(store, service, attempts), limits)
    _hide_private_files(service)
    return service.name, result


def _hide_private_files(service: Service) -> None:
    """A product may make files with the key that everybody can read, and keep the mode of those that are there."""
    for path in service.private_files:
        if os.path.isfile(path) and not os.path.islink(path):
            mode = stat.S_IMODE(os.stat(path).st_mode)
            os.chmod(path, mode & ~0o007)


def _keep_product_files(store: Store, service: Service, attempts: Sequence[Attempt], *, label: Labeller) -> None:
    """What the product has of its own, in the form of our files, where no generation of ours has it.

    In the place of a bridge, which is pruned with everything that is half done.
    """
    for attempt in attempts:
        if not service.product_file or not _lacks_previous(store, service, attempt):
            continue
        directory = os.path.join(store.generation(attempt.certificate, BRIDGE), service.name)
        for path in (os.path.dirname(directory), directory):
            make_directory(path)
        blocks = load_blocks(read_optional(service.product_file) or b"")
        for spec in service.files if blocks else ():
            path = os.path.join(directory, spec.name)
            if not os.path.lexists(path):  # a run that was killed has kept it, and the product has ours by now
                write_new(path, _render(spec, blocks), attributes=attributes_of(spec), label=label)
        sync_directory(directory)


def _find_kept(store: Store, service: Service, attempts: Sequence[Attempt]) -> Service:
    """The service as it gets back what was kept of the product, where nothing of ours was before."""
    for attempt in attempts:
        directory = os.path.join(store.generation(attempt.certificate, BRIDGE), service.name)
        if service.product_file and _lacks_previous(store, service, attempt) and os.path.isdir(directory):
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
