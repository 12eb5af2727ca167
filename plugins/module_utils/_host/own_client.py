# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Probes that show the service's own certificate as a client's, which is there under the same paths from generation to
generation."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from ansible_collections.certwright.tls.plugins.module_utils._host.request import Request, Service, Wanted
from ansible_collections.certwright.tls.plugins.module_utils._host.store import Store

if TYPE_CHECKING:
    from ansible_collections.certwright.tls.plugins.module_utils._host.probe import ProbeTarget

# In the place of a path, for the controller does not know where the store of a host is.
OWN = "own"


def with_own_clients(store: Store, request: Request) -> Request:
    """With paths where the controller said whose certificate it means."""
    return replace(request, certificates=tuple(find_own_clients(store, item) for item in request.certificates))


def find_own_clients(store: Store, wanted: Wanted) -> Wanted:
    return replace(wanted, services=tuple(_find_of_service(store, wanted.name, item) for item in wanted.services))


def find_own_client(store: Store, certificate: str, target: ProbeTarget) -> ProbeTarget:
    if target.client_certificate != OWN:
        return target
    live = store.live(certificate)
    fullchain, private_key = os.path.join(live, "fullchain.pem"), os.path.join(live, "privkey.pem")
    return replace(target, client_certificate=fullchain, client_private_key=private_key, client_own=True)


def _find_of_service(store: Store, certificate: str, service: Service) -> Service:
    return replace(service, probes=tuple(find_own_client(store, certificate, item) for item in service.probes))
