# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows as aligned text for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ansible_collections.certwright.tls.plugins.plugin_utils._core.extensions import printable

WIDTH = 160
_GAP = "  "
# What a line is, for a terminal that has colours.
BAD, LATE, ODD, WELL, PLAIN = "bad", "late", "odd", "well", "plain"


_WORST = (BAD, LATE, ODD)
# Its tone, and its cells.
Row = tuple[str, tuple[str, ...]]


@dataclass(frozen=True)
class Line:
    text: str
    tone: str = PLAIN


def draw(count: str, headings: Sequence[str], rows: Sequence[Row], *, width: int) -> list[Line]:
    """The line of counts alone where there is no row. It has the tone of the worst, and is well without any."""
    tones = [tone for tone, _cells in rows]
    first = Line(count, next((tone for tone in _WORST if tone in tones), WELL))
    if not rows:
        return [first]
    title, *texts = align([headings, *([printable(cell) for cell in cells] for _tone, cells in rows)], width=width)
    return [first, Line(title), *(Line(text, tone) for text, tone in zip(texts, tones, strict=True))]


def align(rows: Sequence[Sequence[str]], *, width: int) -> list[str]:
    """The first row are the headings. Only the last column is cut: the others are what one looks for."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]) - 1)]
    room = max(width - sum(widths) - len(_GAP) * len(widths), len(rows[0][-1]))
    return [
        _GAP.join(
            [*(cell.ljust(size) for cell, size in zip(row[:-1], widths, strict=True)), _cut(row[-1], room)]
        ).rstrip()
        for row in rows
    ]


def _cut(cell: str, width: int) -> str:
    return cell if len(cell) <= width else f"{cell[: width - 1]}…"
