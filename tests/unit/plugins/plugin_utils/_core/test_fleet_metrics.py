# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A report as text for Prometheus; that its own program takes it is tried in the integration tests."""

from __future__ import annotations

from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.fleet_metrics import render_metrics

LIVE = 'host="web1",certificate="web",source="store",state="live"'


def row(**words: Any) -> dict[str, Any]:
    return {
        "host": "web1",
        "certificate": "web",
        "source": "store",
        "state": "live",
        "engine": "acme",
        "issuer_name": "le",
        "urgency": "ok",
        "not_after": "1970-01-01T00:01:40Z",
        "life_left": 0.25,
        "next_renewal": "",
        "last_failure": None,
        "ports": [],
        "problems": [],
        **words,
    }


def report(*rows: dict[str, Any], **words: Any) -> dict[str, Any]:
    return {
        "generated": "1970-01-01T00:00:01Z",
        "hosts": 2,
        "counts": {"expired": 0, "ok": len(rows)},
        "certificates": list(rows),
        "problems": [],
        "unreachable": [],
        **words,
    }


def samples(told: dict[str, Any], name: str = "") -> list[str]:
    """Without the help and the types."""
    lines = render_metrics(told).splitlines()
    return [line for line in lines if line.startswith(f"certwright_{name}")]


def port(state: str = "served", *, is_live: bool | None = True) -> dict[str, Any]:
    return {"state": state, "is_live": is_live}


def test_a_fleet_is_counted_and_what_is_not_known_is_left_out() -> None:
    assert samples(report(row())) == [
        "certwright_report_timestamp_seconds 1",
        "certwright_hosts 2",
        "certwright_hosts_unreachable 0",
        'certwright_certificates{urgency="expired"} 0',
        'certwright_certificates{urgency="ok"} 1',
        f"certwright_certificate_not_after_timestamp_seconds{{{LIVE}}} 100",
        f"certwright_certificate_life_left_ratio{{{LIVE}}} 0.25",
        f'certwright_certificate_info{{{LIVE},engine="acme",issuer="le",urgency="ok"}} 1',
    ]


def test_each_family_says_what_it_is_before_its_first_line() -> None:
    lines = render_metrics(report(row())).splitlines()
    assert lines[:3] == [
        "# HELP certwright_report_timestamp_seconds When the report was put together.",
        "# TYPE certwright_report_timestamp_seconds gauge",
        "certwright_report_timestamp_seconds 1",
    ]
    assert not any("served" in line for line in lines)


def test_problems_failures_and_renewals_are_told_of_each_certificate() -> None:
    failure = {"at": "1970-01-01T00:00:50Z", "tries": 3, "code": "caa", "message": "no"}
    problems = [{"code": code, "message": "why"} for code in ("due", "due", "ends_soon")]
    told = report(row(last_failure=failure, next_renewal="1970-01-01T00:00:10Z", problems=problems))
    assert samples(told, "certificate_")[2:-1] == [
        f"certwright_certificate_renewal_timestamp_seconds{{{LIVE}}} 10",
        f"certwright_certificate_failed_tries{{{LIVE}}} 3",
        f"certwright_certificate_last_failure_timestamp_seconds{{{LIVE}}} 50",
        f'certwright_certificate_problem{{{LIVE},code="due"}} 1',
        f'certwright_certificate_problem{{{LIVE},code="ends_soon"}} 1',
    ]


def test_one_port_that_shows_something_else_is_enough() -> None:
    for ports, value in (
        ([port()], 1),
        ([port(is_live=None)], 1),
        ([port(), port(is_live=False)], 0),
        ([port("silent")], 0),
    ):
        assert samples(report(row(ports=ports)), "certificate_served") == [
            f"certwright_certificate_served{{{LIVE}}} {value}"
        ]


def test_hosts_that_are_not_known_are_told() -> None:
    problem = {"host": "web2", "subject": "/a", "code": "file_unreadable", "message": "why"}
    told = report(problems=[problem, {**problem, "subject": "/b"}], unreachable=["web3"])
    assert samples(told, "host_") == [
        'certwright_host_unreachable{host="web3"} 1',
        'certwright_host_problems{host="web2",code="file_unreadable"} 2',
    ]


def test_several_certificates_of_one_file_are_one_line_with_the_worst_of_them() -> None:
    file = {"source": "file", "certificate": "/x.pem", "state": None}
    told = report(row(**file, life_left=0.5, urgency="due"), row(**file, life_left=0.1), row(**file, life_left=None))
    labels = 'host="web1",certificate="/x.pem",source="file",state=""'
    assert samples(told, "certificate_life") == [f"certwright_certificate_life_left_ratio{{{labels}}} 0.1"]
    assert samples(told, "certificate_info") == [
        f'certwright_certificate_info{{{labels},engine="acme",issuer="le",urgency="due"}} 1'
    ]


def test_no_name_ends_its_label_or_its_line() -> None:
    told = report(row(certificate='a"} 1\nevil{x="\\', host="w\u2028\ud800"))
    (line,) = samples(told, "certificate_life")
    assert 'host="w\\\\u2028\\\\ud800",certificate="a\\"} 1\\\\nevil{x=\\"\\\\",' in line
    assert line.encode("utf-8")
