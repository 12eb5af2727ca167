# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.bundle import (
    Bundle,
    HostKey,
    Material,
    load_bundle,
    load_host_bundle,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import Certificate, load_certificates
from ansible_collections.certwright.tls.plugins.plugin_utils._core.checks import find_notices, find_problems
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.passphrase import Passphrase
from ansible_collections.certwright.tls.tests.unit.authority import NOW, Issued, ca, self_signed

ROOT = ca("Root")
INTERMEDIATE = ROOT.authority("Intermediate")
LEAF = INTERMEDIATE.issue("a.example")
STRANGER = ca("Stranger")


def load(issued: Issued) -> Certificate:
    return load_certificates(issued.pem, "certificate")[0]


def bundle(certificate: bytes, ca: bytes | None, key: Issued = LEAF) -> Bundle:
    return load_bundle(Material("web", certificate, key.key_pem, ca))


@pytest.mark.parametrize(
    ("certificate", "supplied_ca", "unused"),
    [
        pytest.param(LEAF.pem, INTERMEDIATE.pem + ROOT.pem, (), id="leaf, and its CAs in ca"),
        pytest.param(LEAF.pem, ROOT.pem + INTERMEDIATE.pem, (), id="root first"),
        pytest.param(ROOT.pem + INTERMEDIATE.pem + LEAF.pem, None, (), id="all in certificate, leaf last"),
        pytest.param(INTERMEDIATE.pem + LEAF.pem, ROOT.pem, (), id="root alone in ca"),
        pytest.param(
            LEAF.pem + INTERMEDIATE.pem, INTERMEDIATE.pem + ROOT.pem + LEAF.pem, (), id="duplicates everywhere"
        ),
        pytest.param(LEAF.pem + LEAF.key_pem, INTERMEDIATE.pem + ROOT.pem, (), id="key in the certificate file"),
        pytest.param(LEAF.pem, INTERMEDIATE.pem + STRANGER.pem + ROOT.pem, (STRANGER,), id="a stranger among them"),
    ],
)
def test_every_arrangement_becomes_the_same_bundle(
    certificate: bytes, supplied_ca: bytes | None, unused: tuple[Issued, ...]
) -> None:
    made = bundle(certificate, supplied_ca)
    assert (made.leaf, made.chain, made.root) == (load(LEAF), (load(INTERMEDIATE),), load(ROOT))
    assert made.unused == tuple(load(issued) for issued in unused)
    assert made.path == (load(LEAF), load(INTERMEDIATE), load(ROOT))
    assert made.is_key_proven


def test_the_root_may_be_left_out() -> None:
    made = bundle(LEAF.pem, INTERMEDIATE.pem)
    assert (made.chain, made.root, made.path) == ((load(INTERMEDIATE),), None, (load(LEAF), load(INTERMEDIATE)))


def test_a_leaf_right_below_its_root_has_no_chain() -> None:
    leaf = ROOT.issue("a.example")
    made = bundle(leaf.pem, ROOT.pem, leaf)
    assert (made.chain, made.root, made.issuers) == ((), load(ROOT), (load(ROOT),))


def test_of_several_leaves_the_one_of_the_key_is_taken() -> None:
    other = INTERMEDIATE.issue("b.example")
    made = bundle(other.pem + INTERMEDIATE.pem + LEAF.pem, None)
    assert (made.leaf, made.unused) == (load(LEAF), (load(other),))


def test_of_several_certificates_of_the_key_the_newest_is_taken() -> None:
    older = INTERMEDIATE.issue("a.example", key=LEAF.key, not_before=NOW - timedelta(days=60))
    assert bundle(older.pem + LEAF.pem, None).leaf == load(LEAF)


def test_a_certificate_that_is_no_ca_is_taken_before_a_newer_ca_of_the_same_key() -> None:
    authority = ca("Root", key=LEAF.key, not_before=NOW)
    assert bundle(authority.pem + LEAF.pem, None).leaf == load(LEAF)


def test_without_the_keys_certificate_the_first_that_is_no_ca_is_taken() -> None:
    stranger = self_signed("b.example")
    made = bundle(INTERMEDIATE.pem + LEAF.pem, None, stranger)
    assert (made.leaf, made.is_key_proven) == (load(LEAF), False)


