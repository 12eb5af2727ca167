# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The catalogue: what an operator may hand over, and what is said about it, word by word."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from ansible_collections.certwright.tls.plugins.plugin_utils._core.bundle import Bundle, Material, load_bundle
from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import load_certificates
from ansible_collections.certwright.tls.plugins.plugin_utils._core.checks import find_notices, find_problems
from ansible_collections.certwright.tls.plugins.plugin_utils._core.passphrase import Passphrase
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import Block
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Problem
from ansible_collections.certwright.tls.tests.unit.authority import (
    CLIENT,
    NOW,
    SERVER,
    Authority,
    Issued,
    ca,
    make_key,
    self_signed,
    shared_key,
)

PAST, FUTURE = NOW - timedelta(days=1), NOW + timedelta(days=1)
NAMES = ("a.example",)


@dataclass(frozen=True)
class Case:
    """What is handed over; `leaf` brings its key unless `key` is another's."""

    leaf: Issued
    ca: bytes | None
    key: Issued | None = None
    names: tuple[str, ...] = NAMES
    anchors: tuple[Issued, ...] = ()
    certificate: bytes | None = None

    @property
    def bundle(self) -> Bundle:
        key = (self.key or self.leaf).key_pem
        return load_bundle(Material("web", self.certificate or self.leaf.pem, key, self.ca))

    def find_problems(self, now: datetime = NOW) -> list[tuple[str, str]]:
        anchors = tuple(load_certificates(anchor.pem, "ca")[0] for anchor in self.anchors)
        problems = find_problems(self.bundle, certificate="web", names=self.names, now=now, anchors=anchors)
        return [(problem.code, problem.message) for problem in problems]

    def find_notices(self) -> list[tuple[str, str]]:
        anchors = tuple(load_certificates(anchor.pem, "ca")[0] for anchor in self.anchors)
        notices = find_notices(self.bundle, names=self.names, now=NOW, anchors=anchors)
        return [(notice.code, notice.message) for notice in notices]


def below(issuer: Authority, *names: str, **options: object) -> Case:
    """A leaf of this CA with all CAs above it."""
    leaf = issuer.issue(*(names or NAMES), **options)
    return Case(leaf, leaf.ca_pem, names=names or NAMES)


def intermediate(**options: object) -> Authority:
    return ca().authority(**options)


def damage(issued: Issued) -> bytes:
    """One bit of the signature flipped."""
    der = bytearray(issued.der)
    der[-1] ^= 1
    return Block("CERTIFICATE", bytes(der)).text.encode()


def rsa_ca(signature_hash: str) -> Authority:
    return ca(key=shared_key("RSA 2048"), signature_hash=signature_hash)


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: below(ca()), id="leaf right below its root"),
        pytest.param(lambda: below(intermediate()), id="leaf, intermediate, root"),
        pytest.param(lambda: below(intermediate().authority("Third")), id="two intermediates"),
        pytest.param(lambda: below(ca(key_type="RSA 2048"), key=shared_key("RSA 2048")), id="RSA"),
        pytest.param(lambda: below(ca(), key_type="Ed25519"), id="Ed25519"),
        pytest.param(lambda: below(ca(), key_type="EC P-384"), id="P-384"),
        pytest.param(lambda: below(ca(), "*.example.org", "10.0.0.1", "2001:db8::1"), id="wildcard and addresses"),
        pytest.param(lambda: below(ca(), usage=None, extended_usage=None), id="no usages"),
        pytest.param(lambda: below(ca(), extended_usage=(SERVER, CLIENT)), id="server and client"),
        pytest.param(
            lambda: below(ca(), extended_usage=(ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,)), id="any extended usage"
        ),
        pytest.param(lambda: below(ca(), usage=("key_encipherment",)), id="encipherment only, as old RSA ones"),
        pytest.param(lambda: below(intermediate(path_length=0)), id="path length 0 above the leaf"),
        pytest.param(lambda: below(ca(path_length=0).authority("Test Root")), id="self-issued CAs do not count"),
        pytest.param(lambda: below(ca(permitted=["example"])), id="name inside the constraints"),
        pytest.param(lambda: below(intermediate(extended_usage=(SERVER,))), id="intermediate for servers"),
        pytest.param(lambda: below(rsa_ca("sha1")), id="SHA-1 on the root only"),
        pytest.param(lambda: below(rsa_ca("md5")), id="MD5 on the root only"),
        pytest.param(lambda: below(ca(usage=None, key_ids=False)), id="root as openssl 1.0 made it"),
        pytest.param(lambda: below(ca(), not_after=NOW), id="in the last second of its life"),
        pytest.param(lambda: below(ca(), not_before=NOW), id="in the first second of its life"),
    ],
)
def test_sound_material_has_no_problem(make: Callable[[], Case]) -> None:
    assert make().find_problems() == []


