# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a fleet may order, and on which hosts there is something to do."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_permission import permit_orders, with_chosen
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.renewal_results import (
    order,
    outcome,
    result,
)


def permit(results: dict[str, Any], **limits: Any) -> dict[str, Any]:
    return permit_orders(results, **{"max_orders": None, "max_reissues": None, **limits}).to_json()


def due(*orders: dict[str, Any]) -> dict[str, Any]:
    planned = {item["certificate"]: outcome("planned", changed=True, pending=True) for item in orders}
    return {**result(**planned), "orders": list(orders)}


def test_the_most_urgent_of_all_hosts_get_the_budget() -> None:
    results = {
        "web1": due(order("calm", share_left=0.3), order("late", share_left=0.1)),
        "web2": due(order("new", share_left=-1.0, by_date=False)),
    }
    expected = {
        "permitted": {"web1": ["late"], "web2": ["new"]},
        "held": {"web1": ["calm"]},
        "refused": {},
        "hosts": ["web1", "web2"],
    }
    assert expected == permit(results, max_orders=2)


def test_a_host_whose_orders_are_held_says_whether_it_can_wait() -> None:
    results = {"web1": due(order("late", share_left=0.1)), "web2": due(order("calm", share_left=0.3))}
    assert permit(results, max_orders=1)["hosts"] == ["web1", "web2"]


def test_names_that_another_host_has_already_are_refused() -> None:
    """The other host's is not due, so it is not ordered in this run."""
    there = {"orders": [], "outcomes": {}, "renewals": {"a": {"names": ["WWW.example"], "shared": False}}}
    new = due(order("b", "www.example", share_left=-1, by_date=False))
    assert [item["code"] for item in permit({"web1": there, "web2": new})["refused"]["web2"]] == ["names_on_two_hosts"]


def test_names_that_are_shared_elsewhere_are_nobodys_double() -> None:
    there = {"orders": [], "outcomes": {}, "renewals": {"a.shared": {"names": ["www.example"], "shared": True}}}
    assert (
        permit({"web1": there, "web2": due(order("b", "www.example", share_left=-1, by_date=False))})["refused"] == {}
    )


def test_the_same_names_on_two_hosts_are_refused_on_both() -> None:
    refused = permit(
        {"web1": due(order("a", "www.example", by_date=False)), "web2": due(order("b", "www.example", by_date=False))}
    )["refused"]
    assert {host: [(item["certificate"], item["code"]) for item in told] for host, told in refused.items()} == {
        "web1": [("a", "names_on_two_hosts")],
        "web2": [("b", "names_on_two_hosts")],
    }


def test_the_limit_of_reissues_grows_with_the_certificates_of_all_hosts() -> None:
    """A twentieth of 240 are 12."""
    kept = {f"kept{number}": outcome() for number in range(228)}
    reissues = [order(f"again{number}", share_left=0.9, by_date=False) for number in range(12)]
    results = {"web1": result(**kept), "web2": due(*reissues)}
    assert len(permit(results)["permitted"]["web2"]) == 12
    assert [item["code"] for item in permit(results, max_reissues=11)["refused"]["web2"]] == ["too_many_reissues"] * 12


@pytest.mark.parametrize(
    ("answer", "has_work"),
    [
        pytest.param(result(a=outcome()), False, id="nothing"),
        pytest.param(result(a=outcome(pending=True)), True, id="one to activate"),
        pytest.param(result(a=outcome("planned", changed=True)), True, id="one to store for other services"),
        pytest.param(result(a=outcome(remember=True)), True, id="an answer of the CA to remember"),
        pytest.param(result(a=outcome(remember=False)), False, id="nothing to remember"),
        pytest.param({"skipped": True}, False, id="no certificates to order"),
        pytest.param({"unreachable": True}, False, id="not reached"),
        pytest.param({}, False, id="not asked"),
    ],
)
def test_a_host_is_asked_again_only_when_it_has_something_to_do(answer: dict[str, Any], has_work: bool) -> None:
    assert permit({"web1": answer})["hosts"] == (["web1"] if has_work else [])


def test_what_is_held_is_told_once() -> None:
    permission = permit_orders({"web1": due(order("a"), order("b"))}, max_orders=1, max_reissues=None)
    assert [notice.code for notice in permission.notices] == ["orders_held"]


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        pytest.param([], [], id="none"),
        pytest.param(None, [], id="nothing said"),
        pytest.param("", [], id="an empty text"),
        pytest.param(False, [], id="false"),
        pytest.param(True, ["a", "b"], id="true"),
        pytest.param("True", ["a", "b"], id="true on a command line"),
        pytest.param(["b"], ["b"], id="a list"),
        pytest.param("b, elsewhere", ["b"], id="a text of names, one on another host"),
    ],
)
def test_certificates_are_chosen_by_name_or_all(chosen: object, expected: list[str]) -> None:
    orders = [{"name": "a"}, {"name": "b"}]
    assert expected == [item["name"] for item in with_chosen(orders, "force", chosen) if item.get("force")]
    assert orders == [{"name": "a"}, {"name": "b"}]
