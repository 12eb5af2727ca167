# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which orders of a fleet may be placed in this run, from what its hosts said is due, and which hosts have work."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import load_time
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_guards import (
    PlannedOrder,
    Verdict,
    guard_orders,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice
from ansible_collections.certwright.tls.plugins.plugin_utils._core.tombstone import REMOVED


@dataclass(frozen=True)
class Permission:
    """`hosts` are those that a second execution has something to do on: to order, to store, to activate, to note."""

    verdict: Verdict
    hosts: tuple[str, ...]

    @property
    def notices(self) -> tuple[Notice, ...]:
        return self.verdict.notices

    def to_json(self) -> dict[str, Any]:
        """By host, as the roles ask it."""
        refused = defaultdict(list)
        for host, problem in self.verdict.refused:
            told = {"certificate": problem.certificate, "code": problem.code, "message": problem.message}
            refused[host].append(told)
        return {
            "permitted": _by_host(self.verdict.permitted),
            "held": _by_host(self.verdict.held),
            "refused": dict(refused),
            "hosts": list(self.hosts),
        }


def permit_orders(
    results: Mapping[str, Mapping[str, Any]],
    *,
    max_orders: int | None,
    max_reissues: int | None,
    confirmed: str = "",
) -> Permission:
    """`results` are those of letsencrypt_cert in check mode by host; one without `orders` has none."""
    verdict = guard_orders(
        find_planned(results),
        budget=max_orders,
        max_reissues=max_reissues,
        certificates=sum(len(result.get("renewals") or ()) for result in results.values()),
        confirmed=confirmed,
        declared=find_declared(results),
    )
    # Where something is held the host has to say whether it can wait for the next run
    ordering = {host for host, _certificate in (*verdict.permitted, *verdict.held)}
    hosts = tuple(host for host, result in results.items() if host in ordering or _has_work(result))
    return Permission(verdict, hosts)


def find_planned(results: Mapping[str, Mapping[str, Any]]) -> Iterator[PlannedOrder]:
    for host, result in results.items():
        for order in result.get("orders") or ():
            yield PlannedOrder(
                host=str(host),
                certificate=str(order["certificate"]),
                names=tuple(str(name) for name in order["names"]),
                urgency=float(order["share_left"]),
                by_date=bool(order["by_date"]),
                shared=bool(order["shared"]),
                needed_by=load_time(str(order.get("needed_by") or "")),
            )


def find_declared(results: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Each host with the names of each of its certificates that is not shared, due or not."""
    for host, result in results.items():
        for certificate, renewal in (result.get("renewals") or {}).items():
            if renewal.get("names") and not renewal.get("shared"):
                yield str(host), str(certificate), tuple(str(name) for name in renewal["names"])


def _has_work(result: Mapping[str, Any]) -> bool:
    """Beside what is to be ordered."""
    ordered = {order["certificate"] for order in result.get("orders") or ()}
    outcomes = result.get("outcomes") or {}
    unfinished = (item["changed"] or item["pending"] for name, item in outcomes.items() if name not in ordered)
    noted = (item.get("remember") for item in (result.get("renewals") or {}).values())
    return any(unfinished) or any(noted)


def _by_host(places: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    listed = defaultdict(list)
    for host, certificate in places:
        listed[host].append(certificate)
    return dict(listed)


def with_chosen(orders: Iterable[Mapping[str, Any]], word: str, chosen: object) -> list[dict[str, Any]]:
    """The elements with `word` said true for those that are chosen: by a list of names, a text of them, or `true`."""
    names: Any = _split(chosen) if isinstance(chosen, str) else chosen
    if isinstance(names, bool) or names is None:
        return [{**order, word: True} if names else dict(order) for order in orders]
    return [{**order, word: True} if order["name"] in names else dict(order) for order in orders]


def with_revived(entries: Iterable[Mapping[str, Any]], chosen: object) -> list[dict[str, Any]]:
    """Those that are chosen may come back although they were removed; names and `true` are as in `with_chosen`."""
    entries = tuple(entries)
    marked = with_chosen(({"name": entry.get("name", entry.get("domain"))} for entry in entries), "is_chosen", chosen)
    pairs = zip(entries, marked, strict=True)
    return [_accept_removed(entry) if words.get("is_chosen") else dict(entry) for entry, words in pairs]


def _accept_removed(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {**entry, "accept": [*(entry.get("accept") or ()), REMOVED]}


def _split(text: str) -> bool | list[str]:
    """What is said on a command line, or in a survey, is text."""
    if text.strip().lower() in ("true", "yes"):
        return True
    return [name.strip() for name in text.split(",")]
