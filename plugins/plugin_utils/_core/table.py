# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Results of certificate_info as aligned text for a terminal: one line a certificate, the worst first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.extensions import printable

WIDTH = 160
_GAP = "  "
_NONE = "-"
_HEADINGS = ("HOST", "CERTIFICATE", "NAMES", "ISSUER", "ENDS", "LEFT", "KEY", "SERVED", "PROBLEMS")
_UNCUT = ("ENDS", "LEFT", "KEY")
_LEAST_WIDTH = 8
_COMMON_NAME, _ORGANIZATION = (re.compile(rf"(?:^|[,+]){word}=((?:\\.|[^,+\\])*)") for word in ("CN", "O"))


@dataclass(frozen=True)
class Line:
    """`life_left` is below nought for what has none to show: nothing is known of it, which is the worst."""

    cells: tuple[str, ...]
    is_problem: bool
    life_left: float

    @property
    def rank(self) -> tuple[bool, float, tuple[str, ...]]:
        return (not self.is_problem, self.life_left, self.cells)


def render_table(results: Mapping[str, Any], *, width: int = WIDTH) -> list[str]:
    """`results` are those of certificate_info by host, or one of them; then there is no column of hosts."""
    if _is_result(results):
        return _render(_HEADINGS[1:], [_without_host(line) for line in find_lines("", results)], width=width)
    lines = [line for host, result in results.items() for line in find_lines(str(host), result)]
    return _render(_HEADINGS, lines, width=width)


def _is_result(results: Mapping[str, Any]) -> bool:
    return any(not isinstance(value, Mapping) for value in results.values())


def _without_host(line: Line) -> Line:
    return Line(line.cells[1:], line.is_problem, line.life_left)


def find_lines(host: str, result: Mapping[str, Any]) -> Iterator[Line]:
    """A host that could not be asked has one line that says so."""
    if "certificates" not in result:
        yield _tell(host, _NONE, "unreachable" if result.get("unreachable") else "failed")
        return
    words = ("certificates", "ports", "problems", "unissued")
    rows, ports, problems, unissued = (result.get(word) or () for word in words)
    for row in rows:
        yield _describe_row(host, row, _find_ports(row, ports))
    shown = {row["name"] for row in rows if row["source"] == "store"}
    for port in ports:
        if port["state"] != "served" and port["certificate"] not in shown:
            yield _tell(host, _place(port), port["state"], served=f"no: {port['state']}")
    for problem in problems:
        yield _tell(host, problem["subject"], problem["code"])
    for tried in unissued:
        yield _tell(host, tried["name"], tried["last_failure"]["code"])
    if not (rows or ports or problems or unissued):
        yield Line((host, "nothing found", *[_NONE] * 7), is_problem=False, life_left=1.0)


def _tell(host: str, subject: str, code: str, *, served: str = _NONE) -> Line:
    return Line((host, subject, *[_NONE] * 5, served, code), is_problem=True, life_left=-1.0)


def _describe_row(host: str, row: Mapping[str, Any], ports: Sequence[Mapping[str, Any]]) -> Line:
    codes = [item["code"] for holder in (row, *ports) for item in holder["problems"]]
    known = row["not_after"] is not None
    cells = (
        host,
        _title(row),
        _names(row["names"]) or str(row["subject"] or _NONE),
        _short_issuer(row["issuer"] or "") or _NONE,
        f"{row['not_after'][:10]} ({row['days_left']} d)" if known else _NONE,
        f"{row['life_left']:.0%}" if known else _NONE,
        row["key_type"] or _NONE,
        _served(ports),
        ", ".join(dict.fromkeys(codes)) or _NONE,
    )
    return Line(cells, is_problem=bool(codes), life_left=row["life_left"] if known else -1.0)


def _title(row: Mapping[str, Any]) -> str:
    """Of the store its name, with its state unless it is live."""
    if row["source"] != "store":
        return str(row["path"])
    return row["name"] if row["state"] == "live" else f"{row['name']} ({row['state']})"


def _names(names: Sequence[str]) -> str:
    more = f" +{len(names) - 1}" if len(names) > 1 else ""
    return f"{names[0]}{more}" if names else ""


def _short_issuer(issuer: str) -> str:
    """The common name, else the organization, of RFC 4514 text."""
    found = _COMMON_NAME.search(issuer) or _ORGANIZATION.search(issuer)
    return re.sub(r"\\(.)", r"\1", found[1]) if found else issuer


def _find_ports(row: Mapping[str, Any], ports: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """What is live has ports to be served at; anything else only those that show it."""
    is_live = row["source"] == "store" and row["state"] != "pending"
    return [
        port
        for port in ports
        if (is_live and port["certificate"] == row["name"])
        or (port["fingerprint_sha256"] is not None and port["fingerprint_sha256"] == row["fingerprint_sha256"])
    ]


def _served(ports: Sequence[Mapping[str, Any]]) -> str:
    for port in ports:
        if port["state"] != "served":
            return f"no: {port['state']}"
        if port["is_live"] is False:
            return f"no: {_names(port['names']) or 'another'}"
    return "yes" if ports else _NONE


def _place(port: Mapping[str, Any]) -> str:
    address = f"[{port['address']}]" if ":" in port["address"] else port["address"]
    return f"{address}:{port['port']}"


def _render(headings: Sequence[str], lines: Iterable[Line], *, width: int) -> list[str]:
    ordered = sorted(lines, key=lambda line: line.rank)
    rows = [headings, *([printable(cell) for cell in line.cells] for line in ordered)]
    widths = _fit({heading: max(len(row[place]) for row in rows) for place, heading in enumerate(headings)}, width)
    return [_GAP.join(_cut(cell, size) for cell, size in zip(row, widths, strict=True)).rstrip() for row in rows]


def _fit(widths: dict[str, int], width: int) -> list[int]:
    """The widest column gives way first, as long as there is something to read in it."""
    room = width - len(_GAP) * (len(widths) - 1)
    while sum(widths.values()) > room:
        widest = max((heading for heading in widths if heading not in _UNCUT), key=lambda heading: widths[heading])
        if widths[widest] <= _LEAST_WIDTH:
            break
        widths[widest] -= 1
    return list(widths.values())


def _cut(cell: str, width: int) -> str:
    return cell.ljust(width) if len(cell) <= width else cell[: width - 1] + "…"
