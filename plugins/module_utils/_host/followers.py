# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates whose paths lead to the files of another one: what is done to that one is done to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ansible_collections.certwright.tls.plugins.module_utils._host.files import HostError
from ansible_collections.certwright.tls.plugins.module_utils._host.generation import load_manifest
from ansible_collections.certwright.tls.plugins.module_utils._host.journal import Attempt
from ansible_collections.certwright.tls.plugins.module_utils._host.outcome import Failure
from ansible_collections.certwright.tls.plugins.module_utils._host.request import Wanted
from ansible_collections.certwright.tls.plugins.module_utils._host.store import (
    Store,
    live_generation,
    stored_certificates,
)


def find_followed(store: Store, certificate: str, number: int | None) -> str:
    """What a generation follows; empty for one with files of its own, and for one that is damaged."""
    try:
        manifest = None if number is None else load_manifest(store, certificate, number)
    except HostError:
        return ""
    return "" if manifest is None else manifest.follows


def with_followers(
    failures: dict[str, Failure], attempts: Iterable[Attempt], *, goes_back: Callable[[Attempt, Failure], bool]
) -> dict[str, Failure]:
    """What follows a certificate that goes back goes back with it: its links may lead to files that are no more."""
    attempts = tuple(attempts)
    back = {
        item.certificate
        for item in attempts
        if item.certificate in failures and goes_back(item, failures[item.certificate])
    }
    return {**{item.certificate: failures[item.follows] for item in attempts if item.follows in back}, **failures}


def find_left_behind(store: Store, certificates: Iterable[Wanted]) -> dict[str, str]:
    """By certificate, which files its next generation would not have although another certificate's links lead there.

    What is removed, or gets files of its own, in the same request leads there no more.
    """
    certificates = tuple(certificates)
    leaving = {item.name for item in certificates if item.remove or item.material}
    staged = {item.name: _list_files(item) for item in certificates if item.material}
    found: dict[str, list[str]] = {}
    if not staged:
        return {}
    for name in stored_certificates(store):
        number = live_generation(store, name)
        followed = "" if name in leaving else find_followed(store, name, number)
        if followed in staged:
            lacking = set(_list_links(store, name, number)) - staged[followed]
            found.setdefault(followed, []).extend(f"{file} (of {name})" for file in sorted(lacking))
    return {name: ", ".join(files) for name, files in found.items() if files}


def _list_files(wanted: Wanted) -> set[str]:
    return {f"{service.name}/{spec.name}" for service in wanted.services for spec in service.files}


def _list_links(store: Store, certificate: str, number: int | None) -> Iterator[str]:
    """Of services; the four names of every certificate are always there."""
    manifest = None if number is None else load_manifest(store, certificate, number)
    yield from (name for name in (manifest.files if manifest else ()) if "/" in name)
