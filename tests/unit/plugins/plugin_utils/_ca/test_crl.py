# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import subprocess
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from ansible_collections.certwright.tls.plugins.plugin_utils._ca.crl import (
    REVOCATION_REASONS,
    Crl,
    Revocation,
    is_due,
    load_crl,
    make_crl,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.signing import Signer
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError
from ansible_collections.certwright.tls.tests.unit.authority import NOW, build, make_key
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._ca.ca_values import day, issue, make_ca

CA = make_ca()
REVOKED = [Revocation(7, NOW - day(2), "key_compromise"), Revocation(8, NOW - day(1))]


def load(revocations: list[Revocation], **words: Any) -> Crl:
    return load_crl(make_crl(revocations, CA.signer, **{"number": 3, "now": NOW, **words}))


def test_a_list_says_what_was_revoked_and_how_long_it_is_good() -> None:
    der = make_crl(REVOKED, CA.signer, number=3, now=NOW + timedelta(microseconds=5))
    begins, ends = NOW - timedelta(minutes=5), NOW + day(30)
    key = CA.signer.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest.hex()
    assert Crl(3, begins, ends, frozenset({7, 8}), key, der) == load_crl(der)


def test_a_list_may_be_empty() -> None:
    assert frozenset() == load([], life=day(1)).serials


def test_a_reason_stands_there_when_there_is_one() -> None:
    entries = x509.load_der_x509_crl(load(REVOKED).der)
    reasons = [[item.value for item in entry.extensions] for entry in entries]
    assert [[x509.CRLReason(x509.ReasonFlags.key_compromise)], []] == reasons
    assert [NOW - day(2), NOW - day(1)] == [entry.revocation_date_utc for entry in entries]


def test_every_reason_that_may_be_given_is_one_of_the_standard() -> None:
    assert len(REVOCATION_REASONS) == len(
        load([Revocation(n, NOW, r) for n, r in enumerate(REVOCATION_REASONS, 1)]).serials
    )


@pytest.mark.parametrize("key_type", ["ec256", "ec384", "rsa2048"])
@pytest.mark.parametrize(
    ("is_revoked", "shown"), [(True, "certificate revoked"), (False, "leaf.pem: OK")], ids=["revoked", "good"]
)
def test_openssl_asks_the_list(key_type: str, is_revoked: bool, shown: str, tmp_path: Path) -> None:
    ca = make_ca(key_type)
    made = issue(ca.signer, "a.example.org").signed
    serial = made.certificate.serial_number if is_revoked else 1
    der = make_crl([Revocation(serial, NOW, "superseded")], ca.signer, number=1, now=NOW)
    (tmp_path / "crl.pem").write_bytes(x509.load_der_x509_crl(der).public_bytes(Encoding.PEM))
    (tmp_path / "leaf.pem").write_text(made.pem)
    (tmp_path / "chain.pem").write_text(ca.chain_pem)
    (tmp_path / "root.pem").write_text(ca.root_pem)
    command = ["openssl", "verify", "-x509_strict", "-crl_check", "-attime", str(int(NOW.timestamp()))]
    command += ["-CRLfile", "crl.pem", "-CAfile", "root.pem", "-untrusted", "chain.pem", "leaf.pem"]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, text=True)
    assert shown in found.stdout + found.stderr


def refuse(action: Any) -> str:
    with pytest.raises(UnusableError) as caught:
        action()
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.value.code


@pytest.mark.parametrize("number", [2, 3], ids=["a lower number", "the same number"])
def test_a_new_list_has_a_higher_number_than_the_one_before(number: int) -> None:
    assert refuse(lambda: load(REVOKED, number=number, previous=load(REVOKED))) == "crl_older"
    assert load(REVOKED, number=4, previous=load(REVOKED)).number == 4


DUE = {
    "at once": (NOW, False),
    "a minute before half of its life": (NOW + day(15) - timedelta(minutes=6), False),
    "at half of its life": (NOW + day(15), True),
    "after its end": (NOW + day(31), True),
}


@pytest.mark.parametrize(("now", "due"), DUE.values(), ids=DUE)
def test_a_list_is_due_at_half_of_its_life(now: datetime, due: bool) -> None:
    assert due == is_due(load(REVOKED), now)


def test_a_reason_that_nobody_knows_is_refused() -> None:
    assert refuse(lambda: load([Revocation(1, NOW, "certificate_hold")])) == "revocation_reason_unknown"


def test_a_list_is_not_signed_with_a_key_that_is_not_the_cas() -> None:
    signer = replace(CA.signer, key=make_key())
    assert refuse(lambda: make_crl([], signer, number=1, now=NOW)) == "not_proved"


@pytest.mark.parametrize(
    ("usage", "code"), [(("key_cert_sign",), "ca_no_crl_sign"), (None, None)], ids=["no list", "anything"]
)
def test_an_imported_ca_signs_lists_only_where_it_may(usage: tuple[str, ...] | None, code: str | None) -> None:
    key = make_key()
    root = build(key, cn="Old", is_ca=True, usage=usage, not_after=NOW + day(99))
    signer = Signer(root, key, (), root)
    if code:
        assert code == refuse(lambda: make_crl([], signer, number=1, now=NOW))
    else:
        assert load_crl(make_crl([], signer, number=1, now=NOW)).number == 1


def make_foreign() -> bytes:
    builder = x509.CertificateRevocationListBuilder().issuer_name(CA.signer.certificate.subject)
    builder = builder.last_update(NOW).next_update(NOW + day(1))
    return builder.sign(make_key(), hashes.SHA256()).public_bytes(Encoding.DER)


@pytest.mark.parametrize(
    "der", [b"", b"what nobody signed", make_foreign()], ids=["nothing", "no list", "a list without a number"]
)
def test_what_is_no_list_of_ours_is_refused(der: bytes) -> None:
    assert refuse(lambda: load_crl(der)) == "crl_unreadable"
