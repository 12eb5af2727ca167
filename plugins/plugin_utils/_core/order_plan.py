# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a certificate has to be ordered, by what was recorded and declared, and what becomes of it otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import Observed, ObservedGeneration
from ansible_collections.certwright.tls.plugins.plugin_utils._core.differences import find_placing_differences
from ansible_collections.certwright.tls.plugins.plugin_utils._core.extensions import printable
from ansible_collections.certwright.tls.plugins.plugin_utils._core.issuance import Memory
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_words import KEY_TYPES, OrderWords
from ansible_collections.certwright.tls.plugins.plugin_utils._core.plan import (
    Plan,
    find_outdated,
    interrupted_reasons,
    own,
    plan_activation,
    refuse_foreseen,
    superseded_reasons,
    without_activation,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Problem, Reason
from ansible_collections.certwright.tls.plugins.plugin_utils._core.refusals import find_abandoned, may_put_back
from ansible_collections.certwright.tls.plugins.plugin_utils._core.renewal import Life, find_due, find_forced
from ansible_collections.certwright.tls.plugins.plugin_utils._core.supplied import Declared

CANONICAL = ("cert.pem", "chain.pem", "fullchain.pem", "privkey.pem", "privkey.sealed")


def find_held(observed: Observed) -> ObservedGeneration | None:
    """The certificate that the host has: what waits to be activated is newer than what is live."""
    return own(observed.pending) or own(observed.live)


def find_life(generation: ObservedGeneration | None) -> Life | None:
    """None for what has no dates."""
    if generation is None or generation.not_before is None or generation.not_after is None:
        return None
    return Life(generation.not_before, generation.not_after)


def find_cert_id_of(generation: ObservedGeneration | None) -> str:
    return str(generation.order.get("cert_id", "")) if generation else ""


def find_identity_reasons(
    name: str, names: tuple[str, ...], words: OrderWords, observed: Observed
) -> tuple[Reason, ...]:
    """Empty when what the host has, live or waiting, is what is declared."""
    held = find_held(observed)
    if held is None:
        return (Reason("certificate_missing", f"No certificate {name} is installed"),)
    return tuple(_find_identity(names, words, held))


def find_time_reasons(words: OrderWords, observed: Observed, memory: Memory, now: datetime) -> tuple[Reason, ...]:
    """Due by its dates or the CA's window, or asked for by `force`."""
    held = find_held(observed)
    life, cert_id = find_life(held), find_cert_id_of(held)
    if life is None:
        return ()
    forced = find_forced(life, now, scheduled=words.is_scheduled, age=words.force_age) if words.force else ()
    due = find_due(life, memory.window_for(cert_id), now, cert_id=cert_id)
    is_last = words.signing is not None and words.signing.is_last(life.not_after) and now < life.not_after
    return (*(() if is_last else due), *forced)


def find_leak_reasons(observed: Observed) -> tuple[Reason, ...]:
    """Not by its date, and due at once: every order makes a new key."""
    held = find_held(observed)
    if held is None or held.fingerprint not in observed.tombstone.compromised:
        return ()
    return (Reason("key_compromised", "The key of the installed certificate was said to be compromised"),)


def _find_identity(names: tuple[str, ...], words: OrderWords, held: ObservedGeneration) -> Iterator[Reason]:
    signing = words.signing
    if not (signing.is_of(held.issuer) if signing else held.issuer == words.issuer.directory):
        was = "supplied as files" if held.issuer in ("", "files") else f"from {printable(held.issuer[:200])}"
        yield Reason("issuer_differs", f"The installed certificate is {was}; {words.issuer.directory} is declared")
    has = tuple(str(item) for item in held.certificate.get("names", ()))
    for item in (item for item in names if item not in has):
        yield Reason("name_missing", f"{item} is declared and not on the certificate")
    for item in (item for item in has if item not in names):
        yield Reason("name_dropped", f"{printable(item[:253])} is on the certificate and no longer declared")
    yield from _find_said(words, held)
    yield from signing.find_differences(held) if signing else ()
    yield from _find_lost(held)


def _find_said(words: OrderWords, held: ObservedGeneration) -> Iterator[Reason]:
    """What somebody said explicitly: a default that changed is no difference."""
    wanted = KEY_TYPES.get(words.key_type, "")
    if wanted and wanted != held.certificate.get("key_type"):
        yield Reason("key_type_differs", f"The key is {held.certificate.get('key_type')}; {wanted} is declared")
    if words.profile and words.profile != held.order.get("profile", ""):
        was = printable(str(held.order.get("profile") or "the CA's default")[:100])
        yield Reason("profile_differs", f"The profile was {was}; {words.profile} is declared")


def _find_lost(held: ObservedGeneration) -> Iterator[Reason]:
    for file, fact in held.drift:
        if file in CANONICAL and fact != "attributes":
            code = "key_lost" if file.startswith("privkey.") else "certificate_lost"
            said = "is missing" if fact == "missing" else "was changed by somebody else"
            yield Reason(code, f"The file {file} of generation {held.number} {said}")


def plan_kept(declared: Declared, observed: Observed, now: datetime) -> Plan:
    """What the host has stays: its services get the files they lack, and what waits is activated."""
    held = find_held(observed)
    if held is None:
        return Plan(declared.name, reasons=interrupted_reasons(observed), recover=bool(observed.interrupted))
    abandoned = tuple(find_abandoned(declared.name, declared.services, observed, accepted=declared.accepted))
    if abandoned:
        return Plan(declared.name, problems=abandoned, recover=bool(observed.interrupted))
    differences = tuple(find_placing_differences(declared.services, held))
    if differences and not is_damaged(held):
        plan = _plan_restaged(declared.name, held, observed, differences, now)
        plan = plan if declared.stage_only else refuse_foreseen(plan, declared.services, observed)
    else:
        plan = plan_activation(declared.name, declared.services, observed, now)
        plan = replace(plan, remember=find_outdated(declared.services, held))
    return without_activation(plan) if declared.stage_only else plan


def is_damaged(held: ObservedGeneration) -> bool:
    """What is to be stored again must be there."""
    return any(file in CANONICAL and fact != "attributes" for file, fact in held.drift)


def _plan_restaged(
    name: str, held: ObservedGeneration, observed: Observed, differences: tuple[Reason, ...], now: datetime
) -> Plan:
    discard = tuple(number for number in observed.stored if number != held.number)
    return Plan(
        name,
        reasons=(*differences, *interrupted_reasons(observed), *superseded_reasons(discard)),
        stage=True,
        restage=held.number,
        activate=True,
        discard=discard,
        put_back=may_put_back(observed, now),
        recover=bool(observed.interrupted),
        pending=True,
    )


def find_foreseen(declared: Declared, words: OrderWords, observed: Observed) -> Iterator[Problem]:
    """What would refuse the certificate once it is there is told before it is ordered."""
    yield from find_abandoned(declared.name, declared.services, observed, accepted=declared.accepted)
    held = find_held(observed)
    installed_is_real = held is not None and not held.certificate.get("test_issuer")
    if words.issuer.is_test and installed_is_real and "test_issuer" not in declared.accepted:
        fact = f"{words.issuer.directory} is a test CA and the installed certificate is not from one"
        yield Problem(declared.name, "test_issuer", f"{fact}; order the real one, or say `accept: [test_issuer]`")
