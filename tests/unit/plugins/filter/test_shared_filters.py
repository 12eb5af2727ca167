# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filters that hand out shared certificates: what a role gives them, and what it gets."""

from __future__ import annotations

from ansible_collections.certwright.tls.plugins.filter.awaited import FilterModule as Awaited
from ansible_collections.certwright.tls.plugins.filter.handed_out import FilterModule as HandedOut
from ansible_collections.certwright.tls.plugins.filter.shared_homes import FilterModule as SharedHomes

SHARED = {"wildcard": {"home": "pki01"}}


def test_a_loop_over_homes_ends_with_what_each_host_is_told() -> None:
    (home,) = SharedHomes().filters()["shared_homes"]([SHARED, {}], known=["pki01", "web1"])
    assert home == {"home": "pki01", "names": ["wildcard"]}
    answers = [{"item": home, "handed_out": {"wildcard.shared": {"fingerprint": "5d"}}}]
    assert HandedOut().filters()["handed_out"](answers, shared=SHARED) == {"wildcard.shared": {"fingerprint": "5d"}}


def test_what_a_check_cannot_foretell_is_named() -> None:
    looks = {"pki01": {"orders": [{"certificate": "wildcard.shared"}]}}
    assert Awaited().filters()["awaited"](SHARED, looks=looks) == ["wildcard"]
