# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filters that put a run of installation together."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.certwright.tls.plugins.filter import run_report as report_filter
from ansible_collections.certwright.tls.plugins.filter import run_table as table_filter
from ansible_collections.certwright.tls.plugins.filter import stopped_by as stopped_filter

SKIPPED = {"skipped": True, "changed": False}


def outcomes(word: str, **words: Any) -> dict[str, Any]:
    return {"outcomes": {"www": {"outcome": word, "changed": False, "pending": False, **words}}}


def test_the_orders_know_more_than_the_look_unless_nothing_was_to_be_ordered() -> None:
    due = {host: outcomes("planned", changed=True) for host in ("a", "b")}
    ordered = {"a": outcomes("staged", changed=True, pending=True), "b": SKIPPED}
    permission = {"held": {"b": ["www"]}}
    report = report_filter.run_report(["a", "b"], due=due, ordered=ordered, permission=permission)
    assert [row["host"] for row in report["pending"]] == ["a"]
    assert [row["code"] for row in report["deferred"]] == ["orders_held"]


def test_what_was_found_over_all_hosts_is_told_where_it_belongs() -> None:
    faults = [{"host": "a", "code": "ca_silent", "message": "office did not answer"}]
    stored = {"a": outcomes("unchanged"), "b": outcomes("staged", changed=True, pending=True)}
    report = report_filter.run_report(["a", "b"], stored=stored, faults=faults, stopped_by=["b"])
    assert [(row["host"], row["code"]) for row in report["failed"]] == [("a", "ca_silent")]
    assert table_filter.run_table(report)[-1].startswith("The rollout stopped after the batch of b")


def test_a_step_that_nobody_takes_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match="not renewed"):
        report_filter.run_report(["a"], renewed={})


def test_hosts_stop_a_rollout_by_what_they_activated() -> None:
    assert stopped_filter.stopped_by(["a", "b"], activated={"a": outcomes("rolled_back")}) == ["a"]


def test_a_host_that_was_not_reached_stops_them_when_told() -> None:
    stored = [{"a": {"unreachable": True}}, {}]
    assert stopped_filter.stopped_by(["a"], stored=stored, unreachable=True) == ["a"]
    assert stopped_filter.stopped_by(["a"], stored=stored) == []
