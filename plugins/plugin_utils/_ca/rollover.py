# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The phases of a roll-over, refused while somebody would be cut off: trust both, switch, issue anew, distrust."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._ca.state import (
    ACTIVE,
    DISTRUSTED,
    NEXT,
    PREVIOUS,
    SWITCHED,
    TRUST,
    CaState,
    HeldAuthority,
    RollOver,
    Waiver,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inspection import format_instant
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Reason


@dataclass(frozen=True)
class LiveCertificate:
    """One that is in use: issued, not revoked, not ended. `host` is empty for one that no host of the fleet holds."""

    number: int
    serial: str
    name: str
    host: str
    usage: str
    issuing: str

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> LiveCertificate:
        texts = {word: str(given[word]) for word in ("serial", "name", "host", "usage", "issuing")}
        return cls(number=int(given["number"]), **texts)


@dataclass(frozen=True)
class Fleet:
    """What is known of the hosts beside the ledger: who is to trust this CA, and which entries each of them has live.

    The entries of a host that could not be looked at are None. Of one that is not named the ledger alone tells.
    """

    trusting: frozenset[str] = frozenset()
    in_use: Mapping[str, frozenset[int] | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Left:
    """Whom the next phase waits for, and what is missing there."""

    host: str
    name: str
    code: str
    message: str

    def describe(self) -> dict[str, str]:
        return {"host": self.host, "name": self.name, "code": self.code, "message": self.message}


def find_due(state: CaState, *, now: datetime, ahead: timedelta) -> tuple[Reason, ...]:
    """Why a roll-over is to begin; nothing while one is under way."""
    if state.rollover.phase or state.issuing is None:
        return ()
    held = [state.issuing, *([state.root] if state.root and state.root != state.issuing else [])]
    return tuple(
        Reason("rollover_due", f"{authority.title} ends on {format_instant(authority.loaded.not_after)}")
        for authority in held
        if authority.loaded and authority.loaded.not_after - now < ahead
    )


def needs_root(state: CaState, *, now: datetime, ahead: timedelta, issuing_life: timedelta) -> bool:
    """Whether the root is exchanged too: what is below it ends with it, and soon nothing could be signed for long.

    One that outlasts the next issuing CA goes on, and hosts have nothing new to trust.
    """
    root = state.root
    if root is None or root == state.issuing or root.loaded is None:
        return True
    return root.loaded.not_after - now < max(ahead, issuing_life)


def prepare(state: CaState, made: Iterable[HeldAuthority], *, now: datetime) -> CaState:
    """Phase `trust`: the next authorities are there, and sign nothing yet."""
    added = tuple(replace(authority, phase=NEXT) for authority in made)
    return replace(state, authorities=(*state.authorities, *added), rollover=RollOver(TRUST, now))


def switch(state: CaState, *, now: datetime) -> CaState:
    """Phase `switched`: the next ones sign. A root that goes on stays active."""
    renews_root = any(authority.is_root and authority.phase == NEXT for authority in state.authorities)
    moved = (_switch(authority, renews_root=renews_root) for authority in state.authorities)
    return replace(state, authorities=tuple(moved), rollover=RollOver(SWITCHED, now))


def distrust(state: CaState) -> CaState:
    """No phase: nothing of the previous ones counts any more, and their keys are not kept at hand."""
    moved = (
        replace(authority, phase=DISTRUSTED, key="") if authority.phase == PREVIOUS else authority
        for authority in state.authorities
    )
    return replace(state, authorities=tuple(moved), rollover=RollOver())


def find_untrusting(
    state: CaState,
    *,
    live: Iterable[LiveCertificate],
    trusted: Mapping[str, Iterable[str]],
    now: datetime,
    trusting: Iterable[str] = (),
) -> tuple[Left, ...]:
    """Hosts that would refuse what the next CA signs: with a certificate, or known or declared to trust this CA."""
    wanted = {authority.id for authority in state.authorities if authority.is_root and authority.phase == NEXT}
    if not wanted:
        return ()
    fact = "is not known to trust the next root; run the trust play there"
    hosts = {certificate.host for certificate in live if certificate.host} | set(trusted) | set(trusting)
    return tuple(
        Left(host, "", "trust_missing", f"{host} {fact}, or waive it with a reason and a date")
        for host in sorted(hosts)
        if not wanted <= set(trusted.get(host, ())) and not _is_waived(state, host, "", now)
    )


def find_dependent(
    state: CaState,
    *,
    live: Iterable[LiveCertificate],
    now: datetime,
    in_use: Mapping[str, frozenset[int] | None] | None = None,
) -> tuple[Left, ...]:
    """Certificates of the previous CAs that somebody still uses: not ended, and no newer one is known to serve."""
    previous = {authority.id for authority in state.authorities if authority.phase == PREVIOUS}
    followers: dict[tuple[str, str, str], set[int]] = {}
    held = []
    for certificate in live:
        if certificate.issuing not in previous:
            followers.setdefault(_identify(certificate), set()).add(certificate.number)
        elif not _is_waived(state, certificate.host, certificate.name, now):
            held.append(certificate)
    facts = [
        (certificate, _explain_use(certificate, followers.get(_identify(certificate), set()), in_use or {}))
        for certificate in held
    ]
    return tuple(_describe_dependent(certificate, fact) for certificate, fact in facts if fact)


def find_left(
    state: CaState,
    *,
    live: Iterable[LiveCertificate],
    trusted: Mapping[str, Iterable[str]],
    now: datetime,
    fleet: Fleet = Fleet(),
) -> tuple[Left, ...]:
    """Whom the next phase waits for."""
    if state.rollover.phase == TRUST:
        return find_untrusting(state, live=live, trusted=trusted, now=now, trusting=fleet.trusting)
    return find_dependent(state, live=live, now=now, in_use=fleet.in_use)


def find_idle_waivers(
    state: CaState, *, live: Iterable[LiveCertificate], hosts: Iterable[str], now: datetime
) -> tuple[Waiver, ...]:
    """Those that have not ended, and excuse nobody: no certificate in use, and none of the hosts that are to trust."""
    subjects = [*((certificate.host, certificate.name) for certificate in live), *((host, "") for host in hosts)]
    return tuple(
        waiver
        for waiver in state.waivers
        if now < waiver.until and not any(waiver.covers(host, name, now) for host, name in subjects)
    )


def find_overlap_end(state: CaState, *, min_overlap: timedelta) -> datetime | None:
    """Not before it are the previous ones distrusted, whoever is left: there are clients that no ledger knows."""
    return state.rollover.begun + min_overlap if state.rollover.begun else None


def _switch(authority: HeldAuthority, *, renews_root: bool) -> HeldAuthority:
    if authority.phase == NEXT:
        return replace(authority, phase=ACTIVE)
    goes = authority.phase == ACTIVE and (authority.issues or renews_root)
    return replace(authority, phase=PREVIOUS) if goes else authority


def _identify(certificate: LiveCertificate) -> tuple[str, str, str]:
    return certificate.host, certificate.name, certificate.usage


def _is_waived(state: CaState, host: str, name: str, now: datetime) -> bool:
    return any(waiver.covers(host, name, now) for waiver in state.waivers)


def _explain_use(certificate: LiveCertificate, followers: set[int], in_use: Mapping[str, frozenset[int] | None]) -> str:
    """Why it counts as used, or nothing. An issued successor is not one yet: a host may never have taken it."""
    if not any(number > certificate.number for number in followers):
        return "still has a certificate of the previous CA"
    if certificate.host not in in_use:
        return ""
    numbers = in_use[certificate.host]
    if numbers is None:
        return "has a newer certificate, but the host was not looked at, so it may still use that of the previous CA"
    if certificate.number in numbers:
        return "has a newer certificate, and still uses that of the previous CA"
    return "" if followers & numbers else "has a newer certificate, which its host does not have in use"


def _describe_dependent(certificate: LiveCertificate, fact: str) -> Left:
    where = f" on {certificate.host}" if certificate.host else ""
    way_out = "have it issued and handed to its services, revoke it, or waive it with a reason and a date"
    message = f"{certificate.name}{where} {fact} (serial {certificate.serial}); {way_out}"
    return Left(certificate.host, certificate.name, "certificate_left", message)
