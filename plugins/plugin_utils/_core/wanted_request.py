# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a host makes a key and a request for a certificate, which a CA signs elsewhere, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate_request import (
    PURPOSE,
    Begun,
    CertificateRequest,
    load_begun,
    load_request,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import Observed, ObservedGeneration
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inspection import format_instant
from ansible_collections.certwright.tls.plugins.plugin_utils._core.issuance import NO_MEMORY
from ansible_collections.certwright.tls.plugins.plugin_utils._core.names import covers
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_plan import (
    find_held,
    find_identity_reasons,
    find_time_reasons,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_words import (
    DEFAULT_KEY_TYPE,
    HTTP_01,
    KEY_TYPES,
    Issuer,
    OrderWords,
    Validation,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice, Problem, Reason
from ansible_collections.certwright.tls.plugins.plugin_utils._core.supplied import Declared

# Where a generation keeps the names that its certificate was requested for.
REQUESTED_NAMES = "requested_names"


@dataclass(frozen=True)
class WantedRequest:
    """`key_type` is empty when nobody said one. Without a clock that can be trusted dates decide nothing."""

    declared: Declared
    key_type: str = ""
    force: bool = False
    trusts_clock: bool = True

    @property
    def name(self) -> str:
        return self.declared.name

    def look(self) -> dict[str, Any]:
        return {"name": self.name, "issuance": True}

    def plan(self, observed: Observed, now: datetime, *, run: str, ended_run: str = "") -> RequestPlan:
        """A request that waits and fits is never made again: a CA may be at it. `ended_run` keeps nobody out."""
        plan = RequestPlan(self, self.declared.notices, ended_run=ended_run)
        if observed.adopted and find_held(observed) is None:
            return replace(plan, notices=(*plan.notices, self._notice_adopted(observed)))
        reasons = tuple(self.find_reasons(observed, now))
        begun = load_begun(observed)
        if not reasons:
            return plan
        if begun is not None and begun.is_request and self.is_met_by(begun.request):
            return replace(plan, waiting=begun.request)
        problems = tuple(self._find_problems(begun, observed, now, ours=(run, ended_run)))
        if problems:
            return replace(plan, problems=problems)
        notices = (*plan.notices, *(() if begun is None else self._find_replaced(begun)))
        return replace(plan, notices=notices, reasons=reasons, is_made=True, is_anew=begun is not None)

    def is_met_by(self, request: CertificateRequest | None) -> bool:
        if request is None or set(request.names) != set(self.declared.names):
            return False
        wanted = KEY_TYPES.get(self.key_type)
        return request.public_key.key_type in ((wanted,) if wanted else KEY_TYPES.values())

    def find_reasons(self, observed: Observed, now: datetime) -> Iterator[Reason]:
        """Why a certificate is due; none when what the host has, live or waiting, is what is declared."""
        held = find_held(observed)
        words = self._to_order_words(held)
        has = tuple(str(name) for name in held.certificate.get("names", ())) if held else ()
        # Names are judged here: those that a CA adds on its own are no difference
        yield from find_identity_reasons(self.name, has, words, observed)
        if held is None:
            return
        for item in (item for item in self.declared.names if not covers(has, item)):
            yield Reason("name_missing", f"{item} is declared and not on the certificate")
        for item in (item for item in held.order.get(REQUESTED_NAMES, has) if not self._is_of_use(item)):
            yield Reason("name_dropped", f"{item} is on the certificate and no longer declared")
        if self.trusts_clock:
            yield from find_time_reasons(words, observed, NO_MEMORY, now)
        if self.force:
            yield Reason("forced", "A request was asked for by `force`")

    def _is_of_use(self, name: str) -> bool:
        """A wildcard is, for those of its names that are declared."""
        return any(covers((name,), item) for item in self.declared.names)

    def _to_order_words(self, held: ObservedGeneration | None) -> OrderWords:
        """As if it was ordered from whoever gave the installed one: any CA will do."""
        issuer = Issuer(held.issuer if held else "", contact="")
        return OrderWords(issuer, Validation(HTTP_01), key_type=self.key_type)

    def _find_problems(
        self, begun: Begun | None, observed: Observed, now: datetime, *, ours: tuple[str, ...]
    ) -> Iterator[Problem]:
        if begun is not None and not begun.is_request:
            yield from self._find_open_order(begun, now, ours)
        if observed.issuance.get("openssl") is False:
            fact = "the host has no program openssl to make the key with"
            yield Problem(self.name, "openssl_missing", f"{fact}; install it there and run again")

    def _find_open_order(self, begun: Begun, now: datetime, ours: tuple[str, ...]) -> Iterator[Problem]:
        """Its key may be what a CA is about to sign."""
        until = begun.claimed_until
        if until is not None and until > now and begun.run not in ours:
            fact = f"another run ({begun.run}) is ordering it by ACME, and has until {format_instant(until)}"
            yield Problem(self.name, "order_open", f"{fact}; wait for it to end, and run again")
        elif not self.force:
            fact = "an order by ACME was begun for it and is not finished"
            way_out = "let letsencrypt_cert finish it, or say `force: true`, which drops it with its key"
            yield Problem(self.name, "order_open", f"{fact}; {way_out}")

    def _find_replaced(self, begun: Begun) -> Iterator[Notice]:
        """What a CA gives for the earlier key is of no use any more."""
        if not begun.is_request:
            fact = "the order by ACME that was begun is dropped with its key, as `force` says"
            yield Notice("request_replaced", f"{self.name}: {fact}")
        elif begun.request is not None:
            fact = f"a request for {', '.join(begun.request.names)} ({begun.request.public_key.key_type}) waited"
            way_out = "its key goes, so a certificate that is signed for it cannot be installed"
            yield Notice("request_replaced", f"{self.name}: {fact} and is replaced; {way_out}")

    def _notice_adopted(self, observed: Observed) -> Notice:
        path = observed.adopted.get("certificate_path", "a path on the host")
        way_out = "to request one, remove it from the store first (`state: absent`), and stop its other renewer"
        return Notice("adopted", f"{self.name} is adopted ({path}) and was not requested; {way_out}")


@dataclass(frozen=True)
class RequestPlan:
    """`waiting` is there already; what `is_made` has reasons, and a new key whatever is there when `is_anew`."""

    wanted: WantedRequest
    notices: tuple[Notice, ...] = ()
    reasons: tuple[Reason, ...] = ()
    problems: tuple[Problem, ...] = ()
    waiting: CertificateRequest | None = None
    is_made: bool = False
    is_anew: bool = False
    ended_run: str = ""

    @property
    def name(self) -> str:
        return self.wanted.name

    @property
    def key_type(self) -> str:
        return self.wanted.key_type or DEFAULT_KEY_TYPE

    def to_preparation(self) -> dict[str, Any]:
        """Nothing is claimed: there is no run to wait for, only a CA elsewhere."""
        names = list(self.wanted.declared.names)
        return {
            "name": self.name,
            "claimed_until": "",
            "order": {"purpose": PURPOSE, "names": names, "key_type": self.key_type},
            "key": {"type": self.key_type, "names": names},
            "reuse": not self.is_anew,
            "ended_run": self.ended_run,
        }

    def load_made(self, told: Mapping[str, Any]) -> CertificateRequest | Problem:
        """What the host made, or why it is not what was asked for."""
        if told["refused"]:
            return Problem(self.name, str(told["refused"]["code"]), str(told["refused"]["message"]))
        request = load_request(str(told["request"]))
        if request is not None and self.wanted.is_met_by(request):
            return request
        fact = "the request that the host made is not for the declared names alone, or its key is another"
        return Problem(self.name, "request_unfit", f"{fact}; have it signed by nobody, and look into the host")

    def describe(self, request: CertificateRequest | None) -> dict[str, Any]:
        """For the result. No request when it would be made."""
        words = {spelled: word for word, spelled in KEY_TYPES.items()}
        return {
            "request": request.pem if request else "",
            "names": list(self.wanted.declared.names),
            "key_type": words[request.public_key.key_type] if request else self.key_type,
            "made": self.is_made,
        }
