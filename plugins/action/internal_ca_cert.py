# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A batch of requests for an internal CA. Desired, observed, plan, append, report."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from ansible_collections.certwright.tls.plugins.modules.internal_ca_cert import (
    ARGUMENT_SPEC,
    CONSTRAINTS,
    REQUEST_SPEC,
    REVOCATION_SPEC,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._arguments import read_elements
from ansible_collections.certwright.tls.plugins.plugin_utils._ca_directory import CaDirectory
from ansible_collections.certwright.tls.plugins.plugin_utils._remote import Host
from ansible_collections.certwright.tls.plugins.plugin_utils._requested_keys import read_requested
from ansible_collections.certwright.tls.plugins.plugin_utils._revoking import load_revocations
from ansible_collections.certwright.tls.plugins.plugin_utils._secrets import read_secret
from ansible_collections.certwright.tls.plugins.plugin_utils._signing import Batch, sign_batch
from ansible_collections.certwright.tls.plugins.plugin_utils._signing_report import report_batch
from ansible_collections.certwright.tls.plugins.plugin_utils._task import TlsAction

_PASSPHRASE = "CERTWRIGHT_CA_PASSPHRASE"  # noqa: S105 - the name of a variable


class ActionModule(TlsAction):
    # Elements are read one by one, so that an error says in which of five hundred it is.
    SPEC = {**ARGUMENT_SPEC, "requests": {"type": "raw", "default": []}, "revoke": {"type": "raw", "default": []}}
    CONSTRAINTS = CONSTRAINTS

    def keep(self, arguments: dict[str, Any], host: Host, *, check_mode: bool) -> dict[str, Any]:
        now = datetime.now(timezone.utc)
        path = str(arguments["path"])
        elements = read_elements(
            arguments["requests"], option="requests", key="name", spec=REQUEST_SPEC, constraints={}
        )
        revoke = read_elements(arguments["revoke"], option="revoke", key="serial", spec=REVOCATION_SPEC, constraints={})
        requested = read_requested(self, elements)
        revocations, unfit = load_revocations(revoke)
        batch = Batch(
            items=requested.items,
            revocations=revocations,
            anchors=tuple(arguments["anchors"]),
            fingerprint=str(arguments["fingerprint"]),
            passphrase=lambda: read_secret(self, path, arguments, "passphrase", _PASSPHRASE),
            backup_to=str(arguments["backup_to"] or ""),
        )
        ended = sign_batch(CaDirectory(host, path), batch, now=now, check_mode=check_mode)
        return report_batch(requested, ended, unfit, check_mode=check_mode)
