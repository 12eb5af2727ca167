# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The phases of a roll-over, refused while somebody would be cut off: trust both, switch, issue anew, distrust."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
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


def needs_root(state: CaState, *, now: datetime, ahead: timedelta) -> bool:
    """Whether the root is exchanged too. One that lasts longer goes on, and hosts have nothing new to trust."""
    root = state.root
    return root is None or root == state.issuing or root.loaded is None or root.loaded.not_after - now < ahead


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
    state: CaState, *, live: Iterable[LiveCertificate], trusted: Mapping[str, Iterable[str]], now: datetime
) -> tuple[Left, ...]:
    """Hosts that would refuse what the next CA signs: with a certificate, or known to trust what is there now."""
    wanted = {authority.id for authority in state.authorities if authority.is_root and authority.phase == NEXT}
    if not wanted:
        return ()
    fact = "is not known to trust the next root; run the trust play there"
    hosts = {certificate.host for certificate in live if certificate.host} | set(trusted)
    return tuple(
        Left(host, "", "trust_missing", f"{host} {fact}, or waive it with a reason and a date")
        for host in sorted(hosts)
        if not wanted <= set(trusted.get(host, ())) and not _is_waived(state, host, "", now)
    )


def find_dependent(state: CaState, *, live: Iterable[LiveCertificate], now: datetime) -> tuple[Left, ...]:
    """Certificates of the previous CAs that somebody still uses: live, and not followed by a newer one."""
    previous = {authority.id for authority in state.authorities if authority.phase == PREVIOUS}
    live = tuple(live)
    newest = _find_newest(certificate for certificate in live if certificate.issuing not in previous)
    left = [
        certificate
        for certificate in live
        if certificate.issuing in previous
        and newest.get(_identify(certificate), 0) < certificate.number
        and not _is_waived(state, certificate.host, certificate.name, now)
    ]
    return tuple(_describe_dependent(certificate) for certificate in left)


def find_left(
    state: CaState, *, live: Iterable[LiveCertificate], trusted: Mapping[str, Iterable[str]], now: datetime
) -> tuple[Left, ...]:
    """Whom the next phase waits for."""
    if state.rollover.phase == TRUST:
        return find_untrusting(state, live=live, trusted=trusted, now=now)
    return find_dependent(state, live=live, now=now)


def find_overlap_end(state: CaState, *, min_overlap: timedelta) -> datetime | None:
    """Not before it are the previous ones distrusted, whoever is left: there are clients that no ledger knows."""
    return state.rollover.begun + min_overlap if state.rollover.begun else None


def _switch(authority: HeldAuthority, *, renews_root: bool) -> HeldAuthority:
    if authority.phase == NEXT:
        return replace(authority, phase=ACTIVE)
    goes = authority.phase == ACTIVE and (authority.issues or renews_root)
    return replace(authority, phase=PREVIOUS) if goes else authority


def _find_newest(certificates: Iterable[LiveCertificate]) -> dict[tuple[str, str, str], int]:
    newest: dict[tuple[str, str, str], int] = {}
    for certificate in certificates:
        identity = _identify(certificate)
        newest[identity] = max(newest.get(identity, 0), certificate.number)
    return newest


def _identify(certificate: LiveCertificate) -> tuple[str, str, str]:
    return certificate.host, certificate.name, certificate.usage


def _is_waived(state: CaState, host: str, name: str, now: datetime) -> bool:
    return any(waiver.covers(host, name, now) for waiver in state.waivers)


def _describe_dependent(certificate: LiveCertificate) -> Left:
    where = f" on {certificate.host}" if certificate.host else ""
    fact = f"{certificate.name}{where} still has a certificate of the previous CA (serial {certificate.serial})"
    way_out = "issue it anew, revoke it, or waive it with a reason and a date"
    return Left(certificate.host, certificate.name, "certificate_left", f"{fact}; {way_out}")
