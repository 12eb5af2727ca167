# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All orders of one host together: placed, prepared on the host, proved to the CA, finalized and downloaded.

One execution on the host for all of them. Each fails by itself, and what a CA has given is never dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from ansible_collections.certwright.tls.plugins.plugin_utils._acme.client import Client
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.key_request import KeyRequest, make_key_request
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.orders import (
    Authorization,
    Order,
    require_same_names,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.problems import AcmeProblem
from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import format_time
from ansible_collections.certwright.tls.plugins.plugin_utils._core.due import Due, find_generations, remember_unstored
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import TlsError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_plan import find_cert_id_of, find_held
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_words import (
    DEFAULT_KEY_TYPE,
    HTTP_01,
    ON_HOST,
    Issuer,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice
from ansible_collections.certwright.tls.plugins.plugin_utils._proving import Proof, Prover
from ansible_collections.certwright.tls.plugins.plugin_utils._remote import Host
from ansible_collections.certwright.tls.plugins.plugin_utils._run_memory import RunMemory

# Seconds that one order may take, from its placing to its preparation and from its turn to its certificate.
_DEADLINE = 300.0
_CLAIM = timedelta(minutes=15)
_RESUMABLE = ("pending", "ready", "processing", "valid")
ItemT = TypeVar("ItemT", bound="Due")
ResultT = TypeVar("ResultT")


@dataclass(frozen=True)
class Placed(Due):
    """Its order is at the CA. `proofs` are what the CA wants to see for it; `is_resumed` keeps key and request."""

    client: Client
    order: Order
    proofs: tuple[Proof, ...]
    is_resumed: bool
    own: KeyRequest | None = field(repr=False)


@dataclass(frozen=True)
class Prepared(Placed):
    """Key and request are there, on the host or here; challenges are answered where the CA will look."""

    request: str
    key_digest: str
    claimed_until: datetime


@dataclass(frozen=True)
class Given(Prepared):
    """What the CA gave: the chain as PEM, leaf first."""

    chain: bytes
    terms: str


class Orders:
    """`say` is told of each step that people may wait for; `begun` are those whose order the host has."""

    def __init__(  # noqa: PLR0913 - whom it works with
        self,
        host: Host,
        prover: Prover,
        pool: ThreadPoolExecutor,
        *,
        find_run: Callable[[Issuer], RunMemory],
        clock: Callable[[], datetime],
        say: Callable[[str, str], None],
    ) -> None:
        self._host, self._prover, self._pool, self._find_run, self._say = host, prover, pool, find_run, say
        self._clock = clock
        self.failed: dict[str, AcmeProblem] = {}
        self.begun: set[str] = set()
        self.notices: list[Notice] = []

    def run(self, due: Iterable[Due], clients: Mapping[Issuer, Client]) -> list[Given]:
        """What was given; what failed is in `failed`."""
        placed = self._each(lambda item: self._place(item, clients[item.wish.words.issuer]), due)
        prepared = self._prepare(placed) if placed else []
        return self._each(self._obtain, prepared)

    def _each(self, step: Callable[[ItemT], ResultT], items: Iterable[ItemT]) -> list[ResultT]:
        return run_together(self._pool, step, items, lambda item, problem: self._fail(item.name, problem))

    def _fail(self, name: str, problem: AcmeProblem) -> None:
        self.failed[name] = problem
        self._say(name, f"failed: {problem}")

    def _place(self, due: Due, client: Client) -> Placed:
        client = client.again(_DEADLINE)
        words, begun = due.wish.words, find_begun(due, client.account)
        left = (due.observed.issuance.get("order") or {}).get("order") or {}
        self._prover.clean_up_begun(words.validation, due.wish.names, left)
        order = _resume(client, begun, due.wish.names)
        is_resumed = order is not None
        if order is None:
            order = client.place_order(due.wish.names, profile=words.profile, replaces=_find_replaced(due, client))
        self._say(due.name, "order resumed" if is_resumed else "ordered")
        open_ones = [item for item in order.authorizations if item.status != "valid"]
        proofs = tuple(self._find_proof(client, words.validation.type, item) for item in open_ones)
        proofs = self._prover.locate(words.validation, proofs)
        return Placed(
            **vars(due), client=client, order=order, proofs=proofs, is_resumed=is_resumed, own=_make_own_key(due)
        )

    def _find_proof(self, client: Client, wanted: str, authorization: Authorization) -> Proof:
        challenge = authorization.find_challenge(wanted)
        if challenge is not None:
            content, value = client.key_authorization(challenge.token), client.txt_value(challenge.token)
            return Proof(authorization.name, challenge, content, value)
        offered = ", ".join(sorted({challenge.type for challenge in authorization.challenges})) or "none"
        fact = f"the CA offers no {wanted} for {authorization.title}; it offers {offered}"
        raise AcmeProblem("permanent", "challenge_not_offered", f"{fact}; choose one of these as `challenge`")

    def _prepare(self, placed: list[Placed]) -> list[Prepared]:
        now = self._clock()
        until = {item.name: now + _CLAIM + timedelta(seconds=_find_patience(item)) for item in placed}
        words = [_word_order(item, until[item.name], now) for item in placed]
        answer = self._host.prepare(words, listen_seconds=int(_CLAIM.total_seconds()))
        prepared = []
        self.begun = {item.name for item in placed}
        for item in placed:
            told = answer["certificates"][item.name]
            self.notices.extend(Notice(said["code"], said["message"]) for said in told.get("notices") or ())
            if told["refused"]:
                code, message = told["refused"]["code"], told["refused"]["message"]
                self.begun.discard(item.name)
                self._fail(item.name, AcmeProblem("transient" if code == "claimed" else "permanent", code, message))
                continue
            request = item.own.request if item.own else told["request"]
            ready = Prepared(
                **vars(item), request=request, key_digest=told["key_digest"], claimed_until=until[item.name]
            )
            prepared.append(ready)
        return prepared

    def _obtain(self, item: Prepared) -> Given:
        """3.-6. of an order: proved, finalized, downloaded."""
        run = self._find_run(item.wish.words.issuer)
        with run.alone() as stop:
            if stop:
                raise find_stopped(stop)
            if self._clock() + timedelta(seconds=_DEADLINE) > item.claimed_until:
                fact = "the orders before this one took so long that its claim on the host would end too early"
                raise AcmeProblem("transient", "stopped", f"{fact}; the next run goes on with it")
            try:
                given = self._converse(item)
            except AcmeProblem as problem:
                run.failed(problem.code)
                raise
            run.succeeded()
            return given

    def _converse(self, item: Prepared) -> Given:
        order, client = item.order, item.client.again(_DEADLINE)
        if order.status == "pending":
            with self._prover.shown(item.wish.words.validation, item.proofs):
                client = item.client.again(_DEADLINE)  # however long that took
                for proof in item.proofs:
                    client.answer(proof.challenge)
                order = client.await_authorizations(order)
        if order.status != "valid" or not order.certificate:
            order = client.finalize(order, item.request)  # or waits for one that is under way
        chain = client.download(order, item.request)
        self._say(item.name, "issued")
        return Given(**vars(item), chain=chain, terms=client.terms)


def run_together(
    pool: ThreadPoolExecutor,
    step: Callable[[ItemT], ResultT],
    items: Iterable[ItemT],
    fail: Callable[[ItemT, AcmeProblem], None],
) -> list[ResultT]:
    """What `step` makes of each item, in order and on threads; a fault ends its own item only."""
    futures = [(item, pool.submit(step, item)) for item in items]
    return [result for item, future in futures for result in _collect(item, future.result, fail)]


def _collect(
    item: ItemT, result: Callable[[], ResultT], fail: Callable[[ItemT, AcmeProblem], None]
) -> Iterator[ResultT]:
    try:
        yield result()
    except AcmeProblem as problem:
        fail(item, problem)
    except TlsError as error:
        fail(item, AcmeProblem("permanent", "failed", str(error)))


def _make_own_key(due: Due) -> KeyRequest | None:
    """None when the host makes the key."""
    words = due.wish.words
    if words.key_origin == ON_HOST:
        return None
    return make_key_request(words.key_type or DEFAULT_KEY_TYPE, due.wish.names)


def find_stopped(stop: str) -> AcmeProblem:
    """Nothing is asked any more once equal faults have shown that it is of no use."""
    fact = f"three orders of this run failed with {stop}, so this one was not tried"
    return AcmeProblem("transient", "stopped", f"{fact}; mend the first failure and run again")


def find_begun(due: Due, account: str) -> dict[str, Any]:
    """The words of an order that an earlier run began with the same wish, key and account; empty when there is none."""
    begun = (due.observed.issuance.get("order") or {}).get("order") or {}
    same = _word_subject(due, account)
    has_key = bool(due.observed.issuance.get("request")) and due.wish.words.key_origin == ON_HOST
    return dict(begun) if has_key and all(begun.get(word) == value for word, value in same.items()) else {}


def _word_subject(due: Due, account: str) -> dict[str, Any]:
    words = due.wish.words
    return {
        "directory": words.issuer.directory,
        "account": account,
        "names": list(due.wish.names),
        "key_type": words.key_type or DEFAULT_KEY_TYPE,
        "profile": words.profile,
    }


def _resume(client: Client, begun: Mapping[str, Any], names: tuple[str, ...]) -> Order | None:
    """Its order when it can still come to its end; what the CA has forgotten is placed anew.

    The host says which order it was, and no host is trusted with other hosts' names, nor with our signature for others.
    """
    url = str(begun.get("url") or "")
    if not client.is_its_own(url):
        return None
    try:
        order = client.load_order(url)
        require_same_names(order, names)
    except AcmeProblem as problem:
        if problem.kind == "transient":
            raise
        return None
    return order if order.status in _RESUMABLE else None


def _find_replaced(due: Due, client: Client) -> str:
    """Only of the same account, else the CA refuses the whole order (RFC 9773 5)."""
    held = find_held(due.observed)
    if held is None or not client.has_renewal_info or held.order.get("account") != client.account:
        return ""
    return find_cert_id_of(held) if held.issuer == due.wish.words.issuer.directory else ""


def _find_patience(item: Placed) -> float:
    """Seconds that its TXT records may take to be seen, one after the other, before anything else can happen."""
    records = {proof.record.name for proof in item.proofs if proof.record}
    return len(records) * float(item.wish.words.validation.words.get("propagation_timeout") or 120)


def _word_order(item: Placed, until: datetime, now: datetime) -> dict[str, Any]:
    words, validation = item.wish.words, item.wish.words.validation
    subject = _word_subject(item, item.client.account)
    records = [{"name": proof.record.name, "value": proof.record.value} for proof in item.proofs if proof.record]
    place = {"webroot": validation.webroot} if validation.webroot else {"port": validation.port}
    challenges = [
        {**place, "token": proof.challenge.token, "content": proof.content}
        for proof in item.proofs
        if validation.type == HTTP_01
    ]
    key = {"type": subject["key_type"], "names": subject["names"]}
    return {
        "name": item.name,
        "claimed_until": format_time(until),
        "generations": find_generations(item.observed),
        "order": {**subject, "url": item.order.url, "records": records},
        "key": key if words.key_origin == ON_HOST else None,
        "reuse": item.is_resumed,
        "ended_run": item.ended_run,
        "challenges": challenges,
        "memory": None if item.own is None else remember_unstored(item.wish, item.observed, now=now).to_json(),
    }
