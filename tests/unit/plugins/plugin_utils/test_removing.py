# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The end of a whole host: against a host that is a dictionary."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._convergence import ChangedUnderneath
from ansible_collections.certwright.tls.plugins.plugin_utils._removing import read_removals, remove

NOW = datetime(2026, 11, 21, tzinfo=timezone.utc)
ARGUMENTS = {
    "step": "finish",
    "revocations": [],
    "purge": False,
    "compromised_again": False,
    "compromised": False,
    "everything": True,
    "accept": [],
    "members": {},
    "names": [],
    "among_hosts": False,
    "on_problem": "refuse_all",
    "revoke": False,
    "reason": "cessation_of_operation",
}


class EmptyHost:
    """Nothing is left in its store; `answer` is what ending it says."""

    run = "job 7"

    def __init__(self, **answer: Any) -> None:
        self.answer = answer

    def observe(self, _certificates: list[Any], **_words: Any) -> dict[str, Any]:
        return {"exists": True, "journal": None, "services": {}, "certificates": {}}

    def apply(self, _certificates: list[Any], *, dissolve: dict[str, Any]) -> dict[str, Any]:
        return {"outcomes": [], **self.answer}


def end(host: Any) -> tuple[str, ...]:
    task = read_removals(ARGUMENTS, [], run="job 7", check_mode=False)
    return tuple(item["outcome"] for item in remove(host, task, now=NOW, check_mode=False).outcomes)


def test_the_store_goes_last() -> None:
    assert end(EmptyHost(changed_underneath=False, dissolved=True, left=[])) == ("removed",)


def test_an_interrupted_run_in_between_is_told() -> None:
    with pytest.raises(ChangedUnderneath, match="run again"):
        end(EmptyHost(changed_underneath=True))
