# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.module_utils._host import (
    key_match,
)
from ansible_collections.certwright.tls.plugins.module_utils._host import (
    openssl as openssl_program,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.files import HostError
from ansible_collections.certwright.tls.plugins.module_utils._host.pem import Block
from ansible_collections.certwright.tls.plugins.module_utils._host.sources import Source, observe_source, read_key
from ansible_collections.certwright.tls.tests.unit.plugins.module_utils._host.host_material import (
    Pair,
    encrypted,
    openssl,
    pair,
    pkcs7,
    pkcs12,
)

EC, RSA, EDWARDS = pair("EC"), pair("RSA"), pair("Ed25519")
OTHER_EC, OTHER_RSA = pair("EC", "other.example.com"), pair("RSA", "other.example.com")
SECRET, ANOTHER = "pässwörd", "another secret"


def fingerprint(of: Pair) -> str:
    return hashlib.sha256(of.der).hexdigest()


def digest(private_key: bytes) -> str:
    return hashlib.sha256(private_key).hexdigest()


def old_style(private_key: bytes) -> bytes:
    return openssl("rsa", "-traditional", content=private_key)


def sec1(private_key: bytes) -> bytes:
    return openssl("ec", content=private_key)


def encrypted_old_style(private_key: bytes) -> bytes:
    return openssl("rsa", "-traditional", "-aes256", "-passout", f"pass:{SECRET}", content=private_key)


def der(private_key: bytes) -> bytes:
    return openssl("pkcs8", "-topk8", "-nocrypt", "-outform", "DER", content=private_key)


@dataclass(frozen=True)
class Files:
    """The content of each file of a source, by the word of the source, and its passphrases."""

    certificate: bytes | None = None
    private_key: bytes | None = None
    ca: bytes | None = None
    pkcs12: bytes | None = None
    passphrase: str | None = None
    pkcs12_passphrase: str | None = None

    def write(self, directory: Path) -> Source:
        given: dict[str, Any] = {"passphrase": self.passphrase, "pkcs12_passphrase": self.pkcs12_passphrase}
        for word in ("certificate", "private_key", "ca", "pkcs12"):
            content = getattr(self, word)
            if content is not None:
                (directory / word).write_bytes(content)
                given[word] = str(directory / word)
        return Source.from_json(given)


CURVE = openssl("ecparam", "-name", "prime256v1")
LEGACY = ("-legacy", "-certpbe", "PBE-SHA1-RC2-40", "-keypbe", "PBE-SHA1-3DES")
SOUND: dict[str, tuple[Files, Pair, bytes]] = {
    "RSA as PKCS#8": (Files(RSA.certificate, RSA.private_key), RSA, RSA.private_key),
    "RSA as PKCS#1": (Files(RSA.certificate, old_style(RSA.private_key)), RSA, old_style(RSA.private_key)),
    "EC as PKCS#8": (Files(EC.certificate, EC.private_key), EC, EC.private_key),
    "EC as SEC1": (Files(EC.certificate, sec1(EC.private_key)), EC, sec1(EC.private_key)),
    "EC parameters first": (Files(EC.certificate, CURVE + sec1(EC.private_key)), EC, sec1(EC.private_key)),
    "Ed25519": (Files(EDWARDS.certificate, EDWARDS.private_key), EDWARDS, EDWARDS.private_key),
    "line ends of Windows": (
        Files(EC.certificate.replace(b"\n", b"\r\n"), EC.private_key.replace(b"\n", b"\r\n")),
        EC,
        EC.private_key,
    ),
    "UTF-16 of Windows": (
        Files(EC.text.encode("utf-16"), EC.private_key.decode().encode("utf-16")),
        EC,
        EC.private_key,
    ),
    "key and certificate in one file": (
        Files(EC.certificate + EC.private_key, EC.certificate + EC.private_key),
        EC,
        EC.private_key,
    ),
    "the same key twice": (Files(EC.certificate, EC.private_key * 2), EC, EC.private_key),
    "DER of PKCS#8": (Files(RSA.der, der(RSA.private_key)), RSA, RSA.private_key),
    "DER of PKCS#1": (
        Files(RSA.der, openssl("rsa", "-traditional", "-outform", "DER", content=RSA.private_key)),
        RSA,
        old_style(RSA.private_key),
    ),
    "DER of SEC1": (
        Files(EC.der, openssl("ec", "-outform", "DER", content=EC.private_key)),
        EC,
        sec1(EC.private_key),
    ),
    "encrypted PKCS#8": (
        Files(RSA.certificate, encrypted(RSA.private_key, SECRET), passphrase=SECRET),
        RSA,
        RSA.private_key,
    ),
    "encrypted PKCS#8 of Ed25519": (
        Files(EDWARDS.certificate, encrypted(EDWARDS.private_key, SECRET), passphrase=SECRET),
        EDWARDS,
        EDWARDS.private_key,
    ),
    "encrypted by a cipher of the nineties": (
        Files(
            RSA.certificate,
            encrypted(RSA.private_key, SECRET, "-v1", "PBE-MD5-DES", "-provider", "legacy", "-provider", "default"),
            passphrase=SECRET,
        ),
        RSA,
        RSA.private_key,
    ),
    "encrypted PKCS#1": (
        Files(RSA.certificate, encrypted_old_style(RSA.private_key), passphrase=SECRET),
        RSA,
        RSA.private_key,
    ),
    "encrypted SEC1": (
        Files(
            EC.certificate,
            openssl("ec", "-aes256", "-passout", f"pass:{SECRET}", content=EC.private_key),
            passphrase=SECRET,
        ),
        EC,
        EC.private_key,
    ),
    "encrypted DER": (
        Files(EC.certificate, encrypted(EC.private_key, SECRET, "-outform", "DER"), passphrase=SECRET),
        EC,
        EC.private_key,
    ),
    "encrypted UTF-16": (
        Files(EC.certificate, encrypted(EC.private_key, SECRET).decode().encode("utf-16"), passphrase=SECRET),
        EC,
        EC.private_key,
    ),
    "a passphrase that is not needed": (
        Files(EC.certificate, EC.private_key, passphrase="unused"),
        EC,
        EC.private_key,
    ),
    "a passphrase of a thousand letters": (
        Files(EC.certificate, encrypted(EC.private_key, "x" * 1000), passphrase="x" * 1000),
        EC,
        EC.private_key,
    ),
    "PKCS#12 of today": (Files(pkcs12=pkcs12(EC, SECRET), pkcs12_passphrase=SECRET), EC, EC.private_key),
    "PKCS#12 of RSA": (Files(pkcs12=pkcs12(RSA, SECRET), pkcs12_passphrase=SECRET), RSA, RSA.private_key),
    "PKCS#12 of yesterday": (
        Files(pkcs12=pkcs12(RSA, SECRET, *LEGACY), pkcs12_passphrase=SECRET),
        RSA,
        RSA.private_key,
    ),
    "PKCS#12 with an empty passphrase": (Files(pkcs12=pkcs12(EC, ""), pkcs12_passphrase=""), EC, EC.private_key),
    "PKCS#12 without a passphrase": (Files(pkcs12=pkcs12(EC, "")), EC, EC.private_key),
    "PKCS#12 without encryption": (
        Files(pkcs12=pkcs12(EC, "", "-keypbe", "NONE", "-certpbe", "NONE", "-nomac")),
        EC,
        EC.private_key,
    ),
    "PKCS#12 with names": (
        Files(pkcs12=pkcs12(EC, SECRET, "-name", "www"), pkcs12_passphrase=SECRET),
        EC,
        EC.private_key,
    ),
}


@pytest.mark.parametrize(("files", "of", "private_key"), SOUND.values(), ids=SOUND)
def test_a_sound_source_is_told_without_its_key(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], files: Files, of: Pair, private_key: bytes
) -> None:
    source = files.write(tmp_path)
    expected = {
        "certificate": of.text,
        "ca": "",
        "fits": [fingerprint(of)],
        "key_digest": digest(private_key),
        "key_type": "",
        "problems": [],
    }
    assert expected == observe_source(source)
    assert private_key.decode() == read_key(source)
    require_silent(repr(source) + "".join(capfd.readouterr()), files)


