# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import warnings
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import x25519
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID

from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import (
    Certificate,
    describe,
    is_same_name,
    is_self_signed,
    is_signed_by,
    load_anchors,
    load_certificates,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.extensions import Subtrees
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import Block, UnusableError
from ansible_collections.certwright.tls.tests.unit.authority import (
    NOW,
    Issued,
    build,
    ca,
    encode_pkcs7,
    make_key,
    self_signed,
    shared_key,
)


def load(issued: Issued) -> Certificate:
    return load_certificates(issued.pem, "certificate")[0]


def forge(issued: Issued, old: bytes, new: bytes) -> bytes:
    """The certificate with some of its bytes exchanged for as many others."""
    assert issued.der.count(old) >= 1
    assert len(old) == len(new)
    return Block("CERTIFICATE", issued.der.replace(old, new)).text.encode()


def test_everything_the_checks_ask_for_is_read_once() -> None:
    authority = ca("Root", path_length=2, permitted=("Example.ORG", "10.0.0.0/8", "@example.org"), excluded=("x.y",))
    issued = authority.issue(
        "WWW.Example.org", "*.example.org", "10.0.0.1", "2001:db8::1", issuer_url="http://ca/root.cer"
    )
    leaf, root = load(issued), load(authority)
    assert leaf.names == ("www.example.org", "*.example.org", "10.0.0.1", "2001:db8::1")
    assert (leaf.subject, leaf.issuer, leaf.common_name) == ("CN=WWW.Example.org", "CN=Root", "WWW.Example.org")
    assert (leaf.not_before, leaf.not_after) == (NOW - timedelta(days=30), NOW + timedelta(days=60))
    assert leaf.pem == issued.pem.decode()
    assert leaf.fingerprint == issued.certificate.fingerprint(hashes.SHA256()).hex()
    assert leaf.serial == f"{issued.certificate.serial_number:x}"
    assert (leaf.version, leaf.signature_hash, leaf.key_type) == (3, "sha256", "EC P-256")
    assert (leaf.is_ca, leaf.path_length, leaf.is_self_issued) == (False, None, False)
    assert leaf.extensions.key_usage == {"digital_signature"}
    assert leaf.extensions.extended_key_usage == {"1.3.6.1.5.5.7.3.1"}
    assert leaf.extensions.issuer_urls == ("http://ca/root.cer",)
    assert root.extensions.subject_key is not None
    assert leaf.extensions.authority_key == root.extensions.subject_key
    assert (root.is_ca, root.path_length, root.is_self_issued) == (True, 2, True)
    assert root.extensions.permitted == Subtrees(("example.org",), (ip_network("10.0.0.0/8"),))
    assert root.extensions.excluded == Subtrees(("x.y",), ())


def test_absent_extensions_are_none() -> None:
    bare = load(Issued(build(make_key(), is_ca=None, usage=None, key_ids=False), None, None))
    extensions = bare.extensions
    assert (bare.names, bare.common_name, bare.is_ca) == ((), None, False)
    assert (extensions.key_usage, extensions.extended_key_usage) == (None, None)
    assert (extensions.subject_key, extensions.authority_key, extensions.issuer_urls) == (None, None, ())


def test_an_authority_key_identifier_without_a_key_is_as_none() -> None:
    identifier = x509.AuthorityKeyIdentifier(None, [x509.DirectoryName(x509.Name([]))], 5)
    issued = Issued(build(make_key(), key_ids=False, extra=(identifier,)), None, None)
    assert load(issued).extensions.authority_key is None


@pytest.mark.parametrize(
    ("key_type", "signature_hash"),
    [
        ("RSA 2048", "sha256"),
        ("EC P-256", "sha256"),
        ("EC P-384", "sha256"),
        ("EC secp256k1", "sha256"),
        ("DSA 1024", "sha256"),
        ("Ed25519", None),
        ("Ed448", None),
    ],
)
def test_every_kind_of_key_has_a_name_and_verifies(key_type: str, signature_hash: str | None) -> None:
    authority = ca(key=shared_key(key_type))
    root, leaf = load(authority), load(authority.issue("a.example"))
    assert (root.key_type, leaf.signature_hash) == (key_type, signature_hash)
    assert is_signed_by(leaf, root)
    assert not is_signed_by(leaf, load(ca()))
    assert is_self_signed(root)


def test_md5_and_sha1_are_read_and_verified() -> None:
    for name in ("md5", "sha1"):
        authority = ca(key=shared_key("RSA 2048"), signature_hash=name)
        assert (load(authority).signature_hash, is_self_signed(load(authority))) == (name, True)


def test_an_address_that_stands_as_a_dns_name_is_no_name() -> None:
    san = (x509.DNSName("a.example"), x509.DNSName("10.0.0.1"), x509.RFC822Name("a@example.org"))
    leaf = load(ca().issue("a.example", san=san))
    assert (leaf.names, leaf.extensions.misplaced_names) == (("a.example",), ("10.0.0.1",))


def test_issuer_urls_are_those_of_the_issuer_only() -> None:
    access = x509.AuthorityInformationAccess(
        [
            x509.AccessDescription(
                x509.AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier("http://ocsp")
            ),
            x509.AccessDescription(x509.AuthorityInformationAccessOID.CA_ISSUERS, x509.DirectoryName(x509.Name([]))),
        ]
    )
    assert load(ca().issue("a.example", extra=(access,))).extensions.issuer_urls == ()


def test_names_cannot_write_on_the_terminal() -> None:
    leaf = load(ca().issue("a.example", cn="\x1b[31mred\n"))
    assert (leaf.common_name, leaf.subject) == ("\\x1b[31mred\\n", "CN=\\x1b[31mred\\n")


def test_a_certificate_is_called_by_subject_else_name_else_serial() -> None:
    titles = [
        load(ca().issue("a.example")).title,
        load(ca().issue("a.example", subject=x509.Name([]))).title,
        load(Issued(build(make_key()), None, None)).title,
    ]
    assert titles[:2] == ["CN=a.example", "a.example"]
    assert titles[2].startswith("serial ")


def test_a_root_of_version_1_is_a_ca() -> None:
    root = load(Issued(build(make_key(), cn="Root", is_ca=None, usage=None, key_ids=False), None, None))
    assert not root.may_issue
    assert (replace(root, version=1).may_issue, replace(root, version=1).is_ca) == (True, False)
    assert not replace(root, version=1, issuer="CN=Other").may_issue


def test_equality_is_that_of_fingerprints() -> None:
    issued = ca().issue("a.example")
    assert load(issued) == replace(load(issued), subject="")
    assert load(issued) != load(ca().issue("a.example"))
    assert load(issued) != "a.example"


@pytest.mark.parametrize(
    ("name", "other", "expected"),
    [
        pytest.param("CN=Root", "CN=Root", True, id="equal"),
        pytest.param("CN=Example  Root", "CN=example root", True, id="case and blanks"),
        pytest.param("CN=Root", "CN=Root 2", False, id="different"),
    ],
)
def test_names_compare_as_x500_has_it(name: str, other: str, expected: bool) -> None:
    assert is_same_name(name, other) is expected


def test_an_issuer_is_found_although_it_is_encoded_in_another_way() -> None:
    """Some CAs write PrintableString into what they issue and UTF8String into their own certificate."""
    key = make_key()
    printable = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Root", _ASN1Type.PrintableString)])
    leaf, root = load(ca(subject=printable, key=key).issue("a.example")), load(ca("Root", key=key))
    assert is_same_name(leaf.issuer, root.subject)
    assert is_signed_by(leaf, root)


def test_a_key_for_key_agreement_has_signed_nothing() -> None:
    authority = ca()
    agreement = x25519.X25519PrivateKey.generate().public_key()
    certificate = (
        x509.CertificateBuilder(public_key=agreement)
        .subject_name(authority.certificate.subject)
        .issuer_name(authority.certificate.subject)
        .serial_number(1)
        .not_valid_before(NOW)
        .not_valid_after(NOW)
        .sign(authority.key, hashes.SHA256())
    )
    loaded = load(Issued(certificate, None, None))
    assert loaded.key_type == "X25519"
    assert not is_signed_by(load(authority), loaded)


def test_a_file_is_read_in_its_order_each_certificate_once() -> None:
    authority = ca()
    leaf = authority.issue("a.example")
    content = (
        b"subject=a\n" + leaf.pem + leaf.key_pem + authority.pem + leaf.pem.replace(b"CERTIFICATE", b"X509 CERTIFICATE")
    )
    assert load_certificates(content, "certificate") == (load(leaf), load(authority))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(
            make_key().private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ),
            "no certificate but a private key; are the certificate and the private key swapped?",
            id="private key",
        ),
        pytest.param(
            Block("CERTIFICATE REQUEST", b"0").text.encode(),
            "no certificate but a certificate request (CSR); pass the certificate that the CA returned for it",
            id="request",
        ),
        pytest.param(
            Block("PKCS7", b"0").text.encode(),
            "PKCS#7 without certificates that can be read; ask the CA for the certificate and its chain, or look at it "
            "by `openssl pkcs7 -print_certs -in FILE`",
            id="PKCS#7 without certificates",
        ),
        pytest.param(
            Block("CERTIFICATE", ca().encode_pkcs12("secret")).text.encode(),
            "no certificate but PKCS#12 in the lines of PEM; pass the .p12 or .pfx file itself as pkcs12_src",
            id="PKCS#12 as certutil -encode writes it",
        ),
        pytest.param(
            make_key().private_bytes(
                serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ),
            "no certificate but a private key; are the certificate and the private key swapped?",
            id="private key in DER",
        ),
        pytest.param(
            Block("TRUSTED CERTIFICATE", b"0").text.encode(),
            "no certificate but a trusted certificate of OpenSSL; convert it by `openssl x509 -in FILE -out FILE.pem` "
            "and pass that",
            id="trusted certificate",
        ),
        pytest.param(
            Block("X509 CRL", b"0").text.encode(),
            "a block of the kind X509 CRL but no certificate; pass the file that the CA sent",
            id="anything else",
        ),
    ],
)
def test_a_file_without_a_certificate_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(UnusableError) as refused:
        load_certificates(content, "certificate")
    assert (refused.value.code, refused.value.message) == ("no_certificate", f"The certificate input holds {message}")


