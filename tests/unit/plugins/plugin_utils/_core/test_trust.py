# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whom hosts may be told to trust, and what is refused before any is asked."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.trust import (
    find_anchor_notices,
    load_anchors_to_trust,
)
from ansible_collections.certwright.tls.tests.unit.authority import NOW, ca, self_signed

ROOT, OTHER = ca("Root"), ca("Other")
BELOW = ROOT.authority()
ENDED = ca("Ended", not_before=NOW - timedelta(days=9), not_after=NOW)
SILENT = ca("Silent", usage=None)
MUTE = ca("Mute", usage=("digital_signature",))
LEAF, OWN = ROOT.issue("a.example"), self_signed("a.example")


@pytest.mark.parametrize(
    ("texts", "subjects"),
    [
        pytest.param([ROOT.pem], ["CN=Root"], id="one"),
        pytest.param([ROOT.pem + OTHER.pem, SILENT.pem], ["CN=Root", "CN=Other", "CN=Silent"], id="several in a text"),
        pytest.param([ROOT.pem + ROOT.pem], ["CN=Root"], id="the same block twice in a text"),
        pytest.param([ROOT.der], ["CN=Root"], id="DER"),
        pytest.param([BELOW.pem], ["CN=Test Intermediate"], id="an intermediate"),
    ],
)
def test_certificates_come_in_their_order(texts: list[bytes], subjects: list[str]) -> None:
    found = load_anchors_to_trust([("root.pem", text) for text in texts], now=NOW)
    assert [certificate.subject for certificate in found] == subjects


@pytest.mark.parametrize(
    ("texts", "problems"),
    [
        pytest.param([], [("certificates", "trust_empty")], id="nothing is listed"),
        pytest.param([LEAF.pem], [("0", "ca_not_ca")], id="a leaf"),
        pytest.param([OWN.pem], [("0", "ca_not_ca")], id="a leaf that signed itself"),
        pytest.param([MUTE.pem], [("0", "ca_not_ca")], id="a CA that may not sign"),
        pytest.param([ENDED.pem], [("0", "ca_expired")], id="one that has ended at this moment"),
        pytest.param([ROOT.pem + ROOT.key_pem], [("0", "private_key_given")], id="with its key"),
        pytest.param([ROOT.encode_key("secret")], [("0", "private_key_given")], id="an encrypted key alone"),
        pytest.param([ROOT.pem, OTHER.pem, ROOT.pem], [("2", "ca_twice")], id="twice"),
        pytest.param([b"", b"x", ROOT.pem], [("0", "input_empty"), ("1", "not_pem")], id="no PEM beside a sound one"),
        pytest.param([LEAF.pem + ENDED.pem], [("0", "ca_not_ca"), ("0", "ca_expired")], id="two faults in a text"),
    ],
)
def test_all_problems_are_told_together(texts: list[bytes], problems: list[tuple[str, str]]) -> None:
    with pytest.raises(RefusedError) as refused:
        load_anchors_to_trust([(str(number), text) for number, text in enumerate(texts)], now=NOW)
    assert [(problem.certificate, problem.code) for problem in refused.value.problems] == problems
    assert ROOT.key_pem.decode().splitlines()[1] not in str(refused.value)


def test_one_that_is_listed_twice_is_told_where() -> None:
    texts = [("a.pem", ROOT.pem), ("b.pem", ROOT.pem), ("c.pem", OTHER.pem), ("c.pem", OTHER.pem)]
    with pytest.raises(RefusedError) as refused:
        load_anchors_to_trust(texts, now=NOW)
    assert [problem.message for problem in refused.value.problems] == [
        "CN=Root is in a.pem too; list it once",
        "CN=Other is in it twice; list it once",
    ]


def test_an_anchor_that_is_no_root_is_worth_a_word() -> None:
    found = load_anchors_to_trust([("x", ROOT.pem + BELOW.pem)], now=NOW)
    fact = "CN=Test Intermediate is no root, so programs that use OpenSSL do not end a chain at it"
    assert [(notice.code, notice.message) for notice in find_anchor_notices(found)] == [
        ("anchor_not_root", f"{fact}; trust its root CN=Root")
    ]
