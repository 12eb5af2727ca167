# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists of revocations: what is read of them, which of two is the better, and when somebody has to be told."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import Block, UnusableError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.revocation_list import (
    RevocationList,
    find_best,
    load_lists,
    load_recorded,
)
from ansible_collections.certwright.tls.tests.unit.authority import NOW, ca
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.revocation_lists import (
    DAY,
    list_of,
    sign_list,
)

CA, OTHER = ca("Clients"), ca("Others")
FIRST, SECOND = list_of(CA, 1), list_of(CA, 2)
ENDED = list_of(CA, 3, begins=-30, ends=-1)
PART = x509.IssuingDistributionPoint(
    [x509.UniformResourceIdentifier("http://a/")], None, False, True, None, False, False
)


def test_a_list_says_whose_it_is_and_when_it_ends() -> None:
    found = list_of(CA, 7)
    assert (found.title, found.number, found.this_update, found.next_update) == (
        "CN=Clients",
        7,
        NOW - DAY,
        NOW + 29 * DAY,
    )
    assert found.describe() == "the list of revocations 7 of CN=Clients, which ends on 2026-12-20 22:00 UTC"
    unending = replace(found, number=None, next_update=None)
    assert unending.describe() == "the list of revocations of CN=Clients"
    assert unending.to_record()["next_update"] == ""


def test_a_record_gives_back_what_was_recorded() -> None:
    other = list_of(OTHER)
    assert load_recorded([FIRST.to_record(), other.to_record()]) == (FIRST, other)
    assert load_recorded([{"pem": "nonsense"}]) == load_recorded([]) == ()


def test_of_each_ca_the_newest_is_read_and_its_parts_are_no_rivals() -> None:
    texts = [sign_list(CA, 2), sign_list(CA, 1), sign_list(OTHER), sign_list(CA, 3, PART)]
    assert [item.number for item in load_lists("".join(texts).encode())] == [2, 1, 3]


def test_a_list_without_numbers_or_a_key_is_read_too() -> None:
    found = list_of(CA, None)
    assert (found.number, found.issuer == FIRST.issuer) == (None, True)
    nameless = x509.AuthorityKeyIdentifier(None, [x509.DirectoryName(CA.certificate.subject)], 5)
    builder = x509.CertificateRevocationListBuilder().issuer_name(CA.certificate.subject)
    builder = builder.last_update(NOW).next_update(NOW + DAY).add_extension(nameless, critical=False)
    der = builder.sign(CA.key, CA.certificate.signature_hash_algorithm).public_bytes(Encoding.DER)
    assert load_lists(Block("X509 CRL", der).text.encode())[0].issuer != FIRST.issuer


@pytest.mark.parametrize(
    ("content", "code"),
    [
        pytest.param(b"", "input_empty", id="nothing"),
        pytest.param(b"nonsense", "not_pem", id="no PEM"),
        pytest.param(CA.pem, "crl_unreadable", id="a certificate"),
        pytest.param(Block("X509 CRL", b"0\x00").text.encode(), "crl_unreadable", id="damaged"),
        pytest.param(sign_list(CA, 2, x509.DeltaCRLIndicator(1)).encode(), "crl_unreadable", id="only changes"),
    ],
)
def test_what_is_no_list_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(UnusableError) as refused:
        load_lists(content)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("lists", "expected"),
    [
        pytest.param([FIRST, SECOND], SECOND, id="the newer one"),
        pytest.param([SECOND, FIRST], SECOND, id="in any order"),
        pytest.param([FIRST, replace(FIRST, pem="")], FIRST, id="of equals the first"),
        pytest.param([FIRST, ENDED], FIRST, id="one that has ended is no rival, whatever its number"),
        pytest.param([ENDED, FIRST], FIRST, id="in any order too"),
        pytest.param([ENDED, list_of(CA, 2, begins=-30, ends=-1)], ENDED, id="the newest of those that have ended"),
        pytest.param([list_of(CA, None), list_of(CA, 9, begins=-2)], list_of(CA, None), id="by date without numbers"),
    ],
)
def test_which_of_two_is_the_better(lists: list[RevocationList], expected: RevocationList) -> None:
    assert [best.identity for best in find_best(lists, NOW).values()] == [expected.identity]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(list_of(CA, begins=-1, ends=29), (False, False), id="new"),
        pytest.param(list_of(CA, begins=-22, ends=8), (False, False), id="a good quarter is left"),
        pytest.param(list_of(CA, begins=-23, ends=7), (False, True), id="less than a quarter is left"),
        pytest.param(ENDED, (True, False), id="ended"),
        pytest.param(list_of(CA, begins=-3000, ends=181), (False, False), id="long ones are told of half a year ahead"),
        pytest.param(list_of(CA, begins=-3000, ends=179), (False, True), id="and then they are"),
        pytest.param(replace(FIRST, next_update=None), (False, False), id="without an end"),
    ],
)
def test_when_a_list_ends(found: RevocationList, expected: tuple[bool, bool]) -> None:
    assert (found.has_ended(NOW), found.ends_soon(NOW)) == expected
