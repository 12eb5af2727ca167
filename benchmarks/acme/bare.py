# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 the certwright.tls authors

"""The floor: nothing but the orders, in this process, with keys and requests made here and nothing installed."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone

from bare_client import BareClient
from requests.exceptions import Timeout
from stage import Stage

from ansible_collections.certwright.tls.plugins.plugin_utils._acme.account_key import make_account_key
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.client import Client, connect
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.key_request import make_key_request
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.settings import Settings

THREADS = (1, 8)

Order = Callable[[str], object]


def measure_bare(stage: Stage, size: int) -> dict[str, float]:
    """Seconds by who orders on how many threads. Accounts and connections are there before."""
    makers = {"acme library": _make_library, "our client": _make_client}
    return {
        f"{title}, {threads} thread{'s' if threads > 1 else ''}": _measure(stage, make(stage, threads), size)
        for title, make in makers.items()
        for threads in THREADS
    }


def _measure(stage: Stage, orders: list[Order], size: int) -> float:
    """Each thread has a client of its own and takes every so manieth name."""
    names = stage.take_names(size)
    before, started = stage.count_orders(), time.monotonic()
    with ThreadPoolExecutor(len(orders)) as pool:
        shares = [(order, names[number :: len(orders)]) for number, order in enumerate(orders)]
        try:
            list(pool.map(lambda share: [share[0](name) for name in share[1]], shares))
        except Timeout:
            # Pebble 2.4 locks an order twice while another thread waits for it, rarely and for good.
            print("Pebble left a request unanswered; these orders are measured again", flush=True)
            return _measure(stage, orders, size)
    seconds = time.monotonic() - started
    if stage.count_orders() - before != size:
        raise SystemExit(f"{stage.count_orders() - before} orders instead of {size}: this was no measurement")
    return seconds


def _make_library(stage: Stage, threads: int) -> list[Order]:
    def make() -> Order:
        client = BareClient(stage.directory, stage.ca)
        return lambda name: client.order(name, place=_placing(stage))

    return [make() for _thread in range(threads)]


def _make_client(stage: Stage, threads: int) -> list[Order]:
    settings = Settings(
        directory=stage.directory,
        account_key=make_account_key(),
        contact="pki@example.test",
        terms_agreed=True,
        ca_certificates=stage.ca,
    )
    clock: Callable[[], datetime] = lambda: datetime.now(timezone.utc)  # noqa: E731
    client = connect(settings, deadline=300.0, clock=clock, sleep=time.sleep, dice=random.random)
    client.register()
    place = _placing(stage)

    def make(own: Client) -> Order:
        return lambda name: _order(own, name, place)

    return [make(client.again()) for _thread in range(threads)]


def _order(client: Client, name: str, place: Callable[[str, str], object]) -> bytes:
    order = client.place_order([name])
    for authorization in order.authorizations:
        challenge = authorization.find_challenge("http-01")
        if challenge is None:
            raise SystemExit(f"No http-01 for {name}")
        place(challenge.token, client.key_authorization(challenge.token))
        client.answer(challenge)
    ready = client.await_authorizations(order)
    request = make_key_request("ec256", (name,)).request
    return client.download(client.finalize(ready, request), request)


def _placing(stage: Stage) -> Callable[[str, str], object]:
    folder = stage.webroot / ".well-known" / "acme-challenge"
    return lambda token, content: (folder / token).write_text(content, encoding="ascii")
