# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What operators really hand over, a row each: what is refused, in which words, and what is only worth a warning."""

from __future__ import annotations

import re
import subprocess
from datetime import timedelta
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.bundle import Material, load_bundle
from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import Certificate, load_certificates
from ansible_collections.certwright.tls.plugins.plugin_utils._core.checks import find_notices, find_problems
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.passphrase import Passphrase
from ansible_collections.certwright.tls.plugins.plugin_utils._core.private_key import PrivateKey, require_sound
from ansible_collections.certwright.tls.tests.unit.authority import (
    CLIENT,
    NOW,
    Issued,
    ca,
    encode_pkcs7,
    export_pkcs12,
    self_signed,
    shared_key,
)

NAME = "a.example"
ROOT = ca("Root", key=shared_key("RSA 2048"))
INTERMEDIATE = ROOT.authority("Intermediate")
LEAF = INTERMEDIATE.issue(NAME, key=shared_key("RSA 4096"))
OTHER = INTERMEDIATE.issue(NAME, key=shared_key("RSA 2048"))
EDWARDS, CURVE = INTERMEDIATE.issue(NAME, key_type="Ed25519"), INTERMEDIATE.issue(NAME)
SHORT = INTERMEDIATE.issue(NAME, key=shared_key("RSA 1024"))
AUTHORITY_AS_LEAF = self_signed(NAME, is_ca=True)
ALONE = self_signed(NAME)
EXPIRED = INTERMEDIATE.issue(NAME, not_after=NOW - timedelta(days=1))
FUTURE = INTERMEDIATE.issue(NAME, not_before=NOW + timedelta(days=1))
OLD_CA = ROOT.authority("Old Intermediate", not_after=NOW - timedelta(days=1))
BELOW_OLD_CA = OLD_CA.issue(NAME)
NARROW = ROOT.authority("Narrow", permitted=("b.example",))
BELOW_NARROW = NARROW.issue(NAME)
SHORT_PATH = ca("Short Path", path_length=0)
TOO_DEEP = SHORT_PATH.authority("Deep").issue(NAME)
WEAK = ca("Weak", key=shared_key("RSA 2048"))
WEAKLY_SIGNED = WEAK.authority("Weak Intermediate", key=shared_key("RSA 4096")).issue(NAME, signature_hash="sha1")
FOR_CLIENTS = INTERMEDIATE.issue(NAME, extended_usage=(CLIENT,))
NAMESAKE = ca("Root").authority("Intermediate")
TOLD_WHERE = INTERMEDIATE.issue(NAME, issuer_url="http://ca.example/intermediate.cer")
UNDER_ROOT = ROOT.issue(NAME)

BARE_ROOT = ca("Bare Root", usage=None)
BELOW_BARE_ROOT = BARE_ROOT.issue(NAME)


def openssl(*arguments: str, **files: bytes) -> bytes:
    """Its output; `files` stand beside it under their names."""
    with TemporaryDirectory() as directory:
        for name, content in files.items():
            with open(f"{directory}/{name}", "wb") as file:
                file.write(content)
        command = ["openssl", *arguments]
        return subprocess.run(command, cwd=directory, capture_output=True, check=True).stdout


def keytool(*arguments: str) -> bytes:
    with TemporaryDirectory() as directory:
        key = ["-genkeypair", "-alias", "one", "-keyalg", "RSA", "-keysize", "2048", "-dname", "CN=a.example"]
        dates = ["-startdate", "2026/11/01 00:00:00", "-validity", "90"]
        store = ["-keystore", f"{directory}/store", "-storepass", "changeit"]
        subprocess.run(["keytool", *key, *dates, *store, *arguments], capture_output=True, check=True)
        with open(f"{directory}/store", "rb") as file:
            return file.read()


def from_store(*arguments: str) -> bytes:
    """The key as the recipe of the operators' documents takes it out of a PKCS#12 file."""
    return openssl("pkcs12", "-in", "p12", "-nocerts", "-passin", "pass:secret", *arguments, p12=export_pkcs12(LEAF))


def supply(issued: Issued = LEAF, **changes: Any) -> Material:
    parts = {"certificate": issued.pem, "private_key": issued.key_pem, "ca": issued.ca_pem}
    return Material("web", **{**parts, **changes})


