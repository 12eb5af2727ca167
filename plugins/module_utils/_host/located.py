# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Commands that name the files they are about: the host knows where its store is."""

from __future__ import annotations

import os
from dataclasses import replace

from ansible_collections.certwright.tls.plugins.module_utils._host.request import Service, Wanted
from ansible_collections.certwright.tls.plugins.module_utils._host.store import Store

_PLACEHOLDER = "{directory}"


def with_directories(store: Store, wanted: Wanted) -> Wanted:
    """Its commands with the paths of this host in them."""
    if not any(_PLACEHOLDER in word for service in wanted.services for word in service.reload):
        return wanted
    return replace(wanted, services=tuple(_locate(store, wanted.name, service) for service in wanted.services))


def _locate(store: Store, certificate: str, service: Service) -> Service:
    directory = os.path.join(store.live(certificate), service.name)
    return replace(service, reload=tuple(word.replace(_PLACEHOLDER, directory) for word in service.reload))
