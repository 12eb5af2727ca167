# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import re
import subprocess
import traceback
import warnings
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import Certificate, load_certificates
from ansible_collections.certwright.tls.plugins.plugin_utils._core.passphrase import Passphrase
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pkcs12 import Pkcs12, load_base64, load_pkcs12
from ansible_collections.certwright.tls.plugins.plugin_utils._core.private_key import belongs_to
from ansible_collections.certwright.tls.tests.unit.authority import Issued, ca, encode_pkcs7, export_pkcs12, shared_key

ROOT = ca("Root")
INTERMEDIATE = ROOT.authority("Intermediate")
LEAF = INTERMEDIATE.issue("a.example")
RSA = INTERMEDIATE.issue("a.example", key=shared_key("RSA 2048"))
PASSPHRASE = Passphrase("secret")
UMLAUTS = "pässwörd"
ENCRYPTION = BestAvailableEncryption(b"secret")


def load(issued: Issued) -> Certificate:
    return load_certificates(issued.pem, "certificate")[0]


def refuse(content: bytes, passphrase: Passphrase | None) -> tuple[str, str]:
    with pytest.raises(UnusableError) as refused:
        load_pkcs12(content, passphrase)
    return refused.value.code, refused.value.message


def keytool(store: Path, *options: str, alias: str = "one", password: str = "changeit") -> bytes:
    subprocess.run(
        [
            "keytool",
            *options,
            "-genkeypair",
            "-alias",
            alias,
            "-keyalg",
            "EC",
            "-groupname",
            "secp256r1",
            "-dname",
            f"CN={alias}.example",
            "-keystore",
            str(store),
            "-storepass",
            password,
        ],
        capture_output=True,
        check=True,
    )
    return store.read_bytes()


def open_ended(content: bytes) -> bytes:
    """In BER, as macOS and Bouncy Castle write it."""
    return b"\x30\x80" + content[4:] + b"\0\0"


@pytest.mark.parametrize(
    ("content", "passphrase"),
    [
        pytest.param(LEAF.encode_pkcs12("secret"), PASSPHRASE, id="as cryptography writes it"),
        pytest.param(export_pkcs12(LEAF), PASSPHRASE, id="AES-256, as OpenSSL 3 writes it"),
        pytest.param(export_pkcs12(LEAF, "-legacy"), PASSPHRASE, id="RC2-40, 3DES, SHA-1, as OpenSSL 1 and Windows"),
        pytest.param(export_pkcs12(LEAF, "-descert", "-keypbe", "PBE-SHA1-3DES"), PASSPHRASE, id="3DES only"),
        pytest.param(export_pkcs12(LEAF, "-name", "Größe"), PASSPHRASE, id="friendly name"),
        pytest.param(export_pkcs12(LEAF, passphrase=UMLAUTS), Passphrase(UMLAUTS), id="umlauts"),
        pytest.param(export_pkcs12(LEAF, "-legacy", passphrase=UMLAUTS), Passphrase(UMLAUTS), id="umlauts of old"),
        pytest.param(
            export_pkcs12(LEAF, "-legacy", passphrase=UMLAUTS.encode().decode("latin-1")),
            Passphrase(UMLAUTS),
            id="umlauts as OpenSSL 1.0 took them",
        ),
        pytest.param(export_pkcs12(LEAF, passphrase=""), None, id="empty passphrase, none given"),
        pytest.param(export_pkcs12(LEAF, passphrase=""), Passphrase(""), id="empty passphrase"),
        pytest.param(export_pkcs12(LEAF, "-legacy", passphrase=""), None, id="empty passphrase of old"),
        pytest.param(export_pkcs12(LEAF, "-nomac"), PASSPHRASE, id="no MAC"),
        pytest.param(
            export_pkcs12(LEAF, "-nomac", "-keypbe", "NONE", "-certpbe", "NONE"), None, id="nothing encrypted"
        ),
        pytest.param(open_ended(export_pkcs12(LEAF)), PASSPHRASE, id="BER"),
        pytest.param(export_pkcs12(LEAF) + b"\r\n", PASSPHRASE, id="a line end behind it"),
        pytest.param(export_pkcs12(LEAF, "-iter", "100000"), PASSPHRASE, id="many rounds"),
        pytest.param(export_pkcs12(LEAF), Passphrase("secret", is_declared=False), id="passphrase of the environment"),
        pytest.param(export_pkcs12(LEAF, passphrase=""), Passphrase("x", is_declared=False), id="needless one of it"),
    ],
)
def test_certificate_key_and_chain_come_out_of_every_form(content: bytes, passphrase: Passphrase | None) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loaded = load_pkcs12(content, passphrase)
    assert loaded.certificates[0] == load(LEAF)
    assert set(loaded.certificates[1:]) == {load(INTERMEDIATE), load(ROOT)}
    assert loaded.private_key.pem.encode() == LEAF.key_pem
    assert loaded.private_key.notices == ()