def test_without_any_leaf_the_first_certificate_is_taken() -> None:
    assert bundle(INTERMEDIATE.pem + ROOT.pem, None).leaf == load(INTERMEDIATE)


@pytest.mark.parametrize(("as_ca", "is_root"), [(True, True), (False, False)])
def test_a_self_signed_leaf_is_its_root_only_when_it_is_handed_over_as_its_ca(as_ca: bool, is_root: bool) -> None:
    leaf = self_signed("a.example")
    made = bundle(leaf.pem, leaf.pem if as_ca else None, leaf)
    assert (made.root, made.chain, made.path) == (load(leaf) if is_root else None, (), (load(leaf),))


def test_a_leaf_of_a_ca_is_not_its_own_root_although_it_stands_in_ca() -> None:
    assert bundle(LEAF.pem, LEAF.pem).root is None


def test_everything_that_cannot_be_read_is_reported_together() -> None:
    with pytest.raises(RefusedError) as refused:
        load_bundle(Material("web", b"", LEAF.encode_key("secret"), b"junk"))
    assert [(problem.certificate, problem.code) for problem in refused.value.problems] == [
        ("web", "input_empty"),
        ("web", "private_key_encrypted"),
        ("web", "not_pem"),
    ]
    assert str(refused.value).startswith("3 problems. web: The certificate input is empty")


@pytest.mark.parametrize("field", ["certificate", "private_key", "ca"])
def test_an_empty_part_is_never_passed_over(field: str) -> None:
    parts = {"certificate": LEAF.pem, "private_key": LEAF.key_pem, "ca": INTERMEDIATE.pem, field: b"\n"}
    with pytest.raises(RefusedError) as refused:
        load_bundle(Material("web", **parts))
    assert [problem.code for problem in refused.value.problems] == ["input_empty"]


def test_an_encrypted_key_is_read_with_its_passphrase() -> None:
    made = load_bundle(Material("web", LEAF.pem, LEAF.encode_key("secret"), passphrase=Passphrase("secret")))
    assert made.private_key.pem.encode() == LEAF.key_pem


def test_no_secret_is_shown() -> None:
    secret = Passphrase("PASS")
    material = Material("web", b"public", b"KEY", b"CA", b"PKCS12", secret, secret)
    assert repr(material) == "Material(name='web', certificate=b'public', ca=b'CA')"
    assert repr(secret) == "Passphrase(is_declared=True)"
    assert "PRIVATE" not in repr(bundle(LEAF.pem, None))


MISSING = {
    "certificate": "The certificate is missing; pass certificate_src or certificate_content",
    "private_key": "The private key is missing; pass private_key_src or private_key_content",
}
NOTHING = (
    "There is no material; pass certificate_src or certificate_content and pass private_key_src or "
    "private_key_content, or both as pkcs12_src or pkcs12_content"
)


