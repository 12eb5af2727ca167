# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who revokes what, and what is said of the rest."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory_issuers import list_accounts
from ansible_collections.certwright.tls.plugins.plugin_utils._core.revocation import (
    REASONS,
    choose_reason,
    find_answered,
    find_ca_batches,
    find_kind,
    find_left_unrevoked,
    find_objection,
    spell_reason,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.tombstone import Leaf

LEAF = Leaf("11", "k1", "PEM", "https://ca.example/dir", ("a.example",), "", "0a", "2027-01-01T00:00:00Z")
ASKED = {
    "outcome": "asked",
    "issuer": "internal_ca:5c",
    "pem": "P",
    "reason": "superseded",
    "fingerprint": "11",
    "serial": "0a",
}
FAILED = {"outcome": "failed", "issuer": "https://ca.example/dir", "pem": "Q", "message": "no", "fingerprint": "22"}
OFFICE, LAB = {"item": "office", "ca_id": "5c"}, {"item": "lab", "ca_id": "99"}
SILENT = {"item": "far", "failed": True}


def not_of_host(serial: str, code: str = "certificate_unknown") -> dict[str, Any]:
    problem = {"certificate": serial, "code": code, "message": "the ledger has no certificate of it"}
    return {"item": "office", "failed": True, "msg": "2 faults", "problems": [problem]}


@pytest.mark.parametrize(
    ("said", "expected"),
    [("keyCompromise", 1), ("key_compromise", 1), ("cessationOfOperation", 5), ("unspecified", 0)],
)
def test_reasons_are_those_of_the_rfc_in_either_spelling(said: str, expected: int) -> None:
    assert REASONS[spell_reason(said)] == expected


@pytest.mark.parametrize(
    ("compromised", "is_compromised", "expected"),
    [(False, False, "superseded"), (True, False, "key_compromise"), (False, True, "key_compromise")],
)
def test_a_key_that_leaked_is_its_own_reason(compromised: bool, is_compromised: bool, expected: str) -> None:
    leaf = replace(LEAF, is_compromised=compromised)
    assert choose_reason(leaf, "superseded", is_compromised=is_compromised) == expected


@pytest.mark.parametrize(
    ("issuer", "kind"),
    [("https://ca.example/dir", "acme"), ("internal_ca:5c", "internal_ca"), ("files", "files"), ("", "files")],
)
def test_the_record_says_who_can_revoke(issuer: str, kind: str) -> None:
    assert find_kind(replace(LEAF, issuer=issuer)) == kind


@pytest.mark.parametrize(
    ("infos", "owner", "is_whole", "expected"),
    [
        ([OFFICE, LAB, SILENT], "", True, {"office": [{"certificate": "P", "reason": "superseded"}]}),
        (
            [OFFICE],
            "web7",
            False,
            {"office": [{"certificate": "P", "host": "web7", "reason": "superseded"}]},
        ),
        (
            [OFFICE, LAB],
            "web7",
            True,
            {
                "office": [
                    {"certificate": "P", "host": "web7", "reason": "superseded"},
                    {"host": "web7", "reason": "superseded"},
                ]
            },
        ),
        ([LAB], "web7", True, {}),
    ],
)
def test_each_internal_ca_revokes_what_it_signed(
    infos: list[Any], owner: str, is_whole: bool, expected: dict[str, Any]
) -> None:
    assert find_ca_batches([ASKED, FAILED], infos, owner=owner, is_whole=is_whole) == expected


MINE = replace(LEAF, certified=("a.example",))


@pytest.mark.parametrize(
    ("leaf", "names", "accepted", "expected"),
    [
        pytest.param(MINE, ["a.example"], [], "", id="its names are declared"),
        pytest.param(MINE, ["b.example"], [], "it is for a.example", id="another host's"),
        pytest.param(MINE, [], ["revoke_unproven"], "", id="an operator confirms it"),
        pytest.param(replace(MINE, issuer="internal_ca:5c"), [], [], "", id="its ledger is asked"),
        pytest.param(replace(MINE, is_readable=False), ["a.example"], ["revoke_unproven"], "no certificate", id="none"),
    ],
)
def test_a_host_cannot_have_the_certificate_of_another_one_revoked(
    leaf: Leaf, names: list[str], accepted: list[str], expected: str
) -> None:
    objection = find_objection(leaf, names, accepted)
    assert (bool(objection), expected in objection) == (bool(expected), True)


@pytest.mark.parametrize(
    ("infos", "answers", "outcome", "words"),
    [
        pytest.param([OFFICE], [{"item": "office"}], "revoked", "", id="revoked"),
        pytest.param([OFFICE], [{"item": "office", "failed": True, "msg": "sealed"}], "failed", "sealed", id="refused"),
        pytest.param([OFFICE], [not_of_host("0a")], "failed", "revoke_unproven", id="not signed for this host"),
        pytest.param([OFFICE], [not_of_host("ff")], "revoked", "", id="another one was not signed for this host"),
        pytest.param([OFFICE], [not_of_host("ff", code="backup_failed")], "failed", "2 faults", id="another fault"),
        pytest.param([OFFICE], [{"item": "office", "unreachable": True}], "failed", "no reason", id="unreachable"),
        pytest.param([SILENT, LAB], [], "failed", "fingerprint", id="not known"),
    ],
)
def test_what_a_ca_answered_is_known_of_each(infos: list[Any], answers: list[Any], outcome: str, words: str) -> None:
    one, other = find_answered([ASKED, FAILED], infos, answers)
    assert (one["outcome"], words in one.get("message", ""), "pem" in one) == (outcome, True, False)
    assert other == {word: value for word, value in FAILED.items() if word != "pem"}


def test_what_is_not_revoked_is_told_with_its_way_out() -> None:
    leaves = [LEAF, replace(LEAF, fingerprint="22"), replace(LEAF, fingerprint="33", issuer="files")]
    leaves.append(replace(LEAF, fingerprint="44"))
    told = {"22": {"message": "the CA said no"}, "44": {"message": ""}}
    problems, notices = find_left_unrevoked("web", leaves, told)
    assert [(item.code, item.message.split(": ")[1].split(";")[0]) for item in problems] == [
        ("not_revoked", "its CA was not asked"),
        ("not_revoked", "the CA said no"),
        ("not_revoked", "it was refused"),
    ]
    assert [item.code for item in notices] == ["revoke_elsewhere"]


def test_a_certificate_whose_record_is_damaged_is_told() -> None:
    _problems, (told,) = find_left_unrevoked("web", [replace(LEAF, issuer="")], {})
    assert (told.code, "no record any more of the CA that signed it" in told.message) == ("revoke_elsewhere", True)


def test_accounts_are_those_of_acme_issuers() -> None:
    issuers = {
        "own": {"type": "acme", "acme_directory": "https://ca.example/dir", "account_key_src": "a.pem", "email": "a@b"},
        "like": {"type": "acme", "like": "own", "staging": False},
        "office": {"type": "internal_ca"},
    }
    account = {"acme_directory": "https://ca.example/dir", "account_key_src": "a.pem"}
    assert list_accounts(issuers) == [
        {"name": "own", **account},
        {"name": "like", **account, "staging": False},
        {"name": "letsencrypt"},
    ]
    assert list_accounts({"letsencrypt": {"type": "files"}}) == []
