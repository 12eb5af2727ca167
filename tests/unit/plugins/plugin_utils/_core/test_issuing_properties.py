# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds of the decisions about orders whatever the dates, the tries and the fleet are."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.issuance import NO_MEMORY, Memory, RenewalWindow
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_guards import (
    PlannedOrder,
    digest_orders,
    guard_orders,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_outcome import (
    DEFERRED,
    TRANSIENT,
    Fault,
    is_waiting,
    judge_failure,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.renewal import (
    NOTHING_LEFT,
    Life,
    find_due,
    next_run_needed,
    renewal_time,
)

hypothesis = pytest.importorskip("hypothesis")
from hypothesis import strategies as st  # noqa: E402

SETTINGS = hypothesis.settings(max_examples=300, deadline=None, derandomize=True)
START = datetime(2026, 9, 1, tzinfo=timezone.utc)
SECOND = timedelta(seconds=1)

seconds = st.integers(0, 400 * 86400)
lives = st.integers(1, 400 * 86400).map(lambda length: Life(START, START + length * SECOND))
windows = st.builds(
    lambda start, width, fraction: RenewalWindow(
        START + start * SECOND + fraction, START + (start + width) * SECOND + fraction
    ),
    seconds,
    st.integers(1, 30 * 86400),
    st.timedeltas(timedelta(0), timedelta(microseconds=999_999)),
)
cert_ids = st.text("abc.", min_size=1, max_size=8)
faults = st.builds(
    lambda hours: Fault(TRANSIENT, "rate_limited", "m", retry_after=START + timedelta(hours=hours)),
    st.integers(-9, 9999),
) | st.just(Fault(TRANSIENT, "network_unreachable", "m"))
orders = st.builds(
    PlannedOrder,
    host=st.sampled_from("abcdef"),
    certificate=st.sampled_from(["web", "mail"]),
    names=st.lists(st.sampled_from("uvwxyz"), min_size=1, max_size=3, unique=True).map(tuple),
    urgency=st.just(NOTHING_LEFT) | st.floats(0, 1),
    by_date=st.booleans(),
    shared=st.booleans(),
)
fleets = st.lists(orders, max_size=12, unique_by=lambda order: order.place)


@SETTINGS
@hypothesis.given(life=lives, window=st.none() | windows, cert_id=cert_ids)
def test_renewal_is_never_after_the_emergency_line(life: Life, window: RenewalWindow | None, cert_id: str) -> None:
    instant, code = renewal_time(life, window, cert_id)
    assert instant <= life.emergency < life.not_after
    if window is not None and code == "due_by_window":
        assert window.start - SECOND < instant < window.end


@SETTINGS
@hypothesis.given(life=lives, window=windows, cert_id=cert_ids, later=seconds)
def test_a_window_that_moves_back_never_moves_renewal_forward(
    life: Life, window: RenewalWindow, cert_id: str, later: int
) -> None:
    width = window.end - window.start
    moved = RenewalWindow(window.end + later * SECOND, window.end + later * SECOND + width)
    assert renewal_time(life, window, cert_id)[0] <= renewal_time(life, moved, cert_id)[0]


@SETTINGS
@hypothesis.given(life=lives, window=windows, cert_id=cert_ids)
def test_the_host_s_memory_of_a_window_gives_the_same_instant(life: Life, window: RenewalWindow, cert_id: str) -> None:
    memory = NO_MEMORY.with_window(window, cert_id=cert_id, ask_again=None, now=START)
    read = Memory.from_json(json.loads(json.dumps(memory.to_json()))).window_for(cert_id)
    assert renewal_time(life, window, cert_id) == renewal_time(life, read, cert_id)


@SETTINGS
@hypothesis.given(life=lives, window=st.none() | windows, cert_id=cert_ids, now=seconds, later=seconds)
def test_what_is_due_stays_due(life: Life, window: RenewalWindow | None, cert_id: str, now: int, later: int) -> None:
    instant = START + now * SECOND
    if find_due(life, window, instant, cert_id=cert_id):
        assert find_due(life, window, instant + later * SECOND, cert_id=cert_id)


@SETTINGS
@hypothesis.given(life=lives, window=st.none() | windows, cert_id=cert_ids)
def test_a_run_at_the_latest_instant_finds_the_certificate_due(
    life: Life, window: RenewalWindow | None, cert_id: str
) -> None:
    needed = next_run_needed(life, window, cert_id)
    assert find_due(life, window, needed, cert_id=cert_id)
    assert needed <= life.emergency


@SETTINGS
@hypothesis.given(rest=st.lists(faults, min_size=1, max_size=8), life=st.none() | lives, now=seconds)
def test_the_back_off_never_shrinks_and_nothing_is_put_off_for_long(
    rest: list[Fault], life: Life | None, now: int
) -> None:
    memory, waited, instant = NO_MEMORY, timedelta(0), START + now * SECOND
    for number, fault in enumerate(rest, 1):
        judged = judge_failure(fault, memory, life=life, now=instant)
        memory = Memory(failure=judged.failure)
        assert is_waiting(memory, instant)
        assert judged.failure == Memory.from_json(json.loads(json.dumps(memory.to_json()))).failure
        assert judged.outcome != DEFERRED or (number < 5 and life is not None and instant <= life.deferring_ends)
        instant = judged.failure.next_try
        assert not is_waiting(memory, instant)
        if fault.retry_after is None:
            assert instant - judged.failure.last >= min(waited, timedelta(days=1))
            waited = instant - judged.failure.last


@SETTINGS
@hypothesis.given(planned=fleets, budget=st.integers(0, 12), limit=st.integers(0, 12))
def test_each_order_is_permitted_refused_or_held(planned: list[PlannedOrder], budget: int, limit: int) -> None:
    verdict = guard_orders(planned, budget=budget, max_reissues=limit, certificates=12)
    refused = [(host, problem.certificate) for host, problem in verdict.refused]
    assert sorted(order.place for order in planned) == sorted([*verdict.permitted, *refused, *verdict.held])
    assert len(verdict.permitted) <= budget
    places = {order.place: order for order in planned}
    assert sum(places[place].is_reissue for place in verdict.permitted) <= limit
    urgencies = [places[place].urgency for place in (*verdict.permitted, *verdict.held)]
    assert urgencies == sorted(urgencies)


@SETTINGS
@hypothesis.given(planned=fleets, other=fleets)
def test_the_digest_changes_with_the_set(planned: list[PlannedOrder], other: list[PlannedOrder]) -> None:
    same = {(*order.place, frozenset(order.names)) for order in planned} == {
        (*order.place, frozenset(order.names)) for order in other
    }
    assert (digest_orders(planned) == digest_orders(other)) is same
    assert digest_orders(planned) == digest_orders(reversed(planned))
