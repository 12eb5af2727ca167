# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a certificate of an internal CA is due, what that CA tells of itself, what a host remembers of its ledger."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.due import put_off
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.internal_signing import SigningCa, find_anchors
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_outcome import DEFERRED, EXPIRED, FAILED
from ansible_collections.certwright.tls.plugins.plugin_utils._core.ordered import REQUESTED, Requested
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Reason
from ansible_collections.certwright.tls.tests.unit.authority import NOW
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.internal_certificates import (
    CA_ID,
    DAY,
    ISSUING,
    REASONS,
    codes,
    due_of,
    held,
    info_of,
    office,
    root,
    waiting,
    wish_of,
)
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.test_deployment import found

END = "2027-01-20T00:00:00Z"
LATE = {"order": {"issuing": "ff" * 32}}
AGENT = [{"js7_agent": {"owner": "js7", "ports": [4443], "passphrase": "an orchard"}}]


@pytest.mark.parametrize(
    ("words", "observed", "expected"),
    [
        pytest.param({}, found(), ["certificate_missing"], id="nothing is there"),
        pytest.param({}, found(live=held()), [], id="it is there"),
        pytest.param({}, found(pending=held()), [], id="it waits to be activated"),
        pytest.param({}, found(live=held(15)), ["due_by_date"], id="a third is left"),
        pytest.param({}, found(live=held(-1)), ["expired"], id="it has ended"),
        pytest.param({}, found(live=held(issuer="files")), ["issuer_differs"], id="it was supplied"),
        pytest.param({}, found(live=held(issuer="internal_ca:0b")), ["issuer_differs"], id="of another CA of ours"),
        pytest.param({}, found(live=held(**LATE)), ["issuing_ca_differs"], id="another issuing CA signs now"),
        pytest.param({}, found(live=held(order={"issuing": ""})), ["issuing_ca_differs"], id="nobody knows who signed"),
        pytest.param({}, found(live=held(order={"serial": "bad1"})), ["revoked"], id="it is revoked"),
        pytest.param({}, found(live=held(names=("a.example",))), ["name_missing"], id="an address is new"),
        pytest.param({"other_urls": []}, found(live=held()), ["name_dropped"], id="an address is gone"),
        pytest.param({"usage": "both"}, found(live=held()), ["usage_differs"], id="for clients too"),
        pytest.param({}, found(live=held(order={"usage": "client"})), ["usage_differs"], id="no longer for clients"),
        pytest.param({"emails": ["a@b.example"]}, found(live=held()), ["emails_differ"], id="a mail address is new"),
        pytest.param(
            {"emails": ["a@b.example", " b@b.example"]},
            found(live=held(order={"emails": ["b@b.example", "a@b.example"]})),
            [],
            id="the same mail addresses",
        ),
        pytest.param({"subject": "CN=a"}, found(live=held()), ["subject_differs"], id="a subject is new"),
        pytest.param({}, found(live=held(order={"subject": "CN=a"})), ["subject_differs"], id="the subject is gone"),
        pytest.param({"services": AGENT}, found(live=held()), ["usage_differs", "subject_differs"], id="for JS7 now"),
        pytest.param(
            {"services": AGENT},
            found(live=held(order={"usage": "both", "subject_form": "js7"})),
            [],
            id="for JS7, as before",
        ),
        pytest.param({}, found(live=held(order={"subject_form": "js7"})), ["subject_differs"], id="no longer for JS7"),
        pytest.param({"key_type": "rsa2048"}, found(live=held()), ["key_type_differs"], id="another key type"),
        pytest.param({}, found(live=held(drift=(("privkey.pem", "missing"),))), ["key_lost"], id="its key was deleted"),
        pytest.param({"days": 3, "email": "x@b.example"}, found(live=held()), [], id="what is no identity"),
        pytest.param({"force": True}, found(live=held()), ["forced"], id="it was asked for"),
        pytest.param({"not_after": END}, found(live=held(60)), [], id="its end was said, and is far"),
        pytest.param({"not_after": "2026-12-06T22:00:00Z"}, found(live=held(15)), [], id="no other would end later"),
        pytest.param({"not_after": END}, found(live=held(15)), ["due_by_date"], id="another would end later"),
        pytest.param({"not_after": "2026-11-20T22:00:00Z"}, found(live=held(-1)), ["expired"], id="its end is over"),
    ],
)
def test_why_it_is_requested(words: dict[str, Any], observed: Any, expected: list[str]) -> None:
    assert expected == codes(wish_of(**words), observed)


@pytest.mark.parametrize(
    ("observed", "expected"),
    [
        pytest.param(found(live=held()), [], id="of a CA of ours"),
        pytest.param(found(live=held(issuer="internal_ca:0b", **LATE)), [], id="of whichever it is"),
        pytest.param(found(live=held(issuer="files")), ["issuer_differs"], id="supplied"),
        pytest.param(found(live=held(order={"usage": "client"})), ["usage_differs"], id="meant otherwise"),
    ],
)
def test_a_ca_that_is_silent_makes_no_difference_by_itself(observed: Any, expected: list[str]) -> None:
    assert expected == codes(wish_of(None), observed)


@pytest.mark.parametrize(
    ("observed", "expected"),
    [
        pytest.param(found(live=held(15)), DEFERRED, id="there is time"),
        pytest.param(found(live=held(3)), FAILED, id="there is little time"),
        pytest.param(found(live=held(-1)), EXPIRED, id="there is none"),
        pytest.param(found(), FAILED, id="nothing is there"),
    ],
)
def test_what_is_due_of_a_silent_ca_waits_as_long_as_it_can(observed: Any, expected: str) -> None:
    put = put_off(due_of(wish_of(None), live=observed.live), run="job 7", now=NOW)
    assert put is not None
    assert put.ending is not None
    assert (expected, "ca_silent") == (put.ending.verdict, put.ending.code)
    assert put_off(due_of(live=observed.live), run="job 7", now=NOW) is None


