# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one small error tree; it is translated to a failed result in exactly one place."""

from __future__ import annotations

from collections.abc import Iterable

from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Problem


class TlsError(Exception):
    """Everything this collection refuses on purpose; anything else is a bug and stays a traceback."""


class RefusedError(TlsError):
    """All problems of all certificates, found before a host was changed."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(_summary(problems))
        self.problems = problems

    @classmethod
    def from_problems(cls, problems: Iterable[Problem]) -> RefusedError:
        return cls(tuple(problems))


def _summary(problems: tuple[Problem, ...]) -> str:
    """The first line stands alone: it is all that some callbacks show."""
    lines = [f"{problem.certificate}: {problem.message}" for problem in problems]
    if len(lines) == 1:
        return lines[0]
    return "\n".join([f"{len(lines)} problems. {lines[0]}", *lines[1:]])
