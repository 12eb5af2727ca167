# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host holds and serves, as plain JSON. Reads only; the digest is what a later `apply` is bound to."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from ansible_collections.certwright.tls.plugins.module_utils._host.anchor import find_anchor
from ansible_collections.certwright.tls.plugins.module_utils._host.asked import find_certificates
from ansible_collections.certwright.tls.plugins.module_utils._host.files import HostError
from ansible_collections.certwright.tls.plugins.module_utils._host.generation import (
    Manifest,
    find_attribute_problems,
    find_drift,
    load_manifest,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.located import with_directories
from ansible_collections.certwright.tls.plugins.module_utils._host.path_observation import observe_paths
from ansible_collections.certwright.tls.plugins.module_utils._host.placements import find_placement_problems
from ansible_collections.certwright.tls.plugins.module_utils._host.request import Request, Wanted
from ansible_collections.certwright.tls.plugins.module_utils._host.service_observation import observe_services
from ansible_collections.certwright.tls.plugins.module_utils._host.store import (
    ACTIVATION,
    ADOPTED,
    MANIFEST,
    RECORD,
    Store,
    complete_generations,
    digest_of,
    is_being_removed,
    is_stored,
    live_generation,
    read_document,
    stored_certificates,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.store_lock import locked_for_reading
from ansible_collections.certwright.tls.plugins.module_utils._host.tombstones import observe_tombstone

# Of a record: what only people read, and what is compared of a service that the request declares anew.
_UNPLANNED = ("version", "declared_names", "run", "stored", "root_certificate")
_COMPARED = ("name", "files", "declared")


def observe(store: Store, request: Request) -> dict[str, Any]:
    """The store under its lock, then services and ports without it: a run in progress is waited for, not misread."""
    located = tuple(with_directories(store, wanted) for wanted in find_certificates(store, request))
    request = replace(request, certificates=located)
    held = _observe_locked(store, request)
    shown = {
        item.name: _shorten(held["certificates"][item.name], recorded=item.recorded) for item in request.certificates
    }
    for item in request.certificates if request.baseline else ():
        shown[item.name]["refusals"] = find_refusals(store, item)
    for name, removal in _observe_removals(store, request).items():
        shown[name]["removal"] = removal
    for name, issuance in held["issuances"].items():
        shown[name]["issuance"] = issuance
    return {
        "journal": held["journal"],
        "certificates": shown,
        "stored": [name for name in stored_certificates(store) if is_stored(store, name)],
        "store": store.path,
        "exists": store.exists(),
        "time": time.time(),
        "services": observe_services(store, request),
        "neighbours": _observe_neighbours(request.names),
    }


def _observe_removals(store: Store, request: Request) -> dict[str, dict[str, Any]]:
    wanted = [item for item in request.certificates if item.removing]
    if not wanted:
        return {}
    # Here, because few requests remove, and half of the transaction comes in with it: 20 ms of an execution.
    from ansible_collections.certwright.tls.plugins.module_utils._host.usage import (  # noqa: PLC0415
        Usages,
        observe_removal,
    )

    usages = Usages(store, request.limits)
    return {item.name: observe_removal(store, item, usages) for item in wanted}


def _observe_neighbours(names: tuple[str, ...]) -> list[dict[str, str]]:
    """Who else looks after certificates of these names."""
    if not names:
        return []
    from ansible_collections.certwright.tls.plugins.module_utils._host.renewers import find_neighbours  # noqa: PLC0415

    return find_neighbours(names)


def find_refusals(store: Store, wanted: Wanted) -> list[str]:
    """Owners, groups and foreign paths that cannot be as declared."""
    placements = find_placement_problems(store, wanted.name, wanted.services)
    return [*find_attribute_problems(wanted), *placements]


def _observe_locked(store: Store, request: Request) -> dict[str, Any]:
    with locked_for_reading(store, patience=request.limits.lock):
        issuances = _observe_issuances(store, request)
        return dict(observe_store(store, request.certificates), issuances=issuances)


def _observe_issuances(store: Store, request: Request) -> dict[str, dict[str, Any]]:
    """Beside the digest: to begin an order is not to change what a plan of activation rests on."""
    wanted = [item for item in request.certificates if item.issuance]
    if not wanted:
        return {}
    # Here, because what is not ordered has none.
    from ansible_collections.certwright.tls.plugins.module_utils._host.issuance import observe_issuance  # noqa: PLC0415
    from ansible_collections.certwright.tls.plugins.module_utils._host.openssl import has_openssl  # noqa: PLC0415

    openssl = has_openssl()
    return {
        item.name: dict(observe_issuance(store, item.name, openssl=openssl), **_observe_webroot(item))
        for item in wanted
    }


def _observe_webroot(wanted: Wanted) -> dict[str, Any]:
    """Before a CA is asked, and only where one is to look."""
    if not wanted.webroot:
        return {}
    from ansible_collections.certwright.tls.plugins.module_utils._host.challenges import (  # noqa: PLC0415
        find_webroot_fault,
    )

    return {"webroot": find_webroot_fault(wanted.webroot)}


def observe_store(store: Store, certificates: Iterable[Wanted]) -> dict[str, Any]:
    """Everything that a plan rests on; the same reading before and under the lock gives the same digests."""
    held = {wanted.name: _observe_certificate(store, wanted) for wanted in certificates}
    return {
        "journal": _summarise_journal(store),
        "certificates": {name: dict(found, digest=digest_of(found)) for name, found in held.items()},
    }


def _summarise_journal(store: Store) -> dict[str, Any] | None:
    document = read_document(store.journal)
    if document is None:
        return None
    names = [attempt["certificate"] for attempt in document["attempts"]]
    return {"run": document["run"], "started": document["started"], "certificates": names}


def _observe_certificate(store: Store, wanted: Wanted) -> dict[str, Any]:
    live = live_generation(store, wanted.name)
    complete = () if is_being_removed(store, wanted.name) else complete_generations(store, wanted.name)
    stored = [number for number in complete if number > (live or 0)]
    return {
        "live": None if live is None else _observe_generation(store, wanted, live),
        "pending": None if not stored else _observe_generation(store, wanted, stored[-1]),
        "stored": stored,
        "paths": observe_paths(store, wanted),
        **_observe_source(wanted),
        **_observe_adoption(store, wanted),
        **_observe_handed(store, wanted),
        **_observe_tombstone(store, wanted),
    }


def _observe_tombstone(store: Store, wanted: Wanted) -> dict[str, Any]:
    found = observe_tombstone(store, wanted.name)
    return {"tombstone": found} if found else {}


def _observe_handed(store: Store, wanted: Wanted) -> dict[str, Any]:
    if not wanted.sealed:
        return {}
    from ansible_collections.certwright.tls.plugins.module_utils._host.handing import observe_handed  # noqa: PLC0415

    return {"handed": observe_handed(store, wanted.name)}


def _observe_adoption(store: Store, wanted: Wanted) -> dict[str, Any]:
    """What was adopted earlier, and what could be: the public part of files that the operator named."""
    try:
        adopted = read_document(os.path.join(store.home(wanted.name), ADOPTED))
    except HostError:  # it is found again
        adopted = None
    found = {} if adopted is None else {"adopted": adopted}
    if not wanted.candidates:
        return found
    from ansible_collections.certwright.tls.plugins.module_utils._host.certificate_files import (  # noqa: PLC0415
        read_certificates,
    )

    files = [read_certificates(os.path.expanduser(os.path.expandvars(path))) for path in wanted.candidates]
    candidates = [{"path": file.path, "state": "file", "certificate": "".join(file.certificates)} for file in files]
    return {**found, "candidates": candidates}


def _observe_source(wanted: Wanted) -> dict[str, Any]:
    """Supplied material that lies on this host, without its key. An order's key is none: it comes and goes with it."""
    if wanted.source is None or wanted.source.get("order"):
        return {}
    # Here, because ssl takes 20 ms of an execution, which one without such material need not pay.
    from ansible_collections.certwright.tls.plugins.module_utils._host.sources import (  # noqa: PLC0415
        Source,
        observe_source,
    )

    return {"source": observe_source(Source.from_json(wanted.source))}


def _observe_generation(store: Store, wanted: Wanted, number: int) -> dict[str, Any]:
    """A damaged document of ours is drift of this certificate, and keeps no other from being looked at."""
    certificate, directory = wanted.name, store.generation(wanted.name, number)
    try:
        record = read_document(os.path.join(directory, RECORD)) or {}
        activation = read_document(os.path.join(directory, ACTIVATION)) or {}
        manifest = load_manifest(store, certificate, number)
    except HostError:
        record, activation, manifest = {}, {}, None
    drift = [{"file": MANIFEST, "fact": "missing"}]
    if manifest is not None:
        drift = list(find_drift(store, certificate, number, manifest))
    services_digest = digest_of_services(record.get("services", []))
    if manifest is not None and manifest.follows:
        record = dict(record, **_observe_followed(store, manifest))
    return {
        "generation": number,
        "services_digest": services_digest,
        "record": record,
        "activation": activation,
        "drift": drift,
        **({"anchor": find_anchor(directory, record)} if wanted.anchor else {}),
    }


def _observe_followed(store: Store, manifest: Manifest) -> dict[str, Any]:
    """Its identity and dates are those of the certificate that is followed."""
    live = live_generation(store, manifest.follows)
    try:
        followed = read_document(os.path.join(store.generation(manifest.follows, live or 0), RECORD)) or {}
    except HostError:
        followed = {}
    certificate = followed.get("certificate", {})
    return {"fingerprint": manifest.fingerprint, "follows": manifest.follows, "certificate": certificate}


def digest_of_services(recorded: list[dict[str, Any]]) -> str:
    """Without files: those are compared by what the operator declared, since defaults may change."""
    return digest_of([dict(item, files=[]) for item in recorded])


def _shorten(found: dict[str, Any], *, recorded: bool) -> dict[str, Any]:
    """Without the words of the records that no plan looks at: they are a quarter of what five hundred answer.

    The digest is of all of them. Services that the request does not name are told in full, to be named in the next.
    """
    short = dict(found)
    for word in ("live", "pending"):
        if found[word] is not None:
            short[word] = dict(found[word], record=_shorten_record(found[word]["record"], recorded=recorded))
    return short


def _shorten_record(record: dict[str, Any], *, recorded: bool) -> dict[str, Any]:
    short = {word: value for word, value in record.items() if word not in _UNPLANNED}
    if "services" in record and not recorded:
        short["services"] = [
            {word: service[word] for word in _COMPARED if word in service} for service in record["services"]
        ]
    return short
