# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A CA's task that failed: when it did, and what is told of it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.ca_failure import (
    explain_failure,
    find_failures,
    has_failed,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Reason


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param({"failed": True}, True, id="it failed"),
        pytest.param({"failed": True, "unreachable": True}, False, id="it was not reached"),
        pytest.param({"ca_id": "ca"}, False, id="it answered"),
    ],
)
def test_a_ca_that_was_not_reached_has_not_failed(answer: dict[str, Any], expected: bool) -> None:
    assert expected == has_failed(answer)


DAMAGED = {"certificate": "/srv/ca", "code": "ca_damaged", "message": "entry 7"}
OPEN = {"certificate": "/srv/ca", "code": "ca_open", "message": "0755"}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param({"problems": [DAMAGED, OPEN]}, Reason("ca_damaged", "/srv/ca: entry 7; /srv/ca: 0755"), id="why"),
        pytest.param({"problems": [], "msg": "no Python"}, Reason("failed", "no Python"), id="no code"),
        pytest.param({}, Reason("failed", "it failed without a word"), id="no word"),
    ],
)
def test_a_failure_has_the_code_of_its_first_problem(answer: dict[str, Any], expected: Reason) -> None:
    assert expected == explain_failure({"failed": True, **answer})


def test_each_problem_of_a_failure_is_told() -> None:
    assert [reason.code for reason in find_failures({"failed": True, "problems": [DAMAGED, OPEN]})] == [
        "ca_damaged",
        "ca_open",
    ]
    assert find_failures({"problems": [DAMAGED]}) == ()
