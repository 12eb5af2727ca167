# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An order on its way from placed to issued (RFC 8555 7.1.6): asked for early and often, until a hard end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from itertools import count

from ansible_collections.certwright.tls.plugins.plugin_utils._acme.instants import load_retry_after
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.issued_chain import (
    find_cut,
    load_chain,
    load_request,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.network import Network, read_json
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.orders import (
    DEAD,
    Authorization,
    Challenge,
    Order,
    load_authorization,
    load_authorization_urls,
    load_challenge,
    load_order,
    require_same_names,
    with_all_valid,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.problems import (
    AcmeProblem,
    bounded,
    describe,
    load_problem,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.transport import Answer, find_host

_AUTHORIZED = ("ready", "processing", "valid")
# The order says it all on most servers; on some it stays pending although an authorization is dead.
_POLLS_OF_THE_ORDER_ALONE = 3
_MAXIMUM_FACTS = 20
_WHERE_TO_LOOK = {
    "http-01": "see that the CA reaches this host under the name, and that nothing else answers there",
    "dns-01": "see that every name server of the zone has the TXT record, and no CNAME leads elsewhere",
}
# How a CA refuses what was done already, because the answer to the first try was lost.
_STATE_REFUSALS = ("order_not_ready", "bad_request", "unauthorized", "conflict")


def fetch_order(network: Network, url: str) -> Order:
    """The order with each of its authorizations."""
    answer = network.post(url, None, doing="the order")
    return with_authorizations(network, load_order(read_json(answer), url=url), answer)


def with_authorizations(network: Network, order: Order, answer: Answer) -> Order:
    urls = load_authorization_urls(read_json(answer))
    return replace(order, authorizations=tuple(_fetch_authorization(network, url) for url in urls))


def answer_challenge(network: Network, challenge: Challenge) -> None:
    """The CA is asked to look; one that looked already is left alone."""
    doing = f"the {challenge.type} challenge"
    if challenge.status in ("valid", "processing"):
        return
    try:
        network.post(challenge.url, {}, doing=doing)
    except AcmeProblem as problem:
        if problem.code not in _STATE_REFUSALS:
            raise
        found = load_challenge(read_json(network.post(challenge.url, None, doing=doing)))
        if found.status == "pending":
            raise


def await_authorizations(network: Network, order: Order) -> Order:
    """The order once all of its names are proved; raises AcmeProblem with each failed name's fact."""
    waiting = [each for each in order.authorizations if each.status not in ("valid", *DEAD)]

    def look(polls: int) -> tuple[Order, datetime | None]:
        found, again = _ask(network, order)
        if found.status == "invalid":
            raise _explain_refused(network, found)
        if found.status not in _AUTHORIZED and polls >= _POLLS_OF_THE_ORDER_ALONE and waiting:
            _require_alive(network, found, waiting[polls % len(waiting)])
        return found, again

    return with_all_valid(_poll(network, look, lambda found: found.status in _AUTHORIZED))


def finalize(network: Network, order: Order, csr_pem: str) -> Order:
    """The order once its certificate can be downloaded. An order that was finalized before is only waited for."""
    if not _is_under_way(order):
        ready = order if order.status == "ready" else await_authorizations(network, order)
        order = _send_request(network, ready, csr_pem)

    def look(_polls: int) -> tuple[Order, datetime | None]:
        found, again = _ask(network, order)
        if found.status == "invalid":
            raise _explain_refused(network, found)
        return found, again

    if _is_issued(order):
        return order
    return _poll(network, look, _is_issued)


def download(network: Network, order: Order, csr_pem: str = "") -> bytes:
    """The chain as PEM, the leaf first; see issued_chain for what is refused."""
    doing = f"the certificate of {order.title}"
    answer = network.download(order.certificate, doing=doing, check=lambda found: find_cut(found.body))
    return load_chain(answer.body, names=order.names, csr_pem=csr_pem)


def _send_request(network: Network, order: Order, csr_pem: str) -> Order:
    """A request whose first answer was lost is refused by its state: the order says what happened."""
    if _is_under_way(order):
        return order
    request = {"csr": load_request(csr_pem)}
    polls = 0
    while True:
        try:
            answer = network.post(order.finalize, request, doing=f"to issue for {order.title}")
            return _renew(order, load_order(read_json(answer), url=order.url))
        except AcmeProblem as problem:
            if problem.code not in _STATE_REFUSALS:
                raise
            found, again = _ask(network, order)
            if _is_under_way(found):
                return found
            if found.status == "invalid":
                raise _explain_refused(network, found) from None
            if problem.code != "order_not_ready" or not network.patience.wait_for_poll(polls, again):
                raise
            polls += 1


def _ask(network: Network, order: Order) -> tuple[Order, datetime | None]:
    answer = network.post(order.url, None, doing=order.title)
    found = _renew(order, load_order(read_json(answer), url=order.url))
    return found, load_retry_after(answer.headers, network.patience.clock())


def _renew(order: Order, found: Order) -> Order:
    """What is asked for again keeps what only the beginning knew."""
    require_same_names(found, order.names)
    return replace(found, authorizations=order.authorizations, replaced=order.replaced)


def _poll(
    network: Network,
    look: Callable[[int], tuple[Order, datetime | None]],
    is_done: Callable[[Order], bool],
) -> Order:
    """Raises AcmeProblem order_pending at the hard end, whatever the CA wishes: the order's URL resumes it."""
    for polls in count():
        order, again = look(polls)
        if is_done(order):
            return order
        if not network.patience.wait_for_poll(polls, again):
            break
    raise _pending(order, again)


def _pending(order: Order, again: datetime | None) -> AcmeProblem:
    state = f"{order.title} is still {bounded(order.status)[:40] or 'without a state'}"
    text = f"{find_host(order.url)}: {state} at the end of the time given; a later run goes on with it"
    return AcmeProblem("transient", "order_pending", text, again)


def _is_issued(order: Order) -> bool:
    return order.status == "valid" and bool(order.certificate)


def _is_under_way(order: Order) -> bool:
    return order.status in ("processing", "valid")


def _fetch_authorization(network: Network, url: str) -> Authorization:
    return load_authorization(read_json(network.post(url, None, doing="the authorization of a name")), url=url)


def _require_alive(network: Network, order: Order, authorization: Authorization) -> None:
    if _fetch_authorization(network, authorization.url).status in DEAD:
        raise _explain_refused(network, order)


def _explain_refused(network: Network, order: Order) -> AcmeProblem:
    """The facts are in the challenges; an order that failed later has its own (RFC 8555 7.1.3)."""
    found = [_fetch_authorization(network, each.url) for each in order.authorizations]
    dead = [each for each in found if each.status in DEAD]
    problems = [_explain_dead(each) for each in dead]
    if not problems:
        return _explain_invalid(order)
    worst = next((each for each in problems if each.kind == "permanent"), problems[0])
    text = " | ".join(each.message for each in problems[:_MAXIMUM_FACTS])
    return AcmeProblem(worst.kind, worst.code, text, worst.retry_after, link=worst.link)


def _explain_dead(authorization: Authorization) -> AcmeProblem:
    failed = next((each for each in authorization.challenges if each.problem), None)
    if failed:
        subject = f"{authorization.title} could not be validated by {bounded(failed.type)[:40]}"
        return _explain_challenge(load_problem(failed.problem, subject=subject), failed.type)
    fact = f"The authorization of {authorization.title} is {authorization.status}"
    if authorization.status == "invalid":
        return AcmeProblem("permanent", "order_invalid", f"{fact} and the CA gives no reason; order anew")
    return AcmeProblem("transient", "order_expired", f"{fact}; a later run orders anew")


def _explain_challenge(problem: AcmeProblem, challenge_type: str) -> AcmeProblem:
    """Here it is not the account that may not."""
    if problem.code not in ("unauthorized", "incorrect_response") or challenge_type not in _WHERE_TO_LOOK:
        return problem
    text = f"{problem.fact}; {_WHERE_TO_LOOK[challenge_type]}"
    return AcmeProblem(problem.kind, problem.code, text, problem.retry_after)


def _explain_invalid(order: Order) -> AcmeProblem:
    if describe(order.problem):
        problem = load_problem(order.problem, subject=f"{find_host(order.url)} gives up {order.title}")
        return problem if problem.code != "bad_request" else _rename(problem, "order_invalid")
    text = f"{find_host(order.url)} gives up {order.title} without a reason; a later run orders anew"
    return AcmeProblem("permanent", "order_invalid", text)


def _rename(problem: AcmeProblem, code: str) -> AcmeProblem:
    return AcmeProblem(problem.kind, code, problem.message, problem.retry_after, link=problem.link)