def test_an_rsa_key_is_read_too() -> None:
    loaded = load_pkcs12(RSA.encode_pkcs12("secret"), PASSPHRASE)
    assert belongs_to(loaded.private_key, load(RSA))


def test_the_keys_own_certificate_comes_first_wherever_it_stands() -> None:
    others = [ROOT.certificate, LEAF.certificate, INTERMEDIATE.certificate, ROOT.certificate]
    content = pkcs12.serialize_key_and_certificates(None, LEAF.key, None, others, ENCRYPTION)
    loaded = load_pkcs12(content, PASSPHRASE)
    assert loaded == Pkcs12(loaded.certificates, loaded.private_key)
    assert set(loaded.certificates) == {load(LEAF), load(INTERMEDIATE), load(ROOT)}
    assert len(loaded.certificates) == 3


@pytest.mark.parametrize("option", ["-J-Dkeystore.pkcs12.legacy=false", "-J-Dkeystore.pkcs12.legacy"])
def test_a_keystore_of_java_is_read(option: str, tmp_path: Path) -> None:
    """The second is what Java 8 wrote."""
    loaded = load_pkcs12(keytool(tmp_path / "one.p12", option), Passphrase("changeit"))
    assert [certificate.subject for certificate in loaded.certificates] == ["CN=one.example"]
    assert belongs_to(loaded.private_key, loaded.certificates[0])


def test_keytool_itself_takes_no_umlauts(tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        keytool(tmp_path / "one.p12", password=UMLAUTS)


def test_several_keys_are_refused_for_the_library_takes_any(tmp_path: Path) -> None:
    keytool(tmp_path / "two.p12")
    content = keytool(tmp_path / "two.p12", alias="two")
    assert refuse(content, Passphrase("changeit")) == (
        "several_private_keys",
        (
            "The PKCS#12 input holds 2 private keys; export the one of the certificate alone: `keytool -importkeystore "
            "-srckeystore FILE -srcalias NAME -destkeystore ONE.p12`"
        ),
    )


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(export_pkcs12(LEAF, passphrase=""), id="empty passphrase"),
        pytest.param(export_pkcs12(LEAF, "-nomac", "-keypbe", "NONE", "-certpbe", "NONE"), id="nothing encrypted"),
    ],
)
def test_a_passphrase_that_is_not_needed_is_a_notice(content: bytes) -> None:
    notices = load_pkcs12(content, PASSPHRASE).private_key.notices
    assert [(notice.code, notice.message) for notice in notices] == [
        ("passphrase_unused", "pkcs12_passphrase is not needed: the PKCS#12 file opens without it")
    ]