def require_silent(shown: str, files: Files) -> None:
    """No line of a key, in any form it has, and no passphrase."""
    for of in (EC, RSA, EDWARDS, OTHER_EC, OTHER_RSA):
        for form in (of.private_key, *((old_style(of.private_key),) if of in (RSA, OTHER_RSA) else ())):
            assert not [line for line in form.decode().splitlines()[1:-1] if line in shown]
    for line in (files.private_key or b"").splitlines():
        assert len(line) < 30 or line.startswith(b"-") or line in EC.certificate or line.decode("latin-1") not in shown
    for passphrase in (files.passphrase, files.pkcs12_passphrase):
        assert not passphrase or passphrase not in shown


def test_the_key_fits_one_of_several_certificates(tmp_path: Path) -> None:
    source = Files(OTHER_EC.certificate + RSA.certificate + EC.certificate, EC.private_key).write(tmp_path)
    found = observe_source(source)
    assert ([fingerprint(EC)], []) == (found["fits"], found["problems"])
    assert found["certificate"] == OTHER_EC.text + RSA.text + EC.text


@pytest.mark.parametrize("other", [OTHER_EC, OTHER_RSA, EDWARDS], ids=["same kind", "RSA", "Ed25519"])
def test_a_key_of_another_certificate_fits_none(tmp_path: Path, other: Pair) -> None:
    found = observe_source(Files(EC.certificate, other.private_key).write(tmp_path))
    assert ([], [], digest(other.private_key)) == (found["fits"], found["problems"], found["key_digest"])


