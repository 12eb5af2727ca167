# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whom services trust and which lists of revocations they get, once it is known what the host has of both.

A list that has ended refuses every client (nginx answers 400) while each check of the configuration is content, so it
is never put there, and one that is there and ends is told before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import load_certificates
from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import Observed
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import TlsError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.extensions import printable
from ansible_collections.certwright.tls.plugins.plugin_utils._core.plan import Plan, own
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice, Problem
from ansible_collections.certwright.tls.plugins.plugin_utils._core.revocation_list import (
    RevocationList,
    describe_ending,
    find_best,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import AskedCas, Service
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service_sources import (
    holds_crl,
    holds_trust,
    with_sources,
)

_NOTHING = AskedCas()


@dataclass(frozen=True)
class Settled:
    """`problems` keep the host as it is; `failures` are of what it has already, and keep nothing else from it."""

    services: tuple[Service, ...]
    problems: tuple[Problem, ...] = ()
    failures: tuple[Problem, ...] = ()
    notices: tuple[Notice, ...] = ()

    def judge(self, plan: Plan) -> Plan:
        return replace(
            plan,
            problems=tuple(dict.fromkeys((*plan.problems, *self.problems))),
            failures=(*plan.failures, *self.failures),
            notices=(*plan.notices, *self.notices),
        )


def settle(name: str, services: tuple[Service, ...], observed: Observed, now: datetime) -> Settled:
    """`name` is the certificate's.

    Codes of problems: crl_missing, crl_ended, ca_silent, service_invalid; of notices: crl_older, crl_ends_soon,
    ca_silent.
    """
    generations = [item for item in (own(observed.pending), own(observed.live)) if item is not None]
    each = [
        _Service(name, service, [item for held in generations for item in held.services if item.name == service.name])
        for service in services
    ]
    settled = [item.settle(now) if item.takes_any else Settled((item.service,)) for item in each]
    return Settled(
        services=tuple(service for item in settled for service in item.services),
        problems=tuple(problem for item in settled for problem in item.problems),
        failures=tuple(problem for item in settled for problem in item.failures),
        notices=tuple(notice for item in settled for notice in item.notices),
    )


@dataclass(frozen=True)
class _Service:
    """One service of a certificate, with what was recorded of it, the newest generation first."""

    certificate: str
    service: Service
    known: list[Service]

    @property
    def takes_any(self) -> bool:
        return holds_trust(self.service) or holds_crl(self.service)

    @property
    def asked(self) -> AskedCas:
        return self.service.asked or _NOTHING

    def settle(self, now: datetime) -> Settled:
        if self.service.trust_names and self.service.asked is None:
            fact = "`trust` names CAs, which only certificates of an internal CA can do"
            problem = self._refuse("service_invalid", f"{fact}; say `trust_src` and `crl_src`")
            return Settled((self.service,), (problem,))
        trusting = self._settle_trust()
        if not holds_crl(self.service):
            return trusting
        lists = replace(self, service=trusting.services[0]).settle_lists(now)
        return Settled(
            services=lists.services,
            problems=(*trusting.problems, *lists.problems),
            failures=lists.failures,
            notices=tuple(dict.fromkeys((*trusting.notices, *lists.notices))),
        )

    def _settle_trust(self) -> Settled:
        """Whoever is silent changes nothing."""
        silent = self.asked.silent_for_trust
        if not silent:
            return Settled((self.service,))
        files = [file for service in self.known for file in service.files if file.holds_trust]
        if not files:
            return Settled((self.service,), (self._refuse_silent(silent),))
        kept = self.service
        if files[0].trusted_pem:
            try:
                pem = files[0].trusted_pem.encode("ascii", "replace")
                kept = with_sources(kept, trust=load_certificates(pem, "trust"))
            except TlsError:
                return Settled((self.service,), (self._refuse_silent(silent),))
        return Settled((kept,), notices=(self._notice_silent(silent),))

    def settle_lists(self, now: datetime) -> Settled:
        """Of each CA the best of what was offered and what is there; all of both while somebody has nothing to say."""
        offered = find_best(self.service.crl, now)
        recorded = (file.lists for service in self.known for file in service.files if file.holds_crl)
        held = find_best((item for lists in recorded for item in lists), now)
        issuers = {**offered, **held} if self._is_told_all_but_some else offered
        kept = [item for issuer, item in held.items() if issuer in issuers]
        chosen = tuple(find_best((*kept, *offered.values()), now).values())
        if not chosen or (self.service.asked is None and not offered):
            return Settled((self.service,), (self._refuse_missing(),))
        installed = {item.identity for item in held.values()}
        ended = [item for item in chosen if item.has_ended(now)]
        return Settled(
            services=(with_sources(self.service, crl=chosen),),
            problems=tuple(self._refuse_ended(item) for item in ended if item.identity not in installed),
            failures=(
                *(self._refuse_ended(item) for item in ended if item.identity in installed),
                *((self._refuse_missing(),) if self.asked.without_list else ()),
            ),
            notices=tuple(self._find_list_notices(chosen, offered.values(), now)),
        )

    @property
    def _is_told_all_but_some(self) -> bool:
        return bool(self.asked.silent_for_lists or self.asked.without_list)

    def _find_list_notices(
        self, chosen: tuple[RevocationList, ...], offered: Iterable[RevocationList], now: datetime
    ) -> Iterator[Notice]:
        if self.asked.silent_for_lists:
            yield self._notice_silent(self.asked.silent_for_lists)
        by_issuer = {item.issuer: item for item in chosen}
        for item in offered:
            kept = by_issuer[item.issuer]
            if kept.identity != item.identity:
                fact = f"{self._subject} keeps {kept.describe()}; what was supplied is older or has ended"
                yield Notice("crl_older", f"{fact}: {item.describe()}")
        for item in chosen:
            if item.ends_soon(now):
                yield Notice("crl_ends_soon", f"{self._subject}: {describe_ending(item)}")

    @property
    def _subject(self) -> str:
        return f"{self.certificate}, service {self.service.name}"

    def _refuse(self, code: str, message: str) -> Problem:
        return Problem(self.certificate, code, f"service {self.service.name}: {message}")

    def _refuse_ended(self, item: RevocationList) -> Problem:
        fact = f"{item.describe()}, has ended, and a service refuses every client by it"
        return self._refuse("crl_ended", f"{fact}; have its CA sign a new one (internal_ca does at half of its life)")

    def _refuse_missing(self) -> Problem:
        if self.service.asked is None:
            fact = "it has a file for a list of revocations"
            return self._refuse("crl_missing", f"{fact}; say `crl_src` or `crl_content`")
        if not self.asked.without_list:
            return self._refuse_silent(self.asked.silent_for_lists)
        fact = f"{_name(self.asked.without_list)} publishes no list of revocations"
        way_out = "say `crl: {enabled: true}` of it (internal_ca), `crl_src` for the service, or take the file away"
        return self._refuse("crl_missing", f"{fact}; {way_out}")

    def _refuse_silent(self, silent: tuple[str, ...]) -> Problem:
        fact = f"{_name(silent)} did not answer, and nothing is known of it on this host"
        return self._refuse("ca_silent", f"{fact}; see why, or correct the name in `trust`, and run again")

    def _notice_silent(self, silent: tuple[str, ...]) -> Notice:
        fact = f"{_name(silent)} did not answer"
        return Notice("ca_silent", f"{self._subject}: {fact}; what it trusts, and its lists, stay as they are")


def _name(cas: tuple[str, ...]) -> str:
    return " and ".join(f"the CA {printable(name[:100])}" if name else "the certificate's CA" for name in cas)