AUTHORITY = ca("Root")
INTERMEDIATE = AUTHORITY.authority()
LEAF = INTERMEDIATE.issue("a.example")
BAG = encode_pkcs7(AUTHORITY, LEAF, INTERMEDIATE)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(LEAF.der, [LEAF], id="DER"),
        pytest.param(LEAF.der + INTERMEDIATE.der + LEAF.der, [LEAF, INTERMEDIATE], id="DER one behind the other"),
        pytest.param(BAG, [AUTHORITY, LEAF, INTERMEDIATE], id="PKCS#7"),
        pytest.param(b"\x30\x80" + BAG[4:] + b"\0\0", [AUTHORITY, LEAF, INTERMEDIATE], id="PKCS#7 in BER"),
        pytest.param(
            encode_pkcs7(AUTHORITY, LEAF, INTERMEDIATE, encoding="PEM"),
            [AUTHORITY, LEAF, INTERMEDIATE],
            id="PKCS#7 in PEM",
        ),
        pytest.param(
            Block("CERTIFICATE", BAG).text.encode(),
            [AUTHORITY, LEAF, INTERMEDIATE],
            id="PKCS#7 that a Windows CA calls a certificate",
        ),
        pytest.param(
            LEAF.pem + Block("PKCS #7 SIGNED DATA", encode_pkcs7(INTERMEDIATE)).text.encode(),
            [LEAF, INTERMEDIATE],
            id="PEM with PKCS#7 behind it",
        ),
    ],
)
def test_every_form_is_read(content: bytes, expected: list[Issued]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loaded = load_certificates(content, "ca")
    assert sorted(loaded, key=lambda one: one.fingerprint) == sorted(
        map(load, expected), key=lambda one: one.fingerprint
    )


def test_too_many_certificates_are_refused() -> None:
    blocks = "".join(Block("CERTIFICATE", bytes([1, number])).text for number in range(101))
    with pytest.raises(UnusableError) as refused:
        load_certificates(blocks.encode(), "ca")
    assert refused.value.code == "too_many_certificates"
    assert refused.value.message == "The CA input holds 101 certificates, more than 100; pass the chain only"


BAD_NAME = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.17"), b"\x30\x03\x82\x01\xff")
WAY_OUT = "); have it issued again, or look at it by `openssl x509 -in FILE -noout -text`"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(Block("CERTIFICATE", b"\x30\x03\x02\x01\x05").text.encode(), id="no certificate inside"),
        pytest.param(
            Issued(build(make_key(), extra=(BAD_NAME,)), None, None).pem, id="an extension that cannot be parsed"
        ),
        pytest.param(
            forge(self_signed("a.example"), bytes.fromhex("0603551d0e"), bytes.fromhex("0603551d23")),
            id="an extension twice",
        ),
        pytest.param(
            forge(self_signed("a.example"), bytes.fromhex("a003020102"), bytes.fromhex("a003020107")), id="version 8"
        ),
    ],
)
def test_what_cannot_be_read_is_refused_and_never_a_traceback(content: bytes) -> None:
    with pytest.raises(UnusableError) as refused:
        load_certificates(content, "ca")
    assert refused.value.code == "certificate_unreadable"
    assert refused.value.message.startswith("The CA input holds a certificate that cannot be read (")
    assert refused.value.message.endswith(WAY_OUT)


