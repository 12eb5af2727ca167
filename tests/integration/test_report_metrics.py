# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a report writes for Prometheus, and the example alerts on it, by Prometheus's own program."""

from __future__ import annotations

import re
import subprocess
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.declared import Declared
from ansible_collections.certwright.tls.plugins.plugin_utils._core.finding import View
from ansible_collections.certwright.tls.plugins.plugin_utils._core.fleet_metrics import render_metrics
from ansible_collections.certwright.tls.plugins.plugin_utils._core.fleet_report import (
    FleetView,
    HostFound,
    report_fleet,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.question import Question
from ansible_collections.certwright.tls.plugins.plugin_utils._core.survey import report_survey
from ansible_collections.certwright.tls.tests.integration.servers import find_program
from ansible_collections.certwright.tls.tests.unit.authority import NOW, ca
from ansible_collections.certwright.tls.tests.unit.survey_answers import answer, file, generation, served

EXAMPLES = Path(__file__).parents[2] / "examples" / "prometheus"
# A name in the store, a path and a host that would each write a line of its own.
HOSTILE = 'a"} 1\nevil{x="\\'
CA = ca()
LEAF, OTHER = CA.issue("a.example"), CA.issue("b.example")


@pytest.fixture(scope="module")
def promtool() -> str:
    found = find_program("promtool")
    if found is None:
        pytest.fail("promtool is needed: apt-get install --no-install-recommends prometheus")
    return str(found)


def run(*command: str, given: str = "") -> str:
    done = subprocess.run(
        command, input=given, check=False, capture_output=True, text=True, timeout=60, cwd=EXAMPLES, encoding="utf-8"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def find(**words: Any) -> dict[str, Any]:
    return report_survey(answer(CA, LEAF, OTHER, **words), Question(), View(NOW, ()))


def make_metrics() -> str:
    """Of every kind: live and served, unknown in a file, missing, in vain, not reached, not asked."""
    record = {"issuer": "https://ca.example/directory", "services": [{"name": "nginx", "probes": [{"port": 443}]}]}
    failure = {
        **dict.fromkeys(("first", "last", "next_try"), "2026-11-20T00:00:00Z"),
        "code": "caa",
        "message": HOSTILE,
        "tries": 2,
        "kind": "permanent",
    }
    found = find(
        certificates={HOSTILE: {"live": generation(1, LEAF, **record)}},
        served=[served(443, OTHER, (HOSTILE, "nginx"))],
        files=[file(f"/etc/{HOSTILE}", LEAF, OTHER), file(f"/{HOSTILE}", fact="is not there")],
        memories={"api": {"failure": failure}, HOSTILE: {"failure": failure}},
    )
    declared = (Declared(HOSTILE, "acme", ("a.example",), HOSTILE), Declared("api", "acme", ("b.example",)))
    hosts = [
        HostFound(f"web1{HOSTILE}", found, declared),
        HostFound(f"web2{HOSTILE}", {"unreachable": True}),
        HostFound("web3", {"failed": True, "msg": HOSTILE}),
    ]
    return render_metrics(report_fleet(hosts, FleetView(datetime(2026, 12, 1, tzinfo=timezone.utc))))


def test_prometheus_takes_every_line_whatever_stands_in_names(promtool: str) -> None:
    text = make_metrics()
    assert run(promtool, "check", "metrics", given=text) == ""
    names = {re.match(r"certwright_\w+", line)[0] for line in text.splitlines() if not line.startswith("#")}  # type: ignore[index]
    assert len(names) == 14
    assert "\nevil" not in text


def test_the_check_finds_what_is_wrong(promtool: str) -> None:
    with pytest.raises(AssertionError, match="text format parsing error"):
        run(promtool, "check", "metrics", given=make_metrics().replace("\\", ""))


def test_prometheus_takes_the_example_alerts_and_they_fire_when_they_should(promtool: str) -> None:
    assert "SUCCESS: 9 rules found" in run(promtool, "check", "rules", "certwright-rules.yml")
    assert "SUCCESS" in run(promtool, "test", "rules", "certwright-rules.test.yml")


def test_each_alert_is_about_something_that_a_report_writes_and_is_tried() -> None:
    rules, tried = (EXAMPLES / name for name in ("certwright-rules.yml", "certwright-rules.test.yml"))
    asked = set(re.findall(r"\bcertwright_\w+", rules.read_text("utf-8")))
    assert asked <= set(re.findall(r"# TYPE (\w+)", make_metrics()))
    alerts = re.findall(r"- alert: (\w+)", rules.read_text("utf-8"))
    assert alerts
    assert set(alerts) == set(re.findall(r"alertname: (\w+)", tried.read_text("utf-8")))
