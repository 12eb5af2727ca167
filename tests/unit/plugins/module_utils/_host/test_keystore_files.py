# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keystores as openssl and keytool make them: their certificates are told, and no key is."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from ansible_collections.certwright.tls.plugins.module_utils._host.certificate_files import (
    CertificateFile,
    read_certificates,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.keystore_files import KeystoreReader
from ansible_collections.certwright.tls.tests.unit.plugins.module_utils._host.host_material import pair, pkcs12

WWW, CA = pair(), pair(name="other.example.com")


def keytool(*words: str) -> None:
    subprocess.run(["keytool", *words], check=True, capture_output=True, timeout=60)


def make(path: Path, passphrase: str = "changeit", *, kind: str = "JKS", key: bool = True, secret: bool = False) -> str:
    """A keystore of a JDK: with WWW and its key, or the certificate that it trusts; with a secret key before that."""
    store = ["-keystore", str(path), "-storetype", kind, "-storepass", passphrase]
    if secret:
        keytool("-genseckey", "-alias", "a", "-keyalg", "AES", "-keysize", "128", "-keypass", passphrase, *store)
    if key:
        bundle = path.with_suffix(".bundle")
        bundle.write_bytes(pkcs12(WWW, passphrase))
        source = ["-srckeystore", str(bundle), "-srcstoretype", "PKCS12", "-srcstorepass", passphrase]
        target = ["-destkeystore", str(path), "-deststoretype", kind, "-deststorepass", passphrase]
        keytool("-importkeystore", "-noprompt", *source, *target)
    else:
        certificate = path.with_suffix(".pem")
        certificate.write_bytes(CA.certificate)
        keytool("-importcert", "-noprompt", "-alias", "z", "-file", str(certificate), *store)
    return str(path)


def read(path: str, passphrase: str = "") -> CertificateFile:
    return KeystoreReader(passphrase).open(read_certificates(path))


def test_a_jks_tells_its_certificates_without_any_passphrase(tmp_path: Path) -> None:
    for kind in ("JKS", "JCEKS"):
        own = read(make(tmp_path / f"own-{kind}.jks", "geheim", kind=kind))
        assert (own.certificates, own.holds, own.unread) == (
            (WWW.text,),
            ("Java keystore", "encrypted private key"),
            "",
        )
        trusted = read(make(tmp_path / f"trust-{kind}.jks", "geheim", kind=kind, key=False))
        assert (trusted.certificates, trusted.holds) == ((CA.text,), ("Java keystore",))


def test_a_jceks_tells_what_lies_before_a_secret_key(tmp_path: Path) -> None:
    found = read(make(tmp_path / "own.jceks", kind="JCEKS", key=False, secret=True))
    assert set(found.certificates) <= {CA.text}
    assert found.unread == ""


def test_a_java_keystore_that_was_cut_off_says_so_wherever_it_ends(tmp_path: Path) -> None:
    whole = Path(make(tmp_path / "own.jks", key=False)).read_bytes()
    cut = tmp_path / "cut.jks"
    for size in (4, 11, 13, 30, len(whole) - 60):
        cut.write_bytes(whole[:size])
        assert read(str(cut)).unread == "is damaged: its entries cannot be read", size
    cut.write_bytes(whole[:8] + b"\xff" * 8 + whole[16:])
    assert read(str(cut)).certificates == ()


KNOWN = [
    ("its own", "geheim", "geheim", ("PKCS#12", "encrypted private key")),
    ("Java's", "changeit", "", ("PKCS#12", "private key")),
    ("none", "", "other", ("PKCS#12", "private key")),
]


@pytest.mark.parametrize(("made", "given", "holds"), [item[1:] for item in KNOWN], ids=[item[0] for item in KNOWN])
def test_a_pkcs12_opens_with_its_passphrase_or_with_one_that_everybody_knows(
    tmp_path: Path, made: str, given: str, holds: tuple[str, ...]
) -> None:
    path = tmp_path / "www.p12"
    for options in ((), ("-legacy",)):
        path.write_bytes(pkcs12(WWW, made, *options, more=CA.certificate))
        found = read(str(path), given)
        assert (set(found.certificates), found.holds, found.unread) == ({WWW.text, CA.text}, holds, "")


def test_what_keytool_made_opens_too(tmp_path: Path) -> None:
    path = make(tmp_path / "trust.p12", "geheim", kind="PKCS12", key=False)
    assert read(path, "geheim").certificates == (CA.text,)
    assert read(path, "geheim").holds == ("PKCS#12",)


def test_one_that_stays_closed_says_so(tmp_path: Path) -> None:
    path = tmp_path / "www.p12"
    path.write_bytes(pkcs12(WWW, "geheim"))
    found = read(str(path), "wrong")
    assert (found.certificates, found.holds) == ((), ("PKCS#12",))
    assert found.unread == "opens with none of the passphrases that were tried"


def test_keytool_does_where_there_is_no_openssl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make(tmp_path / "trust.p12", "geheim", kind="PKCS12", key=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert read(path, "geheim").certificates == (CA.text,)
    assert read(path, "wrong").unread == "opens with none of the passphrases that were tried"


def test_one_that_keeps_openssl_busy_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "openssl"
    program.write_text("#!/bin/sh\nexec /bin/sleep 60\n", encoding="ascii")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    path = tmp_path / "www.p12"
    path.write_bytes(openssl_pkcs12())
    found = KeystoreReader(deadline=0.5).open(read_certificates(str(path)))
    assert found.unread == "keeps openssl busy for more than 0.5 s"


def openssl_pkcs12() -> bytes:
    return bytes.fromhex("30820a00020103308209c6")


def test_all_keystores_together_take_no_longer_than_a_minute(tmp_path: Path) -> None:
    path = tmp_path / "www.p12"
    path.write_bytes(openssl_pkcs12())
    found = KeystoreReader(ends=1.0).open(read_certificates(str(path)))
    assert found.unread.startswith("was not opened: others took 60 s already")


def test_other_files_are_left_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "www.pem"
    path.write_bytes(WWW.certificate)
    file = read_certificates(str(path))
    assert KeystoreReader("geheim").open(file) is file
    assert "geheim" not in repr(KeystoreReader("geheim"))