def test_the_certificates_of_all_files_are_told(tmp_path: Path) -> None:
    more = pkcs12(EC, SECRET, more=OTHER_RSA.certificate)
    found = observe_source(Files(ca=pkcs7(RSA, EDWARDS), pkcs12=more, pkcs12_passphrase=SECRET).write(tmp_path))
    assert (EC.text + OTHER_RSA.text, RSA.text + EDWARDS.text) == (found["certificate"], found["ca"])
    assert [fingerprint(EC)] == found["fits"]


def test_a_long_file_of_certificates_costs_little(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_match, "_MAXIMUM_CERTIFICATES", 2)
    found = observe_source(
        Files(RSA.certificate + EC.certificate + EDWARDS.certificate, EC.private_key).write(tmp_path)
    )
    assert [fingerprint(EC)] == found["fits"]
    found = observe_source(
        Files(RSA.certificate + EDWARDS.certificate + EC.certificate, EC.private_key).write(tmp_path)
    )
    assert found["fits"] == []


def weak_pair(path: Path) -> Pair:
    options = ["-newkey", "rsa:512", "-md5", "-nodes", "-subj", "/CN=weak.example.com", "-keyout", str(path)]
    return Pair(openssl("req", "-x509", *options), path.read_bytes())


def test_a_weak_pair_belongs_together_all_the_same(tmp_path: Path) -> None:
    weak = weak_pair(tmp_path / "key")
    found = observe_source(Files(weak.certificate, weak.private_key).write(tmp_path))
    assert ([fingerprint(weak)], []) == (found["fits"], found["problems"])


