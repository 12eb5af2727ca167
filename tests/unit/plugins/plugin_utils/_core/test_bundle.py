# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import timedelta

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.bundle import Bundle, Material, load_bundle
from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import Certificate, load_certificates
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
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
    made = load_bundle(Material("web", LEAF.pem, LEAF.encode_key("secret"), None, "secret"))
    assert made.private_key.pem.encode() == LEAF.key_pem


def test_no_secret_is_shown() -> None:
    material = Material("web", b"public", b"KEY", b"CA", "PASS")
    assert repr(material) == "Material(name='web', certificate=b'public', ca=b'CA')"
    assert "PRIVATE" not in repr(bundle(LEAF.pem, None))