def contain(content: bytes, passphrase: str | None = "secret", **changes: Any) -> Material:
    return Material(
        "web", pkcs12=content, pkcs12_passphrase=None if passphrase is None else Passphrase(passphrase), **changes
    )


OK = [("ok", "")]
# Each version of `cryptography` has its own words for what a strict reader dislikes.
_OBJECTION = re.compile(r"(strict reading of RFC 5280) \(.*\);")
# Case, material, and what is said of it.
CASES: tuple[tuple[str, Material, list[tuple[str, str]]], ...] = (
    ("intermediate and root, PKCS#8", supply(), OK),
    ("intermediate and root, PKCS#1", supply(private_key=LEAF.encode_key(style="TraditionalOpenSSL")), OK),
    ("root first", supply(ca=ROOT.pem + INTERMEDIATE.pem), OK),
    (
        "intermediate only as CA",
        supply(ca=INTERMEDIATE.pem),
        [
            ("ok", ""),
            (
                "root_not_proved",
                (
                    "The path of CN=a.example ends at CN=Intermediate, issued by CN=Root, which is neither "
                    "supplied nor in the controller's trust store; add that root to the CA input to have it "
                    "proved"
                ),
            ),
        ],
    ),
    (
        "root only, intermediate missing",
        supply(ca=ROOT.pem),
        [
            (
                "chain_incomplete",
                (
                    "The certificate of CN=Intermediate, which issued CN=a.example, is missing; the supplied "
                    "root CN=Root did not issue it; add it to the CA input"
                ),
            )
        ],
    ),
    (
        "root only, the leaf says where the intermediate is",
        supply(TOLD_WHERE, ca=ROOT.pem),
        [
            (
                "chain_incomplete",
                (
                    "The certificate of CN=Intermediate, which issued CN=a.example, is missing; the supplied "
                    "root CN=Root did not issue it; add it to the CA input; CN=a.example says that it is at "
                    "http://ca.example/intermediate.cer"
                ),
            )
        ],
    ),
    (
        "no CA at all",
        supply(ca=None),
        [
            (
                "chain_incomplete",
                "The certificate of CN=Intermediate, which issued CN=a.example, is missing; add it to the CA input",
            )
        ],
    ),
    ("leaf below the root", supply(UNDER_ROOT), OK),
    ("leaf and intermediate in the certificate file", supply(certificate=LEAF.pem + INTERMEDIATE.pem), OK),
    ("everything in the certificate file", supply(certificate=LEAF.ca_pem + LEAF.pem, ca=None), OK),
    (
        "encrypted key, PKCS#1",
        supply(private_key=LEAF.encode_key("secret", "TraditionalOpenSSL")),
        [
            (
                "private_key_encrypted",
                (
                    "The private key is encrypted; pass private_key_passphrase, or the key without "
                    "encryption: `openssl pkcs12 -nocerts` writes an encrypted one unless it is told -nodes "
                    "(-noenc since OpenSSL 3), and the PKCS#12 file itself can be passed as pkcs12_src"
                ),
            )
        ],
    ),
    (
        "encrypted key, PKCS#8",
        supply(private_key=LEAF.encode_key("secret")),
        [
            (
                "private_key_encrypted",
                (
                    "The private key is encrypted; pass private_key_passphrase, or the key without "
                    "encryption: `openssl pkcs12 -nocerts` writes an encrypted one unless it is told -nodes "
                    "(-noenc since OpenSSL 3), and the PKCS#12 file itself can be passed as pkcs12_src"
                ),
            )
        ],
    ),
    (
        "key by openssl pkcs12 -nocerts",
        supply(private_key=from_store("-passout", "pass:secret")),
        [
            (
                "private_key_encrypted",
                (
                    "The private key is encrypted; pass private_key_passphrase, or the key without "
                    "encryption: `openssl pkcs12 -nocerts` writes an encrypted one unless it is told -nodes "
                    "(-noenc since OpenSSL 3), and the PKCS#12 file itself can be passed as pkcs12_src"
                ),
            )
        ],
    ),
    (
        "key by openssl pkcs12 -nocerts, with its passphrase",
        supply(private_key=from_store("-passout", "pass:secret"), passphrase=Passphrase("secret")),
        OK,
    ),
    ("key by openssl pkcs12 -nocerts -nodes", supply(private_key=from_store("-nodes")), OK),
    (
        "encrypted key, wrong passphrase",
        supply(private_key=LEAF.encode_key("secret"), passphrase=Passphrase("wrong")),
        [
            (
                "wrong_passphrase",
                (
                    "The private key cannot be decrypted: private_key_passphrase is wrong, or the file is "
                    "damaged; try it by `openssl pkey -in FILE -noout`"
                ),
            )
        ],
    ),
    (
        "encrypted key with a passphrase of the environment",
        supply(private_key=LEAF.encode_key("secret"), passphrase=Passphrase("secret", is_declared=False)),
        OK,
    ),
    (
        "plain key with a passphrase",
        supply(passphrase=Passphrase("secret")),
        [("ok", ""), ("passphrase_unused", "private_key_passphrase is not needed: the private key is not encrypted")],
    ),
    ("plain key with a passphrase of the environment", supply(passphrase=Passphrase("secret", is_declared=False)), OK),
    (
        "certificate with bag attributes",
        supply(
            certificate=openssl("pkcs12", "-in", "p12", "-nokeys", "-passin", "pass:secret", p12=export_pkcs12(LEAF)),
            ca=None,
        ),
        OK,
    ),
    (
        "EC PARAMETERS first",
        supply(
            CURVE, private_key=openssl("ecparam", "-name", "prime256v1") + CURVE.encode_key(style="TraditionalOpenSSL")
        ),
        OK,
    ),
    ("EC key, SEC1", supply(CURVE, private_key=CURVE.encode_key(style="TraditionalOpenSSL")), OK),
    ("EC key, PKCS#8", supply(CURVE), OK),
    (
        "line ends of Windows",
        supply(certificate=LEAF.pem.replace(b"\n", b"\r\n"), private_key=LEAF.key_pem.replace(b"\n", b"\r\n")),
        OK,
    ),
    ("UTF-16 of Notepad", supply(certificate=LEAF.pem.decode().encode("utf-16")), OK),
    ("text around", supply(certificate=openssl("x509", "-in", "pem", "-text", pem=LEAF.pem)), OK),
    (
        "RSA 1024",
        supply(SHORT),
        [
            (
                "weak_key",
                (
                    "The certificate CN=a.example has a key of RSA 1024, which clients refuse; have it "
                    "issued for a key of RSA 2048 or EC P-256 or better"
                ),
            )
        ],
    ),
    (
        "wrong key",
        supply(private_key=OTHER.key_pem),
        [
            (
                "key_mismatch",
                (
                    "The private key (RSA 2048) does not belong to the certificate CN=a.example (RSA 4096); "
                    "it belongs to CN=Root, which was passed as CA: certificate and CA seem to be swapped"
                ),
            )
        ],
    ),
    (
        "key of another type",
        supply(private_key=CURVE.key_pem),
        [
            (
                "key_mismatch",
                (
                    "The private key (EC P-256) does not belong to the certificate CN=a.example (RSA 4096); "
                    "pass the key that was made together with the certificate request"
                ),
            )
        ],
    ),
    (
        "key of the CA",
        supply(private_key=INTERMEDIATE.key_pem),
        [
            (
                "key_mismatch",
                (
                    "The private key (EC P-256) does not belong to the certificate CN=a.example (RSA 4096); "
                    "it belongs to CN=Intermediate, which was passed as CA: certificate and CA seem to be "
                    "swapped"
                ),
            )
        ],
    ),
    (
        "certificate and CA swapped",
        supply(certificate=INTERMEDIATE.pem, ca=LEAF.pem + ROOT.pem),
        [
            (
                "key_mismatch",
                (
                    "The private key (RSA 4096) does not belong to the certificate CN=Intermediate (EC "
                    "P-256); it belongs to CN=a.example, which was passed as CA: certificate and CA seem to "
                    "be swapped"
                ),
            ),
            (
                "leaf_is_ca",
                (
                    "The certificate CN=Intermediate is a CA certificate, which clients refuse from a "
                    "server; by default `openssl req -x509` makes such a one. Pass the certificate that a CA "
                    "issued for the server"
                ),
            ),
            (
                "name_missing",
                (
                    "The certificate CN=Intermediate does not cover a.example; it has no subjectAltName. "
                    "Have it issued with all names, or declare only those that it covers"
                ),
            ),
        ],
    ),
    (
        "certificate and key swapped",
        supply(certificate=LEAF.key_pem, private_key=LEAF.pem),
        [
            (
                "no_certificate",
                (
                    "The certificate input holds no certificate but a private key; are the certificate and "
                    "the private key swapped?"
                ),
            ),
            (
                "no_private_key",
                (
                    "The private key input holds no private key but a certificate; are the certificate and "
                    "the private key swapped?"
                ),
            ),
        ],
    ),
    (
        "leaf is a CA, as openssl req -x509 makes it",
        supply(AUTHORITY_AS_LEAF, ca=None),
        [
            (
                "leaf_is_ca",
                (
                    "The certificate CN=a.example is a CA certificate, which clients refuse from a server; "
                    "by default `openssl req -x509` makes such a one. Pass the certificate that a CA issued "
                    "for the server"
                ),
            )
        ],
    ),
    (
        "CA file is the leaf",
        supply(ca=LEAF.pem),
        [
            (
                "ca_not_ca",
                (
                    "The CA input holds no CA certificate, only CN=a.example; pass the certificates of the "
                    "CAs that issued CN=a.example"
                ),
            ),
            (
                "chain_incomplete",
                "The certificate of CN=Intermediate, which issued CN=a.example, is missing; add it to the CA input",
            ),
        ],
    ),
    ("self-signed with itself as CA", supply(ALONE, ca=ALONE.pem), OK),
    (
        "self-signed without a CA",
        supply(ALONE, ca=None),
        [
            (
                "self_signed",
                (
                    "The certificate CN=a.example is self-signed: no client trusts it by itself. Pass one "
                    "that a CA issued, or, when clients are given this very certificate to trust, pass it as "
                    "its own CA too"
                ),
            )
        ],
    ),
    (
        "another CA of the same name",
        supply(ca=NAMESAKE.pem + ROOT.pem),
        [
            (
                "signature_invalid",
                (
                    "The certificate CN=a.example names CN=Intermediate as its issuer, but the supplied one "
                    "of that name did not sign it: it is another CA of the same name, or a file is damaged; "
                    "pass the one that did"
                ),
            ),
            (
                "signature_invalid",
                (
                    "The CA certificate CN=Intermediate names CN=Root as its issuer, but the supplied one of "
                    "that name did not sign it: it is another CA of the same name, or a file is damaged; "
                    "pass the one that did"
                ),
            ),
        ],
    ),
    (
        "a stranger among the CAs",
        supply(ca=LEAF.ca_pem + SHORT_PATH.pem),
        [
            ("ok", ""),
            (
                "unrelated_certificate",
                "The supplied certificate CN=Short Path is not on the path of CN=a.example and is left out",
            ),
        ],
    ),
    (
        "expired",
        supply(EXPIRED),
        [("expired", "The certificate CN=a.example expired on 2026-11-20 22:00 UTC; pass its successor")],
    ),
    (
        "not yet valid",
        supply(FUTURE),
        [
            (
                "not_yet_valid",
                (
                    "The certificate CN=a.example is not valid before 2026-11-22 22:00 UTC; wait until then, "
                    "or correct the controller's clock"
                ),
            )
        ],
    ),
    (
        "CA expired",
        supply(BELOW_OLD_CA),
        [("ca_expired", "The CA certificate CN=Old Intermediate expired on 2026-11-20 22:00 UTC; pass its successor")],
    ),
    (
        "name constraints violated",
        supply(BELOW_NARROW),
        [
            (
                "name_constraint_violated",
                (
                    "The CA certificate CN=Narrow may not issue for a.example by its name constraints; have "
                    "the constraints widened, or use another CA"
                ),
            )
        ],
    ),
    (
        "path too long",
        supply(TOO_DEEP),
        [
            (
                "path_length_exceeded",
                "The CA certificate CN=Short Path allows 0 CAs below it, but 1 are there; use a CA that may issue them",
            )
        ],
    ),
    (
        "signed with SHA-1",
        supply(WEAKLY_SIGNED),
        [
            (
                "weak_signature",
                (
                    "The certificate CN=a.example is signed with SHA1, which clients refuse; have it issued "
                    "again with SHA-256"
                ),
            )
        ],
    ),
    (
        "for clients only",
        supply(FOR_CLIENTS),
        [
            (
                "usage_unsuitable",
                (
                    "The certificate CN=a.example is not for TLS servers: its extendedKeyUsage lacks "
                    "serverAuth; have it issued for server authentication"
                ),
            )
        ],
    ),
    (
        "junk as CA",
        supply(ca=b"junk"),
        [
            (
                "not_pem",
                (
                    "The CA input is neither PEM nor DER: it has no line such as `-----BEGIN "
                    "CERTIFICATE-----`; pass the text or file that the CA sent"
                ),
            )
        ],
    ),
    (
        "junk as certificate",
        supply(certificate=b"junk"),
        [
            (
                "not_pem",
                (
                    "The certificate input is neither PEM nor DER: it has no line such as `-----BEGIN "
                    "CERTIFICATE-----`; pass the text or file that the CA sent"
                ),
            )
        ],
    ),
    (
        "junk as key",
        supply(private_key=b"junk"),
        [
            (
                "not_pem",
                (
                    "The private key input is neither PEM nor DER: it has no line such as `-----BEGIN "
                    "PRIVATE KEY-----`; pass the key that was made together with the certificate request"
                ),
            )
        ],
    ),
    (
        "half a certificate",
        supply(certificate=LEAF.pem[:300]),
        [
            (
                "pem_truncated",
                (
                    "The certificate input is truncated: the line `-----END CERTIFICATE-----` is missing; "
                    "pass the whole file"
                ),
            )
        ],
    ),
    (
        "request instead of the certificate",
        supply(certificate=openssl("req", "-new", "-key", "key", "-subj", "/CN=a.example", key=LEAF.key_pem)),
        [
            (
                "no_certificate",
                (
                    "The certificate input holds no certificate but a certificate request (CSR); pass the "
                    "certificate that the CA returned for it"
                ),
            )
        ],
    ),
    (
        "empty certificate",
        supply(certificate=b""),
        [
            (
                "input_empty",
                (
                    "The certificate input is empty; pass the file as certificate_src or what is in it as "
                    "certificate_content"
                ),
            )
        ],
    ),
    (
        "empty key",
        supply(private_key=b" \n"),
        [
            (
                "input_empty",
                (
                    "The private key input is empty; pass the file as private_key_src or what is in it as "
                    "private_key_content"
                ),
            )
        ],
    ),
    (
        "empty CA",
        supply(ca=b""),
        [("input_empty", "The CA input is empty; pass the file as ca_src or what is in it as ca_content")],
    ),
    (
        "all three empty",
        supply(certificate=b"", private_key=b"", ca=b""),
        [
            (
                "input_empty",
                (
                    "The certificate input is empty; pass the file as certificate_src or what is in it as "
                    "certificate_content"
                ),
            ),
            (
                "input_empty",
                (
                    "The private key input is empty; pass the file as private_key_src or what is in it as "
                    "private_key_content"
                ),
            ),
            ("input_empty", "The CA input is empty; pass the file as ca_src or what is in it as ca_content"),
        ],
    ),
    (
        "nothing at all",
        Material("web"),
        [
            (
                "material_missing",
                (
                    "There is no material; pass certificate_src or certificate_content and pass "
                    "private_key_src or private_key_content, or both as pkcs12_src or pkcs12_content"
                ),
            )
        ],
    ),
    (
        "no key",
        supply(private_key=None),
        [("material_missing", "The private key is missing; pass private_key_src or private_key_content")],
    ),
    (
        "no certificate",
        supply(certificate=None),
        [("material_missing", "The certificate is missing; pass certificate_src or certificate_content")],
    ),
    ("DER certificate", supply(certificate=LEAF.der), OK),
    ("DER certificate and DER CAs", supply(certificate=LEAF.der, ca=INTERMEDIATE.der + ROOT.der), OK),
    ("DER key", supply(private_key=LEAF.encode_key(encoding="DER")), OK),
    (
        "DER certificate uploaded as text",
        supply(certificate=LEAF.der.decode("utf-8", "replace").encode()),
        [
            (
                "not_pem",
                (
                    "The certificate input is neither PEM nor DER: it is binary that was read as text, which "
                    "destroys it; pass the file itself as certificate_src"
                ),
            )
        ],
    ),
    ("PKCS#7 of a Windows CA", supply(certificate=encode_pkcs7(ROOT, INTERMEDIATE, LEAF), ca=None), OK),
    (
        "PKCS#7 as PEM",
        supply(certificate=encode_pkcs7(LEAF, encoding="PEM"), ca=encode_pkcs7(ROOT, INTERMEDIATE, encoding="PEM")),
        OK,
    ),
    ("PKCS#12", contain(export_pkcs12(LEAF)), OK),
    ("PKCS#12 of OpenSSL 1 and Windows", contain(export_pkcs12(LEAF, "-legacy")), OK),
    (
        "PKCS#12 without the intermediate",
        contain(export_pkcs12(Issued(LEAF.certificate, LEAF.key, None))),
        [
            (
                "chain_incomplete",
                "The certificate of CN=Intermediate, which issued CN=a.example, is missing; add it to the CA input",
            )
        ],
    ),
    (
        "PKCS#12 without the intermediate, and a CA",
        contain(export_pkcs12(Issued(LEAF.certificate, LEAF.key, None)), ca=LEAF.ca_pem),
        OK,
    ),
    (
        "PKCS#12 without its passphrase",
        contain(export_pkcs12(LEAF), None),
        [("pkcs12_encrypted", "The PKCS#12 input is protected by a passphrase; pass it as pkcs12_passphrase")],
    ),
    (
        "PKCS#12 with a wrong passphrase",
        contain(export_pkcs12(LEAF), "wrong"),
        [
            (
                "wrong_passphrase",
                (
                    "The PKCS#12 input cannot be opened: pkcs12_passphrase is wrong, or the file is damaged; "
                    "try it by `openssl pkcs12 -in FILE -noout` (-legacy if old)"
                ),
            )
        ],
    ),
    (
        "PKCS#12 without the key",
        contain(export_pkcs12(LEAF, "-nokeys")),
        [
            (
                "no_private_key",
                (
                    "The PKCS#12 input holds no private key; export it together with its key, or pass "
                    "certificate and key apart, as certificate_src and private_key_src"
                ),
            )
        ],
    ),
    (
        "PKCS#12 that needs no passphrase",
        contain(export_pkcs12(LEAF, passphrase="")),
        [("ok", ""), ("passphrase_unused", "pkcs12_passphrase is not needed: the PKCS#12 file opens without it")],
    ),
    (
        "PKCS#12 of keytool",
        contain(keytool("-storetype", "PKCS12", "-ext", "san=dns:a.example"), "changeit"),
        [
            (
                "self_signed",
                (
                    "The certificate CN=a.example is self-signed: no client trusts it by itself. Pass one "
                    "that a CA issued, or, when clients are given this very certificate to trust, pass it as "
                    "its own CA too"
                ),
            )
        ],
    ),
    (
        "PKCS#12 as certificate",
        supply(certificate=export_pkcs12(LEAF)),
        [
            (
                "not_pem",
                (
                    "The certificate input is neither PEM nor DER: it is PKCS#12; pass it as pkcs12_src, "
                    "which takes certificate, key and chain from it"
                ),
            )
        ],
    ),
    (
        "PKCS#12 as key",
        supply(private_key=export_pkcs12(LEAF)),
        [
            (
                "not_pem",
                (
                    "The private key input is neither PEM nor DER: it is PKCS#12; pass it as pkcs12_src, "
                    "which takes certificate, key and chain from it"
                ),
            )
        ],
    ),
    (
        "PKCS#12 and a key",
        contain(export_pkcs12(LEAF), private_key=LEAF.key_pem),
        [
            (
                "material_ambiguous",
                (
                    "pkcs12 was passed together with private_key, which it holds already; pass either, "
                    "further CA certificates as ca"
                ),
            )
        ],
    ),
    (
        "PEM as PKCS#12",
        contain(LEAF.pem + LEAF.key_pem),
        [
            (
                "pkcs12_unreadable",
                (
                    "The PKCS#12 input is not PKCS#12: it is PEM; pass it as certificate_src, and its "
                    "private key as private_key_src"
                ),
            )
        ],
    ),
    (
        "Java keystore as PKCS#12",
        contain(keytool("-storetype", "JKS")),
        [
            (
                "pkcs12_unreadable",
                (
                    "The PKCS#12 input is not PKCS#12: it is a Java keystore; convert it by `keytool "
                    "-importkeystore -srckeystore FILE -destkeystore FILE.p12 -deststoretype PKCS12` and "
                    "pass that as pkcs12_src"
                ),
            )
        ],
    ),
    (
        "Java keystore as certificate",
        supply(certificate=keytool("-storetype", "JKS")),
        [
            (
                "not_pem",
                (
                    "The certificate input is neither PEM nor DER: it is a Java keystore; convert it by "
                    "`keytool -importkeystore -srckeystore FILE -destkeystore FILE.p12 -deststoretype "
                    "PKCS12` and pass that as pkcs12_src"
                ),
            )
        ],
    ),
    (
        "name missing",
        supply(INTERMEDIATE.issue("b.example")),
        [
            (
                "name_missing",
                (
                    "The certificate CN=b.example does not cover a.example; it covers b.example. Have it "
                    "issued with all names, or declare only those that it covers"
                ),
            )
        ],
    ),
    (
        "name in the common name only",
        supply(INTERMEDIATE.issue("b.example", cn="a.example")),
        [
            (
                "name_missing",
                (
                    "The certificate CN=a.example does not cover a.example; it covers b.example. a.example "
                    "stands only in the common name, which clients ignore. Have it issued with all names, or "
                    "declare only those that it covers"
                ),
            )
        ],
    ),
    (
        "a root without keyUsage",
        supply(BELOW_BARE_ROOT),
        [
            ("ok", ""),
            (
                "profile_unproved",
                (
                    "The path of CN=a.example passes every check of ours, but not a strict reading of RFC "
                    "5280 (…); most clients accept it, "
                    "consider a stricter profile at the CA"
                ),
            ),
        ],
    ),
)


