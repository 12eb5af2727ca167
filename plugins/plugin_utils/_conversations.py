# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything that one task has to say to CAs: when to renew, whether an order could succeed, and the orders.

It brings the libraries that talk to CAs, so it is imported when there is something to say: that takes as long as a look
at the host.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from threading import Lock

from ansible_collections.certwright.tls.plugins.plugin_utils._acme.client import Client, connect
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.dependencies import require_acme
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.dns_dependencies import require_dnspython
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.dns_lookup import Resolver
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.dns_solvers import load_challenge, read_resolver
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.preflight import find_preflight
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.problems import AcmeProblem
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.settings import Settings
from ansible_collections.certwright.tls.plugins.plugin_utils._core.due import Due
from ansible_collections.certwright.tls.plugins.plugin_utils._core.issuance import Memory, find_cert_id
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_outcome import FAILED
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_plan import find_cert_id_of, find_held
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_words import DNS_01, Issuer, Validation
from ansible_collections.certwright.tls.plugins.plugin_utils._core.ordered import Ending, Ordered, load_memory
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice
from ansible_collections.certwright.tls.plugins.plugin_utils._issued import with_failure, with_given
from ansible_collections.certwright.tls.plugins.plugin_utils._ordering import (
    Given,
    Orders,
    find_stopped,
    run_together,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._proving import Prover
from ansible_collections.certwright.tls.plugins.plugin_utils._remote import Host
from ansible_collections.certwright.tls.plugins.plugin_utils._run_memory import RunMemory
from ansible_collections.certwright.tls.plugins.plugin_utils._supply import read_anchors

_DEADLINE = 300.0
_THREADS = 8
_CLOCK_TOLERANCE = timedelta(minutes=5)


class Conversations:
    """`directory` is where the workers of this run meet, `say` is told each step that people may wait for."""

    def __init__(self, host: Host, *, directory: str, say: Callable[[str, str], None], now: datetime) -> None:
        require_acme()
        require_dnspython()
        self._host, self._directory, self._say, self._now = host, directory, say, now
        self._clients: dict[Issuer, Client | AcmeProblem] = {}
        self._runs: dict[str, RunMemory] = {}
        self._lock = Lock()
        self._pool = ThreadPoolExecutor(_THREADS)
        self.notices: list[Notice] = []

    def close(self) -> None:
        """Nobody is talked to any more. An interrupted task must not wait for threads that wait for a CA."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        for client in self._clients.values():
            if isinstance(client, Client):
                client.close()

    def ask_windows(self, items: Iterable[Due]) -> dict[str, Memory]:
        """When each CA wants its certificate renewed (RFC 9773). No answer leaves what is known."""
        asked = run_together(self._pool, self._ask_window, items, lambda _item, _problem: None)
        return dict(asked)

    def _ask_window(self, item: Due) -> tuple[str, Memory]:
        memory = load_memory(item.wish, item.observed)
        cert_id = find_cert_id_of(find_held(item.observed))
        try:
            client = self._find_client(item.wish.words.issuer).again()
            if not client.has_renewal_info:
                day = self._now + timedelta(days=1)
                return item.name, memory.with_window(None, cert_id=cert_id, ask_again=day, now=self._now)
            window, ask_again = client.renewal_info(cert_id)
        except AcmeProblem:
            hour = self._now + timedelta(hours=1)
            return item.name, memory.with_window(None, cert_id=cert_id, ask_again=hour, now=self._now)
        return item.name, memory.with_window(window, cert_id=cert_id, ask_again=ask_again, now=self._now)

    def order(self, due: Iterable[Due]) -> dict[str, Ordered]:
        """Each wish with what was given for it, or how it ended."""
        by_name = {item.name: item for item in due}
        failed: dict[str, AcmeProblem] = {}

        def fail(item: Due, problem: AcmeProblem) -> None:
            failed[item.name] = problem
            self._say(item.name, f"failed: {problem}")

        sound = run_together(self._pool, self._prepare, by_name.values(), fail)
        prover = Prover(clock=_clock, sleep=time.sleep, dice=random.random, warn=self.notices.append)
        orders = Orders(self._host, prover, self._pool, find_run=self._find_run, clock=_clock, say=self._say)
        clients = {item.wish.words.issuer: self._find_client(item.wish.words.issuer) for item in sound}
        with contextlib.ExitStack() as turns:
            # In one order on every host, so that no two wait for each other
            issuers = sorted(clients, key=lambda issuer: issuer.directory)
            stops = {run: turns.enter_context(run.turn()) for run in dict.fromkeys(map(self._find_run, issuers))}
            going = [item for item in sound if not stops[self._find_run(item.wish.words.issuer)]]
            given = orders.run(going, clients)
        tried = {item.name for item in going}
        for item in sound:
            if item.name not in tried:
                fail(item, find_stopped(stops[self._find_run(item.wish.words.issuer)]))
        failed.update(orders.failed)
        self.notices.extend(orders.notices)
        issued = run_together(self._pool, self._load, given, lambda item, problem: failed.update({item.name: problem}))
        ended = {
            name: self._end(by_name[name], problem, is_begun=name in orders.begun) for name, problem in failed.items()
        }
        return {**{wish.name: wish for wish in issued}, **ended}

    def foresee_all(self, due: Iterable[Due]) -> dict[str, Ordered]:
        """For check mode: the wishes whose orders would fail, each with why."""
        failed: dict[str, Ordered] = {}
        run_together(
            self._pool,
            self.foresee,
            due,
            lambda item, problem: failed.update({item.name: self._foretell(item, problem)}),
        )
        return failed

    def _foretell(self, item: Due, problem: AcmeProblem) -> Ordered:
        """As a run would end, without what only a run counts and remembers."""
        ended = self._end(item, problem)
        verdict = ended.ending.verdict if ended.ending else FAILED
        return replace(item.wish, ending=Ending(verdict, problem.code, str(problem)))

    def _end(self, item: Due, problem: AcmeProblem, *, is_begun: bool = False) -> Ordered:
        return with_failure(item.wish, item.observed, problem, now=self._now, is_begun=is_begun)

    def foresee(self, item: Due) -> None:
        """Everything that can be known without costing a limit. Raises AcmeProblem."""
        client = self._find_client(item.wish.words.issuer)
        _require_terms(client, item)
        _require_clock(client)
        if client.needs_eab and not item.wish.words.issuer.eab_kid and not client.again().find_account():
            fact = "the CA takes only accounts that are bound to one of its customers"
            raise AcmeProblem("permanent", "external_account_required", f"{fact}; pass eab_kid and eab_hmac_key")
        profile = item.wish.words.profile
        if profile and profile not in client.profiles:
            known = f"knows {', '.join(sorted(client.profiles))}" if client.profiles else "has no profiles"
            fact = f"the CA {known}; `{profile}` is not among them"
            raise AcmeProblem("permanent", "profile_unknown", f"{fact}; choose one, or leave the word out")
        _require_provider(item.wish.words.validation)
        self._look_up(client, item)

    def _look_up(self, client: Client, item: Due) -> None:
        validation = item.wish.words.validation
        if not validation.is_checked:
            return
        said = validation.words.get("resolver")
        problems, notices = find_preflight(
            item.wish.names,
            resolver=read_resolver(said) if said else Resolver(),
            caa_identities=client.caa_identities,
            account_url=client.account,
            challenge_type=validation.type,
        )
        self.notices.extend(notices)
        if problems:
            facts = "; ".join(problem.message for problem in problems)
            raise AcmeProblem(problems[0].kind, problems[0].code, facts)

    def _prepare(self, item: Due) -> Due:
        self.foresee(item)
        self._register(item.wish.words.issuer)
        return item

    def _register(self, issuer: Issuer) -> None:
        """Once an issuer: its account is the same for all of its certificates."""
        with self._lock:
            client = self._clients[issuer]
            if isinstance(client, Client) and not client.account:
                try:
                    client.register()
                except AcmeProblem as problem:
                    self._clients[issuer] = problem
        self._find_client(issuer)

    def _find_client(self, issuer: Issuer) -> Client:
        """Raises the AcmeProblem that the first try met."""
        with self._lock:
            if issuer not in self._clients:
                self._clients[issuer] = attempt(issuer)
            found = self._clients[issuer]
        if isinstance(found, AcmeProblem):
            raise found
        return found

    def _load(self, given: Given) -> Ordered:
        """With the CA's window at once, so that the next run has nothing to ask."""
        memory = Memory(terms=given.terms, terms_agreed=self._now)
        wish = with_given(given, memory=memory, now=_clock(), anchors=read_anchors())
        cert_id = find_cert_id(wish.issued.desired.bundle.leaf) if wish.issued else ""
        if not given.client.has_renewal_info:
            day = self._now + timedelta(days=1)
            return replace(wish, memory=memory.with_window(None, cert_id=cert_id, ask_again=day, now=self._now))
        try:
            window, ask_again = given.client.again().renewal_info(cert_id)
        except AcmeProblem:
            return wish
        return replace(wish, memory=memory.with_window(window, cert_id=cert_id, ask_again=ask_again, now=self._now))

    def _find_run(self, issuer: Issuer) -> RunMemory:
        subject = hashlib.sha256(issuer.directory.encode()).hexdigest()[:16]
        with self._lock:
            if subject not in self._runs:
                self._runs[subject] = RunMemory(self._directory, subject)
            return self._runs[subject]


def attempt(issuer: Issuer) -> Client | AcmeProblem:
    """A client that has read the directory, or why there is none."""
    settings = Settings(
        directory=issuer.directory,
        account_key=issuer.account_key,
        contact=issuer.contact,
        terms_agreed=True if issuer.terms_agreed == "yes" else issuer.terms_agreed or False,
        eab_kid=issuer.eab_kid,
        eab_hmac_key=issuer.eab_hmac_key,
        ca_certificates=issuer.ca_certificates,
    )
    try:
        return connect(settings, deadline=_DEADLINE, clock=_clock, sleep=time.sleep, dice=random.random)
    except AcmeProblem as problem:
        return problem


def _require_provider(validation: Validation) -> None:
    """Whoever is to change TXT records is there, before an order waits for it."""
    if validation.type != DNS_01:
        return
    program = str(validation.words.get("program") or "")
    if program and not os.access(program, os.X_OK):
        fact = f"the program {program} is not on the controller, or may not be run there"
        raise AcmeProblem("permanent", "dns_hook_failed", f"{fact}; correct `program`, or its mode")
    load_challenge(validation.words)


def _require_terms(client: Client, item: Due) -> None:
    """Agreed to once for what is current, and again when that changes."""
    said, terms = item.wish.words.issuer.terms_agreed, client.terms
    held = find_held(item.observed)
    # Those of another CA were agreed to there
    is_same = held is not None and held.issuer == item.wish.words.issuer.directory
    known = load_memory(item.wish, item.observed).terms if is_same else ""
    if not terms or said == terms:
        return
    if not said:
        fact = f"the CA's terms of service, {terms}, are not agreed to"
        raise AcmeProblem(
            "permanent", "terms_not_agreed", f"{fact}; read them and say `terms_agreed: true`", link=terms
        )
    if said != "yes" or (known and known != terms):
        was = known or said
        fact = f"the CA's terms of service are now {terms}; {was} was agreed to"
        raise AcmeProblem(
            "permanent", "terms_changed", f"{fact}; read them and say `terms_agreed: {terms}`", link=terms
        )


def _require_clock(client: Client) -> None:
    difference = client.clock_difference
    if difference is not None and abs(difference) > _CLOCK_TOLERANCE:
        fact = (
            f"the clocks of the CA and of the controller are {abs(difference).total_seconds() / 60:.0f} minutes apart"
        )
        raise AcmeProblem("permanent", "clock_skew", f"{fact}, so no date can be trusted; set the controller's clock")


def _clock() -> datetime:
    return datetime.now(timezone.utc)
