# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of a run, letter by letter."""

from __future__ import annotations

from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.renewal_table import draw_renewals, render_renewals

END = "2027-01-19T00:00:00Z"
NOT_BEGUN = "the rollout had stopped before it was begun; what waits on it is taken up by the next run"


def report(**words: Any) -> dict[str, Any]:
    lists = (
        "renewed",
        "activated",
        "not_due",
        "deferred",
        "failed",
        "expired",
        "pending",
        "ends_soon",
        "unreachable",
        "stopped_by",
        "warnings",
    )
    return {"check": False, "next_run_needed": "", **{word: [] for word in lists}, **words}


def row(certificate: str, host: str = "web1", **words: str) -> dict[str, Any]:
    return {"host": host, "certificate": certificate, **words}


def test_the_worst_comes_first_and_what_is_not_due_takes_one_line_a_host() -> None:
    told = report(
        next_run_needed="2026-12-30T00:00:00Z",
        unreachable=["gone"],
        expired=[row("old", message="the CA says no", until="2026-11-23T00:00:00Z", not_after="2026-11-20T00:00:00Z")],
        failed=[{"host": "web2", "message": "failed before it was asked"}],
        deferred=[row("busy", message="429")],
        renewed=[row("new", message="A third is left", until="2026-12-20T04:11:00Z", not_after=END)],
        pending=[row("new")],
        ends_soon=[row("bought", not_after="2026-12-01T00:00:00Z", days_left=9)],
        not_due=[
            row("a", until="2026-12-21T00:00:00Z", not_after=END),
            row("b", until="2026-12-20T00:00:00Z", not_after=END),
            row("c", "web2", until="2026-12-22T00:00:00Z"),
        ],
    )
    expected = [
        "HOST  CERTIFICATE     STATE               UNTIL                 ENDS                  WHY",
        "gone                  unreachable",
        "web1  old             expired             2026-11-23 00:00 UTC  2026-11-20 00:00 UTC  the CA says no",
        "web2                  failed                                                          failed before it…",
        "web1  busy            deferred                                                        429",
        "web1  new             renewed             2026-12-20 04:11 UTC  2027-01-19 00:00 UTC  A third is left",
        "web1  bought          ends soon                                 2026-12-01 00:00 UTC  9 days are left,…",
        "web1  new             pending activation                                              it is issued, an…",
        "web1  2 certificates  not due             2026-12-20 00:00 UTC  2027-01-19 00:00 UTC",
        "web2  c               not due             2026-12-22 00:00 UTC",
    ]
    count, *lines = render_renewals(told, width=103)
    assert expected == lines
    counts = "renewed 1, not due 3, deferred 1, failed 1, expired 1, pending activation 1, ends soon 1, unreachable 1"
    assert count == f"{counts}; the next run is needed by 2026-12-30 00:00 UTC"
    tones = [line.tone for line in draw_renewals(told)]
    assert tones == ["bad", "plain", "bad", "bad", "bad", "late", "well", "late", "late", "plain", "plain"]


def test_a_run_without_certificates_has_one_line() -> None:
    assert len(render_renewals(report())) == 1


def test_in_check_mode_nothing_is_said_to_be_done() -> None:
    count, _headings, line = render_renewals(report(check=True, renewed=[row("a", message="missing")]))
    assert count.startswith("would be renewed 1, not due 0")
    assert line == "web1  a            would be renewed               missing"


def test_only_the_last_column_is_cut_and_no_host_writes_on_the_terminal() -> None:
    lines = render_renewals(report(failed=[row("a" * 30, message="x" * 100 + "\x1b[2J")]), width=70)
    assert [len(line) for line in lines[1:]] == [62, 70]
    assert lines[2].endswith("x…")


def test_the_second_half_alone_says_what_was_activated_who_stopped_it_and_who_was_not_begun() -> None:
    told = report(
        activated=[row("a", message="an earlier run had stored it")],
        failed=[row("b", "web2", message="the port shows another one")],
        pending=[row("b", "web2"), {"host": "web3"}],
        stopped_by=["web2"],
    )
    count, _headings, *lines = render_renewals(told)
    assert count.startswith("renewed 0, activated 1, not due 0, ")
    assert [" ".join(line.split()) for line in lines] == [
        "web2 b failed the port shows another one",
        "web1 a activated an earlier run had stored it",
        "web2 b pending activation it is issued, and its services do not have it yet; the next run goes on",
        f"web3 pending activation {NOT_BEGUN}",
        "The rollout stopped after the batch of web2; mend what is said above, and run again",
    ]


def test_what_is_of_no_certificate_alone_comes_last() -> None:
    (line,) = render_renewals(report(warnings=["run it more often\x1b[2J"]))[1:]
    assert line.startswith("run it more often")
    assert "\x1b" not in line
