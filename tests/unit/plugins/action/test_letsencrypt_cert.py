# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the action makes of its arguments and of how the job was started."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.action.letsencrypt_cert import _load_limits
from ansible_collections.certwright.tls.plugins.plugin_utils._enrolment import Limits
from ansible_collections.certwright.tls.plugins.plugin_utils._run_name import is_scheduled


@pytest.mark.parametrize(
    ("task_vars", "expected"),
    [
        pytest.param({}, False, id="not by AWX"),
        pytest.param({"awx_job_launch_type": "manual"}, False, id="by somebody"),
        pytest.param({"awx_job_launch_type": "scheduled"}, True, id="by a schedule"),
        pytest.param({"tower_job_launch_type": "scheduled"}, True, id="by a schedule of its predecessor"),
        pytest.param({"awx_job_launch_type": "relaunch", "tower_job_launch_type": "relaunch"}, False, id="again"),
        pytest.param({"awx_job_launch_type": None}, False, id="nobody says how"),
    ],
)
def test_whether_a_job_was_started_by_a_schedule(task_vars: dict[str, Any], expected: bool) -> None:
    assert is_scheduled(task_vars) is expected


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param({}, Limits(), id="none"),
        pytest.param({"permitted": []}, Limits(permitted=frozenset()), id="a fleet permits nothing"),
        pytest.param({"permitted": ["web"]}, Limits(permitted=frozenset({"web"})), id="a fleet permits one"),
        pytest.param(
            {"permitted": None, "max_orders": 0, "max_reissues": 3, "confirm_reissue": "4f"},
            Limits(max_orders=0, max_reissues=3, confirmed="4f"),
            id="numbers, zero included",
        ),
    ],
)
def test_limits_are_those_that_are_said(arguments: dict[str, Any], expected: Limits) -> None:
    assert expected == _load_limits(arguments)
