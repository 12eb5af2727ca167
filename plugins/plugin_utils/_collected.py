# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The certificates of one task as they are read, each by itself: what is wrong with one is not told of the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.plan import Plan
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Problem

REFUSE_ALL, SKIP = "refuse_all", "skip"


class Named(Protocol):
    @property
    def name(self) -> str:
        """In the store."""


WishT = TypeVar("WishT", bound=Named)


class Collected(Generic[WishT]):
    """`wishes` by name in the store, and the `problems` of those that cannot be wished for."""

    def __init__(self) -> None:
        self.wishes: dict[str, WishT] = {}
        self.problems: dict[str, tuple[Problem, ...]] = {}

    def add(self, read: Callable[[], WishT]) -> None:
        """What `read` returns, or everything that it refuses. A second one of a name takes the first away too."""
        try:
            wish = read()
            self.require_new(wish.name)
            self.wishes[wish.name] = wish
        except RefusedError as error:
            for problem in error.problems:
                self.wishes.pop(problem.certificate, None)
                self.problems[problem.certificate] = (*self.problems.get(problem.certificate, ()), problem)

    def require_new(self, name: str) -> None:
        if name in self.wishes or name in self.problems:
            fact = f"{name} is there twice; a certificate has one place in the store, so say everything of it once"
            raise RefusedError.from_problems([Problem(name, "name_used_twice", fact)])

    @property
    def all_problems(self) -> tuple[Problem, ...]:
        return tuple(problem for found in self.problems.values() for problem in found)

    def refuse(self, on_problem: str) -> tuple[Plan, ...]:
        """The plans of those that are left out. Raises RefusedError where one of them refuses all."""
        if self.problems and on_problem == REFUSE_ALL:
            raise RefusedError.from_problems(self.all_problems)
        return tuple(Plan(name, problems=found) for name, found in self.problems.items())