CUT = b"\n".join(RSA.private_key.splitlines()[:-5])
BROKEN = Block("PRIVATE KEY", der(RSA.private_key)[:-40]).text.encode("ascii")
REQUEST = openssl("req", "-new", "-key", "/dev/stdin", "-subj", "/CN=x", content=EC.private_key)
FAULTY: dict[str, tuple[Files, list[tuple[str, str]]]] = {
    "everything empty": (
        Files(b"", b" ", b"\n"),
        [
            ("input_empty", "The certificate {}/certificate is empty; is it the right file?"),
            ("input_empty", "The private key {}/private_key is empty; is it the right file?"),
            ("input_empty", "The CA file {}/ca is empty; is it the right file?"),
        ],
    ),
    "an empty PKCS#12": (
        Files(pkcs12=b""),
        [("input_empty", "The PKCS#12 file {}/pkcs12 is empty; is it the right file?")],
    ),
    "too large": (
        Files(bytes(1024 * 1024 + 1), EC.private_key),
        [("input_too_large", "The certificate {}/certificate is larger than 1 MiB; is it the right file?")],
    ),
    "swapped": (
        Files(EC.private_key, EC.certificate),
        [
            (
                "no_certificate",
                (
                    "The certificate {}/certificate holds no certificate: it holds a private key; "
                    "are the certificate and the private key swapped?"
                ),
            ),
            (
                "no_private_key",
                (
                    "The file {}/private_key holds no private key: it holds a certificate; "
                    "are the certificate and the private key swapped?"
                ),
            ),
        ],
    ),
    "requests": (
        Files(REQUEST, REQUEST),
        [
            (
                "no_certificate",
                (
                    "The certificate {}/certificate holds no certificate: it holds a certificate request (CSR); "
                    "pass the certificate that the CA returned for it"
                ),
            ),
            (
                "no_private_key",
                (
                    "The file {}/private_key holds no private key: it holds a certificate request; "
                    "the key is the file that was made together with it"
                ),
            ),
        ],
    ),
    "PKCS#12 in the wrong place": (
        Files(pkcs12(EC, ANOTHER), pkcs12(EC, ANOTHER)),
        [
            (
                "no_certificate",
                "The certificate {}/certificate holds no certificate: it is PKCS#12; pass it as pkcs12_src",
            ),
            ("no_private_key", "The file {}/private_key holds no private key: it is PKCS#12; pass it as pkcs12_src"),
        ],
    ),
    "text": (
        Files(b"Hello", b"Hello"),
        [
            (
                "no_certificate",
                (
                    "The certificate {}/certificate holds no certificate: "
                    "pass the PEM, DER or PKCS#7 file that the CA sent"
                ),
            ),
            (
                "no_private_key",
                (
                    "The file {}/private_key holds no private key: "
                    "pass the file that was made together with the certificate request"
                ),
            ),
        ],
    ),
    "a CA file with half a certificate": (
        Files(EC.certificate, EC.private_key, RSA.certificate + OTHER_RSA.certificate[:-30]),
        [
            (
                "certificate_unreadable",
                (
                    "The CA file {}/ca holds a certificate that cannot be read, cut off or damaged; "
                    "copy the file there again"
                ),
            )
        ],
    ),
    "only a curve": (
        Files(EC.certificate, CURVE),
        [
            (
                "no_private_key",
                (
                    "The file {}/private_key holds no private key: it holds only the name of a curve; "
                    "pass the whole output of `openssl ecparam -genkey`"
                ),
            )
        ],
    ),
    "two keys": (
        Files(EC.certificate, EC.private_key + RSA.private_key),
        [
            (
                "several_private_keys",
                (
                    "The file {}/private_key holds 2 different private keys; "
                    "leave only the one that belongs to the certificate"
                ),
            )
        ],
    ),
    "half a key": (
        Files(RSA.certificate, CUT),
        [
            (
                "pem_damaged",
                (
                    "The private key {}/private_key is damaged: its block has no end, or is not base64; "
                    "copy the file there again"
                ),
            )
        ],
    ),
    "a key with a hole": (
        Files(RSA.certificate, BROKEN),
        [
            (
                "private_key_unreadable",
                (
                    "The private key {}/private_key cannot be loaded together with a certificate; "
                    "try it by `openssl pkey -in FILE -noout -check`, "
                    "and the certificate by `openssl x509 -in FILE -noout`"
                ),
            )
        ],
    ),
    "an encrypted key and no passphrase": (
        Files(EC.certificate, encrypted(EC.private_key, ANOTHER)),
        [
            (
                "private_key_encrypted",
                (
                    "The private key {}/private_key is encrypted; pass private_key_passphrase, or the key without "
                    "encryption: `openssl pkcs12 -nocerts` writes an encrypted one unless it is told -nodes "
                    "(-noenc since OpenSSL 3)"
                ),
            )
        ],
    ),
    "an encrypted key of the old style and no passphrase": (
        Files(RSA.certificate, encrypted_old_style(RSA.private_key)),
        [
            (
                "private_key_encrypted",
                (
                    "The private key {}/private_key is encrypted; pass private_key_passphrase, or the key without "
                    "encryption: `openssl pkcs12 -nocerts` writes an encrypted one unless it is told -nodes "
                    "(-noenc since OpenSSL 3)"
                ),
            )
        ],
    ),
    "a wrong passphrase": (
        Files(EC.certificate, encrypted(EC.private_key, ANOTHER), passphrase=SECRET),
        [
            (
                "wrong_passphrase",
                (
                    "The private key {}/private_key cannot be decrypted: private_key_passphrase is wrong, "
                    "or the file is damaged"
                ),
            )
        ],
    ),
    "a wrong passphrase of the old style": (
        Files(RSA.certificate, encrypted_old_style(RSA.private_key), passphrase="wrong\npassphrase"),
        [
            (
                "wrong_passphrase",
                (
                    "The private key {}/private_key cannot be decrypted: private_key_passphrase is wrong, "
                    "or the file is damaged"
                ),
            )
        ],
    ),
    "a passphrase that no pipe holds": (
        Files(EC.certificate, encrypted(EC.private_key, ANOTHER), passphrase="y" * 1000000),
        [
            (
                "wrong_passphrase",
                (
                    "The private key {}/private_key cannot be decrypted: private_key_passphrase is wrong, "
                    "or the file is damaged"
                ),
            )
        ],
    ),
    "PKCS#12 with a wrong passphrase": (
        Files(pkcs12=pkcs12(EC, ANOTHER), pkcs12_passphrase=SECRET),
        [
            (
                "wrong_passphrase",
                "The PKCS#12 file {}/pkcs12 cannot be decrypted: pkcs12_passphrase is wrong, or the file is damaged",
            )
        ],
    ),
    "PKCS#12 and no passphrase": (
        Files(pkcs12=pkcs12(EC, ANOTHER)),
        [("wrong_passphrase", "The PKCS#12 file {}/pkcs12 cannot be decrypted: pass pkcs12_passphrase")],
    ),
    "half a PKCS#12": (
        Files(pkcs12=pkcs12(EC, ANOTHER)[:-100], pkcs12_passphrase=ANOTHER),
        [
            (
                "wrong_passphrase",
                "The PKCS#12 file {}/pkcs12 cannot be decrypted: pkcs12_passphrase is wrong, or the file is damaged",
            )
        ],
    ),
    "PKCS#12 without a key": (
        Files(
            pkcs12=openssl("pkcs12", "-export", "-nokeys", "-passout", f"pass:{ANOTHER}", content=EC.certificate),
            pkcs12_passphrase=ANOTHER,
        ),
        [
            (
                "no_private_key",
                "The PKCS#12 file {}/pkcs12 holds no private key; export it with its key, or pass certificate_src",
            )
        ],
    ),
    "PKCS#12 without a certificate": (
        Files(
            pkcs12=openssl("pkcs12", "-export", "-nocerts", "-passout", f"pass:{ANOTHER}", content=EC.private_key),
            pkcs12_passphrase=ANOTHER,
        ),
        [
            (
                "no_certificate",
                (
                    "The PKCS#12 file {}/pkcs12 holds no certificate; "
                    "export it with its certificate, or pass certificate_src"
                ),
            )
        ],
    ),
    "PEM instead of PKCS#12": (
        Files(pkcs12=EC.certificate + EC.private_key),
        [
            (
                "pkcs12_unreadable",
                "The file {}/pkcs12 is not PKCS#12: it is PEM; pass it as certificate_src and private_key_src",
            )
        ],
    ),
    "a Java keystore instead of PKCS#12": (
        Files(pkcs12=b"\xfe\xed\xfe\xed" + bytes(100)),
        [
            (
                "pkcs12_unreadable",
                (
                    "The file {}/pkcs12 is not PKCS#12: it is a Java keystore; convert it by "
                    "`keytool -importkeystore -srckeystore FILE -destkeystore FILE.p12 -deststoretype PKCS12`"
                ),
            )
        ],
    ),
    "text instead of PKCS#12": (
        Files(pkcs12=b"Hello"),
        [
            (
                "pkcs12_unreadable",
                "The file {}/pkcs12 is not PKCS#12: pass the file that `openssl pkcs12 -export` or the browser wrote",
            )
        ],
    ),
}


