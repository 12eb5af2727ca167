# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509 import verification

from ansible_collections.certwright.tls.plugins.plugin_utils._ca.authority import make_root
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.proof import _can_library_prove, require_proved
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.signing import Signed, Signer, Wish, sign
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.subjects import load_subject
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError
from ansible_collections.certwright.tls.tests.unit.authority import NOW, build, make_key
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._ca.ca_values import (
    LIMITS,
    day,
    find_end,
    issue,
    make_ca,
    make_lone_root,
    next_serial,
    wish,
)

CA = make_ca()
AGENT = load_subject("CN=agent1,O=SOS")
KNOWS_CLIENTS = hasattr(verification, "ClientVerifier")


def make_lax(**words: Any) -> Signer:
    """An imported CA of an old profile."""
    key = make_key()
    root = build(key, cn="Old", is_ca=True, not_after=NOW + day(900), **{"usage": None, **words})
    return Signer(root, key, (), root)


WISHES: dict[str, tuple[Wish, bool]] = {
    "a server": (wish(CA.signer, "a.example.org"), True),
    "a server of an address": (wish(CA.signer, "10.1.2.3"), True),
    "both": (wish(CA.signer, "a.example.org", usage="both"), True),
    "a server of a wildcard": (wish(CA.signer, "a.example.org", "*.example.org"), False),
    "a server with an underscore": (wish(CA.signer, "a_b.example.org"), False),
    "a client by its name": (wish(CA.signer, "a.example.org", usage="client"), KNOWS_CLIENTS),
    "a client by its mail address": (wish(CA.signer, usage="client", emails=("a@example.org",)), KNOWS_CLIENTS),
    "a client by its subject": (wish(CA.signer, usage="client", subject=AGENT), False),
}


@pytest.mark.parametrize(("wished", "by_library"), WISHES.values(), ids=WISHES)
def test_what_was_signed_is_proved_by_the_library_where_it_can(wished: Wish, by_library: bool) -> None:
    signed = sign(wished, CA.signer, serial=next_serial(), now=NOW)
    require_proved(signed, wished, CA.signer, NOW)
    assert by_library == _can_library_prove(wished, CA.signer)


def test_a_lone_root_and_an_imported_ca_of_an_old_profile_are_proved_too() -> None:
    for signer in (make_lone_root(), make_lax(), make_lax(key_ids=False)):
        issue(signer, "a.example.org")
    assert not _can_library_prove(wish(make_lax(), "a.example.org"), make_lax())


def refuse(signed: Signed, wished: Wish, signer: Signer = CA.signer, now: Any = NOW) -> tuple[str, str]:
    with pytest.raises(UnusableError) as caught:
        require_proved(signed, wished, signer, now)
    return caught.value.code, caught.value.message


def sign_as(wished: Wish, signer: Signer = CA.signer, **words: Any) -> Signed:
    return sign(replace(wished, **words), signer, serial=next_serial(), now=NOW)


def damage(signed: Signed) -> Signed:
    """The last byte of the signature is another one."""
    der = signed.der[:-1] + bytes([signed.der[-1] ^ 1])
    return replace(signed, certificate=x509.load_der_x509_certificate(der), der=der)


SLIPS: dict[str, tuple[Callable[[Wish], Signed], str, str]] = {
    "the CA's own key, as JS7 does (J14)": (
        lambda wished: sign_as(wished, public_key=CA.signer.key.public_key()),
        "key_of_ca",
        "carries the CA's own key",
    ),
    "the key of its root": (
        lambda wished: sign_as(wished, public_key=CA.root_signer.key.public_key()),
        "key_of_ca",
        "carries the CA's own key",
    ),
    "the key of somebody else": (
        lambda wished: sign_as(wished, public_key=make_key().public_key()),
        "not_proved",
        "it carries another key than the request",
    ),
    "one name more": (
        lambda wished: sign_as(wished, names=(*wished.names, "b.example.org")),
        "not_proved",
        "its names, usages or key identifiers are other ones",
    ),
    "another usage": (
        lambda wished: sign_as(wished, usage="both" if wished.usage != "both" else "server"),
        "not_proved",
        "its names, usages or key identifiers are other ones",
    ),
    "another subject": (
        lambda wished: sign_as(wished, subject=load_subject("CN=b,O=SOS")),
        "not_proved",
        "its subject or its issuer is another one",
    ),
    "a longer life": (
        lambda wished: sign_as(wished, not_after=wished.not_after + day(1)),
        "not_proved",
        "its dates are other ones",
    ),
    "another CA": (
        lambda wished: sign_as(wished, make_ca(subject="Other").signer),
        "not_proved",
        "its subject or its issuer is another one",
    ),
    "another CA of the same name": (
        lambda wished: sign_as(wished, make_ca().signer),
        "not_proved",
        "its names, usages or key identifiers are other ones",
    ),
    "another key behind the CA's certificate": (
        lambda wished: sign_as(wished, replace(CA.signer, key=make_key())),
        "not_proved",
        "is not handed out: ",
    ),
    "a damaged signature": (lambda wished: damage(sign_as(wished)), "not_proved", "is not handed out: "),
}


@pytest.mark.parametrize(("make", "code", "fact"), SLIPS.values(), ids=SLIPS)
@pytest.mark.parametrize("wished", [wished for wished, _by in WISHES.values()], ids=WISHES)
def test_a_slip_of_the_ca_is_found_before_anybody_gets_the_certificate(
    wished: Wish, make: Callable[[Wish], Signed], code: str, fact: str
) -> None:
    found, message = refuse(make(wished), wished)
    assert code == found
    assert fact in message


def test_a_signature_that_the_ca_did_not_make_is_told_in_words() -> None:
    wished = WISHES["a client by its subject"][0]
    assert "the CA's key did not sign it" in refuse(damage(sign_as(wished)), wished)[1]


def test_what_the_ca_may_not_sign_is_refused_though_somebody_signed_it() -> None:
    wished = wish(CA.signer, "example.net")
    assert refuse(sign_as(wished), wished)[0] == "name_outside_constraints"


def test_a_certificate_is_not_proved_for_another_time() -> None:
    wished = wish(CA.signer, "a.example.org")
    signed = sign(wished, CA.signer, serial=1, now=NOW + day(1))
    assert "its dates are other ones" in refuse(signed, wished)[1]


def test_a_ca_that_its_root_did_not_sign_proves_nothing() -> None:
    subject = CA.root_signer.certificate.subject
    stranger = make_root(subject, make_key(), path_length=1, constraints=LIMITS, serial=1, now=NOW)
    signer = replace(CA.signer, root=stranger)
    wished = wish(signer, "a.example.org", not_after=find_end(signer, NOW))
    assert "was not signed by" in refuse(sign_as(wished, signer), wished, signer)[1]
