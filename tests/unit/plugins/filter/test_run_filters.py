# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filters that put a run of installation together."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.certwright.tls.plugins.filter import (
    fleet_report,
    fleet_work,
    pending_hosts,
    run_faults,
    run_report,
    run_table,
    stopped_by,
)

WORDS = {
    "due": "looked",
    "ordered": "ordered",
    "requested": "requested",
    "stored": "stored",
    "activated": "activated",
    "permission": "permitted",
}
SKIPPED = {"skipped": True, "changed": False}


def outcomes(word: str, **words: Any) -> dict[str, Any]:
    return {"outcomes": {"www": {"outcome": word, "changed": False, "pending": False, **words}}}


STAGED = outcomes("staged", changed=True, pending=True)


def test_the_orders_know_more_than_the_look_unless_nothing_was_to_be_ordered() -> None:
    due = outcomes("planned", changed=True)
    hosts = {
        "a": {"looked": due, "ordered": STAGED},
        "b": {"looked": due, "ordered": SKIPPED, "permitted": {"held": {"b": ["www"]}}},
    }
    report = run_report.run_report(hosts, WORDS)
    assert [row["host"] for row in report["pending"]] == ["a"]
    assert [row["code"] for row in report["deferred"]] == ["orders_held"]


def test_a_ca_that_could_not_be_read_is_told_by_the_host_that_asked_it() -> None:
    silent = {"unanswered": [{"issuer": "office", "code": "ca_silent", "message": "no answer"}]}
    hosts = {"a": {"requested": {**outcomes("unchanged"), **silent}}, "b": {"stored": STAGED}}
    report = run_report.run_report(hosts, WORDS, stopped_by=["b"])
    assert [(row["host"], row["code"]) for row in report["failed"]] == [("a", "ca_silent")]
    assert run_table.run_table(report)[-1].startswith("The rollout stopped after the batch of b")


def test_a_step_that_nobody_takes_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match="not renewed"):
        run_report.run_report({"a": {}}, {"renewed": "x"})


def test_hosts_stop_a_rollout_by_what_they_activated_or_when_told_by_their_silence() -> None:
    hosts = {"a": {"activated": outcomes("rolled_back")}, "b": {"stored": {"unreachable": True}}}
    assert stopped_by.stopped_by(hosts, WORDS) == ["a"]
    for said, expected in ((True, ["a", "b"]), ("true", ["a", "b"]), ("false", ["a"]), ("", ["a"])):
        assert stopped_by.stopped_by(hosts, WORDS, unreachable=said) == expected
    faults = {"c": {"activated": {"failed": True, **outcomes("failed")}}}
    assert (stopped_by.stopped_by(faults, WORDS), stopped_by.stopped_by(faults, WORDS, failed=True)) == ([], ["c"])


def test_only_hosts_on_which_something_waits_are_activated() -> None:
    assert pending_hosts.pending_hosts({"a": {"stored": STAGED}, "b": {"stored": outcomes("unchanged")}}, WORDS) == [
        "a"
    ]


def test_hosts_are_sorted_by_what_their_inventory_wants() -> None:
    issuers = {
        "ca": {"type": "acme", "terms_agreed": True},
        "office": {"type": "internal_ca", "host": "ca01", "path": "/srv/ca", "fingerprint": "sha256:" + "0" * 64},
    }
    signed = {"tls_issuers": issuers, "tls_certificates": {"db": {"issuer": "office", "names": ["db.example.org"]}}}
    ordered = {"tls_issuers": issuers, "tls_certificates": {"www": {"issuer": "ca", "names": ["www.example.org"]}}}
    untold = {"tls_default_domain": "{{ of_nobody }}"}
    hosts = {"db": signed, "www": ordered, "none": {}, "faulty": {"tls_domains": 7}, "untold": untold}
    assert fleet_work.fleet_work(hosts) == {
        "ordered": ["www"],
        "signed": ["db"],
        "stored": ["none"],
        "together": ["faulty", "untold"],
        "shared": ["faulty", "untold"],
    }
    assert fleet_work.fleet_work({"db": signed}, together=True)["together"] == ["db"]


class Broken(dict[str, Any]):
    """As the variables of a host of which a template divides by nought."""

    def __getitem__(self, key: str) -> Any:
        raise ZeroDivisionError


def test_one_host_that_cannot_be_read_keeps_no_other_from_its_own() -> None:
    broken = Broken(tls_system=None)
    work = fleet_work.fleet_work({"broken": broken, "none": {}})
    assert (work["stored"], work["together"]) == (["none"], ["broken"])
    report = fleet_report.fleet_report({"broken": broken, "none": {}}, "found")
    assert "inventory_invalid" in [problem["code"] for problem in report["problems"]]


def test_a_nested_text_that_was_not_templated_is_found() -> None:
    entry = {"issuer": "ca", "names": ["www.example.org"], "services": [{"custom": {"hint": "{{ x }}"}}]}
    hosts = {"a": {"tls_certificates": {"www": entry}}}
    assert fleet_work.fleet_work(hosts)["together"] == ["a"]


def test_a_host_fails_for_its_faults() -> None:
    faults = run_faults.run_faults({"unreachable": [], "failed": [{"host": "a", "message": "why"}]})
    assert faults == {"a": "a: why"}


@pytest.mark.parametrize("limits", [{}, {"fail_below": "", "missed": ""}, {"fail_below": None, "missed": None}])
def test_limits_may_be_texts_as_a_command_line_has_them_and_empty_is_the_default(limits: dict[str, Any]) -> None:
    failure = {"at": "2026-11-30T00:00:00Z", "code": "x", "message": "no", "tries": 3, "heals": True}
    never = {"name": "api", "last_failure": failure, "next_try": ""}
    found = {"certificates": [], "ports": [], "problems": [], "unissued": [never]}
    issuers = {"ca": {"type": "acme", "terms_agreed": True, "email": "it@example.org"}}
    certificates = {"api": {"issuer": "ca", "names": ["api.example.org"], "challenge": {"type": "http-01", "port": 80}}}
    host = {"found": found, "tls_issuers": issuers, "tls_host_certificates": certificates}

    def find_codes(**words: Any) -> list[str]:
        (row,) = fleet_report.fleet_report({"web1": host}, "found", **words)["certificates"]
        return [problem["code"] for problem in row["problems"]]

    assert find_codes(**limits) == ["missing"]
    for wrong in ({"missed": "0"}, {"missed": "often"}, {"fail_below": "2"}, {"fail_below": "a third"}):
        with pytest.raises(AnsibleFilterError, match=f"is `{next(iter(wrong.values()))}`; it must be"):
            find_codes(**wrong)
    assert find_codes(missed="3", fail_below="0.5") == ["missing", "renewal_failed"]