@pytest.mark.parametrize(("files", "problems"), FAULTY.values(), ids=FAULTY)
def test_every_problem_is_told_at_once_and_without_a_byte_of_the_file(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], files: Files, problems: list[tuple[str, str]]
) -> None:
    source = files.write(tmp_path)
    found = observe_source(source)
    expected = [(code, message.format(tmp_path)) for code, message in problems]
    assert expected == [(problem["code"], problem["message"]) for problem in found["problems"]]
    require_silent(json.dumps(found) + repr(source) + "".join(capfd.readouterr()), files)


@pytest.mark.parametrize("files", [FAULTY["a wrong passphrase"][0], FAULTY["PKCS#12 and no passphrase"][0]])
def test_a_key_that_cannot_be_opened_is_not_staged(tmp_path: Path, files: Files) -> None:
    with pytest.raises(HostError, match="cannot be decrypted") as caught:
        read_key(files.write(tmp_path))
    assert caught.value.__cause__ is None


def test_a_source_without_a_key_has_none_to_stage(tmp_path: Path) -> None:
    source = Files(EC.certificate).write(tmp_path)
    with pytest.raises(HostError, match="pass private_key_src or pkcs12_src"):
        read_key(source)
    assert tuple(observe_source(source)[word] for word in ("key_digest", "fits", "problems")) == ("", [], [])


