# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""kill -9 before and after every operation of a transaction: nothing is lost, and the next run recovers."""

from __future__ import annotations

import os
import queue
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from ansible_collections.certwright.tls.tests.integration.kill.kill_host import KillHost, Scenario

HOSTS = 6
ESSENTIAL = (
    Scenario("a change", "activated"),
    Scenario("a change of a file in place", "activated", foreign="in_place"),
    Scenario("a foreign certificate and its key that become links", "activated", installed=False, foreign="pair"),
    Scenario("a recovery that goes forward", "activated", interrupted=("live/.site.new", "after", 1)),
    Scenario(
        "a recovery that puts back", "rolled_back", reload_fails=True, interrupted=("live/.site.new", "before", 2)
    ),
)
FURTHER = (
    Scenario("a first install", "activated", installed=False),
    Scenario("a reload that fails", "rolled_back", reload_fails=True),
    Scenario("a foreign file that becomes a link", "activated", installed=False, foreign="link"),
    Scenario("a foreign file that is put back", "rolled_back", False, "link", reload_fails=True),
    Scenario("a foreign file in place that is put back", "rolled_back", False, "in_place", reload_fails=True),
    Scenario("a foreign certificate and its key that are put back", "rolled_back", False, "pair", reload_fails=True),
    Scenario("a change that prunes the old generation", "activated", keep=0),
    Scenario("a storing without activation", "staged", activate=False),
)
# `make chaos` has the time for all of them; `make test` says what it leaves out.
SCENARIOS = (*ESSENTIAL, *FURTHER) if os.environ.get("CERTWRIGHT_CHAOS") else ESSENTIAL
Kill = tuple[int, str, str]


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[queue.SimpleQueue[KillHost]]:
    made = [KillHost(tmp_path_factory.mktemp("host")) for _number in range(HOSTS)]
    free: queue.SimpleQueue[KillHost] = queue.SimpleQueue()
    for host in made:
        free.put(host)
    yield free
    for host in made:
        host.runner.end()


@pytest.fixture(scope="module")
def counts() -> dict[str, tuple[int, int]]:
    """Points and kills by scenario."""
    return {}


def run_unharmed(host: KillHost, scenario: Scenario) -> list[str]:
    """The fault points of the scenario, which ends as it should when nobody kills it."""
    host.reset(scenario)
    with host.running(scenario):
        answer = host.runner.ask(host.task(scenario))
        assert answer["outcomes"][-1]["outcome"] == scenario.outcome, answer["outcomes"]
        host.require_recovered(scenario)
        host.require_nothing_lost(scenario)
    return list(answer["points"])


def kill_and_recover(host: KillHost, scenario: Scenario, kill: Kill) -> None:
    point, when, _operation = kill
    host.reset(scenario)
    with host.running(scenario):
        assert host.runner.ask(host.task(scenario, point=point, when=when)) == {"signal": 9}
        host.require_startable(scenario)
        host.require_nothing_lost(scenario)
        host.runner.ask(host.task(scenario))
        host.require_recovered(scenario)
        host.require_nothing_lost(scenario)
        host.require_stageable(scenario)


def list_kills(points: list[str]) -> list[Kill]:
    """At each boundary: what is after a file operation is before the next. Writes are also torn in the middle.

    A command is still running when its start returns, and has come to its end before the next operation.
    """
    kinds = {"write": ("before", "within"), "Popen": ("before", "after")}
    kills = [
        (number, when, operation)
        for number, operation in enumerate(points, 1)
        for when in kinds.get(operation.split()[0], ("before",))
    ]
    return [*kills, (len(points), "after", points[-1])]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_a_kill_at_any_point_loses_nothing_and_the_next_run_recovers(
    scenario: Scenario, hosts: queue.SimpleQueue[KillHost], counts: dict[str, tuple[int, int]]
) -> None:
    first = hosts.get()
    points = run_unharmed(first, scenario)
    hosts.put(first)
    kills = list_kills(points)

    def attempt(kill: Kill) -> str:
        host = hosts.get()
        try:
            kill_and_recover(host, scenario, kill)
        except AssertionError as error:
            return f"{kill[1]} {kill[0]}, {kill[2]}: {error}"
        finally:
            hosts.put(host)
        return ""

    with ThreadPoolExecutor(HOSTS) as pool:
        failed = [found for found in pool.map(attempt, kills) if found]
    assert failed == []
    counts[scenario.name] = (len(points), len(kills))


def test_the_campaign_was_a_real_one(counts: dict[str, tuple[int, int]], capsys: pytest.CaptureFixture[str]) -> None:
    points, kills = (sum(column) for column in zip(*counts.values(), strict=True))
    with capsys.disabled():
        print(f"\n{points} fault points in {len(counts)} scenarios, {kills} kills")
        for name, (of_points, of_kills) in counts.items():
            print(f"  {name}: {of_points} points, {of_kills} kills")
    assert points > 100
    assert set(counts) == {scenario.name for scenario in SCENARIOS}
