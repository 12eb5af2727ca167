# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The orders of one store that were begun and are not finished, and how they end."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace

from ansible_collections.certwright.tls.plugins.module_utils._host.challenges import remove_challenges
from ansible_collections.certwright.tls.plugins.module_utils._host.files import (
    HostError,
    make_directory,
    remove_file,
    remove_tree,
    sync_directory,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.order import (
    KEY,
    ORDER,
    REQUEST,
    Order,
    load_order,
    order_file,
    write_order,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.store import Store, stored_certificates


def describe_left(notices: Iterable[str]) -> tuple[dict[str, str], ...]:
    """Of challenges that were not removed, in the words of an outcome."""
    return tuple({"code": "challenge_left", "message": notice} for notice in notices)


class OpenOrders:
    """Under the store's lock; each is read once. Damaged words count as none."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._known: dict[str, Order | None] = {}
        self._scanned = False

    def load(self, certificate: str) -> Order | None:
        if certificate not in self._known:
            try:
                self._known[certificate] = load_order(self.store, certificate)
            except HostError:
                self._known[certificate] = None
        return self._known[certificate]

    def write(self, certificate: str, order: Order) -> None:
        """Synced, in a directory that only root may enter."""
        make_directory(self.store.home(certificate))
        make_directory(self.store.order(certificate), 0o700)
        write_order(self.store, certificate, order)
        self._known[certificate] = order

    def release(self, certificate: str) -> tuple[str, ...]:
        """No challenge of it is answered and nobody claims it any more; its words and its key stay. What was left."""
        order = self.load(certificate)
        if order is None:
            return ()
        notices, order = self._withdraw(certificate, order)
        if order != self.load(certificate):
            self.write(certificate, order)
        return notices

    def finish(self, certificate: str) -> tuple[str, ...]:
        """Nothing of it is left but what is somebody else's. The words go last: they say what there is to remove."""
        directory = self.store.order(certificate)
        order = self.load(certificate)
        notices: tuple[str, ...] = ()
        if order is not None:
            notices, order = self._withdraw(certificate, order)
        self.remove_key(certificate)
        if order is not None and order.challenges:
            self.write(certificate, order)
            return notices
        remove_file(os.path.join(directory, ORDER))
        self._known[certificate] = None
        if os.path.isdir(directory):
            remove_tree(directory)
            sync_directory(self.store.home(certificate))
        return notices

    def remove_key(self, certificate: str) -> None:
        for name in (KEY, REQUEST):
            remove_file(order_file(self.store, certificate, name))

    def _withdraw(self, certificate: str, order: Order) -> tuple[tuple[str, ...], Order]:
        left = remove_challenges(order, keep=self._paths_of_others(certificate) if order.challenges else ())
        directories = order.directories if left.stuck else ()
        return left.notices, replace(order, claimed_until="", challenges=left.stuck, directories=directories)

    def _paths_of_others(self, certificate: str) -> set[str]:
        """One authorization, and so one file, may serve several orders of an account (RFC 8555 7.1.3)."""
        if not self._scanned:
            for name in stored_certificates(self.store):
                self.load(name)
            self._scanned = True
        others = (order for name, order in self._known.items() if order is not None and name != certificate)
        return {file.path for order in others for file in order.challenges}
