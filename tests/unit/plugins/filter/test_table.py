# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.certwright.tls.plugins.filter.table import FilterModule

EMPTY = {"changed": False, "certificates": [], "ports": [], "problems": []}


def test_a_result_becomes_lines() -> None:
    table = FilterModule().filters()["table"]
    assert table(EMPTY)[1].split() == ["nothing", "found", *["-"] * 7]
    assert table({"web1": EMPTY})[1].split() == ["web1", "nothing", "found", *["-"] * 7]


def test_the_width_may_be_a_text() -> None:
    table = FilterModule().filters()["table"]
    assert max(map(len, table({"h" * 200: EMPTY}, width="100"))) <= 100


def test_anything_else_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match="takes a result of certificate_info"):
        FilterModule().filters()["table"]([])
