# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A loss is accepted by its digest: the same however it was told, another one for another loss."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._ca.anchors import digest_lost, explain_lost


def anchor(number: int, digit: str = "a") -> dict[str, Any]:
    return {"number": number, "hash": digit * 64, "known": False}


@pytest.mark.parametrize(
    ("other", "is_same"),
    [
        pytest.param([anchor(8), anchor(7)], True, id="in another order"),
        pytest.param([anchor(7), anchor(8), anchor(8)], True, id="told twice"),
        pytest.param([anchor(7)], False, id="less is lost"),
        pytest.param([anchor(7), anchor(8, "b")], False, id="another entry of that number"),
    ],
)
def test_a_digest_stands_for_exactly_one_loss(other: list[dict[str, Any]], is_same: bool) -> None:
    assert (digest_lost([anchor(7), anchor(8)]) == digest_lost(other)) is is_same


def test_the_refusal_names_what_is_lost_and_the_way_out() -> None:
    lost = [anchor(number) for number in range(7, 19)]
    message = explain_lost(lost, number=6)
    assert "ends at entry 6" in message
    assert "7, 8, 9, 10, 11, 12, 13, 14, 15, 16 and others" in message
    assert f"accept_restored: {digest_lost(lost)}" in message
    assert "and others" not in explain_lost([anchor(7)], number=6)


def test_a_digest_is_the_same_in_every_run() -> None:
    assert digest_lost([anchor(8), anchor(7)]) == "d37e37297490c5db"
