# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one way onto a host: baseline, recover, stage, journal, switch, check, reload, probe, commit or put back."""

from __future__ import annotations

import os
from collections.abc import Container, Iterable
from dataclasses import asdict, replace
from typing import Any

from ansible_collections.certwright.tls.plugins.module_utils._host.activation import Activation
from ansible_collections.certwright.tls.plugins.module_utils._host.baseline import Baseline, observe_baseline
from ansible_collections.certwright.tls.plugins.module_utils._host.bridge import BRIDGE
from ansible_collections.certwright.tls.plugins.module_utils._host.files import HostError, Labeller
from ansible_collections.certwright.tls.plugins.module_utils._host.followers import find_followed, find_left_behind
from ansible_collections.certwright.tls.plugins.module_utils._host.generation import (
    Manifest,
    find_drift,
    load_manifest,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.journal import Attempt, Journal, read_journal
from ansible_collections.certwright.tls.plugins.module_utils._host.keystore import find_openssl_fault
from ansible_collections.certwright.tls.plugins.module_utils._host.leaves import list_leaves
from ansible_collections.certwright.tls.plugins.module_utils._host.located import with_directories
from ansible_collections.certwright.tls.plugins.module_utils._host.observation import find_refusals, observe_store
from ansible_collections.certwright.tls.plugins.module_utils._host.outcome import Outcome
from ansible_collections.certwright.tls.plugins.module_utils._host.place import require_local
from ansible_collections.certwright.tls.plugins.module_utils._host.placements import plan_placements
from ansible_collections.certwright.tls.plugins.module_utils._host.proving import own_answers
from ansible_collections.certwright.tls.plugins.module_utils._host.removal import purge_earlier, remove_unused
from ansible_collections.certwright.tls.plugins.module_utils._host.request import Request, Wanted, can_leave
from ansible_collections.certwright.tls.plugins.module_utils._host.staging import (
    describe_fault,
    refuse_staged,
    stage_all,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.store import (
    Store,
    adopt,
    hide_from_versioning,
    live_generation,
    prune,
    timestamp,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.store_lock import locked
from ansible_collections.certwright.tls.plugins.module_utils._host.tombstones import bring_back, bury
from ansible_collections.certwright.tls.plugins.module_utils._host.usage import Usages


def apply(store: Store, request: Request, *, label: Labeller) -> dict[str, Any]:
    """All of it under the store's lock, and only on what was observed.

    0. baseline: unit state, own check, what each probe target serves now
    1. recover an interrupted transaction: forward when the new set is complete, else back
    2. stage every file of every generation, synced
    3.-9. see `Activation.run`
    """
    require_local(store.path)
    located = tuple(with_directories(store, wanted) for wanted in request.certificates)
    request = replace(request, certificates=located)
    with locked(store, run=request.run, patience=request.limits.lock):
        hide_from_versioning(store)
        recovered = recover(store, request, label=label)  # 1
        stranded = {outcome.certificate for outcome in recovered if outcome.outcome == "stranded"}
        if (recovered and not stranded) or _is_changed_underneath(store, request):
            return {"changed_underneath": True, "outcomes": [asdict(outcome) for outcome in recovered]}
        others = tuple(wanted for wanted in request.certificates if wanted.name not in stranded)
        outcomes = [*recovered, *_apply_locked(store, replace(request, certificates=others), label=label)]
        ended = _dissolve(store, request)
    return {"changed_underneath": False, "outcomes": [asdict(outcome) for outcome in outcomes], **ended}


def _dissolve(store: Store, request: Request) -> dict[str, Any]:
    if request.dissolve is None:
        return {}
    # Here, because a host has one end.
    from ansible_collections.certwright.tls.plugins.module_utils._host.dissolving import dissolve  # noqa: PLC0415

    return dissolve(store, request.dissolve)


def _is_changed_underneath(store: Store, request: Request) -> bool:
    found = observe_store(store, request.certificates)["certificates"]
    return any(found[wanted.name]["digest"] != wanted.expect for wanted in request.certificates)


def _apply_locked(store: Store, request: Request, *, label: Labeller) -> list[Outcome]:
    certificates, refused = _load_restaged(store, request.certificates)
    request = replace(request, certificates=certificates)
    wanted = sorted(
        (item for item in certificates if not (item.remove or item.purge)), key=lambda item: bool(item.follows)
    )
    refused.update(_refuse_unmade(store, _without(wanted, refused)))
    refused.update(_refuse_placements(store, _without(wanted, refused), request))
    stuck = read_journal(store)
    waiting = () if stuck is None else stuck.attempts
    activated = [item for item in _without(wanted, refused) if item.activate]
    baseline = observe_baseline(store, activated, request.limits, services=[item.services for item in waiting])  # 0
    refused.update(baseline.refused)
    if refused and request.refuse_all:
        return _with_notices(
            [*refused.values(), *_hold_back(store, request, refused)], _end_orders(store, request, stored=())
        )
    outcomes = _remove_all(store, request)
    adopted = {item.name for item in wanted if item.adopt and adopt(store, item.name, item.adopt)}
    staged, unstored = stage_all(store, _without(wanted, refused), label=label)  # 2
    kept, unkept = stage_all(store, _find_kept(wanted, refused, baseline.refused), label=label)
    refused.update(unstored)
    refused.update({name: replace(refused[name], generation=number) for name, number in kept.items()})
    refused.update(unkept)
    _keep_tombstones(store, _without(wanted, refused), {**staged, **kept})
    sound = _without(wanted, refused)
    notices = _end_orders(store, request, stored={**staged, **kept})
    refused.update(refuse_staged(store, sound, staged, request))
    ready = [item for item in _without(sound, refused) if item.activate]
    attempts = _list_attempts(store, ready, staged, baseline)
    outcomes.extend(refused.values())
    outcomes.extend(
        Outcome(item.name, _word_storing(item, adopted), staged[item.name] or None, live_generation(store, item.name))
        for item in _without(sound, refused)
        if not item.activate
    )
    for outcome in outcomes:
        prune(store, outcome.certificate, keep=request.limits.keep_generations)
    if attempts:
        journal = Journal(request.run, timestamp(), waiting + attempts)
        outcomes.extend(Activation(store, journal, baseline.states, request.limits, label).run())  # 3-9
    return _with_notices(outcomes, notices)


def _keep_tombstones(store: Store, wanted: Iterable[Wanted], stored: Container[str]) -> None:
    """What is stored again is not removed any more; what falls back is, whatever an old inventory says."""
    for item in wanted:
        if item.revive or (item.name in stored and item.material is not None):
            bring_back(store, item.name)
        elif item.bury is not None:
            bury(store, item.name, list_leaves(store, item.name), item.bury)


def _find_kept(wanted: Iterable[Wanted], refused: dict[str, Outcome], broken: Container[str]) -> list[Wanted]:
    """What a CA gave is stored whatever is wrong with its services: without their files, where these are refused."""
    kept = [item for item in wanted if item.keep and item.material is not None and item.name in refused]
    return [item if item.name in broken else _without_services(item) for item in kept]


def _without_services(wanted: Wanted) -> Wanted:
    return replace(wanted, services=(), record={**wanted.record, "services": []})


def _load_restaged(store: Store, certificates: tuple[Wanted, ...]) -> tuple[tuple[Wanted, ...], dict[str, Outcome]]:
    if all(item.restage is None for item in certificates):
        return certificates, {}
    from ansible_collections.certwright.tls.plugins.module_utils._host.restaging import load_restaged  # noqa: PLC0415

    return load_restaged(store, certificates)


def _end_orders(store: Store, request: Request, *, stored: Container[str]) -> dict[str, tuple[dict[str, str], ...]]:
    if not any(item.end_order or item.memory is not None for item in request.certificates):
        return {}
    # Here, because most certificates are not ordered, and every import counts in an execution.
    from ansible_collections.certwright.tls.plugins.module_utils._host.ending import end_orders  # noqa: PLC0415

    return end_orders(store, request, stored=stored)


def _with_notices(outcomes: Iterable[Outcome], notices: dict[str, tuple[dict[str, str], ...]]) -> list[Outcome]:
    return [replace(item, notices=(*item.notices, *notices.get(item.certificate, ()))) for item in outcomes]


def _without(certificates: Iterable[Wanted], refused: dict[str, Outcome]) -> list[Wanted]:
    return [item for item in certificates if item.name not in refused]


def _hold_back(store: Store, request: Request, refused: dict[str, Outcome]) -> list[Outcome]:
    """One that is refused keeps all others from being touched."""
    return [
        Outcome(item.name, "held_back", None, live_generation(store, item.name))
        for item in _without(request.certificates, refused)
    ]


def _list_attempts(
    store: Store, ready: Iterable[Wanted], staged: dict[str, int], baseline: Baseline
) -> tuple[Attempt, ...]:
    """What is followed is switched before what follows it, so that no link leads to nothing on the way."""
    attempts = (_attempt(store, item, staged[item.name], baseline) for item in ready)
    return tuple(sorted(attempts, key=lambda attempt: bool(attempt.follows)))


def _word_storing(wanted: Wanted, adopted: set[str]) -> str:
    """What became of a certificate that no service gets now."""
    if wanted.material or wanted.follows:
        return "staged"
    if wanted.name in adopted:
        return "adopted"
    return "discarded" if wanted.discard else "remembered"


def _remove_all(store: Store, request: Request) -> list[Outcome]:
    """Before anything is stored, so that a path that one certificate leaves can be another's in the same request."""
    usages = Usages(store, request.limits)
    return [_remove(store, item, usages) for item in request.certificates if item.remove or item.purge]


def _remove(store: Store, wanted: Wanted, usages: Usages) -> Outcome:
    """What could not be removed is finished by the next run; the other certificates go on."""
    try:
        return remove_unused(store, wanted, usages) if wanted.remove else purge_earlier(store, wanted)
    except (OSError, HostError) as error:
        fact = f"The host could not remove it: {describe_fault(store, error)}"
        return Outcome(wanted.name, "refused", None, live_generation(store, wanted.name), fact, "remove")


def _refuse_placements(store: Store, certificates: Iterable[Wanted], request: Request) -> dict[str, Outcome]:
    """Owners, groups and foreign paths that cannot be as declared, before anything is written."""
    refused = {}
    owners: dict[str, str] = {}
    left_behind = find_left_behind(store, request.certificates)
    for wanted in certificates:
        problems = find_refusals(store, wanted) if wanted.material or wanted.activate else []
        problems += _find_shared_paths(wanted, owners)
        if wanted.name in left_behind:
            problems.append(f"Links lead to {left_behind[wanted.name]}, which it would not have; declare it still")
        if problems:
            refused[wanted.name] = Outcome(wanted.name, "refused", message="\n".join(problems), step="stage")
    return refused


def _refuse_unmade(store: Store, certificates: Iterable[Wanted]) -> dict[str, Outcome]:
    faults = ((wanted.name, find_openssl_fault(wanted)) for wanted in certificates)
    return {
        name: Outcome(name, "refused", None, live_generation(store, name), fault, "openssl")
        for name, fault in faults
        if fault
    }


def _find_shared_paths(wanted: Wanted, owners: dict[str, str]) -> list[str]:
    """A path can lead to one certificate only; `owners` remembers the first of a request."""
    paths = [spec.path for service in wanted.services for spec in service.files if spec.path]
    places = {path: os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path)) for path in paths}
    taken = [path for path in paths if owners.setdefault(places[path], wanted.name) != wanted.name]
    return [f"{path} is declared for the certificate {owners[places[path]]} too; give each its own" for path in taken]


def _attempt(store: Store, wanted: Wanted, generation: int, baseline: Baseline) -> Attempt:
    follows = find_followed(store, wanted.name, generation)
    leaves = bool(follows) and can_leave(wanted.services)
    placements = plan_placements(store, wanted.name, wanted.services, leaves=leaves)
    previous = live_generation(store, wanted.name)
    manifest = _load_sound_manifest(store, wanted.name, previous)
    answered = baseline.answered.get(wanted.name, {})
    return Attempt(
        certificate=wanted.name,
        previous=previous,
        generation=generation,
        services=wanted.services,
        placements=placements,
        put_back=wanted.put_back,
        answered=answered if manifest is None else own_answers(answered, manifest.fingerprint),
        up=tuple(service.name for service in wanted.services if baseline.states[service.identity].running),
        follows=follows,
    )


def _load_sound_manifest(store: Store, certificate: str, number: int | None) -> Manifest | None:
    """A damaged one is told as drift, and keeps no other certificate from being renewed."""
    try:
        return None if number is None else load_manifest(store, certificate, number)
    except HostError:
        return None


def recover(store: Store, request: Request, *, label: Labeller) -> tuple[Outcome, ...]:
    """1. Nothing when nothing was interrupted. A failed put-back is finished; a complete new set goes forward.

    What holds neither the old nor the new is somebody else's work: it is left alone and named.
    """
    journal = read_journal(store)
    if journal is None:
        return ()
    foreign = [item for item in journal.attempts if _is_foreign(store, item)]
    journal = journal.without({item.certificate for item in foreign})
    incomplete = [
        item.failed(_INCOMPLETE) for item in journal.attempts if not item.failure and not _is_complete(store, item)
    ]
    journal = journal.with_attempts(tuple(incomplete))
    services = [item.services for item in journal.attempts]
    baseline = observe_baseline(store, (), request.limits, services=services)
    run = Activation(store, journal, baseline.states, request.limits, label)
    return tuple(_left_alone(item) for item in foreign) + run.run()


_INCOMPLETE = "An interrupted run left a generation that is not complete"


def _is_foreign(store: Store, attempt: Attempt) -> bool:
    live = live_generation(store, attempt.certificate)
    if live is None and os.path.lexists(store.live(attempt.certificate)):
        return True
    return live not in (attempt.previous, attempt.generation, BRIDGE)


def _left_alone(attempt: Attempt) -> Outcome:
    message = (
        f"The live link of {attempt.certificate} leads neither to what an interrupted run found nor to what it made; "
        "it was left alone"
    )
    return Outcome(attempt.certificate, "left_alone", attempt.generation, attempt.previous, message, "recover")


def _is_complete(store: Store, attempt: Attempt) -> bool:
    manifest = load_manifest(store, attempt.certificate, attempt.generation)
    return manifest is not None and not find_drift(store, attempt.certificate, attempt.generation, manifest)
