# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A domain without a certificate of its own: its stable paths show another one's files until nothing names them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import (
    RECORD_VERSION,
    Observed,
    ObservedGeneration,
    format_time,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.plan import (
    Plan,
    can_leave,
    interrupted_reasons,
    plan_activation,
    refuse_foreseen,
    superseded_reasons,
    without_activation,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice, Problem, Reason
from ansible_collections.certwright.tls.plugins.plugin_utils._core.refusals import may_put_back

_WAY_OUT = "it stays so until no configuration names these files any more; take them out of it, and run again"


@dataclass(frozen=True)
class Burial:
    """What is to be known of a certificate after its removal, and what else is to go with it.

    `revoked` are fingerprints. One that is `kept` is declared still: only the key that leaked has to go, and `again`
    says that its present key leaked too. One `is_beside` another that was named, and nobody asks where it is.
    `members` are hosts that have it from this one, and have not let it go.
    """

    why: str
    run: str
    is_compromised: bool = False
    is_purged: bool = False
    is_kept: bool = False
    again: bool = False
    is_beside: bool = False
    members: tuple[str, ...] = ()
    revoked: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Removal:
    """A certificate that is to go, and the one whose files its services get instead, as long as they name any.

    `bringing` are the files, as `service/file`, that the same run brings to that other certificate. Without one to
    follow (`follows` is empty) it goes only when no active service uses it. `holds_files` deletes nothing yet.
    """

    name: str
    follows: str
    accepted: frozenset[str] = frozenset()
    stage_only: bool = False
    bringing: frozenset[str] = frozenset()
    holds_files: bool = False
    burial: Burial | None = None

    @property
    def is_buried(self) -> bool:
        return self.burial is not None

    def to_record(self, observed: Observed, *, run: str, now: datetime) -> dict[str, Any]:
        """What an activation needs; identity is that of the certificate that is followed."""
        return {
            "version": RECORD_VERSION,
            "issuer": self.follows,
            "fingerprint": "",
            "services": [service.to_record() for service in observed.recorded_services],
            "run": run,
            "stored": format_time(now),
        }


def plan_removal(removal: Removal, observed: Observed, now: datetime) -> Plan:
    """Nothing where nothing is; removed where nothing names it; else its paths lead to the other certificate."""
    if not observed.usage.is_present:
        return Plan(removal.name, reasons=interrupted_reasons(observed), recover=bool(observed.interrupted))
    if removal.follows and can_leave(observed.recorded_services) and observed.live is not None:
        return _plan_leaving(removal, observed, now)
    if not is_in_use(removal, observed):
        fact = f"{removal.name} is to have no certificate of its own, and no configuration names its files"
        reasons = (Reason("disabled", fact), *interrupted_reasons(observed))
        # Nothing is pending: its services have nothing to take, and its own files are not to be handed to them again.
        return Plan(removal.name, reasons=reasons, remove=not removal.holds_files, recover=bool(observed.interrupted))
    if not removal.follows:
        return Plan(removal.name, problems=(_refuse_use(removal, observed),), recover=bool(observed.interrupted))
    plan = _plan_fallback(removal, observed, now)
    shows = plan.activate or _is_fallback(removal, observed.live)
    notices = () if plan.problems else (_describe_use(removal, observed, shows=shows),)
    return replace(plan, fallback=shows, notices=(*plan.notices, *notices))


def _plan_leaving(removal: Removal, observed: Observed, now: datetime) -> Plan:
    """Its services do without its files: these go, the services show what they fall back to, and nothing is left.

    A fallback that is live has come to that already, and was killed before the rest of it was removed.
    """
    if _is_fallback(removal, observed.live):
        reasons = (Reason("disabled", f"The removal of {removal.name} is to be finished"),)
        return Plan(
            removal.name,
            reasons=(*reasons, *interrupted_reasons(observed)),
            remove=not removal.holds_files,
            recover=bool(observed.interrupted),
        )
    return _plan_fallback(removal, observed, now)


def is_in_use(removal: Removal, observed: Observed) -> bool:
    """Whether a service names its files, or cannot tell; where nothing is to follow, also whether a port shows it."""
    if observed.usage.is_used(abandoned="files_abandoned" in removal.accepted):
        return True
    return not removal.follows and bool(_find_ports(observed))


def _find_ports(observed: Observed) -> list[str]:
    own = {leaf.fingerprint for leaf in observed.usage.leaves}
    ports = [port for service in observed.services.values() for port in service.ports if port.fingerprint in own]
    return sorted({f"the port {port.port} shows it" for port in ports})


def _refuse_use(removal: Removal, observed: Observed) -> Problem:
    unasked = [f"{name} runs and cannot tell what it names" for name in observed.usage.unasked]
    facts = "; ".join((*observed.usage.named, *unasked, *_find_ports(observed)))
    way_out = "stop and disable the service, or take the files out of its configuration and reload it, and run again"
    # What has neither a process nor a way to tell cannot be stopped.
    if unasked and not observed.usage.named:
        way_out += "; when nothing names them, say `tls_remove_accept: [files_abandoned]`"
    return Problem(removal.name, "in_use", f"{facts}; {way_out}")


def _plan_fallback(removal: Removal, observed: Observed, now: datetime) -> Plan:
    """A fallback that is stored or live already is handed to the services; else one is stored first."""
    if _is_fallback(removal, observed.pending):
        kept, discard = observed, tuple[int, ...]()
    elif _is_fallback(removal, observed.live):
        kept, discard = replace(observed, pending=None), observed.stored
    else:
        return _plan_new_fallback(removal, observed, now)
    plan = plan_activation(removal.name, kept.recorded_services, kept, now)
    reasons = (*plan.reasons, *superseded_reasons(discard))
    plan = replace(plan, reasons=reasons, discard=discard)
    return without_activation(plan) if removal.stage_only else plan


def _plan_new_fallback(removal: Removal, observed: Observed, now: datetime) -> Plan:
    problems = tuple(_find_lacking(removal, observed))
    if problems:
        return Plan(removal.name, problems=problems, recover=bool(observed.interrupted))
    fact = f"{removal.name} is to have no certificate of its own; its files will be those of {removal.follows}"
    plan = Plan(
        removal.name,
        reasons=(Reason("disabled", fact), *interrupted_reasons(observed), *superseded_reasons(observed.stored)),
        follows=removal.follows,
        activate=not removal.stage_only,
        discard=observed.stored,
        put_back=may_put_back(observed, now),
        recover=bool(observed.interrupted),
        pending=True,
    )
    return refuse_foreseen(plan, observed.recorded_services, observed)


def _is_fallback(removal: Removal, generation: ObservedGeneration | None) -> bool:
    return generation is not None and generation.follows == removal.follows and not generation.drift


def _find_lacking(removal: Removal, observed: Observed) -> Iterator[Problem]:
    copies = [file.path or file.name for item in observed.recorded_services for file in item.files if file.in_place]
    if copies:
        fact = f"{', '.join(copies)} is a copy in place, which cannot follow the certificate {removal.follows}"
        way_out = (
            f"take it out of the configuration first ({'; '.join(observed.usage.named) or 'nothing can be asked'})"
        )
        yield Problem(removal.name, "no_fallback", f"{fact}; {way_out}")
    lacking = [name for name in observed.usage.lacking if name not in removal.bringing]
    if lacking:
        fact = f"{'; '.join(observed.usage.named) or 'its services cannot be asked'}, and the certificate"
        fact += f" {removal.follows} to fall back to has no {', '.join(lacking)}"
        way_out = f"give {removal.follows} this service too, or take the files out of the configuration first"
        if not observed.usage.named:
            way_out += "; when nothing names them, say `accept: [files_abandoned]`"
        yield Problem(removal.name, "no_fallback", f"{fact}; {way_out}")


def _describe_use(removal: Removal, observed: Observed, *, shows: bool) -> Notice:
    usage = observed.usage
    unasked = [f"{name} cannot tell what it names (it has no `references`)" for name in usage.unasked]
    verb = "has" if shows else "is to have"
    who = "; ".join((*usage.named, *unasked))
    fact = f"{removal.name} {verb} the certificate {removal.follows} at its paths: {who}"
    accept = " or, when nothing names them, say `accept: [files_abandoned]`" if unasked and not usage.named else ""
    return Notice("disabled_fallback", f"{fact}; {_WAY_OUT}{accept}")
