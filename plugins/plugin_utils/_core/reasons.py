# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every verdict of the core carries: a stable code for programs and a sentence for people."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reason:
    """Why a host is changed. Codes are snake_case, documented in RETURN and never renamed."""

    code: str
    message: str


@dataclass(frozen=True)
class Problem:
    """Why a certificate is refused: the certificate's name in the store, the fact, and the way out."""

    certificate: str
    code: str
    message: str


@dataclass(frozen=True)
class Notice:
    """What the operator should know although nothing is refused; shown as a warning."""

    code: str
    message: str
