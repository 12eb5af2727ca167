# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The end of the orders of a request: what was learnt is remembered, and nothing answers for them any more."""

from __future__ import annotations

import time
from collections.abc import Container

from ansible_collections.certwright.tls.plugins.module_utils._host.issuance import remember_issuance
from ansible_collections.certwright.tls.plugins.module_utils._host.open_orders import OpenOrders, describe_left
from ansible_collections.certwright.tls.plugins.module_utils._host.request import Request, Wanted
from ansible_collections.certwright.tls.plugins.module_utils._host.store import Store

Notices = dict[str, tuple[dict[str, str], ...]]


def end_orders(store: Store, request: Request, *, stored: Container[str]) -> Notices:
    """By certificate, what could not be done. It keeps nothing else from being done.

    The key of an order goes only when its certificate is stored: else the next run still has a use for both.
    """
    orders = OpenOrders(store)
    ended: Notices = {}
    for wanted in request.certificates:
        if not wanted.remove and (wanted.end_order or wanted.memory is not None):
            ended[wanted.name] = (
                *_end(orders, wanted, request.run, is_stored=wanted.name in stored),
                *_remember(store, wanted),
            )
    return ended


def _end(orders: OpenOrders, wanted: Wanted, run: str, *, is_stored: bool) -> tuple[dict[str, str], ...]:
    """An order that another run has taken over since is that run's."""
    order = orders.load(wanted.name)
    if not wanted.end_order or (order is not None and order.is_claimed_by_other(run, time.time())):
        return ()
    finishes = wanted.end_order == "finish" and is_stored
    try:
        return describe_left((orders.finish if finishes else orders.release)(wanted.name))
    except OSError as error:
        fact = f"The order of {wanted.name} could not be put away: {error.strerror} at {error.filename or wanted.name}"
        return describe_left((f"{fact}; the next one does it",))


def _remember(store: Store, wanted: Wanted) -> tuple[dict[str, str], ...]:
    if wanted.memory is None:
        return ()
    try:
        remember_issuance(store, wanted.name, wanted.memory)
    except OSError as error:
        where = error.filename or store.path
        fact = f"What was learnt of {wanted.name} could not be written: {error.strerror} at {where}"
        return ({"code": "memory_unwritten", "message": f"{fact}; mend that, or the next run asks the CA again"},)
    return ()
