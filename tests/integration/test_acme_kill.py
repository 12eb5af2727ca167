# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A controller that is killed at any step of an order, and two of them at once: nothing stays, nothing is torn."""

from __future__ import annotations

import pytest

from ansible_collections.certwright.tls.tests.integration.acme_faults import Held
from ansible_collections.certwright.tls.tests.integration.acme_site import (
    AcmeSite,
    fingerprint,
    has_warning,
    outcomes,
    problems,
)
from ansible_collections.certwright.tls.tests.integration.processes_of_a_run import kill

# By what the CA was asked for: whether it had done that, and how many orders it saw until there is a certificate.
STEPS = {
    "it asked for an order": ("newOrder", False, 1),
    "the CA made an order": ("newOrder", True, 2),
    "it asked what is to be proved": ("authz", False, 2),
    "the CA was asked to look": ("challenge", True, 1),
    "the CA issued": ("finalize", True, 1),
    "it asked for the chain": ("certificate", False, 1),
}
ESSENTIAL = ("the CA made an order", "the CA issued")


@pytest.mark.parametrize(
    ("kind", "after", "orders"),
    [
        pytest.param(*words, id=name, marks=() if name in ESSENTIAL else pytest.mark.further)
        for name, words in STEPS.items()
    ],
)
def test_what_a_killed_controller_began_is_gone_on_with_by_the_next_run(
    acme: AcmeSite, kind: str, orders: int, *, after: bool
) -> None:
    acme.serve("system")
    held, task = Held(after=after), acme.task(acme.certificate())
    acme.front.inject(kind, held)
    run = acme.start(task)
    held.await_reached()
    kill(run)
    held.release()
    acme.learn_secrets()
    assert acme.served() == acme.by_hand["system"]

    result = acme.run(task).result
    assert (result["status"], outcomes(result)) == ("ok", {"system": "activated"}), result
    assert acme.served() == fingerprint(result)
    assert (acme.find_challenges(), acme.find_open_orders(), acme.generations()) == ([], [], [1])
    assert len(acme.front.orders) == orders


def test_of_two_runs_one_orders_and_the_other_says_whose_it_is(acme: AcmeSite) -> None:
    acme.serve("system")
    installed = acme.order(acme.certificate())
    held, task = Held(), acme.task(acme.certificate("system", "shop.example.org"))
    acme.front.clear()
    acme.front.inject("finalize", held)
    first = acme.start(task)
    held.await_reached()

    second = acme.run(task).result
    assert (second["status"], outcomes(second), second["changed"]) == ("ok", {"system": "deferred"}, False)
    assert has_warning(second, "claimed")
    assert acme.served() == fingerprint(installed)
    held.release()

    ended = first.finish().result
    assert (ended["status"], outcomes(ended)) == ("ok", {"system": "activated"}), ended
    assert (acme.served(), len(acme.front.orders)) == (fingerprint(ended), 1)


def test_two_runs_that_order_at_the_same_moment_leave_no_torn_state(acme: AcmeSite) -> None:
    """Both have placed an order before either has claimed it on the host."""
    acme.serve("system")
    held, task = Held(after=True), acme.task(acme.certificate())
    acme.front.inject("newOrder", held, times=2)
    runs = [acme.start(task), acme.start(task)]
    held.await_reached(2)
    held.release()
    results = [run.finish().result for run in runs]
    assert min(outcome for result in results for outcome in outcomes(result).values()) == "activated", results
    given = next(result for result in results if outcomes(result) == {"system": "activated"})
    (other,) = (result for result in results if result is not given)
    assert problems(other) == {"system": "claimed"} or outcomes(other) == {"system": "unchanged"}, other
    assert (acme.served(), acme.generations()) == (fingerprint(given), [1])
    assert (acme.find_challenges(), acme.find_open_orders()) == ([], [])
