# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What only the host's present certificate makes wrong, and whether the host may return to it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import Certificate
from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import Desired, Observed
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Problem
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import Service
from ansible_collections.certwright.tls.plugins.plugin_utils._core.staging import is_test_issuer


def find_refusals(desired: Desired, observed: Observed) -> Iterator[Problem]:
    """What only the host's present certificate makes wrong; each is let through by naming its code in `accept`."""
    yield from find_abandoned(desired.name, desired.services, observed, accepted=desired.accepted)
    leaf = desired.bundle.leaf
    installed = _installed(observed)
    if installed is None or installed[0] == leaf.fingerprint:
        return
    _fingerprint, not_after, is_test = installed
    if not_after is not None and leaf.not_after < not_after and "ends_sooner" not in desired.accepted:
        fact = f"the new certificate ends {_day(leaf.not_after)}, sooner than the installed one, {_day(not_after)}"
        yield Problem(desired.name, "ends_sooner", f"{fact}; supply the newer one, or say `accept: [ends_sooner]`")
    if is_test_issuer(leaf) and not is_test and "test_issuer" not in desired.accepted:
        fact = f"the new certificate is from a test CA ({leaf.issuer}) and the installed one is not"
        yield Problem(desired.name, "test_issuer", f"{fact}; supply the real one, or say `accept: [test_issuer]`")


def find_abandoned(
    name: str, services: tuple[Service, ...], observed: Observed, *, accepted: frozenset[str]
) -> Iterator[Problem]:
    """Files that a configuration, or a link outside of the store, may still name and that would be gone."""
    if observed.live is None or "files_abandoned" in accepted:
        return
    kept = {(service.name, file.name) for service in services for file in service.files}
    for service in observed.live.services:
        gone = [file.path or file.name for file in service.files if (service.name, file.name) not in kept]
        if gone:
            fact = f"{', '.join(gone)} of the service {service.name} would be gone, which is no longer declared so"
            way_out = "declare it again; or, when nothing names these files any more, say `accept: [files_abandoned]`"
            yield Problem(name, "files_abandoned", f"{fact}; {way_out}")


def _installed(observed: Observed) -> tuple[str, datetime | None, bool] | None:
    """Fingerprint, end and whether it is a test CA's: of the live generation, else of what stands at a foreign path.

    What follows another certificate has none of its own.
    """
    if observed.live is not None and observed.live.follows:
        return None
    if observed.live is not None:
        live = observed.live
        return live.fingerprint, live.not_after, bool(live.certificate.get("test_issuer"))
    displaced = _displaced(observed)
    if displaced is None:
        return None
    return displaced.fingerprint, displaced.not_after, is_test_issuer(displaced)


def _displaced(observed: Observed) -> Certificate | None:
    return next((path.certificate for path in observed.paths if path.certificate is not None), None)


def may_put_back(observed: Observed, now: datetime) -> bool:
    """Never put back what is expired, damaged or absent when the new one passes every check."""
    if observed.live is not None:
        damaged = any(fact != "attributes" for _file, fact in observed.live.drift)
        return not damaged and (observed.live.not_after is None or observed.live.not_after > now)
    displaced = [path for path in observed.paths if path.state in ("file", "link", "product")]
    certificates = [path.certificate for path in displaced if path.certificate is not None]
    # A key beside an expired certificate says nothing for it
    return any(item.not_after > now for item in certificates) if certificates else bool(displaced)


def _day(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC"