SEPARATELY = "pass certificate and key apart, as certificate_src and private_key_src"
WRONG = (
    "The PKCS#12 input cannot be opened: pkcs12_passphrase is wrong, or the file is damaged; try it by `openssl pkcs12 "
    "-in FILE -noout` (-legacy if old)"
)
LOCKED = "The PKCS#12 input is protected by a passphrase; pass it as pkcs12_passphrase"
COSTLY = (
    "The PKCS#12 input cannot be used: trying its passphrase would take minutes or hundreds of megabytes; export it "
    "anew with the defaults of `openssl pkcs12`"
)
NONE = "The PKCS#12 input is not PKCS#12: "
PLAIN = export_pkcs12(LEAF, "-nomac", "-keypbe", "NONE", "-certpbe", "NONE")


def raise_rounds(content: bytes, *, last: int) -> bytes:
    """The last places where 2048 rounds stand behind a salt, the MAC's being the very last, ask for 2147483647.

    Each salt gives two bytes for it, so that no length around changes.
    """
    places = list(re.finditer(rb"\x04\x08(.{6})..\x02\x02\x08\0", content, re.DOTALL))
    for place in places[-last:]:
        many = b"\x04\x06" + place[1] + b"\x02\x04\x7f\xff\xff\xff"
        content = content[: place.start()] + many + content[place.end() :]
    assert len(places) >= last
    return content


