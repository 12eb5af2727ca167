# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of an installation, letter by letter."""

from __future__ import annotations

from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.run_table import draw_run, render_run


def report(**words: Any) -> dict[str, Any]:
    lists = (
        "changed",
        "unchanged",
        "pending",
        "deferred",
        "held_back",
        "failed",
        "unmanaged",
        "unreachable",
        "unknown",
        "stopped_by",
    )
    return {"check": False, **{word: [] for word in lists}, **words}


def row(certificate: str, host: str = "web1", **words: Any) -> dict[str, Any]:
    return {"host": host, "certificate": certificate, **words}


def test_the_worst_comes_first_and_what_is_unchanged_is_only_counted() -> None:
    told = report(
        unreachable=["gone"],
        failed=[row("a", outcome="rolled_back", message="nginx\nsays no"), {"host": "web2", "message": "a fault"}],
        held_back=[row("b", message="another one")],
        deferred=[row("c", outcome="deferred", message="429")],
        pending=[row("d", outcome="staged", message="stopped")],
        changed=[row("e", outcome="activated", services=["nginx", "dovecot"], message="a name is missing on it")],
        unchanged=[row("f")] * 7,
        unmanaged=[row("g")],
        stopped_by=["web1"],
    )
    assert render_run(told, width=70) == [
        "changed 1, unchanged 7, pending 1, deferred 1, held back 1, failed 2, unmanaged 1, unreachable 1",
        "HOST  CERTIFICATE  STATE        SERVICES        WHY",
        "gone               unreachable                  nothing is known of i…",
        "web1  a            rolled back                  nginx says no",
        "web2               failed                       a fault",
        "web1  b            held back                    another one",
        "web1  c            deferred                     429",
        "web1  d            pending                      stopped",
        "web1  e            activated    nginx, dovecot  a name is missing on …",
        "web1  g            unmanaged                    the inventory does no…",
        "The rollout stopped after the batch of web1; mend what is said above, and run again",
    ]
    tones = [line.tone for line in draw_run(told)]
    assert tones == ["bad", "plain", "bad", "bad", "bad", "late", "late", "late", "well", "odd", "late"]


def test_a_fleet_on_which_all_is_well_takes_one_line() -> None:
    (line,) = draw_run(report(unchanged=[row("a")]))
    assert line.tone == "well"


def test_a_name_that_nobody_knows_is_said_below() -> None:
    last = draw_run(report(unchanged=[row("a")], unknown=["shpo", "old"]))[-1]
    fact = "No host that was asked has a certificate shpo, old; correct the name in tls_remove or tls_compromised"
    assert (last.text, last.tone) == (fact, "late")


def test_who_was_not_asked_may_have_it() -> None:
    told = report(unknown=["old"], unreachable=["gone"], failed=[{"host": "web2", "message": "a template"}, row("a")])
    fact = "No host that was asked has a certificate old, and gone, web2 could not be asked"
    assert draw_run(told)[-1].text == fact


def test_a_check_says_what_would_change() -> None:
    lines = render_run(report(check=True, changed=[row("a", outcome="planned", message="why")]))
    assert (lines[0].partition(",")[0], lines[2]) == (
        "would change 1",
        "web1  a            would change            why",
    )