def test_the_root_may_be_missing() -> None:
    leaf = intermediate().issue(*NAMES)
    assert Case(leaf, leaf.chain_pem).find_problems() == []


def test_a_leaf_alone_is_enough_right_below_a_trusted_root() -> None:
    leaf = ca().issue(*NAMES)
    assert leaf.issuer is not None
    assert Case(leaf, None, anchors=(leaf.issuer,)).find_problems() == []


def test_a_self_signed_leaf_may_be_its_own_ca() -> None:
    leaf = self_signed(*NAMES)
    assert Case(leaf, leaf.pem).find_problems() == []


def wrong_key() -> Case:
    leaf = ca().issue(*NAMES)
    return Case(leaf, leaf.ca_pem, key=self_signed("b.example", key=shared_key("RSA 2048")))


def swapped() -> Case:
    leaf = ca().issue(*NAMES)
    assert leaf.issuer is not None
    return Case(leaf, leaf.pem + leaf.issuer.pem, certificate=leaf.issuer.pem)


def without(position: int, supplied: Callable[[Issued], tuple[Issued, ...]], **options: object) -> Case:
    """Root, upper, lower, leaf; `position` chooses the certificate that carries the URL of its issuer."""
    urls = [{"issuer_url": "http://ca.example/ca.cer"} if position == number else {} for number in range(3)]
    lower = ca("Root").authority("Upper", **urls[0]).authority("Lower", **urls[1])
    leaf = lower.issue(*NAMES, **urls[2])
    return Case(leaf, b"".join(issued.pem for issued in supplied(leaf)) or None, **options)  # type: ignore[arg-type]


def another_generation() -> Case:
    leaf = ca("Root").issue(*NAMES)
    return Case(leaf, ca("Root").pem)


def damaged_leaf() -> Case:
    leaf = ca("Root").issue(*NAMES)
    return Case(leaf, leaf.ca_pem, certificate=damage(leaf))


def damaged_root() -> Case:
    leaf = ca("Root").issue(*NAMES)
    assert leaf.issuer is not None
    return Case(leaf, damage(leaf.issuer))


def ca_is_leaf() -> Case:
    leaf = ca("Root").issue(*NAMES)
    assert leaf.issuer is not None
    return Case(leaf, leaf.pem, anchors=(leaf.issuer,))


def sha1_intermediate() -> Case:
    upper = rsa_ca("sha256").authority("Lower", signature_hash="sha1")
    return below(upper)


def misplaced_address() -> Case:
    leaf = ca().issue(*NAMES, san=(x509.DNSName("a.example"), x509.DNSName("10.0.0.1")))
    return Case(leaf, leaf.ca_pem, names=("a.example", "10.0.0.1"))


def declared(*names: str, on: tuple[str, ...] = NAMES, **options: object) -> Case:
    leaf = ca().issue(*on, **options)
    return Case(leaf, leaf.ca_pem, names=names)


