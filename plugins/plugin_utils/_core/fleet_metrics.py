# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report of a fleet as Prometheus reads it from a text file (exposition format 0.0.4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import load_time
from ansible_collections.certwright.tls.plugins.plugin_utils._core.extensions import printable

Labels = Mapping[str, str]
Sample = tuple[Labels, float]
Row = Mapping[str, Any]

_PREFIX = "certwright_"
_SERVED = "served"


def render_metrics(report: Mapping[str, Any]) -> str:
    """Each family once, with its help. Nothing in it changes its name when a certificate is renewed."""
    rows, generated = report["certificates"], _load_seconds(report["generated"]) or 0.0
    families: tuple[tuple[str, str, list[Sample]], ...] = (
        (
            "report_timestamp_seconds",
            "When the report was put together.",
            [({}, generated)],
        ),
        ("hosts", "Hosts that the report is about.", [({}, report["hosts"])]),
        ("hosts_unreachable", "Hosts that were not reached.", [({}, len(report["unreachable"]))]),
        ("certificates", "Certificates by urgency.", _count(report["counts"])),
        ("host_unreachable", "1 for each host that was not reached.", _find_unreachable(report["unreachable"])),
        ("host_problems", "What belongs to no certificate, by host and code.", _count_problems(report["problems"])),
        *((name, text, _collect(rows, find, merge)) for name, text, find, merge in _OF_CERTIFICATES),
        ("certificate_problem", "1 for each problem of a certificate, by code.", _find_codes(rows)),
        ("certificate_info", "What the inventory says of a certificate, and how urgent it is.", _describe(rows)),
    )
    return "".join(line for name, text, samples in families for line in _render(_PREFIX + name, text, samples))


def _render(name: str, text: str, samples: Iterable[Sample]) -> Iterator[str]:
    """A family without samples is left out."""
    lines = [f"{name}{_word_labels(labels)} {_word_value(value)}\n" for labels, value in samples]
    if lines:
        yield f"# HELP {name} {text}\n# TYPE {name} gauge\n"
        yield from lines


def _word_labels(labels: Labels) -> str:
    words = ",".join(f'{name}="{_escape(value)}"' for name, value in labels.items())
    return f"{{{words}}}" if words else ""


@lru_cache(maxsize=10000)
def _escape(text: str) -> str:
    """Whatever stands in a certificate or an inventory, the line ends where it is to end."""
    return printable(text).replace("\\", "\\\\").replace('"', '\\"')


def _word_value(value: float) -> str:
    return repr(int(value)) if value == int(value) else repr(value)


def _count(counts: Mapping[str, int]) -> list[Sample]:
    return [({"urgency": urgency}, count) for urgency, count in counts.items()]


def _find_unreachable(hosts: Iterable[str]) -> list[Sample]:
    return [({"host": host}, 1) for host in hosts]


def _count_problems(problems: Iterable[Row]) -> list[Sample]:
    counts: dict[tuple[str, str], int] = {}
    for problem in problems:
        key = (problem["host"], problem["code"])
        counts[key] = counts.get(key, 0) + 1
    return [({"host": host, "code": code}, count) for (host, code), count in counts.items()]


def _identify(row: Row) -> dict[str, str]:
    return {word: str(row[word] or "") for word in ("host", "certificate", "source", "state")}


def _collect(
    rows: Iterable[Row], find: Callable[[Row], float | None], merge: Callable[[float, float], float]
) -> list[Sample]:
    """Several certificates in one file have the same labels, which may stand there once: the worst value counts."""
    found: dict[tuple[str, ...], float] = {}
    for row in rows:
        value = find(row)
        if value is not None:
            key = tuple(_identify(row).values())
            found[key] = merge(found[key], value) if key in found else value
    return [(dict(zip(_IDENTITY, key, strict=True)), value) for key, value in found.items()]


_IDENTITY = ("host", "certificate", "source", "state")


def _find_codes(rows: Iterable[Row]) -> list[Sample]:
    labels = [{**_identify(row), "code": problem["code"]} for row in rows for problem in row["problems"]]
    return [(words, 1) for words in _distinct(labels)]


def _describe(rows: Iterable[Row]) -> list[Sample]:
    """The worst comes first in a report."""
    seen: dict[tuple[str, ...], Labels] = {}
    for row in rows:
        identity = _identify(row)
        said = {"engine": row["engine"], "issuer": row["issuer_name"], "urgency": row["urgency"]}
        seen.setdefault(tuple(identity.values()), {**identity, **said})
    return [(labels, 1) for labels in seen.values()]


def _distinct(labels: Iterable[Labels]) -> list[Labels]:
    return list({tuple(words.items()): words for words in labels}.values())


def _load_seconds(text: object) -> float | None:
    instant = load_time(str(text or ""))
    return instant.timestamp() if instant else None


def _is_served(row: Row) -> float | None:
    """None where no port is known."""
    shown = [port["state"] == _SERVED and port["is_live"] is not False for port in row["ports"]]
    return float(all(shown)) if shown else None


def _count_tries(row: Row) -> float | None:
    return float(row["last_failure"]["tries"]) if row["last_failure"] else None


def _find_failure(row: Row) -> float | None:
    return _load_seconds(row["last_failure"]["at"]) if row["last_failure"] else None


_OF_CERTIFICATES = (
    ("certificate_not_after_timestamp_seconds", "When it ends.", lambda row: _load_seconds(row["not_after"]), min),
    ("certificate_life_left_ratio", "The share of its life that is left.", lambda row: row["life_left"], min),
    ("certificate_served", "1 when each of its ports shows it, 0 when one does not.", _is_served, min),
    (
        "certificate_renewal_timestamp_seconds",
        "When a run renews it.",
        lambda row: _load_seconds(row["next_renewal"]),
        min,
    ),
    ("certificate_failed_tries", "How many tries in a row failed.", _count_tries, max),
    ("certificate_last_failure_timestamp_seconds", "When one failed last.", _find_failure, max),
)
