# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What proves a name by dns-01: one value in the set of TXT values at a name, and who adds and removes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class TxtRecord:
    """One value of a set that may hold others, ours and foreign ones; the name has no final dot."""

    name: str
    value: str


class Solver(Protocol):
    """Both raise AcmeProblem, and both may be said twice."""

    def present(self, record: TxtRecord) -> None:
        """The value is in the set; the others stay."""

    def clean_up(self, record: TxtRecord) -> None:
        """The value is not in the set; the others stay, and what was not there is no error."""


def challenge_name(name: str) -> str:
    """Where a CA looks (RFC 8555 8.4). A wildcard and its domain share it: the set has a value for each."""
    return f"_acme-challenge.{name.removeprefix('*.')}"
