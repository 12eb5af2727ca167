# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filters of the role `renew`: what they take from Ansible, and what a role gets."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.certwright.tls.plugins.filter.contacts import contacts
from ansible_collections.certwright.tls.plugins.filter.permitted_orders import permitted_orders
from ansible_collections.certwright.tls.plugins.filter.put_back import put_back
from ansible_collections.certwright.tls.plugins.filter.renewal_report import renewal_report
from ansible_collections.certwright.tls.plugins.filter.renewal_table import renewal_table
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.renewal_results import (
    order,
    outcome,
    result,
)


def test_limits_may_come_as_text_and_what_is_held_is_a_warning(capfd: pytest.CaptureFixture[str]) -> None:
    due = {**result(), "orders": [order("held"), order("late", share_left=0.0)]}
    permission = permitted_orders({"web1": due}, max_orders="1", max_reissues="", confirm_reissue=None)
    assert (permission["permitted"], permission["held"]) == ({"web1": ["late"]}, {"web1": ["held"]})
    assert "(orders_held)" in " ".join(capfd.readouterr().err.split())


@pytest.mark.parametrize("word", ["max_orders", "max_reissues"])
def test_a_limit_that_is_no_number_is_refused_by_its_name(word: str) -> None:
    with pytest.raises(AnsibleFilterError, match=f"tls_{word} is 'many', which is no number"):
        permitted_orders({"web1": result()}, **{word: "many"})


def test_a_result_alone_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match="by host"):
        permitted_orders([result()])
    with pytest.raises(AnsibleFilterError, match="by host"):
        renewal_report([result()])


def test_a_step_that_is_unknown_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match="issued, activated, received, shared, found, contacts"):
        renewal_report({}, isued={})


def test_the_report_joins_the_steps_of_each_host_and_the_table_counts_it() -> None:
    due = {"web1": result(a=outcome(pending=True)), "web2": {"unreachable": True}}
    issued, activated = {"web1": result(a=outcome(pending=True))}, {"web1": result(a=outcome("activated"))}
    report = renewal_report(due, issued=issued, activated=activated, found=None)
    assert (report["unreachable"], report["pending"], report["checked"]) == (["web2"], [], 1)
    assert renewal_table(report, width="80")[0].startswith("renewed 0, not due 1, ")


def test_who_had_to_go_back_is_a_list() -> None:
    assert put_back({"web1": result(a=outcome("rolled_back"))}) == ["web1"]


def test_contacts_are_those_of_a_sound_inventory() -> None:
    system = {"external_url": "www.a.example", "email": "it@a.example"}
    assert contacts({"tls_system": system}) == {"system": "it@a.example"}
    with pytest.raises(AnsibleFilterError, match="tls_domains"):
        contacts({"tls_domains": "text"})
