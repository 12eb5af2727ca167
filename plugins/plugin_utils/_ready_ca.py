# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a directory is the CA that the inventory means, and can sign. What is missing there is never "absent"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._ca.anchors import explain_lost
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.ledger import is_sealed_anchor
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.state import CaState, HeldAuthority
from ansible_collections.certwright.tls.plugins.plugin_utils._ca_directory import CaView, refuse
from ansible_collections.certwright.tls.plugins.plugin_utils._core.extensions import printable
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice


def require_ca(view: CaView, fingerprint: str) -> CaState:
    """Raises RefusedError: ca_missing, ca_other."""
    if view.state is None:
        what = "the directory is not there" if view.status == "missing" else "the directory is empty"
        fact = f"{what}, and the inventory says that it is a CA"
        way_out = "mount it, correct the path, or restore its backup; a new CA is made by internal_ca_init only"
        raise refuse(view.path, "ca_missing", f"{fact}; {way_out}")
    if not view.state.is_pinned(fingerprint):
        roots = ", ".join(root.loaded.fingerprint for root in view.state.roots if root.loaded) or "none yet"
        fact = f"this is not the CA of the fingerprint in the inventory (its roots are {roots})"
        raise refuse(view.path, "ca_other", f"{fact}; correct the path, or the fingerprint after you have looked")
    return view.state


def require_ready(view: CaView, fingerprint: str) -> tuple[CaState, HeldAuthority]:
    """With who signs. Raises RefusedError: ca_missing, ca_other, ca_incomplete."""
    state = require_ca(view, fingerprint)
    if state.issuing is None:
        fact = "its issuing certificate is not there yet; a request for it waits to be signed elsewhere"
        raise refuse(view.path, "ca_incomplete", f"{fact}, see internal_ca_info, and import what was signed")
    return state, state.issuing


def require_newest(view: CaView, anchors: Iterable[Mapping[str, Any]], ledger_key: bytes) -> tuple[Notice, ...]:
    """Raises RefusedError (ca_rolled_back) for a ledger that lacks what this CA once sealed for a host.

    What nobody sealed is the word of a host, and one of them must not stop the CA for all others.
    """
    lost = {(int(item["number"]), str(item["hash"])) for item in view.lost_anchors}
    claimed = [anchor for anchor in anchors if (int(anchor["number"]), str(anchor["hash"])) in lost]
    sealed = [anchor for anchor in claimed if is_sealed_anchor(anchor, ledger_key)]
    if sealed:
        raise refuse(view.path, "ca_rolled_back", explain_lost(sealed, number=view.head.number))
    return tuple(
        Notice(
            "anchor_unproved",
            f"A host remembers an entry {anchor['number']} of the ledger that this CA never had; look into the host"
            f"{'' if not anchor.get('host') else ' ' + printable(str(anchor['host'])[:100])}, and at its store",
        )
        for anchor in claimed
    )
