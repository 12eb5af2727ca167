# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError, TlsError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Problem
from ansible_collections.certwright.tls.plugins.plugin_utils._core.report import report_problems

EXPIRED = Problem("web", "expired", "the certificate expired")
MISSING = Problem("mail", "name_missing", "mail.example is not covered")


@pytest.mark.parametrize(
    ("problems", "text"),
    [
        pytest.param((EXPIRED,), "web: the certificate expired", id="one stands alone"),
        pytest.param(
            (EXPIRED, MISSING),
            "2 problems. web: the certificate expired\nmail: mail.example is not covered",
            id="the first line of several says how many",
        ),
    ],
)
def test_all_problems_are_told_together(problems: tuple[Problem, ...], text: str) -> None:
    error = RefusedError.from_problems(iter(problems))

    assert text == str(error)
    assert problems == error.problems
    assert isinstance(error, TlsError)
    assert text == report_problems(problems)["msg"]