@pytest.mark.parametrize(
    ("observed", "expected"),
    [
        pytest.param(found(live=held(15)), FAILED, id="there is time"),
        pytest.param(found(live=held(-1)), EXPIRED, id="there is none"),
        pytest.param(found(), FAILED, id="nothing is there"),
    ],
)
def test_what_is_due_of_a_ca_that_failed_waits_for_nothing(observed: Any, expected: str) -> None:
    wish = wish_of(None, task={"faults": {"": Reason("ca_damaged", "/srv/ca: entry 7")}})
    put = put_off(due_of(wish, live=observed.live), run="job 7", now=NOW)
    assert put is not None
    assert put.ending is not None
    assert (expected, "ca_damaged") == (put.ending.verdict, put.ending.code)
    assert put.ending.message == "it is due, and its CA could not be read, so nothing was requested: /srv/ca: entry 7"


def test_where_no_key_can_be_made_another_way_is_told() -> None:
    put = put_off(due_of(issuance=waiting(openssl=False)), run="job 7", now=NOW)
    assert put is not None
    assert put.ending is not None
    assert put.ending.code == "openssl_missing"
    assert "let internal_ca_cert make a PKCS#12 file" in put.ending.message


def test_what_was_requested_stays_as_it_is_and_nothing_of_it_ends() -> None:
    wish = wish_of()
    observed = found(live=held(15), issuance=waiting())
    assert wish.plan(found(live=held(), issuance=waiting()), NOW).end_order == "finish"
    requested = replace(wish, requested=Requested(REASONS, is_made=True))
    plan = requested.plan(observed, NOW)
    assert (plan.verdict, plan.reasons, plan.end_order) == (REQUESTED, REASONS, "")
    assert (plan.order, plan.stage, plan.problems, plan.failures) == (False, False, (), ())
    assert codes(requested, observed) == []


def test_no_reason_is_told_in_a_host_s_words() -> None:
    (reason,) = wish_of().find_reasons(found(live=held(order={"usage": "\x1b[31m" + "x" * 90})), NOW)
    assert "\x1b" not in reason.message
    assert "x" * 30 not in reason.message


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param({}, None, id="nothing"),
        pytest.param({"failed": True, "msg": "no"}, None, id="that it failed"),
        pytest.param({"unreachable": True}, None, id="that it was not reached"),
        pytest.param(info_of(), office(), id="what internal_ca_info returns"),
        pytest.param(info_of(counts={"live": 3}, changed=False), office(), id="and what else it returns"),
    ],
)
def test_what_a_ca_tells_of_itself(words: dict[str, Any], expected: SigningCa | None) -> None:
    assert expected == SigningCa.from_info("ca", words)


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(info_of(issuing_id=""), id="no issuing CA yet"),
        pytest.param(info_of(anchors=[]), id="no root"),
        pytest.param(info_of(anchors=root().pem.decode()), id="a text of roots"),
        pytest.param(info_of(anchors=["no PEM"]), id="roots that are none"),
    ],
)
def test_what_is_no_answer_of_a_ca_is_refused(words: dict[str, Any]) -> None:
    with pytest.raises(RefusedError) as refusal:
        SigningCa.from_info("cas.office", words)
    assert [(item.certificate, item.code) for item in refusal.value.problems] == [("cas.office", "ca_unusable")]


KNOWN = {"number": 7, "hash": "5d" * 32}


@pytest.mark.parametrize(
    ("observed", "expected"),
    [
        pytest.param(found(), [], id="nothing"),
        pytest.param(found(live=held()), [KNOWN], id="of what is live"),
        pytest.param(found(live=held(), pending=held(60, 2)), [KNOWN], id="the same of what waits"),
        pytest.param(
            found(live=held(), pending=held(60, 2, order={"entry": 9})), [KNOWN, {**KNOWN, "number": 9}], id="of both"
        ),
        pytest.param(found(live=held(issuer="internal_ca:0b")), [], id="of another ledger"),
        pytest.param(found(live=held(order={"entry": "7"})), [], id="a number that is none"),
        pytest.param(found(live=held(order={"entry": True})), [], id="a number that is a word"),
        pytest.param(found(live=held(order={"entry": 0})), [], id="a number before all"),
        pytest.param(found(live=held(order={"hash": "5D" * 32})), [], id="a digest that is none"),
        pytest.param(found(live=held(order={"hash": "5d"})), [], id="half a digest"),
        pytest.param(found(live=held(order={"hash": None})), [], id="no digest"),
    ],
)
def test_what_a_host_remembers_of_a_ledger(observed: Any, expected: list[dict[str, Any]]) -> None:
    assert expected == find_anchors(observed, f"internal_ca:{CA_ID}")


def test_a_root_is_in_no_representation_and_an_end_that_was_said_is_the_last() -> None:
    assert "CERTIFICATE" not in repr(office())
    signing = wish_of(not_after=END).words.signing
    assert signing is not None
    assert [signing.is_last(NOW + 59 * DAY), signing.is_last(NOW + 61 * DAY)] == [False, True]
    assert not signing.is_last(NOW - timedelta(days=1))
    assert (office().issuing, office().id) == (ISSUING, CA_ID)