@pytest.mark.parametrize(
    ("kind", "fact"),
    [
        ("nothing", "does not exist"),
        ("directory", "is a directory"),
        ("FIFO", "is not a regular file"),
        ("link", "is a broken link to nowhere"),
    ],
)
def test_a_path_that_cannot_be_read_is_named(tmp_path: Path, kind: str, fact: str) -> None:
    paths = {word: tmp_path / word for word in ("certificate", "private_key", "ca", "pkcs12")}
    for path in paths.values():
        if kind == "directory":
            path.mkdir()
        elif kind == "FIFO":
            os.mkfifo(path)
        elif kind == "link":
            path.symlink_to("nowhere")
    subjects = {"certificate": "certificate", "private_key": "private key", "pkcs12": "PKCS#12 file", "ca": "CA file"}
    way_out = "with remote_src it is a path on the host; correct it, or leave remote_src out for the controller's file"
    expected = [
        {"code": "file_unreadable", "message": f"The {subject} {tmp_path}/{word} {fact}; {way_out}"}
        for word, subject in subjects.items()
    ]
    assert expected == observe_source(Source.from_json({word: str(path) for word, path in paths.items()}))["problems"]


def test_paths_are_expanded_on_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    monkeypatch.setenv("WHERE", "here")
    given = {"certificate": "~/c", "private_key": "$WHERE/k", "ca": "/a", "pkcs12": None, "passphrase": "~/$WHERE"}
    expected = Source("/home/someone/c", "here/k", "/a", None, "~/$WHERE")
    assert expected == Source.from_json(given)


@pytest.fixture
def without_openssl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.mark.parametrize("name", ["RSA as PKCS#8", "DER of PKCS#8", "DER of PKCS#1", "DER of SEC1", "Ed25519"])
def test_a_plain_key_needs_no_openssl(tmp_path: Path, without_openssl: None, name: str) -> None:
    files, _of, private_key = SOUND[name]
    source = files.write(tmp_path)
    found = observe_source(source)
    assert (digest(private_key), []) == (found["key_digest"], found["problems"])


@pytest.mark.parametrize(
    ("name", "subject"),
    [("encrypted PKCS#8", "private key {}/private_key"), ("PKCS#12 without a passphrase", "PKCS#12 file {}/pkcs12")],
)
def test_a_host_without_openssl_says_so(tmp_path: Path, without_openssl: None, name: str, subject: str) -> None:
    message = (
        f"The {subject.format(tmp_path)} is encrypted, which takes the program openssl, and the host has none; "
        "install it there, or pass an unencrypted PEM key, or the controller's file (without remote_src)"
    )
    expected = [{"code": "openssl_missing", "message": message}]
    assert expected == observe_source(SOUND[name][0].write(tmp_path))["problems"]


SPY = """#!/bin/sh
tr '\\0' ' ' < /proc/$$/cmdline >> {0}/seen
tr '\\0' ' ' < /proc/$$/environ >> {0}/seen
ls -l /proc/$$/fd >> {0}/seen
exec {1} "$@"
"""


