# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from ansible_collections.certwright.tls.plugins.plugin_utils._ca.authority import (
    cross_sign,
    encode,
    make_authority_request,
    make_issuing,
    make_root,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.authority_checks import (
    find_authority_notices,
    find_authority_problems,
    find_path_problems,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.constraints import load_constraints_of
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.keys import make_key
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.subjects import load_subject
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError
from ansible_collections.certwright.tls.tests.unit.authority import NOW, build
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._ca.ca_values import (
    LIMITS,
    OwnCa,
    day,
    export_plain,
    issue,
    make_ca,
    make_lone_root,
    next_serial,
)

CA = make_ca()
ROOT, ISSUING = CA.root_signer.certificate, CA.signer.certificate
SUBJECT = load_subject("CN=Example CA,O=Example,C=DE")


def extension(certificate: x509.Certificate, kind: Any) -> Any:
    return certificate.extensions.get_extension_for_class(kind)


def test_a_root_and_its_issuing_ca_live_as_long_as_they_should() -> None:
    early = timedelta(minutes=5)
    assert (NOW - early, NOW + day(3650)) == (ROOT.not_valid_before_utc, ROOT.not_valid_after_utc)
    assert (NOW - early, NOW + day(1825)) == (ISSUING.not_valid_before_utc, ISSUING.not_valid_after_utc)


@pytest.mark.parametrize(
    ("certificate", "path_length"),
    [(ROOT, 1), (ISSUING, 0), (make_lone_root().certificate, 0)],
    ids=["a root above an issuing CA", "an issuing CA", "a root alone"],
)
def test_a_ca_says_how_many_may_be_below_it_and_for_which_names(
    certificate: x509.Certificate, path_length: int
) -> None:
    basic = extension(certificate, x509.BasicConstraints)
    assert (x509.BasicConstraints(ca=True, path_length=path_length), True) == (basic.value, basic.critical)
    assert extension(certificate, x509.NameConstraints).critical
    assert load_constraints_of(certificate) == LIMITS
    assert find_authority_problems(certificate, None, now=NOW) == ()
    assert find_authority_notices(certificate) == ()


def test_a_ca_without_limits_has_no_constraints() -> None:
    assert load_constraints_of(make_ca(constraints=None).signer.certificate) is None


def test_an_issuing_ca_does_not_outlive_its_root_nor_begin_before_it() -> None:
    made = make_issuing(
        SUBJECT, make_key(), constraints=None, life=day(9999), serial=1, now=NOW - day(1), signer=CA.root_signer
    )
    assert (ROOT.not_valid_before_utc, ROOT.not_valid_after_utc) == (
        made.not_valid_before_utc,
        made.not_valid_after_utc,
    )


def refuse(action: Any) -> str:
    with pytest.raises(UnusableError) as caught:
        action()
    return caught.value.code


def test_a_ca_needs_a_subject_of_its_own() -> None:
    words: dict[str, Any] = {"constraints": None, "serial": 1, "now": NOW}
    nobody, key = x509.Name([]), make_key()
    assert refuse(lambda: make_root(nobody, key, path_length=0, **words)) == "subject_invalid"
    assert refuse(lambda: make_issuing(nobody, key, signer=CA.root_signer, **words)) == "subject_invalid"
    assert refuse(lambda: make_issuing(ROOT.subject, key, signer=CA.root_signer, **words)) == "subject_invalid"
    assert refuse(lambda: make_authority_request(nobody, key)) == "subject_invalid"


def test_no_ca_is_made_below_one_that_allows_none() -> None:
    code = refuse(
        lambda: make_issuing(SUBJECT, make_key(), constraints=None, serial=1, now=NOW, signer=make_lone_root())
    )
    assert code == "path_length_exceeded"


def test_openssl_signs_what_we_request_from_a_ca_elsewhere(tmp_path: Path) -> None:
    """The other CA copies what was asked for, and what it signed is a CA that issues certificates."""
    key, other = make_key(), make_lone_root(constraints=None, path_length=2)
    (tmp_path / "csr.pem").write_text(make_authority_request(SUBJECT, key, constraints=LIMITS))
    (tmp_path / "ca.pem").write_text(encode(other.certificate))
    (tmp_path / "ca.key").write_text(export_plain(other.key))
    command = ["openssl", "x509", "-req", "-in", "csr.pem", "-CA", "ca.pem", "-CAkey", "ca.key", "-copy_extensions"]
    command += ["copy", "-days", "900", "-out", "sub.pem"]
    subprocess.run(command, cwd=tmp_path, capture_output=True, check=True)
    made = x509.load_pem_x509_certificate((tmp_path / "sub.pem").read_bytes())
    later = made.not_valid_before_utc + day(1)
    assert find_authority_problems(made, key, now=later) == ()
    assert find_path_problems(made, (), other.certificate, now=later) == ()
    assert load_constraints_of(made) == LIMITS
    assert x509.BasicConstraints(ca=True, path_length=0) == extension(made, x509.BasicConstraints).value


def roll_over() -> tuple[OwnCa, x509.Certificate]:
    """The next CA, and its root's key as the old root signed it."""
    following = make_ca()
    cross = cross_sign(following.root_signer.certificate, CA.root_signer, serial=next_serial(), now=NOW + day(9))
    return following, cross


def test_a_bridge_says_what_the_next_root_says() -> None:
    following, cross = roll_over()
    new = following.root_signer.certificate
    assert (new.public_key(), new.subject, ROOT.subject) == (cross.public_key(), cross.subject, cross.issuer)
    assert {item.oid: item.value for item in new.extensions}.items() <= {
        item.oid: item.value for item in cross.extensions
    }.items()
    assert (NOW + day(9) - timedelta(minutes=5), ROOT.not_valid_after_utc) == (
        cross.not_valid_before_utc,
        cross.not_valid_after_utc,
    )
    assert find_path_problems(following.signer.certificate, (cross,), ROOT, now=NOW + day(10)) == ()


@pytest.mark.parametrize("trusts", ["old", "new", "both"])
def test_clients_of_either_root_accept_what_the_next_ca_signs(trusts: str, tmp_path: Path) -> None:
    following, cross = roll_over()
    roots = {"old": CA.root_pem, "new": following.root_pem, "both": CA.root_pem + following.root_pem}
    (tmp_path / "leaf.pem").write_text(issue(following.signer, "a.example.org").signed.pem)
    (tmp_path / "chain.pem").write_text(following.chain_pem + encode(cross))
    (tmp_path / "root.pem").write_text(roots[trusts])
    command = ["openssl", "verify", "-x509_strict", "-attime", str(int((NOW + day(10)).timestamp()))]
    command += ["-purpose", "sslserver", "-CAfile", "root.pem", "-untrusted", "chain.pem", "leaf.pem"]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, text=True)
    assert found.stdout + found.stderr == "leaf.pem: OK\n"


