# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Step 7: does every port show the new leaf, and which files does no configuration name."""

from __future__ import annotations

import os
import re
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
    """Of one certificate: services that show it, those that should and do not (with why), and what else to tell."""

    served: tuple[str, ...] = ()
    failures: tuple[tuple[str, str], ...] = ()
    notices: tuple[dict[str, str], ...] = ()


def answer_key(target: ProbeTarget, address: str) -> str:
    """One spelling of a target and an address of it, for the journal."""
    words = (str(target.port), target.address, target.server_name, target.starttls, target.client_certificate)
    return f"{' '.join(word or '-' for word in words)} at {address}"


def own_answers(answered: dict[str, str], leaf: str) -> dict[str, str]:
    """Where one address of a target showed our previous leaf, another that did not is another process's."""
    ours = {_target_of(key) for key, found in answered.items() if found == leaf}
    return {key: found for key, found in answered.items() if found == leaf or _target_of(key) not in ours}


def _target_of(key: str) -> str:
    return key.rpartition(" at ")[0]


def find_unnamed(store: Store, attempts: Iterable[Attempt], limits: Limits) -> dict[tuple[str, str], tuple[str, ...]]:
    """By certificate and service, the files that the service's configuration does not name, each service asked once.

    A configuration may call a file by its live path or by the foreign path that leads there.
    """
    dumps: dict[tuple[str, ...], str | None] = {}
    unnamed = {}
    for attempt in attempts:
        for service in attempt.services if not attempt.leaves else ():
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
    for spec in (item for item in service.files if item.referenced):
        names = [
            spec.path or "",
            store.live_file(certificate, service.name, spec.name),
            *_canonical(store, certificate, spec),
        ]
        # A folder that is named as a whole is read as a whole (`crt` of haproxy).
        known = [path for name in names if name for path in (name, os.path.dirname(name))]
        if not any(is_named(path, dump) for path in known):
            unnamed.append(spec.path or names[1])
    return tuple(unnamed)


def find_unnamed_notices(
    store: Store, attempt: Attempt, unnamed: dict[tuple[str, str], tuple[str, ...]]
) -> tuple[dict[str, str], ...]:
    return tuple(
        {
            "code": "not_referenced",
            "message": ". ".join(
                (f"No configuration of {service.name} names {path}", *_hints(describe_hint(store, attempt, service)))
            ),
        }
        for service in attempt.services
        for path in unnamed.get((attempt.certificate, service.name), ())
    )


def _hints(hint: str) -> tuple[str, ...]:
    """A service in the operator's own words has none; the code that follows ends the sentence."""
    return (hint.rstrip("."),) if hint else ()


def describe_hint(store: Store, attempt: Attempt, service: Service) -> str:
    """The preset's own words for what to put where, with the paths of this host."""
    text = service.hint
    for spec in service.files:
        path = spec.path or store.live_file(attempt.certificate, service.name, spec.name)
        text = text.replace(f"{{{spec.name}}}", path)
    return text


def is_named(name: str, dump: str) -> bool:
    """As a whole path, and not only in a comment."""
    if name not in dump:  # five hundred certificates ask a dump of twenty thousand lines
        return False
    whole = re.compile(r"(?<![\w./-])" + re.escape(name) + r"/?(?![\w./-])")
    return any(whole.search(line) for line in dump.splitlines() if name in line and not line.lstrip().startswith("#"))


def _canonical(store: Store, certificate: str, spec: FileSpec) -> list[str]:
    """The four names of every certificate switch with it too: a configuration from certbot's days may use them."""
    return [os.path.join(store.live(certificate), item.name) for item in CANONICAL if item.parts == spec.parts]


