# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An inventory in a test: its issuers and presets, one declaration of each kind, and what is told of it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory import Inventory, load_inventory
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import Preset, ServiceFile

PRESETS = {
    name: Preset(
        name,
        files=(ServiceFile("fullchain.pem", ("leaf", "chain")), ServiceFile("privkey.pem", ("key",))),
        unit=f"{name}.service",
        ports=(443,),
    )
    for name in ("nginx", "dovecot", "postfix", "bluemind")
}
ISSUERS = {
    "bought": {"type": "files"},
    "letsencrypt": {"type": "acme", "terms_agreed": True, "challenge": {"type": "http-01", "webroot": "/var/www/acme"}},
    "office": {"type": "internal_ca", "host": "ca01", "path": "/srv/ca", "fingerprint": "sha256:00"},
}
FILES = {"certificate_src": "a.pem", "private_key_src": "a.key"}
WEB = {"names": ["b.example", "c.example"], **FILES}
IN_SYSTEM = "tls_system"
IN_DOMAIN = "tls_domains[0] (a.example)"
IN_WEB = "tls_host_certificates.web"


def load(**variables: Any) -> Inventory:
    return load_inventory({"tls_issuers": ISSUERS, **variables}, presets=PRESETS)


def refused(**variables: Any) -> list[tuple[str, str, str]]:
    with pytest.raises(RefusedError) as refusal:
        load(**variables)
    return [(item.certificate, item.code, item.message) for item in refusal.value.problems]


def system(**words: Any) -> dict[str, Any]:
    return {"tls_system": {"external_url": "www.a.example", **words}}


def domain(**words: Any) -> dict[str, Any]:
    return {"tls_domains": [{"domain": "a.example", **words}]}


def web(**words: Any) -> dict[str, Any]:
    return {"tls_host_certificates": {"web": {"names": ["b.example"], **words}}}


def require_told(expected: list[tuple[str, str, str]], variables: dict[str, Any]) -> None:
    """Every problem with its place and code, in this order, and these words in its message."""
    told = refused(**variables)
    assert [(where, code) for where, code, _words in expected] == [(where, code) for where, code, _message in told]
    for (_where, _code, words), (_told_where, _told_code, message) in zip(expected, told, strict=True):
        assert words in message