def test_a_next_root_of_another_name_needs_room_below_the_old_one() -> None:
    following = make_ca(subject="Next").root_signer.certificate
    assert refuse(lambda: cross_sign(following, CA.root_signer, serial=1, now=NOW)) == "path_length_exceeded"
    key = make_key()
    wide = build(key, cn="Wide", is_ca=True, usage=("key_cert_sign", "crl_sign"), not_after=NOW + day(99))
    signer = replace(CA.root_signer, certificate=wide, key=key, root=wide)
    assert wide.subject == cross_sign(following, signer, serial=1, now=NOW).issuer


def test_a_root_without_a_path_length_does_not_go_below_one_with() -> None:
    endless = build(make_key(), subject=ROOT.subject, is_ca=True, not_after=NOW + day(99))
    assert refuse(lambda: cross_sign(endless, CA.root_signer, serial=1, now=NOW)) == "path_length_exceeded"


def test_a_bridge_to_an_imported_root_points_to_the_old_one() -> None:
    """An imported root may point to itself, where ours points to nobody."""
    key = make_key()
    imported = build(
        key, subject=ROOT.subject, is_ca=True, path_length=0, usage=("key_cert_sign",), not_after=NOW + day(99)
    )
    cross = cross_sign(imported, CA.root_signer, serial=1, now=NOW)
    assert extension(cross, x509.AuthorityKeyIdentifier).value == CA.root_signer.authority_key
    assert find_path_problems(imported, (), imported, now=NOW) == find_path_problems(cross, (), ROOT, now=NOW) == ()


def test_a_certificate_is_written_as_pem() -> None:
    assert x509.load_pem_x509_certificate(encode(ROOT).encode()) == ROOT
