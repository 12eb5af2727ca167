# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The wish for a certificate that a CA issues: what the host has is kept until it is due, then ordered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.bundle import HostKey
from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import describe
from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import (
    Desired,
    Observed,
    format_time,
    load_time,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.issuance import Memory
from ansible_collections.certwright.tls.plugins.plugin_utils._core.keystore import needs_own_anchor, word_keystores
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_outcome import DEFERRED
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_plan import (
    find_foreseen,
    find_held,
    find_identity_reasons,
    find_leak_reasons,
    find_life,
    find_time_reasons,
    plan_kept,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_words import OrderWords
from ansible_collections.certwright.tls.plugins.plugin_utils._core.plan import Plan
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice, Problem, Reason
from ansible_collections.certwright.tls.plugins.plugin_utils._core.renewal import find_force_limit
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import Service
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service_settling import Settled, settle
from ansible_collections.certwright.tls.plugins.plugin_utils._core.sharing import Sharing
from ansible_collections.certwright.tls.plugins.plugin_utils._core.staying_removed import find_stays, judge_return
from ansible_collections.certwright.tls.plugins.plugin_utils._core.supplied import Declared
from ansible_collections.certwright.tls.plugins.plugin_utils._core.tombstone import Identity
from ansible_collections.certwright.tls.plugins.plugin_utils._core.wishes import plan_supplied, word_plan, word_services

REQUESTED = "requested"
_IMPLIED = ("certificate_missing", "certificate_differs", "chain_differs", "file_missing", "file_differs")


@dataclass(frozen=True)
class Issued:
    """What the CA gave. `key_digest` is of the key that waits on the host, empty when it is in `desired`.

    With a `sealed_key` the host stores that and no key.
    """

    desired: Desired
    key_digest: str
    reasons: tuple[Reason, ...]
    notices: tuple[Notice, ...] = ()
    sealed_key: str = field(default="", repr=False)


@dataclass(frozen=True)
class Ending:
    """An order that brought nothing. `verdict` is deferred, failed or expired; `end_order` is the host's word."""

    verdict: str
    code: str
    message: str
    end_order: str = ""


@dataclass(frozen=True)
class Requested:
    """A request that waits on the host for an internal CA to sign it. `is_made` says that this run made it."""

    reasons: tuple[Reason, ...]
    is_made: bool


@dataclass(frozen=True)
class Ordered:
    """`issued` or `ending` is there once the CA was asked; `memory` is what the host is to remember then.

    `requested` is there between the request and the CA's answer, which a later task brings.

    Without a clock that can be trusted dates decide nothing.
    """

    declared: Declared
    words: OrderWords = field(repr=False)
    issued: Issued | None = None
    ending: Ending | None = None
    memory: Memory | None = None
    trusts_clock: bool = True
    sharing: Sharing | None = None
    requested: Requested | None = None

    @property
    def name(self) -> str:
        return self.declared.name

    @property
    def names(self) -> tuple[str, ...]:
        return self.declared.names

    @property
    def declared_services(self) -> tuple[Service, ...]:
        return self.declared.services

    def look(self, now: datetime) -> dict[str, Any]:
        webroot = "" if self.is_member else self.words.validation.webroot
        services = word_services(self.declared.services, now)
        anchor = {"anchor": True} if needs_own_anchor(self.declared.services) else {}
        return {"name": self.name, "services": services, "issuance": True, "webroot": webroot, **anchor}

    def see(self, observed: Observed) -> Observed:
        """Without what waits to be activated and is not what is wished for: supplied files, another CA, other names."""
        if not find_identity_reasons(self.name, self.names, self.words, replace(observed, live=None)):
            return observed
        return replace(observed, pending=None)

    def plan(self, observed: Observed, now: datetime) -> Plan:
        observed = self.see(observed)
        settled = self._settle(observed, now)
        plan = settled.judge(self._with_services(settled.services)._plan_settled(observed, now))
        return judge_return(plan, self._find_stays(observed), observed)

    def _find_stays(self, observed: Observed) -> tuple[Problem, ...]:
        identity = Identity(self.words.issuer.directory, self.names)
        return find_stays(self.name, observed, identity, self.declared.accepted)

    def _settle(self, observed: Observed, now: datetime) -> Settled:
        return settle(self.name, self.declared.services, observed, now)

    def _with_services(self, services: tuple[Service, ...]) -> Ordered:
        issued = self.issued and replace(self.issued, desired=replace(self.issued.desired, services=services))
        return replace(self, declared=replace(self.declared, services=services), issued=issued)

    def find_foreseen(self, observed: Observed, now: datetime) -> tuple[Problem, ...]:
        """What would refuse the certificate once it is there is told before it is ordered."""
        observed = self.see(observed)
        return (*find_foreseen(self.declared, self.words, observed), *self._settle(observed, now).problems)

    def _plan_settled(self, observed: Observed, now: datetime) -> Plan:
        if observed.adopted and find_held(observed) is None:
            plan = self._plan_adopted(observed)
        else:
            plan = self._plan_issued(observed, now) if self.issued else self._plan_kept(observed, now)
        memory = None if self.memory is None else self.memory.to_json()
        return replace(plan, memory=memory, notices=(*self.declared.notices, *plan.notices))

    def find_reasons(self, observed: Observed, now: datetime) -> tuple[Reason, ...]:
        """Why a CA has to be asked; none when what the host has is what is declared."""
        observed = self.see(observed)
        if self.is_member or self._is_settled or (observed.adopted and find_held(observed) is None):
            return ()
        if self._find_stays(observed):
            return ()
        memory = load_memory(self, observed)
        identity = find_identity_reasons(self.name, self.names, self.words, observed)
        time = find_time_reasons(self.words, observed, memory, now) if self.trusts_clock else ()
        return (*identity, *find_leak_reasons(observed), *time)

    @property
    def _is_settled(self) -> bool:
        return bool(self.issued or self.ending or self.requested)

    @property
    def is_member(self) -> bool:
        """Its home orders it."""
        return self.sharing is not None and not self.sharing.is_home

    def request(self, plan: Plan, observed: Observed, *, run: str, now: datetime) -> dict[str, Any]:
        settled = self._with_services(self._settle(self.see(observed), now).services)
        return settled._request_settled(plan, observed, run=run, now=now)

    def _request_settled(self, plan: Plan, observed: Observed, *, run: str, now: datetime) -> dict[str, Any]:
        words = {**self.look(now), **word_plan(plan, observed), "memory": plan.memory, "end_order": plan.end_order}
        if plan.stage and plan.restage is None and self.issued:
            return {**words, **self._word_issued(self.issued, run=run, now=now)}
        record = {
            "declared_names": list(self.names),
            "services": [service.to_record() for service in self.declared.services],
            "run": run,
            "stored": format_time(now),
        }
        return {**words, "restage": plan.restage, "record": record, **self._word_restaged(plan, observed)}

    def describe(self, observed: Observed) -> dict[str, Any]:
        if self.issued:
            return describe(self.issued.desired.bundle.leaf)
        held = find_held(self.see(observed))
        shown = dict(held.certificate) if held else {}
        shown.pop("test_issuer", None)
        return shown

    def _word_restaged(self, plan: Plan, observed: Observed) -> dict[str, Any]:
        """Whom the certificate comes from is told by the host: nobody supplied it."""
        held = find_held(self.see(observed))
        if plan.restage is None or held is None:
            return {}
        keystores = word_keystores(self.declared.services, alias=self.name, bundle=None, anchor=held.anchor)
        return {"keystores": keystores} if keystores else {}

    def _word_issued(self, issued: Issued, *, run: str, now: datetime) -> dict[str, Any]:
        desired = issued.desired
        record = desired.to_record(run=run, now=now)
        if self.sharing is not None and not self.sharing.is_home:
            # Revoked at its home, for all of its members
            record["home"] = self.sharing.home
        words = {"material": desired.to_material(), "record": record, "keep": True}
        if issued.sealed_key:
            material = {**desired.to_material(), "key": issued.sealed_key}
            return {**words, "material": material, "record": {**desired.to_record(run=run, now=now), "sealed": True}}
        if not isinstance(desired.bundle.private_key, HostKey):
            return words
        return {**words, "source": {"order": True, "key_digest": issued.key_digest}}

    def _plan_issued(self, observed: Observed, now: datetime) -> Plan:
        """Its order ends when it is stored, and not before."""
        if self.issued is None:
            raise LookupError(f"Nothing was issued for {self.name}")
        plan = plan_supplied(self.issued.desired, self.issued.notices, observed, now)
        # That another certificate was given is what those of the order are about
        implied = _IMPLIED if self.issued.reasons else ()
        rest = (reason for reason in plan.reasons if reason.code not in implied)
        reasons = tuple(dict.fromkeys((*self.issued.reasons, *rest)))
        return replace(plan, reasons=reasons, end_order="finish" if plan.stage else "")

    def _plan_kept(self, observed: Observed, now: datetime) -> Plan:
        reasons = self.find_reasons(observed, now)
        if reasons:
            foreseen = self.find_foreseen(observed, now)
            interrupted = bool(observed.interrupted)
            if foreseen:
                return Plan(self.name, problems=foreseen, recover=interrupted)
            return Plan(self.name, reasons=reasons, order=True, pending=True, recover=interrupted)
        plan = plan_kept(self.declared, observed, now)
        plan = replace(plan, end_order=self._find_left_over(observed, now))
        plan = replace(plan, notices=(*self._find_force_notices(observed, now), *plan.notices))
        if self.requested is not None:
            reasons = tuple(dict.fromkeys((*self.requested.reasons, *plan.reasons)))
            return replace(plan, reasons=reasons, verdict=REQUESTED, end_order="")
        return plan if self.ending is None else self._with_ending(plan, self.ending)

    def _find_left_over(self, observed: Observed, now: datetime) -> str:
        """An order that a killed run left and that nobody needs any more ends, with its key and its challenges."""
        document = observed.issuance.get("order") or {}
        words = document.get("order") or {}
        claimed = load_time(str(document.get("claimed_until", "")))
        is_open = bool(words) and words.get("purpose") != "request" and (claimed is None or claimed <= now)
        return "finish" if is_open and find_held(observed) is not None else ""

    def _find_force_notices(self, observed: Observed, now: datetime) -> tuple[Notice, ...]:
        life = find_life(find_held(observed))
        if life is None or not self.words.force:
            return ()
        return find_force_limit(life, now, scheduled=self.words.is_scheduled, age=self.words.force_age)

    def _with_ending(self, plan: Plan, ending: Ending) -> Plan:
        plan = replace(plan, verdict=ending.verdict, end_order=ending.end_order)
        if ending.verdict == DEFERRED:
            return replace(plan, notices=(*plan.notices, Notice(ending.code, f"{self.name}: {ending.message}")))
        return replace(plan, failures=(*plan.failures, Problem(self.name, ending.code, ending.message)))

    def _plan_adopted(self, observed: Observed) -> Plan:
        """Somebody else renews it; it is ordered by us once it is no longer adopted."""
        path = observed.adopted.get("certificate_path", "a path on the host")
        way_out = "to order it here, remove it from the store first (`state: absent`), and stop its other renewer"
        notice = Notice("adopted", f"{self.name} is adopted ({path}) and was not ordered; {way_out}")
        return Plan(self.name, notices=(notice,), recover=bool(observed.interrupted))


def load_memory(wish: Ordered, observed: Observed) -> Memory:
    """What this run learned, else what the host remembers."""
    return wish.memory or Memory.from_json(observed.issuance.get("memory") or {})


def find_issue_notices(wish: Ordered, notices: tuple[Notice, ...]) -> Iterator[Notice]:
    """Of a CA that the controller does not trust it is said once, and not of each of its certificates."""
    for notice in notices:
        if notice.code == "root_not_proved":
            fact = f"The root of {wish.words.issuer.directory} is not in the controller's trust store"
            yield Notice(notice.code, f"{fact}; clients have to be given it, and what it signs is not proved here")
        else:
            yield notice
