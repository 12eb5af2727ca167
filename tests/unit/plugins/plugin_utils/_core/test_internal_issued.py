# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an internal CA signed: what is installed of it and recorded, and everything that keeps it from that."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.bundle import HostKey
from ansible_collections.certwright.tls.plugins.plugin_utils._core.internal_issued import (
    Signature,
    find_unused,
    load_signatures,
    with_signature,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.issuance import NO_MEMORY
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_outcome import DEFERRED, EXPIRED, FAILED
from ansible_collections.certwright.tls.plugins.plugin_utils._core.ordered import Issued, Ordered
from ansible_collections.certwright.tls.tests.unit.authority import CLIENT, NOW, SERVER, ca
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.internal_certificates import (
    BOTH,
    CA_ID,
    DAY,
    ISSUING,
    NAMES,
    NO_ORDER,
    REASONS,
    answer_of,
    due_of,
    held,
    issuing,
    load_pem,
    office,
    root,
    sign,
    signing_of,
    waiting,
    wish_of,
)
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.ordered_certificates import (
    wish_of as acme_wish_of,
)
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.requests_of_hosts import KEY_DIGEST
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.test_deployment import found

OTHER_ROOT = ca("Another Root")


def issued_of(wish: Ordered) -> Issued:
    assert wish.ending is None, wish.ending
    assert wish.issued is not None
    return wish.issued


def ending_of(signature: Signature | None, wish: Ordered | None = None, **observed: Any) -> tuple[str, str]:
    ended = with_signature(due_of(wish, **observed), signature, now=NOW)
    assert (ended.issued, ended.ending is None) == (None, False)
    assert ended.ending is not None
    return ended.ending.verdict, ended.ending.code


def test_what_was_signed_is_installed_with_the_key_that_waits() -> None:
    answer = answer_of()
    signed = with_signature(due_of(wish_of(email="it@b.example", usage="server")), answer, now=NOW)
    issued = issued_of(signed)
    desired = issued.desired
    assert (issued.key_digest, issued.reasons, issued.notices, signed.memory) == (KEY_DIGEST, REASONS, (), NO_MEMORY)
    assert isinstance(desired.bundle.private_key, HostKey)
    assert (desired.names, set(desired.bundle.leaf.names), desired.issuer) == (
        NAMES,
        set(NAMES),
        f"internal_ca:{CA_ID}",
    )
    assert [item.pem.encode() for item in desired.bundle.chain] == [issuing().pem]
    assert desired.bundle.root is not None
    assert desired.bundle.root.pem.encode() == root().pem
    assert desired.accepted == {"ends_sooner"}
    assert desired.order == {
        "directory": f"internal_ca:{CA_ID}",
        "issuing": ISSUING,
        "serial": "4f3a",
        "entry": 8,
        "seal": "",
        "hash": answer.hash,
        "usage": "server",
        "subject": "",
        "emails": [],
        "issued": "2026-11-21T22:00:00Z",
        "email": "it@b.example",
    }
    plan = signed.plan(found(issuance=waiting()), NOW)
    assert (plan.stage, plan.activate, plan.end_order, plan.problems) == (True, True, "finish", ())
    told = signed.request(plan, found(issuance=waiting()), run="job 7", now=NOW)
    assert told["source"] == {"order": True, "key_digest": KEY_DIGEST}
    assert json.loads(json.dumps(told["record"]))["order"] == desired.order


@pytest.mark.parametrize(
    ("usage", "on_leaf"),
    [
        pytest.param("server", (SERVER,), id="for servers"),
        pytest.param("client", (CLIENT,), id="for clients"),
        pytest.param("both", BOTH, id="for both"),
        pytest.param("server", BOTH, id="for more than is declared"),
    ],
)
def test_a_certificate_is_for_what_is_declared(usage: str, on_leaf: Any) -> None:
    signed = with_signature(due_of(wish_of(usage=usage)), answer_of(sign(usages=on_leaf)), now=NOW)
    issued = issued_of(signed)
    assert (issued.desired.order["usage"], issued.notices) == (usage, ())


def test_what_a_ca_hands_out_beside_the_path_is_its_own_business() -> None:
    beside = answer_of(chain=[issuing().pem.decode(), OTHER_ROOT.pem.decode()])
    issued = issued_of(with_signature(due_of(), beside, now=NOW))
    assert (len(issued.desired.bundle.chain), issued.notices) == (1, ())


def test_clients_that_know_the_old_root_alone_are_led_to_the_new_one() -> None:
    cross = OTHER_ROOT.authority("Office Root", key=root().key)
    chain = [issuing().pem.decode(), cross.pem.decode()]
    both = office(anchors=(*load_pem(root().pem), *load_pem(OTHER_ROOT.pem)))
    issued = issued_of(with_signature(due_of(wish_of(both)), answer_of(chain=chain), now=NOW))
    assert [item.pem for item in issued.desired.bundle.chain] == [load_pem(text.encode())[0].pem for text in chain]
    alone = issued_of(with_signature(due_of(), answer_of(chain=chain), now=NOW))
    assert len(alone.desired.bundle.chain) == 1


def test_a_chain_may_come_as_a_list_and_what_a_strict_reader_says_is_told() -> None:
    plain = answer_of(sign(key_ids=False), chain=[issuing().pem.decode()])
    (notice,) = issued_of(with_signature(due_of(), plain, now=NOW)).notices
    assert notice.code == "profile_unproved"
    bare = ca("Bare Root", usage=None)
    wish = wish_of()
    signing = replace(signing_of(wish), ca=None)
    silent = replace(wish, words=replace(wish.words, signing=signing))
    directly = answer_of(sign(issuer=bare), chain="", root=bare.pem.decode())
    assert ending_of(directly, silent) == (FAILED, "certificate_unfit")


@pytest.mark.parametrize(
    ("signature", "fact"),
    [
        pytest.param(
            answer_of(certificate="no PEM", chain=""), "what was signed cannot be read", id="not a certificate"
        ),
        pytest.param(answer_of(root="no PEM"), "", id="not a root"),
        pytest.param(answer_of(root=""), "does not lead to a root", id="no root"),
        pytest.param(
            answer_of(issuing().issue(*NAMES).certificate), "for another key", id="for a key that somebody else has"
        ),
        pytest.param(answer_of(sign("a.example")), "does not cover 192.0.2.7", id="a name is missing"),
        pytest.param(answer_of(sign(*NAMES, "b.example")), "nobody declared: b.example", id="a name too many"),
        pytest.param(answer_of(sign(usages=(CLIENT,))), "not for the usage server", id="for another usage"),
        pytest.param(answer_of(sign(usages=())), "not for the usage server", id="for no usage"),
        pytest.param(answer_of(sign(not_after=NOW - DAY)), "expired", id="it has ended"),
        pytest.param(answer_of(chain=""), "is missing", id="no chain"),
        pytest.param(
            answer_of(sign(issuer=OTHER_ROOT), chain="", root=OTHER_ROOT.pem.decode()),
            "does not lead to a root",
            id="of a CA that this one is not",
        ),
    ],
)
def test_what_no_service_could_use_is_not_installed(signature: Signature, fact: str) -> None:
    assert ending_of(signature)[0] == FAILED
    ended = with_signature(due_of(), signature, now=NOW)
    assert ended.ending is not None
    assert fact in ended.ending.message


def test_a_certificate_for_clients_alone_is_judged_as_one() -> None:
    for usages in ((SERVER,), ()):
        assert ending_of(answer_of(sign(usages=usages)), wish_of(usage="client")) == (FAILED, "certificate_unfit")


def test_what_the_ca_refused_keeps_its_code() -> None:
    refused = answer_of(outcome="refused", certificate="", code="name_outside_constraints", message="b is outside")
    assert ending_of(refused, live=held(60)) == (FAILED, "name_outside_constraints")
    assert ending_of(replace(refused, code="")) == (FAILED, "failed")
    ended = with_signature(due_of(), refused, now=NOW).ending
    assert ended is not None
    assert ended.message == "the CA refused it: b is outside"


@pytest.mark.parametrize(
    ("outcome", "days", "expected"),
    [
        pytest.param("refused", 60, FAILED, id="refused, with time"),
        pytest.param("refused", -1, EXPIRED, id="refused, without"),
        pytest.param("deferred", 60, DEFERRED, id="put off, with time"),
        pytest.param("deferred", 3, FAILED, id="put off, with little"),
    ],
)
def test_only_what_heals_by_itself_is_put_off(outcome: str, days: int, expected: str) -> None:
    whole = answer_of(outcome=outcome, certificate="", code="ca_busy", message="/srv/ca: others are at it")
    assert ending_of(whole, live=held(days)) == (expected, "ca_busy")


@pytest.mark.parametrize(
    ("changes", "observed", "expected"),
    [
        pytest.param({}, found(live=held()), ["answer_unused"], id="it is not due"),
        pytest.param({}, found(live=held(order={"entry": 8, "hash": answer_of().hash})), [], id="the host has it"),
        pytest.param(
            {}, found(live=held(), pending=held(60, 2, order={"entry": 8, "hash": answer_of().hash})), [], id="it waits"
        ),
        pytest.param({}, found(live=held(15)), [], id="it is due"),
        pytest.param({"outcome": "refused", "certificate": ""}, found(live=held()), [], id="it was refused"),
    ],
)
def test_what_was_signed_for_nothing_is_told(changes: dict[str, Any], observed: Any, expected: list[str]) -> None:
    notices = find_unused(wish_of(), observed, answer_of(**changes), now=NOW)
    assert expected == [notice.code for notice in notices]


def test_what_came_to_an_end_is_not_unused() -> None:
    wish = wish_of()
    ended = with_signature(due_of(wish), answer_of(), now=NOW)
    assert find_unused(ended, found(live=held()), answer_of(), now=NOW) == ()


def test_a_key_that_is_gone_cannot_be_installed_for() -> None:
    assert ending_of(answer_of(), issuance=NO_ORDER) == (FAILED, "request_gone")


@pytest.mark.parametrize(
    ("days", "expected"), [(60, DEFERRED), (3, FAILED), (-1, EXPIRED)], ids=["time", "little time", "no time"]
)
def test_what_was_not_answered_waits_as_long_as_it_can(days: int, expected: str) -> None:
    assert ending_of(None, live=held(days)) == (expected, "not_signed")


def test_a_wish_of_another_kind_is_none_of_its_business() -> None:
    assert ending_of(answer_of(), acme_wish_of(), issuance=waiting("a.example"))[0] == FAILED


def test_answers_are_known_by_their_certificates() -> None:
    assert load_signatures(None) is None
    assert load_signatures([]) == {}
    signatures = load_signatures([{"name": "web", "outcome": "refused", "number": None}, {"name": "db"}])
    assert signatures == {"web": Signature("web", "refused"), "db": Signature("db", "")}
    assert "CERTIFICATE" not in repr(answer_of())
