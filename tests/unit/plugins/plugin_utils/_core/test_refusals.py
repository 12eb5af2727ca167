# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import Observed, ObservedPath
from ansible_collections.certwright.tls.plugins.plugin_utils._core.refusals import find_refusals, may_put_back
from ansible_collections.certwright.tls.tests.unit.authority import NOW, Issued
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.test_deployment import (
    fallen_back,
    found,
    leaf,
    load,
    stored,
    wanted,
)

STAGING = "(STAGING) Baloney Bulgur"
EXPIRED = leaf(-1)
Make = Callable[[Issued], Observed]


def displaced(issued: Issued | None, *, state: str = "file") -> ObservedPath:
    """What stands at a foreign path; None is a file without a certificate, such as a key."""
    return ObservedPath("/opt/tls.pem", state, load(issued) if issued else None)


def at_live(issued: Issued) -> Observed:
    return found(live=stored(wanted(issued)))


def dated(days: int) -> dict[str, Any]:
    """The part of a record that says from when until when."""
    return stored(wanted(leaf(days))).certificate


def at_path(issued: Issued) -> Observed:
    return found(paths=(displaced(None), displaced(issued)))


@pytest.mark.parametrize("installed_at", [pytest.param(at_live, id="live"), pytest.param(at_path, id="foreign file")])
@pytest.mark.parametrize(
    ("installed", "supplied", "accepted", "codes"),
    [
        pytest.param(leaf(60), leaf(60), [], [], id="the same"),
        pytest.param(leaf(60), leaf(90), [], [], id="ends later"),
        pytest.param(leaf(60), leaf(60, "Other"), [], [], id="ends at the same instant"),
        pytest.param(leaf(60), leaf(30), [], ["ends_sooner"], id="ends sooner"),
        pytest.param(leaf(60), leaf(30), ["ends_sooner"], [], id="ends sooner, accepted"),
        pytest.param(leaf(60), leaf(30), ["test_issuer"], ["ends_sooner"], id="ends sooner, something else accepted"),
        pytest.param(leaf(60), leaf(90, STAGING), [], ["test_issuer"], id="test over production"),
        pytest.param(leaf(60), leaf(90, STAGING), ["test_issuer"], [], id="test over production, accepted"),
        pytest.param(leaf(60, STAGING), leaf(90, STAGING), [], [], id="test over test"),
        pytest.param(leaf(60, STAGING), leaf(90), [], [], id="production over test"),
        pytest.param(leaf(60), leaf(30, STAGING), [], ["ends_sooner", "test_issuer"], id="both"),
        pytest.param(leaf(60), leaf(30, STAGING), ["ends_sooner", "test_issuer"], [], id="both accepted"),
    ],
)
def test_what_the_installed_certificate_makes_wrong(
    installed_at: Make, installed: Issued, supplied: Issued, accepted: list[str], codes: list[str]
) -> None:
    desired = wanted(supplied, accepted=frozenset(accepted))

    problems = list(find_refusals(desired, installed_at(installed)))
    assert codes == [problem.code for problem in problems]
    assert {"web"} >= {problem.certificate for problem in problems}


@pytest.mark.parametrize(
    "observed",
    [
        pytest.param(found(), id="nothing installed"),
        pytest.param(found(paths=(displaced(None),)), id="a foreign file without a certificate"),
        pytest.param(
            found(live=replace(stored(wanted(leaf(60, STAGING))), certificate={"test_issuer": True})), id="no date"
        ),
    ],
)
def test_nothing_to_compare_with_is_nothing_to_refuse(observed: Observed) -> None:
    assert list(find_refusals(wanted(leaf(30, STAGING)), observed)) == []


def test_what_is_live_counts_and_not_what_stands_at_a_path() -> None:
    observed = found(live=stored(wanted(leaf(30))), paths=(displaced(leaf(90)),))

    assert list(find_refusals(wanted(leaf(60)), observed)) == []


@pytest.mark.parametrize(
    "observed",
    [
        pytest.param(found(live=fallen_back()), id="alone"),
        pytest.param(found(live=fallen_back(), paths=(displaced(leaf(90)),)), id="beside a file at a foreign path"),
        # The day when a host tells the date of what is followed too.
        pytest.param(found(live=fallen_back(certificate=dated(90))), id="with a date"),
    ],
)
def test_what_shows_another_certificate_has_none_of_its_own_to_compare_with(observed: Observed) -> None:
    assert list(find_refusals(wanted(leaf(30, STAGING)), observed)) == []


def test_a_service_of_what_shows_another_certificate_is_not_abandoned() -> None:
    problems = find_refusals(wanted(services=[PLAIN]), found(live=fallen_back()))

    assert [problem.code for problem in problems] == ["files_abandoned"]


def test_a_refusal_names_the_dates_and_the_way_out() -> None:
    problems = find_refusals(wanted(leaf(30, STAGING)), at_live(leaf(60)))

    ends_sooner = (
        "the new certificate ends 2026-12-21 22:00 UTC, sooner than the installed one, 2027-01-20 22:00 UTC; "
        "supply the newer one, or say `accept: [ends_sooner]`"
    )
    test_issuer = (
        f"the new certificate is from a test CA (CN={STAGING}) and the installed one is not; "
        "supply the real one, or say `accept: [test_issuer]`"
    )
    assert [ends_sooner, test_issuer] == [problem.message for problem in problems]