def prove_services(
    attempts: Sequence[Attempt], *, expected: dict[str, str], services: dict[str, tuple[Service, ...]], limits: Limits
) -> dict[str, Proving]:
    """By certificate. What answered before gets the whole time and must show the new leaf; the rest gets a moment."""
    leaves: dict[ProbeTarget, set[str]] = {}
    answered: set[ProbeTarget] = set()
    for attempt in attempts:
        for target in _targets(services[attempt.certificate]):
            leaves.setdefault(target, set()).add(expected[attempt.certificate])
            answered.update([target] if find_answers(attempt, target) else [])
    clear = {target: next(iter(found)) for target, found in leaves.items() if len(found) == 1}
    required = {target: leaf for target, leaf in clear.items() if target in answered}
    optional = {target: leaf for target, leaf in clear.items() if target not in answered}
    proofs = _await(required, limits.probe, limits) + _await(optional, min(_GRACE, limits.probe), limits)
    by_target: dict[ProbeTarget, list[Proof]] = {target: [] for target in clear}
    for proof in proofs:
        by_target[proof.served.target].append(proof)
    return {
        attempt.certificate: _judge(attempt, services[attempt.certificate], by_target, limits) for attempt in attempts
    }


def _targets(services: Iterable[Service]) -> list[ProbeTarget]:
    return [target for service in services for target in service.probes]


def find_answers(attempt: Attempt, target: ProbeTarget) -> dict[str, str]:
    """By address, what a target showed before."""
    prefix = answer_key(target, "")
    return {key[len(prefix) :]: leaf for key, leaf in attempt.answered.items() if key.startswith(prefix)}


def _await(expected: Expected, seconds: float, limits: Limits) -> tuple[Proof, ...]:
    if not expected:
        return ()
    return await_leaf(expected, deadline=time.monotonic() + seconds, timeout=limits.handshake)


def _judge(
    attempt: Attempt, services: tuple[Service, ...], by_target: dict[ProbeTarget, list[Proof]], limits: Limits
) -> Proving:
    served: list[str] = []
    notices: list[dict[str, str]] = []
    failures: list[tuple[str, str]] = []
    for service in services:
        shown = []
        for target in service.probes:
            proofs = by_target.get(target)
            if proofs is None:
                notices.append({"code": "not_proved", "message": _ambiguous(service, target)})
                continue
            missed = [proof for proof in proofs if not proof.proved]
            shown.append(bool(proofs) and not missed)
            guilty = [proof for proof in missed if _is_guilty(attempt, proof, proofs)]
            failures.extend((service.name, _explain(service, proof, _late(limits))) for proof in guilty)
            notices.extend(
                {"code": "not_proved", "message": _explain(service, proof, "and showed none before")}
                for proof in missed
                if proof not in guilty
            )
        if shown and all(shown):
            served.append(service.name)
    return Proving(tuple(served), tuple(failures), tuple(notices))


def _is_guilty(attempt: Attempt, proof: Proof, proofs: list[Proof]) -> bool:
    """An address that showed a certificate before; any, when none that did shows the new one. Others may be others'."""
    before = find_answers(attempt, proof.served.target)
    return proof.served.address in before or (bool(before) and not any(item.proved for item in proofs))


def _late(limits: Limits) -> str:
    return f"{limits.probe:g} s after it took the files"


def _where(service: Service, target: ProbeTarget, address: str) -> str:
    name = f" for {target.server_name}" if target.server_name else ""
    return f"{service.name}: port {target.port} of {address or 'this host'}{name}"


def _ambiguous(service: Service, target: ProbeTarget) -> str:
    where = _where(service, target, target.address or "")
    return f"{where} is to show two certificates at once, so neither was probed; give each its own `probe_names`"


def _explain(service: Service, proof: Proof, when: str) -> str:
    """Which port of which service, what it shows, and since when that is wrong."""
    found = proof.served
    where = _where(service, found.target, found.address)
    if found.state == "served":
        return f"{where} serves another certificate (sha256 {found.fingerprint[:16]}…) {when}"
    return f"{where} shows no certificate ({found.detail or found.state}) {when}"


def describe_old(attempt: Attempt, *, services: tuple[Service, ...], limits: Limits) -> str:
    """After a put-back: whether every address that showed a certificate before shows the same again."""
    before = {target: find_answers(attempt, target) for target in _targets(services)}
    expected = {target: next(iter(found.values())) for target, found in before.items() if found}
    seen = {
        (proof.served.target, proof.served.address): proof.served for proof in _await(expected, limits.probe, limits)
    }
    for target, answers in before.items():
        for address, leaf in answers.items():
            now = seen.get((target, address))
            if now is None or now.fingerprint != leaf:
                return f", but port {target.port} of {address} does not show the previous certificate again"
    return ", and every port that answered before shows what it showed before" if expected else ""