@pytest.mark.parametrize("name", ["encrypted PKCS#8", "PKCS#12 of yesterday"])
def test_nothing_secret_stands_where_others_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    program = subprocess.run(["which", "openssl"], check=True, capture_output=True, text=True).stdout.strip()
    (tmp_path / "openssl").write_text(SPY.format(tmp_path, program), encoding="utf-8")
    (tmp_path / "openssl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    files, _of, private_key = SOUND[name]
    assert private_key.decode() == read_key(files.write(tmp_path))
    seen = (tmp_path / "seen").read_text(encoding="utf-8")
    assert "-passin fd:" in seen
    assert str(tmp_path / "private_key") not in seen
    require_silent(seen, files)


def test_a_program_that_does_not_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "openssl").write_text("#!/bin/sh\nsleep 60 & wait\n", encoding="utf-8")
    (tmp_path / "openssl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(openssl_program, "DEADLINE", 0.2)
    begun = time.monotonic()
    (problem,) = observe_source(SOUND["PKCS#12 of today"][0].write(tmp_path))["problems"]
    assert time.monotonic() - begun < 20
    assert problem["code"] == "pkcs12_unreadable"
    assert "keeps openssl busy" in problem["message"]


@pytest.mark.parametrize(
    ("name", "code"), [("encrypted PKCS#8", "private_key_unreadable"), ("PKCS#12 of today", "no_certificate")]
)
def test_a_program_that_says_nothing_is_no_reason_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, code: str
) -> None:
    (tmp_path / "openssl").write_text("#!/bin/sh\nexit 0\n", encoding="utf-8")
    (tmp_path / "openssl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    (problem,) = observe_source(SOUND[name][0].write(tmp_path))["problems"]
    assert problem["code"] == code


def test_a_program_that_cannot_start_is_as_good_as_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "openssl").write_text("#!/no/such/interpreter\n", encoding="utf-8")
    (tmp_path / "openssl").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    (problem,) = observe_source(SOUND["PKCS#12 of today"][0].write(tmp_path))["problems"]
    assert problem["code"] == "openssl_missing"


def forbid_memfd(*_arguments: object) -> int:
    raise PermissionError(1, "Operation not permitted")


def test_a_container_that_forbids_files_in_memory_uses_its_memory_file_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "memfd_create", forbid_memfd)
    before = os.listdir("/dev/shm")
    files, of, _private_key = SOUND["EC as PKCS#8"]
    assert [fingerprint(of)] == observe_source(files.write(tmp_path))["fits"]
    assert before == os.listdir("/dev/shm")


def test_a_host_without_any_file_in_memory_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "memfd_create", forbid_memfd)
    monkeypatch.setattr(key_match, "_MEMORY", str(tmp_path / "none"))
    (problem,) = observe_source(SOUND["EC as PKCS#8"][0].write(tmp_path))["problems"]
    message = (
        "The host gives no file in memory for a private key (No such file or directory); "
        "pass the controller's file (without remote_src)"
    )
    assert {"code": "no_memory_file", "message": message} == problem


def test_an_answer_of_the_program_shows_no_key() -> None:
    assert "secret" not in repr(openssl_program.Answer(0, b"secret"))


def test_no_descriptor_stays_open(tmp_path: Path) -> None:
    source = SOUND["PKCS#12 of yesterday"][0].write(tmp_path)
    before = os.listdir("/proc/self/fd")
    observe_source(source)
    observe_source(replace(source, pkcs12_passphrase="wrong"))
    assert before == os.listdir("/proc/self/fd")


ASK = """
import fcntl, json, sys, termios
from ansible_collections.certwright.tls.plugins.module_utils._host.sources import Source, observe_source
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
print(json.dumps([item["code"] for item in observe_source(Source.from_json(json.loads(sys.argv[1])))["problems"]]))
"""


def test_nothing_ever_asks_on_a_terminal(tmp_path: Path) -> None:
    """With a terminal of its own, where a question would wait for an answer."""
    files = replace(FAULTY["an encrypted key and no passphrase"][0], pkcs12=pkcs12(EC, ANOTHER))
    files.write(tmp_path)
    given = {word: str(tmp_path / word) for word in ("certificate", "private_key", "pkcs12")}
    ours, theirs = os.openpty()
    with (
        open(ours, "rb", buffering=0) as terminal,
        subprocess.Popen(
            [sys.executable, "-c", ASK, json.dumps(given)],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        ) as process,
    ):
        assert process.wait(timeout=60) == 0
        assert terminal.read(10000) == b'["private_key_encrypted", "wrong_passphrase"]\r\n'
    os.close(theirs)