def test_an_unknown_kind_of_key_is_refused() -> None:
    content = forge(self_signed("a.example"), bytes.fromhex("2a8648ce3d0201"), bytes.fromhex("2a8648ce3d0209"))
    with pytest.raises(UnusableError) as refused:
        load_certificates(content, "certificate")
    assert refused.value.code == "certificate_unreadable"
    assert refused.value.message.startswith("The certificate input holds a certificate that cannot be read (")


def test_an_unknown_signature_algorithm_is_read_but_proves_nothing() -> None:
    authority = ca()
    issued = authority.issue("a.example")
    content = forge(issued, bytes.fromhex("2a8648ce3d040302"), bytes.fromhex("2a8648ce3d040309"))
    leaf = load_certificates(content, "certificate")[0]
    assert leaf.signature_hash is None
    assert not is_signed_by(leaf, load(authority))


def test_a_negative_serial_of_an_old_ca_is_no_warning_of_python() -> None:
    content = forge(self_signed("a.example", serial=0x1122334455), b"\x02\x05\x11\x22", b"\x02\x05\x81\x22")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert load_certificates(content, "certificate")[0].serial == "-7eddccbbab"


def test_a_trust_store_is_read_as_far_as_it_can_be() -> None:
    good, bad = ca(), Block("CERTIFICATE", b"\x30\x00").text.encode()
    assert load_anchors(bad + good.pem) == (load(good),)


def test_a_certificate_is_described_in_plain_types() -> None:
    issued = ca("Root").issue("a.example", "10.0.0.1")
    leaf = load(issued)
    assert describe(leaf) == {
        "names": ["a.example", "10.0.0.1"],
        "subject": "CN=a.example",
        "distinguished_name": "CN=a.example",
        "issuer": "CN=Root",
        "serial": leaf.serial,
        "not_before": "2026-10-22T22:00:00Z",
        "not_after": "2027-01-20T22:00:00Z",
        "key_type": "EC P-256",
        "fingerprint_sha256": leaf.fingerprint,
    }