@pytest.mark.parametrize(
    ("content", "passphrase", "code", "message"),
    [
        pytest.param(export_pkcs12(LEAF), None, "pkcs12_encrypted", LOCKED, id="no passphrase"),
        pytest.param(export_pkcs12(LEAF), Passphrase(""), "pkcs12_encrypted", LOCKED, id="empty passphrase"),
        pytest.param(export_pkcs12(LEAF), Passphrase("wrong"), "wrong_passphrase", WRONG, id="wrong passphrase"),
        pytest.param(
            export_pkcs12(LEAF, "-legacy"), Passphrase("wrong"), "wrong_passphrase", WRONG, id="wrong passphrase of old"
        ),
        pytest.param(
            export_pkcs12(LEAF, "-nomac"), Passphrase("wrong"), "wrong_passphrase", WRONG, id="wrong passphrase, no MAC"
        ),
        pytest.param(
            export_pkcs12(LEAF), Passphrase("\ud800"), "wrong_passphrase", WRONG, id="passphrase that is no text"
        ),
        pytest.param(
            PLAIN.replace(LEAF.encode_key(encoding="DER")[-50:], bytes(50)),
            None,
            "pkcs12_unreadable",
            "The PKCS#12 input is damaged: its parts cannot be read; pass the file as it was exported, copied in "
            "binary mode",
            id="damaged inside",
        ),
        pytest.param(
            export_pkcs12(LEAF)[:-20],
            PASSPHRASE,
            "pkcs12_unreadable",
            f"{NONE}it begins like a binary file, but is truncated, damaged or of another kind; copy it in binary mode",
            id="truncated",
        ),
        pytest.param(
            LEAF.pem + LEAF.key_pem,
            PASSPHRASE,
            "pkcs12_unreadable",
            f"{NONE}it is PEM; pass it as certificate_src, and its private key as private_key_src",
            id="PEM",
        ),
        pytest.param(
            LEAF.der,
            PASSPHRASE,
            "pkcs12_unreadable",
            f"{NONE}it is a certificate in DER; pass it as certificate_src, and its private key as private_key_src",
            id="DER certificate",
        ),
        pytest.param(
            LEAF.encode_key(encoding="DER"),
            None,
            "pkcs12_unreadable",
            f"{NONE}it is a private key in DER; pass it as private_key_src, and its certificate as certificate_src",
            id="DER key",
        ),
        pytest.param(
            encode_pkcs7(LEAF),
            None,
            "pkcs12_unreadable",
            f"{NONE}it is PKCS#7, which holds no key; pass it as certificate_src, and the private key as "
            "private_key_src",
            id="PKCS#7",
        ),
        pytest.param(
            export_pkcs12(LEAF, "-nokeys"),
            PASSPHRASE,
            "no_private_key",
            f"The PKCS#12 input holds no private key; export it together with its key, or {SEPARATELY}",
            id="no key",
        ),
        pytest.param(
            pkcs12.serialize_key_and_certificates(None, LEAF.key, None, None, ENCRYPTION),
            PASSPHRASE,
            "no_certificate",
            "The PKCS#12 input holds a private key, but no certificate; export it together with its certificate, or "
            f"{SEPARATELY}",
            id="no certificate",
        ),
        pytest.param(
            raise_rounds(export_pkcs12(LEAF), last=1),
            PASSPHRASE,
            "pkcs12_unreadable",
            COSTLY,
            id="years for the MAC",
        ),
        pytest.param(
            raise_rounds(export_pkcs12(LEAF), last=3), PASSPHRASE, "pkcs12_unreadable", COSTLY, id="years for all"
        ),
        pytest.param(
            export_pkcs12(LEAF, "-iter", "2000000"), PASSPHRASE, "pkcs12_unreadable", COSTLY, id="too much together"
        ),
        pytest.param(
            b"\n",
            None,
            "input_empty",
            "The PKCS#12 input is empty; pass the file as pkcs12_src or what is in it as pkcs12_content",
            id="empty",
        ),
        pytest.param(
            bytes(1024 * 1024 + 1),
            None,
            "input_too_large",
            "The PKCS#12 input is 1048577 bytes long, more than 1048576; is it the right file?",
            id="too large",
        ),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_way_out(
    content: bytes, passphrase: Passphrase | None, code: str, message: str
) -> None:
    assert refuse(content, passphrase) == (code, message)


def test_a_java_keystore_is_recognised(tmp_path: Path) -> None:
    code, message = refuse(keytool(tmp_path / "one.jks", "-J-Dx=y", "-storetype", "JKS"), Passphrase("changeit"))
    assert code == "pkcs12_unreadable"
    assert message == (
        f"{NONE}it is a Java keystore; convert it by `keytool -importkeystore -srckeystore FILE -destkeystore FILE.p12 "
        "-deststoretype PKCS12` and pass that as pkcs12_src"
    )


def test_no_traceback_holds_the_passphrase_or_the_key() -> None:
    with pytest.raises(UnusableError) as refused:
        load_pkcs12(export_pkcs12(LEAF), Passphrase(UMLAUTS * 2))
    assert UMLAUTS not in "".join(traceback.format_exception(refused.value))
    assert "BEGIN" not in repr(load_pkcs12(export_pkcs12(LEAF), PASSPHRASE).private_key)


def test_a_container_of_the_leaf_alone_has_no_chain() -> None:
    content = replace(LEAF, issuer=None).encode_pkcs12("secret")
    assert load_pkcs12(content, PASSPHRASE).certificates == (load(LEAF),)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(base64.b64encode(b"content").decode(), id="one line"),
        pytest.param(" Y29u\r\n dGVu\tdA==\n", id="folded and indented"),
    ],
)
def test_base64_becomes_the_bytes(text: str) -> None:
    assert load_base64(text) == b"content"


@pytest.mark.parametrize(
    ("text", "way_out"),
    [
        pytest.param("no base64!", "pass what `base64 FILE.p12` prints, or the file as pkcs12_src", id="text"),
        pytest.param("0\udc82", "pass what `base64 FILE.p12` prints, or the file as pkcs12_src", id="the bytes"),
        pytest.param("Y29udGVudA", "pass what `base64 FILE.p12` prints, or the file as pkcs12_src", id="cut"),
        pytest.param(LEAF.pem.decode(), "it is PEM; pass it as certificate_content and private_key_content", id="PEM"),
    ],
)
def test_what_is_not_base64_is_refused(text: str, way_out: str) -> None:
    with pytest.raises(UnusableError) as refused:
        load_base64(text)
    assert refused.value.code == "input_not_base64"
    assert refused.value.message == f"The text of pkcs12_content is not base64; {way_out}"
