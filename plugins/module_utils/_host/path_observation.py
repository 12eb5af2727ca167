# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands at paths outside of the store: never more of it than its certificate, for it may hold a key."""

from __future__ import annotations

import os
import re

from ansible_collections.certwright.tls.plugins.module_utils._host.files import read_optional
from ansible_collections.certwright.tls.plugins.module_utils._host.placements import observe_path
from ansible_collections.certwright.tls.plugins.module_utils._host.request import Wanted
from ansible_collections.certwright.tls.plugins.module_utils._host.store import Store

_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]{1,65536}?-----END CERTIFICATE-----")


def observe_paths(store: Store, wanted: Wanted) -> list[dict[str, str]]:
    """Every path outside of the store: whose it is now. A product's own file is the product's until the end."""
    found = []
    for service in wanted.services:
        for spec in service.files:
            if spec.path:
                source = store.live_file(wanted.name, service.name, spec.name)
                found.append(_observe_foreign(spec.path, source, in_place=spec.in_place))
        if service.product_file and os.path.isfile(service.product_file):
            shown = _observe_foreign(service.product_file, "", in_place=False)
            found.append({**shown, "state": "product"})
    return found


def _observe_foreign(path: str, source: str, *, in_place: bool) -> dict[str, str]:
    """With the certificate that stands there now, never anything else of the file: it may hold a key."""
    state = observe_path(path, source)
    content = read_optional(path) if state in ("file", "link", "ours") and os.path.isfile(path) else None
    if state == "file" and in_place and content == read_optional(source) and _is_alike(path, source):
        state = "ours"
    certificate = _CERTIFICATE.search(content) if content and state != "ours" else None
    return {"path": path, "state": state, "certificate": certificate.group().decode("ascii") if certificate else ""}


def _is_alike(path: str, source: str) -> bool:
    """A copy has the owner, group and mode of the file that it is a copy of."""
    found, staged = os.stat(path), os.stat(source)
    return (found.st_uid, found.st_gid, found.st_mode) == (staged.st_uid, staged.st_gid, staged.st_mode)
