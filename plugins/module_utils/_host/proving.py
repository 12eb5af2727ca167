# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Step 7: does every port show the new leaf, and which files does no configuration name."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ansible_collections.certwright.tls.plugins.module_utils._host.generation import CANONICAL
from ansible_collections.certwright.tls.plugins.module_utils._host.journal import Attempt
from ansible_collections.certwright.tls.plugins.module_utils._host.probe import ProbeTarget, Proof, await_leaf
from ansible_collections.certwright.tls.plugins.module_utils._host.request import FileSpec, Limits, Service
from ansible_collections.certwright.tls.plugins.module_utils._host.services import dump_configuration
from ansible_collections.certwright.tls.plugins.module_utils._host.store import Store

_GRACE = 2.0
Expected = dict[ProbeTarget, str]


@dataclass(frozen=True)
class Proving:
    """Of one certificate: services that show it, the first that should and does not, and what to tell the operator."""

    served: tuple[str, ...] = ()
    failure: str = ""
    failed_service: str = ""
    notices: tuple[dict[str, str], ...] = ()


def target_key(target: ProbeTarget) -> str:
    """One spelling of a target for the journal."""
    words = (str(target.port), target.address, target.server_name, target.starttls)
    return " ".join(word or "-" for word in words)


def find_unnamed(store: Store, attempts: Iterable[Attempt], limits: Limits) -> dict[tuple[str, str], tuple[str, ...]]:
    """By certificate and service, the files that the service's configuration does not name, each service asked once.

    A configuration may call a file by its live path or by the foreign path that leads there.
    """
    dumps: dict[tuple[str, ...], str | None] = {}
    unnamed = {}
    for attempt in attempts:
        for service in attempt.services:
            if service.references not in dumps:
                dumps[service.references] = dump_configuration(service, limits)
            dump = dumps[service.references]
            unnamed[attempt.certificate, service.name] = find_unnamed_files(dump, store, attempt.certificate, service)
    return unnamed


def find_unnamed_files(dump: str | None, store: Store, certificate: str, service: Service) -> tuple[str, ...]:
    """None are unnamed when the service cannot be asked."""
    if dump is None:
        return ()
    unnamed = []
    for spec in service.files:
        names = [
            spec.path or "",
            store.live_file(certificate, service.name, spec.name),
            *_canonical(store, certificate, spec),
        ]
        if not any(name and name in dump for name in names):
            unnamed.append(spec.path or names[1])
    return tuple(unnamed)


def _canonical(store: Store, certificate: str, spec: FileSpec) -> list[str]:
    """The four names of every certificate switch with it too: a configuration from certbot's days may use them."""
    return [os.path.join(store.live(certificate), item.name) for item in CANONICAL if item.parts == spec.parts]


def prove_services(
    attempts: Sequence[Attempt], *, expected: dict[str, str], services: dict[str, tuple[Service, ...]], limits: Limits
) -> dict[str, Proving]:
    """By certificate. What answered before gets the whole time and must show the new leaf; the rest gets a moment."""
    required: Expected = {}
    optional: Expected = {}
    for attempt in attempts:
        for service in services[attempt.certificate]:
            for target in service.probes:
                group = required if target_key(target) in attempt.answered else optional
                group[target] = expected[attempt.certificate]
    proofs = _await(required, limits.probe, limits) + _await(optional, min(_GRACE, limits.probe), limits)
    by_target: dict[ProbeTarget, list[Proof]] = {}
    for proof in proofs:
        by_target.setdefault(proof.served.target, []).append(proof)
    return {
        attempt.certificate: _judge(services[attempt.certificate], by_target, required, limits) for attempt in attempts
    }


def _await(expected: Expected, seconds: float, limits: Limits) -> tuple[Proof, ...]:
    if not expected:
        return ()
    return await_leaf(expected, deadline=time.monotonic() + seconds, timeout=limits.handshake)


def _judge(
    services: tuple[Service, ...], by_target: dict[ProbeTarget, list[Proof]], required: Expected, limits: Limits
) -> Proving:
    served, notices = [], []
    failure = failed_service = ""
    for service in services:
        proofs = [proof for target in service.probes for proof in by_target.get(target, [])]
        missed = [proof for proof in proofs if not proof.proved]
        if proofs and not missed:
            served.append(service.name)
        for proof in missed:
            if proof.served.target in required and not failure:
                failure, failed_service = (
                    _explain(service, proof, f"{limits.probe:g} s after it took the files"),
                    service.name,
                )
            else:
                notices.append(
                    {"code": "not_proved", "message": _explain(service, proof, "; it did not answer before")}
                )
    return Proving(tuple(served), failure, failed_service, tuple(notices))


def _explain(service: Service, proof: Proof, when: str) -> str:
    """Which port of which service, what it shows, and since when that is wrong."""
    found = proof.served
    name = f" for {found.target.server_name}" if found.target.server_name else ""
    where = f"{service.name}: port {found.target.port} of {found.address or 'this host'}{name}"
    if found.state == "served":
        return f"{where} serves another certificate (sha256 {found.fingerprint[:16]}…) {when}"
    return f"{where} shows no certificate ({found.detail or found.state}) {when}"


def describe_old(attempt: Attempt, *, services: tuple[Service, ...], limits: Limits) -> str:
    """After a put-back: whether what answered before shows what it showed before."""
    targets = [target for service in services for target in service.probes]
    expected = {
        target: attempt.answered[target_key(target)] for target in targets if target_key(target) in attempt.answered
    }
    missed = [proof.served for proof in _await(expected, limits.probe, limits) if not proof.proved]
    if missed:
        return f", but port {missed[0].target.port} does not show the previous certificate again"
    return ", and every port that answered before shows what it showed before" if expected else ""
