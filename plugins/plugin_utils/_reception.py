# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a member of a shared certificate receives from its home, opened in the controller's memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from ansible_collections.certwright.tls.plugins.plugin_utils._core.bundle import Material, load_bundle
from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import Certificate
from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import Observed
from ansible_collections.certwright.tls.plugins.plugin_utils._core.due import find_patience
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inspection import format_instant
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_outcome import DEFERRED, EXPIRED, FAILED
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_plan import find_held, find_life, is_damaged
from ansible_collections.certwright.tls.plugins.plugin_utils._core.ordered import (
    Ending,
    Issued,
    Ordered,
    find_issue_notices,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.renewal import Life
from ansible_collections.certwright.tls.plugins.plugin_utils._core.sealing import unseal
from ansible_collections.certwright.tls.plugins.plugin_utils._core.supplied import complete


def with_handed(wish: Ordered, observed: Observed, *, now: datetime, anchors: tuple[Certificate, ...]) -> Ordered:
    """A member's wish with what its home handed out, when that is another certificate than the host has."""
    sharing, held = wish.sharing, find_held(observed)
    if sharing is None or sharing.handed is None:
        return replace(wish, ending=_without_home(wish, find_patience(observed, now)))
    handed = sharing.handed
    if held is not None and held.fingerprint == handed.fingerprint and not is_damaged(held):
        return _with_end(wish, find_life(held), now)
    try:
        key = unseal(handed.sealed_key, sharing.passphrase.text if sharing.passphrase else "")
        content = f"{handed.certificate}{handed.chain}".encode("utf-8", "replace")
        bundle = load_bundle(Material(name=wish.name, certificate=content, private_key=key))
        desired, notices = complete(wish.declared, bundle, now=now, anchors=anchors, is_issued=True)
    except UnusableError as error:
        return replace(wish, ending=Ending(FAILED, error.code, f"what {sharing.home} handed out: {error.message}"))
    except RefusedError as error:
        facts = "; ".join(problem.message for problem in error.problems)
        return replace(wish, ending=Ending(FAILED, error.problems[0].code, f"what {sharing.home} handed out: {facts}"))
    begins = find_life(held)
    if begins is not None and bundle.leaf.not_before < begins.not_before:
        fact = f"{sharing.home} handed out a certificate that is older than the one that this host has"
        way_out = "look at its store there; a home that was restored orders a new one by `force: true`"
        return replace(wish, ending=Ending(find_patience(observed, now), "older_handed_out", f"{fact}; {way_out}"))
    desired = replace(
        desired, issuer=handed.issuer, order=dict(handed.order), accepted=desired.accepted | {"ends_sooner"}
    )
    return replace(wish, issued=Issued(desired, "", (), tuple(find_issue_notices(wish, notices))))


def _with_end(wish: Ordered, life: Life | None, now: datetime) -> Ordered:
    """What its home has no newer one of may have ended meanwhile."""
    if life is None or now < life.not_after:
        return wish
    fact = f"it ended on {format_instant(life.not_after)}, and its home has handed out no newer one"
    return replace(wish, ending=Ending(EXPIRED, "expired", f"{fact}; see why it is not renewed there"))


def _without_home(wish: Ordered, verdict: str) -> Ending:
    """A member keeps what it has, and one that has nothing sound has failed."""
    home = wish.sharing.home if wish.sharing else ""
    fact = f"its home {home} handed out nothing: it could not be reached, or has not ordered it yet"
    way_out = "this host keeps what it has" if verdict == DEFERRED else f"run the issue play for {home} first"
    return Ending(verdict, "home_silent", f"{fact}; {way_out}")
