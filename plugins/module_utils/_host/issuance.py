# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is known of a certificate's issuance beside its generations: the controller's memory, and an open order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from ansible_collections.certwright.tls.plugins.module_utils._host.files import HostError, make_directory
from ansible_collections.certwright.tls.plugins.module_utils._host.order import (
    ORDER,
    load_order,
    load_request,
    order_file,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.store import Store, read_document, write_document

_Read = TypeVar("_Read")


def observe_issuance(store: Store, certificate: str, *, openssl: bool) -> dict[str, Any]:
    """As plain JSON, never the key. A damaged file of ours counts as not there, and is named."""
    damaged: list[str] = []
    memory = _read_sound(lambda: read_document(store.issuance(certificate)), store.issuance(certificate), damaged)
    order = _read_sound(lambda: load_order(store, certificate), order_file(store, certificate, ORDER), damaged)
    return {
        "memory": memory or {},
        "order": None if order is None else order.to_json(),
        "openssl": openssl,
        "request": "" if order is None else load_request(store, certificate, order),
        "damaged": damaged,
    }


def _read_sound(read: Callable[[], _Read | None], path: str, damaged: list[str]) -> _Read | None:
    try:
        return read()
    except HostError:
        damaged.append(path)
        return None


def remember_issuance(store: Store, certificate: str, memory: dict[str, Any]) -> None:
    """The whole old or the whole new memory, whatever kills us."""
    make_directory(store.home(certificate))
    write_document(store.issuance(certificate), memory)
