# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""For what a report calls somebody."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.fleet_faults import LEVELS, find_faults
from ansible_collections.certwright.tls.plugins.plugin_utils._core.renewal_mail import plan_letters

NOW = datetime(2026, 12, 1, 13, tzinfo=timezone.utc)


def row(urgency: str, *messages: str) -> dict[str, Any]:
    problems = [{"code": urgency, "message": message} for message in messages]
    return {"host": "h", "certificate": urgency, "urgency": urgency, "problems": problems}


def problem(code: str) -> dict[str, str]:
    return {"host": "h", "subject": "/p", "code": code, "message": f"it is {code}"}


REPORT = {
    "certificates": [row(urgency, "a", "b") for urgency in ("expired", "problem", "missing", "due", "unmanaged", "ok")],
    "problems": [problem(code) for code in ("inventory_invalid", "keystore_unread")],
    "unreachable": ["gone"],
}
CALLED = {
    "never": ([], [], []),
    "expired": (["expired"], [], []),
    "problem": (["expired"], ["problem", "missing", "/p"], ["gone"]),
    "due": (["expired"], ["problem", "missing", "due", "/p"], ["gone"]),
}


@pytest.mark.parametrize("level", LEVELS)
def test_each_level_calls_for_more(level: str) -> None:
    found = find_faults(REPORT, level)
    named = [[item["certificate"] for item in found[word]] for word in ("expired", "failed")]
    assert (*named, found["unreachable"]) == CALLED[level]


def test_what_somebody_is_called_for_is_said() -> None:
    assert find_faults(REPORT, "expired")["expired"] == [{"host": "h", "certificate": "expired", "message": "a; b"}]


def test_a_level_that_is_none_is_refused() -> None:
    with pytest.raises(RefusedError) as error:
        find_faults(REPORT, "always")
    assert [item.code for item in error.value.problems] == ["level_invalid"]


def test_it_is_mailed_as_a_report() -> None:
    letters, untold = plan_letters(find_faults(REPORT, "expired"), fallback="it@example.org", say="always", now=NOW)
    assert [(letter.to, letter.subject) for letter in letters] == [("it@example.org", "TLS certificates: 1 expired")]
    assert letters[0].text == "What was found of TLS certificates:\n\n- h expired: a; b\n"
    assert untold == ()
