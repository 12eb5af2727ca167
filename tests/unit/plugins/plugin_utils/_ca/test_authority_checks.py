# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from ansible_collections.certwright.tls.plugins.plugin_utils._ca.authority_checks import (
    find_authority_notices,
    find_authority_problems,
    find_path_problems,
    is_strict,
)
from ansible_collections.certwright.tls.tests.unit.authority import (
    NOW,
    Authority,
    ca,
    make_key,
    self_signed,
    shared_key,
)
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._ca.ca_values import day, make_ca

CA = make_ca()
JUDGED: dict[str, tuple[Any, list[str]]] = {
    "a root": (ca, []),
    "an RSA root": (lambda: ca(key=shared_key("RSA 2048")), []),
    "an old root without keyUsage": (lambda: ca(usage=None), []),
    "a server's certificate": (lambda: self_signed("a.example.org"), ["ca_not_ca", "ca_no_key_cert_sign"]),
    "what may sign lists only": (lambda: ca(usage=("crl_sign",)), ["ca_no_key_cert_sign"]),
    "an expired one": (lambda: ca(not_after=NOW), ["ca_expired"]),
    "one of tomorrow": (lambda: ca(not_before=NOW + day(1)), ["ca_not_yet_valid"]),
    "RSA 1024": (lambda: ca(key=shared_key("RSA 1024")), ["ca_weak"]),
    "Ed25519": (lambda: ca(key_type="Ed25519"), ["ca_weak"]),
    "SHA-1 below another CA": (
        lambda: ca(key=shared_key("RSA 2048")).authority(signature_hash="sha1"),
        ["ca_weak"],
    ),
    "SHA-1 on itself, which nobody checks": (lambda: ca(key=shared_key("RSA 2048"), signature_hash="sha1"), []),
    "constraints on mail addresses": (lambda: ca(permitted=("example.org", "a@example.org")), ["ca_unsupported"]),
    "all at once": (
        lambda: ca(usage=("crl_sign",), not_after=NOW, key=shared_key("RSA 1024")),
        ["ca_no_key_cert_sign", "ca_expired", "ca_weak"],
    ),
}


@pytest.mark.parametrize(("make", "codes"), JUDGED.values(), ids=JUDGED)
def test_a_ca_is_judged_before_anything_is_signed_with_it(make: Any, codes: list[str]) -> None:
    made = make()
    problems = find_authority_problems(made.certificate, None, now=NOW)
    assert codes == [problem.code for problem in problems]


def test_the_key_belongs_to_the_certificate() -> None:
    made = ca()
    assert find_authority_problems(made.certificate, made.key, now=NOW) == ()
    for other in (make_key(), rsa.generate_private_key(65537, 2048)):
        problems = find_authority_problems(made.certificate, other, now=NOW)
        assert [problem.code for problem in problems] == ["ca_key_mismatch"]


STRICT = {
    "ours": (CA.signer.certificate, []),
    "without keyUsage": (ca(usage=None).certificate, ["ca_not_strict"]),
    "without key identifiers": (ca(key_ids=False).certificate, ["ca_not_strict"]),
    "without basicConstraints": (ca(is_ca=None).certificate, ["ca_not_strict"]),
    "with basicConstraints that nobody has to understand": (
        ca(is_ca=None, extra=(x509.BasicConstraints(ca=True, path_length=None),)).certificate,
        ["ca_not_strict"],
    ),
}


@pytest.mark.parametrize(("certificate", "codes"), STRICT.values(), ids=STRICT)
def test_it_is_told_what_only_strict_clients_refuse(certificate: x509.Certificate, codes: list[str]) -> None:
    assert codes == [notice.code for notice in find_authority_notices(certificate)]


def test_a_ca_is_strict_with_both_extensions() -> None:
    assert is_strict(CA.signer.certificate)
    assert not is_strict(ca(usage=None).certificate)


@dataclass(frozen=True)
class Path:
    """From the CA to its root."""

    authority: Authority
    chain: tuple[Authority, ...]
    root: Authority


def below(root: Authority, **words: Any) -> Path:
    return Path(root.authority(**words), (), root)


def between(root: Authority, **words: Any) -> Path:
    middle = root.authority("Middle", **words)
    return Path(middle.authority("Issuing"), (middle,), root)


SELF_ISSUED = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test Root")])
PATHS: dict[str, tuple[Any, list[str]]] = {
    "a CA below its root": (lambda: below(ca()), []),
    "a root by itself": (lambda: Path(ca(), (), ca()), ["signature_invalid"]),
    "another between them": (lambda: between(ca()), []),
    "the one between them is missing": (
        lambda: Path(between(root := ca()).authority, (), root),
        ["signature_invalid"],
    ),
    "a root of the same name": (lambda: Path(ca().authority(), (), ca()), ["signature_invalid"]),
    "one more than the root allows": (lambda: between(ca(path_length=1)), ["path_length_exceeded"]),
    "one less than it allows": (lambda: between(ca(path_length=2)), []),
    "just as many as it allows": (lambda: below(ca(path_length=1)), []),
    "one where none is allowed": (lambda: below(ca(path_length=0)), ["path_length_exceeded"]),
    "a bridge to a root of the same name, which does not count": (
        lambda: between(ca(path_length=1), subject=SELF_ISSUED),
        [],
    ),
    "an expired one between them": (lambda: between(ca(), not_after=NOW - day(1)), ["ca_expired"]),
    "an expired root": (lambda: below(ca(not_after=NOW - day(1))), ["ca_expired"]),
    "one between them that is no CA": (lambda: between(ca(), is_ca=False), ["ca_not_ca"]),
    "a CA with a name that its root forbids": (
        lambda: below(ca(permitted=("example.org",)), names=("example.net",)),
        ["name_constraint_violated"],
    ),
    "a CA with a name that its root permits": (
        lambda: below(ca(permitted=("example.org",)), names=("ca.example.org",)),
        [],
    ),
}


@pytest.mark.parametrize(("make", "codes"), PATHS.values(), ids=PATHS)
def test_the_path_to_the_root_is_judged_as_clients_do(make: Any, codes: list[str]) -> None:
    path = make()
    chain = [authority.certificate for authority in path.chain]
    problems = find_path_problems(path.authority.certificate, chain, path.root.certificate, now=NOW)
    assert codes == [problem.code for problem in problems]


def test_a_ca_may_be_its_own_root() -> None:
    root = ca().certificate
    assert find_path_problems(root, (), root, now=NOW) == ()
