# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One certificate where it was found, and everything that the checks at install would say of it there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.bundle import Bundle, HostKey, load_host_bundle
from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import Certificate, describe
from ansible_collections.certwright.tls.plugins.plugin_utils._core.chain import find_path
from ansible_collections.certwright.tls.plugins.plugin_utils._core.checks import find_notices, find_problems
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inspection import format_instant
from ansible_collections.certwright.tls.plugins.plugin_utils._core.outlook import NO_OUTLOOK, Outlook
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice, Problem, Reason

DUE_SHARE = 1 / 3
# Of a life of a few days a third is too little for a retry.
SHORT_LIFE, SHORT_DUE_SHARE = timedelta(days=10), 1 / 2
# A trust store keeps what has expired; a chain must not.
MANY_CAS = 10
_DAY = timedelta(days=1)
_NOTHING: dict[str, Any] = {
    "names": [],
    "subject": None,
    "distinguished_name": None,
    "issuer": None,
    "serial": None,
    "not_before": None,
    "not_after": None,
    "life_left": None,
    "days_left": None,
    "key_type": None,
    "fingerprint_sha256": None,
    "is_ca": False,
}


@dataclass(frozen=True)
class View:
    """By which clock, trust store and limit a finding is judged."""

    now: datetime
    anchors: tuple[Certificate, ...]
    warn_below: float | None = None

    def is_due(self, certificate: Certificate) -> bool:
        life = certificate.not_after - certificate.not_before
        share = SHORT_DUE_SHARE if life < SHORT_LIFE else DUE_SHARE
        return self.life_left(certificate) < (share if self.warn_below is None else self.warn_below)

    def life_left(self, certificate: Certificate) -> float:
        """Share of the whole life, from 0.0 to 1.0."""
        life = certificate.not_after - certificate.not_before
        left = (certificate.not_after - self.now) / life if life else 0.0
        return round(min(1.0, max(0.0, left)), 3)

    def days_left(self, certificate: Certificate) -> int:
        """Whole ones; below nought once it has expired."""
        return (certificate.not_after - self.now) // _DAY


@dataclass(frozen=True)
class Finding:
    """`certificates` begin with the one that is shown, those behind it lie beside; none when nothing can be read.

    `names` it has to cover; `faults` and `remarks` are known of the place; `untold` are the codes that cannot be told
    from there. `is_own_root` vouches for a self-signed one. A file of CAs only is one finding (`is_ca`), whose
    `certificates` are all of them.
    """

    source: str
    certificates: tuple[Certificate, ...]
    name: str | None = None
    generation: int | None = None
    state: str | None = None
    path: str | None = None
    services: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    faults: tuple[Reason, ...] = ()
    remarks: tuple[Reason, ...] = ()
    untold: frozenset[str] = frozenset()
    holds_private_key: bool | None = None
    is_own_root: bool = False
    is_ca: bool = False
    outlook: Outlook = NO_OUTLOOK

    def named(self, name: str | None) -> Finding:
        return replace(self, name=name)

    @property
    def leaf(self) -> Certificate | None:
        return next(iter(self.certificates), None)

    @property
    def is_trust_store(self) -> bool:
        return self.is_ca and len(self.certificates) > MANY_CAS

    @property
    def fingerprint(self) -> str:
        return self.leaf.fingerprint if self.leaf else ""


def report_finding(finding: Finding, view: View) -> dict[str, Any]:
    """A row of the result: plain JSON."""
    problems, notices = _judge(finding, view)
    return {
        "source": finding.source,
        "name": finding.name,
        "generation": finding.generation,
        "state": finding.state,
        "path": finding.path,
        "services": list(finding.services),
        "count": len(finding.certificates) if finding.is_ca else 1,
        **(_describe_cas(finding, view) if finding.is_ca else _describe(finding.leaf, view)),
        "holds_private_key": finding.holds_private_key,
        **finding.outlook.to_json(),
        "problems": report_codes((*finding.faults, *problems)),
        "notices": report_codes((*finding.remarks, *notices)),
    }


def report_codes(found: Iterable[Reason | Problem | Notice]) -> list[dict[str, str]]:
    return [{"code": item.code, "message": item.message} for item in found]


def _describe(certificate: Certificate | None, view: View) -> dict[str, Any]:
    if certificate is None:
        return _NOTHING
    return {
        **_NOTHING,
        **describe(certificate),
        "life_left": view.life_left(certificate),
        "days_left": view.days_left(certificate),
        "is_ca": certificate.is_ca,
    }


def _describe_cas(finding: Finding, view: View) -> dict[str, Any]:
    """Of several only what they have together: the end of the first that ends, in a trust store from now on."""
    valid = [certificate for certificate in finding.certificates if certificate.not_after >= view.now]
    counting = valid if valid and finding.is_trust_store else finding.certificates
    shown = _describe(min(counting, key=lambda certificate: certificate.not_after), view)
    if len(finding.certificates) > 1:
        kept = {word: shown[word] for word in ("not_after", "life_left", "days_left")}
        shown = {**_NOTHING, **kept, "subject": f"{len(finding.certificates)} CA certificates"}
    return {**shown, "is_ca": True}


def _judge(finding: Finding, view: View) -> tuple[Sequence[Reason | Problem], Sequence[Notice]]:
    leaf = finding.leaf
    if leaf is None:
        return (), ()
    if finding.is_ca:
        return _judge_cas(finding, view)
    bundle = _load_bundle(finding, leaf)
    found = find_problems(
        bundle, certificate=finding.name or "", names=finding.names, now=view.now, anchors=view.anchors
    )
    problems: list[Reason | Problem] = [*found, *_find_due(leaf, view)]
    notices = find_notices(bundle, names=finding.names, now=view.now, anchors=view.anchors)
    return (
        [item for item in problems if item.code not in finding.untold],
        [item for item in notices if item.code not in finding.untold],
    )


def _load_bundle(finding: Finding, leaf: Certificate) -> Bundle:
    """The leaf with as much of its path as lies beside. Its key stays where it is, and is not asked for."""
    path = find_path(leaf, [item for item in finding.certificates if item != leaf])
    content = "".join(certificate.pem for certificate in path).encode()
    ca = leaf.pem.encode() if finding.is_own_root else None
    return load_host_bundle(finding.name or "", content, ca, HostKey(leaf.key_type, frozenset({leaf.fingerprint})))


def _find_due(leaf: Certificate, view: View) -> Iterator[Reason]:
    """Silent where its dates already say more."""
    if view.is_due(leaf) and leaf.not_before <= view.now <= leaf.not_after:
        left = f"{view.life_left(leaf):.0%} of its life is left"
        yield Reason("due", f"{leaf.title} ends on {format_instant(leaf.not_after)}, {left}; renew it")


def _judge_cas(finding: Finding, view: View) -> tuple[Sequence[Reason], Sequence[Notice]]:
    expired = [certificate for certificate in finding.certificates if certificate.not_after < view.now]
    if not expired:
        return (), ()
    first = min(expired, key=lambda certificate: certificate.not_after)
    fact = f"The CA certificate {first.title} expired on {format_instant(first.not_after)}"
    others = f", and {len(expired) - 1} more of {len(finding.certificates)} have expired" if len(expired) > 1 else ""
    if finding.is_trust_store:
        return (), [Notice("ca_expired", f"{fact}{others}")]
    return [Reason("ca_expired", f"{fact}{others}; replace it by its successor")], ()
