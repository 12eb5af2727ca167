# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What probes show as clients, each certificate loaded once."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from contextlib import suppress
from typing import NamedTuple

from ansible_collections.certwright.tls.plugins.module_utils._host.tls_client import load_context


class Client(NamedTuple):
    """Paths of a certificate and its key. One's own is not there before the first switch."""

    certificate: str | None
    private_key: str | None
    is_own: bool


Contexts = dict[Client, ssl.SSLContext]


def load_contexts(clients: Iterable[Client]) -> Contexts:
    """One that cannot be used is missing, and whoever needs it says why."""
    contexts: Contexts = {}
    for client in set(clients):
        with suppress(OSError):
            contexts[client] = load_client(client)
    return contexts


def load_client(client: Client) -> ssl.SSLContext:
    """Raises OSError when the client certificate cannot be used; an own one may not be there yet."""
    try:
        return load_context(client.certificate, client.private_key)
    except FileNotFoundError:
        if not client.is_own:
            raise
        return load_context(None, None)
