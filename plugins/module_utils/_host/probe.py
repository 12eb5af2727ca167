# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a port serves: the leaf that a TLS handshake shows on every address where the host really listens."""

from __future__ import annotations

import hashlib
import ipaddress
import math
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace

from ansible_collections.certwright.tls.plugins.module_utils._host.client_contexts import (
    Client,
    Contexts,
    load_client,
    load_contexts,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.http_question import find_http_fault, word_request
from ansible_collections.certwright.tls.plugins.module_utils._host.listeners import (
    Listener,
    find_addresses,
    find_uncertain,
    observe_listeners,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.starttls import (
    DIALOGUES,
    Conversation,
    NotTlsError,
    find_patience,
    proxy_header,
    require_starttls,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.tls_client import (
    TlsClient,
    explain,
    find_leaf_of_demand,
    is_tls,
)

SERVED = "served"  # the leaf was read
SILENT = "silent"  # nothing answers: refused, no word in time, reset before the first byte
NO_TLS = "no_tls"  # something answers, but not in TLS
UNPROVED = "unproved"  # TLS answers, but the leaf could not be read

MAX_THREADS = 32
HANDSHAKES_IN_A_ROW = 3
FIRST_PAUSE = 0.05
LAST_PAUSE = 0.2

REFUSED = "refused"  # a kind of UNPROVED
# Right after a reload old processes still answer, and the leaf does not tell these from the new ones.
REQUESTS_IN_A_ROW = 8

NO_TIME = "there was no answer before the time was over"
SENTENCES = {
    SILENT: "Nothing answers on {place}: {fact}.",
    NO_TLS: "What answers on {place} does not go on in TLS: {fact}.",
    UNPROVED: "The certificate on {place} could not be read: {fact}.",
    REFUSED: "What answers on {place} refuses the client certificate of the probe: {fact}.",
}


@dataclass(frozen=True)
class ProbeTarget:
    """One question to a port of this host; without an address it goes to every one that is really listened on.

    With `client_own` the client certificate is the service's own, which is not there before the first switch.
    """

    port: int
    address: str | None = None
    server_name: str | None = None
    starttls: str | None = None
    proxy_protocol: bool = False
    client_certificate: str | None = None
    client_private_key: str | None = None
    http_path: str | None = None
    client_own: bool = False

    def __post_init__(self) -> None:
        if self.address is not None:
            ipaddress.ip_address(self.address)  # a name would be resolved, which no timeout bounds
        if self.starttls is not None and self.starttls not in DIALOGUES:
            raise ValueError(f"STARTTLS is known for {', '.join(DIALOGUES)}, not for {self.starttls}")

    @property
    def client(self) -> Client:
        return Client(self.client_certificate, self.client_private_key, self.client_own)


@dataclass(frozen=True)
class Served:
    """What one address answered: one of the four states, and the SHA-256 of the leaf's DER in lower-case hex."""

    target: ProbeTarget
    address: str
    state: str
    fingerprint: str = ""
    detail: str = ""
    leaf: bytes = field(default=b"", repr=False, compare=False)


@dataclass(frozen=True)
class Proof:
    """The last answer of an address, and whether it showed the expected leaf three times in a row."""

    served: Served
    proved: bool


_Asked = dict[ProbeTarget, tuple[tuple[str, ...], tuple[str, ...]]]


def handshake(target: ProbeTarget, address: str, *, timeout: float, context: ssl.SSLContext | None = None) -> Served:
    """What that address serves now, found with one new connection and within the timeout altogether."""
    deadline = time.monotonic() + timeout
    try:
        context = context or load_client(target.client)
        client = TlsClient(context, target.server_name)
    except OSError as error:
        fact = f"the client certificate {target.client_certificate} cannot be used: {explain(error)}"
        return _judge(target, address, UNPROVED, fact)
    except ValueError:
        return _judge(target, address, UNPROVED, f"{target.server_name!r} cannot be sent as a server name")
    try:
        connection = socket.create_connection((address, target.port), timeout=timeout)
    except OSError as error:
        return _judge(target, address, SILENT, explain(error))
    with connection:
        return _converse(target, address, Conversation(connection, deadline), client)


def observe_served(
    targets: Iterable[ProbeTarget], listeners: Iterable[Listener], *, timeout: float
) -> tuple[Served, ...]:
    """What every target serves on each of its addresses, in that order, each asked once and all concurrently.

    The timeout, in seconds, bounds each handshake (some protocols take longer). A target that nothing
    listens on yields one silence without address.
    """
    asked = _find_asked(targets, listeners)
    contexts = load_contexts(target.client for target in asked)
    with ThreadPoolExecutor(max_workers=MAX_THREADS) as pool:
        running = {
            (target, address): pool.submit(_ask, target, address, contexts, timeout=timeout)
            for target, (addresses, dummy) in asked.items()
            for address in addresses
        }
    answers = {pair: future.result() for pair, future in running.items()}
    return tuple(
        served
        for target, (addresses, uncertain) in asked.items()
        for served in _find_counting(target, [answers[target, address] for address in addresses], uncertain)
    )


def await_leaf(  # noqa: PLR0913  clock, sleep and look are given by tests only
    expected: Mapping[ProbeTarget, str],
    *,
    deadline: float,
    timeout: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    look: Callable[[], tuple[Listener, ...]] = observe_listeners,
) -> tuple[Proof, ...]:
    """Whether every address of every target shows the expected fingerprint, as soon as all do, else at the deadline.

    One handshake proves nothing: right after a reload the old processes still answer most of them. A round asks each
    address that is neither proved nor still busy with an earlier question, and looks anew at what is listened on,
    because a reload may change that. The timeout bounds each handshake, the deadline (in the clock's seconds) all.
    """
    contexts = load_contexts(target.client for target in expected)

    def ask(target: ProbeTarget, address: str) -> Served | None:
        remaining = deadline - clock()
        if remaining <= 0:
            return None
        served = _ask(target, address, contexts, timeout=timeout, remaining=remaining)
        # A question that our own deadline cuts off says nothing about the server.
        return served if served.state == SERVED or clock() < deadline else None

    vigil, pause = _Vigil(expected, ask), FIRST_PAUSE
    try:
        while True:
            next_round = min(clock() + pause, deadline)
            vigil.ask(look())
            vigil.wait(max(0.0, next_round - clock()))
            if clock() >= deadline or all(proof.proved for proof in vigil.find_proofs()):
                break
            sleep(max(0.0, next_round - clock()))
            pause = min(pause * 1.5, LAST_PAUSE)
    finally:
        vigil.end()
    return vigil.find_proofs()


class _Watch:
    """One address that is asked again and again: its last answer, and how often in a row that was the expected one."""

    def __init__(self, target: ProbeTarget, address: str, expected: str) -> None:
        self.served = _judge(target, address, SILENT, NO_TIME)
        self.running: Future[Served | None] | None = None
        self._expected = expected
        self._in_a_row = 0

    @property
    def proved(self) -> bool:
        return self._in_a_row >= (REQUESTS_IN_A_ROW if self.served.target.http_path else HANDSHAKES_IN_A_ROW)

    def hear(self) -> None:
        """The answer that has come in is the last one now; each counts once."""
        if self.running is not None and self.running.done() and not self.running.cancelled():
            answer, self.running = self.running.result(), None
            self.served = answer or self.served
            self._in_a_row = self._in_a_row + 1 if answer and answer.fingerprint == self._expected else 0


class _Vigil:
    """Every address under watch; which ones, is looked up anew in each round."""

    def __init__(self, expected: Mapping[ProbeTarget, str], ask: Callable[[ProbeTarget, str], Served | None]) -> None:
        self._expected = expected
        self._ask = ask
        self._asked: _Asked = {}
        self._watches: dict[tuple[ProbeTarget, str], _Watch] = {}
        self._pool = ThreadPoolExecutor(max_workers=MAX_THREADS)

    def ask(self, listeners: Iterable[Listener]) -> None:
        self._asked = _find_asked(self._expected, listeners)
        pairs = [(target, address) for target, (addresses, dummy) in self._asked.items() for address in addresses]
        self._watches = {pair: self._watches.get(pair) or _Watch(*pair, self._expected[pair[0]]) for pair in pairs}
        for pair, watch in self._watches.items():
            if watch.running is None and not watch.proved:
                watch.running = self._pool.submit(self._ask, *pair)

    def wait(self, seconds: float) -> None:
        """Everything that was answered within these seconds is heard."""
        wait([watch.running for watch in self._watches.values() if watch.running], timeout=seconds)
        for watch in self._watches.values():
            watch.hear()

    def end(self) -> None:
        """No thread is left, and what was still to be answered is heard."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        for watch in self._watches.values():
            watch.hear()

    def find_proofs(self) -> tuple[Proof, ...]:
        return tuple(
            Proof(served, proved=served.address != "" and self._watches[target, served.address].proved)
            for target, (addresses, uncertain) in self._asked.items()
            for served in _find_counting(
                target, [self._watches[target, address].served for address in addresses], uncertain
            )
        )


def _find_asked(targets: Iterable[ProbeTarget], listeners: Iterable[Listener]) -> _Asked:
    """For each target the addresses to ask, and those of them that may refuse although the service is sound."""
    targets, listeners = tuple(targets), tuple(listeners)
    ports = {target.port for target in targets}
    by_port = {port: (find_addresses(listeners, port), find_uncertain(listeners, port)) for port in ports}
    return {target: ((target.address,), ()) if target.address else by_port[target.port] for target in targets}


def _find_counting(target: ProbeTarget, answers: list[Served], uncertain: tuple[str, ...]) -> list[Served]:
    """The answers without the silence of an uncertain address, when another one answers."""
    if not answers:
        return [Served(target, "", SILENT, detail=f"Nothing listens on port {target.port}.")]
    if all(served.state == SILENT for served in answers):
        return answers
    return [served for served in answers if served.state != SILENT or served.address not in uncertain]


def _ask(
    target: ProbeTarget, address: str, contexts: Contexts, *, timeout: float, remaining: float = math.inf
) -> Served:
    within = min(find_patience(target.starttls, timeout), remaining)
    return handshake(target, address, timeout=within, context=contexts.get(target.client))


def _converse(target: ProbeTarget, address: str, conversation: Conversation, client: TlsClient) -> Served:
    try:
        if target.proxy_protocol:
            conversation.say(proxy_header(conversation.connection))
        if target.starttls:
            require_starttls(target.starttls, conversation)
        leaf = client.read_leaf(conversation, word_request(target.http_path, target.server_name or address))
        fact = find_http_fault(client.answer) if target.http_path else ""
        if fact:
            return replace(_judge(target, address, REFUSED, fact), state=UNPROVED)
        return _serve(target, address, leaf)
    except NotTlsError as refusal:
        return _judge(target, address, NO_TLS, str(refusal))
    except OSError as error:
        return _judge_failure(target, address, conversation, error)


def _judge_failure(target: ProbeTarget, address: str, conversation: Conversation, error: OSError) -> Served:
    # An error of our own, unlike an alert of the server, may mean that the leaf does not belong to the server's key.
    own = isinstance(error, ssl.SSLError) and "ALERT" not in (error.reason or "").upper()
    leaf = b"" if own or target.http_path else find_leaf_of_demand(conversation.unread)
    if leaf:
        return _serve(target, address, leaf)
    if not conversation.heard:
        return _judge(target, address, SILENT, explain(error))
    return _judge(target, address, UNPROVED if is_tls(conversation.unread) else NO_TLS, explain(error))


def _serve(target: ProbeTarget, address: str, leaf: bytes) -> Served:
    return Served(target, address, SERVED, fingerprint=hashlib.sha256(leaf).hexdigest(), leaf=leaf)


def _judge(target: ProbeTarget, address: str, state: str, fact: str) -> Served:
    place = f"[{address}]:{target.port}" if ":" in address else f"{address}:{target.port}"
    return Served(target, address, state, detail=SENTENCES[state].format(place=place, fact=fact))