LEAF, CA = "The certificate CN=a.example", "The CA certificate CN=Test Intermediate"
BETTER_KEY = "have it issued for a key of RSA 2048 or EC P-256 or better"
REISSUE = "Have it issued with all names, or declare only those that it covers"
REFUSED = [
    (
        "key of another certificate",
        wrong_key,
        "key_mismatch",
        (
            "The private key (RSA 2048) does not belong to the certificate CN=a.example (EC P-256); pass the key "
            "that was made together with the certificate request"
        ),
    ),
    (
        "openssl req -x509",
        lambda: Case(self_signed(*NAMES, is_ca=True, usage=None), None),
        "leaf_is_ca",
        (
            f"{LEAF} is a CA certificate, which clients refuse from a server; by default `openssl req -x509` makes "
            "such a one. Pass the certificate that a CA issued for the server"
        ),
    ),
    (
        "self-signed, not handed over as its own CA",
        lambda: Case(self_signed(*NAMES), None),
        "self_signed",
        (
            f"{LEAF} is self-signed: no client trusts it by itself. Pass one that a CA issued, or, when clients are "
            "given this very certificate to trust, pass it as its own CA too"
        ),
    ),
    (
        "the leaf twice",
        ca_is_leaf,
        "ca_not_ca",
        (
            "The CA input holds no CA certificate, only CN=a.example; pass the certificates of the CAs that issued "
            "CN=a.example"
        ),
    ),
    (
        "client certificate",
        lambda: below(ca(), extended_usage=(CLIENT,)),
        "usage_unsuitable",
        (
            f"{LEAF} is not for TLS servers: its extendedKeyUsage lacks serverAuth; have it issued for server "
            "authentication"
        ),
    ),
    (
        "signing certificate",
        lambda: below(ca(), usage=("content_commitment",)),
        "usage_unsuitable",
        (
            f"{LEAF} is not for TLS servers: its keyUsage lacks digitalSignature, keyEncipherment and keyAgreement; "
            "have it issued for server authentication"
        ),
    ),
    (
        "names that it does not have",
        lambda: declared("b.example", "a.example", "10.0.0.1"),
        "name_missing",
        f"{LEAF} does not cover b.example, 10.0.0.1; it covers a.example. {REISSUE}",
    ),
    (
        "no names at all",
        lambda: declared("b.example", on=(), cn="a.example"),
        "name_missing",
        f"{LEAF} does not cover b.example; it has no subjectAltName. {REISSUE}",
    ),
    (
        "name in the common name only",
        lambda: declared("a.example", on=("b.example",), cn="a.example"),
        "name_missing",
        (
            f"{LEAF} does not cover a.example; it covers b.example. a.example stands only in the common name, which "
            f"clients ignore. {REISSUE}"
        ),
    ),
    (
        "address as a DNS name",
        misplaced_address,
        "name_missing",
        (
            f"{LEAF} does not cover 10.0.0.1; it covers a.example. 10.0.0.1 stands there as a DNS name, clients "
            f"accept addresses as IP entries only. {REISSUE}"
        ),
    ),
    (
        "leaf alone",
        lambda: without(2, lambda _leaf: ()),
        "chain_incomplete",
        (
            "The certificate of CN=Lower, which issued CN=a.example, is missing; add it to the CA input; "
            "CN=a.example says that it is at http://ca.example/ca.cer"
        ),
    ),
    (
        "root only, intermediates missing",
        lambda: without(0, lambda leaf: leaf.issuers[2:]),
        "chain_incomplete",
        (
            "The certificate of CN=Lower, which issued CN=a.example, is missing; the supplied root CN=Root did not "
            "issue it; add it to the CA input"
        ),
    ),
    (
        "intermediate missing between intermediate and root",
        lambda: without(1, lambda leaf: (leaf.issuers[0], leaf.issuers[2])),
        "chain_incomplete",
        (
            "The certificate of CN=Upper, which issued CN=Lower, is missing; the supplied root CN=Root did not issue "
            "it; add it to the CA input; CN=Lower says that it is at http://ca.example/ca.cer"
        ),
    ),
    (
        "another CA of the same name",
        another_generation,
        "signature_invalid",
        (
            f"{LEAF} names CN=Root as its issuer, but the supplied one of that name did not sign it: it is another CA "
            "of the same name, or a file is damaged; pass the one that did"
        ),
    ),
    (
        "leaf damaged",
        damaged_leaf,
        "signature_invalid",
        (
            f"{LEAF} names CN=Root as its issuer, but the supplied one of that name did not sign it: it is another CA "
            "of the same name, or a file is damaged; pass the one that did"
        ),
    ),
    (
        "root damaged",
        damaged_root,
        "signature_invalid",
        (
            "The CA certificate CN=Root names itself as its issuer, but did not sign itself: the file is damaged; "
            "pass it as the CA published it"
        ),
    ),
    (
        "expired",
        lambda: below(ca(), not_after=PAST),
        "expired",
        f"{LEAF} expired on 2026-11-20 22:00 UTC; pass its successor",
    ),
    (
        "not yet valid",
        lambda: below(ca(), not_before=FUTURE),
        "not_yet_valid",
        f"{LEAF} is not valid before 2026-11-22 22:00 UTC; wait until then, or correct the controller's clock",
    ),
    (
        "intermediate expired",
        lambda: below(intermediate(not_after=PAST)),
        "ca_expired",
        f"{CA} expired on 2026-11-20 22:00 UTC; pass its successor",
    ),
    (
        "root expired",
        lambda: below(ca(not_after=PAST)),
        "ca_expired",
        "The CA certificate CN=Test Root expired on 2026-11-20 22:00 UTC; pass its successor",
    ),
    (
        "root not yet valid",
        lambda: below(ca(not_before=FUTURE)),
        "ca_not_yet_valid",
        (
            "The CA certificate CN=Test Root is not valid before 2026-11-22 22:00 UTC; wait until then, or correct "
            "the controller's clock"
        ),
    ),
    (
        "issuer is no CA",
        lambda: below(intermediate(is_ca=False)),
        "issuer_not_ca",
        f"{CA} is not a CA certificate, so clients refuse what it issued; use another CA",
    ),
    (
        "path too long",
        lambda: below(ca("Root", path_length=0).authority()),
        "path_length_exceeded",
        "The CA certificate CN=Root allows 0 CAs below it, but 1 are there; use a CA that may issue them",
    ),
    (
        "name outside the constraints of the root",
        lambda: below(ca("Root", permitted=["example.org"]).authority()),
        "name_constraint_violated",
        (
            "The CA certificate CN=Root may not issue for a.example by its name constraints; have the constraints "
            "widened, or use another CA"
        ),
    ),
    (
        "address inside an excluded network",
        lambda: below(intermediate(excluded=["10.0.0.0/8"]), "a.example", "10.0.0.1"),
        "name_constraint_violated",
        f"{CA} may not issue for 10.0.0.1 by its name constraints; have the constraints widened, or use another CA",
    ),
    (
        "intermediate may not sign",
        lambda: below(intermediate(usage=("crl_sign",))),
        "usage_unsuitable",
        f"{CA} may not sign certificates: its keyUsage lacks keyCertSign; use another CA",
    ),
    (
        "intermediate for clients",
        lambda: below(intermediate(extended_usage=(CLIENT,))),
        "usage_unsuitable",
        f"{CA} may not issue for TLS servers: its extendedKeyUsage lacks serverAuth; use another CA",
    ),
    (
        "RSA 1024",
        lambda: below(ca(), key=shared_key("RSA 1024")),
        "weak_key",
        f"{LEAF} has a key of RSA 1024, which clients refuse; {BETTER_KEY}",
    ),
    (
        "P-224",
        lambda: below(ca(), key_type="EC P-224"),
        "weak_key",
        f"{LEAF} has a key of EC secp224r1, which clients refuse; {BETTER_KEY}",
    ),
    (
        "DSA",
        lambda: below(ca(), key=shared_key("DSA 1024")),
        "weak_key",
        f"{LEAF} has a key of DSA 1024, which clients refuse; {BETTER_KEY}",
    ),
    (
        "root with RSA 1024",
        lambda: below(ca(key=shared_key("RSA 1024"))),
        "weak_key",
        f"The CA certificate CN=Test Root has a key of RSA 1024, which clients refuse; {BETTER_KEY}",
    ),
    (
        "SHA-1",
        lambda: below(rsa_ca("sha256"), signature_hash="sha1"),
        "weak_signature",
        f"{LEAF} is signed with SHA1, which clients refuse; have it issued again with SHA-256",
    ),
    (
        "MD5",
        lambda: below(rsa_ca("sha256"), signature_hash="md5"),
        "weak_signature",
        f"{LEAF} is signed with MD5, which clients refuse; have it issued again with SHA-256",
    ),
    (
        "SHA-1 on an intermediate",
        sha1_intermediate,
        "weak_signature",
        "The CA certificate CN=Lower is signed with SHA1, which clients refuse; have it issued again with SHA-256",
    ),
]