PLAIN = {"custom": {"files": [{"name": "tls.pem", "parts": ["leaf", "key"]}]}}
PLACED = {"custom": {"files": [{"name": "tls.pem", "parts": ["leaf", "key"], "path": "/opt/tls.pem"}]}}
RENAMED = {"custom": {"files": [{"name": "all.pem", "parts": ["leaf", "key"], "path": "/opt/tls.pem"}]}}
MOVED = {"custom": {"files": [{"name": "tls.pem", "parts": ["leaf", "key"], "path": "/opt/other.pem"}]}}


@pytest.mark.parametrize(
    ("before", "after", "accepted", "codes"),
    [
        pytest.param([PLACED], [PLACED], [], [], id="as before"),
        pytest.param([PLACED], [PLACED, "nginx"], [], [], id="one more"),
        pytest.param(["nginx", PLAIN], ["nginx"], [], ["files_abandoned"], id="a service without a path is gone"),
        pytest.param(["nginx", PLACED], ["nginx"], [], ["files_abandoned"], id="a service with a path is gone"),
        pytest.param(["nginx", PLACED], [], [], ["files_abandoned", "files_abandoned"], id="two services are gone"),
        pytest.param(["nginx", PLACED], ["nginx"], ["files_abandoned"], [], id="it is gone, accepted"),
        pytest.param([PLACED], [], ["ends_sooner"], ["files_abandoned"], id="something else accepted"),
        pytest.param([PLACED], [RENAMED], [], ["files_abandoned"], id="the file has another name"),
        pytest.param([PLACED], [MOVED], [], [], id="another path leads to the file too"),
        pytest.param([PLACED], [PLAIN], [], [], id="the path leads to the file as before"),
    ],
)
def test_no_file_that_may_be_named_is_abandoned(
    before: list[object], after: list[object], accepted: list[str], codes: list[str]
) -> None:
    observed = found(live=stored(wanted(services=before)))

    problems = find_refusals(wanted(services=after, accepted=frozenset(accepted)), observed)
    assert codes == [problem.code for problem in problems]


@pytest.mark.parametrize(
    ("before", "files"), [pytest.param(PLACED, "/opt/tls.pem", id="path"), pytest.param(PLAIN, "tls.pem", id="name")]
)
def test_abandoned_files_are_named_with_the_way_out(before: object, files: str) -> None:
    observed = found(live=stored(wanted(services=["nginx", before])))

    expected = (
        f"{files} of the service custom would be gone, which is no longer declared so; declare it again; "
        "or, when nothing names these files any more, say `accept: [files_abandoned]`"
    )
    assert [expected] == [problem.message for problem in find_refusals(wanted(), observed)]


def test_nothing_is_abandoned_where_nothing_is_live() -> None:
    assert list(find_refusals(wanted(), found(pending=stored(wanted(services=[PLACED]))))) == []


@pytest.mark.parametrize(
    ("observed", "expected"),
    [
        pytest.param(at_live(leaf()), True, id="live and sound"),
        pytest.param(at_live(EXPIRED), False, id="live and expired"),
        pytest.param(at_live(leaf(0)), False, id="live and at its end this second"),
        pytest.param(found(live=replace(stored(wanted()), drift=(("a", "missing"),))), False, id="live without a file"),
        pytest.param(found(live=replace(stored(wanted()), drift=(("a", "content"),))), False, id="live and changed"),
        pytest.param(
            found(live=replace(stored(wanted()), drift=(("a", "attributes"),))), True, id="only a mode differs"
        ),
        pytest.param(found(live=replace(stored(wanted()), certificate={})), True, id="live without a record"),
        pytest.param(found(live=fallen_back()), True, id="live, and another's"),
        pytest.param(found(live=fallen_back(drift=(("a", "missing"),))), False, id="live, another's, without a file"),
        pytest.param(found(), False, id="nothing before"),
        pytest.param(found(paths=(displaced(None, state="missing"),)), False, id="nothing at the path"),
        pytest.param(found(paths=(displaced(None, state="ours"),)), False, id="our own link leads nowhere"),
        pytest.param(found(paths=(displaced(leaf()),)), True, id="foreign and sound"),
        pytest.param(found(paths=(displaced(leaf(), state="link"),)), True, id="foreign link and sound"),
        pytest.param(found(paths=(displaced(EXPIRED),)), False, id="foreign and expired"),
        pytest.param(found(paths=(displaced(EXPIRED), displaced(None))), False, id="foreign and expired, with its key"),
        pytest.param(found(paths=(displaced(EXPIRED), displaced(leaf()))), True, id="one of two foreign ones is sound"),
        pytest.param(found(paths=(displaced(None),)), True, id="foreign and not to be read"),
        pytest.param(
            found(live=stored(wanted(EXPIRED)), paths=(displaced(leaf()),)), False, id="live counts before a path"
        ),
    ],
)
def test_what_may_be_put_back(observed: Observed, expected: bool) -> None:
    assert expected is may_put_back(observed, NOW)


def test_what_expires_later_may_be_put_back_until_then() -> None:
    observed = at_live(leaf(60))

    assert may_put_back(observed, NOW + timedelta(days=60, seconds=-1))
    assert not may_put_back(observed, NOW + timedelta(days=60))
