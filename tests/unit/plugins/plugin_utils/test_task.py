# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._arguments import ArgumentError
from ansible_collections.certwright.tls.plugins.plugin_utils._remote import Host
from ansible_collections.certwright.tls.plugins.plugin_utils._task import TlsAction, _require_own_variables


def host_of(**given: Any) -> Host:
    """What an action makes of its arguments, without Ansible around it."""
    action = TlsAction.__new__(TlsAction)
    action._task_vars = {}
    return action._host({"probe_timeout": 10, "keep_generations": 3, **given})


@pytest.mark.parametrize(
    ("given", "limits"),
    [
        pytest.param({}, {"probe": 10.0, "keep_generations": 3}, id="defaults"),
        pytest.param({"probe_timeout": 1, "keep_generations": 0}, {"probe": 1.0, "keep_generations": 0}, id="least"),
    ],
)
def test_numbers_become_limits_of_the_host(given: dict[str, int], limits: dict[str, float]) -> None:
    assert limits == host_of(**given).limits


@pytest.mark.parametrize(
    ("given", "message"),
    [
        pytest.param({"probe_timeout": 0}, "probe_timeout is 0; it must be 1 or more", id="no time to prove"),
        pytest.param({"probe_timeout": -5}, "probe_timeout is -5; it must be 1 or more", id="less than none"),
        pytest.param({"keep_generations": -1}, "keep_generations is -1; it must be 0 or more", id="less than nothing"),
    ],
)
def test_a_number_without_a_meaning_is_refused(given: dict[str, int], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        host_of(**given)


@pytest.mark.parametrize(
    "task_vars", [{}, {"ansible_facts": {}}, {"ansible_facts": {"os_family": "Debian"}, "tls_domains": []}]
)
def test_what_an_inventory_says_is_its_own_to_say(task_vars: dict[str, Any]) -> None:
    _require_own_variables(task_vars)


def test_what_a_host_says_in_its_place_is_refused() -> None:
    with pytest.raises(ArgumentError, match="the facts of this host hold tls_issuers"):
        _require_own_variables({"ansible_facts": {"tls_issuers": {}}})