@pytest.mark.parametrize(("make", "code", "message"), [pytest.param(*row[1:], id=row[0]) for row in REFUSED])
def test_what_is_refused_is_refused_for_this_reason_alone(make: Callable[[], Case], code: str, message: str) -> None:
    assert make().find_problems() == [(code, message)]


def test_swapped_files_are_recognised() -> None:
    problems = dict(swapped().find_problems())
    assert problems["key_mismatch"] == (
        "The private key (EC P-256) does not belong to the certificate CN=Test Root (EC P-256); it belongs to "
        "CN=a.example, which was passed as CA: certificate and CA seem to be swapped"
    )


def test_all_problems_are_reported_together_and_name_the_certificate() -> None:
    case = below(intermediate(not_after=PAST, is_ca=False), key=shared_key("RSA 1024"), not_after=PAST)
    wrong = Case(case.leaf, case.ca, key=self_signed("x.example"), names=("b.example",))
    problems = find_problems(wrong.bundle, certificate="web", names=wrong.names, now=NOW, anchors=())
    assert all(isinstance(problem, Problem) and problem.certificate == "web" for problem in problems)
    assert [problem.code for problem in problems] == [
        "key_mismatch",
        "name_missing",
        "expired",
        "ca_expired",
        "issuer_not_ca",
        "weak_key",
    ]


def test_the_dates_of_a_trusted_root_do_not_count() -> None:
    leaf = ca(not_after=PAST).authority().issue(*NAMES)
    root = leaf.issuers[-1]
    assert Case(leaf, leaf.chain_pem, anchors=(root,)).find_problems() == []


