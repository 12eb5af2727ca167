# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import timedelta

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._acme.patience import Patience
from ansible_collections.certwright.tls.tests.unit.authority import NOW
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._acme.scripted_ca import Time


def patience(seconds: float, time: Time, dice: float = 0.5) -> Patience:
    return Patience(time.clock, time.sleep, lambda: dice, NOW + timedelta(seconds=seconds))


def test_polls_begin_early_and_grow_to_five_seconds() -> None:
    time = Time()
    waiting = patience(3600, time)

    assert all(waiting.wait_for_poll(polls, None) for polls in range(100))
    assert time.slept[:4] == [0.05, 0.07, 0.098, 0.137]
    assert time.slept == sorted(time.slept)
    assert time.slept[-1] == 5.0


@pytest.mark.parametrize(
    ("wish", "slept"),
    [(timedelta(seconds=3), [3.0]), (timedelta(0), [0.05]), (timedelta(days=-1), [0.05])],
    ids=["later", "at once", "long ago"],
)
def test_the_wish_of_the_server_counts_when_it_is_longer_than_our_pace(wish: timedelta, slept: list[float]) -> None:
    time = Time()

    assert patience(60, time).wait_for_poll(0, NOW + wish)
    assert time.slept == slept


def test_nothing_is_waited_for_beyond_the_end() -> None:
    time = Time()
    waiting = patience(60, time)

    assert not waiting.wait_for_poll(0, NOW + timedelta(seconds=60))
    assert not waiting.wait(60)
    assert time.slept == []
    assert waiting.wait(59)
    assert waiting.remaining == 1
    assert waiting.renewed(30).remaining == 30


@pytest.mark.parametrize(
    ("dice", "seconds"),
    [(0.0, [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 8.0]), (1.0, [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 16.0])],
)
def test_back_off_doubles_and_half_of_it_is_chance(dice: float, seconds: list[float]) -> None:
    assert [patience(60, Time(), dice).find_back_off(tries) for tries in range(7)] == seconds