def judge(material: Material, anchors: tuple[Certificate, ...]) -> list[tuple[str, str]]:
    """Codes and messages of all refusals, else of all warnings."""
    try:
        bundle = load_bundle(material)
    except RefusedError as error:
        return [(problem.code, problem.message) for problem in error.problems]
    problems = find_problems(bundle, certificate="web", names=(NAME,), now=NOW, anchors=anchors)
    if problems:
        return [(problem.code, problem.message) for problem in problems]
    assert isinstance(bundle.private_key, PrivateKey)
    require_sound(bundle.private_key)
    notices = find_notices(bundle, names=(NAME,), now=NOW, anchors=anchors)
    return [("ok", ""), *((notice.code, _OBJECTION.sub(r"\1 (…);", notice.message)) for notice in notices)]


@pytest.mark.parametrize(("material", "expected"), [pytest.param(*row, id=case) for case, *row in CASES])
def test_every_row_of_the_catalogue(material: Material, expected: list[tuple[str, str]]) -> None:
    assert judge(material, ()) == expected


def test_an_anchor_of_the_controller_stands_for_a_root_that_was_not_supplied() -> None:
    anchors = load_certificates(ROOT.pem, "ca")
    assert judge(supply(ca=LEAF.chain_pem), anchors) == [("ok", "")]


def test_an_ed25519_key_is_taken() -> None:
    """`cryptography` 42 has a strict reader that does not know them."""
    verdicts = judge(supply(EDWARDS), ())
    assert (verdicts[0], {code for code, message in verdicts[1:]} - {"profile_unproved"}) == (("ok", ""), set())
