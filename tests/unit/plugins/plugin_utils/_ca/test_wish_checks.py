# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from ansible_collections.certwright.tls.plugins.plugin_utils._ca.signing import Signer
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.subjects import load_subject
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.wish_checks import find_wish_problems
from ansible_collections.certwright.tls.tests.unit.authority import NOW, build, make_key
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._ca.ca_values import day, make_ca, wish

CA = make_ca()
ENDS = NOW + day(1825)
JUDGED: dict[str, tuple[tuple[str, ...], dict[str, Any], datetime, list[str]]] = {
    "a server": (("a.example.org",), {}, NOW, []),
    "a server of a wildcard": (("*.example.org",), {}, NOW, []),
    "a client by its subject": ((), {"usage": "client", "subject": load_subject("CN=agent1")}, NOW, []),
    "a client by its mail address": ((), {"usage": "client", "emails": ("a@example.org",)}, NOW, []),
    "a client by its name": (("a.example.org",), {"usage": "client"}, NOW, []),
    "an unknown usage": (("a.example.org",), {"usage": "peer"}, NOW, ["usage_unknown"]),
    "a server without a name": ((), {"subject": load_subject("CN=a.example.org")}, NOW, ["no_names"]),
    "both without a name": ((), {"usage": "both", "emails": ("a@example.org",)}, NOW, ["no_names"]),
    "a client without anything": ((), {"usage": "client"}, NOW, ["no_names"]),
    "a client of a wildcard": (("*.example.org",), {"usage": "client"}, NOW, ["wildcard_for_client"]),
    "both of a wildcard": (("*.example.org",), {"usage": "both"}, NOW, ["wildcard_for_client"]),
    "a name outside": (("example.net",), {}, NOW, ["name_outside_constraints"]),
    "an address outside": (("192.0.2.1",), {}, NOW, ["name_outside_constraints"]),
    "a mail address outside": (
        (),
        {"usage": "client", "emails": ("a@example.net",)},
        NOW,
        ["name_outside_constraints"],
    ),
    "a common name outside that OpenSSL would read": (
        ("a.example.org",),
        {"subject": load_subject("CN=example.net")},
        NOW,
        ["name_outside_constraints"],
    ),
    "the CA's end": (("a.example.org",), {"not_after": ENDS}, NOW, []),
    "a second longer than the CA": (("a.example.org",), {"not_after": ENDS + day(1 / 86400)}, NOW, ["outlives_ca"]),
    "an end that is over": (("a.example.org",), {"not_after": NOW}, NOW, ["date_invalid"]),
    "a CA that has expired": (
        ("a.example.org",),
        {"not_after": ENDS + day(9)},
        ENDS,
        ["ca_expired"],
    ),
    "a CA of tomorrow": (("a.example.org",), {}, NOW - day(1), ["ca_not_yet_valid"]),
    "the key of the CA (J14)": (("a.example.org",), {"public_key": CA.signer.key.public_key()}, NOW, ["key_of_ca"]),
    "the key of its root": (("a.example.org",), {"public_key": CA.root_signer.key.public_key()}, NOW, ["key_of_ca"]),
    "all at once": (
        ("*.example.net",),
        {"usage": "client", "not_after": NOW, "public_key": CA.signer.key.public_key()},
        NOW,
        ["wildcard_for_client", "name_outside_constraints", "date_invalid", "key_of_ca"],
    ),
}


@pytest.mark.parametrize(("names", "words", "now", "codes"), JUDGED.values(), ids=JUDGED)
def test_a_wish_is_judged(names: tuple[str, ...], words: dict[str, Any], now: datetime, codes: list[str]) -> None:
    problems = find_wish_problems(wish(CA.signer, *names, **words), CA.signer, now)
    assert codes == [problem.code for problem in problems]
    assert {"web1 web"} >= {problem.certificate for problem in problems}


def test_a_problem_of_a_certificate_without_a_host_bears_its_name() -> None:
    assert find_wish_problems(wish(CA.signer, host=""), CA.signer, NOW)[0].certificate == "web"


def test_the_constraints_of_an_imported_ca_count_though_nobody_declared_them() -> None:
    signer = replace(CA.signer, constraints=None)
    problems = find_wish_problems(wish(signer, "example.net"), signer, NOW)
    assert [problem.code for problem in problems] == ["name_outside_constraints"]


@pytest.mark.parametrize(
    ("purposes", "codes"),
    [
        ((ExtendedKeyUsageOID.SERVER_AUTH,), ["usage_unsuitable"]),
        ((ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH), []),
        ((ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,), []),
    ],
    ids=["servers only", "both", "any"],
)
def test_an_imported_ca_may_be_for_some_purposes_only(purposes: Any, codes: list[str]) -> None:
    key = make_key()
    root = build(key, cn="Old", is_ca=True, usage=("key_cert_sign",), extended_usage=purposes, not_after=ENDS)
    signer = Signer(root, key, (), root)
    problems = find_wish_problems(wish(signer, "a.example.org", usage="both"), signer, NOW)
    assert codes == [problem.code for problem in problems]
