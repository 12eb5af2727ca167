# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a CA is asked for obeys a tombstone too, and gets a new key when its own leaked."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.ordered import Ordered
from ansible_collections.certwright.tls.plugins.plugin_utils._core.sharing import Handed
from ansible_collections.certwright.tls.plugins.plugin_utils._core.tombstone import Removed, Tombstone
from ansible_collections.certwright.tls.tests.unit.authority import NOW
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.ordered_certificates import (
    DIRECTORY,
    NO_ORDER,
    STAGING,
    declare,
    issued,
    member_of,
    wish_of,
    words_of,
)
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.test_deployment import found

GONE = Tombstone(Removed("2026-11-22T00:00:00Z", "job 8", "named", DIRECTORY, ("a.example",), "11"))
LIVE = issued()
LEAKED = Tombstone(compromised=frozenset({LIVE.fingerprint}))
MEMBER = wish_of(sharing=member_of(Handed("PEM", "", "sealed", "22", DIRECTORY, {})))


@pytest.mark.parametrize(
    ("wish", "observed", "reasons", "failures"),
    [
        pytest.param(wish_of(), {"tombstone": GONE}, [], ["tombstone"], id="removed"),
        pytest.param(MEMBER, {"tombstone": GONE}, [], ["tombstone"], id="removed from a member of a shared one"),
        pytest.param(
            wish_of(declared=declare(accept=["removed"])),
            {"tombstone": GONE},
            ["certificate_missing"],
            [],
            id="removed, and revived",
        ),
        pytest.param(
            wish_of(words_of(directory=STAGING)),
            {"tombstone": GONE},
            ["certificate_missing"],
            [],
            id="of another CA now",
        ),
        pytest.param(wish_of(), {"tombstone": GONE, "live": LIVE}, [], ["tombstone"], id="its removal ended half way"),
        pytest.param(
            wish_of(declared=declare(accept=["removed"])),
            {"tombstone": GONE, "live": LIVE},
            [],
            [],
            id="its removal ended half way, and it is revived",
        ),
        pytest.param(wish_of(), {"tombstone": LEAKED, "live": LIVE}, ["key_compromised"], [], id="its key leaked"),
        pytest.param(
            wish_of(), {"tombstone": LEAKED, "live": issued(70)}, [], [], id="its key leaked and was replaced"
        ),
        pytest.param(
            wish_of(), {"tombstone": LEAKED}, ["certificate_missing"], [], id="its key leaked and it was removed"
        ),
    ],
)
def test_what_is_ordered_obeys_what_was_removed(
    wish: Ordered, observed: dict[str, Any], reasons: list[str], failures: list[str]
) -> None:
    seen = found(**observed, issuance=NO_ORDER)
    assert [item.code for item in wish.find_reasons(seen, NOW)] == reasons
    plan = wish.plan(seen, NOW)
    assert ([item.code for item in plan.failures], plan.order) == (failures, bool(reasons))
