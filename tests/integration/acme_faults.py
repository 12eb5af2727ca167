# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults of a CA that meet one name only, or that hold its answer until a test has done what it wanted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping

from cryptography import x509
from exchange import Answer, Exchange, Fault, Request, json_answer
from faults import processing

_PATIENCE = 60.0


class _Replayed:
    """The CA has answered already: a fault that lets it through gets that answer."""

    def __init__(self, exchange: Exchange, answer: Answer) -> None:
        self.request: Request = exchange.request
        self.forward: Callable[[], Answer] = lambda: answer
        self.nonce = exchange.nonce


def by_name(faults: Mapping[str, Fault]) -> Fault:
    """Each fault for orders, states and certificates of its name only; what is for other names goes by."""

    def find(names: Iterable[str]) -> Fault | None:
        return next((faults[name] for name in names if name in faults), None)

    def answer(exchange: Exchange) -> Answer:
        if exchange.request.kind == "newOrder":
            fault = find(_find_identifiers(exchange.request.payload))
            return fault(exchange) if fault else exchange.forward()
        given = exchange.forward()
        fault = find([*_find_identifiers(given.words), *_find_names(given)])
        return fault(_Replayed(exchange, given)) if fault else given

    return answer


def once(fault: Fault) -> Fault:
    """The first time only."""
    left = [fault]
    return lambda exchange: left.pop()(exchange) if left else exchange.forward()


def endless(retry_after: int) -> Fault:
    """For `finalize` and `order`: once it was finalized, it is never done."""

    def answer(exchange: Exchange) -> Answer:
        given = exchange.forward()
        if given.words.get("status") not in ("processing", "valid"):
            return given
        return processing(retry_after)(_Replayed(exchange, given))

    return answer


def _find_identifiers(words: dict[str, object]) -> list[str]:
    found = words.get("identifiers")
    return [str(item["value"]) for item in found] if isinstance(found, list) else []


def _find_names(answer: Answer) -> list[str]:
    if b"BEGIN CERTIFICATE" not in answer.body:
        return []
    leaf = x509.load_pem_x509_certificates(answer.body)[0]
    found = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return found.get_values_for_type(x509.DNSName)


class Held:
    """`reached` once a request is there; its client waits until `release`. The CA has seen it when `after` is said."""

    def __init__(self, *, after: bool = False) -> None:
        self._after, self._reached, self._released = after, threading.Semaphore(0), threading.Event()

    def __call__(self, exchange: Exchange) -> Answer:
        answer = exchange.forward() if self._after else None
        self._reached.release()
        assert self._released.wait(_PATIENCE), "nobody released it"
        # Whoever waited may be dead: then the CA must not see it any more.
        return answer or json_answer(503, {})

    def await_reached(self, times: int = 1) -> None:
        for _time in range(times):
            assert self._reached.acquire(timeout=_PATIENCE), "nobody came"

    def release(self) -> None:
        self._released.set()
