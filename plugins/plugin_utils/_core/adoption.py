# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A certificate that is on a host already, and not from us: found, recorded, and left where it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import Certificate, describe
from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import (
    RECORD_VERSION,
    Observed,
    format_time,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.names import covers
from ansible_collections.certwright.tls.plugins.plugin_utils._core.neighbours import Neighbour
from ansible_collections.certwright.tls.plugins.plugin_utils._core.plan import Plan, interrupted_reasons
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice, Problem, Reason
from ansible_collections.certwright.tls.plugins.plugin_utils._core.supplied import Declared

_BY_HAND = "hand"


@dataclass(frozen=True)
class Found:
    """Where a certificate was found, who keeps it there, and what it says."""

    kind: str
    certificate_path: str
    private_key_path: str
    configuration: str
    scheduled: str
    certificate: Certificate

    def to_record(self, declared: Declared, *, run: str, now: datetime) -> dict[str, Any]:
        return {
            "version": RECORD_VERSION,
            "issuer": "adopted",
            "declared_names": list(declared.names),
            "kind": self.kind,
            "certificate_path": self.certificate_path,
            "private_key_path": self.private_key_path,
            "configuration": self.configuration,
            "scheduled": self.scheduled,
            "fingerprint": self.certificate.fingerprint,
            "certificate": describe(self.certificate),
            "run": run,
            "stored": format_time(now),
        }


def find_adoptable(declared: Declared, observed: Observed) -> Found | None:
    """Of all that cover every declared name: the recorded one, else the one that lasts longest.

    Where the operator named a place, no other counts.
    """
    recorded = observed.adopted.get("certificate_path")
    named = {path.path for path in observed.candidates}
    found = [item for item in _find_all(observed) if _covers_all(item, declared)]
    return max(
        (item for item in found if not named or item.certificate_path in named),
        key=lambda item: (item.certificate_path == recorded, item.certificate.not_after),
        default=None,
    )


def _covers_all(found: Found, declared: Declared) -> bool:
    return all(covers(found.certificate.names, name) for name in declared.names)


def _find_all(observed: Observed) -> Iterator[Found]:
    for neighbour in observed.neighbours:
        yield _of_neighbour(neighbour)
    for path in (*observed.candidates, *observed.paths):
        if path.certificate is not None:
            yield Found(_BY_HAND, path.path, "", "", "", path.certificate)


def _of_neighbour(neighbour: Neighbour) -> Found:
    return Found(
        neighbour.kind,
        neighbour.certificate_path,
        neighbour.private_key_path,
        neighbour.configuration,
        neighbour.scheduled,
        neighbour.certificate,
    )


def plan_adoption(declared: Declared, observed: Observed, now: datetime) -> Plan:
    """Recorded once; a renewed one is recorded again, which is no change of ours."""
    interrupted = bool(observed.interrupted)
    if observed.live is not None or observed.stored:
        fact = "the store has a certificate of this name already, so there is nothing to adopt"
        problem = Problem(declared.name, "nothing_to_adopt", f"{fact}; say `state: present` with its material")
        return Plan(declared.name, problems=(problem,), recover=interrupted)
    found = find_adoptable(declared, observed)
    if found is None:
        return Plan(declared.name, problems=(_nothing_found(declared),), recover=interrupted)
    known = observed.adopted
    is_new = known.get("certificate_path") != found.certificate_path
    reason = Reason("certificate_found", f"{found.certificate_path} is a certificate for {', '.join(declared.names)}")
    return Plan(
        declared.name,
        reasons=(*((reason,) if is_new else ()), *interrupted_reasons(observed)),
        notices=tuple(_describe(found, now)),
        adopt=is_new,
        remember=0 if _is_renewed(found, known) else None,
        recover=interrupted,
    )


def _is_renewed(found: Found, known: dict[str, Any]) -> bool:
    is_same_place = known.get("certificate_path") == found.certificate_path
    return is_same_place and known.get("fingerprint") != found.certificate.fingerprint


def _nothing_found(declared: Declared) -> Problem:
    fact = f"no certificate for {', '.join(declared.names)} was found on the host"
    places = "looked at those of certbot, acme.sh, dehydrated, lego, certmonger and BlueMind, at the paths of the"
    way_out = "declared services, and at certificate_src; name its path there, or supply a certificate"
    return Problem(declared.name, "nothing_to_adopt", f"{fact}; {places} {way_out}")


def _describe(found: Found, now: datetime) -> Iterator[Notice]:
    leaf = found.certificate
    if found.configuration:
        by = f", run by {found.scheduled}" if found.scheduled else ", but nothing was found that runs it"
        yield Notice("other_renewer", f"{found.kind} renews {found.certificate_path} ({found.configuration}{by})")
    if leaf.not_after <= now:
        yield Notice("expired", f"{found.certificate_path} ended {leaf.not_after:%Y-%m-%d %H:%M} UTC; replace it")
