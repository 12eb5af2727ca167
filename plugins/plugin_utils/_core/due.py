# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is due of one host, and what of it is put off: after a failure, while another run orders it, over a limit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import Observed, load_time
from ansible_collections.certwright.tls.plugins.plugin_utils._core.extensions import printable
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inspection import format_instant
from ansible_collections.certwright.tls.plugins.plugin_utils._core.issuance import Memory
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_guards import PlannedOrder, Verdict
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_outcome import (
    DEFERRED,
    EXPIRED,
    FAILED,
    TRANSIENT,
    Fault,
    OrderOutcome,
    is_waiting,
    judge_failure,
    judge_waiting,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_plan import (
    find_cert_id_of,
    find_held,
    find_life,
    is_damaged,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_words import ON_HOST
from ansible_collections.certwright.tls.plugins.plugin_utils._core.ordered import Ending, Ordered, load_memory
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice, Reason
from ansible_collections.certwright.tls.plugins.plugin_utils._core.renewal import NOTHING_LEFT, Life, next_run_needed

_BY_DATE = ("due_by_date", "due_by_window", "expired")


@dataclass(frozen=True)
class Due:
    """A certificate that is to be ordered, and why. `ended_run` has a claim on it that nobody will end."""

    wish: Ordered
    observed: Observed
    reasons: tuple[Reason, ...]
    ended_run: str

    @property
    def name(self) -> str:
        return self.wish.name


def find_due(wishes: Mapping[str, Ordered], observed: Mapping[str, Observed], now: datetime) -> Iterator[Due]:
    """What is refused anyway is not ordered first."""
    for name, wish in wishes.items():
        reasons = wish.find_reasons(observed[name], now)
        if reasons and not wish.find_foreseen(observed[name], now):
            yield Due(wish, observed[name], reasons, "")


def find_unasked(wishes: Mapping[str, Ordered], observed: Mapping[str, Observed], now: datetime) -> Iterator[Due]:
    """Those that are not due as far as is known, and whose CA has not said lately when they will be."""
    for name, wish in wishes.items():
        held = find_held(observed[name])
        if wish.is_member or held is None or held.issuer != wish.words.issuer.directory:
            continue
        if wish.find_reasons(observed[name], now):
            continue
        if load_memory(wish, observed[name]).should_ask(find_cert_id_of(held), now):
            yield Due(wish, observed[name], (), "")


def find_claim(observed: Observed) -> str:
    """The run that is ordering it, or was when it ended; empty when none has claimed it."""
    return printable(str((observed.issuance.get("order") or {}).get("run", ""))[:100])


def put_off(due: Due, *, run: str, now: datetime) -> Ordered | None:
    """The wish with the reason why it is not ordered in this run; None for one that is."""
    if due.wish.words.signing is not None and due.wish.words.signing.ca is None:
        return replace(due.wish, ending=_end_without_ca(due, due.wish.words.signing.fault, now))
    memory = load_memory(due.wish, due.observed)
    asked = digest_asked(due.wish)
    if memory.failure and is_waiting(memory, now, asked=asked) and not due.wish.words.ignore_backoff:
        return with_outcome(due.wish, judge_waiting(memory.failure, life=find_sound_life(due.observed), now=now))
    document = due.observed.issuance.get("order") or {}
    until = load_time(str(document.get("claimed_until", "")))
    if until is not None and until > now and find_claim(due.observed) not in (run, due.ended_run):
        fact = f"another run ({find_claim(due.observed)}) is ordering it, and has until {format_instant(until)}"
        return replace(
            due.wish, ending=Ending(find_patience(due.observed, now), "claimed", f"{fact}; a later run goes on")
        )
    unanswerable = due.observed.issuance.get("webroot")
    if unanswerable:
        ending = Ending(FAILED, printable(str(unanswerable["code"])), printable(str(unanswerable["message"])))
        return replace(due.wish, ending=ending)
    if (document.get("order") or {}).get("purpose") == "request" and not due.wish.words.force:
        fact = "a request for another CA waits on the host, and an order would take its key away"
        way_out = "install what was signed for it (`private_key_requested`), or say `force: true` to give it up"
        ending = Ending(find_leeway(due.observed, now), "request_waiting", f"{fact}; {way_out}")
        return replace(due.wish, ending=ending)
    if due.wish.words.key_origin == ON_HOST and due.observed.issuance.get("openssl") is False:
        fact = "the host has no program openssl to make the key with"
        other = "let internal_ca_cert make a PKCS#12 file" if due.wish.words.signing else "say `key_origin: controller`"
        way_out = f"install it there, or {other}"
        return replace(due.wish, ending=Ending(FAILED, "openssl_missing", f"{fact}; {way_out}"))
    return None


def _end_without_ca(due: Due, fault: Reason | None, now: datetime) -> Ending:
    """One that was not reached may be there next time; what is wrong with one has to be mended."""
    fact = "it is due, and its CA could not be read, so nothing was requested"
    if fault is None:
        return Ending(find_leeway(due.observed, now), "ca_silent", f"{fact}; see why, and run again")
    return Ending(find_failure(due.observed, now), fault.code, f"{fact}: {fault.message}")


def find_untimed(wishes: Mapping[str, Ordered], observed: Mapping[str, Observed], now: datetime) -> Iterator[Ordered]:
    """Where the host's clock and ours disagree no date orders anything; but what may have ended must not end green."""
    for name, wish in wishes.items():
        life = find_sound_life(observed[name])
        if life is None or now < life.deferring_ends or wish.is_member or wish.find_reasons(observed[name], now):
            continue
        end = format_instant(life.not_after)
        fact = f"the clocks of host and controller disagree, and by the controller's it ends on {end}"
        verdict = FAILED if now < life.not_after else EXPIRED
        yield replace(wish, ending=Ending(verdict, "clock_skew", f"{fact}; set the clocks, and run again"))


def find_replaced_requests(due: Iterable[Due]) -> Iterator[Notice]:
    """A request for another CA waits for its certificate; once this one is ordered, its key is gone."""
    for item in due:
        begun = (item.observed.issuance.get("order") or {}).get("order") or {}
        if begun.get("purpose") == "request":
            fact = f"{item.name}: a request that was made for another CA, and its key, were replaced by this order"
            yield Notice("request_replaced", f"{fact}; a certificate for it cannot be installed any more")


def plan_order(due: Due, *, host: str, now: datetime) -> PlannedOrder:
    """As the guard of a fleet weighs it."""
    # A damaged one too: many lost keys at once are a mistake, or a host that lies
    life = find_life(find_held(due.observed))
    cert_id = find_cert_id_of(find_held(due.observed))
    window = load_memory(due.wish, due.observed).window_for(cert_id)
    return PlannedOrder(
        host=host,
        certificate=due.name,
        names=due.wish.names,
        urgency=life.share_left(now) if life else NOTHING_LEFT,
        shared=due.wish.sharing is not None,
        by_date=any(reason.code in _BY_DATE for reason in due.reasons),
        needed_by=next_run_needed(life, window, cert_id) if life else None,
    )


def find_generations(observed: Observed) -> list[int]:
    """What an order was decided on: the live generation, 0 for none, and those that wait."""
    return [observed.live.number if observed.live else 0, *observed.stored]


def remember_unstored(wish: Ordered, observed: Observed, *, now: datetime) -> Memory:
    """What a host remembers from before its certificate is given until it is stored.

    A key that was made here is gone with this run: what was given and not stored cannot be fetched again, and would be
    ordered anew in each run.
    """
    memory = load_memory(wish, observed)
    fault = Fault(
        TRANSIENT,
        "not_stored",
        "it was being ordered, and what the CA may have given was not stored",
        digest_asked(wish),
    )
    outcome = judge_failure(fault, memory, life=find_sound_life(observed), now=now)
    return replace(memory, failure=outcome.failure)


def find_patience(observed: Observed, now: datetime) -> str:
    """What nobody tried is deferred while something sound is installed; a run without that must not end green."""
    life = find_sound_life(observed)
    if life is None:
        return FAILED
    return DEFERRED if now < life.not_after else EXPIRED


def find_leeway(observed: Observed, now: datetime) -> str:
    """What somebody has to look into is put off only while there is time for that."""
    life = find_sound_life(observed)
    is_late = life is not None and life.deferring_ends <= now < life.not_after
    return FAILED if is_late else find_patience(observed, now)


def find_failure(observed: Observed, now: datetime) -> str:
    """What does not heal by itself is red, however much time is left."""
    return EXPIRED if find_patience(observed, now) == EXPIRED else FAILED


def with_verdict(due: Mapping[str, Due], verdict: Verdict, now: datetime) -> Iterator[Ordered]:
    """Those that the guard does not let pass, with its reason."""
    for _host, problem in verdict.refused:
        yield replace(due[problem.certificate].wish, ending=Ending(FAILED, problem.code, problem.message))
    for _host, name in verdict.held:
        yield with_held(due[name], now)


def with_held(due: Due, now: datetime) -> Ordered:
    fact = "it is due, and over the budget of orders of this run"
    ending = Ending(find_patience(due.observed, now), "orders_held", f"{fact}; the next run goes on")
    return replace(due.wish, ending=ending)


def with_outcome(wish: Ordered, outcome: OrderOutcome, end_order: str = "") -> Ordered:
    return replace(wish, ending=Ending(outcome.outcome, outcome.code, outcome.message, end_order))


def find_sound_life(observed: Observed) -> Life | None:
    """Of the certificate that is kept while none is given; a damaged one protects nobody."""
    held = find_held(observed)
    return None if held is None or is_damaged(held) else find_life(held)


def digest_asked(wish: Ordered) -> str:
    """What was asked for and how: once an operator changes a word, an earlier failure says nothing any more."""
    words, validation = wish.words, wish.words.validation
    said = [
        *(words.issuer.directory, words.issuer.contact, words.issuer.terms_agreed, words.issuer.eab_kid),
        *(sorted(wish.names), words.key_type, words.key_origin, words.profile, sorted(wish.declared.accepted)),
        *(validation.type, validation.webroot, validation.port, validation.is_checked),
        sorted((word, str(value)) for word, value in validation.words.items()),
        hashlib.sha256(words.issuer.account_key).hexdigest(),
        hashlib.sha256(words.issuer.eab_hmac_key.encode()).hexdigest(),
    ]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]
