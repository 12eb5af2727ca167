# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The wish for a certificate that a CA elsewhere signed for a request of the host: its key never leaves the host."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.bundle import Bundle, HostKey, load_host_bundle
from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import (
    Certificate,
    describe,
    load_certificates,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate_request import (
    CertificateRequest,
    load_begun,
    load_waiting,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import (
    Desired,
    Observed,
    ObservedGeneration,
    format_time,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.neighbours import find_renewer_notices
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_plan import CANONICAL, is_damaged, plan_kept
from ansible_collections.certwright.tls.plugins.plugin_utils._core.plan import Plan, own, superseded_reasons
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice, Problem
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import Preset, Service
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service_settling import settle
from ansible_collections.certwright.tls.plugins.plugin_utils._core.staying_removed import judge_supplied
from ansible_collections.certwright.tls.plugins.plugin_utils._core.supplied import (
    Declaration,
    Declared,
    complete,
    load_declared,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.wanted_request import REQUESTED_NAMES
from ansible_collections.certwright.tls.plugins.plugin_utils._core.wishes import (
    plan_supplied,
    word_plan,
    word_services,
)

_ANEW = "let certificate_request make one, have it signed, and supply the certificate"


@dataclass(frozen=True)
class Requested:
    """`certificate` and `ca` are what the CA gave; which of it is the leaf is told by the host's request."""

    declared: Declared
    certificate: bytes
    ca: bytes | None
    anchors: tuple[Certificate, ...] = field(repr=False)

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
        return {"name": self.name, "services": word_services(self.declared.services, now), "issuance": True}

    def plan(self, observed: Observed, now: datetime) -> Plan:
        """What is installed already is kept, for its key cannot be asked for again; else the key is the request's."""
        settled = settle(self.name, self.declared.services, observed, now)
        wish = replace(self, declared=replace(self.declared, services=settled.services))
        plan = settled.judge(wish._plan_settled(observed, now))
        return plan if plan.problems else judge_supplied(plan, self._complete(observed, now)[0], observed)

    def _plan_settled(self, observed: Observed, now: datetime) -> Plan:
        try:
            desired, notices = self._complete(observed, now)
        except RefusedError as error:
            return Plan(self.name, problems=error.problems, recover=bool(observed.interrupted))
        installed = _find_installed(desired, observed)
        can_be_stored = _is_signed_for(load_waiting(observed), desired.bundle.leaf)
        if installed is None or (is_damaged(installed) and can_be_stored):
            plan = plan_supplied(desired, notices, observed, now)
            return replace(plan, end_order="finish" if plan.stage else "")
        renewers = find_renewer_notices(self.name, self.names, observed.neighbours)
        plan = self._plan_installed(installed, observed, now)
        kept = _find_kept_chain(desired, installed)
        return replace(plan, notices=(*notices, *renewers, *kept, *plan.notices))

    def request(self, plan: Plan, observed: Observed, *, run: str, now: datetime) -> dict[str, Any]:
        settled = settle(self.name, self.declared.services, observed, now)
        wish = replace(self, declared=replace(self.declared, services=settled.services))
        return wish._request_settled(plan, observed, run=run, now=now)

    def _request_settled(self, plan: Plan, observed: Observed, *, run: str, now: datetime) -> dict[str, Any]:
        words = {**self.look(now), **word_plan(plan, observed), "end_order": plan.end_order}
        if plan.stage and plan.restage is None:
            desired, _notices = self._complete(observed, now)
            begun = load_begun(observed)
            source = {"order": True, "key_digest": begun.key_digest if begun else ""}
            record = desired.to_record(run=run, now=now)
            return {**words, "material": desired.to_material(), "record": record, "source": source}
        record = {
            "declared_names": list(self.names),
            "services": [service.to_record() for service in self.declared.services],
            "run": run,
            "stored": format_time(now),
        }
        keystores = {} if plan.restage is None else self._complete(observed, now)[0].to_keystores()
        return {**words, "restage": plan.restage, "record": record, **({"keystores": keystores} if keystores else {})}

    def describe(self, observed: Observed) -> dict[str, Any]:
        return describe(self.load_bundle(self._find_fitting(observed)).leaf)

    def load_bundle(self, fits: frozenset[str] = frozenset()) -> Bundle:
        """`fits` are those that the host has a key of. Raises RefusedError with everything that cannot be read."""
        return load_host_bundle(self.name, self.certificate, self.ca, HostKey("", fits))

    def _find_fitting(self, observed: Observed) -> frozenset[str]:
        """What is installed has its key beside it; of what is not, the request tells."""
        waiting = load_waiting(observed)
        supplied = load_certificates(self.certificate, "certificate")
        signed = {item.fingerprint for item in supplied if _is_signed_for(waiting, item)}
        generations = (own(observed.live), own(observed.pending))
        return frozenset({*signed, *(item.fingerprint for item in generations if item is not None)})

    def _complete(self, observed: Observed, now: datetime) -> tuple[Desired, tuple[Notice, ...]]:
        """Raises RefusedError with everything that is wrong with what the CA gave."""
        bundle = self.load_bundle(self._find_fitting(observed))
        waiting = load_waiting(observed)
        problems = () if bundle.is_key_proven else (self._refuse_key(bundle.leaf, waiting),)
        try:
            desired, notices = complete(
                self.declared, replace(bundle, is_key_proven=True), now=now, anchors=self.anchors
            )
        except RefusedError as error:
            raise RefusedError.from_problems([*problems, *error.problems]) from None
        if problems:
            raise RefusedError.from_problems(problems)
        asked = {REQUESTED_NAMES: list(waiting.names)} if waiting is not None else {}
        return replace(desired, order=asked), notices

    def _refuse_key(self, leaf: Certificate, waiting: CertificateRequest | None) -> Problem:
        if waiting is None:
            fact = "private_key_requested says that the host has the key, and no request waits there"
            return Problem(self.name, "no_request", f"{fact}; {_ANEW}, or pass the key as private_key_src")
        asked = f"{', '.join(waiting.names)}, {waiting.public_key.key_type}"
        fact = f"The certificate {leaf.title} ({leaf.key_type}) is not for the request that waits on the host ({asked})"
        way_out = "have that one signed, which certificate_request returns, or pass the key as private_key_src"
        return Problem(self.name, "key_mismatch", f"{fact}; {way_out}")

    def _plan_installed(self, installed: ObservedGeneration, observed: Observed, now: datetime) -> Plan:
        """What was stored beside it is wanted by nobody any more."""
        lost = tuple(self._find_lost(installed))
        if lost:
            return Plan(self.name, problems=lost, recover=bool(observed.interrupted))
        waits = observed.pending is not None and installed.number == observed.pending.number
        plan = plan_kept(self.declared, observed if waits else replace(observed, pending=None), now)
        if plan.problems or plan.stage:
            return plan
        discard = tuple(number for number in observed.stored if number != installed.number)
        return replace(plan, discard=discard, reasons=(*plan.reasons, *superseded_reasons(discard)))

    def _find_lost(self, installed: ObservedGeneration) -> Iterator[Problem]:
        """Nobody else has the key, so it cannot be stored again."""
        for file, drift in installed.drift:
            if file in CANONICAL and drift != "attributes":
                said = "is missing" if drift == "missing" else "was changed by somebody else"
                code = "key_lost" if file.startswith("privkey.") else "certificate_lost"
                fact = f"the file {file} of generation {installed.number} {said}, and its key was on this host only"
                yield Problem(self.name, code, f"{fact}; {_ANEW}")


def load_requested(
    declaration: Declaration,
    certificate: bytes,
    ca: bytes | None,
    *,
    presets: Mapping[str, Preset],
    anchors: tuple[Certificate, ...],
) -> Requested:
    """Raises RefusedError with all problems of words and files together, before a host is looked at."""
    problems: list[Problem] = []
    try:
        declared = load_declared(declaration, presets=presets)
    except RefusedError as error:
        declared = None
        problems.extend(error.problems)
    try:
        load_host_bundle(declaration.name, certificate, ca, HostKey("", frozenset()))
    except RefusedError as error:
        problems.extend(error.problems)
    if problems or declared is None:
        raise RefusedError.from_problems(problems)
    return Requested(declared, certificate, ca, anchors)


def _is_signed_for(waiting: CertificateRequest | None, certificate: Certificate) -> bool:
    return waiting is not None and waiting.public_key.sha256 == certificate.public_key.sha256


def _find_installed(desired: Desired, observed: Observed) -> ObservedGeneration | None:
    generations = (own(observed.live), own(observed.pending))
    fingerprint = desired.bundle.leaf.fingerprint
    return next((item for item in generations if item is not None and item.fingerprint == fingerprint), None)


def _find_kept_chain(desired: Desired, installed: ObservedGeneration) -> Iterator[Notice]:
    if tuple(certificate.fingerprint for certificate in desired.bundle.chain) != installed.chain:
        fact = "the supplied chain is another one than what was installed with this certificate, which stays"
        yield Notice("chain_kept", f"{desired.name}: {fact}; it is exchanged together with the certificate")