@pytest.mark.parametrize(
    ("material", "problems"),
    [
        pytest.param(Material("web"), [("material_missing", NOTHING)], id="nothing"),
        pytest.param(Material("web", ca=ROOT.pem), [("material_missing", NOTHING)], id="CA only"),
        pytest.param(Material("web", LEAF.pem), [("material_missing", MISSING["private_key"])], id="no key"),
        pytest.param(
            Material("web", private_key=LEAF.key_pem),
            [("material_missing", MISSING["certificate"])],
            id="no certificate",
        ),
        pytest.param(
            Material("web", private_key=b""),
            [
                ("material_missing", MISSING["certificate"]),
                (
                    "input_empty",
                    (
                        "The private key input is empty; pass the file as private_key_src or what is in it as "
                        "private_key_content"
                    ),
                ),
            ],
            id="no certificate and an empty key",
        ),
        pytest.param(
            Material("web", pkcs12=b""),
            [
                (
                    "input_empty",
                    "The PKCS#12 input is empty; pass the file as pkcs12_src or what is in it as pkcs12_content",
                )
            ],
            id="empty PKCS#12",
        ),
        pytest.param(
            Material("web", private_key=LEAF.key_pem, pkcs12=LEAF.encode_pkcs12()),
            [
                (
                    "material_ambiguous",
                    (
                        "pkcs12 was passed together with private_key, which it holds already; pass either, further CA "
                        "certificates as ca"
                    ),
                )
            ],
            id="PKCS#12 and a key",
        ),
        pytest.param(
            Material("web", LEAF.pem, LEAF.key_pem, ca=b"junk", pkcs12=LEAF.encode_pkcs12()),
            [
                (
                    "material_ambiguous",
                    (
                        "pkcs12 was passed together with certificate and private_key, which it holds already; pass "
                        "either, further CA certificates as ca"
                    ),
                ),
                (
                    "not_pem",
                    (
                        "The CA input is neither PEM nor DER: it has no line such as `-----BEGIN CERTIFICATE-----`; "
                        "pass the text or file that the CA sent"
                    ),
                ),
            ],
            id="everything at once",
        ),
    ],
)
def test_material_that_is_not_whole_is_refused(material: Material, problems: list[tuple[str, str]]) -> None:
    with pytest.raises(RefusedError) as refused:
        load_bundle(material)
    assert [(problem.code, problem.message) for problem in refused.value.problems] == problems


def test_a_pkcs12_brings_certificate_key_and_chain() -> None:
    made = load_bundle(Material("web", pkcs12=LEAF.encode_pkcs12("secret"), pkcs12_passphrase=Passphrase("secret")))
    assert made == bundle(LEAF.pem + LEAF.ca_pem, None)
    assert made.supplied_ca == ()


def test_a_pkcs12_and_the_ca_input_are_one_pool() -> None:
    alone = replace(LEAF, issuer=None).encode_pkcs12("secret", INTERMEDIATE)
    made = load_bundle(Material("web", ca=ROOT.pem, pkcs12=alone, pkcs12_passphrase=Passphrase("secret")))
    assert made == bundle(LEAF.pem + INTERMEDIATE.pem, ROOT.pem)


HOST_KEY = HostKey("EC P-256", frozenset({load(LEAF).fingerprint}))


def test_the_host_says_which_certificate_its_key_belongs_to() -> None:
    older = INTERMEDIATE.issue("a.example")
    made = load_host_bundle("web", older.pem + LEAF.pem, LEAF.ca_pem, HOST_KEY)
    assert (made.leaf, made.chain, made.root) == (load(LEAF), (load(INTERMEDIATE),), load(ROOT))
    assert (made.private_key, made.is_key_proven, made.unused) == (HOST_KEY, True, (load(older),))
    assert made.supplied_ca == (load(INTERMEDIATE), load(ROOT))


@pytest.mark.parametrize(
    ("key", "message"),
    [
        pytest.param(
            HostKey("RSA 2048", frozenset()),
            "The private key (RSA 2048) does not belong to the certificate CN=a.example (EC P-256); pass the key that "
            "was made together with the certificate request",
            id="of another certificate",
        ),
        pytest.param(
            HostKey("", frozenset({load(INTERMEDIATE).fingerprint})),
            "The private key does not belong to the certificate CN=a.example (EC P-256); it belongs to "
            "CN=Intermediate, which was passed as CA: certificate and CA seem to be swapped",
            id="unknown kind, of the CA",
        ),
    ],
)
def test_a_key_on_the_host_that_fits_nothing_is_refused(key: HostKey, message: str) -> None:
    made = load_host_bundle("web", LEAF.pem, LEAF.ca_pem, key)
    problems = find_problems(made, certificate="web", names=("a.example",), now=NOW, anchors=())
    assert [(problem.code, problem.message) for problem in problems] == [("key_mismatch", message)]
    assert find_notices(made, names=("a.example",), now=NOW, anchors=()) == ()


def test_everything_on_the_host_that_cannot_be_read_is_reported_together() -> None:
    with pytest.raises(RefusedError) as refused:
        load_host_bundle("web", b"", b"junk", HOST_KEY)
    assert [problem.code for problem in refused.value.problems] == ["input_empty", "not_pem"]
