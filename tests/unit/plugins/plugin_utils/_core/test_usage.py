# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.usage import Usage

NOTHING: dict[str, Any] = {"present": True, "named": [], "unasked": [], "lacking": []}
NAMED = ["nginx names /store/live/web/nginx/fullchain.pem"]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param({**NOTHING, "present": False}, Usage(), id="nothing is there"),
        pytest.param(NOTHING, Usage(is_present=True), id="there, and nobody names it"),
        pytest.param(
            {"present": True, "named": NAMED, "unasked": ["mail"], "lacking": ["nginx/privkey.pem"]},
            Usage(True, (NAMED[0],), ("mail",), ("nginx/privkey.pem",)),
            id="named, not to be asked, lacking",
        ),
    ],
)
def test_what_the_host_says_of_a_certificate_that_is_to_go(answer: dict[str, Any], expected: Usage) -> None:
    assert expected == Usage.from_answer(answer)


@pytest.mark.parametrize(
    ("named", "unasked", "abandoned", "expected"),
    [
        pytest.param((), (), False, False, id="nobody names it"),
        pytest.param((), (), True, False, id="nobody names it, as the operator says"),
        pytest.param(("nginx names x",), (), False, True, id="named"),
        pytest.param(("nginx names x",), (), True, True, id="named, whatever the operator says"),
        pytest.param((), ("mail",), False, True, id="a service cannot tell"),
        pytest.param((), ("mail",), True, False, id="a service cannot tell, and the operator can"),
        pytest.param(("nginx names x",), ("mail",), True, True, id="one names it, one cannot tell"),
    ],
)
def test_who_counts_as_one_that_names_its_files(
    *, named: tuple[str, ...], unasked: tuple[str, ...], abandoned: bool, expected: bool
) -> None:
    assert expected is Usage(True, named, unasked).is_used(abandoned=abandoned)
