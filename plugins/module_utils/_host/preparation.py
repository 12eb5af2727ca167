# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an order needs on the host before the CA looks: a claim, a key with its request, and answered challenges."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from ansible_collections.certwright.tls.plugins.module_utils._host.challenges import (
    Challenge,
    find_missing_directories,
    place_challenge,
    require_answerable,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.files import HostError, Labeller
from ansible_collections.certwright.tls.plugins.module_utils._host.issuance import remember_issuance
from ansible_collections.certwright.tls.plugins.module_utils._host.open_orders import OpenOrders, describe_left
from ansible_collections.certwright.tls.plugins.module_utils._host.openssl import has_openssl
from ansible_collections.certwright.tls.plugins.module_utils._host.order import (
    Order,
    OrderKey,
    RefusedError,
    load_request,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.order_key import (
    make_key_and_request,
    openssl_missing,
    require_makeable,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.place import require_local
from ansible_collections.certwright.tls.plugins.module_utils._host.request import Limits, require_names
from ansible_collections.certwright.tls.plugins.module_utils._host.store import (
    Store,
    complete_generations,
    hide_from_versioning,
    live_generation,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.store_lock import locked

_THREADS = 4


@dataclass(frozen=True)
class PlannedOrder:
    """One certificate of a request. No key means that it was made on the controller.

    `reuse` keeps the key and the request of the order that was begun, when they are of the same type and names.
    `ended_run` is one whose claim keeps nobody out: the controller knows that it has ended. `generations` are what it
    was decided on, the live one first; `memory` is what to remember from now on.
    """

    name: str
    words: dict[str, Any]
    claimed_until: str
    key: OrderKey | None = None
    reuse: bool = False
    ended_run: str = ""
    generations: tuple[int, ...] | None = None
    memory: dict[str, Any] | None = None
    challenges: tuple[Challenge, ...] = ()

    @classmethod
    def from_json(cls, given: dict[str, Any]) -> PlannedOrder:
        require_names(given)
        key = given.get("key")
        return cls(
            name=given["name"],
            words=given["order"],
            claimed_until=given["claimed_until"],
            key=OrderKey(key["type"], tuple(key["names"])) if key else None,
            reuse=bool(given.get("reuse")),
            ended_run=str(given.get("ended_run") or ""),
            generations=None if given.get("generations") is None else tuple(given["generations"]),
            memory=given.get("memory"),
            challenges=tuple(Challenge.from_json(item) for item in given.get("challenges") or ()),
        )


@dataclass(frozen=True)
class Preparation:
    """One execution for all orders of a host. `listen_seconds` is how long a listener stays after the last of them."""

    run: str
    orders: tuple[PlannedOrder, ...]
    listen_seconds: float = 600.0
    limits: Limits = field(default_factory=Limits)

    @classmethod
    def from_json(cls, given: dict[str, Any]) -> Preparation:
        return cls(
            run=given["run"],
            orders=tuple(PlannedOrder.from_json(item) for item in given["certificates"]),
            listen_seconds=float(given.get("listen_seconds") or 600.0),
            limits=Limits(**given.get("limits") or {}),
        )


def prepare(store: Store, preparation: Preparation, *, label: Labeller) -> dict[str, Any]:
    """All of it under the store's lock; each order is refused by itself."""
    require_local(store.path)
    with locked(store, run=preparation.run, patience=preparation.limits.lock):
        hide_from_versioning(store)
        return {"certificates": _Preparing(store, preparation, label).run()}


class _Preparing:
    """The orders of one preparation on their way; what is refused drops out."""

    def __init__(self, store: Store, preparation: Preparation, label: Labeller) -> None:
        self.store, self.preparation, self.label = store, preparation, label
        self.open = OpenOrders(store)
        self.going = {order.name: order for order in preparation.orders}
        self.directories: dict[str, tuple[str, ...]] = {}
        self.answers: dict[str, dict[str, Any]] = {
            name: {"request": "", "key_digest": "", "refused": None, "notices": []} for name in self.going
        }

    def run(self) -> dict[str, dict[str, Any]]:
        """Whatever a kill leaves, the words of the order say so: they are written before anything that they tell.

        1. the claim of another run keeps it from being touched
        2. what an earlier order of this certificate left is removed
        3. what cannot be done is refused while nothing is done
        4. the words: claim, key to be made, every path to come; synced
        5. challenges: files, then a listener, before there is a key that it could inherit
        6. keys and requests, a few at once
        """
        self._each(self._require_unclaimed)  # 1
        self._each(self._clear)  # 2
        self._each(self._require_possible)  # 3
        self._each(self._begin)  # 4
        self._each(self._place)  # 5
        self._each(self._listen)
        self._make_keys()  # 6
        return self.answers

    def _each(self, step: Callable[[PlannedOrder], None]) -> None:
        for order in tuple(self.going.values()):
            self._attempt(order, partial(step, order))

    def _attempt(self, order: PlannedOrder, step: Callable[[], object]) -> None:
        try:
            step()
        except RefusedError as error:
            self._refuse(order, error.code, error.message)
        except HostError as error:
            self._refuse(order, "not_writable", str(error))
        except OSError as error:
            fact = f"{error.strerror} at {error.filename or self.store.path}"
            self._refuse(order, "not_writable", f"The host could not write it: {fact}; mend that and run again")

    def _refuse(self, order: PlannedOrder, code: str, message: str) -> None:
        """Nothing stays that answers, and no claim: the words and a key that was there before do."""
        self.answers[order.name]["refused"] = {"code": code, "message": message}
        del self.going[order.name]
        if code != "claimed":
            self._attempt_release(order)

    def _attempt_release(self, order: PlannedOrder) -> None:
        try:
            self._note(order, self.open.release(order.name))
        except OSError as error:
            self._note(order, (f"Its challenges could not be removed: {error.strerror}; the next order tries again",))

    def _note(self, order: PlannedOrder, messages: Iterable[str]) -> None:
        self.answers[order.name]["notices"].extend(describe_left(messages))

    def _require_unclaimed(self, order: PlannedOrder) -> None:
        begun = self.open.load(order.name)
        own = (self.preparation.run, order.ended_run)
        if begun is not None and begun.run not in own and begun.is_claimed_by_other(self.preparation.run, time.time()):
            fact = f"The run {begun.run or 'unnamed'} is ordering it until {begun.claimed_until}"
            raise RefusedError("claimed", f"{fact}; wait for it to end, or until then, and run again")
        if order.generations is not None and order.generations != self._find_generations(order.name):
            fact = "Another run has stored or activated something of it since it was looked at"
            raise RefusedError("claimed", f"{fact}; run again")

    def _find_generations(self, name: str) -> tuple[int, ...]:
        live = live_generation(self.store, name) or 0
        return (live, *(number for number in complete_generations(self.store, name) if number > live))

    def _clear(self, order: PlannedOrder) -> None:
        self._note(order, self.open.release(order.name))

    def _require_possible(self, order: PlannedOrder) -> None:
        if order.key is not None and not self._is_reusable(order):
            require_makeable(order.key)
            if not has_openssl():
                raise openssl_missing()
        for challenge in order.challenges:
            require_answerable(challenge, self.store)
        missing = (path for item in order.challenges for path in find_missing_directories(item, self.store))
        self.directories[order.name] = tuple(dict.fromkeys(missing))

    def _is_reusable(self, order: PlannedOrder) -> bool:
        begun = self.open.load(order.name)
        if not order.reuse or begun is None or begun.key is None or order.key is None:
            return False
        return begun.key.is_alike(order.key) and bool(load_request(self.store, order.name, begun))

    def _begin(self, order: PlannedOrder) -> None:
        begun, key = self.open.load(order.name), order.key
        if begun is not None and self._is_reusable(order):
            key = begun.key
        else:
            self.open.remove_key(order.name)
        files = tuple(item.file(self.store) for item in order.challenges)
        stuck, kept = (begun.challenges, begun.directories) if begun is not None else ((), ())
        words = Order(
            run=self.preparation.run,
            claimed_until=order.claimed_until,
            words=order.words,
            key=key,
            challenges=tuple(dict.fromkeys((*stuck, *files))),
            directories=(*kept, *self.directories[order.name]),
        )
        self.open.write(order.name, words)
        if order.memory is not None:
            remember_issuance(self.store, order.name, order.memory)

    def _place(self, order: PlannedOrder) -> None:
        for challenge in order.challenges:
            place_challenge(challenge, self.store, label=self.label)

    def _listen(self, order: PlannedOrder) -> None:
        asked = {item.port: item.file(self.store) for item in order.challenges if not item.webroot}
        if not asked:
            return
        # Here, because few hosts listen themselves.
        from ansible_collections.certwright.tls.plugins.module_utils._host.challenge_port import (  # noqa: PLC0415
            require_answering,
        )

        for port, file in asked.items():
            require_answering(self.store, port, file, listen_seconds=self.preparation.listen_seconds)

    def _make_keys(self) -> None:
        begun = {name: self.open.load(name) for name in self.going}
        orders = [(self.going[name], order, order.key) for name, order in begun.items() if order and order.key]
        with ThreadPoolExecutor(max_workers=_THREADS) as pool:
            made = [pool.submit(self._make_key, order.name, key) for order, _begun, key in orders]
        for (order, words, key), result in zip(orders, made):
            self._attempt(order, partial(self._keep_key, order.name, words, key, result))

    def _make_key(self, name: str, key: OrderKey) -> tuple[str, str]:
        return ("", "") if key.digest else make_key_and_request(self.store.order(name), key)

    def _keep_key(self, name: str, words: Order, key: OrderKey, made: Future[tuple[str, str]]) -> None:
        """The digest comes last: a key without it is one that a kill left half done."""
        digest, _request = made.result()
        if digest:
            words = replace(words, key=replace(key, digest=digest))
            self.open.write(name, words)
        request = load_request(self.store, name, words)
        self.answers[name].update(request=request, key_digest=digest or key.digest)