MISSING = "Certificate is missing required extension"
NOTICED = [
    ("sound", lambda: below(intermediate()), []),
    ("self-signed and its own CA", lambda: Case((leaf := self_signed(*NAMES)), leaf.pem), []),
    ("sound, addresses", lambda: below(intermediate(), "10.0.0.1"), []),
    ("sound, wildcard", lambda: below(intermediate(), "*.example.org"), []),
    (
        "strangers among the CAs",
        lambda: Case((case := below(ca("Root"))).leaf, (case.ca or b"") + ca("Stranger").authority("Stranger 2").pem),
        [
            (
                "unrelated_certificate",
                "The supplied certificate CN=Stranger 2 is not on the path of CN=a.example and is left out",
            )
        ],
    ),
    (
        "a host name in the common name only",
        lambda: below(ca("Root"), cn="old.example.org"),
        [
            (
                "name_in_cn_only",
                (
                    "old.example.org stands only in the common name of CN=old.example.org, which clients ignore; "
                    "have it issued with this name in subjectAltName if it is used"
                ),
            )
        ],
    ),
    (
        "root left out",
        lambda: Case((leaf := ca("Root").authority().issue(*NAMES)), leaf.chain_pem),
        [
            (
                "root_not_proved",
                (
                    "The path of CN=a.example ends at CN=Test Intermediate, issued by CN=Root, which is neither "
                    "supplied nor in the controller's trust store; add that root to the CA input to have it proved"
                ),
            )
        ],
    ),
    (
        "root left out and trusted",
        lambda: Case((leaf := ca("Root").authority().issue(*NAMES)), leaf.chain_pem, anchors=leaf.issuers[-1:]),
        [],
    ),
    (
        "another root of that name trusted",
        lambda: Case((leaf := ca("Root").authority().issue(*NAMES)), leaf.chain_pem, anchors=(ca("Root"),)),
        ["root_not_proved"],
    ),
    ("leaf alone, refused already", lambda: Case(ca().issue(*NAMES), None), []),
    ("self-signed, refused already", lambda: Case(self_signed(*NAMES), None), []),
]


@pytest.mark.parametrize(("make", "expected"), [pytest.param(*row[1:], id=row[0]) for row in NOTICED])
def test_what_is_only_worth_a_warning(make: Callable[[], Case], expected: list[tuple[str, str]]) -> None:
    notices = make().find_notices()
    codes = expected and isinstance(expected[0], str)
    assert ([code for code, _message in notices] if codes else notices) == expected


@pytest.mark.parametrize(
    ("make", "objection"),
    [
        pytest.param(lambda: below(ca(usage=None)), MISSING, id="root without keyUsage"),
        pytest.param(lambda: below(ca(), key_ids=False), MISSING, id="leaf without key identifier"),
        pytest.param(lambda: below(ca(key_type="Ed25519")), "Forbidden public key algorithm", id="Ed25519"),
        pytest.param(lambda: below(ca(), "my_host.lan"), "my_host.lan: invalid domain name", id="underscore"),
        pytest.param(lambda: declared(on=(), cn="a"), "no name to verify it for", id="no name at all"),
    ],
)
def test_what_only_the_strict_verifier_dislikes_is_a_warning(make: Callable[[], Case], objection: str) -> None:
    case = make()
    assert case.find_problems() == []
    ((code, message),) = case.find_notices()
    assert code == "profile_unproved"
    assert message.startswith("The path of CN=")
    assert " passes every check of ours, but not a strict reading of RFC 5280 (" in message
    assert message.endswith("); most clients accept it, consider a stricter profile at the CA")
    assert objection in message
    assert "encountered processing" not in message


def test_the_notices_of_the_key_come_first() -> None:
    leaf = ca().issue(*NAMES)
    made = load_bundle(Material("web", leaf.pem, leaf.key_pem, leaf.ca_pem, passphrase=Passphrase("unused")))
    notices = find_notices(made, names=NAMES, now=NOW, anchors=())
    assert [notice.code for notice in notices] == ["passphrase_unused"]


def test_a_cross_signed_ca_is_proved_by_the_shorter_way() -> None:
    """The supplied cross certificate leads to a root that nobody has; the CA itself is trusted."""
    key = make_key()
    new, cross = ca("New", key=key), ca("Gone").authority("New", key=key)
    leaf = new.issue(*NAMES)
    assert Case(leaf, cross.pem, anchors=(new,)).find_notices() == []
    assert [code for code, _message in Case(leaf, cross.pem).find_notices()] == ["root_not_proved"]
