# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is changed in a place of trust, and why: placed and held before, wanted now."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import Certificate, load_certificates
from ansible_collections.certwright.tls.plugins.plugin_utils._core.trust_plan import (
    Place,
    describe_trusted,
    find_kept_notices,
    name_stem,
    plan_place,
)
from ansible_collections.certwright.tls.tests.unit.authority import ca

OLD, NEW = (load_certificates(ca(name).pem, "ca")[0] for name in ("Old", "New"))


def place_of(*placed: Certificate, held: tuple[Certificate, ...] | None = None, **words: Any) -> Place:
    answer = {
        "place": "/anchors",
        "kind": "system",
        "bundle": "/bundle.pem",
        "placed": {name_stem(certificate): certificate.pem for certificate in placed},
        "held": [certificate.fingerprint for certificate in (placed if held is None else held)],
        "is_unfinished": False,
    }
    return Place.from_answer({**answer, **words})


DAMAGED = place_of(placed={name_stem(OLD): "# somebody's remark\n" + OLD.pem}, held=(OLD,))
EMPTIED = place_of(placed={name_stem(OLD): "x"})


@pytest.mark.parametrize(
    ("place", "wanted", "purge", "codes", "write", "remove"),
    [
        pytest.param(place_of(), [OLD], True, ["trust_added"], [OLD], [], id="nothing there"),
        pytest.param(place_of(OLD), [OLD], True, [], [], [], id="as it is to be"),
        pytest.param(place_of(OLD), [OLD, NEW], True, ["trust_added"], [NEW], [], id="one more, in a roll-over"),
        pytest.param(place_of(OLD, NEW), [NEW], True, ["trust_removed"], [], [OLD], id="one less, after it"),
        pytest.param(place_of(OLD, NEW), [NEW], False, [], [], [], id="one less, and others are kept"),
        pytest.param(place_of(OLD), [NEW], True, ["trust_added", "trust_removed"], [NEW], [OLD], id="another"),
        pytest.param(place_of(OLD), [], True, ["trust_removed"], [], [OLD], id="none any more"),
        pytest.param(DAMAGED, [OLD], True, ["trust_differs"], [OLD], [], id="changed by somebody else"),
        pytest.param(EMPTIED, [NEW], True, ["trust_added", "trust_removed"], [NEW], [OLD], id="damaged and unwanted"),
        pytest.param(place_of(OLD, held=()), [OLD], True, ["trust_without_effect"], [], [], id="not in the bundle"),
        pytest.param(place_of(OLD, is_unfinished=True), [OLD], True, ["trust_unfinished"], [], [], id="interrupted"),
        pytest.param(place_of(held=(OLD,)), [OLD], True, ["trust_added"], [OLD], [], id="held by somebody else's file"),
    ],
)
def test_a_place_is_changed_for_a_reason(
    *,
    place: Place,
    wanted: list[Certificate],
    purge: bool,
    codes: list[str],
    write: list[Certificate],
    remove: list[Certificate],
) -> None:
    plan = plan_place(place, wanted, purge=purge)
    assert [reason.code for reason in plan.reasons] == codes
    assert plan.to_change() == {
        "write": {name_stem(certificate): certificate.pem for certificate in write},
        "remove": [name_stem(certificate) for certificate in remove],
        "expected": [certificate.fingerprint for certificate in wanted],
    }


def test_a_diff_shows_names_dates_and_fingerprints() -> None:
    old, new = (f"{item.subject}, until 2036-11-18 22:00 UTC, sha256 {item.fingerprint}\n" for item in (OLD, NEW))
    assert plan_place(place_of(OLD), [NEW], purge=True).describe_diff() == {
        "before_header": "/anchors",
        "after_header": "/anchors",
        "before": old,
        "after": new,
    }
    damaged = plan_place(EMPTIED, [OLD], purge=True).describe_diff()
    assert (damaged["before"], damaged["after"]) == (f"{name_stem(OLD)} (no certificate)\n", old)


@pytest.mark.parametrize(
    ("after", "codes"),
    [
        pytest.param({"/anchors": place_of(NEW)}, [], id="gone"),
        pytest.param({"/anchors": place_of(NEW, held=(NEW, OLD))}, ["still_trusted"], id="somebody else has it too"),
        pytest.param({}, [], id="not looked at again"),
    ],
)
def test_what_is_trusted_after_its_removal_is_told(after: dict[str, Place], codes: list[str]) -> None:
    plan = plan_place(place_of(OLD), [NEW], purge=True)
    assert [notice.code for notice in find_kept_notices([plan], after)] == codes
    damaged = plan_place(replace(EMPTIED, held=frozenset({OLD.fingerprint})), [NEW], purge=True)
    assert list(find_kept_notices([damaged], after)) == []


def test_certificates_and_places_are_shown_in_plain_words() -> None:
    assert describe_trusted(OLD) == {
        "subject": "CN=Old",
        "fingerprint": OLD.fingerprint,
        "not_after": "2036-11-18T22:00:00Z",
    }
    assert place_of(OLD).describe() == {"place": "/anchors", "kind": "system", "bundle": "/bundle.pem"}
