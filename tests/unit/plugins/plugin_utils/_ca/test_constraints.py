# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from cryptography import x509
from cryptography.x509 import verification

from ansible_collections.certwright.tls.plugins.plugin_utils._ca.constraints import (
    Constraints,
    has_foreign_constraints,
    load_constraints,
    load_constraints_of,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError
from ansible_collections.certwright.tls.tests.unit.authority import NOW, ca

WORDS = {"permitted": ["Example.ORG", "10.0.0.0/8", "2001:db8::/32"], "excluded": ["secret.example.org", "10.9.9.9"]}
LOADED = Constraints(("example.org",), ("10.0.0.0/8", "2001:db8::/32"), ("secret.example.org",), ("10.9.9.9/32",))


def test_domains_and_networks_are_told_apart_and_spelled_one_way() -> None:
    assert load_constraints(WORDS) == LOADED
    assert load_constraints(LOADED.describe()) == LOADED


@pytest.mark.parametrize("words", [None, {}, {"permitted": [], "excluded": None}], ids=["none", "empty", "empty lists"])
def test_words_that_say_nothing_are_no_constraints(words: dict[str, list[str]] | None) -> None:
    assert load_constraints(words) is None


@pytest.mark.parametrize(
    ("item", "fact"),
    [
        ("*.example.org", "has a wildcard"),
        (".example.org", "has an empty label"),
        ("10.0.0.1/8", "has host bits set"),
        ("a@example.org", "has the label"),
        ("", "has an empty label"),
    ],
    ids=["a wildcard", "a dot before it", "a network with a host in it", "a mail address", "nothing"],
)
def test_what_is_neither_domain_nor_network_is_refused(item: str, fact: str) -> None:
    with pytest.raises(UnusableError) as caught:
        load_constraints({"permitted": [item]})
    assert caught.value.code == "constraint_invalid"
    assert fact in caught.value.message


LIMITS = {
    "the domain itself": (["example.org"], [], "example.org", True),
    "a name below it": (["example.org"], [], "a.b.example.org", True),
    "a name that only ends like it": (["example.org"], [], "badexample.org", False),
    "another name": (["example.org"], [], "example.net", False),
    "a domain of one label": (["lan"], [], "db1.lan", True),
    "a wildcard of the domain": (["example.org"], [], "*.example.org", True),
    "a wildcard above the domain": (["a.example.org"], [], "*.example.org", False),
    "an excluded name": ([], ["secret.example.org"], "secret.example.org", False),
    "below an excluded name": ([], ["secret.example.org"], "a.secret.example.org", False),
    "beside an excluded name": ([], ["secret.example.org"], "public.example.org", True),
    "a wildcard that reaches an excluded name": ([], ["secret.example.org"], "*.example.org", False),
    "a wildcard that does not reach it": ([], ["a.secret.example.org"], "*.example.org", True),
    "permitted and excluded": (["example.org"], ["secret.example.org"], "secret.example.org", False),
    "an address of the network": (["10.0.0.0/8"], [], "10.1.2.3", True),
    "an address beside it": (["10.0.0.0/8"], [], "192.0.2.1", False),
    "an address of the other kind": (["10.0.0.0/8"], [], "2001:db8::1", False),
    "an excluded address": ([], ["10.9.9.9"], "10.9.9.9", False),
    "an address where only names are limited": (["example.org"], [], "192.0.2.1", True),
    "a name where only addresses are limited": (["10.0.0.0/8"], [], "example.net", True),
}


@pytest.mark.parametrize(("permitted", "excluded", "name", "inside"), LIMITS.values(), ids=LIMITS)
def test_a_name_is_inside_or_outside(permitted: list[str], excluded: list[str], name: str, inside: bool) -> None:
    constraints = load_constraints({"permitted": permitted, "excluded": excluded})
    assert constraints
    assert inside == (constraints.find_outside([name], []) == ())


AS_LIBRARY = {
    case: words for case, words in LIMITS.items() if "*" not in words[2] and case != "an address of the other kind"
}


@pytest.mark.parametrize(("permitted", "excluded", "name", "inside"), AS_LIBRARY.values(), ids=AS_LIBRARY)
def test_the_strict_verifier_agrees(permitted: list[str], excluded: list[str], name: str, inside: bool) -> None:
    constraints = load_constraints({"permitted": permitted, "excluded": excluded})
    assert constraints
    root = ca(extra=(constraints.to_extension(),), path_length=0)
    leaf = root.issue(name)
    subject = x509.DNSName(name) if name[-1].isalpha() else x509.IPAddress(leaf_address(leaf.certificate))
    store = verification.Store([root.certificate])
    verifier = verification.PolicyBuilder().store(store).time(NOW).build_server_verifier(subject)
    try:
        verifier.verify(leaf.certificate, [])
        found = True
    except verification.VerificationError:
        found = False
    assert inside == found


def leaf_address(certificate: x509.Certificate) -> Any:
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return names.get_values_for_type(x509.IPAddress)[0]


def test_all_names_outside_are_told_at_once_and_a_mail_address_counts_as_its_host() -> None:
    reasons = LOADED.find_outside(["a.example.org", "example.net", "192.0.2.1"], ["a@EXAMPLE.org", "b@example.net"])
    assert [reason.code for reason in reasons] == ["name_outside_constraints"]
    assert reasons[0].message.startswith(
        "example.net, 192.0.2.1, b@example.net lies outside of what the CA may issue for"
    )
    assert (
        "permitted: example.org, 10.0.0.0/8, 2001:db8::/32; excluded: secret.example.org, 10.9.9.9/32"
        in reasons[0].message
    )


def test_what_stands_on_a_ca_certificate_is_read_back() -> None:
    root = ca(extra=(LOADED.to_extension(),))
    assert load_constraints_of(root.certificate) == LOADED
    assert not has_foreign_constraints(root.certificate)


def test_a_ca_certificate_may_have_no_constraints_or_half_of_them() -> None:
    assert load_constraints_of(ca().certificate) is None
    assert not has_foreign_constraints(ca().certificate)
    assert Constraints(excluded_names=("a.example",)) == load_constraints_of(ca(excluded=("a.example",)).certificate)
    assert Constraints(permitted_names=("a.example",)) == load_constraints_of(ca(permitted=("a.example",)).certificate)


def test_constraints_of_other_kinds_are_noticed() -> None:
    assert has_foreign_constraints(ca(permitted=("a@example.org",)).certificate)
